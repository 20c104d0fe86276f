"""Puts newer words and another moment into deliveries that have not left, and keeps them ready for those under way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.kit.db import ReadSession, WriteSession
from app.publishing import renew_store, store
from app.publishing.rules import IN_FLIGHT, MAY_LEAVE, Frozen, State, hash_of
from app.publishing.telling import tell_rows


@dataclass(frozen=True)
class Standing:
    """A delivery as it stands. `message_hash` empty: not approved, so it may not leave."""

    id: int
    post_id: int
    channel_id: int
    unit_id: int
    platform: str
    environment: str
    state: State
    attempt: int
    message_hash: str
    reason: str
    due_at: datetime
    act_at: datetime | None
    valid_until: datetime

    @property
    def is_frozen(self) -> bool:
        return bool(self.message_hash)

    @property
    def may_leave(self) -> bool:
        return self.state in MAY_LEAVE

    @property
    def is_in_flight(self) -> bool:
        return self.state in IN_FLIGHT


@dataclass(frozen=True)
class Renewal:
    """What a delivery is to be. `message` None: a reviewer must look first. `reason` says why, for a person."""

    standing: Standing
    message: Frozen | None
    due_at: datetime
    valid_until: datetime
    reason: str = ""

    def body(self) -> dict[str, Any]:
        return self.message.body() if self.message else {}


async def standing_of(
    session: ReadSession, post_ids: Sequence[int], *, lock: bool = False
) -> dict[int, list[Standing]]:
    """By post. `lock`: they stay as they are until this transaction ends."""
    found: dict[int, list[Standing]] = {identity: [] for identity in post_ids}
    for row in await renew_store.of_posts(session, post_ids, lock=lock):
        found[row["post_id"]].append(_standing(row))
    return found


async def renew(session: WriteSession, renewals: Sequence[Renewal], *, now: datetime) -> None:
    """In the caller's transaction, over deliveries it has locked. What is under way gets its newer words once it is known not to be out."""
    still = [renewal for renewal in renewals if not renewal.standing.is_in_flight]
    await renew_store.renew(session, [_row(renewal, now=now) for renewal in still])
    await store.hold_speechless(session, sorted({renewal.standing.channel_id for renewal in still if renewal.message}))
    under_way = [renewal for renewal in renewals if renewal.standing.is_in_flight]
    await renew_store.set_successors(session, [_successor(renewal) for renewal in under_way])


async def take_over(session: WriteSession, ids: Sequence[int], *, now: datetime) -> None:
    """Tries that ended without being out: where newer words have come meanwhile, those are what is sent from now on."""
    rows = await renew_store.with_successors(session, ids)
    if not rows:
        return
    fresh = [_row(_promised(row), now=now) for row in rows]
    # Nothing has been approved that could go in its place, and it is past the reach of its post's reviewers.
    stopped = [{**row, "state": State.STOPPED, "act_at": None} for row in fresh if not row["message"]]
    await renew_store.renew(session, [*(row for row in fresh if row["message"]), *stopped])
    await renew_store.forget_successors(session, [row["id"] for row in rows])
    await tell_rows(session, await store.needing_a_person(session, [row["id"] for row in stopped]), at=now)


def _row(renewal: Renewal, *, now: datetime) -> dict[str, Any]:
    standing, body = renewal.standing, renewal.body()
    state, reason = standing.state, renewal.reason or standing.reason
    if standing.may_leave and not body:
        state = State.WAITING
    elif standing.state is State.WAITING and not standing.is_frozen:
        state, reason = State.MANUAL if standing.environment == "manual" else State.DUE, renewal.reason
    acts = state in MAY_LEAVE
    return {
        "id": standing.id,
        "attempt": standing.attempt,
        "seen": standing.state,
        "state": state,
        "reason": reason,
        "message": body,
        "message_hash": hash_of(body) if body else "",
        "due_at": renewal.due_at,
        "act_at": _acts_at(renewal, now=now) if acts else None,
        "valid_until": renewal.valid_until,
        "wants_prepare": bool(body.get("pictures") or body.get("video")),
    }


def _acts_at(renewal: Renewal, *, now: datetime) -> datetime:
    """Its new minute, but no earlier than a wait that the platform asked for."""
    standing = renewal.standing
    asked = standing.act_at if standing.act_at is not None and standing.act_at > standing.due_at else now
    return max(renewal.due_at, asked, now)


def _successor(renewal: Renewal) -> dict[str, Any]:
    return {
        "id": renewal.standing.id,
        "successor": {
            "message": renewal.body(),
            "due_at": renewal.due_at.isoformat(),
            "valid_until": renewal.valid_until.isoformat(),
            "reason": renewal.reason,
        },
    }


def _promised(row: Mapping[str, Any]) -> Renewal:
    kept = row["successor"]
    body = kept["message"]
    message = Frozen.from_body(body) if body else None
    due_at, valid_until = (datetime.fromisoformat(kept[name]) for name in ("due_at", "valid_until"))
    return Renewal(_standing(row), message, due_at, valid_until, kept["reason"])


def _standing(row: Mapping[str, Any]) -> Standing:
    return Standing(
        row["id"],
        row["post_id"],
        row["channel_id"],
        row["unit_id"],
        row["platform"],
        row["environment"],
        State(row["state"]),
        row["attempt"],
        row["message_hash"],
        row["reason"],
        row["due_at"],
        row["act_at"],
        row["valid_until"],
    )
