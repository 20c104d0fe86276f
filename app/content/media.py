"""Where pictures are kept, who may see them, and the signed addresses under which platforms fetch them."""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from app.accounts import unit_store
from app.accounts.rules import Act, Actor
from app.accounts.speaker import Speaker
from app.audit.service import record
from app.content import media_store as store
from app.content.models import Media
from app.content.pictures import MAX_BYTES, Stored, reencode, too_large
from app.content.poster import HEIGHT, WIDTH, PosterSpec, describe, draw
from app.kit.db import Database, ReadSession
from app.kit.errors import BadInput, NotFound, Problem
from app.kit.seal import Seal
from app.platforms.contract import Picture

UPLOAD, POSTER = "upload", "poster"
LONGEST_ALT = 1000
_PURPOSE = "media"
_MIME = "image/jpeg"
_GONE = "Gambar itu tidak ditemukan, atau alamatnya sudah kedaluwarsa."


@dataclass
class MediaService:
    """`folder` holds the files under their hash; `base_url` is the public address without trailing slash."""

    db: Database
    seal: Seal
    folder: Path
    base_url: str
    now: Callable[[], datetime]

    async def upload(
        self, actor: Actor, *, unit_id: int | None, data: AsyncIterator[bytes] | bytes, alt_text: str
    ) -> Media:
        """Keeps a picture of `unit_id` (None: the first unit the actor writes for).

        Raises TooLarge, WrongType, BadInput, NotFound, Forbidden; then nothing is left behind, neither file nor row.
        """
        actor.must(Act.WRITE)
        owner_id = await self._owner(actor, unit_id)
        content = data if isinstance(data, bytes) else await _collect(data)
        if len(content) > MAX_BYTES:
            raise too_large()
        stored = await asyncio.to_thread(reencode, content)
        alt = _alt(alt_text)
        digest = hashlib.sha256(stored.data).hexdigest()
        path = self._path(digest)
        is_new = await asyncio.to_thread(_write, path, stored.data)
        try:
            return await self._record(actor, owner_id, stored, digest=digest, alt=alt)
        except BaseException:
            if is_new:
                path.unlink(missing_ok=True)
            raise

    async def get(self, actor: Actor, media_id: int) -> Media:
        """Raises NotFound."""
        async with self.db.read() as session:
            return (await self.require_visible(session, actor, [media_id]))[media_id]

    async def require_visible(self, session: ReadSession, actor: Actor, ids: Collection[int]) -> dict[int, Media]:
        """Raises NotFound naming the pictures that are not there or not for this actor."""
        found = await store.visible(session, actor.paths(Act.READ), ids) if ids else {}
        if gone := sorted(set(ids) - found.keys()):
            said = ", ".join(map(str, gone))
            raise NotFound(
                f"Gambar {said} tidak ada, atau bukan untuk unit Anda.", Problem("media", f"{said} tidak ada")
            )
        return found

    def poster_row(
        self, speaker: Speaker, *, headline: str, now: datetime, footer: str | None = None
    ) -> dict[str, Any]:
        """A plain row of a poster for bulk insert; it is drawn when first needed. `footer` None: the unit's place."""
        place = speaker.wilayah if speaker.wilayah == speaker.kota else f"{speaker.wilayah}, {speaker.kota}"
        spec = PosterSpec(headline.strip(), speaker.name, place if footer is None else footer)
        return {
            "unit_id": speaker.unit_id,
            "kind": POSTER,
            "mime": _MIME,
            "width": WIDTH,
            "height": HEIGHT,
            "bytes": 0,
            "sha256": "",
            "alt_text": describe(spec)[:LONGEST_ALT],
            "spec": asdict(spec),
            "created_at": now,
        }

    def poster_rows(self, speakers: Sequence[Speaker], *, headline: str, now: datetime) -> list[dict[str, Any]]:
        return [self.poster_row(speaker, headline=headline, now=now) for speaker in speakers]

    def public_url(self, media_id: int, *, expires_at: datetime) -> str:
        """An address anybody may fetch until `expires_at`."""
        expires = int(expires_at.timestamp())
        signature = self.seal.sign(_PURPOSE, f"{media_id}.{expires}")
        return f"{self.base_url}/media/{media_id}.jpg?exp={expires}&sig={signature}"

    async def open_public(self, media_id: int, exp: int, sig: str) -> tuple[Path, str]:
        """The file and its mime type; raises NotFound for a wrong signature and for an address that has expired."""
        if not self.seal.check(_PURPOSE, f"{media_id}.{exp}", sig) or self.now().timestamp() >= exp:
            raise NotFound(_GONE)
        return await self.ensure_file(media_id), _MIME

    async def open(self, actor: Actor, media_id: int) -> tuple[Path, str]:
        """The file for somebody who may see it; raises NotFound."""
        await self.get(actor, media_id)
        return await self.ensure_file(media_id), _MIME

    async def ensure_file(self, media_id: int) -> Path:
        """The picture on disk; a poster not yet drawn is drawn now. Raises NotFound."""
        async with self.db.read() as session:
            row = (await store.by_ids(session, [media_id])).get(media_id)
        if row is None:
            raise NotFound(_GONE)
        path = self.path_of(row)
        is_there = await asyncio.to_thread(path.is_file)
        if row.kind == POSTER and not (is_there and row.sha256):
            await self._draw(row, path)
        elif not is_there:
            raise NotFound(_GONE)
        return path

    async def pictures(self, session: ReadSession, ids: Collection[int], expires_at: datetime) -> dict[int, Picture]:
        """What adapters need of each picture that is there. A poster's `path` may hold no file before `ensure_file`."""
        rows = await store.by_ids(session, ids) if ids else {}
        return {
            media_id: Picture(
                url=self.public_url(media_id, expires_at=expires_at),
                path=str(self.path_of(row)),
                mime=row.mime,
                alt_text=row.alt_text,
                sha256=row.sha256,
            )
            for media_id, row in rows.items()
        }

    def path_of(self, row: Media) -> Path:
        """An upload lies under the hash of its bytes, a poster under that of what it says, known before it is drawn."""
        return self._path(_spec(row).digest() if row.kind == POSTER else row.sha256)

    def _path(self, digest: str) -> Path:
        return self.folder / digest[:2] / f"{digest}.jpg"

    async def _owner(self, actor: Actor, unit_id: int | None) -> int:
        if unit_id is None:
            return next(grant.unit_id for grant in actor.grants if grant.path in actor.paths(Act.WRITE))
        async with self.db.read() as session:
            unit = await unit_store.unit(session, unit_id, paths=actor.paths(Act.READ))
        if unit is None:
            raise NotFound("Unit itu tidak ditemukan.")
        actor.must(Act.WRITE, unit.path)
        return unit_id

    async def _record(self, actor: Actor, unit_id: int, stored: Stored, *, digest: str, alt: str) -> Media:
        row = Media(
            unit_id=unit_id, kind=UPLOAD, mime=_MIME, width=stored.width, height=stored.height,
            bytes=len(stored.data), sha256=digest, alt_text=alt, created_at=self.now(),
        )  # fmt: skip
        async with self.db.write() as session:
            session.add(row)
            await session.flush()
            detail = {"unit_id": unit_id, "sha256": digest}
            await record(
                session,
                at=self.now(),
                actor=actor.name,
                action="media.upload",
                subject=f"media:{row.id}",
                detail=detail,
            )
        return row

    async def _draw(self, row: Media, path: Path) -> None:
        assert row.id is not None
        data = await asyncio.to_thread(draw, _spec(row))
        await asyncio.to_thread(_write, path, data)
        async with self.db.write() as session:
            await store.set_drawn(session, row.id, sha256=hashlib.sha256(data).hexdigest(), size=len(data))


def _spec(row: Media) -> PosterSpec:
    return PosterSpec(**row.spec)


def _alt(text: str) -> str:
    """DKPP 2/2017 art. 20 and our own word: a picture is described for those who do not see it."""
    alt = text.strip()
    if not alt:
        message = "Tulis teks alternatif: apa yang terlihat di gambar, untuk warga yang tidak dapat melihatnya."
        raise BadInput(message, Problem("alt_text", "wajib diisi"))
    if len(alt) > LONGEST_ALT:
        raise BadInput(
            f"Teks alternatif paling panjang {LONGEST_ALT} karakter; ini {len(alt)}.",
            Problem("alt_text", "terlalu panjang"),
        )
    return alt


async def _collect(chunks: AsyncIterator[bytes]) -> bytes:
    """All of it, or TooLarge as soon as it is too much."""
    found = bytearray()
    async for chunk in chunks:
        found += chunk
        if len(found) > MAX_BYTES:
            raise too_large()
    return bytes(found)


def _write(path: Path, data: bytes) -> bool:
    """Puts the whole file there or nothing; False if it was there already, which its name says of its content."""
    if path.is_file() and path.stat().st_size == len(data):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return True
