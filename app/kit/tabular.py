"""How rows and settings are read out of files so that everything wrong is named by file, line and column at once."""

import csv
import lzma
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from io import StringIO
from pathlib import Path

import yaml

from app.kit.errors import BadInput, Problem

# A sentence on a screen has room for so many; the rest are in `problems`.
_TOLD = 5


@dataclass(frozen=True)
class Line:
    """One row of a table: `number` is its line in the file, the header being line 1."""

    number: int
    values: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.values.get(column, "")


@dataclass
class Findings:
    """Collects what is wrong in one file; nothing of the file is used once there is anything."""

    file: str
    problems: list[Problem] = field(default_factory=list)

    def add(self, line: int, column: str, message: str) -> None:
        where = f"baris {line} kolom {column}" if column else f"baris {line}"
        parts = [self.file, str(line), *([column] if column else [])]
        self.problems.append(Problem(":".join(parts), f"{self.file} {where}: {message}"))

    def required(self, line: Line, *columns: str) -> bool:
        empty = [column for column in columns if not line[column]]
        for column in empty:
            self.add(line.number, column, "wajib diisi")
        return not empty

    def unique(self, line: Line, column: str, seen: dict[str, int]) -> None:
        """`seen`: on which line each value stood before."""
        first = seen.setdefault(line[column], line.number)
        if first != line.number:
            self.add(line.number, column, f'"{line[column]}" sudah dipakai di baris {first}')

    def day(self, line: Line, column: str) -> date | None:
        """A day written YYYY-MM-DD; None when the cell is empty or unreadable (which is then noted)."""
        try:
            return date.fromisoformat(line[column]) if line[column] else None
        except ValueError:
            self.add(line.number, column, f'"{line[column]}" bukan tanggal; tulis seperti 2024-11-27')
            return None

    def refuse(self) -> None:
        """Raises BadInput if anything was found."""
        refuse(self)


@dataclass(frozen=True)
class Merged:
    """How many rows were new, differed, or stayed as a person had left them."""

    added: int = 0
    changed: int = 0
    kept: int = 0

    def __add__(self, other: "Merged") -> "Merged":
        return Merged(self.added + other.added, self.changed + other.changed, self.kept + other.kept)


def refuse(*findings: Findings) -> None:
    """Raises one BadInput for all that was found in several files."""
    problems = [problem for found in findings for problem in found.problems]
    if not problems:
        return
    more = f" (dan {len(problems) - _TOLD} lagi)" if len(problems) > _TOLD else ""
    told = "; ".join(problem.message for problem in problems[:_TOLD])
    raise BadInput(f"Tidak ada yang dimuat. Perbaiki dulu: {told}{more}", *problems)


def read_table(path: Path, *, columns: Sequence[str]) -> tuple[list[Line], Findings]:
    """Every row of a CSV or CSV.xz file with at least `columns` in its header; raises BadInput if unreadable.

    Cells are stripped, blank lines skipped; semicolons or a byte order mark, as spreadsheets write them, are read too.
    """
    findings = Findings(path.name)
    text = _read(path)
    header, _, _ = text.partition("\n")
    delimiter = ";" if ";" in header and "," not in header else ","
    rows = _rows(text, delimiter, findings)
    names = [cell.strip() for cell in next(rows, (0, []))[1]]
    for column in columns:
        if column not in names:
            findings.add(1, column, "kolom ini tidak ada")
    findings.refuse()
    return [line for number, cells in rows if (line := _line(number, cells, names, findings))], findings


@dataclass(frozen=True)
class Settings:
    """A YAML mapping and where each of its entries stands: `lines` by dotted path."""

    values: Mapping[str, object]
    lines: Mapping[str, int]
    findings: Findings

    def wrong(self, path: str, message: str) -> None:
        """Notes a problem at the entry, or at the nearest one above it that exists."""
        known = path
        while known and known not in self.lines:
            known = known.rpartition(".")[0]
        self.findings.add(self.lines.get(known, 1), path, message)

    def text(self, path: str, *, default: str | None = None) -> str:
        found = self._at(path)
        if found is None and default is not None:
            return default
        if not isinstance(found, str) or not found.strip():
            self.wrong(path, "wajib diisi dengan teks")
            return ""
        return found.strip()

    def texts(self, path: str) -> list[str]:
        found = self._at(path)
        if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
            self.wrong(path, "wajib berupa daftar teks")
            return []
        return found

    def mapping(self, path: str) -> dict[str, object]:
        found = self._at(path)
        if found is None:
            return {}
        if not isinstance(found, dict):
            self.wrong(path, "wajib berupa pasangan nama dan nilai")
            return {}
        return {str(name): value for name, value in found.items()}

    def _at(self, path: str) -> object:
        found: object = self.values
        for name in path.split("."):
            found = found.get(name) if isinstance(found, Mapping) else None
        return found


def read_settings(path: Path) -> Settings:
    """A YAML file whose outermost level is a mapping; raises BadInput naming line and column otherwise."""
    findings, text = Findings(path.name), _read(path)
    try:
        values, node = yaml.safe_load(text), yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        findings.add(mark.line + 1 if mark else 1, str(mark.column + 1) if mark else "", "bukan YAML yang sah")
        values = node = None
    findings.refuse()
    if not isinstance(values, dict):
        findings.add(1, "", "harus berisi pasangan nama dan nilai")
    findings.refuse()
    return Settings(values, dict(_lines(node, "")), findings)


def _lines(node: object, prefix: str) -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            path = f"{prefix}.{key.value}".lstrip(".")
            yield path, key.start_mark.line + 1
            yield from _lines(value, path)


def _read(path: Path) -> str:
    try:
        if path.suffix == ".xz":
            with lzma.open(path, "rt", encoding="utf-8-sig", newline="") as file:
                return file.read()
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise BadInput(f"Berkas {path.name} tidak ditemukan.", Problem(path.name, "tidak ditemukan")) from error
    except (OSError, EOFError, UnicodeDecodeError, lzma.LZMAError) as error:
        message = "tidak dapat dibaca; simpan sebagai CSV atau YAML dengan pengodean UTF-8"
        raise BadInput(f"Berkas {path.name} {message}.", Problem(path.name, message)) from error


def _rows(text: str, delimiter: str, findings: Findings) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    before = 0
    try:
        for cells in reader:
            # A quoted cell may span lines; the row is named by its first.
            yield before + 1, cells
            before = reader.line_num
    except csv.Error:
        findings.add(before + 1, "", "bukan CSV yang sah; periksa tanda kutipnya")


def _line(number: int, cells: list[str], names: list[str], findings: Findings) -> Line | None:
    if not any(cell.strip() for cell in cells):
        return None
    if len(cells) != len(names):
        findings.add(number, "", f"ada {len(cells)} kolom, seharusnya {len(names)}")
        return None
    return Line(number, dict(zip(names, (cell.strip() for cell in cells), strict=True)))
