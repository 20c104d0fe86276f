"""Pictures as platforms take them, and in the words of the post's language."""

import asyncio
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image

from app.accounts import unit_store
from app.content.alts import LONGEST_ALT, alt_in, alts_of
from app.content.media import MediaService
from app.content.models import Media
from app.content.renditions import Shape, render
from app.kit.db import Database
from app.kit.errors import BadInput, NotFound
from tests.support.cast import Cast, id_of

ALT, SUNDANESE = "Petugas menyapa pedagang di pasar.", "Patugas nyapa padagang di pasar."


def photo(width: int, height: int) -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height), "purple").save(out, "PNG")
    return out.getvalue()


def files(media: MediaService) -> set[Path]:
    return {path for path in media.folder.rglob("*") if path.is_file()}


async def kept(media: MediaService, cast: Cast, width: int, height: int) -> tuple[Media, int]:
    row = await media.upload(cast.sari, unit_id=None, data=photo(width, height), alt_text=ALT)
    assert row.id is not None
    return row, row.id


async def test_a_tall_photo_is_made_ready_for_instagram_alone(cast: Cast, media: MediaService) -> None:
    row, media_id = await kept(media, cast, 400, 900)
    paths = {platform: await media.ensure_file(media_id, platform) for platform in ("x", "facebook", "instagram", "")}
    assert paths["x"] == paths["facebook"] == paths[""] == media.path_of(row)
    assert paths["instagram"].name.startswith(f"{row.sha256}.instagram-")
    assert Image.open(BytesIO(paths["instagram"].read_bytes())).size == (720, 900)
    assert files(media) == set(paths.values())


async def test_a_photo_that_fits_is_used_as_it_is_kept(cast: Cast, media: MediaService) -> None:
    row, media_id = await kept(media, cast, 800, 800)
    assert await media.ensure_file(media_id, "instagram") == media.path_of(row)


async def test_many_who_ask_at_once_have_it_made_once(cast: Cast, media: MediaService) -> None:
    made: list[Shape] = []

    def counting(data: bytes, shape: Shape) -> bytes:
        made.append(shape)
        return render(data, shape)

    media.render = counting
    _, media_id = await kept(media, cast, 400, 900)
    asked = [media.ensure_file(media_id, "instagram") for _ in range(20)]
    (path,) = set(await asyncio.gather(*asked))
    assert (len(made), len(files(media))) == (1, 2)
    path.unlink()
    assert await media.ensure_file(media_id, "instagram") == path
    assert (len(made), path.is_file()) == (2, True)


async def test_a_signed_address_opens_one_rendition_and_no_other(
    cast: Cast, media: MediaService, now: datetime
) -> None:
    _, media_id = await kept(media, cast, 400, 900)
    query = parse_qs(
        urlsplit(media.public_url(media_id, platform="instagram", expires_at=now + timedelta(hours=1))).query
    )
    exp, sig = int(query["exp"][0]), query["sig"][0]
    assert query["for"] == ["instagram"]
    path, _ = await media.open_public(media_id, exp, sig, platform="instagram")
    assert path == await media.ensure_file(media_id, "instagram")
    for platform in ("x", "", "instagram.1"):
        with pytest.raises(NotFound):
            await media.open_public(media_id, exp, sig, platform=platform)


async def test_a_rendition_of_a_picture_that_is_gone_is_gone(cast: Cast, media: MediaService) -> None:
    row, media_id = await kept(media, cast, 400, 900)
    media.path_of(row).unlink()
    with pytest.raises(NotFound):
        await media.ensure_file(media_id, "instagram")
    assert files(media) == set()


async def test_a_picture_is_described_in_each_language(cast: Cast, media: MediaService) -> None:
    upload = {"unit_id": None, "data": photo(30, 20)}
    both = await media.upload(cast.sari, alt_text=ALT, alt_texts={"su": f" {SUNDANESE} "}, **upload)  # type: ignore[arg-type]
    assert alts_of(both) == {"id": ALT, "su": SUNDANESE}
    assert [alt_in(both, lang) for lang in ("id", "su", "jv")] == [ALT, SUNDANESE, ALT]
    named = await media.upload(cast.sari, alt_text="", alt_texts={"id": ALT, "su": " "}, **upload)  # type: ignore[arg-type]
    assert alts_of(named) == {"id": ALT}


@pytest.mark.parametrize(
    ("alt_texts", "field"),
    [({"xx": "a"}, "alt_texts"), ({"su": "a" * (LONGEST_ALT + 1)}, "alt_texts.su"), ({"su": SUNDANESE}, "alt_text")],
)
async def test_a_description_that_cannot_stand_is_named(
    cast: Cast, media: MediaService, alt_texts: dict[str, str], field: str
) -> None:
    alt_text = "" if field == "alt_text" else ALT
    with pytest.raises(BadInput) as caught:
        await media.upload(cast.sari, unit_id=None, data=photo(30, 20), alt_text=alt_text, alt_texts=alt_texts)
    assert caught.value.problems[0].field == field
    assert files(media) == set()


async def test_a_poster_speaks_both_languages(cast: Cast, media: MediaService, db: Database, now: datetime) -> None:
    async with db.read() as session:
        speaker = (await unit_store.speakers(session, [id_of(cast.cilendek)], paths=["/"]))[id_of(cast.cilendek)]
    row = Media(**media.poster_row(speaker, headline="Ketuk Pintu", now=now))
    assert alt_in(row, "id").startswith("Poster PPS Cilendek Barat bertuliskan: Ketuk Pintu.")
    assert alt_in(row, "su").startswith("Poster PPS Cilendek Barat nu tulisanana: Ketuk Pintu.")
    assert alt_in(row, "su") == media.poster_alt(speaker, headline="Ketuk Pintu", lang="su")
