"""Deliveries on their way to channels, the tries made, and the workers that make them."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.kit.db import UtcDateTime


def _partial(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


class Delivery(SQLModel, table=True):
    """One post on its way to one channel.

    `due_at` is the promised minute; `act_at` is when a worker next has something to do with it (the same at first, later
    for a retry or a look). `message` is frozen at approval and `message_hash` proves it. `attempt` counts tries and fences
    results: only the try that holds the row may record. `prepared` is what the platform gave ahead of time (a container,
    an upload) and serves as witness after a crash. `successor` is a newer message that came while a try was under way; it takes
    over once that try is known not to be out (NULL: none). `proof_id`: the picture by which a person proved that it is out. `metrics_at` belongs to engagement: when to read numbers next.
    `incident_id`: the outage of its platform that made it late, for which nobody answers.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("post_id", "channel_id"),
        # What of a channel; and how much of it left lately (its pace).
        Index("ix_delivery_channel", "channel_id", "last_sent_at"),
        # The publisher's question: what is due in my lane?
        _partial("ix_delivery_due", "lane", "act_at", "id", where="state = 'due'"),
        # What must be looked up, and what only a person can settle (act_at NULL)?
        _partial("ix_delivery_unsure", "act_at", "id", where="state = 'unsure'"),
        # Whose minute has come, and whose person has not been told?
        _partial("ix_delivery_remind", "act_at", where="state = 'manual' AND act_at IS NOT NULL"),
        # Adoption: what did a silent worker hold?
        _partial("ix_delivery_held", "worker_id", where="worker_id IS NOT NULL"),
        # Expiry.
        _partial("ix_delivery_expiry", "valid_until", where="state IN ('due', 'waiting')"),
        # What can be prepared ahead?
        _partial("ix_delivery_unprepared", "act_at", where="state = 'due' AND wants_prepare"),
        # Engagement's question.
        _partial("ix_delivery_metrics", "metrics_at", where="metrics_at IS NOT NULL"),
    )

    id: int | None = Field(default=None, primary_key=True)
    post_id: int = Field(index=True)
    broadcast_id: int | None = Field(default=None, index=True)
    channel_id: int = Field(foreign_key="channel.id")
    unit_id: int = Field(foreign_key="unit.id", index=True)
    platform: str
    environment: str
    lane: str
    state: str
    reason: str = ""
    due_at: datetime = Field(sa_type=UtcDateTime, index=True)
    act_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    valid_until: datetime = Field(sa_type=UtcDateTime)
    message: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    message_hash: str = ""
    wants_prepare: bool = False
    prepared: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    successor: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    attempt: int = 0
    looks: int = 0
    worker_id: str | None = None
    first_sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    code: str = ""
    remote_id: str | None = None
    url: str | None = None
    proof_id: int | None = Field(default=None, foreign_key="media.id")
    published_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    incident_id: int | None = Field(default=None, foreign_key="incident.id")
    metrics_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Attempt(SQLModel, table=True):
    """One try of a delivery: a send or a look. `detail` is redacted and safe to show."""

    __tablename__ = "attempt"
    __table_args__ = (UniqueConstraint("delivery_id", "n"),)

    id: int | None = Field(default=None, primary_key=True)
    delivery_id: int = Field(foreign_key="delivery.id")
    n: int
    kind: str = "send"
    worker_id: str = ""
    started_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime = Field(sa_type=UtcDateTime)
    outcome: str
    http_status: int | None = None
    code: str = ""
    detail: str = ""


class Withdrawal(SQLModel, table=True):
    """The wish to have a published delivery taken down. The delivery stays published until it is surely not public any more.

    `act_at`: when a worker next asks the platform (NULL: only a person, or a channel that speaks again, can go on).
    `by_hand`: a person is asked to delete it. `tries` fences results, `said` is what the platform answered last.
    """

    __tablename__ = "withdrawal"
    __table_args__ = (_partial("ix_withdrawal_due", "act_at", where="act_at IS NOT NULL"),)

    id: int | None = Field(default=None, primary_key=True)
    delivery_id: int = Field(foreign_key="delivery.id", unique=True)
    reason: str
    asked_by: int | None = Field(default=None, foreign_key="user_account.id")
    asked_at: datetime = Field(sa_type=UtcDateTime)
    act_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    by_hand: bool = False
    tries: int = 0
    said: str = ""
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class WorkerBeat(SQLModel, table=True):
    """A worker process and when it was last heard of."""

    __tablename__ = "worker_beat"

    id: str = Field(primary_key=True)
    started_at: datetime = Field(sa_type=UtcDateTime)
    beat_at: datetime = Field(sa_type=UtcDateTime, index=True)


