"""A delivery as a card: what it says, how it stands, and what this person may do about it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from app.accounts.rules import Act, Actor
from app.bootstrap import Kentongan
from app.publishing.rules import MAY_CANCEL, MAY_RETRY, State
from app.publishing.service import DeliveryView
from app.web import words
from app.web.pictures import local_url
from app.web.words import Label, Moment, moment

_WHEN = {
    State.PUBLISHED: "Terbit",
    State.WITHDRAWN: "Terbit",
    State.MISSED: "Seharusnya terbit",
    State.STOPPED: "Dijadwalkan",
    State.UNSURE: "Dijadwalkan",
    State.CANCELLED: "Dijadwalkan",
}


@dataclass(frozen=True)
class Card:
    id: int
    post_id: int
    unit: str
    platform: str
    handle: str
    is_practice: bool
    text: str
    label: Label
    reason: str
    when_word: str
    when: Moment
    late: str
    url: str | None
    proof: str | None
    may_retry: bool
    may_resolve: bool
    may_cancel: bool
    may_withdraw: bool
    may_settle: bool


def card(view: DeliveryView, *, may_act: bool, proof: str | None = None) -> Card:
    published = view.published_at is not None
    retriable = view.state in MAY_RETRY
    return Card(
        id=view.id,
        post_id=view.post_id,
        unit=view.unit_name,
        platform=words.platform_name(view.platform),
        handle=view.handle,
        is_practice=view.environment == "practice",
        text=view.text,
        label=words.wish_label(view.withdrawal) if view.withdrawal else words.state_label(view.state, view.reason),
        reason=_reason(view),
        when_word=_WHEN.get(view.state, "Akan terbit"),
        when=moment(view.published_at or view.due_at, view.timezone),
        late=words.how_late(view.late_seconds) if published else "",
        url=safe_url(view.url),
        proof=proof,
        may_retry=may_act and retriable,
        may_resolve=may_act and view.state in {State.UNSURE, State.MANUAL},
        may_cancel=may_act and view.state in MAY_CANCEL,
        may_withdraw=may_act and view.state is State.PUBLISHED and view.withdrawal is None,
        may_settle=may_act and view.state is State.PUBLISHED and view.withdrawal is not None,
    )


def _reason(view: DeliveryView) -> str:
    if view.withdrawal is not None:
        return words.wish_reason(view.withdrawal)
    return "" if view.state is State.PUBLISHED else view.reason or words.REASONS.get(view.state, "")


def safe_url(url: str | None) -> str | None:
    """An address from a platform or a person is only followed when it is a web address."""
    return url if url and url.startswith(("https://", "http://")) else None


async def cards_for(house: Kentongan, actor: Actor, views: Sequence[DeliveryView]) -> list[Card]:
    may = await writable(house, actor, {view.unit_id for view in views})
    return [
        card(view, may_act=view.unit_id in may, proof=local_url(house, view.proof_id) if view.proof_id else None)
        for view in views
    ]


async def writable(house: Kentongan, actor: Actor, unit_ids: Collection[int]) -> Collection[int]:
    """For which of these visible units the actor may write."""
    paths = actor.paths(Act.WRITE)
    if all(path.startswith(paths) for path in actor.paths(Act.READ)):
        return unit_ids
    if not paths:
        return ()
    return {unit_id for unit_id in unit_ids if (await house.units.get(actor, unit_id)).path.startswith(paths)}
