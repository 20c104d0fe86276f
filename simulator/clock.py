"""Knows which simulated time it is, from a setting such as `offset=86400;speed=60;since=1732000000`."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Clock:
    """now = since + offset + (real - since) * speed, in unix seconds."""

    offset: float = 0.0
    speed: float = 1.0
    since: float = 0.0

    def now(self) -> float:
        return self.since + self.offset + (time.time() - self.since) * self.speed

    def real_seconds(self, simulated: float) -> float:
        """How long one really waits for that many simulated seconds."""
        return simulated / self.speed if self.speed > 0 else simulated


def read_clock(setting: str) -> Clock:
    """Every part is optional; raises ValueError naming the part it cannot read."""
    values = {"offset": 0.0, "speed": 1.0, "since": time.time()}
    for part in filter(None, (piece.strip() for piece in setting.split(";"))):
        name, _, number = part.partition("=")
        if name.strip() not in values:
            raise ValueError(f"Pengaturan jam tidak dikenal: {part!r}. Yang dikenal: offset, speed, since.")
        try:
            values[name.strip()] = float(number)
        except ValueError as error:
            raise ValueError(f"Pengaturan jam {part!r} harus berupa angka, misalnya speed=60.") from error
    return Clock(**values)


def graph_time(moment: float) -> str:
    """Meta's spelling: 2024-11-27T00:00:00+0000."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def iso_time(moment: float) -> str:
    """X's spelling: 2024-11-27T00:00:00.000Z."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_time(text: str) -> float | None:
    """Unix seconds or ISO 8601 with an offset; None when it is neither (a naive time is read as UTC, as Meta does)."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
