"""Who am I, who else is here, and the tokens that let scripts in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field

from app.accounts.people import MAX_TOKEN_DAYS
from app.accounts.rules import Act, Role
from app.api.deps import ActorDep, Body, HouseDep, LimitedRoute, PageDep, Row, linked
from app.kit.paging import Page

router = APIRouter(route_class=LimitedRoute, tags=["orang"])

UnitId = Annotated[int, Field(ge=1, lt=2**31, examples=[17])]


class MembershipRow(Row):
    unit_id: UnitId
    role: Role = Field(examples=["editor"])


class UserRow(Row):
    id: int = Field(examples=[4])
    name: str = Field(examples=["Sari"])
    email: str = Field(examples=["sari@contoh.go.id"])


class MeAnswer(Row):
    user: UserRow
    memberships: Sequence[MembershipRow]


class PersonRow(UserRow):
    is_active: bool
    memberships: Sequence[MembershipRow] = Field(description="Hanya peran di unit yang Anda atur.")


class PersonList(Row):
    data: Sequence[PersonRow]
    next: str | None = None


class NewUser(Body):
    email: str = Field(examples=["sari@contoh.go.id"], max_length=254)
    name: str = Field(examples=["Sari"], max_length=120)
    unit_id: UnitId
    role: Role = Field(examples=["editor"])


class InvitedAnswer(Row):
    user: PersonRow
    link: str | None = Field(
        description="Tautan sekali pakai, tampil sekali ini; null bila orang ini juga bertugas di luar wewenang Anda.",
        examples=["https://kentongan.contoh.go.id/masuk/..."],
    )


class TokenRow(Row):
    id: int = Field(examples=[3])
    user_id: int
    unit_id: UnitId
    name: str = Field(examples=["rekap mingguan"])
    hint: str = Field(examples=["ktg_x7Qa"])
    scopes: Sequence[Act]
    created_at: datetime
    expires_at: datetime
    seen_at: datetime | None
    revoked_at: datetime | None


class TokenList(Row):
    data: Sequence[TokenRow]
    next: str | None = None


class NewToken(Body):
    unit_id: UnitId
    scopes: list[Act] | None = Field(None, description="Kosong: semua yang boleh Anda lakukan.")
    days: int = Field(90, ge=1, le=MAX_TOKEN_DAYS)
    name: str = Field("", max_length=120)


class NewTokenAnswer(TokenRow):
    token: str = Field(description="Ditampilkan sekali ini saja.", examples=["ktg_..."])


@router.get("/me", summary="Siapa saya")
async def read_me(house: HouseDep, actor: ActorDep) -> MeAnswer:
    return MeAnswer.model_validate(await house.people.me(actor))


@router.get("/users", summary="Orang di unit yang Anda atur")
async def list_users(
    request: Request, response: Response, house: HouseDep, actor: ActorDep, wanted: PageDep
) -> PersonList:
    page = await house.people.list_users(actor, limit=wanted.limit, cursor=wanted.cursor)
    response.headers.update(linked(request, Page[object](page.rows, page.next)))
    return PersonList(data=[PersonRow.model_validate(row) for row in page.rows], next=page.next)


@router.post("/users", status_code=201, summary="Undang orang, atau ubah perannya")
async def invite_user(house: HouseDep, actor: ActorDep, body: NewUser) -> InvitedAnswer:
    invited = await house.people.invite(actor, email=body.email, name=body.name, unit_id=body.unit_id, role=body.role)
    link = f"{house.settings.base_url}/masuk/{invited.link}" if invited.link else None
    return InvitedAnswer(user=PersonRow.model_validate(invited.person), link=link)


class CalendarAddress(Row):
    url: str = Field(
        description="Tampil sekali ini; hanya untuk membaca jadwal.",
        examples=["https://kentongan.contoh.go.id/umpan/....ics"],
    )


@router.post("/me/calendar", status_code=201, summary="Alamat rahasia kalender iCal Anda; yang lama mati")
async def make_calendar(house: HouseDep, actor: ActorDep) -> CalendarAddress:
    return CalendarAddress(url=f"{house.settings.base_url}/umpan/{await house.calendar_keys.make(actor)}.ics")


@router.delete("/me/calendar", status_code=204, summary="Cabut alamat kalender Anda")
async def end_calendar(house: HouseDep, actor: ActorDep) -> None:
    await house.calendar_keys.revoke(actor)


@router.get("/tokens", summary="Token API")
async def list_tokens(
    request: Request, response: Response, house: HouseDep, actor: ActorDep, wanted: PageDep
) -> TokenList:
    page = await house.people.list_tokens(actor, limit=wanted.limit, cursor=wanted.cursor)
    response.headers.update(linked(request, Page[object](page.rows, page.next)))
    return TokenList(data=[TokenRow.model_validate(row) for row in page.rows], next=page.next)


@router.post("/tokens", status_code=201, summary="Buat token API untuk diri sendiri")
async def add_token(house: HouseDep, actor: ActorDep, body: NewToken) -> NewTokenAnswer:
    token, view = await house.people.issue_token(
        actor, unit_id=body.unit_id, scopes=body.scopes, days=body.days, name=body.name
    )
    return NewTokenAnswer(token=token, **TokenRow.model_validate(view).model_dump())


@router.delete("/tokens/{token_id}", status_code=204, summary="Cabut token API")
async def revoke_token(house: HouseDep, actor: ActorDep, token_id: Annotated[int, Path(ge=1, lt=2**31)]) -> None:
    await house.people.revoke_token(actor, token_id)
