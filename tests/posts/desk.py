"""Dewi's desk: the calendar in her hands, and Sari's posts that hang on it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from app.accounts.rules import Act
from app.posts.revision_views import RevisionView
from app.posts.rules import Anchor, Timing
from app.posts.service import PostInput, PostView
from app.tahapan.service import StageEdit
from tests.posts.conftest import Place
from tests.support.cast import id_of
from tests.support.house import add_template

VOTING = "Ayo ke TPS {{ tanggal_pemungutan_suara }}, {{ wilayah }}."
LATER: StageEdit = {"starts_on": date(2024, 12, 4), "ends_on": date(2024, 12, 4)}


def before_voting(days: int) -> Timing:
    return Timing(anchor=Anchor("PYL-07", "start", -days, time(9)))


@dataclass(frozen=True)
class Desk:
    """Dewi's: the stages by code, and what she does to them."""

    place: Place
    stages: dict[str, Any]

    async def revise(self, days: StageEdit = LATER, *, code: str = "PYL-07", dry_run: bool = False) -> RevisionView:
        dewi = self.place.cast.dewi
        within = await self.place.house.units.elections(dewi, Act.CALENDAR)
        stage = self.stages[code].id
        return await self.place.house.revising.revise(
            dewi, stage, days, reason="Susulan", dry_run=dry_run, within=within
        )

    async def undo(self, view: RevisionView) -> RevisionView:
        dewi = self.place.cast.dewi
        within = await self.place.house.units.elections(dewi, Act.CALENDAR)
        return await self.place.house.revising.undo(
            dewi, view.revision_id or 0, reason="Batal", dry_run=False, within=within
        )

    async def write(self, text: str | None = None, *, template: str = VOTING, **more: Any) -> PostView:
        """Sari's, a week before voting; with `text`, her own words."""
        made = None if text else await add_template(self.place.house, self.place.cast, template)
        given = {"text": text, "template_id": made, "timing": before_voting(7), **more}
        cast = self.place.cast
        return await self.place.house.posts.create(cast.sari, PostInput(id_of(cast.cilendek), **given))

    async def approved(self, text: str, **more: Any) -> PostView:
        post = await self.write(text, **more)
        return await self.place.house.posts.approve(self.place.cast.dewi, post.id)

    async def read(self, post: PostView) -> PostView:
        return await self.place.house.posts.get(self.place.cast.sari, post.id)


async def open_desk(place: Place) -> AsyncIterator[Desk]:
    """The calendar is given back afterwards."""
    page = await place.house.tahapan.list(limit=100, cursor=None)
    yield Desk(place, {row.code: row for row in page.rows})
    for row in page.rows:
        days: StageEdit = {"starts_on": row.starts_on, "ends_on": row.ends_on}
        await place.house.tahapan.edit(row.id or 0, days, by="uji")
