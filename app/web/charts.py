"""Where the bars of a chart stand: from zero, drawn by the server, with the table that holds their numbers beside them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.engagement.rules import Row

MOST, HEIGHT, WIDTH = 20, 26, 220


@dataclass(frozen=True)
class Bar:
    """`width` in the chart's own pixels; None: there is no number to draw."""

    label: str
    value: str
    width: float | None
    top: int


def bars(rows: Sequence[Row], measure: str, say: Callable[[int], str], *, is_sorted: bool = True) -> list[Bar]:
    """From zero; the largest fills the width and stands first, what is unknown last."""
    shown = sorted(rows, key=lambda row: -(getattr(row, measure) or 0)) if is_sorted else list(rows)
    largest = max((getattr(row, measure) or 0 for row in shown[:MOST]), default=0)
    found = []
    for place, row in enumerate(shown[:MOST]):
        value = getattr(row, measure)
        width = None if value is None else round(WIDTH * value / largest, 1) if largest else 0.0
        found.append(Bar(row.label, "tidak tersedia" if value is None else say(value), width, place * HEIGHT))
    return found


TALL, STEP, BASE = 120, 18, 140


@dataclass(frozen=True)
class Column:
    """One day of a chart of columns; `height` None: there is no number. `label` is empty where it would crowd its neighbours."""

    left: int
    top: float
    height: float | None
    label: str


def columns(labels: Sequence[str], values: Sequence[int | None]) -> list[Column]:
    """From zero, the largest as tall as the chart; what fell below zero is drawn as nothing and stands in the table."""
    largest = max((value or 0 for value in values), default=0)
    every = max(1, len(labels) // 6)
    found = []
    for place, (label, value) in enumerate(zip(labels, values, strict=True)):
        height = None if value is None else round(TALL * max(value, 0) / largest, 1) if largest else 0.0
        shown = label if place % every == 0 else ""
        found.append(Column(place * STEP, round(BASE - 16 - (height or 0), 1), height, shown))
    return found
