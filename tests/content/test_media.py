import hashlib
import os
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image

from app.accounts import unit_store
from app.content.media import ABANDONED, MediaService
from app.content.models import Media
from app.content.pictures import MAX_BYTES
from app.kit.db import Database
from app.kit.errors import AppError, BadInput, Forbidden, NotFound, TooLarge, WrongType
from app.kit.seal import Seal
from tests.support.cast import Cast, id_of

ALT = "Petugas menyapa pedagang di pasar."


def photo(colour: str = "purple", size: tuple[int, int] = (30, 20)) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def files(media: MediaService) -> list[Path]:
    return [path for path in media.folder.rglob("*") if path.is_file()]


async def poster(db: Database, media: MediaService, cast: Cast, now: datetime) -> int:
    async with db.write() as session:
        speakers = await unit_store.speakers(session, [id_of(cast.cilendek)], paths=["/"])
        rows = media.poster_rows(list(speakers.values()), headline="Ketuk Pintu", now=now)
        return (await session.insert_returning_ids(Media, rows))[0]


async def test_an_upload_lies_under_the_hash_of_its_bytes(cast: Cast, media: MediaService) -> None:
    whole = photo()
    row = await media.upload(
        cast.sari, unit_id=id_of(cast.cilendek), data=chunks(whole[:40], whole[40:]), alt_text=f" {ALT} "
    )
    (path,) = files(media)
    data = path.read_bytes()
    assert path == media.folder / row.sha256[:2] / f"{row.sha256}.jpg"
    assert (hashlib.sha256(data).hexdigest(), len(data)) == (row.sha256, row.bytes)
    assert (row.kind, row.width, row.height, row.alt_text) == ("upload", 30, 20, ALT)


async def test_without_a_unit_it_belongs_where_the_person_writes(cast: Cast, media: MediaService) -> None:
    row = await media.upload(cast.sari, unit_id=None, data=photo(), alt_text=ALT)
    assert row.unit_id == id_of(cast.cilendek)


@pytest.mark.parametrize(
    ("data", "alt_text", "error"),
    [
        (b"x" * (MAX_BYTES + 1), ALT, TooLarge),
        (b"%PDF-1.7", ALT, WrongType),
        (photo()[:50], ALT, BadInput),
        (photo(), "  ", BadInput),
        (photo(), "a" * 1001, BadInput),
    ],
    ids=["too large", "wrong type", "broken", "no alt text", "long alt text"],
)
async def test_a_refused_upload_leaves_nothing_behind(
    cast: Cast, media: MediaService, data: bytes, alt_text: str, error: type[AppError]
) -> None:
    with pytest.raises(error):
        await media.upload(cast.sari, unit_id=None, data=data, alt_text=alt_text)
    assert files(media) == []


async def test_a_body_that_is_too_much_is_refused_before_it_has_all_come(cast: Cast, media: MediaService) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1024 * 1024
            yield b"x" * (1024 * 1024)

    with pytest.raises(TooLarge, match="12 MB"):
        await media.upload(cast.sari, unit_id=None, data=endless(), alt_text=ALT)
    assert sent == MAX_BYTES + 1024 * 1024


async def test_when_the_row_cannot_be_written_the_file_goes_too(cast: Cast, media: MediaService) -> None:
    nobody = replace(cast.sari, grants=(replace(cast.sari.grants[0], unit_id=999_999),))
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        await media.upload(nobody, unit_id=None, data=photo(), alt_text=ALT)
    assert files(media) == []


async def test_pictures_are_shared_down_the_tree_and_not_sideways(cast: Cast, media: MediaService) -> None:
    from_kpu = await media.upload(cast.dewi, unit_id=id_of(cast.kpu), data=photo("white"), alt_text=ALT)
    from_ppk = await media.upload(cast.budi, unit_id=id_of(cast.ppk_barat), data=photo("black"), alt_text=ALT)
    assert (await media.get(cast.sari, id_of_media(from_ppk))).id == from_ppk.id
    assert (await media.get(cast.citra, id_of_media(from_kpu))).id == from_kpu.id
    assert (await media.get(cast.vino, id_of_media(from_ppk))).id == from_ppk.id
    with pytest.raises(NotFound):
        await media.get(cast.citra, id_of_media(from_ppk))


