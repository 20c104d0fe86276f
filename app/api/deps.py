"""What every route may ask for: the house, who is asking, and which page of a list."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.types import Message

from app.accounts.rules import Actor
from app.bootstrap import Kentongan
from app.kit.errors import TooLarge, Unauthenticated
from app.kit.paging import DEFAULT_LIMIT, MAX_LIMIT, Page
from app.kit.versions import names

SESSION_COOKIE = "ktg_session"

_bearer = HTTPBearer(auto_error=False, description="`ktg_...`; buat dengan `kentongan token add`.")


def _house(request: Request) -> Kentongan:
    house: Kentongan = request.app.state.house
    return house


HouseDep = Annotated[Kentongan, Depends(_house)]


@dataclass(frozen=True)
class Credential:
    """What a request came with: an API token, or the session of a browser."""

    secret: str
    is_token: bool

    async def actor(self, house: Kentongan) -> Actor:
        """Raises Unauthenticated."""
        people = house.people
        return await (people.actor_by_token(self.secret) if self.is_token else people.actor_by_session(self.secret))


def find_credential(request: Request) -> Credential | None:
    """The bearer token, else the session cookie; behind HTTPS the cookie carries a prefix."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if secret and scheme.lower() == "bearer":
        return Credential(secret.strip(), is_token=True)
    cookie = request.cookies.get(f"__Host-{SESSION_COOKIE}") or request.cookies.get(SESSION_COOKIE)
    return Credential(cookie, is_token=False) if cookie else None


async def _actor(request: Request, house: HouseDep, _shown_in_openapi: Annotated[object, Depends(_bearer)]) -> Actor:
    """By bearer token, else by the session cookie; raises Unauthenticated."""
    credential = find_credential(request)
    if credential is None:
        raise Unauthenticated("Masuk dulu, atau kirim token API di header Authorization.")
    return await credential.actor(house)


ActorDep = Annotated[Actor, Depends(_actor)]


@dataclass(frozen=True)
class Wanted:
    """Which page is wanted."""

    limit: int
    cursor: str | None


def _wanted(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> Wanted:
    return Wanted(limit, cursor)


PageDep = Annotated[Wanted, Depends(_wanted)]

_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2999, 12, 31, tzinfo=UTC)
MAX_BODY = 2_000_000
"""Bytes of a JSON body: the longest text with an override for every platform, or the units of a whole country."""


def _in_bounds(value: datetime) -> datetime:
    """Near the edges of what Python can write, a change of zone or a day more is an overflow."""
    if not _EARLIEST <= value <= _LATEST:
        raise ValueError("tahunnya harus antara 1970 dan 2999")
    return value


Moment = Annotated[AwareDatetime, AfterValidator(_in_bounds)]
"""RFC 3339 with an offset; naive times are refused with 422."""


class LimitedRoute(APIRoute):
    """Refuses a body above MAX_BODY before it is read, whatever it said its length was."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def limited(request: Request) -> Response:
            left = MAX_BODY
            declared = request.headers.get("content-length", "0")
            if declared.isdecimal() and int(declared[:20]) > left:
                raise TooLarge(f"Isi permintaan paling besar {MAX_BODY // 1_000_000} MB.")

            async def receive() -> Message:
                nonlocal left
                message = await request.receive()
                left -= len(message.get("body", b""))
                if left < 0:
                    raise HTTPException(413)  # the one kind that FastAPI lets through while it reads a body
                return message

            return await handle(Request(request.scope, receive))

        return limited


class Body(BaseModel):
    """A request body: unknown fields are refused, so that a misspelt one is never silently ignored."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)


class Row(BaseModel):
    """An answer read from a plain read model."""

    model_config = ConfigDict(from_attributes=True)


IfNoneMatch = Annotated[
    str | None, Header(description="etag yang sudah Anda punya; 304 bila belum berubah.", max_length=1000)
]


def unchanged(if_none_match: str | None, etag: str) -> Response | None:
    """304 for a caller who has this very version already."""
    if if_none_match is None or not names(if_none_match, etag):
        return None
    return Response(status_code=304, headers={"ETag": etag})


def linked(request: Request, page: Page[object]) -> dict[str, str]:
    """The `Link` header of a list, or nothing on its last page."""
    if page.next is None:
        return {}
    return {"Link": f'<{request.url.include_query_params(cursor=page.next)}>; rel="next"'}
