"""The last question before a request that makes a post leaves: may this worker still send?

A send may wait long between its claim and that request (a picture is uploaded, a container is written down, a thread is free), and
a worker that has fallen silent meanwhile may have an heir, who looks for the post before sending it again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from app.platforms.contract import TryLater

_may_send: ContextVar[Callable[[], bool] | None] = ContextVar("may_send", default=None)


class Withheld(TryLater):
    """Certainly not sent: this worker may no longer send."""

    def __init__(self) -> None:
        super().__init__("Pekerja tidak dapat mencatat; diserahkan ke pekerja lain.", code="withheld")


@contextmanager
def guarded_by(may_send: Callable[[], bool]) -> Iterator[None]:
    """Inside, in this task and its children, a request that makes a post leaves only while `may_send` says so."""
    token = _may_send.set(may_send)
    try:
        yield
    finally:
        _may_send.reset(token)


def gate() -> Callable[[], None]:
    """A check for the moment itself, also in a thread, which inherits no context. It raises Withheld."""
    may_send = _may_send.get()

    def check() -> None:
        if may_send is not None and not may_send():
            raise Withheld

    return check
