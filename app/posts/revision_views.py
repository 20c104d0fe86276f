"""What a revision does, as its maker and everybody concerned may see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.accounts.rules import Act, Actor
from app.posts.restaging import Said, Verdict
from app.posts.rules import PostState
from app.publishing.renewing import Standing
from app.publishing.rules import State


@dataclass(frozen=True)
class Affected:
    """One post that is not out yet. `state` is what it has (or would have) afterwards."""

    post_id: int
    unit_id: int
    unit_name: str
    state: str
    before: Said
    after: Said
    needs_review: bool
    reasons: Sequence[str]


@dataclass(frozen=True)
class SentStale:
    """What the public has read and is no longer so."""

    post_id: int
    unit_id: int
    unit_name: str
    text: str | None
    due_at: datetime | None


@dataclass(frozen=True)
class InFlight:
    """A delivery that a worker held at that moment; it goes, or does not, with what it had."""

    delivery_id: int
    post_id: int
    unit_id: int
    platform: str


@dataclass(frozen=True)
class RevisionView:
    """`elsewhere`: how many more posts change that the caller may not see."""

    affected: Sequence[Affected]
    sent_stale: Sequence[SentStale]
    in_flight: Sequence[InFlight]
    applied: bool
    elsewhere: int = 0
    revision_id: int | None = None


@dataclass(frozen=True)
class Effect:
    """What a change does: the verdicts that matter, and their deliveries."""

    verdicts: Sequence[Verdict]
    standing: Mapping[int, Sequence[Standing]]

    def open_ones(self) -> list[Verdict]:
        """Posts of which something has not left yet."""
        return [v for v in self.verdicts if v.values and self._may_still_change(v)]

    def stale_ones(self) -> list[Verdict]:
        return [v for v in self.verdicts if v.is_stale and self._has_left(v)]

    def _may_still_change(self, verdict: Verdict) -> bool:
        standing = self.standing.get(verdict.post_id, ())
        return not standing or any(each.may_leave for each in standing)

    def _has_left(self, verdict: Verdict) -> bool:
        gone = (State.PUBLISHED, State.SENDING, State.UNSURE)
        left = [each for each in self.standing.get(verdict.post_id, ()) if each.state in gone]
        return any(verdict.true_hashes.get(each.platform) != each.message_hash for each in left)


def view_of(actor: Actor, effect: Effect, *, applied: bool) -> RevisionView:
    def sees(verdict: Verdict) -> bool:
        return actor.may(Act.READ, verdict.case.speaker.path)

    opened, stale = effect.open_ones(), effect.stale_ones()
    under_way = [
        InFlight(each.id, v.post_id, v.case.post.unit_id, each.platform)
        for v in effect.verdicts
        if sees(v)
        for each in effect.standing.get(v.post_id, ())
        if each.is_in_flight
    ]
    shown = [_affected(v) for v in opened if sees(v)]
    left = [
        SentStale(v.post_id, v.case.post.unit_id, v.case.speaker.name, v.before.text, v.case.post.due_at)
        for v in stale
        if sees(v)
    ]
    return RevisionView(shown, left, under_way, applied, elsewhere=len(opened) - len(shown))


def _affected(verdict: Verdict) -> Affected:
    post, values = verdict.case.post, verdict.values
    needs_review = bool(verdict.reasons) or values["state"] == PostState.IN_REVIEW
    return Affected(
        verdict.post_id, post.unit_id, verdict.case.speaker.name, values["state"], verdict.before, verdict.after,
        needs_review, verdict.reasons,
    )  # fmt: skip
