"""How the workers are: the truth that /readyz, /metrics and doctor tell."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.kit.clock import Clock
from app.kit.db import Database
from app.publishing import read_store, store


@dataclass(frozen=True)
class Pulse:
    """`seconds_since_beat` is real seconds of the newest worker, None without any; `overdue`: the longest wait of a due delivery.

    `doubt`: the longest wait of an unsure delivery for a look that should have been; `for_a_person`: how many no look can settle.
    """

    seconds_since_beat: float | None
    overdue: timedelta | None
    doubt: timedelta | None
    for_a_person: int


async def feel(db: Database, clock: Clock) -> Pulse:
    now = clock.now()
    async with db.read() as session:
        beat = await store.newest_beat(session)
        due, looks, for_a_person = await read_store.oldest_waits(session, now=now)
    silence = None if beat is None else clock.wait(now - beat)
    return Pulse(silence, _since(due, now), _since(looks, now), for_a_person)


def _since(moment: datetime | None, now: datetime) -> timedelta | None:
    return None if moment is None else now - moment
