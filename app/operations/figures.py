"""The numbers that an operator watches, asked for at the moment of the question."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.bootstrap import Kentongan
from app.operations import store
from app.operations.backup import free_bytes, last_backup

NAN = float("nan")


@dataclass(frozen=True)
class Figure:
    """One gauge: `values` by the value of its only label, or under "" where it has none. NaN is "not known"."""

    name: str
    help: str
    label: str = ""
    values: dict[str, float] = field(default_factory=dict)


def _one(name: str, told: str, value: float | None) -> Figure:
    return Figure(name, told, values={"": NAN if value is None else value})


async def figures(house: Kentongan) -> Sequence[Figure]:
    pulse, hold, backup = await house.publishing.pulse(), await house.holding.find(), await last_backup(house)
    now = house.clock.now()
    async with house.db.read() as session:
        channels, lanes = await store.count_channels(session), await store.count_lanes(session, now=now)
        unsealed, outbox = await store.oldest_unsealed(session), await store.count_outbox(session)
        workers = await store.count_workers(session, alive_since=now - house.clock.span(house.settings.silent_after))
        late = await store.lateness(session, since=now - house.clock.span(3600.0))
    return (
        Figure("kentongan_deliveries", "Deliveries by state", "state", dict((await house.publishing.totals()).items())),
        Figure("kentongan_lane_due", "Deliveries due now and not sent, by lane", "lane", lanes),
        Figure("kentongan_channels", "Live channels by state", "state", {name: float(count) for name, count in channels.items()}),
        _one("kentongan_worker_beat_age_seconds", "Real seconds since the newest worker's heartbeat", pulse.seconds_since_beat),
        _one("kentongan_workers", "Workers that are alive", workers),
        _one("kentongan_oldest_overdue_seconds", "Longest wait of a due delivery", pulse.overdue.total_seconds() if pulse.overdue else 0),
        _one("kentongan_unsure_for_a_person", "Deliveries in a doubt that only a person can settle", pulse.for_a_person),
        _one("kentongan_oldest_unlooked_seconds", "Longest wait of a doubtful delivery for a look that is due", pulse.doubt.total_seconds() if pulse.doubt else 0),
        _one("kentongan_late_seconds_max", "Greatest lateness of what was published in the last hour", late),
        _one("kentongan_sending_held", "1 while the operator holds all sending", 1 if hold else 0),
        _one("kentongan_audit_unsealed_age_seconds", "Age of the oldest event not yet in the chain", (now - unsealed).total_seconds() if unsealed else 0),
        _one("kentongan_outbox_waiting", "Events nobody has been told of yet", outbox),
        _one("kentongan_backup_age_seconds", "Since the last backup of this database", (now - backup).total_seconds() if backup else None),
        _one("kentongan_disk_free_bytes", "Room left where pictures and the SQLite file lie", free_bytes(house.settings.data_dir)),
        _one("kentongan_redis_up", "1 while Redis answers", 1 if await house.redis_is_up() else 0),
    )  # fmt: skip
