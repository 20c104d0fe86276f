"""Addresses of other systems that want to hear, what is on its way to them, and how far the records were read."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.kit.db import UtcDateTime

_WAITING = text("state = 'waiting'")


class Webhook(SQLModel, table=True):
    """Hears of a unit and those beneath it. `sealed` holds the signing secret; `reason`: why it was switched off."""

    __tablename__ = "webhook"

    id: int | None = Field(default=None, primary_key=True)
    unit_id: int = Field(foreign_key="unit.id", index=True)
    url: str
    events: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    sealed: str
    is_on: bool = True
    reason: str = ""
    created_by: int | None = Field(default=None, foreign_key="user_account.id")
    created_at: datetime = Field(sa_type=UtcDateTime)


class HookSending(SQLModel, table=True):
    """One message to one address. `key` names what happened, so that it is told once; `act_at` is the next try, or the end of a lease."""

    __tablename__ = "hook_sending"
    __table_args__ = (
        UniqueConstraint("webhook_id", "key"),
        Index("ix_hook_sending_waiting", "act_at", "id", sqlite_where=_WAITING, postgresql_where=_WAITING),
    )

    id: int | None = Field(default=None, primary_key=True)
    webhook_id: int = Field(foreign_key="webhook.id")
    key: str
    kind: str
    body: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    state: str = "waiting"
    attempts: int = 0
    act_at: datetime = Field(sa_type=UtcDateTime)
    http_status: int | None = None
    error: str = ""
    created_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class HookPlace(SQLModel, table=True):
    """Up to which row of a record everything has been told: `audit` (by seq), `outbox` and `snapshot` (by id)."""

    __tablename__ = "hook_place"

    source: str = Field(primary_key=True)
    position: int = 0
