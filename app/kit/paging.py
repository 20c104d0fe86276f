"""Keyset cursors: a page continues after the last row seen, so it stays right while rows come and go."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from app.kit.errors import BadInput, Problem

Row = TypeVar("Row", covariant=True)
Key = list[str | int | None]

DEFAULT_LIMIT = 50
MAX_LIMIT = 200


@dataclass(frozen=True)
class Page(Generic[Row]):
    """`next` is opaque to the caller; None on the last page."""

    rows: Sequence[Row]
    next: str | None


def encode(key: Key) -> str:
    return base64.urlsafe_b64encode(json.dumps(key, separators=(",", ":")).encode()).decode().rstrip("=")


def decode(cursor: str, *, length: int = 1) -> Key:
    """The key inside a cursor of `length` parts; raises BadInput for anything we did not make."""
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        key = None
    if (
        not isinstance(key, list)
        or len(key) != length
        or any(isinstance(part, dict | list | float | bool) for part in key)
    ):
        raise BadInput(
            "Penanda halaman tidak dikenal. Mulai lagi dari halaman pertama.", Problem("cursor", "tidak dikenal")
        )
    return key


def cut(rows: Sequence[Row], limit: int, key: Callable[[Row], Key]) -> Page[Row]:
    """A page of `limit` from a query that asked for one row more."""
    shown = rows[:limit]
    return Page(shown, encode(key(shown[-1])) if len(rows) > limit else None)
