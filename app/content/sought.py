"""Finds what can only begin with certain words by looking for the words first: where nothing is, a regex is slow and `find` is not."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.content.letters import lowered

NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class Sought:
    """`pattern` matches only where one of `keys` (small letters), or a match of `starts`, begins; without both it is tried everywhere.

    Of `needed` (small letters) one must stand anywhere in the text.
    """

    pattern: re.Pattern[str]
    keys: tuple[str, ...] = ()
    starts: re.Pattern[str] | None = None
    needed: tuple[str, ...] = ()

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """The same as `pattern.finditer(text)`."""
        if self.needed and not any(map(lowered(text).__contains__, self.needed)):
            return
        if not self.keys and self.starts is None:
            yield from self.pattern.finditer(text)
            return
        end = 0
        for place in self._places(text):
            if place >= end and (match := self.pattern.match(text, place)):
                yield match
                end = match.end()

    def _places(self, text: str) -> Sequence[int]:
        if self.starts is not None:
            return [start.start() for start in self.starts.finditer(text)]
        small = lowered(text)
        return sorted({place for key in self.keys if key in small for place in _each(key, small)})


def opening(words: Sequence[str], then: str = "") -> str:
    """A regex: one of `words`, at the start of a word where it begins with a letter, and after it `then`."""
    ways = "|".join((r"\b" if word[0].isalnum() else "") + re.escape(word) for word in words)
    return f"(?:{ways}){then}"


def _each(key: str, text: str) -> Iterator[int]:
    place = text.find(key)
    while place >= 0:
        yield place
        place = text.find(key, place + 1)
