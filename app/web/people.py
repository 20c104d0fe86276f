"""People with a role where the visitor manages, and how another is let in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request
from starlette.responses import Response

from app.accounts.people import INVITATION_HOURS, Invited, Person
from app.accounts.rules import MAY, Act, Actor, Grant, ProveFirst, Role, UnitKind, may_reset
from app.bootstrap import Kentongan
from app.kit.errors import AppError, BadInput, NotFound
from app.web import words
from app.web.fields import by_field, clean, is_id
from app.web.render import go, page
from app.web.sessions import HouseDep, VisitorDep
from app.web.sight import units_by_id, units_seen

router = APIRouter(include_in_schema=False)

PAGE = 30


@dataclass(frozen=True)
class Post:
    """A role at a unit, in words and as a form needs it."""

    unit_id: int
    unit: str
    role: str
    word: str
    is_deputy: bool = False
    may_deputise: bool = False
    ends_on: date | None = None


@dataclass(frozen=True)
class Member:
    id: int
    name: str
    email: str
    is_active: bool
    posts: Sequence[Post]
    may_reset: bool


@dataclass(frozen=True)
class Invitation:
    """The form as it was filled in."""

    email: str = ""
    name: str = ""
    unit: str = ""
    role: str = Role.EDITOR


@router.get("/orang")
async def list_people(
    request: Request, house: HouseDep, actor: VisitorDep, cursor: Annotated[str | None, Query(max_length=400)] = None
) -> Response:
    return await _show(request, house, actor, cursor=cursor)


@router.post("/orang")
async def invite(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    surel: Annotated[str, Form(max_length=300)] = "",
    nama: Annotated[str, Form(max_length=300)] = "",
    unit: Annotated[str, Form(max_length=12)] = "",
    peran: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Answers with the page itself, not a redirect: the link is shown this once and kept nowhere."""
    typed = Invitation(clean(surel), clean(nama), unit, clean(peran))
    if not is_id(unit):
        raise NotFound("Pilih dulu unitnya.")
    await house.units.get(actor, int(unit))
    try:
        invited = await house.people.invite(
            actor, email=typed.email, name=typed.name, unit_id=int(unit), role=typed.role
        )
    except ProveFirst:
        raise
    except AppError as error:
        return await _show(request, house, actor, typed=typed, error=error)
    return await _show(request, house, actor, invited=invited)


@router.post("/orang/{user_id}/terbitkan-ulang")
async def reissue(
    request: Request, house: HouseDep, actor: VisitorDep, user_id: Annotated[int, Path(ge=1, lt=2**31)]
) -> Response:
    """Answers with the page itself: the link is shown this once."""
    secret = await house.security.reset(actor, user_id)
    return await _show(request, house, actor, anew=await house.people.person(actor, user_id), secret=secret)


@router.post("/orang/{user_id}/wakil")
async def name_deputy(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    user_id: Annotated[int, Path(ge=1, lt=2**31)],
    unit: Annotated[str, Form(max_length=12)] = "",
    wakil: Annotated[str, Form(max_length=5)] = "",
) -> Response:
    if not is_id(unit):
        raise NotFound("Pilih dulu unitnya.")
    try:
        await house.deputies.name(actor, int(unit), user_id, is_deputy=wakil == "ya")
    except ProveFirst:
        raise
    except AppError as error:
        return await _show(request, house, actor, error=error)
    return go("/orang", note="wakil")


@router.post("/orang/{user_id}/masa")
async def set_term(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    user_id: Annotated[int, Path(ge=1, lt=2**31)],
    unit: Annotated[str, Form(max_length=12)] = "",
    akhir: Annotated[str, Form(max_length=12)] = "",
    sekarang: Annotated[str, Form(max_length=5)] = "",
) -> Response:
    """The last day of a role, or its end at once."""
    if not is_id(unit):
        raise NotFound("Pilih dulu unitnya.")
    try:
        if sekarang == "ya":
            await house.terms.end_role(actor, int(unit), user_id)
            return go("/orang", note="akhiri")
        day = date.fromisoformat(akhir) if akhir else None
        await house.terms.set_role_term(actor, int(unit), user_id, day)
    except ProveFirst:
        raise
    except ValueError:
        return await _show(request, house, actor, error=BadInput("Tanggalnya belum benar."))
    except AppError as error:
        return await _show(request, house, actor, error=error)
    return go("/orang", note="masa")


def _may_reset(actor: Actor, user_id: int, paths: Sequence[str]) -> bool:
    """Whether to offer it; the service decides with everything that it knows."""
    grants = [Grant(0, UnitKind.PPS, path, Role.VIEWER) for path in paths]
    return user_id != actor.user_id and may_reset(actor, grants)


async def _show(
    request: Request,
    house: Kentongan,
    actor: Actor,
    *,
    cursor: str | None = None,
    typed: Invitation = Invitation(),
    invited: Invited | None = None,
    anew: Person | None = None,
    secret: str = "",
    error: AppError | None = None,
) -> Response:
    found = await house.people.list_users(actor, limit=PAGE, cursor=cursor)
    units = await units_by_id(house, actor, [held.unit_id for person in found.rows for held in person.memberships])
    members = [
        Member(person.id, person.name, person.email, person.is_active, [
            Post(held.unit_id, units[held.unit_id].name, held.role, words.ROLES[Role(held.role)], held.is_deputy,
                 Act.REVIEW in MAY[Role(held.role)], held.ends_on) for held in person.memberships
        ], may_reset=person.is_active and _may_reset(actor, person.id, [units[held.unit_id].path for held in person.memberships]))
        for person in found.rows
    ]  # fmt: skip
    secret = secret or (invited.link if invited and invited.link else "")
    link = f"{house.settings.base_url}/masuk/{secret}" if secret else ""
    return await page(
        request, house, actor, "orang.html", part="daftar", status=error.status if error else 200, members=members,
        is_first=cursor is None, more=f"/orang?cursor={found.next}" if found.next else None, typed=typed, link=link,
        invited=invited.person if invited else anew, anew=anew, hours=INVITATION_HOURS, units=await units_seen(house, actor, Act.MANAGE),
        roles=[(role.value, words.ROLES[role]) for role in Role], error=error.message if error else "",
        problems=by_field(error) if error else {},
    )  # fmt: skip
