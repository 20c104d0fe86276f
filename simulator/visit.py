"""Knows the way of every call: whose token, whose limits, and which fault strikes before or after the ledger."""

import math
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Any

import anyio
from starlette.requests import Request
from starlette.responses import Response

from simulator.accounts import Account
from simulator.clock import Clock
from simulator.faults import ANY, Fault, Faults, penalty_bucket
from simulator.ledger import Ledger, Post
from simulator.news import Newsroom
from simulator.oauth import may_speak
from simulator.wire import HangUp, Incoming, Refusal, html_error, read_incoming, truncate

READ_LAG_S = 5.0


@dataclass(frozen=True, slots=True)
class World:
    """What every call of this simulator shares."""

    ledger: Ledger
    clock: Clock
    faults: Faults
    media_hosts: Collection[str]
    news: Newsroom


@dataclass(slots=True)
class Visit:
    """One call: the account that makes it, what it brings, and the headers its answer will wear."""

    world: World
    platform: "Platform"
    request: Request
    incoming: Incoming
    account: Account
    operation: str
    now: float
    faults: list[Fault]
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def ledger(self) -> Ledger:
        return self.world.ledger

    @property
    def home(self) -> str:
        """The simulator's own address with a slash, also under a mount (Starlette's `base_url` names the outer app)."""
        url = self.request.url
        return f"{url.scheme}://{url.netloc}{self.request.scope.get('root_path', '')}/"

    def path(self, name: str) -> str:
        return str(self.request.path_params[name])

    def has(self, kind: str) -> bool:
        """Whether such a fault is set, without spending it."""
        return any(fault.kind == kind for fault in self.faults)

    def struck(self, kind: str, *, operation: str = "") -> Fault | None:
        """The fault of that kind that strikes this call now; spends one of its count."""
        for fault in self.faults:
            fits = fault.operation in (ANY, operation or self.operation)
            if fault.kind == kind and fits and self.world.faults.strikes(fault):
                return fault
        return None

    def wishes(self, *names: str) -> dict[str, Any]:
        """What of these parameters came with the call: a test sees in the ledger what an author chose."""
        return {name: value for name in names if (value := self.incoming.params.get(name)) not in (None, "")}

    def visible_at(self) -> float:
        """When a post made now can be read back (shape from spec: reads are eventually consistent)."""
        lag = self.struck("read_lag")
        return self.now + (lag.number("seconds", READ_LAG_S) if lag else READ_LAG_S)

    def find_visible(self, remote_id: str) -> Post | None:
        """A post as the platform's reads know it now; a `post_deleted` fault may take it away just before."""
        post = self.ledger.find_post(self.platform.name, remote_id)
        if post is None or post.deleted_at is not None or post.visible_at > self.now:
            return None
        if post.account == self.account.handle and self.loses(post):
            return None
        return post

    def loses(self, post: Post) -> bool:
        if not self.has("post_deleted") or self.struck("post_deleted") is None:
            return False
        return self.ledger.delete_post(post.platform, post.remote_id, self.now)

    def list_visible(self, account_id: str, *, since: float, until: float) -> list[Post]:
        posts = self.ledger.list_posts(self.platform.name, account_id, seen_at=self.now, since=since, until=until)
        return [post for post in posts if not self.loses(post)] if self.has("post_deleted") else posts

    def fallen(self) -> float:
        """The share a spam clean-up takes from every number (0..1)."""
        fault = self.struck("metrics_fall")
        return min(1.0, fault.number("percent", 20.0) / 100) if fault else 0.0


Handler = Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Call:
    """One endpoint; `operation` names it to the faults and limits, a function where the parameters decide."""

    method: str
    path: str
    operation: str | Callable[[Incoming], str]
    handler: Handler

    def operation_of(self, incoming: Incoming) -> str:
        return self.operation if isinstance(self.operation, str) else self.operation(incoming)


@dataclass(frozen=True, slots=True)
class Platform:
    """All a platform brings: its calls, and its own words for the refusals that every platform knows."""

    name: str
    title: str
    calls: tuple[Call, ...]
    identify: Callable[[Request, Incoming], Account]
    pace: Callable[[Visit], None]
    token_dead: Callable[[Visit], Response]
    rate_limited: Callable[[Visit, Fault, float], Response]
    credits_depleted: Callable[[Visit], Response] | None = None
    malformed: Callable[[], Response] | None = None
    admit: Callable[[Visit], None] | None = None
    """Judges what `identify` cannot: whatever needs the clock or the ledger. Raises Refusal."""


