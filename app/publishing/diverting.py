"""Takes what cannot go out on one platform or account to another: to a person's hands, or to the unit's other accounts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.kit.db import WriteSession
from app.kit.errors import BadInput, Problem
from app.platforms.contract import Adapter
from app.platforms.registry import TITLES
from app.publishing import divert_store as store
from app.publishing import pause_store
from app.publishing.divert_store import Which
from app.publishing.models import Delivery
from app.publishing.rules import Frozen, State, hash_of, lane_of, queued

HANDS = "manual"
"""Where a person is the worker."""
AT_ONCE = 2000
"""Deliveries of one divert; a country's goes in several."""
MARGIN = timedelta(hours=1)


@dataclass(frozen=True)
class Diverted:
    """How many went by hand or to another account, and how many found no place: no account there, or words that do not fit."""

    moved: int
    left: int


def read_target(text: str, platforms: Mapping[str, Adapter], *, not_to: str) -> str:
    known = [HANDS, *(name for name in platforms if name != not_to)]
    if text not in known:
        raise BadInput("Pilih ke mana kiriman dialihkan.", Problem("to", f"pilih: {', '.join(known)}"))
    return text


def fits(adapter: Adapter, message: Mapping[str, Any]) -> bool:
    """May these frozen words and pictures be said on that platform as they are?"""
    frozen, limits = Frozen.from_body(message), adapter.limits
    pictures = len(frozen.pictures)
    if frozen.video is not None and limits.video is None:
        return False
    if limits.needs_video and frozen.video is None:
        return False
    if (limits.needs_image or limits.needs_media) and not frozen.has_media:
        return False
    return pictures <= limits.images and adapter.length(frozen.text) <= limits.text_with(pictures)


async def to_hands(session: WriteSession, which: Which, *, reason: str) -> Diverted:
    """The account's own person publishes it, at its minute or now."""
    return Diverted(await store.hand_over(session, which, reason=reason), 0)


async def to_platform(
    session: WriteSession, which: Which, adapter: Adapter, *, reason: str, now: datetime, grace: timedelta
) -> Diverted:
    """The same approved words from another account of the same unit; what finds none stays where it is."""
    rows = await store.lock(session, which, limit=AT_ONCE)
    if not rows:
        return Diverted(0, 0)
    places = await store.accounts_on(session, adapter.name, rows, not_these=which.channel_ids)
    taken = await store.pairs(session, [row["post_id"] for row in rows])
    held = await pause_store.paused(session, [(row["post_id"], row["unit_id"]) for row in rows])
    why = {row["id"]: reason for row, reason in zip(rows, held, strict=True)}
    new: list[dict[str, Any]] = []
    gone: list[int] = []
    for row in rows:
        channel_id = places.get((row["unit_id"], row["environment"]))
        if channel_id is None or (row["post_id"], channel_id) in taken or not fits(adapter, row["message"]):
            continue
        new.append(_copy(row, adapter.name, channel_id, now=now, grace=grace, paused=why[row["id"]]))
        taken.add((row["post_id"], channel_id))
        gone.append(row["id"])
    if new:
        await session.insert_many(Delivery, new)
        await store.cancel(session, gone, reason=f"{reason} Dialihkan ke {TITLES[adapter.name]}.")
    return Diverted(len(new), len(rows) - len(new))


def _copy(
    row: Mapping[str, Any], platform: str, channel_id: int, *, now: datetime, grace: timedelta, paused: str | None
) -> dict[str, Any]:
    frozen = Frozen.from_body({**row["message"], "options": {}, "edits": None})
    due_at = max(row["due_at"], now)
    return {
        "post_id": row["post_id"], "broadcast_id": row["broadcast_id"], "channel_id": channel_id, "unit_id": row["unit_id"],
        "platform": platform, "environment": row["environment"],
        "lane": lane_of(platform, row["environment"], is_slow=frozen.video is not None),
        "state": State.WAITING if paused else queued(row["environment"]), "reason": paused or "", "due_at": due_at, "act_at": due_at,
        "valid_until": max(row["valid_until"], min(due_at + grace, due_at + MARGIN)), "message": frozen.body(),
        "message_hash": hash_of(frozen.body()), "wants_prepare": frozen.has_media, "prepared": {}, "attempt": 0, "looks": 0,
        "code": "",
    }  # fmt: skip


def targets(platforms: Mapping[str, Adapter], *, not_to: str) -> Sequence[tuple[str, str]]:
    """(name, title), for a person to choose from."""
    return [(HANDS, "Unggah manual"), *((name, TITLES[name]) for name in platforms if name != not_to)]
