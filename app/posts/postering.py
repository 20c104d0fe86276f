"""A post's poster of a design: chosen with the post, filled for each unit, drawn when it is first needed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.accounts.rules import Act, Actor
from app.content import poster_store
from app.content.alts import LONGEST_ALT
from app.content.filling import DesignChoice
from app.content.layers import Sheet, read_sheet
from app.content.media import POSTER, VIDEO
from app.content.models import Media
from app.kit.db import ReadSession, WriteSession
from app.kit.errors import BadInput, NotFound, Problem
from app.platforms.contract import Limits
from app.posts.models import Post

LONGEST_HEADLINE = 160


@dataclass(frozen=True)
class PosterWish:
    """Which design a post wants. `headline` '': what the post itself says in short."""

    design_id: int
    headline: str = ""

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> "PosterWish | None":
        """As a post keeps it."""
        kept = content.get("design")
        return cls(kept["design"], kept["headline"]) if kept else None

    @classmethod
    def from_request(cls, kept: Mapping[str, Any] | None) -> "PosterWish | None":
        """As a broadcast or a series keeps it."""
        return cls(**kept) if kept else None


def takes_poster(limits: Limits) -> bool:
    """Not where only videos are shown, and not on TikTok, which forbids overlays of ours (platforms.md)."""
    return limits.images > 0 and not limits.needs_media


def said_in(content: Mapping[str, Any]) -> list[str]:
    """Every different text of a post that the guard reads: for its platforms, and on its poster."""
    spec = content.get("poster_spec")
    on_poster = ["\n".join(spec["texts"])] if spec else []
    return list(dict.fromkeys([*(variant["text"] for variant in content.get("variants", ())), *on_poster]))


async def choose(
    session: ReadSession, actor: Actor, wish: PosterWish | None, media: Sequence[int], rows: Mapping[int, Media]
) -> DesignChoice | None:
    """The design in its newest version, with the post's first picture as its photo. Raises NotFound, BadInput."""
    if wish is None:
        return None
    if len(wish.headline) > LONGEST_HEADLINE:
        message = f"Judul poster paling panjang {LONGEST_HEADLINE} karakter."
        raise BadInput(message, Problem("poster.headline", message))
    if any(rows[media_id].kind == VIDEO for media_id in media):
        message = "Poster tidak dapat dipakai bersama video. Lepaskan salah satunya."
        raise BadInput(message, Problem("poster", message))
    if await poster_store.visible(session, actor.paths(Act.READ), wish.design_id) is None:
        raise NotFound("Desain poster itu tidak ada, atau bukan untuk unit Anda.", Problem("poster", "tidak ada"))
    version = (await poster_store.newest(session, [wish.design_id]))[wish.design_id]
    return _chosen(wish.design_id, version.id or 0, read_sheet(version.body), wish.headline.strip(), media)


async def kept(session: ReadSession, posts: Sequence[Post]) -> dict[int, DesignChoice]:
    """The designs posts have, each in the version it was written with."""
    having = [post for post in posts if post.content.get("design")]
    found = await poster_store.versions(session, {post.content["design"]["version"] for post in having})
    sheets = {version_id: read_sheet(version.body) for version_id, version in found.items()}
    return {
        post.id or 0: _chosen(design["design"], design["version"], sheets[design["version"]], design["headline"], media)
        for post in having
        for design, media in [(post.content["design"], post.content.get("media", ()))]
    }


def poster_row(content: Mapping[str, Any], unit_id: int, now: datetime) -> dict[str, Any]:
    """The picture of a post's design, for insertion."""
    width, height = content["poster_spec"]["size"]
    return {
        "unit_id": unit_id, "kind": POSTER, "mime": "image/jpeg", "width": width, "height": height, "bytes": 0, "sha256": "",
        "alt_text": content["poster_alt"][:LONGEST_ALT], "alt_texts": {}, "tags": [], "spec": content["poster_spec"],
        "created_at": now,
    }  # fmt: skip


async def redraw(
    session: WriteSession, rows: Sequence[Mapping[str, Any]], units: Mapping[int, int], *, now: datetime
) -> None:
    """New posters for rewritten posts whose poster no longer says what they say; `rows` are changed in place."""
    stale = [row for row in rows if row["content"].get("poster_spec") and row["content"].get("poster_outdated")]
    ids = await session.insert_returning_ids(
        Media, [poster_row(row["content"], units[row["id"]], now) for row in stale]
    )
    for row, identity in zip(stale, ids, strict=True):
        row["content"]["poster"] = identity
        del row["content"]["poster_outdated"]


def _chosen(design_id: int, version_id: int, sheet: Sheet, headline: str, media: Sequence[int]) -> DesignChoice:
    photo = media[0] if media and sheet.has_photo else None
    return DesignChoice(design_id, version_id, sheet, headline, photo)
