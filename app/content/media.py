"""Where pictures are kept, who may see them, and the signed addresses under which platforms fetch them."""

import asyncio
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO
from weakref import WeakValueDictionary

from app.accounts import unit_store
from app.accounts.rules import Act, Actor
from app.accounts.speaker import Speaker
from app.audit.service import record
from app.content import media_store as store
from app.content import poster_store
from app.content.alts import LONGEST_ALT, read_alts
from app.content.languages import INDONESIAN
from app.content.layers import read_sheet
from app.content.media_files import PART, collect, head_of, remove_parts, write
from app.content.models import Media
from app.content.pictures import MAX_BYTES, is_heif, reencode, too_large
from app.content.poster import HEIGHT, WIDTH, PosterSpec, describe, draw, thumbnail
from app.content.poster_draw import draw_sheet
from app.content.renditions import Shape, render
from app.content.rules import LANGUAGES
from app.content.videos import MAX_VIDEO_BYTES, Film, hide_place, is_video, read_film
from app.content.videos import too_large as video_too_large
from app.kit.db import Database, ReadSession
from app.kit.errors import NotFound, Problem
from app.kit.seal import Seal
from app.platforms.contract import Picture
from app.platforms.contract import Video as ContractVideo

UPLOAD, POSTER, VIDEO = "upload", "poster", "video"
_PURPOSE = "media"
_MIME = "image/jpeg"
_ENDINGS = {"video/mp4": ".mp4", "video/quicktime": ".mov"}
ABANDONED = 3600.0
"""Seconds of the machine's own time (files know no other) after which a file still being written is nobody's."""
_GONE = "Gambar itu tidak ditemukan, atau alamatnya sudah kedaluwarsa."


