"""To which units a broadcast goes, as a tree to choose from: whole kecamatan, or units by name."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.datastructures import FormData

from app.accounts.models import Unit
from app.accounts.rules import Act, Actor, UnitKind
from app.bootstrap import Kentongan
from app.kit.errors import BadInput, Problem
from app.web.fields import numbers
from app.web.sight import units_seen


@dataclass(frozen=True)
class Branch:
    """A kecamatan's own unit (PPK) and those beneath it."""

    top: Unit
    units: Sequence[Unit]


@dataclass(frozen=True)
class Reach:
    """`whole`: ids of branches taken as a whole; `single`: of units. Neither: everybody in reach."""

    branches: Sequence[Branch] = ()
    whole: Sequence[int] = ()
    single: Sequence[int] = ()

    @property
    def is_narrowed(self) -> bool:
        return bool(self.whole or self.single)

    def unit_ids(self, kinds: Sequence[str]) -> list[int] | None:
        """Of the wanted kinds; None: everybody. BadInput where the choice holds none of them."""
        if not self.is_narrowed:
            return None
        found = [
            unit.id or 0
            for branch in self.branches
            for unit in (branch.top, *branch.units)
            if (branch.top.id in self.whole or unit.id in self.single) and unit.kind in kinds
        ]
        if not found:
            message = "Unit yang dipilih tidak berjenis di atas. Pilih jenisnya, atau unit lain."
            raise BadInput(message, Problem("select.kinds", message))
        return found


async def read_reach(house: Kentongan, actor: Actor, form: FormData) -> Reach:
    """Only what is in the visitor's reach counts."""
    units = [unit for unit in await units_seen(house, actor, Act.BROADCAST) if unit.archived_at is None]
    tops = [unit for unit in units if unit.kind == UnitKind.PPK]
    branches = [
        Branch(top, [unit for unit in units if unit.path.startswith(top.path) and unit.id != top.id]) for top in tops
    ]
    return Reach(branches, numbers(form, "kecamatan"), numbers(form, "pilih"))
