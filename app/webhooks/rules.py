"""What is told, how it is signed (Standard Webhooks 1.0), and when it is tried again."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from app.kit.errors import BadInput, Problem

PREFIX = "whsec_"
# The specification's own example schedule (standard-webhooks/spec, read November 2026).
WAITS = tuple(
    timedelta(seconds=each) for each in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
)  # fmt: skip


class HookEvent(StrEnum):
    PUBLISHED = "delivery.published"
    FAILED = "delivery.failed"
    UNSURE = "delivery.unsure"
    METRICS = "delivery.metrics"


class HookState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


def read_events(names: Iterable[str]) -> list[str]:
    """At least one of HookEvent, each once; raises BadInput."""
    found: list[str] = [event.value for event in HookEvent if event.value in set(names)]
    unknown = set(names) - set(found)
    if unknown or not found:
        choices = ", ".join(HookEvent)
        raise BadInput("Pilih paling sedikit satu peristiwa.", Problem("events", f"pilih dari: {choices}"))
    return found


def body_of(kind: str, at: datetime, data: Mapping[str, Any]) -> bytes:
    """The exact bytes that are signed and sent."""
    said = {"type": kind, "timestamp": at.isoformat(), "data": data}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def headers_of(secret: str, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """`secret` is `whsec_` and base64; the signature covers id, moment and body."""
    stamp = str(int(at.timestamp()))
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = hmac.digest(key, f"{message_id}.{stamp}.".encode() + body, hashlib.sha256)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
        "content-type": "application/json",
        "user-agent": "Kentongan-Webhook/1",
    }


def next_try(attempts: int) -> timedelta | None:
    """How long to wait after so many tries; None: give up, a little over three days after the first."""
    return WAITS[attempts - 1] if attempts <= len(WAITS) else None