async def open_visit(world: World, platform: Platform, call: Call, request: Request) -> Visit:
    """Raises Refusal when the token is not one of ours."""
    incoming = await read_incoming(request)
    account = platform.identify(request, incoming)
    now = world.clock.now()
    world.ledger.meet(platform.name, account.id, account.handle, now)
    return Visit(
        world=world, platform=platform, request=request, incoming=incoming, account=account,
        operation=call.operation_of(incoming), now=now, faults=world.faults.concerning(platform.name, account.handle),
    )  # fmt: skip


async def serve(world: World, platform: Platform, call: Call, request: Request) -> Response:
    """Answers one call and counts it; a dropped connection counts as status 0."""
    visit: Visit | None = None
    try:
        visit = await open_visit(world, platform, call, request)
        answer = await _serve_visit(visit, call)
    except Refusal as refusal:
        answer = refusal.answer
    if visit is not None:
        answer.headers.update(visit.headers)
    status = 0 if isinstance(answer, HangUp) else answer.status_code
    world.ledger.count_request(platform.name, f"{call.method} {call.path}", status)
    return answer


async def _serve_visit(visit: Visit, call: Call) -> Response:
    if not may_speak(visit.ledger, visit.account, now=visit.now):
        return visit.platform.token_dead(visit)
    if visit.platform.admit:
        visit.platform.admit(visit)
    if not visit.has("limits_off"):
        visit.platform.pace(visit)
    if visit.incoming.malformed and visit.platform.malformed:
        return visit.platform.malformed()
    if not visit.faults:
        return await call.handler(visit)
    refusal = await _before(visit)
    if refusal is not None:
        return refusal
    answer = await call.handler(visit)
    return await _after(visit, answer) if answer.status_code < 300 else answer


async def _before(visit: Visit) -> Response | None:
    """The faults that strike before anything is written."""
    if slow := visit.struck("slow"):
        await anyio.sleep(visit.world.clock.real_seconds(slow.number("seconds", 5.0)))
        visit.now = visit.world.clock.now()
    if visit.struck("token_dead"):
        return visit.platform.token_dead(visit)
    if visit.platform.credits_depleted and visit.struck("credits_depleted"):
        return visit.platform.credits_depleted(visit)
    if limited := _rate_limited(visit):
        return limited
    if visit.struck("reset"):
        return HangUp()
    for kind, (_, default) in _BROKEN.items():
        if fault := _struck_when(visit, kind, committed=False, default=default):
            return _break(visit, fault, None)
    return None


async def _after(visit: Visit, answer: Response) -> Response:
    """The faults that strike once the ledger has it."""
    if late := visit.struck("late_answer"):
        await anyio.sleep(visit.world.clock.real_seconds(late.number("seconds", 5.0)))
    if visit.struck("lost_answer"):
        return HangUp()
    for kind, (_, default) in _BROKEN.items():
        if fault := _struck_when(visit, kind, committed=True, default=default):
            return _break(visit, fault, answer)
    return answer


# Kind: (status, whether it is committed when the fault does not say). A gateway's error mostly hides a call that never
# arrived, a broken 200 one that did.
_BROKEN = {
    "http_503_html": (503, False),
    "http_502_html": (502, False),
    "empty_200": (200, True),
    "truncated_json": (200, True),
}


def _struck_when(visit: Visit, kind: str, *, committed: bool, default: bool) -> Fault | None:
    for fault in visit.faults:
        fits = fault.kind == kind and fault.operation in (ANY, visit.operation)
        if fits and fault.committed(default) is committed and visit.world.faults.strikes(fault):
            return fault
    return None


def _break(visit: Visit, fault: Fault, answer: Response | None) -> Response:
    if fault.kind == "empty_200":
        return Response(b"", 200, media_type="application/json; charset=utf-8")
    if fault.kind == "truncated_json":
        return truncate(answer) if answer else Response(b'{"id":"', 200, media_type="application/json; charset=utf-8")
    return html_error(_BROKEN[fault.kind][0])


def _rate_limited(visit: Visit) -> Response | None:
    """Once struck, the account stays refused until the reset it was told: coming back early does not help."""
    limits = [fault for fault in visit.faults if fault.kind == "rate_limited"]
    limits = [fault for fault in limits if fault.operation in (ANY, visit.operation)]
    bucket = penalty_bucket(visit.platform.name, visit.account.handle)
    for fault in limits:
        resets_at = visit.ledger.find_window(f"{bucket}:{fault.id}", visit.now)
        if resets_at is None and visit.world.faults.strikes(fault):
            resets_at = float(math.ceil(visit.now + fault.number("seconds", 60.0)))
            visit.ledger.spend(f"{bucket}:{fault.id}", length=resets_at - visit.now, now=visit.now)
        if resets_at is not None:
            return visit.platform.rate_limited(visit, fault, resets_at)
    return None
