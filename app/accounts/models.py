"""Units, the people who speak for them, and how those people prove it."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.kit.db import UtcDateTime

# Prefix search on a path needs byte order; PostgreSQL's default collation would not use the index.
PathType = String().with_variant(String(collation="C"), "postgresql")


class Unit(SQLModel, table=True):
    """A body that speaks: kpu, ppk or pps. `ends_on` is the last day of its term (NULL: not known), `archived_at` when it was over.

    `path` is `/` + the ids from the root down to the unit + `/`, e.g. `/1/4/17/`: everything beneath a unit starts with its path.
    `variables` are the unit's own values; they win over those of the units above it.
    """

    __tablename__ = "unit"
    __table_args__ = (
        UniqueConstraint("election_id", "kind", "wilayah_code"),
        Index(
            "ix_unit_archived",
            "id",
            sqlite_where=text("archived_at IS NOT NULL"),
            postgresql_where=text("archived_at IS NOT NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    election_id: int = Field(foreign_key="election.id", index=True)
    kind: str
    name: str
    wilayah_code: str = Field(foreign_key="wilayah.code", index=True)
    parent_id: int | None = Field(default=None, foreign_key="unit.id", index=True)
    path: str = Field(default="", sa_column=Column(PathType, nullable=False, index=True))
    timezone: str
    rw_count: int | None = None
    variables: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    edited_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ends_on: date | None = None
    archived_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class KindDefault(SQLModel, table=True):
    """Variables of every unit of one kind in one election, unless a unit on the way down says otherwise."""

    __tablename__ = "kind_default"
    __table_args__ = (UniqueConstraint("election_id", "kind"),)

    id: int | None = Field(default=None, primary_key=True)
    election_id: int = Field(foreign_key="election.id")
    kind: str
    variables: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    edited_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class User(SQLModel, table=True):
    """A person. Deactivated, never deleted, while the audit record names them."""

    __tablename__ = "user_account"

    id: int | None = Field(default=None, primary_key=True)
    email: str = Field(unique=True)
    name: str
    is_active: bool = True
    has_factor: bool = False
    """Whether a second factor is set up, so that every request need not look for one."""
    created_at: datetime = Field(sa_type=UtcDateTime)


class Password(SQLModel, table=True):
    """Argon2id of a person's password; who has none comes in by links or a passkey."""

    __tablename__ = "password"

    user_id: int = Field(primary_key=True, foreign_key="user_account.id")
    hash: str
    changed_at: datetime = Field(sa_type=UtcDateTime)


class Factor(SQLModel, table=True):
    """A second factor: `totp` (an app's six digits; its secret sealed) or `passkey` (a public key; nothing secret).

    `last_step` is the last half minute whose digits were taken, so that none work twice. `confirmed_at` NULL: being set up.
    """

    __tablename__ = "factor"

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user_account.id", index=True)
    kind: str
    name: str = ""
    sealed: str = ""
    last_step: int = 0
    credential_id: str | None = Field(default=None, unique=True)
    public_key: str = ""
    sign_count: int = 0
    created_at: datetime = Field(sa_type=UtcDateTime)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class RecoveryCode(SQLModel, table=True):
    """A way in without the phone, once. Only its hash is kept."""

    __tablename__ = "recovery_code"
    __table_args__ = (UniqueConstraint("user_id", "secret_hash"),)

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user_account.id", index=True)
    secret_hash: str
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class LoginStep(SQLModel, table=True):
    """Half a log-in: the first proof was right and the second is asked for, or a passkey was asked to sign `challenge`.

    `user_id` NULL: nobody has said who it is yet. `tries` counts wrong answers; the step ends after a few.
    """

    __tablename__ = "login_step"

    id: int | None = Field(default=None, primary_key=True)
    user_id: int | None = Field(default=None, foreign_key="user_account.id")
    purpose: str
    secret_hash: str = Field(unique=True)
    challenge: str = ""
    tries: int = 0
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Membership(SQLModel, table=True):
    """A person's role at a unit, valid for that unit and all beneath it.

    `is_deputy`: reviews in the stead of the unit's other reviewers, and is asked once they have not answered.
    """

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("user_id", "unit_id"),)

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user_account.id", index=True)
    unit_id: int = Field(foreign_key="unit.id", index=True)
    role: str
    is_deputy: bool = False
    ends_on: date | None = None
    """The last day; NULL: as long as the body."""


class PastMembership(SQLModel, table=True):
    """A role that somebody held until `ended_at`, so that it can be said later who acted as what."""

    __tablename__ = "past_membership"

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user_account.id", index=True)
    unit_id: int = Field(foreign_key="unit.id", index=True)
    role: str
    reason: str = ""
    ended_at: datetime = Field(sa_type=UtcDateTime)


class LoginLink(SQLModel, table=True):
    """A one-time way in. Only the hash of its secret is kept."""

    __tablename__ = "login_link"

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user_account.id", index=True)
    purpose: str
    secret_hash: str = Field(unique=True)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class LoginSession(SQLModel, table=True):
    """A person who is logged in on one device. Kept here, so that logging out ends it everywhere at once."""

    __tablename__ = "login_session"

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user_account.id", index=True)
    secret_hash: str = Field(unique=True)
    device: str = ""
    way: str = "link"
    """How the person came in: link, password, totp, recovery or passkey."""
    proved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When they last proved who they are; NULL while they have nothing to prove it with."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ApiToken(SQLModel, table=True):
    """A script's way in: a person's rights, narrowed to `unit_id` (and beneath) and to `scopes`."""

    __tablename__ = "api_token"

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user_account.id", index=True)
    unit_id: int = Field(foreign_key="unit.id")
    name: str = ""
    hint: str
    secret_hash: str = Field(unique=True)
    scopes: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class IdempotentCall(SQLModel, table=True):
    """A call that its sender may repeat without harm, and what it was answered; swept after `expires_at`.

    `holder` is the hash of the token or session it came with, `name` method and path. `sealed_body` is sealed, since some
    answers show a secret that is kept nowhere else.
    """

    __tablename__ = "idempotent_call"
    __table_args__ = (UniqueConstraint("holder", "name", "key"),)

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user_account.id", index=True)
    holder: str
    name: str
    key: str
    request_hash: str
    state: str
    started_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
    http_status: int | None = None
    headers: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    sealed_body: str = Field(default="", sa_column=Column(Text, nullable=False))


class CalendarKey(SQLModel, table=True):
    """A person's secret address of their calendar; at most one. It opens nothing but that. Only the hash of it is kept."""

    __tablename__ = "calendar_key"

    user_id: int = Field(sa_column=Column(ForeignKey("user_account.id"), primary_key=True, autoincrement=False))
    secret_hash: str = Field(unique=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
