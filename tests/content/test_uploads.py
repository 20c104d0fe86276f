"""Files in parts: what a cut connection leaves is kept, a stale sender gives up, limits are named, and nobody sees another's."""

import shutil
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from app.accounts.rules import Actor
from app.content.media import MediaService
from app.content.pictures import MAX_BYTES
from app.content.uploads import MOST_OPEN, PREFIX, UploadService
from app.content.videos import MAX_VIDEO_BYTES
from app.kit.db import Database
from app.kit.errors import BadInput, Conflict, Forbidden, NotFound, TooLarge, WrongType
from tests.support.cast import Cast


def picture() -> bytes:
    out = BytesIO()
    Image.effect_noise((400, 300), 90).save(out, "PNG")
    return out.getvalue()


async def parts(*pieces: bytes, cut: bool = False) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
    if cut:
        raise ConnectionError("cut")


@pytest.fixture
def database_url(tmp_path: Path, sqlite_template: Path) -> str:
    """SQLite alone: nothing here is said differently to the other one."""
    path = tmp_path / "kentongan.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def uploads(media: MediaService, db: Database, now: datetime) -> UploadService:
    return UploadService(db, lambda: now, media)


async def test_a_cut_connection_costs_nothing_and_the_rest_follows(
    uploads: UploadService, media: MediaService, cast: Cast
) -> None:
    data = picture()
    made = await uploads.begin(cast.sari, size=len(data), name="pasar.png")
    with pytest.raises(ConnectionError):
        await uploads.append(cast.sari, made.id, 0, parts(data[:5], data[5:7000], cut=True))
    assert (await uploads.find(cast.sari, made.id)).offset == 7000
    with pytest.raises(Conflict, match="belum lengkap"):
        await uploads.finish(cast.sari, made.id, unit_id=None, alt_text="Pasar.")
    with pytest.raises(Conflict, match="tidak menyambung"):
        await uploads.append(cast.sari, made.id, 5, parts(data[5:]))
    assert (await uploads.append(cast.sari, made.id, 7000, parts(data[7000:]))).offset == len(data)
    # What is wrong with its words does not cost the file.
    with pytest.raises(BadInput):
        await uploads.finish(cast.sari, made.id, unit_id=None, alt_text="x" * 5000)
    row = await uploads.finish(cast.sari, made.id, unit_id=cast.cilendek.id, alt_text="Pasar.")
    assert (row.width, row.alt_text, row.unit_id) == (400, "Pasar.", cast.cilendek.id)
    assert list(media.folder.glob(f"{PREFIX}*")) == []
    with pytest.raises(NotFound):
        await uploads.find(cast.sari, made.id)


async def test_a_sender_thought_dead_gives_up_when_the_next_one_has_gone_on(uploads: UploadService, cast: Cast) -> None:
    data = picture()
    made = await uploads.begin(cast.sari, size=len(data))

    async def slow() -> AsyncIterator[bytes]:
        yield data[:20]
        await uploads.append(cast.sari, made.id, 0, parts(data[:30_000]))
        yield data[20:40_000]

    with pytest.raises(Conflict):
        await uploads.append(cast.sari, made.id, 0, slow())
    assert (await uploads.find(cast.sari, made.id)).offset == 30_000


async def test_what_is_too_much_or_no_picture_is_refused_early(uploads: UploadService, cast: Cast) -> None:
    for size, error in ((0, BadInput), (MAX_VIDEO_BYTES + 1, TooLarge)):
        with pytest.raises(error):
            await uploads.begin(cast.sari, size=size)
    with pytest.raises(Forbidden):
        await uploads.begin(Actor(cast.sari.user_id, "Sari", ()), size=1)
    made = await uploads.begin(cast.sari, size=100)
    with pytest.raises(TooLarge):
        await uploads.append(cast.sari, made.id, 0, parts(picture()[:101]))
    with pytest.raises(WrongType):
        await uploads.append(cast.sari, made.id, 0, parts(b"MZ this is no picture"))
    assert (await uploads.find(cast.sari, made.id)).offset == 0
    large = await uploads.begin(cast.sari, size=MAX_BYTES + 1)
    with pytest.raises(TooLarge, match="12 MB"):
        await uploads.append(cast.sari, large.id, 0, parts(picture()[:500]))
    for _ in range(MOST_OPEN - 2):
        await uploads.begin(cast.sari, size=1)
    with pytest.raises(Conflict, match="belum selesai"):
        await uploads.begin(cast.sari, size=1)


async def test_it_is_its_persons_own_and_ends_after_a_day(
    uploads: UploadService, media: MediaService, cast: Cast, now: datetime
) -> None:
    made = await uploads.begin(cast.sari, size=100)
    with pytest.raises(NotFound):
        await uploads.find(cast.budi, made.id)
    orphan = media.folder / f"{PREFIX}{'x' * 32}"
    orphan.touch()
    assert await uploads.sweep() == 1
    assert (await uploads.find(cast.sari, made.id)).bytes == 100
    later = UploadService(uploads.db, lambda: now + timedelta(hours=24), media)
    with pytest.raises(NotFound):
        await later.find(cast.sari, made.id)
    assert await later.sweep() == 1
    await uploads.drop(cast.sari, (await uploads.begin(cast.sari, size=9)).id)
    assert list(media.folder.glob(f"{PREFIX}*")) == []
