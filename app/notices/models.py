"""What people are told, how each message travels to them, and how they want to hear."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.kit.db import UtcDateTime

_WAITING = text("state = 'waiting'")


class Notice(SQLModel, table=True):
    """One thing one person should know. `key` names the incident: told once however many deliveries find out.

    `link` is a path of the web pages; `unit_id` is the unit it is about, so that it is shown only within the reader's reach.
    """

    __tablename__ = "notice"
    __table_args__ = (UniqueConstraint("user_id", "key"), Index("ix_notice_of_user", "user_id", "id"))

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user_account.id")
    unit_id: int = Field(foreign_key="unit.id", index=True)
    key: str
    kind: str
    title: str
    body: str
    link: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    read_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Sending(SQLModel, table=True):
    """A notice on its way by mail, Telegram or Web Push. `attempts` fences results; `act_at` is the next try, or the end of a lease."""

    __tablename__ = "sending"
    __table_args__ = (
        UniqueConstraint("notice_id", "way"),
        Index("ix_sending_waiting", "act_at", "id", sqlite_where=_WAITING, postgresql_where=_WAITING),
    )

    id: int | None = Field(default=None, primary_key=True)
    notice_id: int = Field(foreign_key="notice.id")
    way: str
    state: str = "waiting"
    attempts: int = 0
    act_at: datetime = Field(sa_type=UtcDateTime)
    error: str = ""


class PushDevice(SQLModel, table=True):
    """A browser that shows notices. `sealed` holds its endpoint and keys: whoever knows the endpoint may write to it."""

    __tablename__ = "push_device"

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user_account.id", index=True)
    endpoint_hash: str = Field(unique=True)
    sealed: str
    name: str
    created_at: datetime = Field(sa_type=UtcDateTime)


class NoticePreference(SQLModel, table=True):
    """How one person wants to hear. `address` is a Telegram chat, or the quiet hours; mail goes to the person's own address."""

    __tablename__ = "notice_preference"
    __table_args__ = (UniqueConstraint("user_id", "way"),)

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user_account.id")
    way: str
    address: str = ""
    is_on: bool = True
