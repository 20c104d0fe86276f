"""What is told about waiting for a reviewer: a reminder, a call to others, the end of it, and what people say to each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.accounts.rules import Actor
from app.audit.events import Event, EventKind
from app.posts.models import Post
from app.posts.review_rules import UNAPPROVED, RemarkKind, Step
from app.posts.rules import Reviewer


@dataclass(frozen=True)
class Waiting:
    """A post that has come a step further. `home`: the unit of its broadcast."""

    post: Post
    step: Step
    home: int | None


def waited(found: Sequence[Waiting]) -> list[Event]:
    """One for each post, and one for all of a broadcast that the KPU has to read."""
    groups: dict[tuple[str, Step], list[Waiting]] = {}
    for one in found:
        post = one.post
        is_shared = one.home is not None and _needs(post) == Reviewer.KPU and one.step is not Step.LAPSE
        subject = f"broadcast:{post.broadcast_id}" if is_shared else f"post:{post.id}"
        groups.setdefault((subject, one.step), []).append(one)
    return [_event(subject, step, group) for (subject, step), group in groups.items()]


def _event(subject: str, step: Step, group: Sequence[Waiting]) -> Event:
    first, posts = group[0], [one.post for one in group]
    detail: dict[str, Any] = {
        "needs": str(_needs(first.post)),
        "why": [UNAPPROVED] if step is Step.LAPSE else [],
        "due_at": min(post.due_at.isoformat() for post in posts if post.due_at),
        "authors": sorted({author for post in posts for author in authors_of(post)}),
        "all": step is Step.LAST_CALL or any(is_urgent(post) for post in posts),
        "urgent": any(is_urgent(post) for post in posts),
    }
    is_shared = subject.startswith("broadcast:")
    if is_shared:
        detail["count"] = len(group)
    unit_id = first.home if is_shared and first.home is not None else first.post.unit_id
    return Event(_KINDS[step], subject, unit_id, detail)


_KINDS = {
    Step.REMIND: EventKind.POST_REMINDED,
    Step.ESCALATE: EventKind.POST_ESCALATED,
    Step.LAST_CALL: EventKind.POST_ESCALATED,
    Step.LAPSE: EventKind.POST_LAPSED,
}


def remarked(post: Post, actor: Actor, kind: RemarkKind, text: str, *, to: Sequence[int]) -> Event:
    """`to`: who has taken part; without anybody it goes to those who may decide."""
    detail = {
        "by": actor.user_id, "by_name": actor.name, "question": kind is RemarkKind.QUESTION, "text": text[:300],
        "to": sorted(set(to)), "authors": sorted(authors_of(post)), "needs": str(_needs(post)),
    }  # fmt: skip
    return Event(EventKind.POST_REMARKED, f"post:{post.id}", post.unit_id, detail)


def held(post: Post, actor: Actor, reason: str) -> Event:
    detail = {"by": actor.user_id, "by_name": actor.name, "reason": reason, "authors": sorted(authors_of(post))}
    return Event(EventKind.POST_HELD, f"post:{post.id}", post.unit_id, detail)


def authors_of(post: Post) -> set[int]:
    return {author for author in (post.created_by, post.content.get("edited_by")) if author is not None}


def is_urgent(post: Post) -> bool:
    return bool(post.content.get("urgent"))


def _needs(post: Post) -> str:
    return str(post.content.get("review", {}).get("by", Reviewer.ABOVE))
