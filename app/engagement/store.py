"""Groups what is published; who is asking is part of every report's query."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Date, Integer, case, cast, func, literal, or_, select
from sqlmodel import col
from sqlmodel import select as select_rows

from app.accounts.models import Unit
from app.channels.models import Channel
from app.channels.rules import ways_of
from app.engagement.models import Snapshot, Total
from app.engagement.rules import INTERACTIONS, NUMBERS, SUMMED
from app.kit.db import ReadSession
from app.posts.models import Post
from app.publishing.models import Delivery
from app.publishing.rules import ON_TIME_SECONDS, State
from app.tahapan.models import Tahapan
from app.wilayah.models import Wilayah

D = Delivery.__table__.c  # type: ignore[attr-defined]
T = Total.__table__.c  # type: ignore[attr-defined]

# A kecamatan's code is the first eight characters of what lies in it: 32.71.04 of 32.71.04.1008.
_KECAMATAN_LENGTH = 8


async def latest_of_post(session: ReadSession, post_id: int) -> list[dict[str, Any]]:
    query = (
        select(
            D.id,
            D.channel_id,
            D.platform,
            D.state,
            D.url,
            col(Channel.handle).label("handle"),
            T.taken_at,
            T.gone,
            *(T[name] for name in NUMBERS),
        )
        .join(Channel, col(Channel.id) == D.channel_id)
        .outerjoin(Total, T.delivery_id == D.id)
        .where(D.post_id == post_id)
        .order_by(D.id)
    )
    return await session.rows(query)


async def history_of(session: ReadSession, delivery_ids: Sequence[int]) -> list[Snapshot]:
    query = select_rows(Snapshot).where(col(Snapshot.delivery_id).in_(delivery_ids))
    return list((await session.exec(query.order_by(col(Snapshot.delivery_id), col(Snapshot.taken_at)))).all())


async def has_live(session: ReadSession, paths: Sequence[str]) -> bool:
    """Is any channel in sight a real one?"""
    query = select(col(Channel.id)).join(Unit, col(Unit.id) == col(Channel.unit_id))
    return (
        await session.run(query.where(_under(paths), col(Channel.environment).in_(ways_of("live"))).limit(1))
    ).first() is not None


@dataclass(frozen=True)
class Wanted:
    """One report: its key, which accounts, and when. `tahapan`: only posts that speak of this stage."""

    group_by: str
    environment: str
    from_at: datetime | None = None
    to_at: datetime | None = None
    tahapan: str | None = None


def _under(paths: Sequence[str]) -> Any:
    return or_(*(col(Unit.path).startswith(path, autoescape=True) for path in paths)) if paths else col(Unit.id) < 0


async def grouped(session: ReadSession, paths: Sequence[str], wanted: Wanted) -> list[dict[str, Any]]:
    """One row a group: counts of posts and deliveries, sums of latest numbers. NULL where nothing is known."""
    key = _key(session, wanted.group_by)
    is_out = D.state == State.PUBLISHED
    late = seconds_between(session, D.due_at, D.published_at)
    known_reach = (T.reach.is_not(None)) & is_out
    interactions = sum(func.coalesce(T[name], 0) for name in INTERACTIONS)
    query = (
        select(
            key.label("key"),
            func.count(func.distinct(D.post_id)).label("posts"),
            _count(is_out).label("published"),
            _count(is_out & ((late <= ON_TIME_SECONDS) | D.incident_id.is_not(None))).label("on_time"),
            _count(D.state == State.STOPPED).label("failed"),
            _count(D.state == State.MISSED).label("missed"),
            *(func.sum(T[name]).label(name) for name in SUMMED),
            func.sum(case((known_reach, interactions))).label("interactions_with_reach"),
        )
        .select_from(Delivery)
        .join(Post, col(Post.id) == D.post_id)
        .join(Unit, col(Unit.id) == D.unit_id)
        .outerjoin(Total, (T.delivery_id == D.id) & is_out)
        .where(_under(paths), D.environment.in_(ways_of(wanted.environment)), D.state != State.CANCELLED)
        .group_by(key)
    )
    return await session.rows(query.where(*within(wanted)).order_by(key))


def within(wanted: Wanted) -> list[Any]:
    """The conditions on time and stage; a query that uses them joins Post."""
    conditions = []
    if wanted.from_at is not None:
        conditions.append(D.due_at >= wanted.from_at)
    if wanted.to_at is not None:
        conditions.append(D.due_at < wanted.to_at)
    if wanted.tahapan is not None:
        conditions.append(col(Post.tahapan) == wanted.tahapan)
    return conditions


def _count(condition: Any) -> Any:
    return func.coalesce(func.sum(cast(condition, Integer)), 0)


def seconds_between(session: ReadSession, start: Any, end: Any) -> Any:
    if session.is_sqlite:
        # A Julian day as a double is good to about 40 microseconds: exactly a minute must not read as more.
        return func.round((func.julianday(end) - func.julianday(start)) * 86400, 3)
    return func.extract("epoch", end - start)


def _key(session: ReadSession, group_by: str) -> Any:
    columns = {
        "unit": D.unit_id,
        "kecamatan": func.substr(col(Unit.wilayah_code), 1, _KECAMATAN_LENGTH),
        "platform": D.platform,
        "tahapan": col(Post.tahapan),
        "programme": col(Post.programme),
        "segment": col(Post.segment),
        "lang": col(Post.lang),
        "kind": col(Unit.kind),
    }
    match group_by:
        case "all":
            return literal("")
        case "content":
            return _content(session)
        case "day" | "hour":
            return _local(session, group_by)
    return columns[group_by]


def _local(session: ReadSession, part: str) -> Any:
    """The day or hour of the unit's own zone; SQLite knows offsets only, and Indonesia's zones have no summer time."""
    if session.is_sqlite:
        shift = case(
            (col(Unit.timezone) == "Asia/Makassar", "+8 hours"),
            (col(Unit.timezone) == "Asia/Jayapura", "+9 hours"),
            else_="+7 hours",
        )
        return func.date(D.due_at, shift) if part == "day" else func.strftime("%H", D.due_at, shift)
    local = func.timezone(col(Unit.timezone), D.due_at)
    return func.to_char(cast(local, Date), "YYYY-MM-DD") if part == "day" else func.to_char(local, "HH24")


def _content(session: ReadSession) -> Any:
    """What the frozen message holds; a message that is not frozen yet counts as words."""
    if session.is_sqlite:
        pictures = func.json_array_length(D.message, "$.pictures")
    else:
        pictures = func.json_array_length(D.message["pictures"])
    is_video = D.message["video"].as_string().is_not(None)
    return case((is_video, "video"), (pictures > 1, "gallery"), (pictures == 1, "picture"), else_="text")


async def labels(session: ReadSession, paths: Sequence[str], group_by: str) -> dict[str, str]:
    """Names for keys. For units and kecamatan: all in sight, so that a silent one shows as a row of zeros."""
    if group_by == "unit":
        rows = (
            await session.run(
                select(col(Unit.id), col(Unit.name)).where(_under(paths)).order_by(col(Unit.wilayah_code))
            )
        ).all()
        return {str(row[0]): row[1] for row in rows}
    if group_by == "kecamatan":
        code = func.substr(col(Unit.wilayah_code), 1, _KECAMATAN_LENGTH)
        inside = select(code).where(_under(paths), func.length(col(Unit.wilayah_code)) >= _KECAMATAN_LENGTH)
        named = select(col(Wilayah.code), func.coalesce(func.nullif(col(Wilayah.display), ""), col(Wilayah.name)))
        return {
            row[0]: row[1]
            for row in (await session.run(named.where(col(Wilayah.code).in_(inside)).order_by(col(Wilayah.code)))).all()
        }
    if group_by == "tahapan":
        return {row[0]: row[1] for row in (await session.run(select(col(Tahapan.code), col(Tahapan.name)))).all()}
    return {}
