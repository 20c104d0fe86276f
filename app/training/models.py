"""A training in a hall: one class, and who sits in it for which unit."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from app.kit.db import UtcDateTime


class TrainingClass(SQLModel, table=True):
    """One class for a unit and all beneath it. Its links open until `ends_at` or `closed_at`.

    `begun_at`: since when steps count; a reset moves it on, and what the class had written until then is gone.
    """

    __tablename__ = "training_class"

    id: int | None = Field(default=None, primary_key=True)
    unit_id: int = Field(foreign_key="unit.id", index=True)
    name: str
    created_by: int | None = Field(default=None, foreign_key="user_account.id")
    created_at: datetime = Field(sa_type=UtcDateTime)
    begun_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Trainee(SQLModel, table=True):
    """The one person of a class who stands for a unit, on however many phones. `joined_at`: the last time somebody came in."""

    __tablename__ = "trainee"
    __table_args__ = (UniqueConstraint("class_id", "unit_id"),)

    user_id: int = Field(primary_key=True, foreign_key="user_account.id", sa_column_kwargs={"autoincrement": False})
    class_id: int = Field(foreign_key="training_class.id")
    unit_id: int = Field(foreign_key="unit.id")
    joined_at: datetime = Field(sa_type=UtcDateTime)


class TrainingTick(SQLModel, table=True):
    """A step that the program cannot see and its person has ticked."""

    __tablename__ = "training_tick"

    class_id: int = Field(primary_key=True, foreign_key="training_class.id")
    unit_id: int = Field(primary_key=True, foreign_key="unit.id")
    step: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
