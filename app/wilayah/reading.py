"""What a file of regions must look like before any of it is used."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.kit.tabular import Findings, Line, read_settings, read_table, refuse
from app.settings import ROOT
from app.wilayah.rules import DEPTH, Level, depth, is_code, parent_code

SHIPPED = ROOT / "data" / "wilayah"


@dataclass(frozen=True)
class Region:
    """One region of a file; `alias` and `display` are empty where no alias file names it."""

    line: int
    code: str
    name: str
    level: Level
    parent: str | None
    alias: str = ""
    display: str = ""
    timezone: str = ""

    @property
    def shown(self) -> str:
        return self.display or self.name


@dataclass(frozen=True)
class RegionFile:
    """Regions in the order of the tree, parents first; `findings` is still open for a check against the database."""

    regions: list[Region]
    map_version: str
    findings: Findings

    def unknown_parents(self, known: Collection[str] = ()) -> None:
        """Notes every parent neither in the file nor among `known`, unless other faults would cause echoes."""
        if self.findings.problems:
            return
        here = {region.code for region in self.regions}
        for region in self.regions:
            if region.parent and region.parent not in here and region.parent not in known:
                self.findings.add(region.line, "parent", f'induk "{region.parent}" tidak ada')


def read_regions(path: Path, *, zones: Path = SHIPPED) -> RegionFile:
    """The regions of a CSV or CSV.xz file; `-alias.csv` and `peta.yaml` beside it are read when they are there.

    `zones` is the folder of the table of provinces and time zones. Raises BadInput if a file cannot be read.
    """
    lines, findings = read_table(path, columns=["code", "name", "level", "parent"])
    aliases, wrong_aliases = _read_aliases(path.with_name(path.name.split(".")[0] + "-alias.csv"))
    by_province = read_zones(zones)
    seen: dict[str, int] = {}
    regions = []
    for line in lines:
        if not _check(line, findings, seen):
            continue
        alias = aliases.get(line["code"])
        zone = by_province.get(line["code"][:2], "")
        regions.append(_region(line, alias, zone))
    refuse(wrong_aliases)
    regions.sort(key=lambda region: (depth(region.code), region.code))
    return RegionFile(regions, _map_version(path.with_name("peta.yaml")), findings)


def read_zones(folder: Path) -> dict[str, str]:
    """IANA zone by the code of the province."""
    lines, findings = read_table(folder / "zona-waktu-provinsi.csv", columns=["province_code", "tz"])
    for line in lines:
        findings.required(line, "province_code", "tz")
    findings.refuse()
    return {line["province_code"]: line["tz"] for line in lines}


def _region(line: Line, alias: Line | None, zone: str) -> Region:
    spelt, shown = (alias["alias"], alias["display_suggestion"]) if alias else ("", "")
    return Region(
        line=line.number,
        code=line["code"],
        name=line["name"],
        level=Level(line["level"]),
        parent=line["parent"] or None,
        alias=spelt,
        display=shown,
        timezone=zone,
    )


def _check(line: Line, findings: Findings, seen: dict[str, int]) -> bool:
    before = len(findings.problems)
    if not findings.required(line, "code", "name", "level"):
        return False
    code, level = line["code"], line["level"]
    findings.unique(line, "code", seen)
    if not is_code(code):
        findings.add(line.number, "code", f'"{code}" bukan kode wilayah; contoh: 32.71.01.1001')
    elif level not in set(Level):
        findings.add(line.number, "level", f'"{level}" tidak dikenal; pilihannya: {", ".join(Level)}')
    elif DEPTH[Level(level)] != depth(code):
        findings.add(line.number, "level", f'"{level}" tidak cocok dengan kode {code}')
    elif line["parent"] != parent_code(code):
        expected = parent_code(code) or "kosong"
        findings.add(
            line.number, "parent", f'induk "{line["parent"]}" tidak cocok dengan kode {code}; seharusnya {expected}'
        )
    return len(findings.problems) == before


def _read_aliases(path: Path) -> tuple[Mapping[str, Line], Findings]:
    if not path.exists():
        return {}, Findings(path.name)
    lines, findings = read_table(path, columns=["code", "alias", "display_suggestion"])
    seen: dict[str, int] = {}
    for line in lines:
        if findings.required(line, "code"):
            findings.unique(line, "code", seen)
    return {line["code"]: line for line in lines}, findings


def _map_version(path: Path) -> str:
    if not path.exists():
        return ""
    settings = read_settings(path)
    version = settings.text("version")
    settings.findings.refuse()
    return version
