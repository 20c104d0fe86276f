"""The tables of who did what, and of what is still to be told about it."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, text
from sqlmodel import Field, SQLModel

from app.kit.db import UtcDateTime


class AuditEvent(SQLModel, table=True):
    """One act. Written unchained with the act itself; a sealer gives it `seq`, `prev_hash` and `hash` within seconds.

    `unit_id`: whose act it is, so that it is found by those who may read it; given by the sealer too, and no part of what
    is hashed. NULL: of the whole installation.
    """

    __tablename__ = "audit_event"
    # The sealer asks for what is not yet chained.
    __table_args__ = (
        Index("ix_audit_unsealed", "id", sqlite_where=text("seq IS NULL"), postgresql_where=text("seq IS NULL")),
        Index("ix_audit_unit", "unit_id", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    actor: str
    action: str
    subject: str = Field(index=True)
    detail: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    seq: int | None = Field(default=None, unique=True)
    prev_hash: str | None = None
    hash: str | None = None
    unit_id: int | None = None


class ChainHead(SQLModel, table=True):
    """Where the chain stood at the end of a day, as it was told to people: a chain made anew does not pass through it."""

    __tablename__ = "chain_head"

    ended_on: date = Field(primary_key=True)
    seq: int
    hash: str
    at: datetime = Field(sa_type=UtcDateTime)


class OutboxEvent(SQLModel, table=True):
    """Something that rooms above must hear of, written in the transaction in which it happened.

    `kind` is an EventKind; `taken_at` says when the notices were made of it.
    """

    __tablename__ = "outbox_event"
    __table_args__ = (
        Index(
            "ix_outbox_waiting", "id", sqlite_where=text("taken_at IS NULL"), postgresql_where=text("taken_at IS NULL")
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    kind: str
    subject: str
    unit_id: int = Field(foreign_key="unit.id")
    detail: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    taken_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class OperatorAct(SQLModel, table=True):
    """The last time of each kind of act: `backup`, `restore`, `keys.rotate`. `note` says of what, and holds no secret."""

    __tablename__ = "operator_act"

    kind: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    note: str = ""
