"""The recap on the screen: choose week, month or stage and unit, read it, and take it along as a file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.accounts.rules import Actor
from app.bootstrap import Kentongan
from app.channels.rules import Environment
from app.kit.errors import AppError, BadInput, NotFound
from app.reports import duty, rules, wording
from app.reports.overview_rules import Told
from app.reports.rules import Evidence, Kind, Recap
from app.reports.service import RecapWanted
from app.reports.writers import pdf
from app.reports.writers.files import write_file
from app.web import words
from app.web.charts import bars
from app.web.fields import is_id
from app.web.frame import Frame, frame_for
from app.web.render import page
from app.web.sessions import HouseDep, VisitorDep

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Query(max_length=40)]
FORMS = {"mingguan": Kind.WEEKLY, "bulanan": Kind.MONTHLY, "tahapan": Kind.TAHAPAN}
NAMES = {"mingguan": "Mingguan", "bulanan": "Bulanan", "tahapan": "Per tahapan"}
ENDINGS = {"pdf": "PDF", "xlsx": "XLSX", "csv": "CSV", "json": "JSON"}
SHOWN = 40


@dataclass(frozen=True)
class Asked:
    """As it stands in the address; `key` is a week, a month or a stage's code."""

    form: str
    key: str
    unit: str
    environment: str

    @property
    def wanted(self) -> RecapWanted:
        return RecapWanted(
            FORMS[self.form],
            self.key or None,
            int(self.unit) if is_id(self.unit) else None,
            self.environment or None,
        )

    def query(self, **changes: str) -> str:
        said = {"bentuk": self.form, "periode": self.key, "unit": self.unit, "jenis": self.environment} | changes
        return urlencode({name: value for name, value in said.items() if value})


def _asked(bentuk: Text = "mingguan", periode: Text = "", unit: Text = "", jenis: Text = "") -> Asked:
    """An unknown kind is the weekly one."""
    form = bentuk if bentuk in FORMS else "mingguan"
    return Asked(form, periode.strip(), unit, jenis if jenis in set(Environment) else "")


@router.get("/laporan")
async def show_recap(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    bentuk: Text = "mingguan",
    periode: Text = "",
    unit: Text = "",
    jenis: Text = "",
) -> Response:
    asked, frame = _asked(bentuk, periode, unit, jenis), await frame_for(house, actor)
    try:
        return await _page(request, house, actor, frame, asked, None)
    except (BadInput, NotFound) as error:
        if isinstance(error, NotFound) and asked.unit and asked.form != "tahapan":
            raise
        return await _page(request, house, actor, frame, Asked("mingguan", "", "", asked.environment), error)


@router.get("/laporan/rekap.{ending}")
async def take_along(
    house: HouseDep,
    actor: VisitorDep,
    ending: Literal["pdf", "xlsx", "csv", "json"],
    bentuk: Text = "mingguan",
    periode: Text = "",
    unit: Text = "",
    jenis: Text = "",
) -> Response:
    recap = await house.recaps.make(actor, _asked(bentuk, periode, unit, jenis).wanted)
    file = await write_file(recap, ending)
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"', "Cache-Control": "no-store"}
    return Response(file.content, media_type=file.mime, headers=headers)


@router.get("/laporan/kepatuhan")
async def show_compliance(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    bentuk: Text = "bulanan",
    periode: Text = "",
    unit: Text = "",
    jenis: Text = "",
    peringkat: Text = "pps",
) -> Response:
    asked, frame, problem = _asked(bentuk, periode, unit, jenis), await frame_for(house, actor), ""
    kind = peringkat if peringkat in words.KINDS else "pps"
    try:
        found = await house.compliance.make(actor, asked.wanted, kind=kind)
    except BadInput as error:
        problem, asked = error.message, _asked("bulanan", "", unit, jenis)
        found = await house.compliance.make(actor, asked.wanted, kind=kind)
    units = await house.units.list(actor, limit=500, cursor=None)
    return await page(
        request, house, actor, "kepatuhan.html", status=422 if problem else 200, frame=frame, problem=problem, found=found,
        asked=replace(asked, key=found.period.key), forms=NAMES, units=units.rows, kind=kind, standings=duty.WORDS,
        chosen=int(asked.unit) if is_id(asked.unit) else None, say=wording, late=words.how_late,
        certificates=found.period.kind is Kind.MONTHLY,
    )  # fmt: skip


