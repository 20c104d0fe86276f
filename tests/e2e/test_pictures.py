"""Pictures from an upload to the public's eyes: several in one post, described, on three platforms at once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from PIL import Image
from sqlalchemy import text

from app.bootstrap import Kentongan
from app.main import create_app
from tests.conftest import NOW
from tests.support.cast import Cast, id_of
from tests.support.client import NOWHERE, token_for
from tests.support.databases import fresh_database
from tests.support.house import cast_house, channels_of, moved, publishing, serving, settings_for, ticking_from
from tests.support.wait import wait_until

SIZES = ((900, 1600), (1600, 600), (800, 800))
"""A phone's upright photo, a banner, a square: Instagram takes only the last as it is."""
ALTS = [{"id": f"Gambar {n} untuk warga.", "su": f"Gambar {n} pikeun warga."} for n in (1, 2, 3)]


@dataclass
class Town:
    """The web process with its simulator in a thread; the publisher runs here."""

    house: Kentongan
    cast: Cast
    address: str
    client: httpx2.AsyncClient
    tokens: dict[str, str]

    async def ask(self, who: str, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.tokens[who]}"}
        answer = await self.client.request(method, f"/api/v1{path}", headers=headers, **options)
        assert answer.status_code < 300, answer.text
        return answer.json()

    async def upload(self, size: tuple[int, int], alts: dict[str, str]) -> int:
        out = BytesIO()
        Image.effect_noise(size, 60).convert("RGB").save(out, "JPEG")
        fields = {"alt_text": alts["id"], "alt_texts": f'{{"su": "{alts["su"]}"}}'}
        row = await self.ask("sari", "POST", "/media", files={"file": ("a.jpg", out.getvalue())}, data=fields)
        assert row["alt_texts"] == alts
        identity: int = row["id"]
        return identity

    async def post(self, *, later: float = 0.0, **fields: Any) -> int:
        """Written by Sari, approved by Budi."""
        at = (self.house.clock.now() + timedelta(seconds=later)).isoformat()
        body = {"unit_id": id_of(self.cast.cilendek), "timing": {"at": at}, **fields}
        post = await self.ask("sari", "POST", "/posts", json=body)
        await self.ask("budi", "POST", f"/posts/{post['id']}/approve")
        return int(post["id"])

    async def publish(self, post_id: int) -> dict[str, dict[str, Any]]:
        """The public's view by platform, once all have it."""

        async def is_out() -> bool:
            deliveries = (await self.ask("sari", "GET", f"/posts/{post_id}"))["deliveries"]
            return {delivery["state"] for delivery in deliveries} == {"published"}

        async with publishing(self.house):
            await wait_until(is_out, "all three platforms have it", 30)
        posts = (await self.client.get("/simulator/_sim/posts")).json()
        return {post["platform"]: post for post in posts}


@pytest.fixture(params=["sqlite", "postgres"])
async def town(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Town]:
    with fresh_database(request, request.param, tmp_path) as url:
        clock, plain = ticking_from(NOW), settings_for(tmp_path, url)
        made = lambda address: create_app(moved(plain, clock=clock, base_url=address), redis_url=NOWHERE)  # noqa: E731
        with serving(made) as address:
            async with (
                cast_house(moved(plain, base_url=address), clock) as (house, cast),
                httpx2.AsyncClient(base_url=address, timeout=30) as client,
            ):
                tokens = {name: await token_for(house, getattr(cast, name)) for name in ("sari", "budi")}
                yield Town(house, cast, address, client, tokens)


@pytest.mark.parametrize("lang", ["id", "su"])
async def test_three_pictures_reach_three_platforms_described_in_the_posts_language(town: Town, lang: str) -> None:
    media = [await town.upload(size, alts) for size, alts in zip(SIZES, ALTS, strict=True)]
    post_id = await town.post(text="Kumpul di balai kelurahan.", lang=lang, media=media)
    seen = await town.publish(post_id)
    expected = [alts[lang] for alts in ALTS]
    assert {platform: post["alt_texts"] for platform, post in seen.items()} == {
        "x": expected,
        "facebook": expected,
        "instagram": expected,
    }


async def test_what_is_prepared_ahead_is_rendered_ahead(town: Town) -> None:
    """Instagram fetches its own rendition at a signed address; nothing of the picture's making waits for the minute."""
    media_id = await town.upload(SIZES[0], ALTS[0])
    await town.post(later=600, text="Kumpul besok.", media=[media_id])
    folder = town.house.settings.media_dir
    assert [path.name for path in folder.rglob("*.instagram-*")] == []
    assert await town.house.publisher().prepare_ahead(within=timedelta(minutes=15)) == 3
    (rendition,) = folder.rglob("*.instagram-*")
    width, height = Image.open(BytesIO(rendition.read_bytes())).size
    assert 0.8 <= width / height <= 1.91
    async with town.house.db.read() as session:
        prepared = (await session.run(text("SELECT prepared FROM delivery WHERE platform = 'instagram'"))).scalar_one()
    assert "container" in str(prepared)


