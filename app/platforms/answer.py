"""What came back over the wire, and what it means when nothing readable did."""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from app.platforms.contract import NeedsReconnect, PublishError, Refused, TryLater, Unsure

_QUOTE_LIMIT = 200
# Tokens are long runs without spaces; a platform may echo one inside its own error sentence.
_SECRET_LIKE = re.compile(r"[A-Za-z0-9_\-|.~+=]{32,}")

SOON = timedelta(seconds=30)


@dataclass(frozen=True)
class Answer:
    """One HTTP answer as bytes; header names are lower case. `json` is None where the body is no JSON object."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @cached_property
    def json(self) -> dict[str, Any] | None:
        try:
            value = json.loads(self.body)
        except ValueError:
            return None
        return value if isinstance(value, dict) else None

    @property
    def items(self) -> list[dict[str, Any]]:
        """The objects of a `data` list; empty where there is none."""
        data = (self.json or {}).get("data")
        return [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []


def find_at(value: object, *path: str) -> Any:
    """Walks into nested objects; None as soon as a step is missing."""
    for step in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value


def find_number(value: object) -> int | None:
    """A count as the platforms send it; None for anything that is not a whole number (a bool is none)."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def find_id(value: object) -> str:
    """Ids are strings, at times numbers; the empty string where there is none."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def read_time(value: object) -> datetime | None:
    """ISO 8601 as X (`...Z`) and Meta (`...+0000`) write it."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def quote(text: object) -> str:
    """The platform's own words for a person: short, on one line, without anything that could be a token."""
    words = " ".join(_SECRET_LIKE.sub("…", str(text or "")).split())
    return words if len(words) <= _QUOTE_LIMIT else words[: _QUOTE_LIMIT - 1] + "…"


def same_words(text: str) -> str:
    """Brings a text and its read-back to one form: platforms trim, re-wrap and re-compose what they store."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def chunked(ids: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def endless(title: str) -> TryLater:
    """A look that gave up before the end has not shown that a post is absent."""
    return TryLater(
        f"Daftar kiriman {title} terlalu panjang untuk dicek; akan dicoba lagi.", after=SOON, code="endless"
    )


def not_removed(title: str, error: PublishError) -> PublishError:
    """What a deletion that failed has to say. Who may post but not delete need not reconnect: a person deletes."""
    if isinstance(error, TryLater) or (isinstance(error, NeedsReconnect) and error.http_status != 403):
        return error
    sentence = f"{title} tidak menghapus unggahan ini ({error.message.rstrip('.')}). Hapus sendiri di akunnya."
    return Refused(sentence, code=error.code, http_status=error.http_status)


def unanswered(title: str, *, sent: bool, create: bool) -> PublishError:
    """No answer at all. Only a create whose bytes may have left is in doubt."""
    if sent and create:
        return Unsure(f"Jawaban {title} tidak sampai; kiriman akan dicek dulu di {title}.", code="no_answer")
    return TryLater(f"{title} tidak dapat dihubungi; akan dicoba lagi.", after=SOON, code="unreachable")


def unreadable(title: str, answer: Answer, *, create: bool) -> PublishError:
    """5xx, HTML, an empty or a cut body: on a create it may be out there."""
    status = answer.status
    if create:
        return Unsure(
            f"Jawaban {title} tidak terbaca ({status}); kiriman akan dicek dulu di {title}.",
            code="unreadable",
            http_status=status,
        )
    return TryLater(
        f"{title} sedang terganggu ({status}); akan dicoba lagi.", after=SOON, code="unreadable", http_status=status
    )
