"""Queries over what templates read like before."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, select

from app.content.drafts import Draft, nested
from app.content.models import PostTemplate, TemplateVersion
from app.kit.db import ReadSession, WriteSession


async def keep_version(session: WriteSession, row: PostTemplate, draft: Draft, *, by: str, at: datetime) -> None:
    """As it reads under its present number; one that is kept already stays. The first edit keeps what was shipped, too."""
    query = select(TemplateVersion.id).where(
        TemplateVersion.template_id == row.id, TemplateVersion.number == row.version
    )
    if (await session.exec(query)).first() is not None:
        return
    body = {"title": draft.title, "texts": nested(draft.texts)}
    session.add(TemplateVersion(template_id=row.id or 0, number=row.version, body=body, by=by, created_at=at))
    await session.flush()


async def versions_of(session: ReadSession, template_id: int, *, limit: int) -> Sequence[TemplateVersion]:
    """Newest first."""
    query = select(TemplateVersion).where(TemplateVersion.template_id == template_id)
    return (await session.exec(query.order_by(col(TemplateVersion.number).desc()).limit(limit))).all()
