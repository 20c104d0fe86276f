"""A text letter by letter: as it reads, in small letters, without accents; one for one, so that places stay the same."""

import unicodedata
from collections.abc import Callable
from functools import lru_cache

# What re.IGNORECASE takes for another letter and `lower` does not.
_LIKE = {"İ": "i", "ı": "i", "ſ": "s"}


@lru_cache(maxsize=64)
def visible(text: str) -> tuple[str, list[int] | None]:
    """The text as it reads: without invisible characters, decorated letters made plain; and where each one stood, if any moved."""
    plain = _mapped(text, _plain)
    if len(plain) == len(text):
        return plain, None
    return plain, [place for place, letter in enumerate(text) if _plain(letter)]


@lru_cache(maxsize=64)
def lowered(text: str) -> str:
    """In small letters, with those one for another that re.IGNORECASE takes so."""
    return text.lower() if text.isascii() else _mapped(text, _low)


@lru_cache(maxsize=64)
def folded(text: str) -> str:
    """In small letters without accents."""
    return text.lower() if text.isascii() else _mapped(text, _fold)


def _mapped(text: str, change: Callable[[str], str]) -> str:
    """Asked once for each different letter: a long text has few."""
    if text.isascii():
        return text
    changed = {ord(letter): other for letter in set(text) if (other := change(letter)) != letter}
    return text.translate(changed) if changed else text


@lru_cache(maxsize=4096)
def _plain(letter: str) -> str:
    """'' for what nobody sees."""
    if unicodedata.category(letter) == "Cf":
        return ""
    plain = unicodedata.normalize("NFKC", letter)
    return plain if len(plain) == 1 else letter


@lru_cache(maxsize=4096)
def _low(letter: str) -> str:
    small = _LIKE.get(letter) or letter.lower()
    return small if len(small) == 1 else letter


@lru_cache(maxsize=4096)
def _fold(letter: str) -> str:
    plain = unicodedata.normalize("NFD", letter)[0].lower()
    return plain if len(plain) == 1 else letter