async def test_nobody_uploads_for_a_unit_that_is_not_theirs(cast: Cast, media: MediaService) -> None:
    with pytest.raises(Forbidden):
        await media.upload(cast.vino, unit_id=id_of(cast.cilendek), data=photo(), alt_text=ALT)
    with pytest.raises(NotFound):
        await media.upload(cast.citra, unit_id=id_of(cast.cilendek), data=photo(), alt_text=ALT)


async def test_a_public_address_opens_only_as_signed_and_only_in_time(
    cast: Cast, media: MediaService, db: Database, now: datetime
) -> None:
    row = await media.upload(cast.sari, unit_id=None, data=photo(), alt_text=ALT)
    media_id = id_of_media(row)
    url = urlsplit(media.public_url(media_id, expires_at=now + timedelta(hours=1)))
    assert (url.netloc, url.path) == ("ktg.test", f"/media/{media_id}.jpg")
    exp, sig = int(parse_qs(url.query)["exp"][0]), parse_qs(url.query)["sig"][0]
    path, mime = await media.open_public(media_id, exp, sig)
    assert (path.is_file(), mime) == (True, "image/jpeg")
    late = MediaService(db, Seal(("kunci-uji",)), media.folder, media.base_url, lambda: now + timedelta(hours=1))
    for service, args in (
        (late, (media_id, exp, sig)),
        (media, (media_id, exp + 1, sig)),
        (media, (media_id + 1, exp, sig)),
        (media, (media_id, exp, sig[:-1] + ("A" if sig[-1] != "A" else "B"))),
        (media, (media_id, exp, "")),
    ):
        with pytest.raises(NotFound):
            await service.open_public(*args)


async def test_a_poster_is_drawn_when_it_is_first_needed(
    cast: Cast, media: MediaService, db: Database, now: datetime
) -> None:
    media_id = await poster(db, media, cast, now)
    before = await media.get(cast.sari, media_id)
    assert (before.sha256, files(media)) == ("", [])
    path = await media.ensure_file(media_id)
    after = await media.get(cast.sari, media_id)
    assert after.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert after.bytes == path.stat().st_size
    assert "PPS Cilendek Barat" in after.alt_text
    assert Image.open(BytesIO(path.read_bytes())).size == (after.width, after.height)


async def test_a_poster_that_was_lost_is_drawn_again(
    cast: Cast, media: MediaService, db: Database, now: datetime
) -> None:
    media_id = await poster(db, media, cast, now)
    path = await media.ensure_file(media_id)
    first = path.read_bytes()
    path.unlink()
    assert (await media.ensure_file(media_id)).read_bytes() == first


async def test_adapters_are_told_where_each_picture_is(
    cast: Cast, media: MediaService, db: Database, now: datetime
) -> None:
    row = await media.upload(cast.sari, unit_id=None, data=photo(), alt_text=ALT)
    drawn_id = await poster(db, media, cast, now)
    async with db.read() as session:
        wanted = [(id_of_media(row), "x"), (drawn_id, "instagram"), (999_999, "x")]
        found = await media.pictures(session, wanted, now + timedelta(hours=2))
    assert found.keys() == {(row.id, "x"), (drawn_id, "instagram")}
    upload = found[id_of_media(row), "x"]
    assert (upload.alt_text, upload.sha256, upload.path) == (ALT, row.sha256, str(media.path_of(row)))
    assert await media.ensure_file(drawn_id) == Path(found[drawn_id, "instagram"].path)


async def test_the_same_picture_twice_is_one_file_and_two_rows(cast: Cast, media: MediaService) -> None:
    first = await media.upload(cast.sari, unit_id=None, data=photo(), alt_text=ALT)
    second = await media.upload(cast.budi, unit_id=None, data=photo(), alt_text="Lain.")
    assert first.id != second.id
    assert len(files(media)) == 1


def id_of_media(row: Media) -> int:
    assert row.id is not None
    return row.id


async def test_what_a_killed_process_left_half_written_goes_and_nothing_else(cast: Cast, media: MediaService) -> None:
    await media.upload(cast.sari, unit_id=None, data=photo(), alt_text="Ungu")
    (whole,) = files(media)
    old, young = (whole.with_name(f"tmp{name}.part") for name in ("old", "young"))
    old_video = media.folder / "tmpvideo.part"
    for path in (old, young, old_video):
        path.write_bytes(b"half")
    long_ago = time.time() - 2 * ABANDONED
    for path in (old, old_video, whole):
        os.utime(path, (long_ago, long_ago))
    assert await media.sweep() == 2
    assert sorted(files(media)) == sorted([whole, young])
    assert await media.sweep() == 0
