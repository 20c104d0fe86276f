"""Says who must hear of a post: its reviewers while it waits for them, its authors once they have decided."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.accounts.rules import Actor
from app.audit.events import Event, EventKind
from app.posts.models import Broadcast, Post
from app.posts.restaging import Verdict
from app.posts.rules import PostState, Reviewer, Route
from app.posts.writing import Item
from app.publishing.renewing import Standing
from app.publishing.rules import State


def review_wanted(
    post_id: int, item: Item, *, authors: Sequence[int | None], before: Post | None = None, is_urgent: bool = False
) -> list[Event]:
    """Nothing while those who may decide already have it on their table: an author of its words is not one of them."""
    route, wrote = item.route, {author for author in authors if author is not None}
    if route is None or route.reviewer is Reviewer.NOBODY:
        return []
    if before is not None and before.state == PostState.IN_REVIEW:
        knew = {before.created_by, before.content.get("edited_by")}
        knew_urgency = bool(before.content.get("urgent")) or not is_urgent
        if before.content.get("review", {}).get("by") == route.reviewer and wrote <= knew and knew_urgency:
            return []
    detail = {
        "needs": str(route.reviewer),
        "why": list(route.why),
        "due_at": _iso(item.plan.due_at),
        "authors": sorted(wrote),
        "urgent": is_urgent,
    }
    return [Event(EventKind.POST_IN_REVIEW, f"post:{post_id}", item.plan.speaker.unit_id, detail)]


def broadcast_review_wanted(row: Broadcast, items: Sequence[Item], *, is_urgent: bool = False) -> list[Event]:
    """One for the whole broadcast: a reviewer with 68 posts to read needs one notice."""
    waiting = [item.route for item in items if item.route and item.route.reviewer is not Reviewer.NOBODY]
    if not waiting:
        return []
    detail = {
        "needs": str(_strictest(waiting)),
        "why": list(dict.fromkeys(why for route in waiting for why in route.why)),
        "count": len(waiting),
        "due_at": _iso(min((item.plan.due_at for item in items if item.plan.due_at), default=None)),
        "authors": [row.created_by] if row.created_by is not None else [],
        "urgent": is_urgent,
    }
    return [Event(EventKind.POST_IN_REVIEW, f"broadcast:{row.id}", row.unit_id, detail)]


def suggested(row: Broadcast, ids: Sequence[int], items: Sequence[Item]) -> list[Event]:
    """One for each unit: it has something to answer."""
    deadline = _iso(row.deadline)
    return [
        Event(
            EventKind.POST_SUGGESTED,
            f"post:{post_id}",
            item.plan.speaker.unit_id,
            {"deadline": deadline, "due_at": _iso(item.plan.due_at), "by": row.created_by},
        )
        for post_id, item in zip(ids, items, strict=True)
    ]


def series_review_wanted(ids: Sequence[int], items: Sequence[Item], author: int) -> list[Event]:
    """One for each moment of a series: whoever reads the first of its posts finds the others beside it."""
    waiting = [
        (post_id, item)
        for post_id, item in zip(ids, items, strict=True)
        if item.route is not None and item.route.reviewer is not Reviewer.NOBODY
    ]
    if not waiting:
        return []
    routes = [item.route for _, item in waiting if item.route]
    detail = {
        "needs": str(_strictest(routes)),
        "why": list(dict.fromkeys(why for route in routes for why in route.why)),
        "count": len(waiting),
        "due_at": _iso(min((item.plan.due_at for _, item in waiting if item.plan.due_at), default=None)),
        "authors": [author],
    }
    first, item = waiting[0]
    return [Event(EventKind.POST_IN_REVIEW, f"post:{first}", item.plan.speaker.unit_id, detail)]


def sent_back(verdicts: Sequence[Verdict], homes: Mapping[int, int]) -> list[Event]:
    """Posts that a revision took back from approval; one event for all of a broadcast, told at its own unit (`homes`)."""
    found: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        post = verdict.case.post
        subject = f"broadcast:{post.broadcast_id}" if post.broadcast_id in homes else f"post:{post.id}"
        found.setdefault(subject, []).append(verdict)
    return [_sent_back(subject, group, homes) for subject, group in found.items()]


def _sent_back(subject: str, group: Sequence[Verdict], homes: Mapping[int, int]) -> Event:
    post = group[0].case.post
    wrote = {author for v in group for author in (v.case.post.created_by, v.case.post.content.get("edited_by"))}
    needs = Reviewer.KPU if any(v.needs is Reviewer.KPU for v in group) else Reviewer.ABOVE
    detail: dict[str, Any] = {
        "needs": str(needs),
        "why": list(dict.fromkeys(why for v in group for why in v.reasons)),
        "due_at": _iso(min((v.values["due_at"] for v in group if v.values["due_at"]), default=None)),
        "authors": sorted(author for author in wrote if author is not None),
    }
    if subject.startswith("broadcast:"):
        detail["count"] = len(group)
    return Event(EventKind.POST_IN_REVIEW, subject, homes.get(post.broadcast_id or 0, post.unit_id), detail)


def recalled(verdicts: Sequence[Verdict], standing: Mapping[int, Sequence[Standing]]) -> list[Event]:
    """Hand-offs that lie open on somebody's phone with words or a minute that no longer hold; one for each post."""
    found = []
    for verdict in verdicts:
        open_ones = [each for each in standing.get(verdict.post_id, ()) if each.state is State.MANUAL]
        if not open_ones or verdict.before == verdict.after:
            continue
        detail = {
            "platforms": sorted({each.platform for each in open_ones}),
            "environment": open_ones[0].environment,
            "waits": verdict.goes_back,
            "due_at": _iso(verdict.after.due_at),
        }
        post = verdict.case.post
        found.append(Event(EventKind.TASK_RECALLED, f"post:{post.id}", post.unit_id, detail))
    return found


def decided(kind: EventKind, post: Post, actor: Actor, reason: str) -> Event:
    authors = dict.fromkeys((post.created_by, post.content.get("edited_by")))
    detail = {
        "by": actor.user_id,
        "by_name": actor.name,
        "reason": reason,
        "due_at": _iso(post.due_at),
        "authors": [author for author in authors if author is not None],
    }
    return Event(kind, f"post:{post.id}", post.unit_id, detail)


def copies_approved(row: Broadcast, count: int, actor: Actor, reason: str) -> Event:
    """One for all of them: whoever made the broadcast hears it once."""
    detail = {"by": actor.user_id, "by_name": actor.name, "reason": reason, "count": count, "authors": [row.created_by]}
    return Event(EventKind.POST_APPROVED, f"broadcast:{row.id}", row.unit_id, detail)


def _strictest(routes: Sequence[Route]) -> Reviewer:
    return Reviewer.KPU if any(route.reviewer is Reviewer.KPU for route in routes) else Reviewer.ABOVE


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
