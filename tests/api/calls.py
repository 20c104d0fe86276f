"""One row of the matrix of roles and routes, and what a row becomes where a door answers in its own way."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Call:
    """`made` names what must exist for the path's parameters, in their order; strings like `{unit}` in json and form stand for ids.

    `narrow`: what a token that may only read gets, where that is less than a viewer in person gets.
    """

    expected: str
    made: str = ""
    json: Mapping[str, Any] | None = None
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    narrow: str = ""


def created(row: str) -> str:
    return row.replace("200", "201")


def gone(row: str) -> str:
    return row.replace("200", "204")


def page(row: str) -> str:
    """Nobody is sent to the way in."""
    return row.replace("401", "303")


def done(row: str) -> str:
    """A form that worked leads on to a page."""
    return row.replace("200", "303").replace("401", "303")
