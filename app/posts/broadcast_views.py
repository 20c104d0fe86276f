"""What is asked of a broadcast, and what is told of one."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from app.content.price import NOTHING, Price
from app.posts.correcting import Corrected
from app.posts.planning import Plan
from app.posts.postering import PosterWish
from app.posts.rules import Timing
from app.publishing.service import TakenDown


@dataclass(frozen=True)
class BroadcastInput:
    """Who says what, where and when. `environment` None: live where any chosen unit has a real account, by itself or by hand; else practice.

    `corrects`: a stage; exactly the channels that told its former days are chosen, whatever else is asked for; `in_place`: what
    they said is edited there, where that can be done.
    """

    template_id: int
    kinds: Sequence[str]
    under: int | None
    unit_ids: Sequence[int] | None
    platforms: Sequence[str]
    timing: Timing
    lang: str = "id"
    mode: str = "mandatory"
    stagger_minutes: int = 0
    media: Sequence[int] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    tahapan: str | None = None
    environment: str | None = None
    deadline: datetime | None = None
    valid_until: datetime | None = None
    corrects: int | None = None
    in_place: bool = True
    urgent: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    poster: PosterWish | None = None


@dataclass(frozen=True)
class UnitProblem:
    """`field`: what stands in the way, such as `variables.alamat`, `channels`, `text`; empty where nothing of the unit does."""

    unit_id: int
    unit_name: str
    reason: str
    field: str = ""


@dataclass(frozen=True)
class Sample:
    """How one unit's text would read, for looking before sending."""

    unit_id: int
    unit_name: str
    platform: str
    text: str
    length: int
    limit: int
    due_at: datetime | None


@dataclass(frozen=True)
class BroadcastView:
    """`id` None: only looked at. Counts are final; `by_state` counts deliveries as they stand.

    `hindered`: when only looked at, how many problems there are of each kind (`UnitProblem.field`); `problems` names the first of them.
    `corrected`: of a correction that is looked at, how each channel is put right.
    `answers`: what units have said to a suggestion. `price`: what its live deliveries would cost where a platform bills by the post; told before sending alone.
    """

    id: int | None
    template_id: int
    title: str
    mode: str
    environment: str
    units: int
    posts: int
    deliveries: int
    in_review: int
    by_state: Mapping[str, int]
    problems: Sequence[UnitProblem]
    samples: Sequence[Sample] = ()
    deadline: datetime | None = None
    created_at: datetime | None = None
    cancelled_at: datetime | None = None
    price: Price = NOTHING
    withdrawal: TakenDown | None = None
    corrects: int | None = None
    corrected: Sequence[Corrected] = ()
    answers: Mapping[str, int] = field(default_factory=dict)
    created_by: int | None = None
    approved_by: int | None = None
    approved_at: datetime | None = None
    hindered: Mapping[str, int] = field(default_factory=dict)


def problem_json(problem: UnitProblem) -> dict[str, Any]:
    return {
        "unit_id": problem.unit_id,
        "unit_name": problem.unit_name,
        "reason": problem.reason,
        "field": problem.field,
    }


def request_json(wanted: BroadcastInput) -> dict[str, Any]:
    return {
        "kinds": list(wanted.kinds),
        "under": wanted.under,
        "unit_ids": list(wanted.unit_ids) if wanted.unit_ids else None,
        "platforms": list(wanted.platforms),
        "lang": wanted.lang,
        "timing": wanted.timing.as_json(),
        "stagger_minutes": wanted.stagger_minutes,
        "variables": dict(wanted.variables),
        "tahapan": wanted.tahapan,
        "media": list(wanted.media),
        "poster": asdict(wanted.poster) if wanted.poster else None,
        "urgent": wanted.urgent,
        "options": dict(wanted.options),
    }


def samples_of(plan: Plan) -> list[Sample]:
    speaker = plan.speaker
    return [
        Sample(speaker.unit_id, speaker.name, v.platform, v.text, v.length, v.limit, plan.due_at) for v in plan.variants
    ]
