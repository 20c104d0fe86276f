"""The one place that asks the machine for the time; a setting can move it and speed it up outside production."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True)
class Clock:
    """now = since + offset + (real - since) * speed.

    `offset` is in seconds, `speed` a factor, `since` unix seconds. Every process of one installation is given the same
    three numbers, so app, workers and simulator agree. Waits on business (a look-back, a stage) run on this clock;
    waits on machines (heartbeats, HTTP time-outs) stay real: turn them into this clock's span with `span`.
    """

    offset: float = 0.0
    speed: float = 1.0
    since: float = 0.0

    @classmethod
    def parse(cls, text: str) -> "Clock":
        """From `offset=<seconds>;speed=<factor>;since=<unix seconds>`, any part optional; raises ValueError."""
        parts = dict(part.split("=", 1) for part in text.replace(" ", "").split(";") if part)
        unknown = set(parts) - {"offset", "speed", "since"}
        if unknown:
            raise ValueError(f"unknown clock part: {', '.join(sorted(unknown))}")
        clock = cls(**{name: float(value) for name, value in parts.items()})
        if clock.speed <= 0:
            raise ValueError("clock speed must be above 0")
        if clock.speed != 1 and not clock.since:
            raise ValueError("a clock with a speed needs since=, or every process would live in another time")
        return clock

    def __str__(self) -> str:
        return f"offset={self.offset:g};speed={self.speed:g};since={self.since:.3f}"

    def now(self) -> datetime:
        real = time.time()
        return datetime.fromtimestamp(self.since + self.offset + (real - self.since) * self.speed, UTC)

    @staticmethod
    def aware(moment: datetime) -> datetime:
        """A moment that was typed without its zone is UTC."""
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def span(self, real_seconds: float) -> timedelta:
        """How far this clock moves in so many real seconds."""
        return timedelta(seconds=real_seconds * self.speed)

    def wait(self, span: timedelta) -> float:
        """How many real seconds pass until this clock has moved by `span`; never below 0."""
        return max(0.0, span.total_seconds() / self.speed)
