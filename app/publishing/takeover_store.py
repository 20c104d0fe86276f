"""Every query about accounts that somebody else has got hold of."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col
from sqlmodel import select as select_rows

from app.accounts.models import Membership, User
from app.channels.models import Channel
from app.kit.db import ReadSession, WriteSession
from app.kit.errors import Conflict
from app.platforms.contract import RecentPost
from app.publishing.models import StrangePost, Takeover
from app.publishing.rules import IN_FLIGHT
from app.publishing.store import D


async def latest(session: ReadSession, channel_id: int) -> Takeover | None:
    query = select_rows(Takeover).where(Takeover.channel_id == channel_id).order_by(col(Takeover.id).desc())
    return (await session.exec(query.limit(1))).first()


async def persons_at(session: ReadSession, unit_id: int) -> list[tuple[int, str]]:
    """(id, name) of who has a role at this very unit."""
    query = (
        select(col(User.id), col(User.name))
        .join(Membership, col(Membership.user_id) == col(User.id))
        .where(col(Membership.unit_id) == unit_id, col(User.is_active))
        .order_by(col(User.name), col(User.id))
    )
    return [(row[0], row[1]) for row in (await session.run(query)).all()]


async def ours(
    session: ReadSession, channel_id: int, *, since: datetime, listed: Collection[str]
) -> tuple[set[str], list[str]]:
    """Ids and addresses of what we have published there since then, and the words of what may be out under another id.

    TikTok's own list knows a post by another number than its publishing does; `listed` are the ids that the list shows.
    """
    mine = select(D.remote_id, D.url, D.message).where(D.channel_id == channel_id, D.published_at >= since)
    rows = (await session.run(mine)).all()
    known = {value for row in rows for value in row[:2] if value}
    flying = select(D.message).where(D.channel_id == channel_id, D.state.in_(IN_FLIGHT))
    messages = [row[2] for row in rows if row[0] not in listed]
    messages += [row[0] for row in (await session.run(flying)).all()]
    return known, [str(message.get("text", "")) for message in messages]


async def keep_strange(session: WriteSession, takeover_id: int, found: Sequence[RecentPost]) -> None:
    """Each once; what a person has said of it stays."""
    if not found:
        return
    rows: list[dict[str, Any]] = [
        {
            "takeover_id": takeover_id, "remote_id": post.remote_id, "text": post.text[:2000], "url": post.url,
            "created_at": post.created_at, "verdict": "open",
        }
        for post in found
    ]  # fmt: skip
    insert: Any = (sqlite.insert if session.is_sqlite else postgresql.insert)(StrangePost)
    await session.run(insert.on_conflict_do_nothing(index_elements=["takeover_id", "remote_id"]), rows)


async def strange(session: ReadSession, takeover_id: int) -> list[StrangePost]:
    query = select_rows(StrangePost).where(StrangePost.takeover_id == takeover_id)
    return list((await session.exec(query.order_by(col(StrangePost.created_at), col(StrangePost.id)))).all())


async def judge(session: WriteSession, takeover_id: int, post_id: int, verdict: str) -> bool:
    statement = update(StrangePost).where(col(StrangePost.id) == post_id, col(StrangePost.takeover_id) == takeover_id)
    return (await session.run(statement.values(verdict=verdict))).rowcount == 1


async def must_be_ours(session: ReadSession, channel_id: int, url: str | None) -> None:
    """Raises Conflict for the address of a stranger's post: its numbers are not ours."""
    if not url:
        return
    query = (
        select(col(StrangePost.id))
        .join(Takeover, col(Takeover.id) == col(StrangePost.takeover_id))
        .where(col(Takeover.channel_id) == channel_id, col(StrangePost.url) == url, col(StrangePost.verdict) != "ours")
    )
    if (await session.run(query.limit(1))).first() is not None:
        raise Conflict(
            "Tautan itu unggahan yang dibuat saat akun diretas, jadi tidak dapat dihitung sebagai milik unit."
        )


async def revoking(session: ReadSession, *, now: datetime, limit: int) -> list[tuple[Takeover, Channel]]:
    query = (
        select_rows(Takeover, Channel)
        .join(Channel, col(Channel.id) == col(Takeover.channel_id))
        .where(col(Takeover.revoke_at).is_not(None), col(Takeover.revoke_at) <= now)
        .order_by(col(Takeover.revoke_at))
    )
    return [(row[0], row[1]) for row in (await session.exec(query.limit(limit))).all()]


async def end_stale(session: WriteSession, channel_id: int, *, now: datetime) -> None:
    """One whose account was closed while it went on, at the end of a term, is over."""
    statement = update(Takeover).where(col(Takeover.channel_id) == channel_id, col(Takeover.ended_at).is_(None))
    await session.run(statement.values(ended_at=now, revoke_at=None, sealed=""))
