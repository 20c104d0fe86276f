"""Posts of one unit: write, change, submit, approve, reject, cancel."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from app.accounts import unit_store
from app.accounts.people import after_id
from app.accounts.rules import Act, Actor
from app.audit.events import EventKind
from app.audit.service import record, tell
from app.channels.models import Channel
from app.content import store as content_store
from app.content.alts import alt_in
from app.content.guard import Rules
from app.content.guard_exemptions import KEPT_AS
from app.content.media import MediaService
from app.content.price import NOTHING, Price, price_of
from app.kit.db import Database, ReadSession, WriteSession
from app.kit.errors import BadInput, Conflict, Forbidden, NeedsVersion, NotFound, Problem, Stale
from app.kit.paging import Page, cut
from app.kit.versions import ANY, tags_in
from app.platforms.contract import Adapter
from app.platforms.options import Chosen
from app.posts import covering, rules, store, telling, voices
from app.posts.attaching import Attached, fitting
from app.posts.exempting import Exempting
from app.posts.models import Post
from app.posts.planning import Plan, Planner, Source, refuse
from app.posts.postering import PosterWish, choose
from app.posts.rechecking import Rechecking
from app.posts.rules import PostState, Reviewer, Route, Timing
from app.posts.store import PostFilter
from app.posts.writing import Common, Item, Writer, freeze, state_of
from app.publishing.rules import OPEN, State
from app.publishing.service import DeliveryView, PublishingService
from app.tahapan.service import TahapanService

CHANGED = "Unggahan ini baru saja diubah orang lain. Muat ulang, lalu ulangi."


@dataclass(frozen=True)
class PostInput:
    """A post as its author gives it. `timing` None: a draft, which may hold any text."""

    unit_id: int
    text: str | None = None
    template_id: int | None = None
    lang: str = "id"
    overrides: Mapping[str, str] = field(default_factory=dict)
    media: Sequence[int] = ()
    channels: Sequence[int] | None = None
    timing: Timing | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    tahapan: str | None = None
    segment: str | None = None
    programme: str | None = None
    valid_until: datetime | None = None
    urgent: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    poster: PosterWish | None = None


@dataclass(frozen=True)
class PostView:
    """A post as people see it."""

    id: int
    unit_id: int
    broadcast_id: int | None
    template_id: int | None
    state: PostState
    reason: str
    lang: str
    text: str | None
    overrides: Mapping[str, str]
    variables: Mapping[str, Any]
    media: Sequence[int]
    channels: Sequence[int]
    timing: Mapping[str, Any]
    due_at: datetime | None
    valid_until: datetime | None
    tahapan: str
    programme: str
    segment: str
    variants: Sequence[Mapping[str, Any]]
    guard: Sequence[Mapping[str, Any]]
    problems: Sequence[Mapping[str, Any]]
    deliveries: Sequence[DeliveryView]
    etag: str
    created_by: int | None
    approved_by: int | None
    price: Price = NOTHING
    edited_by: int | None = None
    needs: Reviewer = Reviewer.NOBODY
    answer: rules.Answer = rules.Answer.NONE
    poster_id: int | None = None
    poster: PosterWish | None = None
    urgent: bool = False
    given_until: datetime | None = None
    options: Chosen = field(default_factory=dict)


@dataclass
class PostService:
    db: Database
    now: Callable[[], datetime]
    grace: timedelta
    adapters: Mapping[str, Adapter]
    guard: Rules
    tahapan: TahapanService
    media: MediaService
    publishing: PublishingService

    @property
    def exempting(self) -> Exempting:
        return Exempting(self.db, self.now, self.guard, self.tahapan)

    @property
    def rechecking(self) -> Rechecking:
        return Rechecking(self.db, self.now, self.guard, self.tahapan)

    @property
    def writer(self) -> Writer:
        return Writer(self.media, self.publishing, self.adapters)

    async def create(self, actor: Actor, wanted: PostInput) -> PostView:
        """With timing: checked in full and queued, or sent to review. Without: a draft. BadInput names everything that is wrong."""
        plan, common, route = await self.decide(actor, wanted, submit=wanted.timing is not None)
        async with self.db.write() as session:
            await self.tahapan.must_still_be(session, common.calendar)
            item = Item(plan, route, wanted.media)
            ids = await self.writer.insert(session, [item], common)
            await self._audit(session, actor, "post.create", ids[0], {"state": state_of(route)})
            events = telling.review_wanted(ids[0], item, authors=[actor.user_id], is_urgent=wanted.urgent)
            await tell(session, events, at=self.now())
        return await self.get(actor, ids[0])

    async def edit(self, actor: Actor, post_id: int, changes: Mapping[str, Any], *, if_match: str | None) -> PostView:
        """Change fields of PostInput. An edit after approval reopens it; what has left can no longer be changed."""
        post, path = await self.found(actor, post_id)
        check_version(post, if_match)
        actor.must(Act.WRITE, path)
        if post.state not in rules.MAY_EDIT:
            raise Conflict(
                "Unggahan ini sudah selesai atau dibatalkan, jadi tidak dapat diubah. Gandakan untuk membuat yang baru."
            )
        wanted = replace(input_of(post), **changes)
        is_draft = post.state in {PostState.DRAFT, PostState.REJECTED}
        submit = wanted.timing is not None and (not is_draft or "timing" in changes)
        plan, common, route = await self.decide(actor, wanted, submit=submit, exempt=exemptions(post))
        await self.put(actor, post, Item(plan, route, wanted.media), common, action="post.edit")
        return await self.get(actor, post_id)

    async def submit(self, actor: Actor, post_id: int) -> PostView:
        """A draft becomes scheduled, or waits for review."""
        post, path = await self.found(actor, post_id)
        actor.must(Act.WRITE, path)
        if post.state not in rules.MAY_SUBMIT:
            raise Conflict("Hanya draf atau unggahan yang ditolak yang dapat diajukan.")
        wanted = input_of(post)
        if wanted.timing is None:
            raise BadInput("Pilih waktu terbit dulu, lalu ajukan.", Problem("timing", "wajib diisi sebelum diajukan"))
        plan, common, route = await self.decide(actor, wanted, submit=True, exempt=exemptions(post))
        route = await covering.covered(self.db, post, plan, common, route)
        await self.put(actor, post, Item(plan, route, wanted.media), common, action="post.submit")
        return await self.get(actor, post_id)

    async def approve(self, actor: Actor, post_id: int, *, reason: str = "") -> PostView:
        """What is approved is frozen as it was shown; nobody approves their own."""
        post, path = await self.found(actor, post_id)
        if post.state != PostState.IN_REVIEW:
            raise Conflict("Unggahan ini tidak sedang menunggu tinjauan.")
        needs = Reviewer(post.content.get("review", {}).get("by", Reviewer.ABOVE))
        editor = post.content.get("edited_by")
        if why_not := rules.may_approve(actor, path, needs=needs, created_by=post.created_by, edited_by=editor):
            raise Forbidden(why_not)
        if post.due_at is None or post.valid_until is None or post.valid_until <= self.now():
            raise Conflict("Waktu terbitnya sudah lewat. Ubah waktunya dulu, lalu setujui.")
        async with self.db.write() as session:
            if blocking := await self.exempting.blocks_now(session, post):
                said = " ".join(found.sentence + "." for found in blocking[:3])
                raise Conflict(f"Tidak dapat disetujui: {said} Minta penulisnya memperbaiki.")
            values = {
                "state": PostState.SCHEDULED,
                "approved_by": actor.user_id,
                "reason": reason,
                "updated_at": self.now(),
                "checked_at": self.now(),
            }
            await self._change(session, post, values)
            await self._approve_deliveries(session, actor, post)
            await self._audit(session, actor, "post.approve", post_id, {"reason": reason})
            await tell(session, [telling.decided(EventKind.POST_APPROVED, post, actor, reason)], at=self.now())
        return await self.get(actor, post_id)

    async def reject(self, actor: Actor, post_id: int, *, reason: str) -> PostView:
        post, path = await self.found(actor, post_id)
        actor.must(Act.REVIEW, path)
        if post.state != PostState.IN_REVIEW:
            raise Conflict("Unggahan ini tidak sedang menunggu tinjauan.")
        if not reason.strip():
            raise BadInput(
                "Tulis alasan penolakan, agar unit tahu apa yang perlu diperbaiki.", Problem("reason", "wajib diisi")
            )
        async with self.db.write() as session:
            await self._change(session, post, {"state": PostState.REJECTED, "reason": reason, "updated_at": self.now()})
            await self.publishing.take_out(session, post_id)
            await self._audit(session, actor, "post.reject", post_id, {"reason": reason})
            await tell(session, [telling.decided(EventKind.POST_REJECTED, post, actor, reason)], at=self.now())
        return await self.get(actor, post_id)

    async def cancel(self, actor: Actor, post_id: int, *, reason: str = "") -> PostView:
        post, path = await self.found(actor, post_id)
        actor.must(Act.WRITE, path)
        if post.state not in rules.MAY_CANCEL:
            raise Conflict("Unggahan ini sudah selesai atau sudah dibatalkan.")
        said = reason.strip() or "Dibatalkan."
        async with self.db.write() as session:
            await self._change(session, post, {"state": PostState.CANCELLED, "reason": said, "updated_at": self.now()})
            await self.publishing.cancel(session, post_ids=[post_id], reason=said)
            await self._audit(session, actor, "post.cancel", post_id, {"reason": said})
        return await self.get(actor, post_id)

    async def delete(self, actor: Actor, post_id: int, *, if_match: str | None) -> None:
        """Only what never left any channel may vanish; the audit record keeps its text."""
        post, path = await self.found(actor, post_id)
        check_version(post, if_match)
        actor.must(Act.WRITE, path)
        async with self.db.write() as session:
            if not await store.delete_post(session, post_id, version=post.version):
                raise Stale(CHANGED)
            await self.publishing.take_out(session, post_id)
            detail = {"text": post.content.get("text"), "template_id": post.template_id}
            await self._audit(session, actor, "post.delete", post_id, detail)

    async def get(self, actor: Actor, post_id: int) -> PostView:
        async with self.db.read() as session:
            found = await store.find_post(session, actor.paths(Act.READ), post_id)
            if found is None:
                raise NotFound("Unggahan ini tidak ada, atau bukan milik unit Anda.")
            deliveries = await self.publishing.of_posts(session, actor, [post_id])
            return view(found[0], deliveries[post_id])

    async def list(self, actor: Actor, wanted: PostFilter, *, limit: int, cursor: str | None = None) -> Page[PostView]:
        before = after_id(cursor) if cursor else None
        async with self.db.read() as session:
            found = await store.find_posts(session, actor.paths(Act.READ), wanted, limit=limit + 1, before_id=before)
            page = cut(found, limit, lambda pair: [pair[0].id])
            deliveries = await self.publishing.of_posts(session, actor, [post.id or 0 for post, _ in page.rows])
        return Page([view(post, deliveries[post.id or 0]) for post, _ in page.rows], page.next)

    async def close_finished(self, *, limit: int = 2000) -> int:
        """Posts whose deliveries have all come to an end are done. Answers how many."""
        async with self.db.write() as session:
            ids = await store.running(session, due_before=self.now(), limit=limit)
            ended = await self.publishing.all_ended(session, ids) if ids else set()
            if ended:
                await store.mark_done(session, sorted(ended), now=self.now())
        return len(ended)

    async def decide(
        self, actor: Actor, wanted: PostInput, *, submit: bool, exempt: Sequence[Mapping[str, Any]] = ()
    ) -> tuple[Plan, Common, Route | None]:
        """Read what is needed, plan, and find out who must look; writes nothing."""
        async with self.db.read() as session:
            paths = actor.paths(Act.READ) + actor.paths(Act.WRITE)
            unit = await unit_store.unit(session, wanted.unit_id, paths=paths)
            if unit is None:
                raise NotFound("Unit ini tidak ada, atau di luar wilayah tugas Anda.")
            actor.must(Act.WRITE, unit.path)
            speaker = (await unit_store.speakers(session, [wanted.unit_id], paths=paths))[wanted.unit_id]
            source = (await self._source(session, actor, wanted)).choosing(self.adapters, wanted.options)
            channels = await self._channels(session, wanted, must=submit)
            media = await self.media.require_visible(session, actor, wanted.media)
            attached = Attached.of(wanted.media, media)
            source = replace(source, poster=await choose(session, actor, wanted.poster, wanted.media, media))
            calendar = await self.tahapan.calendar(session, speaker.election_id)
        planner = Planner(
            source, calendar, self.adapters, self.guard, wanted.timing, wanted.variables, wanted.tahapan, self.grace, self.now(),
            attached=attached, valid_until=wanted.valid_until, exempt=exempt,
        )  # fmt: skip
        plan = planner.plan(speaker, channels)
        async with self.db.read() as session:
            plan = voices.weigh(plan, await voices.heard(session, [plan]))
        route = None
        if submit:
            refuse(plan)
            route = rules.route(
                actor, speaker.path, is_untouched=source.is_untouched, levels=plan.levels, sensitive=plan.sensitive
            )
        common = Common(
            source, wanted.timing, wanted.variables, wanted.tahapan, actor.user_id, self.now(), calendar,
            valid_until=wanted.valid_until, clip=attached.clip, is_urgent=wanted.urgent,
            alt_texts={media_id: alt_in(row, wanted.lang) for media_id, row in media.items()},
        )  # fmt: skip
        return plan, common, route

    async def _source(self, session: ReadSession, actor: Actor, wanted: PostInput) -> Source:
        unknown = sorted(set(wanted.overrides) - set(self.adapters))
        if unknown:
            raise BadInput(
                f"Platform tidak dikenal: {', '.join(unknown)}.", Problem("overrides", "platform tidak dikenal")
            )
        if wanted.template_id is None:
            if wanted.text is None and not wanted.overrides:
                raise BadInput("Tulis teksnya, atau pilih templat.", Problem("text", "isi teks atau template_id"))
            return Source(
                wanted.lang,
                text=wanted.text,
                overrides=wanted.overrides,
                programme=wanted.programme or "",
                segment=wanted.segment or "umum",
            )
        template = await content_store.visible_template(session, actor.paths(Act.READ), wanted.template_id)
        if template is None:
            raise NotFound("Templat ini tidak ada, atau bukan untuk unit Anda.")
        check_variables(wanted.variables, template.needs)
        texts = (await content_store.texts_of(session, [wanted.template_id]))[wanted.template_id]
        return Source(
            wanted.lang,
            texts,
            wanted.text,
            wanted.overrides,
            template.id,
            template.version,
            template.title,
            template.stages,
            wanted.programme or template.programme,
            wanted.segment or template.segment,
            template.pillar,
        )

    async def _channels(self, session: ReadSession, wanted: PostInput, *, must: bool) -> Sequence[Channel]:
        """The chosen channels, which must be the unit's own; none chosen: all it has, live ones if there are any."""
        if not wanted.channels:
            found = fitting(self.adapters, await self.default_channels(session, wanted.unit_id), wanted.media)
        else:
            found = await store.open_channels(session, unit_ids=[wanted.unit_id], channel_ids=wanted.channels)
        if foreign := sorted(set(wanted.channels or ()) - {channel.id for channel in found}):
            message = f"Akun {', '.join(map(str, foreign))} tidak ada, sudah ditutup, atau bukan milik unit ini."
            raise BadInput(message, Problem("channels", message))
        if must and not found:
            raise BadInput(
                "Unit ini belum punya akun yang tersambung. Sambungkan akun dulu.",
                Problem("channels", "belum ada akun"),
            )
        return found

    async def default_channels(self, session: ReadSession, unit_id: int) -> Sequence[Channel]:
        """Where a unit speaks when nobody says where: all it has, live ones if there are any."""
        found = await store.open_channels(session, unit_ids=[unit_id])
        live = [channel for channel in found if not channel.is_rehearsal]
        return live or found

    async def put(
        self,
        actor: Actor,
        post: Post,
        item: Item,
        common: Common,
        *,
        action: str,
        note: Mapping[str, Any] | None = None,
    ) -> None:
        """Put a new plan in the place of the old one; refused once something has left. `note`: kept until the next change."""
        post_id = post.id or 0
        common = replace(common, broadcast_id=post.broadcast_id, created_by=post.created_by or actor.user_id)
        async with self.db.write() as session:
            await self.tahapan.must_still_be(session, common.calendar)
            poster = await self.writer.attach(session, item, common, before=post)
            row = self.writer.post_row(item, common, poster)
            kept = {"unit_id", "broadcast_id", "series_id", "series_step", "created_at", "created_by", "version"}
            edited_by = actor.user_id if action == "post.edit" else post.content.get("edited_by")
            row["content"] |= {
                "edited_by": edited_by,
                KEPT_AS: exemptions(post),
                "edits": post.content.get("edits", {}),
                **(note or {}),
            }
            is_untouched = common.source.is_untouched and list(item.media) == post.content.get("media", [])
            row["answer"] = rules.answer_to(post.answer, is_untouched=is_untouched, is_submitted=item.route is not None)
            # The post before its deliveries, as everywhere: who locks them the other way round meets an approval head on.
            await self._change(session, post, {name: value for name, value in row.items() if name not in kept})
            await self.publishing.take_out(session, post_id)
            await self.publishing.enqueue(session, self.writer.deliveries(post_id, item, row["content"], common))
            await self._audit(session, actor, action, post_id, {"state": state_of(item.route)})
            authors = [common.created_by, edited_by]
            urgent = common.is_urgent
            events = telling.review_wanted(post_id, item, authors=authors, before=post, is_urgent=urgent)
            await tell(session, events, at=self.now())

    async def _approve_deliveries(self, session: WriteSession, actor: Actor, post: Post) -> None:
        assert post.due_at is not None
        assert post.valid_until is not None
        deliveries = (await self.publishing.of_posts(session, actor, [post.id or 0]))[post.id or 0]
        messages = {}
        for delivery in deliveries:
            if delivery.state is State.WAITING:
                frozen = freeze(post.content, self.adapters[delivery.platform])
                messages[delivery.id] = (frozen, frozen.has_media)
        await self.publishing.approve(session, messages, due_at=post.due_at, valid_until=post.valid_until)
        # A channel may have fallen silent since the post was written; what is approved for it waits with the rest.
        chosen = [delivery.channel_id for delivery in deliveries]
        for channel in await store.silent_channels(session, chosen):
            await self.publishing.on_channel_state(session, channel.id or 0, channel.state)

    async def found(self, actor: Actor, post_id: int) -> tuple[Post, str]:
        """A post with its unit's path; raises NotFound."""
        async with self.db.read() as session:
            found = await store.find_post(session, actor.paths(Act.READ), post_id)
        if found is None:
            raise NotFound("Unggahan ini tidak ada, atau bukan milik unit Anda.")
        return found

    async def _change(self, session: WriteSession, post: Post, values: Mapping[str, Any]) -> None:
        if not await store.change_post(session, post.id or 0, version=post.version, values=values):
            raise Stale(CHANGED)

    async def _audit(
        self, session: WriteSession, actor: Actor, action: str, post_id: int, detail: Mapping[str, Any]
    ) -> None:
        await record(session, at=self.now(), actor=actor.label, action=action, subject=f"post:{post_id}", detail=detail)


