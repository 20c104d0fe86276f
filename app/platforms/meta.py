"""The error language that Meta's Graph API speaks on every product: code, subcode, and whom each one stops.

Sources: Graph API "Handling errors" and Instagram Platform "Error codes" (developers.facebook.com, read November 2026);
codes marked (*) come from several independent third-party error tables only.
"""

import json
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from app.platforms.answer import SOON, Answer, find_at, find_id, find_number, not_removed, quote, read_time, unreadable
from app.platforms.contract import NeedsReconnect, PublishError, RecentPost, Refused, Scope, TryLater, Unsure

TOKEN_DEAD = {102, 104, 190, 490, 2500}
APP_THROTTLED = {4}
THROTTLED = {17, 32, 341, 613} | set(range(80000, 80020))
# Blocked for a while by Meta itself: only a person can find out why. 1404078 (*): page publishing authorisation.
ACCOUNT_BLOCKED = {368, 1404078}
POSTING_TOO_FAST = {1390008}  # (*)
DUPLICATE = {506}
TRANSIENT = {1, 2}
GONE_SUBCODE = 33

_THROTTLE_GUESS = timedelta(minutes=15)
_PERMISSION = re.compile(r"\b(?:pages|instagram|ads|publish|business)_[a-z_]+\b|\bread_insights\b")
_NOT_PERMISSIONS = {"pages_public_content_access", "business_use_case"}

_TOKEN_REASONS = {
    458: "izin aplikasi sudah dicabut",
    459: "akun diminta verifikasi; masuk dulu lewat aplikasinya",
    460: "kata sandi akun sudah diganti",
    463: "masa berlaku sambungan sudah habis",
    464: "akun belum dikonfirmasi",
    467: "sambungan sudah tidak berlaku",
}


@dataclass(frozen=True)
class GraphError:
    code: int
    subcode: int
    message: str
    transient: bool

    @property
    def codes(self) -> set[int]:
        return {self.code, self.subcode}

    @property
    def label(self) -> str:
        return f"{self.code}/{self.subcode}" if self.subcode else str(self.code)

    @property
    def is_gone(self) -> bool:
        """The object was deleted, or never was ours to see."""
        return self.code == 100 and (self.subcode == GONE_SUBCODE or "does not exist" in self.message)

    @property
    def is_bad_parameter(self) -> bool:
        return self.code == 100 and not self.is_gone

    @property
    def is_permission(self) -> bool:
        return self.code in (3, 10) or 200 <= self.code <= 299


def find_error(answer: Answer) -> GraphError | None:
    error = find_at(answer.json, "error")
    if not isinstance(error, dict):
        return None
    return GraphError(
        code=find_number(error.get("code")) or 0,
        subcode=find_number(error.get("error_subcode")) or 0,
        message=str(error.get("error_user_msg") or error.get("message") or ""),
        transient=error.get("is_transient") is True,
    )


def failure(answer: Answer, *, title: str, create: bool, needs: str) -> PublishError:
    """What to do about an answer that is no success; `needs` is the permission to name where Meta names none."""
    error = find_error(answer)
    if error is None:
        return _without_error(answer, title=title, create=create)
    status = answer.status
    if error.code in TOKEN_DEAD:
        reason = _TOKEN_REASONS.get(error.subcode, "sambungan sudah tidak berlaku")
        return NeedsReconnect(f"Hubungkan ulang {title}: {reason}.", code=error.label, http_status=status)
    if error.codes & ACCOUNT_BLOCKED:
        sentence = f"{title} membatasi akun ini; buka aplikasi {title}, ikuti petunjuknya, lalu hubungkan ulang."
        return NeedsReconnect(sentence, code=error.label, http_status=status)
    if error.is_permission or (create and error.is_gone):
        return _no_permission(error, title=title, needs=needs, status=status)
    if error.codes & (APP_THROTTLED | THROTTLED | POSTING_TOO_FAST):
        return _throttled(error, answer, title=title)
    if error.codes & DUPLICATE:
        sentence = f"{title} menganggap tulisan ini sudah pernah terbit; akan dicek dulu."
        return Unsure(sentence, code="duplicate", http_status=status)
    if error.code in TRANSIENT or error.transient or status >= 500:
        return unreadable(title, answer, create=create)
    return Refused(f"Kiriman ditolak {title}: {quote(error.message)}", code=error.label, http_status=status)


def _without_error(answer: Answer, *, title: str, create: bool) -> PublishError:
    if answer.status == 429:
        return TryLater(
            f"{title} sedang membatasi kiriman; akan dicoba lagi.",
            after=find_wait(answer) or _THROTTLE_GUESS,
            code="429",
            http_status=429,
        )
    return unreadable(title, answer, create=create)


