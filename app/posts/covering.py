"""Decides whether the approval of a whole broadcast covers one of its copies, so that nobody has to read it once more."""

from app.kit.db import Database
from app.posts import review_store
from app.posts.models import Post
from app.posts.planning import Plan
from app.posts.rules import Reviewer, Route
from app.posts.writing import Common

WITH_BROADCAST = "Disetujui bersama siarannya"


async def covered(db: Database, post: Post, plan: Plan, common: Common, route: Route | None) -> Route | None:
    """`route` as it is, or nobody's: for a copy that is untouched, of an approved broadcast, with no finding that was not there."""
    if route is None or route.reviewer is Reviewer.NOBODY or post.broadcast_id is None:
        return route
    known = {found["rule"] for found in post.content.get("guard", ())}
    is_same = common.source.is_untouched and post.content.get("edited_by") is None
    if not is_same or not {found.rule for found in plan.findings} <= known:
        return route
    async with db.read() as session:
        approver = await review_store.approver_of(session, post.broadcast_id)
    return route if approver is None else Route(Reviewer.NOBODY, (WITH_BROADCAST,))
