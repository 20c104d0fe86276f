"""Puts finished plans into the database, many at once: posters, posts and deliveries in the caller's transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.content.filling import describe_texts, spec_of
from app.content.media import MediaService
from app.content.models import Media
from app.kit.db import WriteSession
from app.kit.errors import NotFound, Problem
from app.platforms.contract import Adapter
from app.posts import media_store
from app.posts.attaching import Clip
from app.posts.models import Post, PostMedia
from app.posts.planning import Plan, Source, headline_of
from app.posts.postering import poster_row, takes_poster
from app.posts.rules import Answer, PostState, Reviewer, Route, Timing
from app.publishing.rules import Frozen
from app.publishing.service import NewDelivery, PublishingService
from app.tahapan.rules import Calendar


@dataclass(frozen=True)
class Item:
    """One post to be written. `route` None: a draft, nothing is queued. `media` are ids of attached pictures.

    `edits`: by platform, the post of ours that it changes in place, `remote_id` and `url`.
    """

    plan: Plan
    route: Route | None
    media: Sequence[int] = ()
    edits: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def waits(self) -> bool:
        """Somebody has to look at it first."""
        return self.route is not None and self.route.reviewer is not Reviewer.NOBODY


@dataclass(frozen=True)
class Common:
    """What all posts of one call share. `alt_texts` describe attached media in the language of the source; `clip` is their video.

    `calendar` is what they were planned on: before writing, it must still be so (TahapanService.must_still_be).
    """

    source: Source
    timing: Timing | None
    given: Mapping[str, Any]
    tahapan: str | None
    created_by: int
    now: datetime
    calendar: Calendar
    broadcast_id: int | None = None
    valid_until: datetime | None = None
    alt_texts: Mapping[int, str] = field(default_factory=dict)
    clip: Clip | None = None
    series_id: int | None = None
    series_step: str = ""
    answer: Answer = Answer.NONE
    is_urgent: bool = False


@dataclass(frozen=True)
class Writer:
    media: MediaService
    publishing: PublishingService
    adapters: Mapping[str, Adapter]

    async def insert(self, session: WriteSession, items: Sequence[Item], common: Common) -> list[int]:
        """New posts with their deliveries; answers the post ids in the order of the items."""
        posters = await self._posters(session, items, common)
        rows = [self.post_row(item, common, poster) for item, poster in zip(items, posters, strict=True)]
        ids = await session.insert_returning_ids(Post, rows)
        await self._show(session, zip(ids, items, strict=True))
        new = [
            delivery
            for post_id, item, row in zip(ids, items, rows, strict=True)
            for delivery in self.deliveries(post_id, item, row["content"], common)
        ]
        await self.publishing.enqueue(session, new)
        return ids

    async def attach(self, session: WriteSession, item: Item, common: Common, *, before: Post) -> int | None:
        """Writes down what a changed post shows. Answers the poster it has, as long as that says the same; else a new one where one is needed."""
        if list(item.media) != before.content.get("media", []):
            await media_store.hide(session, before.id or 0)
            await self._show(session, [(before.id or 0, item)])
        kept: int | None = before.content.get("poster")
        said = (before.content.get("headline"), before.content.get("poster_spec"))
        if kept is not None and said == (headline_of(common.source, item.plan.variants), poster_spec_of(item, common)):
            return kept
        return (await self._posters(session, [item], common))[0]

    async def _show(self, session: WriteSession, shown: Iterable[tuple[int, Item]]) -> None:
        """Raises NotFound for a picture that was deleted since it was chosen."""
        rows = [(post_id, media_id) for post_id, item in shown for media_id in dict.fromkeys(item.media)]
        wanted = {media_id for _, media_id in rows}
        if wanted and len(await media_store.hold(session, wanted)) != len(wanted):
            raise NotFound(
                "Gambar yang dipilih baru saja dihapus. Pilih gambar lain.", Problem("media", "sudah dihapus")
            )
        await session.insert_many(PostMedia, [{"post_id": post, "media_id": media} for post, media in rows])

    async def _posters(self, session: WriteSession, items: Sequence[Item], common: Common) -> list[int | None]:
        """A poster for each post that goes where a picture is needed and brings none of its own."""
        wanting = [index for index, item in enumerate(items) if self._needs_poster(item)]
        rows = [self._poster_row(items[index], common) for index in wanting]
        ids = await session.insert_returning_ids(Media, rows)
        found: list[int | None] = [None] * len(items)
        for index, identity in zip(wanting, ids, strict=True):
            found[index] = identity
        return found

    def _poster_row(self, item: Item, common: Common) -> dict[str, Any]:
        if item.plan.poster is not None:
            return poster_row(self.post_row(item, common, None)["content"], item.plan.speaker.unit_id, common.now)
        headline = headline_of(common.source, item.plan.variants)
        return self.media.poster_row(item.plan.speaker, headline=headline, now=common.now)

    def _needs_poster(self, item: Item) -> bool:
        if item.plan.due_at is None:
            return False
        limits = [self.adapters[channel.platform].limits for channel in item.plan.channels]
        if item.plan.poster is not None:
            return any(map(takes_poster, limits))
        return not item.media and any(each.needs_image for each in limits)

    def post_row(self, item: Item, common: Common, poster: int | None) -> dict[str, Any]:
        plan, source = item.plan, common.source
        headline = headline_of(source, plan.variants)
        content = {
            "text": source.text,
            "overrides": dict(source.overrides),
            "media": list(item.media),
            "video": common.clip.as_json() if common.clip else None,
            "alt_texts": {str(media_id): common.alt_texts.get(media_id, "") for media_id in item.media},
            "poster": poster,
            "headline": headline,
            "urgent": common.is_urgent,
            "options": {platform: dict(values) for platform, values in source.options.items()},
            "lang": source.lang,
            "poster_alt": self._poster_alt(item, common, headline) if poster or plan.poster else "",
            "design": source.poster.as_json() if source.poster else None,
            "poster_spec": poster_spec_of(item, common),
            "variables": dict(common.given),
            "tahapan": common.tahapan,
            "valid_until": common.valid_until.isoformat() if common.valid_until else None,
            "channels": [channel.id for channel in plan.channels],
            "variants": [
                {"platform": v.platform, "text": v.text, "length": v.length, "limit": v.limit, "alt_text": v.alt_text}
                for v in plan.variants
            ],
            "guard": [found.as_json() for found in plan.findings],
            "troubles": [{"field": trouble.field, "message": trouble.message} for trouble in plan.troubles],
            "review": {"by": item.route.reviewer, "why": list(item.route.why)} if item.route else {},
            **({"edits": {name: dict(each) for name, each in item.edits.items()}} if item.edits else {}),
        }
        return {
            "unit_id": plan.speaker.unit_id,
            "broadcast_id": common.broadcast_id,
            "series_id": common.series_id,
            "series_step": common.series_step,
            "template_id": source.template_id,
            "template_version": source.template_version,
            "state": state_of(item.route),
            "reason": "; ".join(item.route.why) if item.route else "",
            "lang": source.lang,
            "content": content,
            "timing": common.timing.as_json() if common.timing else {},
            "due_at": plan.due_at,
            "valid_until": plan.valid_until,
            "tahapan": plan.stage.code if plan.stage else "",
            "programme": source.programme,
            "segment": source.segment,
            "pillar": source.pillar,
            "created_by": common.created_by,
            "approved_by": None,
            "created_at": common.now,
            "updated_at": common.now,
            "version": 1,
            "stale_at": None,
            "checked_at": common.now,
            "answer": common.answer,
        }

    def _poster_alt(self, item: Item, common: Common, headline: str) -> str:
        plan, chosen, lang = item.plan, common.source.poster, common.source.lang
        if plan.poster is None or chosen is None:
            return self.media.poster_alt(plan.speaker, headline=headline, lang=lang)
        photo = common.alt_texts.get(chosen.photo, "") if chosen.photo else ""
        return describe_texts(plan.speaker.name, plan.poster.texts, lang=lang, photo_alt=photo)

    def deliveries(self, post_id: int, item: Item, content: Mapping[str, Any], common: Common) -> list[NewDelivery]:
        """One per channel; frozen where nobody has to look first."""
        plan = item.plan
        if item.route is None or plan.due_at is None or plan.valid_until is None:
            return []
        is_approved = item.route.reviewer is Reviewer.NOBODY
        new = []
        for channel in plan.channels:
            frozen = freeze(content, self.adapters[channel.platform])
            new.append(
                NewDelivery(
                    post_id,
                    common.broadcast_id,
                    channel.id or 0,
                    plan.speaker.unit_id,
                    channel.platform,
                    channel.environment,
                    plan.due_at,
                    plan.valid_until,
                    frozen if is_approved else None,
                    wants_prepare=frozen.has_media,
                    is_slow=common.clip is not None,
                    is_held=is_approved and channel.state != "connected",
                )
            )
        return new


def state_of(route: Route | None) -> PostState:
    if route is None:
        return PostState.DRAFT
    return PostState.SCHEDULED if route.reviewer is Reviewer.NOBODY else PostState.IN_REVIEW


def freeze(content: Mapping[str, Any], adapter: Adapter) -> Frozen:
    """The message of one platform from what a post keeps: its video or pictures, else the poster where a picture is needed.

    A poster of a design goes wherever posters may; the photo in it is not shown a second time.
    """
    text, limits = next(v["text"] for v in content["variants"] if v["platform"] == adapter.name), adapter.limits
    options = _options(content, adapter)
    # A picture carries its own description in the post's language; a template's describes the picture it was written for.
    said = content.get("alt_texts", {})
    shown = [{"media_id": identity, "alt_text": said.get(str(identity), "")} for identity in content["media"]]
    if content.get("video"):
        return Frozen(text, options=options, video=shown[0])
    poster, spec = (
        {"media_id": content["poster"], "alt_text": content.get("poster_alt", "")},
        content.get("poster_spec"),
    )
    if content["poster"] and spec and takes_poster(limits):
        others = [each for each in shown if each["media_id"] != spec["photo"]]
        return Frozen(text, [poster, *others][: limits.images], options)
    if content["poster"] and not spec and not shown and limits.needs_image:
        return Frozen(text, [poster], options)
    return Frozen(text, shown, options, edits=None if shown else content.get("edits", {}).get(adapter.name))


def _options(content: Mapping[str, Any], adapter: Adapter) -> dict[str, Any]:
    """What was chosen for this platform; a language that is not the usual one; a title where the platform has titles."""
    chosen = dict(content.get("options", {}).get(adapter.name, {}))
    if content.get("lang", "id") != "id":
        chosen["language"] = content["lang"]
    if any(option.name == "title" for option in adapter.options) and content.get("headline"):
        chosen.setdefault("title", content["headline"])
    return chosen


def poster_spec_of(item: Item, common: Common) -> dict[str, Any] | None:
    """Everything that decides how the poster of its design looks; None without a design."""
    chosen, filled = common.source.poster, item.plan.poster
    return spec_of(chosen, filled) if chosen and filled else None