def _no_permission(error: GraphError, *, title: str, needs: str, status: int) -> NeedsReconnect:
    named = sorted(set(_PERMISSION.findall(error.message)) - _NOT_PERMISSIONS) or [needs]
    sentence = f"Izin {title} kurang: hubungkan ulang dan setujui {', '.join(named)}."
    return NeedsReconnect(sentence, code=error.label, http_status=status)


def _throttled(error: GraphError, answer: Answer, *, title: str) -> TryLater:
    whole_app = bool(error.codes & APP_THROTTLED)
    whose = f"semua akun {title} kita" if whole_app else f"akun {title} ini"
    return TryLater(
        f"{title} sedang membatasi {whose}; akan dilanjutkan otomatis.",
        after=find_wait(answer) or _THROTTLE_GUESS,
        scope=Scope.APP if whole_app else Scope.CHANNEL,
        code=error.label,
        http_status=answer.status,
    )


def is_removed(answer: Answer, failed: Callable[[], PublishError], *, title: str) -> bool:
    """True where it is gone by this call, False where Graph does not know it (any more); raises everything else."""
    error = find_error(answer)
    if answer.ok and error is None and find_at(answer.json, "success") is True:
        return True
    if error and error.is_gone:
        return False
    problem = failed()
    raise not_removed(title, Refused(problem.message, code=problem.code) if error and error.is_permission else problem)


def check_gone(answer: Answer, *, title: str) -> None:
    """Raises where this read still shows the object, or could not tell."""
    error = find_error(answer)
    if error and error.is_gone:
        return
    if answer.ok and error is None and answer.json is not None:
        still = Refused("platform menyebutnya tidak ada, padahal masih terbaca", code="still_there")
        raise not_removed(title, still)
    raise TryLater(f"{title} belum dapat memastikan; akan dicoba lagi.", after=SOON, code="unreadable")


def find_wait(answer: Answer) -> timedelta | None:
    """The longest wait Meta names: minutes in the business header, seconds in Retry-After; there is no reset time."""
    minutes = [
        find_number(use.get("estimated_time_to_regain_access")) or 0
        for use in _business_uses(answer.headers.get("x-business-use-case-usage", ""))
    ]
    if any(minutes):
        return timedelta(minutes=max(minutes))
    retry_after = answer.headers.get("retry-after", "")
    return timedelta(seconds=int(retry_after)) if retry_after.isdecimal() else None


def _business_uses(header: str) -> Iterable[dict[str, object]]:
    try:
        value = json.loads(header)
    except ValueError:
        return []
    lists = value.values() if isinstance(value, dict) else []
    return [use for uses in lists if isinstance(uses, list) for use in uses if isinstance(use, dict)]


def find_insights(answer: Answer) -> dict[str, object]:
    """Metric name to its value; a metric without data yet is left out, as Meta sends an empty list for it."""
    found: dict[str, object] = {}
    for item in answer.items:
        values = item.get("values")
        last = values[-1] if isinstance(values, list) and values else item.get("total_value")
        value = find_at(last, "value")
        if value is not None:
            found[str(item.get("name"))] = value
    return found


async def gather_insights(
    ask: Callable[[str], Awaitable[Answer]], metrics: Sequence[str], failure_of: Callable[..., PublishError]
) -> dict[str, object]:
    """Asks for all metrics at once, and one by one where a single dead one fails the call: the others are not lost."""
    answer = await ask(",".join(metrics))
    error = find_error(answer)
    if answer.ok and answer.json is not None and error is None:
        return find_insights(answer)
    if error and error.is_bad_parameter and len(metrics) > 1:
        found: dict[str, object] = {}
        for metric in metrics:
            found |= await gather_insights(ask, (metric,), failure_of)
        return found
    if error and (error.code == 100 or error.is_permission):
        return {}
    raise failure_of(answer, create=False)


def read_recent(answer: Answer, *, words: str, time: str, url: str) -> list[RecentPost]:
    """One page of an account's own posts; the three are what the product calls text, moment and address."""
    return [
        RecentPost(
            find_id(item.get("id")),
            str(item.get(words) or ""),
            str(item[url]) if item.get(url) else None,
            read_time(item.get(time)),
        )
        for item in answer.items
        if find_id(item.get("id"))
    ]


def find_next(answer: Answer) -> str:
    """The cursor of the next page; empty on the last one."""
    if not find_at(answer.json, "paging", "next"):
        return ""
    return str(find_at(answer.json, "paging", "cursors", "after") or "")