class Pause(SQLModel, table=True):
    """Nothing of a unit and those beneath it leaves until `ended_at` is set. `path` is the unit's.

    `post_id`: only this post of the unit is held, by a reviewer.
    """

    __tablename__ = "pause"
    __table_args__ = (_partial("ix_pause_running", "id", where="ended_at IS NULL"),)

    id: int | None = Field(default=None, primary_key=True)
    unit_id: int = Field(foreign_key="unit.id", index=True)
    path: str
    post_id: int | None = Field(default=None, index=True)
    reason: str
    held: int = 0
    created_by: int | None = Field(default=None, foreign_key="user_account.id")
    created_at: datetime = Field(sa_type=UtcDateTime)
    ended_by: int | None = Field(default=None, foreign_key="user_account.id")
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class BudgetUse(SQLModel, table=True):
    """What was spent of a pace that many channels share. `uses`: how many left by slot of time (paces.py).

    `told`: what the platform said is left until `told_ends_at`, less what left since (NULL: it said nothing).
    """

    __tablename__ = "budget_use"

    key: str = Field(primary_key=True)
    uses: dict[str, int] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    told: int | None = None
    told_ends_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class LanePause(SQLModel, table=True):
    """A platform that said "later" for the whole app: nobody claims from the lane until then.

    `most`: after an outage at most so many leave in one turn, and each turn moves `until` on (NULL: no outage).
    """

    __tablename__ = "lane_pause"

    lane: str = Field(primary_key=True)
    until: datetime = Field(sa_type=UtcDateTime)
    reason: str = ""
    most: int | None = None


class OutageSign(SQLModel, table=True):
    """A channel that a platform lately failed in a way that may be the platform's own fault."""

    __tablename__ = "outage_sign"

    lane: str = Field(primary_key=True)
    channel_id: int = Field(foreign_key="channel.id", primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)


class Incident(SQLModel, table=True):
    """An outage of a platform, one however many channels it hits. `ended_at` NULL: it goes on.

    `recovers_at`: since when the platform answers again and the queue is let go little by little. `probe_at`: when a worker next
    asks, `probes` how often it has. `channels`: how many had failed when it was seen; `late`: deliveries it made late.
    """

    __tablename__ = "incident"
    __table_args__ = (
        Index(
            "ix_incident_open", "platform", "environment", unique=True,
            sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL"),
        ),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True)
    platform: str
    environment: str
    reason: str
    channels: int
    began_at: datetime = Field(sa_type=UtcDateTime)
    probe_at: datetime = Field(sa_type=UtcDateTime)
    probes: int = 0
    recovers_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    late: int = 0


class SeenPost(SQLModel, table=True):
    """A post that an account shows of itself, as it was read back. `delivery_id` None: it was not made by this program.

    `changed_at`: since when its words are not those we sent (of a post made elsewhere: not those first seen). `gone_at`: since when
    it is not shown any more. `broadcast_id`: the mandatory broadcast that a post made elsewhere says, by `likeness` (0 to 1).
    `findings` are the guard's, over the words that are shown now; `posted_at` is the platform's, else when it was first seen.
    """

    __tablename__ = "seen_post"
    __table_args__ = (
        UniqueConstraint("channel_id", "remote_id"),
        Index("ix_seen_post_unit", "unit_id", "posted_at"),
        _partial("ix_seen_post_broadcast", "broadcast_id", "unit_id", where="broadcast_id IS NOT NULL"),
    )

    id: int | None = Field(default=None, primary_key=True)
    channel_id: int = Field(foreign_key="channel.id")
    unit_id: int = Field(foreign_key="unit.id")
    platform: str
    environment: str
    remote_id: str
    url: str | None = None
    text: str = ""
    posted_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    delivery_id: int | None = Field(default=None, index=True)
    changed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    gone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    broadcast_id: int | None = None
    likeness: float | None = None
    findings: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    is_blocked: bool = False


class ReadBack(SQLModel, table=True):
    """When an account's own posts were last read back, and when next. `paid` posts were billed in `month` (2026-11, UTC)."""

    __tablename__ = "read_back"

    channel_id: int = Field(primary_key=True, foreign_key="channel.id")
    next_at: datetime = Field(sa_type=UtcDateTime, index=True)
    read_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    month: str = ""
    paid: int = 0
    said: str = ""


class Takeover(SQLModel, table=True):
    """A channel that somebody else has got hold of, from the alarm to the day it is safe again.

    `since_at`: from when on posts there are looked at. `sealed`: our credential, until the platform has been asked to forget it
    (`revoke_at`: when it is asked next; NULL: not any more). `revoke_state`: waiting, done, by_hand or none; `said`, `look_said`: what the
    platform answered. `ticks`: steps of the checklist that are done, each with who and when.
    """

    __tablename__ = "takeover"
    __table_args__ = (
        _partial("ix_takeover_revoke", "revoke_at", where="revoke_at IS NOT NULL"),
        Index(
            "ix_takeover_open", "channel_id", unique=True, sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True)
    channel_id: int = Field(foreign_key="channel.id", index=True)
    since_at: datetime = Field(sa_type=UtcDateTime)
    reported_by: int | None = Field(default=None, foreign_key="user_account.id")
    reported_at: datetime = Field(sa_type=UtcDateTime)
    deadline_at: datetime = Field(sa_type=UtcDateTime)
    note: str = ""
    people: list[int] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    moved: int = 0
    by_hand: int = 0
    sealed: str = ""
    revoke_state: str = "waiting"
    revoke_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    tries: int = 0
    said: str = ""
    looked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    look_said: str = ""
    ticks: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    ended_by: int | None = Field(default=None, foreign_key="user_account.id")
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class StrangePost(SQLModel, table=True):
    """What a channel said while somebody else held it, and not through us. `verdict`: open, ours or gone (deleted there)."""

    __tablename__ = "strange_post"
    __table_args__ = (UniqueConstraint("takeover_id", "remote_id"),)

    id: int | None = Field(default=None, primary_key=True)
    takeover_id: int = Field(foreign_key="takeover.id")
    remote_id: str
    text: str = ""
    url: str | None = None
    created_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    verdict: str = "open"
