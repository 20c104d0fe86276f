"""Knows how the numbers of a post grow with its age, the same for every reader of the same post."""

import hashlib
import math
import random
from dataclasses import dataclass
from functools import lru_cache

# A kelurahan's account: tens to some hundreds of views (median), by platform.
_MEDIAN_VIEWS = {
    "facebook": 140.0, "instagram": 110.0, "x": 60.0, "threads": 70.0, "telegram": 180.0, "bluesky": 40.0,
    "mastodon": 40.0, "tiktok": 260.0, "youtube": 45.0,
}  # fmt: skip
_SPREAD = 0.7
_TIME_CONSTANT_S = 8 * 3600.0
_FIRST_COUNT_S = 10.0


@dataclass(frozen=True, slots=True)
class Counts:
    views: int
    reach: int
    likes: int
    loves: int
    comments: int
    shares: int
    saves: int
    clicks: int
    profile_visits: int

    @property
    def reactions(self) -> int:
        return self.likes + self.loves

    @property
    def interactions(self) -> int:
        return self.reactions + self.comments + self.shares + self.saves


@lru_cache(maxsize=4096)
def _nature(platform: str, seed: str) -> tuple[float, tuple[tuple[float, float], ...]]:
    """Final views, and for every other number its share of the views and a rounding phase."""
    dice = random.Random(hashlib.sha256(f"{platform}/{seed}".encode()).digest())
    final = _MEDIAN_VIEWS.get(platform, 100.0) * math.exp(dice.gauss(0.0, _SPREAD))
    spans = ((0.72, 0.92), (0.02, 0.07), (0.002, 0.012), (0.001, 0.009), (0.002, 0.012), (0.001, 0.008), (0.005, 0.03))
    shares = [(dice.uniform(low, high), dice.random() * 0.9) for low, high in spans]
    shares.append((dice.uniform(0.004, 0.02), dice.random() * 0.9))
    return final, tuple(shares)


def counts_at(platform: str, seed: str, age: float, *, fallen: float = 0.0) -> Counts:
    """Numbers at that age in seconds; `fallen` is the share a spam clean-up took away (0..1)."""
    if age < _FIRST_COUNT_S:
        return Counts(0, 0, 0, 0, 0, 0, 0, 0, 0)
    final, shares = _nature(platform, seed)
    # A stretched exponential: quick first hours, a long tail; 2 % after 10 s so that a training shows something.
    grown = final * (1.0 - math.exp(-math.sqrt(age / _TIME_CONSTANT_S))) * (1.0 - fallen)
    views = max(1, int(grown))
    reach, *rest = (min(views, int(views * share + phase)) for share, phase in shares)
    return Counts(views, max(1, reach), *rest)


def followers_at(platform: str, seed: str, age: float) -> int:
    """A base of some hundreds that grows by about one every other day."""
    dice = random.Random(hashlib.sha256(f"{platform}/followers/{seed}".encode()).digest())
    return int(dice.uniform(150, 2400) + max(0.0, age) / 86400 * dice.uniform(0.2, 1.5))