@router.get("/laporan/sertifikat.pdf")
async def take_certificate(
    house: HouseDep,
    actor: VisitorDep,
    unit: Annotated[int, Query(ge=1, lt=2**31)],
    periode: Text = "",
    jenis: Text = "",
) -> Response:
    asked = _asked("bulanan", periode, "", jenis)
    content = await house.compliance.certificate(actor, asked.wanted, unit)
    headers = {"Content-Disposition": f'attachment; filename="sertifikat-{unit}.pdf"', "Cache-Control": "no-store"}
    return Response(content, media_type="application/pdf", headers=headers)


async def _page(
    request: Request, house: Kentongan, actor: Actor, frame: Frame, asked: Asked, error: AppError | None
) -> Response:
    recap = await house.recaps.make(actor, asked.wanted)
    asked = Asked(asked.form, recap.period.key, asked.unit, asked.environment)
    units = await house.units.list(actor, limit=500, cursor=None)
    return await page(
        request, house, actor, "laporan.html", status=error.status if error else 200, frame=frame,
        problem=error.message if error else "", asked=asked, forms=NAMES, endings=ENDINGS, recap=recap,
        chosen=int(asked.unit) if is_id(asked.unit) else None, units=units.rows, stages=_stages(frame),
        title=wording.title(recap), about=pdf.about(recap), summary=wording.summary(recap), columns=rules.COLUMNS,
        bars=bars(recap.kecamatan, "published", words.number), tables=_tables(recap), coverage=pdf.coverage(recap),
        care=pdf.care(recap), targets=_targets(recap), top=told(recap.top), to_answer=told(recap.to_answer),
        troubles=recap.troubles[:SHOWN], silent=recap.silent, definitions=recap.definitions,
    )  # fmt: skip


def _stages(frame: Frame) -> Sequence[tuple[str, str]]:
    if frame.calendar is None:
        return ()
    ours = [stage for stage in frame.calendar.stages.values() if frame.calendar.is_ours(stage)]
    return [(stage.code, f"{stage.code} {stage.name}") for stage in sorted(ours, key=lambda stage: stage.code)]


@dataclass(frozen=True)
class Shown:
    """One table: its heads, and rows of a label and cells."""

    name: str
    heads: Sequence[str]
    rows: Sequence[tuple[str, Sequence[str]]]


def _tables(recap: Recap) -> Mapping[str, Shown]:
    units = [
        (row.label, [f"{row.mandatory_done} dari {row.mandatory}", *wording.row_values(row)]) for row in recap.rows
    ]
    kecamatan = [
        (row.label, [f"{row.active} dari {row.units}", f"{row.mandatory_done} dari {row.mandatory}", *wording.row_values(row)])
        for row in recap.kecamatan
    ]  # fmt: skip
    plain = list(rules.COLUMNS.values())
    found = {
        "kecamatan": Shown("Kecamatan", ["Unit aktif", "Konten wajib", *plain], kecamatan),
        "unit": Shown("Unit", ["Konten wajib", *plain], units),
    }
    for key, name in rules.GROUPS.items():
        rows = [(row.label, wording.row_values(row)) for row in recap.groups[key]]
        if rows:
            found[key] = Shown(name, plain, rows)
    return found


def _targets(recap: Recap) -> Sequence[tuple[str, str, str]]:
    return [(aim.wilayah, pdf.target(aim.low, aim.high), aim.source) for aim in recap.targets]


def told(posts: Sequence[Evidence] | Sequence[Told]) -> Sequence[dict[str, str | None]]:
    """Posts with what people did with them, as a page lists them."""
    return [
        {
            "unit": row.unit,
            "platform": words.platform_name(row.platform),
            "text": wording.excerpt(row.text, most=140),
            "count": f"{wording.number(row.interactions)} interaksi, {wording.number(row.comments)} komentar",
            "url": row.url,
            "link": f"/antrean/{row.delivery_id}",
        }
        for row in posts
    ]
