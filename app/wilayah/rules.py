"""How codes and names of regions are built: levels, ancestors, the spelling that search ignores."""

import re
import unicodedata
from enum import StrEnum


class Level(StrEnum):
    PROVINSI = "provinsi"
    KABKOTA = "kabkota"
    KECAMATAN = "kecamatan"
    KELURAHAN = "kelurahan"
    DESA = "desa"
    DESA_ADAT = "desa_adat"


DEPTH = {
    Level.PROVINSI: 1,
    Level.KABKOTA: 2,
    Level.KECAMATAN: 3,
    Level.KELURAHAN: 4,
    Level.DESA: 4,
    Level.DESA_ADAT: 4,
}
"""How many parts the code of a level has."""

_CODE = re.compile(r"\d{2}(\.\d{2}(\.\d{2}(\.\d{4})?)?)?", re.ASCII)
# Names of kabupaten and kota already carry the word.
_WORD = {
    Level.PROVINSI: "Provinsi ",
    Level.KABKOTA: "",
    Level.KECAMATAN: "Kecamatan ",
    Level.KELURAHAN: "Kelurahan ",
    Level.DESA: "Desa ",
    Level.DESA_ADAT: "Desa Adat ",
}


def is_code(text: str) -> bool:
    return _CODE.fullmatch(text) is not None


def depth(code: str) -> int:
    return code.count(".") + 1


def parent_code(code: str) -> str:
    """Empty for a province."""
    return code.rpartition(".")[0]


def ancestry(code: str) -> list[str]:
    """The code itself and every code above it, from the province down."""
    parts = code.split(".")
    return [".".join(parts[: count + 1]) for count in range(len(parts))]


def squash(text: str) -> str:
    """What two spellings of one name share: no spaces, case, accents or apostrophes."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in plain if char.isalnum())


def search_text(*spellings: str) -> str:
    """Every different squashed spelling once; the bar keeps a search from matching across two of them."""
    return "|".join(dict.fromkeys(filter(None, map(squash, spellings))))


def title(level: str, name: str) -> str:
    """The region as a text names it: "Kelurahan Loji", "Kecamatan Bogor Barat", "Kota Bogor"."""
    return _WORD[Level(level)] + name
