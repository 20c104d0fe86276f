"""Our Bluesky adapter and connector against Bluesky's own PDS and AppView: what they store, count and refuse."""

import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from PIL import Image

from app.platforms.bluesky.adapter import BlueskyAdapter
from app.platforms.bluesky.connect import DIRECTORY, BlueskyConnector
from app.platforms.connecting import AppKey, CannotConnect, Place
from app.platforms.contract import Account, Message, NeedsReconnect, Picture, Published, Refused, Sent
from tests.real.conftest import Bluesky
from tests.support.wait import wait_until

pytestmark = pytest.mark.real

ALT = "Poster ajakan mencoblos, 27 November 2024"
TEXT = "Warga RW 03, cek DPT di https://cekdptonline.kpu.go.id/ #Pilkada2024 🗳️\nTPS buka 07.00 WIB."


@dataclass(frozen=True)
class ApartPlace(Place):
    """Bluesky's directory is another host than its server; here both are ours."""

    directory: str = ""

    def at(self, host: str) -> str:
        return self.directory if host == DIRECTORY else self.base_url


@dataclass
class Person:
    """Somebody with an account, who speaks to the server without our program."""

    pds: str
    did: str
    handle: str
    password: str
    token: str
    web: aiohttp.ClientSession = field(repr=False)

    async def call(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self.web.post(f"{self.pds}/xrpc/{name}", json=body, headers=headers) as answer:
            said = await answer.text()
            assert answer.status == 200, said
            return dict(json.loads(said or "{}"))

    async def get(self, name: str, **query: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self.web.get(f"{self.pds}/xrpc/{name}", params=query, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            return dict(await answer.json())

    async def say(self, collection: str, **record: object) -> None:
        told = {"$type": collection, "createdAt": datetime.now(UTC).isoformat().replace("+00:00", "Z"), **record}
        await self.call(
            "com.atproto.repo.createRecord", {"repo": self.did, "collection": collection, "record": told}
        )  # fmt: skip


@pytest.fixture
async def web() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as web:
        yield web


async def person(web: aiohttp.ClientSession, pds: str, name: str) -> Person:
    """A new account of this test's own."""
    handle, password = f"{name}{uuid4().hex[:8]}.test", "rahasia-sekali-123"
    body = {"handle": handle, "email": f"{handle}@contoh.id", "password": password}
    async with web.post(f"{pds}/xrpc/com.atproto.server.createAccount", json=body) as answer:
        assert answer.status == 200, await answer.text()
        made = await answer.json()
    return Person(pds, made["did"], handle, password, made["accessJwt"], web)


@pytest.fixture
async def adapter() -> AsyncIterator[BlueskyAdapter]:
    adapter = BlueskyAdapter(timeout=20, now=lambda: datetime.now(UTC))
    yield adapter
    await adapter.close()


async def joined(bluesky: Bluesky, owner: Person) -> Account:
    """Through our own connect flow, with an app password made for it."""
    made = await owner.call("com.atproto.server.createAppPassword", {"name": "kentongan"})
    connector = BlueskyConnector(timeout=20, now=lambda: datetime.now(UTC))
    try:
        place = ApartPlace(bluesky.pds, "", AppKey(), "", guards=False, directory=bluesky.directory)
        found = await connector.open(place, identifier=f"@{owner.handle}", secret=made["password"])
        with pytest.raises(CannotConnect, match="tidak cocok"):
            await connector.open(place, identifier=owner.handle, secret="aaaa-bbbb-cccc-dddd")
        with pytest.raises(CannotConnect, match="tidak ditemukan"):
            await connector.open(place, identifier="tidak-ada.test", secret="aaaa-bbbb-cccc-dddd")
    finally:
        await connector.close()
    assert (found.account_id, found.handle, found.base_url) == (owner.did, owner.handle, bluesky.pds)
    return Account(found.base_url, found.handle, found.credential)


def picture(folder: Path) -> Picture:
    path = folder / "poster.jpg"
    Image.new("RGB", (640, 360), (200, 30, 30)).save(path, "JPEG")
    return Picture("", str(path), "image/jpeg", ALT, hashlib.sha256(path.read_bytes()).hexdigest())


async def published(adapter: BlueskyAdapter, account: Account, message: Message) -> tuple[Published, Sent]:
    before = datetime.now(UTC)
    prepared = await adapter.prepare(account, message)
    out = await adapter.publish(account, message, prepared)
    return out, Sent(before, datetime.now(UTC), prepared)


async def records(owner: Person) -> list[dict[str, Any]]:
    found = await owner.get("com.atproto.repo.listRecords", repo=owner.did, collection="app.bsky.feed.post")
    return list(found["records"])


async def test_a_post_stands_there_once_with_link_tag_and_described_picture(
    bluesky: Bluesky, web: aiohttp.ClientSession, adapter: BlueskyAdapter, tmp_path: Path
) -> None:
    owner = await person(web, bluesky.pds, "ppk")
    account = await joined(bluesky, owner)
    assert (await adapter.check(account)).account_id == owner.did
    message = Message("kiriman-1", TEXT, (picture(tmp_path),))
    out, sent = await published(adapter, account, message)
    again = await adapter.publish(account, message, sent.prepared)
    [record] = await records(owner)
    assert record["uri"] == out.remote_id == again.remote_id
    assert record["value"]["text"] == TEXT
    assert record["value"]["embed"]["images"][0]["alt"] == ALT
    facets = {kind["$type"] for facet in record["value"]["facets"] for kind in facet["features"]}
    assert facets == {"app.bsky.richtext.facet#link", "app.bsky.richtext.facet#tag"}
    found = await adapter.find(account, message, sent)
    assert found is not None
    assert found.remote_id == out.remote_id
    listed = await adapter.find(account, message, replace(sent, prepared={}, is_witness_lost=True))
    assert listed is not None
    assert listed.remote_id == out.remote_id
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert await adapter.find(account, message, Sent(tomorrow, tomorrow, {}, is_witness_lost=True)) is None


async def test_the_appview_counts_what_people_do_and_forgets_what_is_deleted(
    bluesky: Bluesky, web: aiohttp.ClientSession, adapter: BlueskyAdapter
) -> None:
    owner, reader, pupil = [await person(web, bluesky.pds, name) for name in ("pps", "warga", "siswa")]
    account = await joined(bluesky, owner)
    out, _ = await published(adapter, account, Message("kiriman-2", "Ayo ke TPS!"))
    [record] = await records(owner)
    it = {"uri": record["uri"], "cid": record["cid"]}
    for someone in (reader, pupil):
        await someone.say("app.bsky.feed.like", subject=it)
    await reader.say("app.bsky.feed.repost", subject=it)
    await reader.say("app.bsky.feed.post", text="Siap!", reply={"root": it, "parent": it})
    await pupil.say("app.bsky.graph.follow", subject=owner.did)
    seen: dict[str, Any] = {}

    async def counted() -> bool:
        seen.update(await adapter.read_metrics(account, [out.remote_id]))
        numbers = seen[out.remote_id]
        said = numbers and (numbers.reactions, numbers.comments, numbers.shares, numbers.followers)
        return bool(said == (2, 1, 1, 1))

    await wait_until(counted, "the AppView has counted everything", 30)
    assert (seen[out.remote_id].views, seen[out.remote_id].reach, seen[out.remote_id].clicks) == (None, None, None)
    assert [each.remote_id for each in await adapter.read_recent(account, datetime.now(UTC) - timedelta(hours=1))] == [
        out.remote_id
    ]
    await adapter.remove(account, out.remote_id)
    await adapter.remove(account, out.remote_id)

    async def is_gone() -> bool:
        return (await adapter.read_metrics(account, [out.remote_id]))[out.remote_id] is None

    await wait_until(is_gone, "the AppView has forgotten it", 30)
    assert await records(owner) == []


async def test_its_limit_is_ours_and_a_revoked_password_asks_for_a_person(
    bluesky: Bluesky, web: aiohttp.ClientSession, adapter: BlueskyAdapter
) -> None:
    owner = await person(web, bluesky.pds, "pps")
    account = await joined(bluesky, owner)
    limit = adapter.limits.text
    family = "👨‍👩‍👧"  # one grapheme of eighteen bytes
    await published(adapter, account, Message("tepat", "a" * (limit - 1) + family))
    body = {"$type": "app.bsky.feed.post", "createdAt": "2026-11-24T00:00:00Z", "text": "a" * (limit + 1)}
    order = {"repo": owner.did, "collection": "app.bsky.feed.post", "record": body}
    headers = {"Authorization": f"Bearer {owner.token}"}
    async with web.post(f"{bluesky.pds}/xrpc/com.atproto.repo.createRecord", json=order, headers=headers) as answer:
        assert answer.status == 400  # the server counts as we do: one more is too long
    with pytest.raises(Refused):
        await published(adapter, account, Message("lebih", "a" * (limit + 1)))
    assert len(await records(owner)) == 1
    await owner.call("com.atproto.server.revokeAppPassword", {"name": "kentongan"})
    stranger = BlueskyAdapter(timeout=20, now=lambda: datetime.now(UTC))
    try:
        with pytest.raises(NeedsReconnect):
            await stranger.prepare(account, Message("mati", "Tidak akan terbit"))
    finally:
        await stranger.close()
