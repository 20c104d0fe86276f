"""Files that come in parts from slow networks, and go on where they were cut; whole ones become media like any other."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_urlsafe

from app.accounts.rules import Act, Actor
from app.content import upload_store as store
from app.content.media import MediaService
from app.content.models import Media, Upload
from app.content.pictures import MAX_BYTES, is_heif, kind_of, too_large
from app.content.videos import MAX_VIDEO_BYTES, is_video
from app.content.videos import too_large as video_too_large
from app.kit.db import Database
from app.kit.errors import BadInput, Conflict, NotFound, Problem, TooLarge

LASTS = timedelta(hours=24)
MOST_OPEN, MOST_BYTES = 10, 1024 * 1024 * 1024
"""Files and bytes that one person may have under way."""
BUFFER = 256 * 1024
HEAD = 12
"""Bytes that tell what a file is."""
PREFIX = ".unggah-"
"""Begins with a dot, so that no backup takes it for a picture."""
ELSEWHERE = "Bagian ini tidak menyambung dengan yang sudah diterima. Tanyakan dulu sampai mana, lalu lanjutkan."


@dataclass(frozen=True)
class Standing:
    """`offset`: bytes that are here."""

    id: str
    bytes: int
    offset: int
    expires_at: datetime


@dataclass
class UploadService:
    db: Database
    now: Callable[[], datetime]
    media: MediaService

    async def begin(self, actor: Actor, *, size: int, name: str = "") -> Standing:
        """`size` in bytes. Raises Forbidden for who may write nowhere, TooLarge, BadInput; Conflict for too much under way."""
        actor.must(Act.WRITE)
        if size <= 0:
            raise BadInput("Berkas ini kosong.", Problem("Upload-Length", "harus lebih dari 0"))
        if size > MAX_VIDEO_BYTES:
            raise video_too_large()
        now = self.now()
        async with self.db.write() as session:
            count, total = await store.under_way(session, actor.user_id, now=now)
            if count >= MOST_OPEN or total + size > MOST_BYTES:
                raise Conflict(
                    "Terlalu banyak berkas yang belum selesai diunggah. Selesaikan dulu, atau tunggu sampai besok."
                )
            row = Upload(
                id=token_urlsafe(24), user_id=actor.user_id, bytes=size, name=name, created_at=now, expires_at=now + LASTS
            )  # fmt: skip
            session.add(row)
        await asyncio.to_thread(self._make, row.id)
        return Standing(row.id, size, 0, row.expires_at)

    async def find(self, actor: Actor, upload_id: str) -> Standing:
        """Raises NotFound for what is not there, is over, or somebody else's."""
        async with self.db.read() as session:
            row = await store.find(session, actor.user_id, upload_id, now=self.now())
        offset = await asyncio.to_thread(self._size, upload_id) if row else None
        if row is None or offset is None:
            raise NotFound("Unggahan berkas ini tidak ada, atau sudah kedaluwarsa. Mulai lagi dari awal.")
        return Standing(row.id, row.bytes, offset, row.expires_at)

    async def append(self, actor: Actor, upload_id: str, offset: int, parts: AsyncIterator[bytes]) -> Standing:
        """Keeps what comes as it comes, so that a connection that is cut has cost nothing. Raises Conflict for an offset that is not

        where the file ends, TooLarge beyond the size that was said, WrongType as soon as the first bytes are none of ours.
        """
        found = await self.find(actor, upload_id)
        if offset != found.offset:
            raise Conflict(ELSEWHERE)
        buffer, at = bytearray(), offset
        try:
            async for part in parts:
                buffer += part
                if at + len(buffer) > found.bytes:
                    raise TooLarge("Berkas ini lebih besar daripada yang disebut di awal.")
                if len(buffer) >= BUFFER:
                    at = await self._put(found, at, buffer)
        finally:
            if buffer and at + len(buffer) <= found.bytes:
                at = await asyncio.shield(self._put(found, at, buffer))
        return Standing(upload_id, found.bytes, at, found.expires_at)

    async def finish(
        self,
        actor: Actor,
        upload_id: str,
        *,
        unit_id: int | None,
        alt_text: str,
        alt_texts: Mapping[str, str] | None = None,
    ) -> Media:
        """The whole file as media of a unit. What `MediaService.keep` refuses stays here, to be tried again with other words."""
        found = await self.find(actor, upload_id)
        if found.offset < found.bytes:
            raise Conflict("Berkas ini belum lengkap. Lanjutkan unggahnya dulu.")
        with self._path(upload_id).open("rb") as file:
            row = await self.media.keep(actor, unit_id=unit_id, file=file, alt_text=alt_text, alt_texts=alt_texts)
        await self._drop(upload_id)
        return row

    async def drop(self, actor: Actor, upload_id: str) -> None:
        """Raises NotFound."""
        await self._drop((await self.find(actor, upload_id)).id)

    async def sweep(self) -> int:
        """Removes what has expired, and files that nobody knows any more; answers how many files."""
        async with self.db.write() as session:
            await store.remove_expired(session, now=self.now())
        files = await asyncio.to_thread(lambda: list(self.media.folder.glob(f"{PREFIX}*")))
        ids = {path.name.removeprefix(PREFIX): path for path in files}
        async with self.db.read() as session:
            known = await store.known(session, ids) if ids else set()
        for upload_id in ids.keys() - known:
            await asyncio.to_thread(ids[upload_id].unlink, True)
        return len(ids.keys() - known)

    async def _put(self, found: Standing, at: int, buffer: bytearray) -> int:
        """Empties the buffer into the file; answers where it ends now."""
        if at == 0 and len(buffer) >= min(HEAD, found.bytes):
            _check_kind(bytes(buffer[:HEAD]), found.bytes)
        data = bytes(buffer)
        buffer.clear()
        await asyncio.to_thread(self._write, found.id, at, data)
        return at + len(data)

    def _write(self, upload_id: str, at: int, data: bytes) -> None:
        """A sender that was cut off may still be read here while the next one goes on: whoever does not stand at the end gives up."""
        try:
            handle = os.open(self._path(upload_id), os.O_WRONLY)
        except FileNotFoundError:
            raise NotFound("Unggahan berkas ini sudah tidak ada. Mulai lagi dari awal.") from None
        with os.fdopen(handle, "wb", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if file.seek(0, os.SEEK_END) != at:
                raise Conflict(ELSEWHERE)
            file.write(data)
            os.fsync(file.fileno())

    async def _drop(self, upload_id: str) -> None:
        async with self.db.write() as session:
            await store.remove(session, upload_id)
        await asyncio.to_thread(self._path(upload_id).unlink, True)

    def _make(self, upload_id: str) -> None:
        self.media.folder.mkdir(parents=True, exist_ok=True)
        self._path(upload_id).touch(mode=0o600)

    def _size(self, upload_id: str) -> int | None:
        try:
            return self._path(upload_id).stat().st_size
        except FileNotFoundError:
            return None

    def _path(self, upload_id: str) -> Path:
        return self.media.folder / f"{PREFIX}{upload_id}"


def _check_kind(head: bytes, size: int) -> None:
    """Raises WrongType for what is neither picture nor video, TooLarge for a picture of that size in bytes."""
    if is_video(head) and not is_heif(head):
        return
    kind_of(head)
    if size > MAX_BYTES:
        raise too_large()
