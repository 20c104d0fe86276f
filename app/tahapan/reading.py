"""What the files of an election must look like before any of it is used."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from pathlib import Path

from app.kit.tabular import Findings, Line, Settings, read_settings, read_table
from app.tahapan.rules import StageKind

COLUMNS = ["code", "name_id", "kind", "start", "end", "source", "certainty", "parent", "scope", "note"]
OVERRIDES = "overrides"
"""May be left out: the stage whose days this one takes the place of in the region that `scope` names."""
REGION = re.compile(r"\d{2}(\.\d{2}){0,2}(\.\d{4})?", re.ASCII)


@dataclass(frozen=True)
class StageRow:
    line: int
    code: str
    name: str
    kind: StageKind
    starts_on: date | None
    ends_on: date | None
    source: str
    certainty: str
    parent: str | None
    scope: str
    note: str
    overrides: str | None = None


@dataclass(frozen=True)
class StageFile:
    rows: list[StageRow]
    findings: Findings

    def unknown_parents(self, known: Collection[str] = ()) -> None:
        """Notes every parent, and every overridden stage, neither in the file nor among `known`, unless other faults would cause echoes."""
        if self.findings.problems:
            return
        here = {row.code for row in self.rows}
        for row in self.rows:
            if row.parent and row.parent not in here and row.parent not in known:
                self.findings.add(row.line, "parent", f'induk "{row.parent}" tidak ada')
            if row.overrides and row.overrides not in here and row.overrides not in known:
                self.findings.add(row.line, OVERRIDES, f'tahapan "{row.overrides}" tidak ada')


@dataclass(frozen=True)
class ElectionFile:
    """`opens`, `closes` as `HH:MM`."""

    code: str
    name: str
    voting_stage: str
    quiet_stage: str
    embargo_stage: str
    opens: str
    closes: str
    scopes: list[str]
    variables: dict[str, str]
    settings: Settings

    def unknown_stages(self, stages: StageFile) -> None:
        """Notes a stage named here that the calendar does not have."""
        here = {row.code for row in stages.rows}
        for entry in ("voting_stage", "quiet_stage", "embargo_stage"):
            code = getattr(self, entry)
            if code and code not in here and not stages.findings.problems:
                self.settings.wrong(entry, f'tahapan "{code}" tidak ada di {stages.findings.file}')


def read_stages(path: Path) -> StageFile:
    """The calendar in a CSV file, days as written there; raises BadInput if it cannot be read at all."""
    return stages_in(*read_table(path, columns=COLUMNS))


def stages_in(lines: Sequence[Line], findings: Findings) -> StageFile:
    """The stages of a table's rows; what is wrong is noted in `findings`."""
    seen: dict[str, int] = {}
    rows = [row for line in lines if (row := _stage(line, findings, seen))]
    return StageFile(rows, findings)


def read_election(path: Path) -> ElectionFile:
    settings = read_settings(path)
    election = ElectionFile(
        code=settings.text("code"),
        name=settings.text("name"),
        voting_stage=settings.text("voting_stage"),
        quiet_stage=settings.text("quiet_stage"),
        embargo_stage=settings.text("embargo_stage", default=""),
        opens=_hour(settings, "opens"),
        closes=_hour(settings, "closes"),
        scopes=settings.texts("scopes"),
        variables={name: str(value) for name, value in settings.mapping("variables").items()},
        settings=settings,
    )
    if election.opens and election.closes and election.closes <= election.opens:
        settings.wrong("closes", "harus sesudah opens")
    return election


def shifted(day: date | None, weeks: int) -> date | None:
    """Whole weeks, so that every stage keeps its weekday."""
    return day and day + timedelta(weeks=weeks)


def _stage(line: Line, findings: Findings, seen: dict[str, int]) -> StageRow | None:
    before = len(findings.problems)
    if findings.required(line, "code", "name_id", "kind", "scope"):
        findings.unique(line, "code", seen)
    if line["kind"] and line["kind"] not in set(StageKind):
        findings.add(line.number, "kind", f'"{line["kind"]}" tidak dikenal; pilihannya: {", ".join(StageKind)}')
    starts_on, ends_on = findings.day(line, "start"), findings.day(line, "end")
    if starts_on and ends_on and ends_on < starts_on:
        findings.add(line.number, "end", f"{ends_on} mendahului tanggal mulai {starts_on}")
    if line["parent"] and line["parent"] == line["code"]:
        findings.add(line.number, "parent", "tahapan tidak dapat menjadi induknya sendiri")
    if line[OVERRIDES] and not REGION.fullmatch(line["scope"]):
        findings.add(line.number, "scope", "harus kode wilayah, misalnya 32.71.04, karena menggantikan tahapan lain")
    if len(findings.problems) > before:
        return None
    return StageRow(
        line=line.number,
        code=line["code"],
        name=line["name_id"],
        kind=StageKind(line["kind"]),
        starts_on=starts_on,
        ends_on=ends_on,
        source=line["source"],
        certainty=line["certainty"],
        parent=line["parent"] or None,
        scope=line["scope"],
        note=line["note"],
        overrides=line[OVERRIDES] or None,
    )


def _hour(settings: Settings, entry: str) -> str:
    text = settings.text(entry)
    try:
        return time.fromisoformat(text).strftime("%H:%M") if text else ""
    except ValueError:
        settings.wrong(entry, f'"{text}" bukan jam; tulis seperti "07:00"')
        return ""