@dataclass
class MediaService:
    """`folder` holds the files under their hash; `base_url` is the public address without trailing slash.

    `shapes`: what each platform takes; for one that is not named, pictures stay as they are kept.
    """

    db: Database
    seal: Seal
    folder: Path
    base_url: str
    now: Callable[[], datetime]
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    render: Callable[[bytes, Shape], bytes] = render

    def __post_init__(self) -> None:
        self._turns: WeakValueDictionary[Path, asyncio.Lock] = WeakValueDictionary()

    async def upload(
        self,
        actor: Actor,
        *,
        unit_id: int | None,
        data: AsyncIterator[bytes] | bytes,
        alt_text: str,
        alt_texts: Mapping[str, str] | None = None,
    ) -> Media:
        """Keeps a picture of `unit_id` (None: the first unit the actor writes for).

        `alt_text` is Indonesian; `alt_texts` the same by language, in which `id` may stand for it.

        Raises TooLarge, WrongType, BadInput, NotFound, Forbidden; then nothing is left behind, neither file nor row.
        """
        owner_id = await self._owner(actor, unit_id)
        content = data if isinstance(data, bytes) else await collect(data)
        if len(content) > MAX_BYTES:
            raise too_large()
        stored = await asyncio.to_thread(reencode, content)
        alts = read_alts(alt_text, alt_texts or {})
        digest = hashlib.sha256(stored.data).hexdigest()
        path = self._path(digest)
        is_new = await asyncio.to_thread(write, path, stored.data)
        row = Media(
            unit_id=owner_id, kind=UPLOAD, mime=_MIME, width=stored.width, height=stored.height,
            bytes=len(stored.data), sha256=digest, created_at=self.now(), **_said(alts),
        )  # fmt: skip
        kept = await self._record_or_drop(actor, row, path if is_new else None)
        # Whoever deleted the last picture with these bytes in the meantime took the file along.
        await asyncio.to_thread(write, path, stored.data)
        return kept

    async def keep(
        self,
        actor: Actor,
        *,
        unit_id: int | None,
        file: BinaryIO,
        alt_text: str,
        alt_texts: Mapping[str, str] | None = None,
    ) -> Media:
        """Keeps a picture or a video, told apart by the first bytes; like `upload`, but a video never stands in memory."""
        head = await asyncio.to_thread(head_of, file)
        if is_video(head) and not is_heif(head):
            return await self._keep_video(actor, unit_id, file, read_alts(alt_text, alt_texts or {}))
        data = await asyncio.to_thread(file.read, MAX_BYTES + 1)
        return await self.upload(actor, unit_id=unit_id, data=data, alt_text=alt_text, alt_texts=alt_texts)

    async def _keep_video(self, actor: Actor, unit_id: int | None, file: BinaryIO, alts: Mapping[str, str]) -> Media:
        """Raises TooLarge, WrongType, BadInput, NotFound, Forbidden; then nothing is left behind."""
        owner_id = await self._owner(actor, unit_id)
        film, path, is_new = await asyncio.to_thread(self._take_in, file)
        row = Media(
            unit_id=owner_id, kind=VIDEO, mime=film.mime, width=film.width, height=film.height, seconds=film.seconds,
            codec=film.codec, bytes=path.stat().st_size, sha256=path.stem, created_at=self.now(), **_said(alts),
        )  # fmt: skip
        return await self._record_or_drop(actor, row, path if is_new else None)

    def _take_in(self, file: BinaryIO) -> tuple[Film, Path, bool]:
        """Judges the video, takes out what tells where it was shot, and puts it under the hash of what is left."""
        if file.seek(0, 2) > MAX_VIDEO_BYTES:
            raise video_too_large()
        film = read_film(file)
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.folder, suffix=PART)
        try:
            with os.fdopen(handle, "w+b") as copy:
                file.seek(0)
                shutil.copyfileobj(file, copy, 1024 * 1024)
                hide_place(copy)
                copy.flush()
                os.fsync(copy.fileno())
                copy.seek(0)
                digest = hashlib.file_digest(copy, "sha256").hexdigest()
            path = self._path(digest, _ENDINGS[film.mime])
            is_new = not path.is_file()
            path.parent.mkdir(parents=True, exist_ok=True)
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return film, path, is_new

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
        spec = _spec_for(speaker, headline, footer)
        return {
            "unit_id": speaker.unit_id,
            "kind": POSTER,
            "mime": _MIME,
            "width": WIDTH,
            "height": HEIGHT,
            "bytes": 0,
            "sha256": "",
            "alt_text": describe(spec)[:LONGEST_ALT],
            "alt_texts": {lang: describe(spec, lang)[:LONGEST_ALT] for lang in LANGUAGES if lang != INDONESIAN},
            "tags": [],
            "spec": asdict(spec),
            "created_at": now,
        }

    async def poster_preview(self, actor: Actor, unit_id: int, headline: str) -> tuple[bytes, str]:
        """A small WebP of the poster a unit would get, and its description. Kept nowhere. Raises NotFound."""
        async with self.db.read() as session:
            found = await unit_store.speakers(session, [unit_id], paths=actor.paths(Act.READ))
        if unit_id not in found:
            raise NotFound("Unit itu tidak ditemukan.")
        spec = _spec_for(found[unit_id], headline)
        return await asyncio.to_thread(thumbnail, spec), describe(spec)[:LONGEST_ALT]

    def poster_alt(self, speaker: Speaker, *, headline: str, lang: str) -> str:
        """What `poster_row` is called in the language of a post."""
        return describe(_spec_for(speaker, headline), lang)[:LONGEST_ALT]

    def poster_rows(self, speakers: Sequence[Speaker], *, headline: str, now: datetime) -> list[dict[str, Any]]:
        return [self.poster_row(speaker, headline=headline, now=now) for speaker in speakers]

    def public_url(self, media_id: int, *, expires_at: datetime, platform: str = "", ending: str = ".jpg") -> str:
        """An address anybody may fetch until `expires_at`; of the rendition for `platform`, where one is named.

        `ending` is for those who believe names: a video's is its own.
        """
        expires = int(expires_at.timestamp())
        signature = self.seal.sign(_PURPOSE, _signed(media_id, expires, platform))
        rendition = f"for={platform}&" if platform else ""
        return f"{self.base_url}/media/{media_id}{ending}?{rendition}exp={expires}&sig={signature}"

    async def open_public(self, media_id: int, exp: int, sig: str, *, platform: str = "") -> tuple[Path, str]:
        """The file and its mime type; raises NotFound for a wrong signature and for an address that has expired."""
        if not self.seal.check(_PURPOSE, _signed(media_id, exp, platform), sig) or self.now().timestamp() >= exp:
            raise NotFound(_GONE)
        return await self._file_of(media_id, platform)

    async def open(self, actor: Actor, media_id: int) -> tuple[Path, str]:
        """The file for somebody who may see it; raises NotFound."""
        await self.get(actor, media_id)
        return await self._file_of(media_id)

    async def read_picture(self, media_id: int) -> bytes:
        """A kept picture's bytes. Raises NotFound."""
        return await asyncio.to_thread((await self.ensure_file(media_id)).read_bytes)

    async def ensure_file(self, media_id: int, platform: str = "") -> Path:
        """The picture on disk as `platform` takes it ('': as it is kept); drawn or rendered now where it is not there yet.

        Raises NotFound.
        """
        return (await self._file_of(media_id, platform))[0]

    async def _file_of(self, media_id: int, platform: str = "") -> tuple[Path, str]:
        """The file with its mime type; raises NotFound."""
        async with self.db.read() as session:
            row = (await store.by_ids(session, [media_id])).get(media_id)
        if row is None:
            raise NotFound(_GONE)
        source, path = self.path_of(row), self.path_of(row, platform)
        # A broadcast asks for one picture many times at once: the first makes it, the others find it.
        async with self._turns.setdefault(path, asyncio.Lock()):
            if path == source or not await asyncio.to_thread(path.is_file):
                await self._ensure_source(row, source)
            if path != source and not await asyncio.to_thread(path.is_file):
                await asyncio.to_thread(self._render, source, path, self.shapes[platform])
        return path, row.mime

    async def pictures(
        self, session: ReadSession, wanted: Collection[tuple[int, str]], expires_at: datetime
    ) -> dict[tuple[int, str], Picture]:
        """What adapters need of each (picture, platform) that is there. `path` may hold no file before `ensure_file`."""
        rows = await store.by_ids(session, {media_id for media_id, _ in wanted}) if wanted else {}
        return {
            (media_id, platform): Picture(
                url=self.public_url(media_id, expires_at=expires_at, platform=platform),
                path=str(self.path_of(row, platform)),
                mime=row.mime,
                alt_text=row.alt_text,
                sha256=row.sha256,
            )
            for media_id, platform in wanted
            if (row := rows.get(media_id))
        }

    async def videos(
        self, session: ReadSession, wanted: Collection[int], expires_at: datetime
    ) -> dict[int, ContractVideo]:
        """What adapters need of each video that is there."""
        rows = await store.by_ids(session, wanted) if wanted else {}
        return {
            media_id: ContractVideo(
                url=self.public_url(media_id, expires_at=expires_at, ending=_ENDINGS.get(row.mime, "")),
                path=str(self.path_of(row)),
                mime=row.mime,
                alt_text=row.alt_text,
                sha256=row.sha256,
                size=row.bytes,
                seconds=row.seconds or 0.0,
                width=row.width,
                height=row.height,
            )
            for media_id, row in rows.items()
            if row.kind == VIDEO
        }

    async def sweep(self) -> int:
        """Removes what a killed process left half written more than `ABANDONED` ago; answers how many files."""
        return await asyncio.to_thread(remove_parts, self.folder, time.time() - ABANDONED)

    def path_of(self, row: Media, platform: str = "") -> Path:
        """An upload or a video lies under the hash of its bytes, a poster under that of what it says, known before it is drawn.

        Beside it lie its renditions, where a platform cannot take it as it is.
        """
        if row.kind == VIDEO:
            return self._path(row.sha256, _ENDINGS.get(row.mime, ".mp4"))
        digest, shape = _digest(row) if row.kind == POSTER else row.sha256, self.shapes.get(platform)
        if shape is None or shape.takes(row.width, row.height, row.bytes):
            return self._path(digest)
        return self._path(digest).with_name(f"{digest}.{platform}-{shape.digest()}.jpg")

    def _path(self, digest: str, ending: str = ".jpg") -> Path:
        return self.folder / digest[:2] / f"{digest}{ending}"

    def _render(self, source: Path, path: Path, shape: Shape) -> None:
        write(path, self.render(source.read_bytes(), shape))

    async def _ensure_source(self, row: Media, path: Path) -> None:
        is_there = await asyncio.to_thread(path.is_file)
        if row.kind == POSTER and not (is_there and row.sha256):
            await self._draw(row, path)
        elif not is_there:
            raise NotFound(_GONE)

    async def _owner(self, actor: Actor, unit_id: int | None) -> int:
        actor.must(Act.WRITE)
        if unit_id is None:
            return next(grant.unit_id for grant in actor.grants if grant.path in actor.paths(Act.WRITE))
        async with self.db.read() as session:
            unit = await unit_store.unit(session, unit_id, paths=actor.paths(Act.READ))
        if unit is None:
            raise NotFound("Unit itu tidak ditemukan.")
        actor.must(Act.WRITE, unit.path)
        return unit_id

    async def _record_or_drop(self, actor: Actor, row: Media, new: Path | None) -> Media:
        """The row, or neither it nor the file that was put there for it."""
        try:
            return await self._record(actor, row)
        except BaseException:
            if new is not None:
                new.unlink(missing_ok=True)
            raise

    async def _record(self, actor: Actor, row: Media) -> Media:
        async with self.db.write() as session:
            session.add(row)
            await session.flush()
            detail = {"unit_id": row.unit_id, "sha256": row.sha256}
            await record(
                session,
                at=self.now(),
                actor=actor.label,
                action="media.upload",
                subject=f"media:{row.id}",
                detail=detail,
            )
        return row

    async def _draw_design(self, spec: Mapping[str, Any]) -> bytes:
        async with self.db.read() as session:
            version = (await poster_store.versions(session, [spec["version"]]))[spec["version"]]
        photo = await self.read_picture(spec["photo"]) if spec["photo"] else None
        return await asyncio.to_thread(draw_sheet, read_sheet(version.body), spec["texts"], photo)

    async def _draw(self, row: Media, path: Path) -> None:
        assert row.id is not None
        data = await self._draw_design(row.spec) if _is_design(row) else await asyncio.to_thread(draw, _spec(row))
        await asyncio.to_thread(write, path, data)
        async with self.db.write() as session:
            await store.set_drawn(session, row.id, sha256=hashlib.sha256(data).hexdigest(), size=len(data))


def _is_design(row: Media) -> bool:
    return "version" in row.spec


def _digest(row: Media) -> str:
    """The same for the same poster, known before it is drawn."""
    if not _is_design(row):
        return _spec(row).digest()
    return hashlib.sha256(json.dumps(row.spec, sort_keys=True).encode()).hexdigest()


def _said(alts: Mapping[str, str]) -> dict[str, Any]:
    return {"alt_text": alts[INDONESIAN], "alt_texts": {lang: alt for lang, alt in alts.items() if lang != INDONESIAN}}


def _spec(row: Media) -> PosterSpec:
    return PosterSpec(**row.spec)


def _spec_for(speaker: Speaker, headline: str, footer: str | None = None) -> PosterSpec:
    place = speaker.wilayah if speaker.wilayah == speaker.kota else f"{speaker.wilayah}, {speaker.kota}"
    return PosterSpec(headline.strip(), speaker.name, place if footer is None else footer)


def _signed(media_id: int, expires: int, platform: str) -> str:
    return f"{media_id}.{platform}.{expires}" if platform else f"{media_id}.{expires}"
