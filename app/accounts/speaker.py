"""What a unit knows about itself when it speaks: its place, its zone, and the values it inherits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from app.accounts.rules import UnitKind


@dataclass(frozen=True)
class Speaker:
    """`wilayah` is the region as a text names it ("Kelurahan Cilendek Barat"); `kelurahan`, `kecamatan` are bare names.

    `variables` are the unit's effective values: its kind's defaults, then every unit from the root down to itself.
    """

    unit_id: int
    election_id: int
    kind: UnitKind
    name: str
    path: str
    parent_id: int | None
    timezone: str
    wilayah_code: str
    wilayah: str
    kelurahan: str | None
    kecamatan: str | None
    kota: str
    rw_count: int | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


def inherit(default: Mapping[str, object], downwards: Iterable[Mapping[str, object]]) -> dict[str, str]:
    """Values from the kind's `default`, then from the root down to the unit itself; the later one wins."""
    found: dict[str, object] = dict(default)
    for own in downwards:
        found |= own
    return {name: str(value) for name, value in found.items()}


def lineage(path: str) -> list[int]:
    """Ids from the root down to the unit itself, out of its path `/1/4/17/`."""
    return [int(part) for part in path.split("/") if part]
