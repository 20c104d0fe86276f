"""Structured logs on standard error, with every secret we can recognise taken out."""

import io
import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from types import TracebackType
from typing import Any, TextIO, cast

import structlog

_NAMES = (
    "access_token|appsecret_proof|client_secret|refresh_token|fb_exchange_token|code_verifier|password|passwd|secret|sandi|app_password|"
    "accessJwt|refreshJwt|api_key|token"
)
# API tokens, practice tokens, bearer and basic headers, named values in addresses and in JSON, one-time links, bots' tokens,
# user and password of an address (a database, a mail server), an authenticator's secret, hashes of passwords.
_SECRET = re.compile(
    r"(ktg_)[0-9A-Za-z_]+|(simr?_[a-z]+_)[\w.~-]+|((?:Bearer|Basic) )[^\s,\"']+"
    rf"|((?:{_NAMES})=|[?&]code=)[^&\s\"']+|([\"'](?:{_NAMES})[\"']:\s*[\"'])[^\"']+"
    r"|(/(?:masuk|umpan)/)[\w-]{16,}|(\bbot\d{5,}:)[\w-]{20,}|(\b\d{6,}:)[A-Za-z0-9_-]{30,}|(\b[a-z][a-z0-9+.-]*://)[^/\s\"']*:[^/\s\"']*(?=@)"
    r"|(\$argon2id\$)[^\s\"']+",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """`text` with whatever looks like a secret replaced by ***."""
    return _SECRET.sub(lambda match: next(group for group in match.groups() if group) + "***", text)


def _redact_event(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: _clean(value) for key, value in event.items()}


def _clean(value: Any) -> Any:
    """Also inside lists and mappings, and in what an unknown object says of itself."""
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return redact(value)
        case Mapping():
            return {key: _clean(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_clean(inner) for inner in value]
        case BaseException() | TracebackType():
            return value  # rendered with its traceback, and cleaned then
    return redact(str(value))


class _RedactingFormatter(logging.Formatter):
    """The whole line, traceback included: an error's own words may hold the address it failed on."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


class _Tolerant(io.TextIOBase):
    """The disk that is full may hold the log too: a line that cannot be written must not end the loop that it tells of."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str, /) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


def configure(*, level: str = "INFO", as_json: bool | None = None) -> None:
    """JSON lines where nobody watches, readable lines on a terminal."""
    # Plain tracebacks: a pretty one prints local variables, secrets among them, and takes seconds.
    renderer: Any = structlog.dev.ConsoleRenderer()
    if as_json if as_json is not None else not sys.stderr.isatty():
        renderer = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # As text before it is cleaned, whichever way it is shown.
            structlog.processors.format_exc_info,
            _redact_event,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _Tolerant(sys.stderr))),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(_Tolerant(sys.stderr))
    handler.setFormatter(_RedactingFormatter("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in (
        "httpx",
        "httpx2",
        "aiosqlite",
        "asyncio",
        "arq",
        "uvicorn.access",
        "uvicorn.error",
        "alembic",
        "PIL",
        "urllib3",
        "tweepy",
    ):
        logging.getLogger(chatty).setLevel("WARNING")


def logger(name: str) -> structlog.stdlib.BoundLogger:
    bound: structlog.stdlib.BoundLogger = structlog.get_logger(room=name)
    return bound
