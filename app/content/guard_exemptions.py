"""Which findings a reviewer let pass for one post: the same rule on the same words, and no other."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.content.guard_types import Finding

KEPT_AS = "guard_exemptions"
"""The name under which a post keeps them in its content."""


@dataclass(frozen=True)
class Exemption:
    """`quote` are the words the finding was about: once they are changed, the exemption is void."""

    rule: str
    quote: str
    reason: str
    by: int
    at: datetime

    def as_json(self) -> dict[str, object]:
        return {
            "rule": self.rule,
            "quote": self.quote,
            "reason": self.reason,
            "by": self.by,
            "at": self.at.isoformat(),
        }


def let_pass(findings: Iterable[Finding], text: str, exempt: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """The same findings, those that were let pass marked with the reason."""
    reasons = {(one["rule"], one["quote"]): str(one["reason"]) for one in exempt}
    return [replace(found, exempt=reasons.get((found.rule, text[slice(*found.span)]), "")) for found in findings]
