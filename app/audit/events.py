"""What a lower room may have to tell the rooms above it: the words, without a database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class EventKind(StrEnum):
    DELIVERY_STOPPED = "delivery.stopped"
    DELIVERY_MISSED = "delivery.missed"
    DELIVERY_UNSURE = "delivery.unsure"  # and only a person can find out
    DELIVERY_TAKE_DOWN = "delivery.take_down"  # it is out, is not to be, and only a person can delete it
    CHANNEL_BROKEN = "channel.needs_reconnect"
    CHANNEL_HACKED = "channel.hacked"  # somebody else speaks there; to all who stand above
    CHANNEL_EXPIRING = "channel.expiring"  # soon only a person can help
    PLATFORM_OUTAGE = "platform.outage"  # of everybody's accounts on it; once, to whoever leads
    POST_IN_REVIEW = "post.in_review"
    POST_APPROVED = "post.approved"
    POST_REJECTED = "post.rejected"
    POST_SUGGESTED = "post.suggested"
    POST_REMINDED = "post.reminded"  # still waits for the same reviewers
    POST_ESCALATED = "post.escalated"  # others are asked instead
    POST_LAPSED = "post.lapsed"  # nobody approved it in time
    POST_REMARKED = "post.remarked"
    POST_HELD = "post.held"
    CHAIN_HEAD = "audit.head"  # where the audit chain stood at the end of a day
    COMPLAINT_NEAR = "complaint.near"  # what is to be down by a deadline is not yet
    COMPLAINT_LATE = "complaint.late"  # and the deadline has passed
    OUTSIDE_BLOCKED = "outside.blocked"  # an account shows what the guard would not have let out
    TASK_DUE = "task.due"  # the minute of a hand-off has come, or a platform holds a draft
    TASK_RECALLED = "task.recalled"  # a hand-off that was open says something else now


@dataclass(frozen=True)
class Event:
    """`subject` such as `delivery:12`; `detail` holds plain JSON values and no secret."""

    kind: EventKind
    subject: str
    unit_id: int
    detail: Mapping[str, Any] = field(default_factory=dict)
