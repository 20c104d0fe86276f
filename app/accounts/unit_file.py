"""Which regions get a body that speaks, and what it is called, as an election's file says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.accounts.rules import UnitKind
from app.kit.tabular import Settings, read_settings
from app.wilayah.reading import Region
from app.wilayah.rules import Level, ancestry

_NAME = "{nama}"


@dataclass(frozen=True)
class KindRule:
    levels: frozenset[Level]
    name: str
    variables: Mapping[str, str]


@dataclass(frozen=True)
class UnitPlan:
    """A unit to be: `parent` is the region of the unit above it."""

    kind: UnitKind
    name: str
    wilayah_code: str
    parent: str | None
    timezone: str


@dataclass(frozen=True)
class UnitFile:
    kinds: Mapping[UnitKind, KindRule]
    settings: Settings

    def plan(self, regions: Iterable[Region]) -> list[UnitPlan]:
        """One unit for every region of a level that the file names, parents first as `regions` are."""
        kind_of = {level: kind for kind, rule in self.kinds.items() for level in rule.levels}
        speaking: set[str] = set()
        plans = []
        for region in regions:
            kind = kind_of.get(region.level)
            if kind is None:
                continue
            above = [code for code in ancestry(region.code)[:-1] if code in speaking]
            if not region.timezone:
                self.settings.findings.add(
                    region.line, "code", f"zona waktu provinsi {region.code[:2]} tidak diketahui"
                )
            speaking.add(region.code)
            plans.append(
                UnitPlan(
                    kind=kind,
                    name=self.kinds[kind].name.replace(_NAME, region.shown),
                    wilayah_code=region.code,
                    parent=above[-1] if above else None,
                    timezone=region.timezone,
                )
            )
        return plans


def read_units(path: Path) -> UnitFile:
    """Raises BadInput if the file cannot be read at all."""
    settings = read_settings(path)
    kinds: dict[UnitKind, KindRule] = {}
    for name in settings.mapping("kinds"):
        if name not in set(UnitKind):
            settings.wrong(f"kinds.{name}", f"tidak dikenal; pilihannya: {', '.join(UnitKind)}")
            continue
        kinds[UnitKind(name)] = _rule(settings, f"kinds.{name}")
    if not kinds:
        settings.wrong("kinds", "wajib diisi")
    return UnitFile(kinds, settings)


def _rule(settings: Settings, entry: str) -> KindRule:
    levels = settings.texts(f"{entry}.levels")
    for level in levels:
        if level not in set(Level):
            settings.wrong(f"{entry}.levels", f'"{level}" tidak dikenal; pilihannya: {", ".join(Level)}')
    name = settings.text(f"{entry}.name")
    if name and _NAME not in name:
        settings.wrong(f"{entry}.name", f"harus memuat {_NAME}")
    variables = settings.mapping(f"{entry}.variables")
    return KindRule(
        levels=frozenset(Level(level) for level in levels if level in set(Level)),
        name=name,
        variables={key: str(value) for key, value in variables.items()},
    )