def etag_of(post: Post, deliveries: Sequence[DeliveryView]) -> str:
    """Post, version, and a sum of what its deliveries look like: those move on while the post stays as it was written."""
    return f'"{post.id}-{post.version}-{zlib.crc32(repr(deliveries).encode()):08x}"'


def check_version(post: Post, if_match: str | None) -> None:
    if if_match is None:
        raise NeedsVersion(
            "Sebut versi yang Anda baca (header If-Match berisi etag), agar perubahan orang lain tidak tertimpa."
        )
    # A delivery that has moved on is no change that an edit could overwrite, so only the version counts.
    named = {tag.strip('"').rsplit("-", 1)[0] for tag in tags_in(if_match) if tag != ANY}
    if if_match.strip() != ANY and f"{post.id}-{post.version}" not in named:
        raise Stale("Unggahan ini sudah diubah sejak Anda membacanya. Muat ulang, lalu ulangi.")


def check_variables(given: Mapping[str, Any], known: Sequence[str]) -> None:
    """A misspelt variable would silently leave a gap; say which ones the template has."""
    unknown = sorted(set(given) - set(known))
    if unknown:
        message = (
            f"Isian tidak dikenal: {', '.join(unknown)}. Templat ini memakai: {', '.join(known) or 'tanpa isian'}."
        )
        raise BadInput(message, *(Problem(f"variables.{name}", "tidak dikenal") for name in unknown))