async def test_what_is_pushed_is_drawn_before_it_is_prepared_ahead(town: Town) -> None:
    await town.post(later=7200, text="Kumpul nanti.")
    async with town.house.db.read() as session:
        poster = (await session.run(text("SELECT id FROM media"))).scalar_one()
    on_x = (await channels_of(town.house, town.cast, town.cast.cilendek))["x"].id
    await town.post(later=600, text="Kumpul besok.", media=[poster], channels=[on_x])
    assert await town.house.publisher().prepare_ahead(within=timedelta(minutes=15)) == 1


async def test_a_poster_is_described_in_the_posts_language(town: Town) -> None:
    seen = await town.publish(await town.post(text="Wargi, hayu urang ka TPS.", lang="su"))
    (said,) = seen["instagram"]["alt_texts"]
    assert said.startswith("Poster PPS Cilendek Barat nu tulisanana: Wargi, hayu urang ka TPS.")
    assert seen["x"]["alt_texts"] == []


async def test_a_poster_that_nobody_has_drawn_yet_is_drawn_before_it_is_pushed(town: Town) -> None:
    """X is sent the file itself, so it must be on disk first, whoever asks for it."""
    await town.post(later=600, text="Kumpul besok.")
    async with town.house.db.read() as session:
        poster = (await session.run(text("SELECT id FROM media"))).scalar_one()
    assert not list(town.house.settings.media_dir.rglob("*.jpg"))
    on_x = (await channels_of(town.house, town.cast, town.cast.cilendek))["x"].id
    seen = await town.publish(await town.post(text="Kumpul sekarang.", media=[poster], channels=[on_x]))
    assert seen["x"]["alt_texts"][0].startswith("Poster PPS Cilendek Barat bertuliskan: Kumpul besok.")


async def test_a_poster_says_what_the_post_says_after_an_edit(town: Town) -> None:
    post_id = await town.post(later=600, text="Kumpul jam delapan.")
    post = await town.ask("sari", "GET", f"/posts/{post_id}")
    change = {"text": "Kumpul jam sembilan.", "timing": {"at": town.house.clock.now().isoformat()}}
    headers = {"Authorization": f"Bearer {town.tokens['sari']}", "If-Match": post["etag"]}
    edited = await town.client.patch(f"/api/v1/posts/{post_id}", json=change, headers=headers)
    assert edited.status_code == 200, edited.text
    await town.ask("budi", "POST", f"/posts/{post_id}/approve")
    seen = await town.publish(post_id)
    assert "jam sembilan" in seen["instagram"]["alt_texts"][0]
    async with town.house.db.read() as session:
        kept = (await session.run(text("SELECT alt_text FROM media ORDER BY id DESC"))).scalars().first()
    assert "jam sembilan" in str(kept)


@pytest.mark.parametrize("key", [None, "satu"])
async def test_an_upload_that_breaks_off_leaves_nothing(town: Town, key: str | None) -> None:
    """The sender promises two megabytes, sends one and is gone; the next upload is none the worse for it."""
    parts = urlsplit(town.address)
    head = [
        "POST /api/v1/media HTTP/1.1", f"Host: {parts.netloc}", f"Authorization: Bearer {town.tokens['sari']}",
        "Content-Type: multipart/form-data; boundary=b", "Content-Length: 2000000",
    ]  # fmt: skip
    head += [f"Idempotency-Key: {key}"] if key else []
    _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write("\r\n".join([*head, "", ""]).encode())
    writer.write(b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n\xff\xd8\xff')
    writer.write(b"x" * 1_500_000)
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    headers = {"Idempotency-Key": key} if key else {}
    out = BytesIO()
    Image.new("RGB", (30, 20)).save(out, "PNG")
    answer = await town.client.post(
        "/api/v1/media", files={"file": ("a.png", out.getvalue())}, data={"alt_text": "Gelap."},
        headers={"Authorization": f"Bearer {town.tokens['sari']}", **headers},
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    async with town.house.db.read() as session:
        assert (await session.run(text("SELECT count(*) FROM media"))).scalar_one() == 1
        assert (await session.run(text("SELECT count(*) FROM idempotent_call"))).scalar_one() == (1 if key else 0)
    assert len([path for path in town.house.settings.media_dir.rglob("*") if path.is_file()]) == 1
