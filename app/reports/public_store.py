"""Which units have a page for everybody, and what it may show: nothing that is not public on the platforms already."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlmodel import col
from sqlmodel import select as select_rows

from app.accounts.models import Unit
from app.accounts.unit_store import in_scope
from app.activities.models import Activity
from app.channels.models import Channel
from app.kit.db import ReadSession, WriteSession
from app.publishing.models import Delivery
from app.publishing.rules import State
from app.reports.models import PublicPage

D = Delivery.__table__.c  # type: ignore[attr-defined]
POSTS, AGENDA = 10, 10


async def open_unit(session: ReadSession, wilayah_code: str) -> Unit | None:
    """The unit of this region whose page is on; of two elections the later one's."""
    query = (
        select_rows(Unit)
        .join(PublicPage, col(PublicPage.unit_id) == col(Unit.id))
        .where(col(Unit.wilayah_code) == wilayah_code)
        .order_by(col(Unit.election_id).desc(), col(Unit.id))
        .limit(1)
    )
    return (await session.exec(query)).first()


async def under(session: ReadSession, path: str) -> list[dict[str, Any]]:
    """Units at and beneath a path, in the order of the tree: `is_on` tells whether the page is."""
    query: Any = (
        select(
            col(Unit.id), col(Unit.name), col(Unit.wilayah_code), col(PublicPage.unit_id).is_not(None).label("is_on")
        )
        .outerjoin(PublicPage, col(PublicPage.unit_id) == col(Unit.id))
        .where(in_scope([path]))
        .order_by(col(Unit.wilayah_code), col(Unit.id))
    )
    return await session.rows(query)


async def switch(session: WriteSession, unit_ids: list[int], *, on: bool, by: int | None, now: datetime) -> None:
    await session.run(delete(PublicPage).where(col(PublicPage.unit_id).in_(unit_ids)))
    if on:
        rows = [{"unit_id": unit_id, "turned_on_by": by, "turned_on_at": now} for unit_id in unit_ids]
        await session.insert_many(PublicPage, rows)


async def accounts(session: ReadSession, unit_id: int) -> list[dict[str, Any]]:
    query: Any = (
        select(col(Channel.platform), col(Channel.handle), col(Channel.environment))
        .where(col(Channel.unit_id) == unit_id, col(Channel.state) != "closed")
        .order_by(col(Channel.platform), col(Channel.handle))
    )
    return await session.rows(query)


async def posts(session: ReadSession, unit_id: int, environment: str) -> list[dict[str, Any]]:
    """The newest that are out and not taken down."""
    query: Any = (
        select(D.platform, D.message["text"].as_string().label("text"), D.url, D.published_at)
        .where(D.unit_id == unit_id, D.environment == environment, D.state == State.PUBLISHED)
        .order_by(D.published_at.desc(), D.id.desc())
        .limit(POSTS)
    )
    return await session.rows(query)


async def agenda(session: ReadSession, path: str, today: date) -> list[dict[str, Any]]:
    """What is planned among the people, from today on; no attendance, no notes."""
    query: Any = (
        select(
            col(Activity.programme), col(Activity.held_on), col(Activity.place), col(Activity.rw), col(Unit.name).label("unit")
        )
        .join(Unit, col(Unit.id) == col(Activity.unit_id))
        .where(in_scope([path]), col(Activity.held_on) >= today, col(Activity.cancelled_at).is_(None))
        .order_by(col(Activity.held_on), col(Activity.id))
        .limit(AGENDA)
    )  # fmt: skip
    return await session.rows(query)
