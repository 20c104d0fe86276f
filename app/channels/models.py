"""Joined social accounts."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from app.kit.db import UtcDateTime


class Channel(SQLModel, table=True):
    """A social account of a unit on one platform.

    `environment`: live, practice (the simulator) or manual (hand-off).
    `state`: connected, needs_reconnect, paused or closed.
    `sealed` is the credential, encrypted; it can be replaced but never read back through a door.
    """

    __tablename__ = "channel"
    __table_args__ = (UniqueConstraint("platform", "environment", "handle"),)

    id: int | None = Field(default=None, primary_key=True)
    unit_id: int = Field(foreign_key="unit.id", index=True)
    platform: str
    environment: str
    handle: str
    state: str = "connected"
    state_reason: str = ""
    sealed: str = ""
    base_url: str = ""
    created_at: datetime = Field(sa_type=UtcDateTime)
    checked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
