"""The library: every picture and video a unit may use, its own and those of the units above; found, described, tidied up."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from app.accounts import unit_store
from app.accounts.people import after_id
from app.accounts.rules import Act, Actor
from app.audit.service import record
from app.content import media_store as store
from app.content.alts import read_alts
from app.content.captions import read_captions, write_srt
from app.content.languages import INDONESIAN
from app.content.media import VIDEO, MediaService
from app.content.media_files import remove
from app.content.media_store import MediaFilter
from app.content.models import Media
from app.content.rules import LANGUAGES
from app.kit.db import Database, WriteSession
from app.kit.errors import BadInput, Conflict, Forbidden, NotFound, Problem
from app.kit.paging import Page, cut

MOST_TAGS = 12
_TAG = re.compile(r"[a-z0-9]+(?:[ -][a-z0-9]+)*")
LONGEST_TAG = 40
_IN_USE = "Gambar ini masih dipakai sebuah unggahan, jadi tidak dapat dihapus. Lihat “Dipakai di”."


@dataclass(frozen=True)
class MediaChange:
    """What is to change; None: stays. `alt_texts` are merged by language; an empty one is taken away."""

    alt_text: str | None = None
    alt_texts: Mapping[str, str] | None = None
    tags: Sequence[str] | None = None


@dataclass
class LibraryService:
    db: Database
    now: Callable[[], datetime]
    media: MediaService

    async def list(
        self, actor: Actor, wanted: MediaFilter = MediaFilter(), *, limit: int, cursor: str | None = None
    ) -> Page[Media]:
        """The newest first. Posters are not listed: they are drawn from their post."""
        before = after_id(cursor) if cursor else None
        async with self.db.read() as session:
            rows = await store.find(session, actor.paths(Act.READ), wanted, limit=limit + 1, before_id=before)
        return cut(rows, limit, lambda row: [row.id])

    async def tags(self, actor: Actor) -> Sequence[str]:
        """Every tag of what the actor may use, by the alphabet."""
        async with self.db.read() as session:
            return sorted({tag for tags in await store.tags(session, actor.paths(Act.READ)) for tag in tags})

    async def edit(self, actor: Actor, media_id: int, change: MediaChange) -> Media:
        """Raises NotFound, Forbidden, BadInput. Posts that are already approved keep the description they were approved with."""
        async with self.db.write() as session:
            row = await self._owned(session, actor, media_id)
            alts = {**row.alt_texts, **(change.alt_texts or {})}
            first = alts.pop(INDONESIAN, None) if change.alt_text is None else change.alt_text
            alts.pop(INDONESIAN, None)
            read = read_alts(row.alt_text if first is None else first, alts)
            row.alt_text = read.pop(INDONESIAN)
            row.alt_texts = read
            if change.tags is not None:
                row.tags = read_tags(change.tags)
            session.add(row)
            detail = {"alt_text": row.alt_text, "alt_texts": row.alt_texts, "tags": row.tags}
            await self._note(session, actor, "media.edit", media_id, detail)
        return row

    async def delete(self, actor: Actor, media_id: int) -> None:
        """Raises NotFound, Forbidden, and Conflict as long as a post shows it."""
        try:
            async with self.db.write() as session:
                row = await self._owned(session, actor, media_id)
                path = self.media.path_of(row)
                await session.delete(row)
                await session.flush()
                is_last = not await store.same_file(session, row.sha256)
                detail = {"unit_id": row.unit_id, "sha256": row.sha256, "alt_text": row.alt_text}
                await self._note(session, actor, "media.delete", media_id, detail)
        except IntegrityError as error:  # `post_media` holds it, also what another has attached in this very moment
            raise Conflict(_IN_USE, Problem("media", "masih dipakai")) from error
        if is_last:
            remove(path)

    async def put_captions(self, actor: Actor, media_id: int, *, lang: str, data: bytes) -> str:
        """Keeps what is said in a video, in the place of what was there; answers it as SubRip. Raises NotFound, Forbidden, BadInput."""
        async with self.db.write() as session:
            row = await self._owned(session, actor, media_id)
            text = write_srt(read_captions(data))
            if row.kind != VIDEO or lang not in LANGUAGES:
                message = "Takarir hanya untuk video, dalam bahasa yang dikenal program ini."
                raise BadInput(message, Problem("captions", message))
            await store.put_captions(session, media_id, lang, text, now=self.now())
            await self._note(session, actor, "media.captions", media_id, {"lang": lang})
        return text

    async def captions(self, actor: Actor, media_id: int) -> dict[str, str]:
        """SubRip by language. Raises NotFound."""
        async with self.db.read() as session:
            await self.media.require_visible(session, actor, [media_id])
            return await store.captions(session, media_id)

    async def _owned(self, session: WriteSession, actor: Actor, media_id: int) -> Media:
        row = (await self.media.require_visible(session, actor, [media_id]))[media_id]
        unit = await unit_store.unit(session, row.unit_id, paths=actor.paths(Act.WRITE))
        if unit is None:
            raise Forbidden(
                "Gambar ini milik unit di atas Anda, atau peran Anda belum boleh mengubahnya. Anda tetap dapat memakainya."
            )
        if row.kind not in store.LISTED:
            raise NotFound("Poster digambar dari unggahannya. Ubah desain posternya, atau unggahannya.")
        return row

    async def _note(
        self, session: WriteSession, actor: Actor, action: str, media_id: int, detail: Mapping[str, object]
    ) -> None:
        subject = f"media:{media_id}"
        await record(session, at=self.now(), actor=actor.label, action=action, subject=subject, detail=detail)


def read_tags(given: Sequence[str]) -> list[str]:
    """Small letters, digits and single spaces or hyphens between them; each once, in the order given."""
    tags = list(dict.fromkeys(" ".join(tag.lower().split()) for tag in given if tag.strip()))
    if unfit := [tag for tag in tags if not _TAG.fullmatch(tag) or len(tag) > LONGEST_TAG]:
        message = f"Tag “{unfit[0][:LONGEST_TAG]}” belum benar: pakai huruf, angka, spasi, atau tanda hubung."
        raise BadInput(message, Problem("tags", message))
    if len(tags) > MOST_TAGS:
        raise BadInput(f"Paling banyak {MOST_TAGS} tag.", Problem("tags", f"paling banyak {MOST_TAGS}"))
    return tags
