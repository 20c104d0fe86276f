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
