"""Templates, their texts, and pictures."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.kit.db import UtcDateTime


class PostTemplate(SQLModel, table=True):
    """A text to be localised. `unit_id` NULL: shipped, for every unit; else of that unit and those beneath it.

    `stages` are codes of the calendar (`*`: any); `units` are unit kinds; `needs` the variables its texts use;
    `segment`: umum, pemula, disabilitas or perempuan.
    """

    __tablename__ = "post_template"
    __table_args__ = (UniqueConstraint("election_id", "key"),)

    id: int | None = Field(default=None, primary_key=True)
    election_id: int = Field(foreign_key="election.id", index=True)
    unit_id: int | None = Field(default=None, foreign_key="unit.id", index=True)
    key: str
    title: str
    stages: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    units: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    needs: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    pillar: str = ""
    programme: str = ""
    segment: str = "umum"
    version: int = 1
    edited_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class TemplateText(SQLModel, table=True):
    """One language and variant of a template.

    `variant` is a platform's name, or `short` (at most 280 weighted characters) or `long`; `alt` describes the picture.
    `needs_reader`: a native speaker has not yet read it.
    """

    __tablename__ = "template_text"
    __table_args__ = (UniqueConstraint("template_id", "lang", "variant"),)

    id: int | None = Field(default=None, primary_key=True)
    template_id: int = Field(foreign_key="post_template.id", index=True)
    lang: str
    variant: str
    text: str
    needs_reader: bool = False


class TemplateVersion(SQLModel, table=True):
    """A template as it read under a number, never changed. `body` holds title and texts by language and variant; `by` as in the audit record."""

    __tablename__ = "template_version"
    __table_args__ = (UniqueConstraint("template_id", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    template_id: int = Field(foreign_key="post_template.id")
    number: int
    body: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    by: str = ""
    created_at: datetime = Field(sa_type=UtcDateTime)


class Media(SQLModel, table=True):
    """A picture or a video: an upload (kept under its hash), a poster (drawn from `spec` when first needed) or a `video`.

    Pictures are re-encoded; of a video only what tells where it was taken is overwritten, and `seconds` and `codec` are known.

    `alt_text` is in Bahasa Indonesia; `alt_texts` hold the same in other languages. `tags` order the library.
    """

    __tablename__ = "media"

    id: int | None = Field(default=None, primary_key=True)
    unit_id: int = Field(foreign_key="unit.id", index=True)
    kind: str
    mime: str = "image/jpeg"
    width: int = 0
    height: int = 0
    bytes: int = 0
    sha256: str = ""
    seconds: float | None = None
    codec: str = ""
    alt_text: str = ""
    alt_texts: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    tags: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    spec: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    created_at: datetime = Field(sa_type=UtcDateTime)


class MediaCaption(SQLModel, table=True):
    """What is said in a video, in one language, as SubRip text (`app/content/captions.py` writes it, whatever was uploaded)."""

    __tablename__ = "media_caption"
    __table_args__ = (UniqueConstraint("media_id", "lang"),)

    id: int | None = Field(default=None, primary_key=True)
    media_id: int = Field(sa_column=Column(ForeignKey("media.id", ondelete="CASCADE"), nullable=False))
    lang: str
    text: str
    created_at: datetime = Field(sa_type=UtcDateTime)


class PosterDesign(SQLModel, table=True):
    """A poster to be filled in. `unit_id` NULL: shipped, for every unit; else of that unit and those beneath it.

    `key`: the name a shipped one is loaded under. What it looks like stands in its versions; the newest is `version`. `archived_at`: no longer offered, still drawn.
    """

    __tablename__ = "poster_design"
    __table_args__ = (UniqueConstraint("election_id", "key"),)

    id: int | None = Field(default=None, primary_key=True)
    election_id: int = Field(foreign_key="election.id", index=True)
    unit_id: int | None = Field(default=None, foreign_key="unit.id", index=True)
    key: str | None = None
    title: str
    version: int = 1
    edited_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    archived_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class PosterVersion(SQLModel, table=True):
    """One version's layers, never changed: a poster of a post keeps the number of the version it was made with."""

    __tablename__ = "poster_version"
    __table_args__ = (UniqueConstraint("design_id", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    design_id: int = Field(foreign_key="poster_design.id")
    number: int
    body: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    created_at: datetime = Field(sa_type=UtcDateTime)


class Upload(SQLModel, table=True):
    """A file that is still on its way, in parts, from a slow network. How much is there says the file itself, whatever a process lived to write down."""

    __tablename__ = "upload"

    id: str = Field(primary_key=True)
    user_id: int = Field(foreign_key="user_account.id", index=True)
    bytes: int
    name: str = ""
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
