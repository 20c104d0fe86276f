"""The worker's queries: claim, record, adopt, expire, beat. Each is one statement whatever the number of rows."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    String,
    Update,
    bindparam,
    case,
    cast,
    delete,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel, col

from app.channels.models import Channel
from app.kit.bulk import unnested
from app.kit.db import ReadSession, WriteSession
from app.publishing.models import Attempt, Delivery, LanePause, StrangePost, Takeover, WorkerBeat
from app.publishing.pause_store import IS_PAUSED, PAUSE_REASON, QUEUED
from app.publishing.rules import HANDED, MAY_CANCEL, SLOW_LANE, State

D = Delivery.__table__.c  # type: ignore[attr-defined]

CLAIMED = (
    D.id,
    D.post_id,
    D.channel_id,
    D.unit_id,
    D.platform,
    D.lane,
    D.state,
    D.due_at,
    D.act_at,
    D.valid_until,
    D.message,
    D.message_hash,
    D.wants_prepare,
    D.prepared,
    D.attempt,
    D.looks,
    D.code,
    D.first_sent_at,
    D.last_sent_at,
)


def upsert(session: WriteSession, table: type[SQLModel]) -> Any:
    return sqlite.insert(table) if session.is_sqlite else postgresql.insert(table)


_IS_DUE = D.state == literal_column("'due'")
"""Not a parameter: PostgreSQL uses a partial index only where it can see the condition."""


async def next_moments(session: ReadSession) -> dict[str, datetime]:
    """Per lane, when its next due delivery acts; steps through the index from lane to lane, however long the queue is."""
    lanes = select(func.min(D.lane).label("lane")).where(_IS_DUE).cte("lanes", recursive=True)
    following = select(func.min(D.lane)).where(_IS_DUE, D.lane > lanes.c.lane).scalar_subquery()
    lanes = lanes.union_all(select(following).where(lanes.c.lane.is_not(None)))
    moment = select(func.min(D.act_at)).where(_IS_DUE, D.lane == lanes.c.lane).scalar_subquery()
    query = select(lanes.c.lane, moment).where(lanes.c.lane.is_not(None))
    return {row[0]: row[1] for row in (await session.run(query)).all() if row[1] is not None}


async def paused_lanes(session: ReadSession, *, now: datetime) -> set[str]:
    return set((await session.run(select(col(LanePause.lane)).where(col(LanePause.until) > now))).scalars())


ALL_LANES = "*"
"""A lane pause under this name holds every lane: nothing leaves until the operator says so."""


async def claim_due(
    session: WriteSession, lane: str, *, worker_id: str, now: datetime, ahead: timedelta, limit: int
) -> list[dict[str, Any]]:
    """Take up to `limit` due deliveries of a lane that act before now + `ahead`; each has exactly one winner."""
    wanted = (
        select(D.id)
        .where(_IS_DUE, D.lane == lane, D.act_at <= now + ahead, D.valid_until > now, ~IS_PAUSED)
        .where(~exists().where(col(LanePause.lane).in_([lane, ALL_LANES]), col(LanePause.until) > now))
        .order_by(D.act_at, D.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("wanted")
    )
    statement = (
        update(Delivery)
        .where(D.id.in_(select(wanted.c.id)), D.state == State.DUE)
        .values(
            state=State.SENDING,
            worker_id=worker_id,
            attempt=D.attempt + 1,
            first_sent_at=func.coalesce(D.first_sent_at, now),
            last_sent_at=now,
        )
        .returning(*CLAIMED)
    )
    return sorted(await session.rows(statement), key=lambda row: (row["act_at"], row["id"]))


async def claim_unsure(
    session: WriteSession, *, worker_id: str, now: datetime, limit: int, out: bool = False
) -> list[dict[str, Any]]:
    """Take deliveries in doubt whose look is due: of platforms that are `out`, or of the others. They stay unsure while they are looked up."""
    is_out = exists().where(LanePause.lane == D.lane, col(LanePause.until) > now, col(LanePause.most).is_not(None))
    wanted = (
        select(D.id)
        .where(D.state == State.UNSURE, D.act_at.is_not(None), D.act_at <= now, D.worker_id.is_(None))
        .where(is_out if out else ~is_out)
        .order_by(D.act_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("wanted")
    )
    statement = (
        update(Delivery)
        .where(D.id.in_(select(wanted.c.id)), D.state == State.UNSURE, D.worker_id.is_(None))
        .values(worker_id=worker_id, attempt=D.attempt + 1)
        .returning(*CLAIMED)
    )
    return await session.rows(statement)


async def remote_ids(session: ReadSession, channel_ids: Sequence[int], *, since: datetime) -> dict[int, frozenset[str]]:
    """By channel, what is known to be published since then."""
    query = select(D.channel_id, D.remote_id).where(
        D.channel_id.in_(channel_ids), D.remote_id.is_not(None), D.published_at >= since
    )
    found: dict[int, set[str]] = {}
    for row in (await session.run(query)).all():
        found.setdefault(row[0], set()).add(row[1])
    # What a stranger said there is never taken for ours, whatever its words.
    strangers = select(col(Takeover.channel_id), col(StrangePost.remote_id)).where(
        col(Takeover.id) == col(StrangePost.takeover_id),
        col(Takeover.channel_id).in_(channel_ids),
        col(StrangePost.verdict) != "ours",
    )
    for row in (await session.run(strangers)).all():
        found.setdefault(row[0], set()).add(row[1])
    return {channel_id: frozenset(ids) for channel_id, ids in found.items()}


async def has_unsure(session: ReadSession, *, now: datetime) -> bool:
    query = select(D.id).where(D.state == State.UNSURE, D.act_at.is_not(None), D.act_at <= now).limit(1)
    return (await session.run(query)).first() is not None


_RESULT = ("state", "act_at", "reason", "code", "looks", "remote_id", "url", "published_at", "metrics_at")
_RESULT_TYPES = {
    **{name: D[name].type for name in ("id", "attempt", "worker_id")},
    "forget": Boolean(),
    **{name: D[name].type for name in _RESULT},
}


def _recorded(given: Callable[[str], Any]) -> Update:
    """The update for one result; `given` says where each of its values comes from."""
    return (
        update(Delivery)
        .where(
            D.id == given("id"),
            D.attempt == given("attempt"),
            D.worker_id == given("worker_id"),
            # Not IN (...): a list cannot expand in an executemany.
            or_(D.state == State.SENDING, D.state == State.UNSURE),
        )
        .values(
            worker_id=None,
            prepared=case((given("forget"), literal({}, D.prepared.type)), else_=D.prepared),
            **{name: given(name) for name in _RESULT},
        )
    )


async def record_results(session: WriteSession, results: Sequence[Mapping[str, Any]]) -> None:
    """Many results at once, each fenced by its attempt: a result of a try that no longer holds the row changes nothing.

    Each needs `id`, `attempt`, `worker_id` and the fields of _RESULT, `forget` (drop what was prepared).
    """
    if not session.is_sqlite:
        table = unnested(results, _RESULT_TYPES)
        await session.run(_recorded(lambda name: table.c[name]))
        return
    statement = _recorded(lambda name: bindparam(f"b_{name}", type_=_RESULT_TYPES[name]))
    await session.run(statement, [{f"b_{name}": row[name] for name in _RESULT_TYPES} for row in results])


_ATTEMPT_TYPES = {each.name: each.type for each in Attempt.__table__.c if each.name != "id"}  # type: ignore[attr-defined]


async def add_attempts(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    # A worker wrongly taken for dead may come back with a try that its adopter has already written down.
    statement = upsert(session, Attempt).on_conflict_do_nothing(index_elements=["delivery_id", "n"])
    if session.is_sqlite:
        await session.run(statement, list(rows))
        return
    table = unnested(rows, _ATTEMPT_TYPES)
    await session.run(statement.from_select(list(_ATTEMPT_TYPES), select(*table.c)))


async def store_prepared(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> set[tuple[int, int]]:
    """Keep what the platform gave ahead of time, before the publish call: after a crash it is the witness.

    Answers id and attempt of what was kept. The others belong to somebody else by now: what has no witness must not be sent.
    """
    wanted = {(row["id"], row["attempt"]): row["message_hash"] for row in rows}
    statement = (
        update(Delivery)
        .where(
            D.id == bindparam("b_id"),
            D.attempt == bindparam("b_attempt"),
            # A revision may have put new words there since; what was prepared holds the old ones.
            D.message_hash == bindparam("b_message_hash"),
            or_(D.state == State.DUE, D.state == State.SENDING),
        )
        .values(prepared=bindparam("b_prepared", type_=D.prepared.type))
    )
    names = ("id", "attempt", "message_hash", "prepared")
    await session.run(statement, [{f"b_{name}": row[name] for name in names} for row in rows])
    ours = select(D.id, D.attempt, D.message_hash).where(
        D.id.in_(sorted({row["id"] for row in rows})), or_(D.state == State.DUE, D.state == State.SENDING)
    )
    found = await session.rows(ours)
    return {key for row in found if wanted.get(key := (row["id"], row["attempt"])) == row["message_hash"]}


async def unprepared(
    session: ReadSession, *, now: datetime, before: datetime, limit: int, slow: bool = False
) -> list[dict[str, Any]]:
    """Due deliveries of the slow lanes, or of the others, that act between now and `before` and could be prepared ahead."""
    is_slow = D.lane.endswith(SLOW_LANE)
    query = (
        select(*CLAIMED)
        .where(
            _IS_DUE, D.wants_prepare, D.act_at > now, D.act_at <= before, D.looks == 0, is_slow if slow else ~is_slow
        )
        # In the query: what is prepared already would fill up the limit before the rest had its turn.
        .where(cast(D.prepared, String) == "{}")
        .order_by(D.act_at)
        .limit(limit)
    )
    return await session.rows(query)


async def beat(session: WriteSession, worker_id: str, *, started_at: datetime, now: datetime) -> None:
    statement = upsert(session, WorkerBeat).values(id=worker_id, started_at=started_at, beat_at=now)
    await session.run(statement.on_conflict_do_update(index_elements=["id"], set_={"beat_at": now}))


async def forget_worker(session: WriteSession, worker_id: str) -> None:
    """A worker that has handed everything back and stops."""
    await session.run(delete(WorkerBeat).where(col(WorkerBeat.id) == worker_id))


async def newest_beat(session: ReadSession) -> datetime | None:
    return (await session.run(select(func.max(col(WorkerBeat.beat_at))))).scalar()


TOLD = (
    D.id,
    D.post_id,
    D.unit_id,
    D.channel_id,
    D.platform,
    D.environment,
    D.state,
    D.reason,
    D.attempt,
    D.valid_until,
)


async def needing_a_person(session: ReadSession, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Which of these are at an end without being out, or in a doubt that no worker can settle."""
    stuck = (D.state == State.UNSURE) & D.act_at.is_(None) & D.worker_id.is_(None)
    query = select(*TOLD).where(D.id.in_(ids), or_(D.state.in_([State.STOPPED, State.MISSED]), stuck))
    return await session.rows(query)


