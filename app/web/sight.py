"""Units within a visitor's sight: by number, and as choices of a form."""

from collections.abc import Collection

from app.accounts.models import Unit
from app.accounts.rules import Act, Actor
from app.bootstrap import Kentongan

MOST = 500
"""A city has some 75 units; whoever sees more picks a unit by its own page."""


async def units_seen(house: Kentongan, actor: Actor, act: Act = Act.READ) -> list[Unit]:
    """Units where the visitor may `act`, in the order of the tree."""
    found = await house.units.list(actor, limit=MOST, cursor=None)
    paths = actor.paths(act)
    return [unit for unit in found.rows if unit.path.startswith(paths)] if paths else []


async def units_by_id(house: Kentongan, actor: Actor, ids: Collection[int]) -> dict[int, Unit]:
    """Those of visible rows, each once."""
    return {unit_id: await house.units.get(actor, unit_id) for unit_id in dict.fromkeys(ids)}
