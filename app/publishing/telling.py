"""Says which deliveries need a person now, so that somebody hears of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.audit.events import Event, EventKind
from app.audit.service import tell
from app.kit.db import WriteSession
from app.kit.logs import redact
from app.publishing import store
from app.publishing.rules import Next, State

_KINDS = {
    State.STOPPED: EventKind.DELIVERY_STOPPED,
    State.MISSED: EventKind.DELIVERY_MISSED,
    State.UNSURE: EventKind.DELIVERY_UNSURE,
    State.MANUAL: EventKind.TASK_DUE,
}


def needs_a_person(step: Next) -> bool:
    """A doubt that waits for its channel is told by the channel alone: one failure, one notice."""
    stuck = step.state is State.UNSURE and step.act_at is None and not step.hold_channel
    return stuck or step.state in {State.STOPPED, State.MISSED}


async def tell_failures(session: WriteSession, tries: Mapping[int, int], *, at: datetime) -> None:
    """`tries`: delivery id and attempt just recorded; one that was fenced off has changed nothing, so nothing is told."""
    if tries:
        rows = await store.needing_a_person(session, list(tries))
        await tell_rows(session, [row for row in rows if row["attempt"] == tries[row["id"]]], at=at)


async def tell_rows(session: WriteSession, rows: Sequence[Mapping[str, Any]], *, at: datetime) -> None:
    await tell(session, [_event(row) for row in rows], at=at)


def _event(row: Mapping[str, Any]) -> Event:
    detail = {name: row[name] for name in ("post_id", "channel_id", "platform", "environment", "attempt")}
    detail |= {"reason": redact(row["reason"]), "valid_until": row["valid_until"].isoformat()}
    return Event(_KINDS[State(row["state"])], f"delivery:{row['id']}", row["unit_id"], detail)
