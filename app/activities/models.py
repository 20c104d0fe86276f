"""What units did among the people: field programmes, one row an event."""

from datetime import date, datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from app.kit.db import UtcDateTime


class Activity(SQLModel, table=True):
    """One event of a field programme. It is planned until its day, held once `attendance` or a documentation post is there.

    `rw` or `school` says where among the people, `place` the address. `attendance` None: nobody has counted.
    `invitation_id` and `post_id` are posts of the same unit: what invited to it, and what shows that it was held.
    """

    __tablename__ = "activity"
    __table_args__ = (Index("ix_activity_unit_held", "unit_id", "held_on"), Index("ix_activity_held", "held_on", "id"))

    id: int | None = Field(default=None, primary_key=True)
    unit_id: int = Field(foreign_key="unit.id")
    programme: str
    rw: int | None = None
    school: str = ""
    place: str = ""
    held_on: date
    attendance: int | None = None
    note: str = ""
    invitation_id: int | None = Field(default=None, foreign_key="post.id")
    post_id: int | None = Field(default=None, foreign_key="post.id")
    created_by: int | None = Field(default=None, foreign_key="user_account.id")
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    cancelled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    version: int = 1
