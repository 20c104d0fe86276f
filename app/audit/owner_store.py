"""Which unit an event is of, read off its subject: of the rooms above, only the names of their tables are known here."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import column, func, select, table

from app.audit.models import AuditEvent
from app.kit.db import ReadSession

_TABLES = {
    "post": "post",
    "delivery": "delivery",
    "broadcast": "broadcast",
    "series": "series",
    "channel": "channel",
    "media": "media",
    "template": "post_template",
    "token": "api_token",
    "activity": "activity",
    "pause": "pause",
    "complaint": "complaint",
}
"""Subjects whose rows name their unit."""
_UNIT = table("unit", column("id"), column("election_id"), column("parent_id"))
_STAGE = table("tahapan", column("id"), column("election_id"))
_REVISION = table("revision", column("id"), column("tahapan_id"))
_ROLE = table("membership", column("user_id"), column("unit_id"))


async def units_of(session: ReadSession, events: Iterable[AuditEvent]) -> dict[int, int]:
    """By event id; one that belongs to no unit, or whose subject is gone, is left out."""
    asked: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    found: dict[int, int] = {}
    for event in events:
        kind, _, number = event.subject.partition(":")
        named = event.detail.get("unit_id") if isinstance(event.detail, Mapping) else None
        if isinstance(named, int):
            found[event.id or 0] = named
        elif number.isdecimal() and int(number) < 2**31:
            asked[kind][int(number)].append(event.id or 0)
    for kind, events_of in asked.items():
        for subject, unit_id in (await _units(session, kind, list(events_of))).items():
            found |= dict.fromkeys(events_of[subject], unit_id)
    return found


async def _units(session: ReadSession, kind: str, numbers: Sequence[int]) -> dict[int, int]:
    query = _query(kind, numbers)
    if query is None:
        return {}
    return {number: unit_id for number, unit_id in (await session.run(query)).all() if unit_id is not None}


def _query(kind: str, numbers: Sequence[int]) -> Any:
    """Pairs of a subject's number and its unit; what belongs to an election belongs to the body at its root."""
    if kind in _TABLES:
        owned = table(_TABLES[kind], column("id"), column("unit_id"))
        return select(owned.c.id, owned.c.unit_id).where(owned.c.id.in_(numbers))
    root, lowest = _UNIT.c.parent_id.is_(None), func.min(_UNIT.c.id)
    match kind:
        case "unit":
            return select(_UNIT.c.id, _UNIT.c.id).where(_UNIT.c.id.in_(numbers))
        case "user":
            unit = func.min(_ROLE.c.unit_id)
            return select(_ROLE.c.user_id, unit).where(_ROLE.c.user_id.in_(numbers)).group_by(_ROLE.c.user_id)
        case "election":
            of = _UNIT.c.election_id
            return select(of, lowest).where(of.in_(numbers), root).group_by(of)
        case "tahapan":
            joined = _STAGE.join(_UNIT, _UNIT.c.election_id == _STAGE.c.election_id)
            asked = _STAGE.c.id
        case "revision":
            stages = _REVISION.join(_STAGE, _STAGE.c.id == _REVISION.c.tahapan_id)
            joined = stages.join(_UNIT, _UNIT.c.election_id == _STAGE.c.election_id)
            asked = _REVISION.c.id
        case _:
            return None
    return select(asked, lowest).select_from(joined).where(asked.in_(numbers), root).group_by(asked)
