"""How much alike two texts are once dressing is taken off, and which of many are too much alike; never pair by pair."""

import re
import unicodedata
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

TOO_CLOSE = 0.95
"""X's developer guidelines (xdevplatform/docs at 2871328, 22 August 2026) forbid identical posts across accounts and welcome
local ones; the number between is ours."""

_COMPARED = 6
"""How many earlier texts that share a rare pair of words are compared with each text."""

_LINK = re.compile(r"https?://\S+")
_NO_WORD = re.compile(r"[^\w]+")


@dataclass(frozen=True)
class Near:
    """`other` is the position or key of the text that is nearest; `measure` 1.0 means the same words."""

    other: int
    measure: float

    @property
    def is_same(self) -> bool:
        return self.measure >= 1.0


def normalised(text: str) -> str:
    """The words alone: no case, accents, emoji, punctuation or scheme of a link."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    if not plain.isascii():
        plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    plain = _LINK.sub(lambda link: link[0].partition("://")[2], plain)
    return _NO_WORD.sub(" ", plain).strip()


def measure(one: str, other: str) -> float:
    """Dice's coefficient over pairs of neighbouring words, 0 to 1; 1.0 only where the words are the same."""
    return _measure(normalised(one), normalised(other))


def nearest(text: str, others: Mapping[int, str]) -> Near | None:
    """The one of `others` that is most alike, if any is too much alike; the same words win at once."""
    own, best = normalised(text), None
    for key, other in others.items():
        found = _measure(own, normalised(other))
        if found > TOO_CLOSE and (best is None or found > best.measure):
            best = Near(key, found)
            if best.is_same:
                return best
    return best


def siblings(texts: Sequence[str]) -> dict[int, Near]:
    """Which texts are too much like an earlier one, by position.

    Two texts that share more than 95 % of their word pairs must share one of their rarest few, so each is compared only
    with the last texts that hold one of its own rare pairs: the work grows with the number of texts, not with its square.
    """
    found: dict[int, Near] = {}
    first_with: dict[str, int] = {}
    words = [normalised(text) for text in texts]
    for place, own in enumerate(words):
        if (before := first_with.setdefault(own, place)) != place:
            found[place] = Near(before, 1.0)
    found |= _near(words, sorted(first_with.values()))
    return found


def _near(words: Sequence[str], unique: Sequence[int]) -> dict[int, Near]:
    found: dict[int, Near] = {}
    how_common: Counter[int] = Counter()
    for place in unique:
        how_common.update(_pairs(words[place]))
    holders: defaultdict[int, deque[int]] = defaultdict(lambda: deque(maxlen=_COMPARED))
    for place in unique:
        rare = _rarest(_pairs(words[place]), how_common)
        candidates = dict.fromkeys(other for pair in rare for other in holders[pair])
        best = max(
            (Near(other, _measure(words[place], words[other])) for other in candidates),
            key=lambda near: near.measure,
            default=None,
        )
        if best is not None and best.measure > TOO_CLOSE:
            found[place] = best
        for pair in rare:
            holders[pair].append(place)
    return found


def _rarest(pairs: frozenset[int], how_common: Counter[int]) -> list[int]:
    """As many as two texts may differ in, and one more."""
    count = int((1 - TOO_CLOSE) * 2 * len(pairs)) + 1
    return sorted(pairs, key=lambda pair: (how_common[pair], pair))[:count]


def _measure(one: str, other: str) -> float:
    if one == other:
        return 1.0
    ours, theirs = _pairs(one), _pairs(other)
    together = len(ours) + len(theirs)
    # The same pairs in another order are not the same words.
    return min(2 * len(ours & theirs) / together, 0.999) if together else 0.0


@lru_cache(maxsize=2048)
def _pairs(words: str) -> frozenset[int]:
    return frozenset(_hashes(words.split()))


def _hashes(words: Sequence[str]) -> Iterator[int]:
    if len(words) == 1:
        yield hash(words[0])
    for first, second in pairwise(words):
        yield hash((first, second))