def exemptions(post: Post) -> Sequence[Mapping[str, Any]]:
    """Findings of the guard that a reviewer let pass for this post."""
    kept: Sequence[Mapping[str, Any]] = post.content.get(KEPT_AS, [])
    return kept


def input_of(post: Post) -> PostInput:
    """The post as its author gave it."""
    content = post.content
    until = content.get("valid_until")
    return PostInput(
        post.unit_id,
        content.get("text"),
        post.template_id,
        post.lang,
        content.get("overrides", {}),
        content.get("media", []),
        content.get("channels", []),
        Timing.from_json(post.timing),
        content.get("variables", {}),
        content.get("tahapan"),
        post.segment,
        post.programme,
        datetime.fromisoformat(until) if until else None,
        bool(content.get("urgent")),
        content.get("options", {}),
        PosterWish.from_content(content),
    )


def view(post: Post, deliveries: Sequence[DeliveryView]) -> PostView:
    content = post.content
    said = {variant["platform"]: variant["text"] for variant in content.get("variants", ())}
    state = PostState(post.state)
    if state is PostState.SCHEDULED and deliveries and all(delivery.state not in OPEN for delivery in deliveries):
        state = PostState.DONE  # the sweep that writes it down comes a little later
    return PostView(
        post.id or 0, post.unit_id, post.broadcast_id, post.template_id, state, post.reason, post.lang, content.get("text"),
        content.get("overrides", {}), content.get("variables", {}), content.get("media", []), content.get("channels", []),
        post.timing, post.due_at, post.valid_until, post.tahapan, post.programme, post.segment, content.get("variants", []),
        content.get("guard", []), content.get("troubles", []), deliveries, etag_of(post, deliveries), post.created_by,
        post.approved_by, price_of((d.platform, d.environment, said.get(d.platform, "")) for d in deliveries),
        edited_by=content.get("edited_by"), needs=Reviewer(content.get("review", {}).get("by", Reviewer.NOBODY)),
        answer=rules.Answer(post.answer), urgent=bool(content.get("urgent")), given_until=input_of(post).valid_until,
        options=content.get("options", {}), poster_id=content.get("poster"), poster=PosterWish.from_content(content),
    )  # fmt: skip
