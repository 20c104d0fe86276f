"""A unit's page for everybody, without log-in; and the KPU's switch for it."""

from datetime import UTC
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Path, Request
from starlette.responses import Response

from app.accounts.rules import Act
from app.content.values import write_date
from app.kit.errors import BadInput, Problem
from app.reports.public import write_calendar
from app.reports.wording import excerpt
from app.web import words
from app.web.fields import is_id
from app.web.render import bare_page, go, page
from app.web.sessions import HouseDep, VisitorDep

router = APIRouter(include_in_schema=False)

Code = Annotated[str, Path(max_length=20, pattern=r"^[\d.]+$")]
CACHED = {"Cache-Control": "public, max-age=300", "Vary": "Accept-Encoding"}
_PROFILES = {
    "x": "https://x.com/{}", "instagram": "https://www.instagram.com/{}/", "facebook": "https://www.facebook.com/{}",
    "threads": "https://www.threads.com/@{}", "tiktok": "https://www.tiktok.com/@{}", "youtube": "https://www.youtube.com/@{}",
    "telegram": "https://t.me/{}", "bluesky": "https://bsky.app/profile/{}",
}  # fmt: skip


@router.get("/warga/{code}.ics")
async def take_calendar(house: HouseDep, code: Code) -> Response:
    view = await house.public_pages.show(code)
    content = write_calendar(view, house.clock.now().astimezone(UTC))
    return Response(content, media_type="text/calendar; charset=utf-8", headers=CACHED)


@router.get("/warga/{code}")
async def show_public(request: Request, house: HouseDep, code: Code) -> Response:
    view = await house.public_pages.show(code)
    address = f"{house.settings.base_url or str(request.base_url).rstrip('/')}/warga/{code}"
    share = f"https://wa.me/?text={quote(f'Informasi pemilihan dari {view.name}: {address}')}"
    accounts = [
        (words.platform_name(one["platform"]), one["handle"], _PROFILES.get(one["platform"], "").format(quote(one["handle"].lstrip("@"))))
        for one in view.accounts
    ]  # fmt: skip
    posts = [
        (words.platform_name(one["platform"]), excerpt(one["text"] or "", most=280), one["url"], words.moment(one["published_at"], view.zone))
        for one in view.posts
    ]  # fmt: skip
    answer = bare_page(
        request, "warga.html", view=view, accounts=accounts, posts=posts, share=share, write_date=write_date,
        days_left=(view.voting_day - view.today).days if view.voting_day else None,
    )  # fmt: skip
    answer.headers.update(CACHED)
    return answer


@router.get("/halaman-warga")
async def show_switch(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    rows = await house.public_pages.states(actor)
    return await page(
        request, house, actor, "halaman_warga.html", rows=rows, may_switch=bool(actor.paths(Act.CALENDAR)),
        on=sum(1 for row in rows if row["is_on"]),
    )  # fmt: skip


@router.post("/halaman-warga")
async def switch(
    house: HouseDep,
    actor: VisitorDep,
    unit: Annotated[str, Form(max_length=12)] = "",
    buka: Annotated[str, Form(max_length=5)] = "",
    bawah: Annotated[str, Form(max_length=5)] = "",
) -> Response:
    if not is_id(unit):
        raise BadInput("Pilih unitnya.", Problem("unit", "Pilih unitnya."))
    await house.public_pages.switch(actor, int(unit), on=bool(buka), with_below=bool(bawah))
    return go("/halaman-warga", note="warga")
