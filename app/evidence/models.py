"""What people have complained about, and the evidence that was frozen for it."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.kit.db import UtcDateTime


class Complaint(SQLModel, table=True):
    """`asked` is what was looked for (address, text or day); `answer` whether this system sent it (rules.Answer).

    `packs` are the frozen ZIPs (`file`, `sha256`, `bytes`, `at`, `posts`); only `is_expired`, after the election's own day, are they gone. `deadline`: by when it is to be
    down; `told`: how far people have been warned of it (rules.Warned). `unit_id` is where it is handled, at or above every unit concerned.
    """

    __tablename__ = "complaint"

    id: int | None = Field(default=None, primary_key=True)
    unit_id: int = Field(foreign_key="unit.id", index=True)
    asked: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    answer: str
    note: str = ""
    packs: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    reason: str = ""
    deadline: datetime | None = Field(default=None, sa_type=UtcDateTime)
    told: int = 0
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: str = ""
    is_expired: bool = False
    created_by: int | None = Field(default=None, foreign_key="user_account.id")
    created_at: datetime = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ComplaintDelivery(SQLModel, table=True):
    """A delivery that a complaint is about."""

    __tablename__ = "complaint_delivery"
    __table_args__ = (UniqueConstraint("complaint_id", "delivery_id"),)

    id: int | None = Field(default=None, primary_key=True)
    complaint_id: int = Field(foreign_key="complaint.id")
    delivery_id: int = Field(foreign_key="delivery.id", index=True)
