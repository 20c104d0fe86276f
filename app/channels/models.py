"""Joined social accounts."""

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.kit.db import UtcDateTime

REHEARSAL = "latihan."
"""How the name of a hand-off begins that a training made."""


class Channel(SQLModel, table=True):
    """A social account of a unit on one platform.

    `environment`: live, practice (the simulator) or manual (hand-off).
    `state`: connected, needs_reconnect, paused or closed.
    `sealed` is the credential, encrypted; it can be replaced but never read back through a door. `account_id` is the
    platform's own number, known since the account was joined by consent. `token_ends_at`: when the access token dies (NULL:
    not by itself); `expires_at`: when only a person can mend it (NULL: unknown or never). `check_at`: when a worker next
    looks after the credential; whoever does holds it by `tended_by` until `tending_ends_at`. `suspected_at`: a call was refused, and it is not known yet whether the credential is dead.
    `ends_on` is the last day on which it speaks (NULL: not known); the day after it is closed.
    `hacked_at`: somebody else holds the account; it stays paused until a person says that it is safe again.
    """

    __tablename__ = "channel"
    __table_args__ = (
        UniqueConstraint("platform", "environment", "handle"),
        # The keeper's question: whose credential is to be looked after?
        Index(
            "ix_channel_check", "check_at", sqlite_where=text("check_at IS NOT NULL"), postgresql_where=text("check_at IS NOT NULL")
        ),
        # Which tokens end soon?
        Index(
            "ix_channel_token", "token_ends_at", sqlite_where=text("token_ends_at IS NOT NULL"),
            postgresql_where=text("token_ends_at IS NOT NULL"),
        ),
    )  # fmt: skip

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
    account_id: str = ""
    connected_by: int | None = Field(default=None, foreign_key="user_account.id")
    token_ends_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    renewed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    warned_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    check_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    suspected_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    tended_by: str = ""
    tending_ends_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ends_on: date | None = Field(default=None, index=True)
    hacked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    @property
    def is_rehearsal(self) -> bool:
        """On the simulator, or a hand-off that a training made: it never stands before a real account."""
        return self.environment == "practice" or self.handle.startswith(REHEARSAL)


class Connection(SQLModel, table=True):
    """One person's way through a platform's consent, from the first click to the joined account.

    Bound to the person; `state_hash` is of the secret that comes back from the platform, good once and until `expires_at`.
    `channel_id`: the account to be joined again (NULL: a new one). `sealed` holds what nobody may see: the verifier, an
    instance's app, the accounts to choose from. `stage`: asked, choosing, done or failed.
    """

    __tablename__ = "connection"

    id: int | None = Field(default=None, primary_key=True)
    state_hash: str = Field(unique=True)
    user_id: int = Field(foreign_key="user_account.id", index=True)
    unit_id: int = Field(foreign_key="unit.id")
    platform: str
    environment: str
    base_url: str = ""
    channel_id: int | None = Field(default=None, foreign_key="channel.id")
    stage: str = "asked"
    sealed: str = ""
    reason: str = ""
    remedy: str = ""
    code: str = ""
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class InstanceApp(SQLModel, table=True):
    """What a server of a platform of many servers knows our program by; `sealed` holds number and secret."""

    __tablename__ = "instance_app"
    __table_args__ = (UniqueConstraint("base_url", "callback"),)

    id: int | None = Field(default=None, primary_key=True)
    base_url: str
    callback: str
    sealed: str
    created_at: datetime = Field(sa_type=UtcDateTime)
