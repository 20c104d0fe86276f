"""A stage moves, and everything not yet sent moves with it: looked at first, then all of it or nothing, and taken back again."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.exc import DBAPIError

from app.accounts import unit_store
from app.accounts.rules import Act, Actor
from app.audit.service import record, tell
from app.content import store as content_store
from app.content.guard import Rules
from app.content.media import MediaService
from app.kit.db import Database, ReadSession, WriteSession
from app.kit.errors import Conflict, NotFound
from app.platforms.contract import Adapter
from app.posts import postering, revise_store, rules
from app.posts.models import Post, RevisedPost, Revision
from app.posts.planning import Source
from app.posts.restaging import PAST, Case, Restager, Said, Verdict
from app.posts.revision_views import Effect, RevisionView, view_of
from app.posts.rules import PAST_TOLERANCE, PostState, Reviewer
from app.posts.telling import recalled, sent_back
from app.posts.writing import Writer, freeze
from app.publishing.renewing import Renewal, Standing, renew, standing_of
from app.publishing.rules import Frozen, State, hash_of
from app.publishing.service import PublishingService
from app.tahapan.models import Tahapan
from app.tahapan.rules import Calendar
from app.tahapan.service import Moved, StageEdit, TahapanService

LOOK_BACK = timedelta(days=120)
"""How long ago a post may have gone out and still be asked whether it is true: longer than any campaign."""
TRIES = 3
STALE = "Memuat tanggal yang sudah tidak berlaku."
KALENDER = "Kalender tahapan diubah."
BARU = "Tahapan ditambahkan."

Known = Mapping[int, tuple[int, Verdict | None]]
"""What was found out before the transaction, by post: at which version, and the verdict."""


@dataclass(frozen=True)
class _Change:
    """One change of one stage, as it was asked for. `undoes`: the revision it takes back, with what posts were before."""

    row: Tahapan
    before: Calendar
    after: Calendar
    days: Mapping[str, Any]
    by: str
    reason: str
    undoes: int | None = None
    kept: Mapping[int, RevisedPost] = field(default_factory=dict)


@dataclass
class ReviseService:
    db: Database
    now: Callable[[], datetime]
    grace: timedelta
    adapters: Mapping[str, Adapter]
    guard: Rules
    tahapan: TahapanService
    media: MediaService
    publishing: PublishingService

    async def revise(
        self, actor: Actor, tahapan_id: int, days: StageEdit, *, reason: str, dry_run: bool, within: Collection[int]
    ) -> RevisionView:
        """Move a stage. Raises NotFound, BadInput (an end before its start), Forbidden."""
        actor.must(Act.CALENDAR)
        async with self.db.read() as session:
            row, before, after = await self.tahapan.preview(session, tahapan_id, days, within=within)
            change = _Change(row, before, after, days, actor.label, reason.strip())
            known, effect = await self._look(session, change)
        if dry_run:
            return view_of(actor, effect, applied=False)
        return await self._patiently(lambda: self._apply(actor, tahapan_id, change, known, within))

    async def undo(
        self, actor: Actor, revision_id: int, *, reason: str, dry_run: bool, within: Collection[int]
    ) -> RevisionView:
        """Give a stage its former days back: posts nobody has touched since are as they were, the rest is revised.

        Raises NotFound, Conflict once the stage has been changed again.
        """
        actor.must(Act.CALENDAR)
        async with self.db.read() as session:
            change = await self._backwards(session, actor, revision_id, reason, within)
            known, effect = await self._look(session, change)
        if dry_run:
            return view_of(actor, effect, applied=False)
        assert change.row.id is not None
        tahapan_id = change.row.id
        return await self._patiently(lambda: self._apply(actor, tahapan_id, change, known, within))

    async def get(self, actor: Actor, revision_id: int, *, within: Collection[int]) -> Revision:
        """Raises NotFound, Forbidden."""
        actor.must(Act.CALENDAR)
        async with self.db.read() as session:
            return await _known(session, revision_id, within)

    async def history(
        self, actor: Actor, tahapan_id: int, *, within: Collection[int], limit: int
    ) -> Sequence[Revision]:
        """The newest first."""
        actor.must(Act.READ)
        async with self.db.read() as session:
            await self.tahapan.preview(session, tahapan_id, {}, within=within)
            return await revise_store.list_revisions(session, tahapan_id, limit=limit)

    async def on_moved(self, session: WriteSession, moved: Moved) -> None:
        """A stage was changed or added by another way than `revise`; hung on TahapanService.on_moved."""
        was, after = moved.before.find(moved.row.code), moved.after.stages[moved.row.code]
        if was == after:
            return
        names = ("name", "starts_on", "ends_on", "kind", "scope", "parent")
        days = {name: getattr(after, name) for name in names}
        change = _Change(moved.row, moved.before, moved.after, days, moved.by, KALENDER if was else BARU)
        known: Known = {}
        if was is None:
            known, effect = await self._look(session, change)
            if not effect.verdicts:
                return
        await self._carry_out(session, change, known)

    async def _patiently(self, work: Callable[[], Any]) -> RevisionView:
        """Whoever else changes many rows at once may lock them in another order; the database then lets one go."""
        for _ in range(TRIES - 1):
            try:
                return await work()  # type: ignore[no-any-return]
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) != "40P01":
                    raise
        return await work()  # type: ignore[no-any-return]

    async def _apply(
        self, actor: Actor, tahapan_id: int, change: _Change, known: Known, within: Collection[int]
    ) -> RevisionView:
        async with self.db.write() as session:
            await self.tahapan.hold(session, tahapan_id, within=within)
            if change.undoes is not None:
                fresh = await self._backwards(session, actor, change.undoes, change.reason, within)
            else:
                days: StageEdit = change.days  # type: ignore[assignment]
                row, before, after = await self.tahapan.preview(session, tahapan_id, days, within=within)
                fresh = replace(change, row=row, before=before, after=after)
            if fresh.before.stamp != change.before.stamp:
                known = {}
            edit: StageEdit = fresh.days  # type: ignore[assignment]
            await self.tahapan.edit_in(session, tahapan_id, edit, by=change.by, within=within)
            effect, revision_id = await self._carry_out(session, fresh, known)
        return replace(view_of(actor, effect, applied=True), revision_id=revision_id)

    async def _backwards(
        self, session: ReadSession, actor: Actor, revision_id: int, reason: str, within: Collection[int]
    ) -> _Change:
        revision = await _known(session, revision_id, within)
        if revision.undone_at is not None:
            raise Conflict("Perubahan ini sudah dibatalkan.")
        if not revision.after:
            raise Conflict(
                "Tahapan ini baru ditambahkan, jadi tidak ada yang dapat dikembalikan. Kosongkan tanggalnya."
            )
        days: StageEdit = _days_from(revision.before)
        row, before, after = await self.tahapan.preview(session, revision.tahapan_id, days, within=within)
        now = before.stages[row.code]
        if any(getattr(now, name) != value for name, value in _days_from(revision.after).items()):
            raise Conflict("Tahapan ini sudah diubah lagi sesudahnya. Ubah tanggalnya langsung di kalender.")
        kept = await revise_store.revised(session, revision_id)
        return _Change(row, before, after, days, actor.label, reason.strip(), revision_id, kept)

    async def _look(self, session: ReadSession, change: _Change) -> tuple[Known, Effect]:
        posts = await self._posts(session, change)
        judged = await self._judge(session, change, posts)
        verdicts = [verdict for _, verdict in judged.values() if verdict]
        return judged, Effect(verdicts, await standing_of(session, [v.post_id for v in verdicts]))

    async def _posts(self, session: ReadSession, change: _Change) -> list[Post]:
        election_id = change.row.election_id
        done = await revise_store.done_posts(session, election_id, since=self.now() - LOOK_BACK)
        return [*await revise_store.open_posts(session, election_id), *done]

    async def _carry_out(self, session: WriteSession, change: _Change, known: Known) -> tuple[Effect, int]:
        """The stage has its new days; now all that hangs on them, with every row held still."""
        held = await revise_store.versions(session, change.row.election_id, lock=True)
        fresh = [identity for identity, version in held.items() if known.get(identity, (0, None))[0] != version]
        done = await revise_store.done_posts(session, change.row.election_id, since=self.now() - LOOK_BACK)
        anew = [post for post in done if post.id not in known]
        judged = await self._judge(session, change, [*await revise_store.posts(session, fresh), *anew])
        still = {identity: seen for identity, seen in known.items() if identity in held and identity not in judged}
        told = {v.id: known[v.id] for v in done if v.id is not None and v.id in known and v.id not in held}
        verdicts = [v for _, v in [*still.values(), *judged.values(), *told.values()] if v]
        standing = await standing_of(session, [v.post_id for v in verdicts], lock=True)
        effect = Effect(verdicts, standing)
        return effect, await self._write(session, change, effect)

    async def _write(self, session: WriteSession, change: _Change, effect: Effect) -> int:
        now = self.now()
        opened = effect.open_ones()
        stale_ids = {v.post_id for v in effect.stale_ones()}
        sent_only = [v for v in effect.stale_ones() if v.post_id not in {o.post_id for o in opened}]
        revision = await _remember(session, change, opened, sent_only, now=now)
        rows = [{**v.values, "id": v.post_id} for v in opened]
        for row in rows:
            row["stale_at"] = now if row["id"] in stale_ids else row["stale_at"]
        await postering.redraw(session, rows, {v.post_id: v.case.post.unit_id for v in opened}, now=now)
        await revise_store.rewrite(session, rows)
        await revise_store.mark_stale(session, [v.post_id for v in sent_only], at=now)
        await renew(session, self._renewals(effect), now=now)
        if change.undoes is not None:
            await revise_store.close_revision(session, change.undoes, at=now)
            await self._untell(session, change)
        detail = {
            "code": change.row.code,
            "reason": change.reason,
            "posts": len(opened),
            "to_review": sum(v.goes_back for v in opened),
            "sent_stale": len(stale_ids),
        }
        action = "tahapan.revise" if change.undoes is None else "tahapan.undo"
        await record(session, at=now, actor=change.by, action=action, subject=f"revision:{revision}", detail=detail)
        back = [v for v in opened if v.goes_back]
        broadcasts = {v.case.post.broadcast_id or 0 for v in back}
        homes = await revise_store.broadcast_units(session, broadcasts)
        await tell(session, [*sent_back(back, homes), *recalled(opened, effect.standing)], at=now)
        return revision

    async def _untell(self, session: WriteSession, change: _Change) -> None:
        """What had left before the revision is true again; its verdict was about the revision's days."""
        sent = [post_id for post_id, row in change.kept.items() if "content" not in row.before]
        await revise_store.mark_stale(session, sent, at=None)

    def _renewals(self, effect: Effect) -> list[Renewal]:
        opened = {v.post_id for v in effect.open_ones()}
        found = []
        for verdict in effect.verdicts:
            for each in effect.standing.get(verdict.post_id, ()):
                is_over = each.state not in {State.STOPPED, State.MISSED} and not each.may_leave
                if is_over and not each.is_in_flight:
                    continue
                if verdict.values:
                    found.append(self._renewal(verdict, each, is_open=verdict.post_id in opened))
                elif verdict.is_stale and not each.is_in_flight:
                    found.append(Renewal(each, None, each.due_at, each.valid_until, STALE))
        return found

    def _renewal(self, verdict: Verdict, each: Standing, *, is_open: bool) -> Renewal:
        values = verdict.values
        message: Frozen | None = None
        is_approved = values["state"] in {PostState.APPROVED, PostState.SCHEDULED}
        has_words = any(v["platform"] == each.platform for v in values["content"].get("variants", ()))
        if is_approved and has_words:
            message = freeze(values["content"], self.adapters[each.platform])
        due_at = values["due_at"] or each.due_at
        # While its day is unknown it cannot be too late.
        valid_until = values["valid_until"] or self.now() + rules.LONGEST_AHEAD
        reason = "; ".join(verdict.reasons) or ("" if message or not is_open else each.reason)
        return Renewal(each, message, due_at, max(valid_until, due_at), reason)

    async def _judge(
        self, session: ReadSession, change: _Change, posts: Sequence[Post]
    ) -> dict[int, tuple[int, Verdict | None]]:
        restager = Restager(
            change.before, change.after, change.row.code, self.adapters, self.guard, self.grace, self.now(),
            Writer(self.media, self.publishing, self.adapters),
        )  # fmt: skip
        found: dict[int, tuple[int, Verdict | None]] = {}
        for case in await self._cases(session, posts):
            kept = change.kept.get(case.post.id or 0)
            if kept is not None and (kept.version == case.post.version or "content" not in kept.before):
                verdict = self._as_it_was(case, kept.before)
            else:
                verdict = restager.judge(case)
            found[case.post.id or 0] = (case.post.version, verdict)
        return found

    def _as_it_was(self, case: Case, kept: Mapping[str, Any]) -> Verdict | None:
        """Exactly what was approved, at the minute it was approved for; unless that minute has passed meanwhile.

        What has left since with the words that are now taken back is stale.
        """
        if "content" not in kept:
            return None
        now = self.now()
        values: dict[str, Any] = {
            name: datetime.fromisoformat(value) if name in _MOMENTS and value else value for name, value in kept.items()
        }
        values |= {"state": PostState(values["state"]), "updated_at": now}
        reasons: tuple[str, ...] = ()
        is_past = values["due_at"] is not None and values["due_at"] < now - PAST_TOLERANCE
        if values["state"] in {PostState.APPROVED, PostState.SCHEDULED} and is_past:
            reasons = (PAST,)
            review = {"by": Reviewer.ABOVE, "why": list(reasons)}
            values |= {"state": PostState.IN_REVIEW, "reason": PAST, "approved_by": None}
            values["content"] = {**values["content"], "review": review}
        needs = Reviewer.ABOVE if reasons else Reviewer.NOBODY
        before, after = (_first_text(each) for each in (case.post.content, values["content"]))
        hashes = {name: hash_of(message.body()) for name, message in self._frozen(values["content"]).items()}
        return Verdict(
            case, values, reasons, needs, Said(case.post.due_at, before), Said(values["due_at"], after), is_stale=True,
            true_hashes=hashes,
        )  # fmt: skip

    def _frozen(self, content: Mapping[str, Any]) -> dict[str, Frozen]:
        """What each platform would be sent."""
        names = [variant["platform"] for variant in content.get("variants", ())]
        return {name: freeze(content, self.adapters[name]) for name in names}

    async def _cases(self, session: ReadSession, posts: Sequence[Post]) -> list[Case]:
        unit_ids = sorted({post.unit_id for post in posts})
        speakers = await unit_store.speakers(session, unit_ids, paths=["/"]) if posts else {}
        template_ids = {post.template_id for post in posts if post.template_id is not None}
        templates = await revise_store.templates(session, template_ids)
        texts = await content_store.texts_of(session, template_ids)
        wanted = sorted({identity for post in posts for identity in post.content.get("channels", ())})
        channels = await revise_store.channels(session, wanted)
        posters = await postering.kept(session, posts)
        cases = []
        for post in posts:
            template = templates.get(post.template_id or 0)
            source = Source(
                post.lang, texts.get(post.template_id or 0, {}), post.content.get("text"),
                post.content.get("overrides", {}), post.template_id, template.version if template else None,
                template.title if template else "", template.stages if template else (), post.programme, post.segment,
                post.pillar, poster=posters.get(post.id or 0),
            ).keeping(self.adapters, post.content.get("options", {}))  # fmt: skip
            own = [channels[identity] for identity in post.content.get("channels", ()) if identity in channels]
            cases.append(Case(post, speakers[post.unit_id], own, source))
        return cases


