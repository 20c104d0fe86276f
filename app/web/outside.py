"""What accounts show that was not made here, on the screen; and ours that somebody changed or deleted there."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.accounts.rules import Act
from app.engagement.outside import Seen
from app.reports import wording
from app.web import words
from app.web.fields import is_id, one
from app.web.frame import frame_for
from app.web.render import go, page
from app.web.sessions import HouseDep, VisitorDep

router = APIRouter(include_in_schema=False)

PAGE = 30
KINDS = {
    Seen.OUTSIDE: "Semua di luar Kentongan",
    Seen.BROADCAST: "Terhitung siaran wajib",
    Seen.BLOCKED: "Melanggar aturan isi",
    Seen.CHANGED: "Unggahan kita yang diubah",
    Seen.GONE: "Unggahan kita yang dihapus",
}


@router.get("/laporan/luar")
async def show_outside(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    isi: Annotated[str, Query(max_length=20)] = "",
    unit: Annotated[str, Query(max_length=10)] = "",
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    kind = Seen(isi) if isi in set(Seen) else Seen.OUTSIDE
    chosen = int(unit) if is_id(unit) else None
    found = await house.elsewhere.list(actor, kind, unit=chosen, limit=PAGE, cursor=cursor)
    units = await house.units.list(actor, limit=500, cursor=None)
    frame = await frame_for(house, actor)
    kept = {"isi": kind, "unit": unit if chosen else ""}
    return await page(
        request, house, actor, "luar.html", part="daftar", frame=frame, rows=found.rows, kinds=KINDS, kind=kind, units=units.rows,
        chosen=chosen, say=wording, zone=frame.zone, platform=words.platform_name, is_first=cursor is None,
        may_write=bool(actor.paths(Act.WRITE)), of=chosen or frame.unit_id, reads_x=house.settings.x_read_back_usd > 0,
        more="/laporan/luar?" + urlencode(kept | {"cursor": found.next}) if found.next else None,
    )  # fmt: skip


@router.post("/laporan/luar")
async def read_now(request: Request, house: HouseDep, actor: VisitorDep) -> Response:
    unit = one(await request.form(), "unit")
    await house.elsewhere.read_now(actor, int(unit) if is_id(unit) else 0)
    return go("/laporan/luar" + (f"?unit={unit}" if is_id(unit) else ""), note="baca-ulang")
