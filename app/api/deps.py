"""What every route may ask for: the house, who is asking, and which page of a list."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query, Request
from fastapi.security import HTTPBearer
from pydantic import AwareDatetime, BaseModel, ConfigDict

from app.accounts.rules import Actor
from app.bootstrap import Kentongan
from app.kit.errors import Unauthenticated
from app.kit.paging import DEFAULT_LIMIT, MAX_LIMIT, Page

SESSION_COOKIE = "ktg_session"

_bearer = HTTPBearer(auto_error=False, description="`ktg_...`; buat dengan `kentongan token add`.")


def _house(request: Request) -> Kentongan:
    house: Kentongan = request.app.state.house
    return house


HouseDep = Annotated[Kentongan, Depends(_house)]


async def _actor(request: Request, house: HouseDep, _shown_in_openapi: Annotated[object, Depends(_bearer)]) -> Actor:
    """By bearer token, else by the session cookie; raises Unauthenticated."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if secret and scheme.lower() == "bearer":
        return await house.people.actor_by_token(secret.strip())
    if cookie := request.cookies.get(SESSION_COOKIE):
        return await house.people.actor_by_session(cookie)
    raise Unauthenticated("Masuk dulu, atau kirim token API di header Authorization.")


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

Moment = AwareDatetime
"""RFC 3339 with an offset; naive times are refused with 422."""


class Body(BaseModel):
    """A request body: unknown fields are refused, so that a misspelt one is never silently ignored."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)


class Row(BaseModel):
    """An answer read from a plain read model."""

    model_config = ConfigDict(from_attributes=True)


def linked(request: Request, page: Page[object]) -> dict[str, str]:
    """The `Link` header of a list, or nothing on its last page."""
    if page.next is None:
        return {}
    return {"Link": f'<{request.url.include_query_params(cursor=page.next)}>; rel="next"'}
