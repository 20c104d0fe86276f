"""What a dashboard asks the database beyond groups and days; every query takes the paths of who is asking."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import case, func, select
from sqlmodel import col

from app.accounts.models import Unit
from app.accounts.unit_store import in_scope
from app.channels.rules import ways_of
from app.engagement.models import Total
from app.engagement.rules import INTERACTIONS
from app.engagement.store import Wanted, seconds_between, within
from app.kit.db import ReadSession
from app.posts.models import Post
from app.publishing.models import Delivery
from app.publishing.rules import State
from app.reports.overview_rules import LATENESS

D = Delivery.__table__.c  # type: ignore[attr-defined]
T = Total.__table__.c  # type: ignore[attr-defined]

TOP = 10


def _published(paths: Sequence[str], wanted: Wanted, *shown: Any) -> Any:
    return (
        select(*shown)
        .select_from(Delivery)
        .join(Post, col(Post.id) == D.post_id)
        .join(Unit, col(Unit.id) == D.unit_id)
        .where(
            in_scope(paths), D.environment.in_(ways_of(wanted.environment)), D.state == State.PUBLISHED, *within(wanted)
        )
    )


async def lateness(session: ReadSession, paths: Sequence[str], wanted: Wanted) -> dict[str, int]:
    """How many published deliveries fall into each bucket of LATENESS."""
    late = seconds_between(session, D.due_at, D.published_at)
    bucket = case(*((late <= most, name) for name, most in LATENESS if most is not None), else_=LATENESS[-1][0])
    query = _published(paths, wanted, bucket.label("bucket"), func.count()).group_by(bucket)
    found = {str(row[0]): int(row[1]) for row in (await session.run(query)).all()}
    return {name: found.get(name, 0) for name, _ in LATENESS}


async def standing_out(session: ReadSession, paths: Sequence[str], wanted: Wanted, by: str) -> list[dict[str, Any]]:
    """The ten with most known `interactions` or `comments`."""
    interactions: Any = sum(func.coalesce(T[name], 0) for name in INTERACTIONS)
    order = T.comments if by == "comments" else interactions
    query = _published(
        paths, wanted, D.id.label("delivery_id"), D.post_id, col(Unit.name).label("unit"), D.platform,
        D.message["text"].as_string().label("text"), D.url, interactions.label("interactions"), T.comments,
    )  # fmt: skip
    return await session.rows(
        query.join(Total, T.delivery_id == D.id).where(order > 0).order_by(order.desc(), D.id).limit(TOP)
    )