async def hold_channel(session: WriteSession, channel_id: int, *, reason: str) -> None:
    statement = update(Delivery).where(D.channel_id == channel_id, D.state == State.DUE)
    await session.run(statement.values(state=State.WAITING, reason=reason))


async def hold_speechless(session: WriteSession, channel_ids: Sequence[int]) -> None:
    """What has just become due again on a channel that was paused or broken meanwhile waits with the rest of its queue."""
    silent = select(col(Channel.id)).where(col(Channel.id).in_(channel_ids), col(Channel.state) != "connected")
    statement = update(Delivery).where(D.state == State.DUE, D.channel_id.in_(silent))
    await session.run(statement.values(state=State.WAITING, reason="Akun dijeda atau perlu disambungkan ulang."))
    await hold_paused(session, D.channel_id.in_(channel_ids))


async def hold_paused(session: WriteSession, *which: ColumnElement[bool]) -> None:
    """Of these, what could leave although its unit is paused waits until the pause is over."""
    statement = update(Delivery).where(*which, D.state.in_([State.DUE, State.MANUAL]), IS_PAUSED)
    await session.run(statement.values(state=State.WAITING, reason=PAUSE_REASON))


async def release_channel(session: WriteSession, channel_id: int, *, now: datetime) -> None:
    """The channel works again: what was approved is due, what was in doubt may be asked.

    Deliveries that wait for approval have no message hash yet and stay.
    """
    held = (D.channel_id == channel_id, D.state == State.WAITING, D.message_hash != "")
    act_at = case((D.due_at > now, D.due_at), else_=now)
    await session.run(update(Delivery).where(*held).values(state=QUEUED, act_at=act_at, reason=""))
    await hold_paused(session, D.channel_id == channel_id)
    stuck = (D.channel_id == channel_id, D.state == State.UNSURE, D.act_at.is_(None), D.remote_id.is_(None))
    await session.run(update(Delivery).where(*stuck).values(act_at=now))


