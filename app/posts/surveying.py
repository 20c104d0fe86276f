"""A broadcast looked at before it is made: counted part by part, and nothing kept but what the answer shows."""

from collections import Counter
from collections.abc import Container
from dataclasses import dataclass, field

from app.accounts.rules import Actor
from app.content.price import NOTHING, Price
from app.posts import voices
from app.posts.broadcast_views import BroadcastInput, BroadcastView, UnitProblem, samples_of
from app.posts.drafting import Drafter
from app.posts.voices import Voice
from app.posts.writing import Item

SHOWN = 200
"""Problems of one kind that are named; the others are counted."""

_SAMPLED = 3
"""Units whose texts are shown."""


@dataclass
class Tally:
    """`counts` by kind of problem (`channels`, `variables.alamat`, `text`); `shown` the first of each."""

    units: int = 0
    deliveries: int = 0
    in_review: int = 0
    price: Price = NOTHING
    counts: Counter[str] = field(default_factory=Counter)
    shown: list[UnitProblem] = field(default_factory=list)

    def add(self, item: Item) -> None:
        self.units += 1
        self.deliveries += len(item.plan.channels)
        self.in_review += item.waits
        self.price += item.plan.price

    def take_out(self, voice: Voice) -> None:
        """A unit that would repeat others on X is left out there; with nothing else to say, altogether."""
        self.deliveries -= len(voice.channels)
        self.price -= voice.price
        if voice.is_all:
            self.units -= 1
            self.in_review -= voice.waits

    def note(self, problem: UnitProblem) -> None:
        self.counts[problem.field] += 1
        if self.counts[problem.field] <= SHOWN:
            self.shown.append(problem)


async def survey(drafter: Drafter, actor: Actor, wanted: BroadcastInput) -> BroadcastView:
    """Every unit planned and checked; memory grows with the units only by their texts for X, which are compared with each
    other. Raises Forbidden, NotFound, BadInput."""
    scene = await drafter.scene(actor, wanted)
    tally, speaking = Tally(), list[Voice]()
    first: list[Item] = []
    async for items, problems in drafter.parts(actor, scene):
        for item in items:
            tally.add(item)
        for problem in problems:
            tally.note(problem)
        speaking += voices.voices_of(items)
        first = first or items
    async with drafter.db.read() as session:
        said = await voices.heard_by(session, speaking)
    found = voices.compare(speaking, said)
    silent = {speaking[number].unit_id: each for number, each in found.items() if each.level == "block"}
    for voice in speaking:
        if each := silent.get(voice.unit_id):
            tally.take_out(voice)
            tally.note(UnitProblem(voice.unit_id, voice.name, each.sentence))
    left = [kept for item in first if (kept := _left(item, silent))]
    return BroadcastView(
        None, scene.template.id or 0, scene.template.title, "", scene.environment, tally.units, tally.units,
        tally.deliveries, tally.in_review, {}, tally.shown,
        [sample for item in left[:_SAMPLED] for sample in samples_of(item.plan)],
        price=tally.price, hindered=dict(tally.counts),
    )  # fmt: skip


def _left(item: Item, silent: Container[int]) -> Item | None:
    return voices.without(item) if item.plan.speaker.unit_id in silent else item
