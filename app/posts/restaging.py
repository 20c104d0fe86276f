"""Decides what one post becomes when its calendar changes; reads nothing and writes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from app.accounts.speaker import Speaker
from app.channels.models import Channel
from app.content.dates import dates_in
from app.content.guard import Rules
from app.content.guard_exemptions import KEPT_AS
from app.content.guard_service import facts_for
from app.kit.errors import BadInput
from app.platforms.contract import Adapter
from app.posts import rules
from app.posts.attaching import Attached
from app.posts.models import Post
from app.posts.planning import Plan, Planner, Source
from app.posts.rules import PAST_TOLERANCE, PostState, Reviewer, Timing
from app.posts.writing import Common, Item, Writer
from app.tahapan.rules import Calendar, Stage

MOVED = "Waktunya bergeser, dan teksnya ditulis sendiri. Baca sekali lagi."
NAMES_OLD = "Teks atau isiannya masih menyebut {day}, tanggal yang baru saja diubah."
HAND_CHANGED = "Sebagian teksnya ditulis sendiri, dan sisanya berubah bersama kalender."
PICTURE = "Apakah gambar yang dilampirkan memuat tanggal lama? Periksa gambarnya."
PAST = "Waktu terbit menurut kalender baru sudah lewat. Pilih waktu lain, atau batalkan."
DRIFTED = "Templatnya sudah diubah sejak unggahan ini disetujui."
GUARDED = "Penjaga konten meminta tinjauan"
AFTER_END = "Tahapannya sudah berakhir pada hari itu."
LIMIT_MOVED = "Batas waktunya ikut digeser, karena lebih awal daripada waktu terbit yang baru."


@dataclass(frozen=True)
class Case:
    """A post with all that is needed to plan it anew; `source` holds its template as it reads now."""

    post: Post
    speaker: Speaker
    channels: Sequence[Channel]
    source: Source

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.speaker.timezone)

    @property
    def timing(self) -> Timing | None:
        return Timing.from_json(self.post.timing)

    @property
    def explicit_stage(self) -> str | None:
        """The stage it was hung on by hand."""
        timing, given = self.timing, self.post.content.get("tahapan")
        return str(given) if given else timing.anchor.tahapan if timing and timing.anchor else None


@dataclass(frozen=True)
class Said:
    """When, and in which words (of one platform; None without any)."""

    due_at: datetime | None
    text: str | None


@dataclass(frozen=True)
class Verdict:
    """What becomes of a post. `values`: its columns, empty where it stays as it is; `is_stale`: what has left is no longer true.

    `reasons` are why a person must look; `needs` who. `true_hashes`: by platform, the message that is no longer stale
    once a change is taken back (empty: whatever has left is stale or none of it).
    """

    case: Case
    values: Mapping[str, Any] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    needs: Reviewer = Reviewer.NOBODY
    before: Said = Said(None, None)
    after: Said = Said(None, None)
    is_stale: bool = False
    true_hashes: Mapping[str, str] = field(default_factory=dict)

    @property
    def post_id(self) -> int:
        return self.case.post.id or 0

    @property
    def goes_back(self) -> bool:
        """From approved to review, only because of this."""
        is_approved = self.case.post.state in {PostState.APPROVED, PostState.SCHEDULED}
        return is_approved and self.values.get("state") == PostState.IN_REVIEW


@dataclass(frozen=True)
class _New:
    """When it is due on the new calendar; `trouble`: it cannot be said."""

    due_at: datetime | None
    trouble: str = ""
    later: timedelta = timedelta()


@dataclass(frozen=True)
class Restager:
    """One change of a calendar; judges posts one by one."""

    before: Calendar
    after: Calendar
    code: str
    adapters: Mapping[str, Adapter]
    guard: Rules
    grace: timedelta
    now: datetime
    writer: Writer

    @cached_property
    def gone(self) -> frozenset[date]:
        """Days that the stage no longer begins or ends on."""
        return _days(self.before.find(self.code)) - _days(self.after.find(self.code))

    @cached_property
    def has_moved(self) -> bool:
        return _days(self.before.find(self.code)) != _days(self.after.find(self.code))

    @cached_property
    def _blind(self) -> Rules:
        """Compares words alone: the guard is the dear part of a plan."""
        return Rules((), self.guard.hosts)

    def judge(self, case: Case) -> Verdict | None:
        """None: nothing about this post changes. Each post lives by the calendar of its own region."""
        return self._at(case.speaker.wilayah_code)._judge(case)

    def _at(self, wilayah_code: str) -> "Restager":
        before, after = self.before.local(wilayah_code), self.after.local(wilayah_code)
        moved = self.after.find(self.code) or self.before.find(self.code)
        if before is self.before and after is self.after:
            return self
        code = (moved.overrides if moved else None) or self.code
        if wilayah_code not in self._homes:
            self._homes[wilayah_code] = replace(self, before=before, after=after, code=code)
        return self._homes[wilayah_code]

    @cached_property
    def _homes(self) -> dict[str, "Restager"]:
        return {}

    def _judge(self, case: Case) -> Verdict | None:
        old = self._plan(case, self.before, case.post.due_at, self._blind)
        same_moment = self._plan(case, self.after, case.post.due_at, self._blind)
        old_day = self._old_day_in(case)
        is_stale = _texts(old) != _texts(same_moment) or old_day is not None
        if case.post.state not in rules.MAY_EDIT:
            return Verdict(case, is_stale=True, before=_said(case.post)) if is_stale else None
        new = self._new_due(case)
        plan = same_moment if new.due_at == case.post.due_at else self._plan(case, self.after, new.due_at, self._blind)
        if not self._is_touched(case, old, plan, new, old_day):
            return Verdict(case, is_stale=True, before=_said(case.post)) if is_stale else None
        return self._verdict(case, old, new, old_day, is_stale=is_stale)

    def _is_touched(self, case: Case, old: Plan | None, plan: Plan | None, new: _New, old_day: date | None) -> bool:
        if new.trouble or new.due_at != case.post.due_at or _texts(old) != _texts(plan) or old_day:
            return True
        if old is None or plan is None:
            return (old is None) != (plan is None)
        if old.valid_until != plan.valid_until and not case.post.content.get("valid_until"):
            return True
        if plan.sensitive and not old.sensitive:
            return True
        return self._asks_of_picture(case) or self._finds_more(case, new)

    def _asks_of_picture(self, case: Case) -> bool:
        return bool(case.post.content.get("media")) and self.has_moved and case.explicit_stage == self.code

    def _finds_more(self, case: Case, new: _New) -> bool:
        """The words are the same, but what is true has changed: the guard may read them differently."""
        at = new.due_at or self.now
        if facts_for(case.speaker, self.before, at) == facts_for(case.speaker, self.after, at):
            return False
        was, would_be = (self._plan(case, each, new.due_at, self.guard) for each in (self.before, self.after))
        return bool(_serious(would_be) - _serious(was))

    def _new_due(self, case: Case) -> _New:
        timing, due = case.timing, case.post.due_at
        if timing is None or timing.anchor is None:
            return _New(due)
        later = timedelta(seconds=case.post.content.get("later", 0))
        was = _try_due(timing, self.before, case.speaker.timezone)
        if isinstance(was, datetime) and due is not None:
            later = due - was
        found = _try_due(timing, self.after, case.speaker.timezone)
        return _New(found + later, later=later) if isinstance(found, datetime) else _New(None, found, later)

    def _plan(
        self, case: Case, calendar: Calendar, due: datetime | None, guard: Rules, until: datetime | None = None
    ) -> Plan | None:
        """None where no plan can be made at all."""
        content = case.post.content
        planner = Planner(
            case.source, calendar, self.adapters, guard, Timing(at=due) if due else None, content.get("variables", {}),
            case.explicit_stage if calendar.find(case.explicit_stage or "") else None, self.grace,
            min(self.now, due) if due else self.now,
            attached=Attached.from_content(content), valid_until=until, exempt=content.get(KEPT_AS, ()),
        )  # fmt: skip
        try:
            return planner.plan(case.speaker, case.channels)
        except BadInput:
            return None

    def _verdict(self, case: Case, old: Plan | None, new: _New, old_day: date | None, *, is_stale: bool) -> Verdict:
        until, until_moved = self._until(case, new)
        plan = self._plan(case, self.after, new.due_at, self.guard, until)
        reasons = [*self._reasons(case, old, plan, new, old_day), *([LIMIT_MOVED] if until_moved else [])]
        is_new_sensitive = bool(plan and plan.sensitive and not (old and old.sensitive))
        needs = Reviewer.NOBODY
        if reasons:
            needs = Reviewer.KPU if is_new_sensitive or _serious(plan) else Reviewer.ABOVE
        values = self._values(case, plan, new, until, tuple(reasons), needs)
        said, after = _said(case.post), Said(values["due_at"], None)
        texts = {v["platform"]: v["text"] for v in values["content"].get("variants", ())}
        stored = {v["platform"]: v["text"] for v in case.post.content.get("variants", ())}
        platform = next((name for name, text in texts.items() if text != stored.get(name)), next(iter(texts), None))
        if platform is not None:
            said, after = replace(said, text=stored.get(platform)), replace(after, text=texts[platform])
        return Verdict(case, values, tuple(reasons), needs, said, after, is_stale)

    def _until(self, case: Case, new: _New) -> tuple[datetime | None, bool]:
        """The limit its author set; one that would come before the new minute moves along."""
        stored = case.post.content.get("valid_until")
        until = datetime.fromisoformat(stored) if stored else None
        if until is None or new.due_at is None or new.due_at < until:
            return until, False
        moved = until + (new.due_at - case.post.due_at) if case.post.due_at else None
        return (moved if moved and moved > new.due_at else None), True

    def _reasons(self, case: Case, old: Plan | None, plan: Plan | None, new: _New, old_day: date | None) -> list[str]:
        """Why a person must look; empty: it stays approved."""
        post, found = case.post, [new.trouble] if new.trouble else []
        if plan is None and not new.trouble:
            found.append("Unggahan ini tidak dapat disusun lagi dengan kalender baru. Periksa waktunya.")
        if new.due_at is not None and new.due_at < self.now - PAST_TOLERANCE:
            found.append(PAST)
        moved, changed = new.due_at != post.due_at, _texts(old) != _texts(plan)
        if not case.source.is_untouched and (moved or changed):
            found.append(MOVED if moved else HAND_CHANGED)
        if old_day is not None:
            found.append(NAMES_OLD.format(day=f"{old_day:%d/%m/%Y}"))
        if post.content.get("media") and (moved or changed or self._asks_of_picture(case)):
            found.append(PICTURE)
        if case.source.is_untouched and post.template_version != case.source.template_version:
            found.append(DRIFTED)
        if plan is not None:
            is_with_author = post.state in rules.MAY_SUBMIT
            found += [] if is_with_author else [trouble.message for trouble in plan.troubles]
            found += [GUARDED] if "review" in {level for _, level in _serious(plan)} else []
            found += [plan.sensitive] if plan.sensitive and not (old and old.sensitive) else []
            found += [AFTER_END] if _is_after_end(case, self.after, new.due_at) else []
        return list(dict.fromkeys(found))

    def _old_day_in(self, case: Case) -> date | None:
        """A day that is gone and that a person has written, in the text or in a variable."""
        content, near = case.post.content, (case.post.due_at or self.now).astimezone(case.zone).date()
        written = [content.get("text") or "", *content.get("overrides", {}).values()]
        given = [str(value).strip() for value in content.get("variables", {}).values()]
        for text in (*written, *given):
            for found in dates_in(text, near):
                if found.day in self.gone:
                    return found.day
        iso = {day.isoformat(): day for day in self.gone}
        return next((iso[value] for value in given if value in iso), None)

    def _values(
        self,
        case: Case,
        plan: Plan | None,
        new: _New,
        until: datetime | None,
        reasons: tuple[str, ...],
        needs: Reviewer,
    ) -> dict[str, Any]:
        post = case.post
        state = PostState(post.state)
        if reasons and state in {PostState.APPROVED, PostState.SCHEDULED}:
            state = PostState.IN_REVIEW
        content, tahapan = dict(post.content), post.tahapan
        if plan is not None:
            row = self._row(case, plan, until)
            content, tahapan = {**content, **row["content"]}, row["tahapan"]
        if new.later or "later" in content:
            content["later"] = new.later.total_seconds()
        content["review"] = _review(post, state, reasons, needs)
        was_in_review = state is PostState.IN_REVIEW
        return {
            "state": state,
            "reason": "; ".join(content["review"].get("why", ())) if was_in_review else post.reason,
            "content": content,
            "due_at": new.due_at,
            "valid_until": plan.valid_until if plan else new.due_at and new.due_at + self.grace,
            "tahapan": tahapan,
            "template_version": case.source.template_version,
            "approved_by": None if was_in_review else post.approved_by,
            "updated_at": self.now,
            "stale_at": post.stale_at,
        }

    def _row(self, case: Case, plan: Plan, until: datetime | None) -> dict[str, Any]:
        content = case.post.content
        common = Common(
            case.source, case.timing, content.get("variables", {}), content.get("tahapan"), case.post.created_by or 0,
            self.now, self.after, valid_until=until,
            alt_texts={int(media_id): text for media_id, text in content.get("alt_texts", {}).items()},
            clip=Attached.from_content(content).clip, is_urgent=bool(content.get("urgent")),
        )  # fmt: skip
        row = self.writer.post_row(Item(plan, None, content.get("media", ())), common, content.get("poster"))
        if row["content"]["poster_spec"] != content.get("poster_spec") and content.get("poster"):
            row["content"]["poster_outdated"] = True  # whoever writes it down has a new one drawn
        return row


def _days(stage: Stage | None) -> frozenset[date]:
    return frozenset(day for day in (stage.starts_on, stage.ends_on) if day) if stage else frozenset()


def _texts(plan: Plan | None) -> dict[str, tuple[str, str]] | None:
    if plan is None:
        return None
    poster = {"poster": (plan.poster.said, "")} if plan.poster else {}
    return {v.platform: (v.text, v.alt_text) for v in plan.variants} | poster


def _serious(plan: Plan | None) -> set[tuple[str, str]]:
    levels = ("block", "review")
    return (
        {(found.rule, str(found.level)) for found in plan.findings if found.counts and found.level in levels}
        if plan
        else set()
    )


def _said(post: Post) -> Said:
    variants = post.content.get("variants", ())
    return Said(post.due_at, variants[0]["text"] if variants else post.content.get("text"))


def _try_due(timing: Timing, calendar: Calendar, zone: str) -> datetime | str:
    try:
        return rules.due_at(timing, calendar, zone)
    except BadInput as error:
        return str(error)


def _is_after_end(case: Case, calendar: Calendar, due: datetime | None) -> bool:
    """A weekly post belongs into its stage."""
    timing = case.timing
    if due is None or timing is None or timing.anchor is None or timing.anchor.weekday is None:
        return False
    stage = calendar.find(timing.anchor.tahapan)
    return bool(stage and stage.ends_on and due.astimezone(case.zone).date() > stage.ends_on)


def _review(post: Post, state: PostState, reasons: tuple[str, ...], needs: Reviewer) -> dict[str, Any]:
    """Whoever had to look before still must; the stricter of the two decides."""
    had: Mapping[str, Any] = post.content.get("review", {})
    if state is not PostState.IN_REVIEW:
        return dict(had)
    was = post.state == PostState.IN_REVIEW
    why = [*(had.get("why", ()) if was else ()), *reasons]
    strict = needs is Reviewer.KPU or (was and had.get("by") == Reviewer.KPU)
    return {"by": Reviewer.KPU if strict else Reviewer.ABOVE, "why": list(dict.fromkeys(why))}