async def postpone_channel(session: WriteSession, channel_id: int, *, until: datetime) -> None:
    statement = update(Delivery).where(D.channel_id == channel_id, D.state == State.DUE, D.act_at < until)
    await session.run(statement.values(act_at=until))


async def pause_lane(session: WriteSession, lane: str, *, until: datetime, reason: str) -> None:
    statement = upsert(session, LanePause).values(lane=lane, until=until, reason=reason)
    await session.run(statement.on_conflict_do_update(index_elements=["lane"], set_={"until": until, "reason": reason}))


async def cancel(
    session: WriteSession,
    *,
    reason: str,
    post_ids: Sequence[int] = (),
    broadcast_id: int | None = None,
    channel_id: int | None = None,
) -> int:
    """Cancel what has not left. Answers how many."""
    which = [D.post_id.in_(post_ids)]
    if broadcast_id is not None:
        which.append(D.broadcast_id == broadcast_id)
    if channel_id is not None:
        which.append(D.channel_id == channel_id)
    statement = update(Delivery).where(or_(*which), D.state.in_(MAY_CANCEL))
    return (await session.run(statement.values(state=State.CANCELLED, act_at=None, reason=reason))).rowcount


async def drop_untried(session: WriteSession, post_id: int) -> bool:
    """Delete a post's deliveries that no worker ever took; False if any other remains (roll back then)."""
    untried = (D.post_id == post_id, D.attempt == 0, D.worker_id.is_(None))
    await session.run(delete(Delivery).where(*untried))
    return (await session.run(select(D.id).where(D.post_id == post_id).limit(1))).first() is None


