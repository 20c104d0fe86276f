"""What units say, and what was said to all of them at once."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.kit.db import UtcDateTime


class Broadcast(SQLModel, table=True):
    """One template sent to many units. `request` is what was asked for; the counts are final once created.

    `corrects`: the stage whose former days its channels had told the public. `approved_by`: a reviewer who approved it as a whole,
    and with it every copy that stays untouched.
    """

    __tablename__ = "broadcast"

    id: int | None = Field(default=None, primary_key=True)
    unit_id: int = Field(foreign_key="unit.id", index=True)
    template_id: int = Field(foreign_key="post_template.id")
    mode: str
    environment: str
    request: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    units: int = 0
    posts: int = 0
    deliveries: int = 0
    problems: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    deadline: datetime | None = Field(default=None, sa_type=UtcDateTime)
    corrects: int | None = Field(default=None, foreign_key="tahapan.id", index=True)
    created_by: int | None = Field(default=None, foreign_key="user_account.id")
    created_at: datetime = Field(sa_type=UtcDateTime)
    cancelled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    approved_by: int | None = Field(default=None, foreign_key="user_account.id")
    approved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Post(SQLModel, table=True):
    """What one unit says: template or free text, language, pictures, timing, review state.

    `content` holds text, overrides by platform, media ids, variables and channel ids, as the author gave them; `timing` likewise.
    `tahapan`, `programme`, `segment`, `pillar` and `lang` are kept beside it because reports group by them.
    `series_step` is its place in its series: `H-7`, or `P3` for the third week.
    `checked_at`: when the guard last read it.
    `answer`: what the unit has said to a suggestion (rules.Answer); empty for every other post.
    `stale_at`: since then something of it has left (or was leaving) with what the calendar no longer says.
    """

    __tablename__ = "post"

    id: int | None = Field(default=None, primary_key=True)
    unit_id: int = Field(foreign_key="unit.id", index=True)
    broadcast_id: int | None = Field(default=None, foreign_key="broadcast.id", index=True)
    series_id: int | None = Field(default=None, foreign_key="series.id", index=True)
    series_step: str = ""
    template_id: int | None = Field(default=None, foreign_key="post_template.id")
    template_version: int | None = None
    state: str = Field(index=True)
    reason: str = ""
    lang: str = "id"
    content: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    timing: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    valid_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    tahapan: str = ""
    programme: str = ""
    segment: str = "umum"
    pillar: str = ""
    created_by: int | None = Field(default=None, foreign_key="user_account.id")
    approved_by: int | None = Field(default=None, foreign_key="user_account.id")
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    version: int = 1
    stale_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    checked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    answer: str = ""


class PostMedia(SQLModel, table=True):
    """Which uploaded pictures a post shows: so that a library can say where one is used, and none in use is deleted."""

    __tablename__ = "post_media"

    post_id: int = Field(sa_column=Column(ForeignKey("post.id", ondelete="CASCADE"), primary_key=True))
    media_id: int = Field(sa_column=Column(ForeignKey("media.id"), primary_key=True, index=True))


class Series(SQLModel, table=True):
    """One template said again and again around a stage. `request` is what was asked for; it expands to ordinary posts.

    `steps` are the moments it has posts for, `stamp` the calendar's when that was last looked at: a stage that grows has more.
    """

    __tablename__ = "series"

    id: int | None = Field(default=None, primary_key=True)
    unit_id: int = Field(foreign_key="unit.id", index=True)
    template_id: int = Field(foreign_key="post_template.id")
    environment: str
    request: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    problems: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    steps: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    stamp: int = 0
    version: int = 1
    created_by: int | None = Field(default=None, foreign_key="user_account.id")
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    cancelled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Revision(SQLModel, table=True):
    """One change of one stage and what it did to posts. `before`, `after`: the stage's fields that changed.

    It can be taken back as long as the stage still has what `after` says. `undoes`: the revision that this one took back.
    """

    __tablename__ = "revision"

    id: int | None = Field(default=None, primary_key=True)
    tahapan_id: int = Field(foreign_key="tahapan.id", index=True)
    before: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    after: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    reason: str = ""
    by: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    undoes: int | None = Field(default=None, foreign_key="revision.id")
    undone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class RevisedPost(SQLModel, table=True):
    """What a post was before a revision; good for taking back as long as the post still has `version`."""

    __tablename__ = "revised_post"
    __table_args__ = (UniqueConstraint("revision_id", "post_id"),)

    id: int | None = Field(default=None, primary_key=True)
    revision_id: int = Field(foreign_key="revision.id")
    post_id: int = Field(index=True)
    version: int
    before: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


class ReviewWait(SQLModel, table=True):
    """How long a post has waited for a reviewer, and what has been done about it (review_rules.Step).

    Kept by the sweep alone: it begins anew when `due_at` is no longer the post's, and ends with the review.
    """

    __tablename__ = "review_wait"

    post_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    due_at: datetime = Field(sa_type=UtcDateTime)
    asked_at: datetime = Field(sa_type=UtcDateTime)
    step: int = 0
    act_at: datetime = Field(sa_type=UtcDateTime, index=True)


class Remark(SQLModel, table=True):
    """What people say to each other about a post; a `question` waits for its authors to answer."""

    __tablename__ = "remark"

    id: int | None = Field(default=None, primary_key=True)
    post_id: int = Field(foreign_key="post.id", index=True)
    user_id: int = Field(foreign_key="user_account.id")
    kind: str
    text: str
    created_at: datetime = Field(sa_type=UtcDateTime)
