"""Structured logs on standard error, with every secret we can recognise taken out."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

# API tokens, practice tokens, bearer headers, query parameters and one-time links.
_SECRET = re.compile(
    r"(ktg_)[0-9A-Za-z_]+|(simr?_[a-z]+_)[\w.~-]+|(Bearer )\S+|((?:access_token|appsecret_proof|client_secret|refresh_token|fb_exchange_token|code_verifier|password)=|[?&]code=)[^&\s\"']+|(/masuk/)[\w-]{16,}"
)


def redact(text: str) -> str:
    """`text` with whatever looks like a secret replaced by ***."""
    return _SECRET.sub(lambda match: next(group for group in match.groups() if group) + "***", text)


def _redact_event(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: redact(value) if isinstance(value, str) else value for key, value in event.items()}


class _RedactFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), None
        return True


def configure(*, level: str = "INFO", as_json: bool | None = None) -> None:
    """JSON lines where nobody watches, readable lines on a terminal."""
    # Plain tracebacks: a pretty one prints local variables, secrets among them, and takes seconds.
    renderer: list[Any] = [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    if as_json if as_json is not None else not sys.stderr.isatty():
        renderer = [structlog.processors.format_exc_info, _redact_event, structlog.processors.JSONRenderer()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _redact_event,
            *renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_RedactFilter())
    logging.basicConfig(level=level, handlers=[handler], format="%(levelname)s %(name)s %(message)s", force=True)
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
