"""What may leave in evidence, and whether a complaint is about something that this system sent; no database."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from app.content.similarity import measure

ALIKE = 0.6
"""From this share of common word pairs on, a pasted text is taken for a post of ours: people copy with cuts and typing errors."""
LONGEST_ADDRESS = 500

MOST_TEXT = 5_000


class Answer(StrEnum):
    """Whether what was complained about came from here."""

    SENT = "sent"
    NOT_SENT = "not_sent"


@dataclass(frozen=True)
class Sought:
    """What a complaint shows: an address, the words (perhaps with mistakes), or the day; a day narrows the others."""

    url: str = ""
    text: str = ""
    on: date | None = None

    def __bool__(self) -> bool:
        return bool(self.url or self.text or self.on)

    def as_json(self) -> dict[str, str]:
        said = {"url": self.url, "text": self.text, "on": self.on.isoformat() if self.on else ""}
        return {name: value for name, value in said.items() if value}


_PERSONAL = re.compile(
    r"(?P<mail>[\w.+-]+@[\w-]+\.[\w.-]+)|(?P<nik>(?<!\d)\d{16}(?!\d))|(?P<phone>(?<![\w.])(?:\+?62|0)8(?:[\s.-]?\d){7,11}(?!\d))"
)
_WORD = {"mail": "[surel]", "nik": "[nik]", "phone": "[telepon]"}
_ID = re.compile(r"[A-Za-z0-9_:-]{5,200}")


def hide_personal(text: str) -> str:
    """E-mail addresses, population numbers and mobile phone numbers are replaced by what they were."""
    return _PERSONAL.sub(lambda found: _WORD[found.lastgroup or "mail"], text)


def hidden(value: Any) -> Any:
    """The same inside mappings and lists of plain JSON."""
    match value:
        case str():
            return hide_personal(value)
        case Mapping():
            return {key: hidden(inner) for key, inner in value.items()}
        case list() | tuple():
            return [hidden(inner) for inner in value]
    return value


def _split(text: str) -> SplitResult:
    """Parts of an address; empty ones for what is none."""
    try:
        return urlsplit(text.strip() if "://" in text else f"https://{text.strip()}")
    except ValueError:
        return urlsplit("")


def plain_address(text: str) -> str:
    """An address as it is compared: no scheme, no `www.` or `m.`, no tracking words, no slash at its end."""
    parts = _split(text)
    host = (parts.hostname or "").removeprefix("www.").removeprefix("m.").removeprefix("mobile.")
    host = "x.com" if host == "twitter.com" else host
    kept = [(name, value) for name, value in parse_qs(parts.query).items() if name in _TELLING]
    query = "&".join(f"{name}={','.join(value)}" for name, value in sorted(kept))
    return f"{host}{unquote(parts.path).rstrip('/')}{'?' + query if query else ''}".casefold()


_TELLING = ("v", "id", "story_fbid", "fbid")
"""Words of an address's query that say which post is meant; all others only say who shared it."""


def ids_in(text: str) -> list[str]:
    """What in an address may be the platform's own number of a post, the last part first."""
    parts = _split(text)
    asked = parse_qs(parts.query)
    words = [word for name in _TELLING for word in asked.get(name, ())]
    words += reversed([unquote(word) for word in parts.path.split("/") if word])
    return [word for word in dict.fromkeys(words) if _ID.fullmatch(word)]


def is_meant(address: str, url: str | None, remote_id: str | None) -> bool:
    """Is a delivery at this address? Its own address decides; a number only where it is the whole number."""
    if url and plain_address(url) == plain_address(address) != "":
        return True
    return any(_ends_with(remote_id, word) for word in ids_in(address))


def _ends_with(remote_id: str | None, word: str) -> bool:
    """Facebook's numbers are page_post and Bluesky's end with the record's key."""
    if not remote_id:
        return False
    return remote_id == word or (len(word) >= 8 and re.split(r"[_/]", remote_id)[-1] == word)


def alike(pasted: str, texts: Mapping[int, str]) -> dict[int, float]:
    """How much each text is like what was pasted, for those that are much alike; 1.0: the same words.

    A short piece that stands whole inside a text counts as 1.0 too.
    """
    piece = " ".join(pasted.casefold().split())
    found = {}
    for key, text in texts.items():
        share = 1.0 if len(piece) >= 25 and piece in " ".join(text.casefold().split()) else measure(pasted, text)
        if share >= ALIKE:
            found[key] = share
    return found


def gaps(numbers: Sequence[int], *, longest: int) -> tuple[int, int] | None:
    """First and last of the chain's numbers between which every link is taken along; None where that would be too many."""
    if not numbers or max(numbers) - min(numbers) >= longest:
        return None
    return min(numbers), max(numbers)


class Warned(IntEnum):
    """What people have been told of a deadline."""

    NOT = 0
    NEAR = 1
    LATE = 2


NEAR = timedelta(hours=24)


def warning(asked_at: datetime, deadline: datetime, *, now: datetime) -> Warned:
    """Near: the last quarter of the time there was, at most a day before."""
    if now >= deadline:
        return Warned.LATE
    return Warned.NEAR if now >= deadline - min(NEAR, (deadline - asked_at) / 4) else Warned.NOT
