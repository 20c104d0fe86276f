"""Numbers of published deliveries over time."""

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.kit.db import UtcDateTime


class _Numbers(SQLModel):
    """None: the platform does not offer it, or has no data yet. Never 0 for unknown."""

    views: int | None = None
    reach: int | None = None
    reactions: int | None = None
    comments: int | None = None
    shares: int | None = None
    saves: int | None = None
    clicks: int | None = None
    followers: int | None = None


class Snapshot(_Numbers, table=True):
    """Numbers of one delivery at one moment; append-only, values may fall."""

    __tablename__ = "snapshot"
    __table_args__ = (Index("ix_snapshot_delivery", "delivery_id", "taken_at"),)

    id: int | None = Field(default=None, primary_key=True)
    delivery_id: int
    taken_at: datetime = Field(sa_type=UtcDateTime)


class DailyNumbers(_Numbers, table=True):
    """What the numbers of a channel's posts grew by on one day of its unit: written with the snapshots, equal to a recount of them.

    A number that fell counts against the day on which that was seen. `followers` stays empty: ChannelSnapshot keeps them.
    """

    __tablename__ = "daily_numbers"

    channel_id: int = Field(primary_key=True)
    counted_on: date = Field(primary_key=True, index=True)


class ChannelSnapshot(SQLModel, table=True):
    """How many followed an account on one day of the installation. `followers` None: asked, and not told."""

    __tablename__ = "channel_snapshot"
    __table_args__ = (UniqueConstraint("channel_id", "counted_on"),)

    id: int | None = Field(default=None, primary_key=True)
    channel_id: int = Field(foreign_key="channel.id")
    counted_on: date
    taken_at: datetime = Field(sa_type=UtcDateTime)
    followers: int | None = None


class Total(_Numbers, table=True):
    """The latest numbers of one delivery, so that a report never scans snapshots. `gone`: deleted on the platform."""

    __tablename__ = "total"

    delivery_id: int = Field(primary_key=True)
    taken_at: datetime = Field(sa_type=UtcDateTime)
    gone: bool = False
