"""What regions aim at."""

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel


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
