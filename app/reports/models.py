"""What regions aim at, and who gets the recap by mail."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from app.kit.db import UtcDateTime


class ParticipationTarget(SQLModel, table=True):
    """Participation a region aims at, in percent of its voters, from `low` to `high`. Data of one election."""

    __tablename__ = "participation_target"
    __table_args__ = (UniqueConstraint("election_id", "wilayah_code"),)

    id: int | None = Field(default=None, primary_key=True)
    election_id: int = Field(foreign_key="election.id")
    wilayah_code: str = Field(foreign_key="wilayah.code")
    low: float
    high: float
    source: str = ""


class RecapWish(SQLModel, table=True):
    """One person's wish for the weekly recap by mail. `sent_for`: the last week that is done with; `act_at`: the next try, or the end of a lease."""

    __tablename__ = "recap_wish"

    user_id: int = Field(primary_key=True, foreign_key="user_account.id")
    is_on: bool = True
    sent_for: str = ""
    attempts: int = 0
    act_at: datetime = Field(sa_type=UtcDateTime)
    error: str = ""


class PublicPage(SQLModel, table=True):
    """A unit whose page anybody may read without logging in; no row: off."""

    __tablename__ = "public_page"

    unit_id: int = Field(primary_key=True, foreign_key="unit.id")
    turned_on_by: int | None = Field(default=None, foreign_key="user_account.id")
    turned_on_at: datetime = Field(sa_type=UtcDateTime)
