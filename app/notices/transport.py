"""What every way out of the house has in common: a letter, and the two ways in which it can fail."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Protocol

from app.notices.rules import Way


@dataclass(frozen=True)
class Attached:
    name: str
    mime: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Letter:
    """Only mail carries `files`. `key` stays the same over retries, so that a mailbox can tell a repetition; `link`: a path of our pages."""

    to: str
    subject: str
    text: str
    key: str
    at: datetime
    files: tuple[Attached, ...] = ()
    link: str = ""


class GiveUp(Exception):
    """This address will never take it; the message is safe to show."""


class TryAgain(Exception):
    """Not now; the message is safe to show. `after`: as long as the other side asked us to wait."""

    def __init__(self, message: str, after: timedelta | None = None) -> None:
        super().__init__(message)
        self.after = after


class Transport(Protocol):
    """`send` raises GiveUp or TryAgain and nothing else. `together`: how many notices one message may carry."""

    way: ClassVar[Way]
    together: ClassVar[int]

    async def send(self, letter: Letter) -> None: ...