async def change_state(
    session: WriteSession, delivery_id: int, *, seen: Sequence[State], values: Mapping[str, Any]
) -> bool:
    """Change a delivery if it is still in a state we saw; nobody holds it then. False: somebody was faster."""
    changed = dict(values)
    if values["state"] is State.DUE:
        changed |= {"state": QUEUED, "code": case((D.code == HANDED, HANDED), else_="")}
    statement = update(Delivery).where(D.id == delivery_id, D.state.in_(seen), D.worker_id.is_(None)).values(**changed)
    return (await session.run(statement)).rowcount == 1


async def freeze(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """At approval: the message, its hash, and due. Only what still waits is touched."""
    names = ("message", "message_hash", "act_at", "due_at", "valid_until", "wants_prepare")
    types = {"message": D.message.type}
    statement = (
        update(Delivery)
        .where(D.id == bindparam("b_id"), D.state == State.WAITING)
        .values(state=QUEUED, **{name: bindparam(f"b_{name}", type_=types.get(name)) for name in names})
    )
    await session.run(statement, [{f"b_{name}": row[name] for name in ("id", *names)} for row in rows])
    await hold_paused(session, D.id.in_([row["id"] for row in rows]))


async def take_metrics_due(session: ReadSession, *, now: datetime, limit: int) -> list[dict[str, Any]]:
    """Published deliveries whose numbers are to be read now."""
    query = (
        select(D.id, D.channel_id, D.platform, D.environment, D.remote_id, D.url, D.published_at, D.metrics_at)
        .where(D.metrics_at.is_not(None), D.metrics_at <= now)
        .order_by(D.metrics_at)
        .limit(limit)
    )
    return await session.rows(query)


async def set_links(session: WriteSession, links: Mapping[int, str]) -> None:
    """Addresses that became known only after publishing, by delivery."""
    statement = update(Delivery).where(D.id == bindparam("b_id"), D.url.is_(None)).values(url=bindparam("b_url"))
    await session.run(statement, [{"b_id": identity, "b_url": url} for identity, url in links.items()])


async def plan_metrics(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """When each is to be read next (`metrics_at`, None: never), if nobody else planned it meanwhile (`seen`)."""
    statement = update(Delivery).where(
        D.id == bindparam("b_id"), D.metrics_at == bindparam("b_seen", type_=D.metrics_at.type)
    )
    await session.run(
        statement.values(metrics_at=bindparam("b_at", type_=D.metrics_at.type)),
        [{"b_id": row["id"], "b_seen": row["seen"], "b_at": row["metrics_at"]} for row in rows],
    )
