"""The refusals a person can act on; doors turn each into a status and a sentence."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and where: `field` is a path in the caller's input such as `timing.at`."""

    field: str
    message: str


class AppError(Exception):
    """A refusal with a sentence in Bahasa Indonesia that a committee member can act on.

    AppError
    ├── BadInput 422       the input is malformed; `problems` name each field
    ├── NotFound 404       it is not there, or not for you
    ├── Forbidden 403      your role does not allow it
    ├── Unauthenticated 401
    ├── Conflict 409       it is not in a state that allows this
    ├── Stale 412          somebody changed it since you read it
    ├── NeedsVersion 428   say which version you read (If-Match)
    ├── TooLarge 413, WrongType 415
    └── Unavailable 503    try again later
    """

    status = 400
    kind = "bad-request"

    def __init__(self, message: str, *problems: Problem) -> None:
        super().__init__(message)
        self.message = message
        self.problems = problems


class BadInput(AppError):
    status, kind = 422, "bad-input"


class NotFound(AppError):
    status, kind = 404, "not-found"


class Forbidden(AppError):
    status, kind = 403, "forbidden"


class Unauthenticated(AppError):
    status, kind = 401, "unauthenticated"


class Conflict(AppError):
    status, kind = 409, "conflict"


class Stale(AppError):
    status, kind = 412, "stale"


class NeedsVersion(AppError):
    status, kind = 428, "version-needed"


class TooLarge(AppError):
    status, kind = 413, "too-large"


class WrongType(AppError):
    status, kind = 415, "wrong-type"


class Unavailable(AppError):
    status, kind = 503, "unavailable"
