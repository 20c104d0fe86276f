"""What somebody changed in a template's words, word by word."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

# Below this, what two texts share is chance: marked word by word it would only confuse.
_KIN = 0.4
_WORDS = re.compile(r"\s+|[^\s]+")


@dataclass(frozen=True)
class Piece:
    """`is_changed`: only on this side."""

    text: str
    is_changed: bool


@dataclass(frozen=True)
class Sides:
    before: Sequence[Piece]
    after: Sequence[Piece]

    @property
    def is_same(self) -> bool:
        return not any(piece.is_changed for piece in (*self.before, *self.after))


def compare(before: str, after: str) -> Sides:
    """Both texts whole, cut where they part."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < _KIN:
        return Sides([Piece(before, True)] if before else [], [Piece(after, True)] if after else [])
    left: list[Piece] = []
    right: list[Piece] = []
    for tag, i, j, k, m in matcher.get_opcodes():
        if i < j:
            left.append(Piece("".join(old[i:j]), tag != "equal"))
        if k < m:
            right.append(Piece("".join(new[k:m]), tag != "equal"))
    return Sides(left, right)


def nearest(texts: Sequence[str], to: str) -> str:
    """A template has a short and a long text; an author started from one of them."""
    return max(texts, key=lambda text: SequenceMatcher(None, _WORDS.findall(text), _WORDS.findall(to), False).ratio())
