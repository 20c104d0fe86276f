"""What stands in the writing form: read from what was typed, or from a post that is to be changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData, UploadFile

from app.accounts.models import Unit
from app.accounts.rules import Act, Actor
from app.bootstrap import Kentongan
from app.channels.models import Channel
from app.content.media import VIDEO
from app.content.rules import LANGUAGES
from app.content.service import TemplateView
from app.kit.errors import Forbidden, NotFound
from app.posts.attaching import fitting
from app.posts.postering import PosterWish
from app.posts.rules import Timing
from app.posts.service import PostInput, PostView
from app.web import fields
from app.web.fields import When, is_id, many, numbers, one
from app.web.library import poster_of
from app.web.pictures import local_url
from app.web.templates import ask_for

FREE = "bebas"
ALT = "alt-"


@dataclass(frozen=True)
class Attached:
    """A picture or a video that is already kept; `alt` in the language of the post, `url` empty for a video."""

    id: int
    url: str
    alt: str


@dataclass(frozen=True)
class Draft:
    """The form as it was filled in, and what its choices mean.

    `template` None: free text. `sought`: looked for in the library. `alts`: the new photo's descriptions in languages other than Indonesian.
    `post_id` None: a new post; else the post that is changed, read as version `etag`.
    """

    unit: Unit
    template: TemplateView | None
    channels: Sequence[Channel]
    lang: str
    text: str
    given: Mapping[str, str]
    ask: Sequence[str]
    chosen: Sequence[int]
    media: Sequence[Attached]
    alt: str
    alts: Mapping[str, str]
    when: When
    urgent: bool = False
    until: str = ""
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    sought: str = ""
    poster: PosterWish | None = None
    post_id: int | None = None
    etag: str = ""
    upload: str = ""

    @property
    def action(self) -> str:
        return f"/unggahan/{self.post_id}/ubah" if self.post_id else "/tulis"

    @property
    def kept_as(self) -> str:
        """Under which name the browser keeps what was typed."""
        if self.post_id:
            return f"unggahan-{self.post_id}"
        return f"tulis-{self.unit.id}-{self.template.id if self.template else FREE}"


async def read_draft(house: Kentongan, actor: Actor, form: FormData, *, is_fresh: bool = False) -> Draft:
    """Raises NotFound for a unit or template out of sight, Forbidden where the actor may not write."""
    unit_id, template_id = one(form, "unit"), one(form, "templat")
    if not is_id(unit_id) or not (is_id(template_id) or template_id == FREE):
        raise NotFound("Pilih dulu unit dan templatnya.")
    unit, channels = await _place(house, actor, int(unit_id))
    template = await house.templates.get(actor, int(template_id)) if template_id != FREE else None
    live = [channel for channel in channels if not channel.is_rehearsal]
    usual = fitting(house.platforms, live or channels, ())
    everything = [channel.id for channel in usual if channel.id is not None]
    languages = template.languages if template else list(LANGUAGES)
    lang = one(form, "lang", "id")
    lang = lang if lang in languages else languages[0]
    post_id = one(form, "unggahan")
    return Draft(
        unit=unit,
        template=template,
        channels=channels,
        lang=lang,
        text=_newest(form, "teks"),
        given=fields.variables(form),
        ask=await ask_for(house, actor, template, unit) if template else (),
        chosen=everything if is_fresh else numbers(form, "akun"),
        media=await attached(house, actor, numbers(form, "media"), lang),
        sought=one(form, "pustaka"),
        poster=poster_of(form),
        alt=one(form, "alt"),
        upload=one(form, "unggah"),
        alts={code: text for code in LANGUAGES if (text := one(form, f"{ALT}{code}").strip())},
        when=fields.when_of(form, now=house.clock.now(), zone=unit.timezone),
        urgent=bool(one(form, "mendesak")),
        until=one(form, "batas"),
        options=fields.options_of(form, house.platforms),
        post_id=int(post_id) if is_id(post_id) else None,
        etag=one(form, "versi"),
    )


async def draft_of_post(house: Kentongan, actor: Actor, post: PostView) -> Draft:
    """The form filled in with what the post holds now."""
    unit, channels = await _place(house, actor, post.unit_id)
    template = await house.templates.get(actor, post.template_id) if post.template_id else None
    return Draft(
        unit=unit,
        template=template,
        channels=channels,
        lang=post.lang,
        text=post.text or "",
        given={name: str(value) for name, value in post.variables.items()},
        ask=await ask_for(house, actor, template, unit) if template else (),
        chosen=post.channels,
        media=await attached(house, actor, post.media, post.lang),
        alt="",
        alts={},
        when=_when(Timing.from_json(post.timing), now=house.clock.now(), zone=unit.timezone),
        urgent=post.urgent,
        until=f"{post.given_until.astimezone(ZoneInfo(unit.timezone)):%Y-%m-%dT%H:%M}" if post.given_until else "",
        options=post.options,
        poster=post.poster,
        post_id=post.id,
        etag=post.etag,
    )


def wanted(draft: Draft, now: datetime) -> PostInput:
    """Raises BadInput naming the field of the moment."""
    return PostInput(
        unit_id=draft.unit.id or 0,
        text=draft.text.strip() or None,
        template_id=draft.template.id if draft.template else None,
        lang=draft.lang,
        media=[one.id for one in draft.media],
        channels=draft.chosen,
        timing=fields.read_timing(draft.when, draft.unit.timezone, now=now),
        variables=draft.given,
        urgent=draft.urgent,
        valid_until=fields.read_moment(draft.until, draft.unit.timezone, "batas") if draft.until else None,
        options=draft.options,
        poster=draft.poster,
    )


def changes(draft: Draft, now: datetime) -> dict[str, Any]:
    """What an edit puts in the place of what was there; unit and template stay."""
    new = wanted(draft, now)
    names = ("text", "lang", "media", "channels", "timing", "variables", "urgent", "options", "valid_until", "poster")
    return {name: getattr(new, name) for name in names}


async def attached(house: Kentongan, actor: Actor, ids: Sequence[int], lang: str) -> list[Attached]:
    rows = [await house.media.get(actor, media_id) for media_id in dict.fromkeys(ids)]
    return [
        Attached(
            row.id or 0,
            "" if row.kind == VIDEO else local_url(house, row.id or 0),
            row.alt_texts.get(lang) or row.alt_text,
        )
        for row in rows
    ]


async def keep_photo(house: Kentongan, actor: Actor, draft: Draft, form: FormData) -> list[Attached]:
    """The new photo of the form, if it brings one: in the form itself, or sent before in parts."""
    photo, about = form.get("foto"), (draft.alt.strip(), draft.alts)
    if isinstance(photo, UploadFile) and photo.filename:
        row = await house.media.keep(
            actor, unit_id=draft.unit.id, file=photo.file, alt_text=about[0], alt_texts=about[1]
        )
    elif draft.upload:
        row = await house.uploads.finish(
            actor, draft.upload, unit_id=draft.unit.id, alt_text=about[0], alt_texts=about[1]
        )
    else:
        return []
    return await attached(house, actor, [row.id or 0], draft.lang)


async def _place(house: Kentongan, actor: Actor, unit_id: int) -> tuple[Unit, list[Channel]]:
    unit = await house.units.get(actor, unit_id)
    if not actor.may(Act.WRITE, unit.path):
        raise Forbidden(f"Peran Anda belum boleh menulis untuk {unit.name}.")
    found = await house.channels.list(actor, unit=unit.id, limit=50)
    return unit, [channel for channel in found.rows if channel.state != "closed"]


def _when(timing: Timing | None, *, now: datetime, zone: str) -> When:
    if timing is None:
        return fields.when_of({}, now=now, zone=zone, mode="nanti")
    if timing.anchor is not None:
        a = timing.anchor
        side = "sesudah" if a.offset_days > 0 else "sebelum"
        typed = {"tahapan": a.tahapan, "ujung": a.edge, "hari": str(abs(a.offset_days)), "arah": side}
        return fields.when_of(typed | {"jam": f"{a.time:%H:%M}"}, now=now, zone=zone, mode="tahapan")
    assert timing.at is not None
    return fields.when_of({"waktu": f"{timing.at.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}"}, now=now, zone=zone)


def _newest(form: FormData, name: str) -> str:
    """The newest value of a field: a copied template text stands behind what was in the box before."""
    values = many(form, name)
    return values[-1] if values else ""
