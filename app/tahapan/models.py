"""Elections and their calendars."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.kit.db import UtcDateTime


class Election(SQLModel, table=True):
    """One election; everything that differs between elections is data here, never code.

    `voting_stage`, `quiet_stage`, `embargo_stage` are codes of its calendar;
    `opens`, `closes` are voting hours, local time `HH:MM`;
    `variables` are values every text may use (e.g. the official address for checking the voter list);
    `scopes` say which of its stages hold in this installation (empty: all);
    `evidence_ends_on` is the last day on which its evidence must be kept (NULL: without end);
    `ends_on` is the last day of this calendar (NULL: not known), `archived_at` when it was over: then it can only be read;
    `shifted_weeks` says by how many whole weeks a training calendar was moved forward (0: the real dates).
    """

    __tablename__ = "election"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    name: str
    voting_stage: str
    quiet_stage: str
    embargo_stage: str = ""
    opens: str
    closes: str
    variables: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    scopes: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    shifted_weeks: int = 0
    evidence_ends_on: date | None = None
    ends_on: date | None = None
    archived_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Tahapan(SQLModel, table=True):
    """A stage. Either day may be unknown; stages overlap, and a child may lie outside its parent.

    `overrides`: the stage whose days it takes the place of in the one region that `scope` names by its code.
    """

    __tablename__ = "tahapan"
    __table_args__ = (UniqueConstraint("election_id", "code"),)

    id: int | None = Field(default=None, primary_key=True)
    election_id: int = Field(foreign_key="election.id")
    code: str
    name: str
    kind: str
    starts_on: date | None = None
    ends_on: date | None = None
    scope: str = "nasional"
    source: str = ""
    certainty: str = ""
    parent: str | None = None
    note: str = ""
    overrides: str | None = None
    # Set when a person changed the row: a later load of the shipped calendar leaves it alone.
    edited_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    version: int = 1
