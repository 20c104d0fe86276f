"""Knows what X's calls cost (pricing page of April 2026, shape from spec) and when the credits are gone.

Billed to the app, not to an account. Reads of one post count once in a UTC day. A bare domain counts as a link here: the
pricing page does not say, and the dearer reading does no harm.
"""

from collections.abc import Sequence

from simulator.ledger import Ledger, Post, Thing
from simulator.platforms.x_wire import has_link
from simulator.visit import Visit
from simulator.wire import Refusal

# Thousandths of a US dollar.
POST, POST_WITH_LINK, READ, DELETE = 15, 200, 5, 10
_BUCKET, _FOR_EVER = "x:credits", 1e12


def price_of(text: str) -> int:
    return POST_WITH_LINK if has_link(text) else POST


def charge(visit: Visit, amount: int) -> None:
    """Raises Refusal (402) where a `credits` fault says how many US dollars there are, and they do not reach."""
    limits = [fault.number("usd", 0.0) * 1000 for fault in visit.faults if fault.kind == "credits"]
    if limits and visit.platform.credits_depleted and spent(visit.ledger) + amount > min(limits):
        raise Refusal(visit.platform.credits_depleted(visit))
    visit.ledger.spend(_BUCKET, length=_FOR_EVER, now=visit.now, amount=amount)


def charge_reads(visit: Visit, posts: Sequence[Post]) -> None:
    day = int(visit.now // 86_400)
    fresh = [
        post for post in posts if visit.ledger.find_thing("x", f"read:{post.remote_id}:{day}", ("x_read",)) is None
    ]
    if not fresh:
        return
    charge(visit, READ * len(fresh))
    for post in fresh:
        visit.ledger.put_thing("x", Thing(f"read:{post.remote_id}:{day}", "x_read", post.account_id, {}, visit.now))


def spent(ledger: Ledger) -> int:
    """Thousandths of a US dollar so far."""
    return ledger.used(_BUCKET)