async def _known(session: ReadSession, revision_id: int, within: Collection[int]) -> Revision:
    revision = await revise_store.revision(session, revision_id, within=within)
    if revision is None:
        raise NotFound("Perubahan kalender ini tidak ada, atau bukan dari pemilihan Anda.")
    return revision


async def _remember(
    session: WriteSession, change: _Change, opened: Sequence[Verdict], sent_only: Sequence[Verdict], *, now: datetime
) -> int:
    """What was, so that it can be taken back."""
    stage = change.before.find(change.row.code)
    names = [name for name, value in change.days.items() if stage and getattr(stage, name, value) != value]
    revision = Revision(
        tahapan_id=change.row.id or 0,
        before={name: _plain(getattr(stage, name)) for name in names},
        after={name: _plain(change.days[name]) for name in names},
        reason=change.reason,
        by=change.by,
        created_at=now,
        undoes=change.undoes,
    )
    session.add(revision)
    await session.flush()
    assert revision.id is not None
    rows = [
        {
            "revision_id": revision.id,
            "post_id": v.post_id,
            "version": v.case.post.version + 1,
            "before": before,
        }
        for v, before in [*((v, _kept(v.case.post)) for v in opened), *((v, {"stale_at": None}) for v in sent_only)]
    ]
    await session.insert_many(RevisedPost, rows)
    return revision.id


_KEPT = (
    "state",
    "reason",
    "content",
    "due_at",
    "valid_until",
    "tahapan",
    "template_version",
    "approved_by",
    "stale_at",
)
_MOMENTS = frozenset({"due_at", "valid_until", "stale_at"})


def _kept(post: Post) -> dict[str, Any]:
    return {name: _plain(getattr(post, name)) for name in _KEPT}


def _first_text(content: Mapping[str, Any]) -> str | None:
    variants = content.get("variants") or [{"text": content.get("text")}]
    text: str | None = variants[0]["text"]
    return text


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _days_from(stored: Mapping[str, Any]) -> StageEdit:
    """A stage's fields as a revision keeps them."""
    dated = {"starts_on", "ends_on"}
    return {name: date.fromisoformat(value) if name in dated and value else value for name, value in stored.items()}  # type: ignore[return-value]
