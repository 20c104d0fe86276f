"""What an election's own files tell the guard: its parties, the words for its stages, and its candidates pair by pair."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from app.content.letters import lowered
from app.content.sought import Sought
from app.settings import ROOT

ELECTIONS = ROOT / "data" / "elections"


@dataclass(frozen=True)
class ElectionWords:
    """`parties` matches party names, each in a group of its own; `unless` by that group; `stages` by stage code."""

    parties: Sought | None = None
    unless: tuple[tuple[str, re.Pattern[str]], ...] = ()
    stages: tuple[tuple[str, re.Pattern[str]], ...] = ()


@lru_cache(maxsize=16)
def words_of(election: str) -> ElectionWords:
    """Of the election with this code; an election without files of its own has no such words."""
    # A code is a folder's name here and must not lead anywhere else.
    if not re.fullmatch(r"[\w-]{1,80}", election):
        return ElectionWords()
    folder = ELECTIONS / election
    parties = _read(folder / "parties.yaml").get("partai", [])
    stages = _read(folder / "stage_words.yaml")
    return ElectionWords(
        _parties(parties) if parties else None,
        tuple(
            (f"p{number}", re.compile(row["bukan"], re.IGNORECASE))
            for number, row in enumerate(parties)
            if "bukan" in row
        ),
        tuple((code, re.compile(rf"\b(?:{words})\b")) for code, words in stages.items()),
    )


@lru_cache(maxsize=64)
def pairs_in(written: str) -> tuple[tuple[str, ...], ...]:
    """`1. Nama Calon / Nama Wakil; 2. ...`: pairs parted by `;`, the two names of one by `/` or `&`; numbers may be left out."""
    pairs = []
    for entry in written.split(";"):
        names = re.split(r"\s*[/&]\s*", re.sub(r"^\s*\d{1,2}[.)]\s*", "", entry))
        if pair := tuple(name.strip() for name in names if name.strip()):
            pairs.append(pair)
    return tuple(pairs)


def _read(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _parties(rows: list[dict[str, Any]]) -> Sought:
    """Full names in any case, abbreviations as written, short names only after the word "partai"."""
    groups, keys = [], {"partai"}
    for number, row in enumerate(rows):
        ways = [rf"(?i:{_spaced(row['nama'])})"]
        ways += [_spaced(short) for short in row.get("singkatan", ())]
        ways += [rf"(?i:partai\s+{_spaced(short)})" for short in row.get("sebutan", ())]
        groups.append(f"(?P<p{number}>{'|'.join(ways)})")
        keys |= {lowered(said.split()[0]) for said in (row["nama"], *row.get("singkatan", ()))}
    return Sought(re.compile(rf"(?<![\w-])(?:{'|'.join(groups)})(?![\w-])"), tuple(sorted(keys)))


def _spaced(name: str) -> str:
    return r"\s+".join(re.escape(word) for word in name.split())
