"""The dashboard of numbers: one unit and those beneath it, any span of days, each figure against the span before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.accounts.rules import UnitKind
from app.channels.rules import Environment
from app.content.values import write_date
from app.engagement.rules import Row
from app.kit.errors import BadInput
from app.reports import overview_rules, rules, wording
from app.reports.overview import OverviewWanted
from app.reports.overview_rules import Compared, DayRow, Overview, Tile
from app.web import words
from app.web.charts import Column, bars, columns
from app.web.fields import is_id
from app.web.figures import read_day
from app.web.recaps import Shown, told
from app.web.render import page
from app.web.sessions import HouseDep, VisitorDep

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Query(max_length=20)]
LATENESS = {
    "1": "sampai 1 detik", "10": "sampai 10 detik", "60": "sampai 1 menit", "300": "sampai 5 menit",
    "3600": "sampai 1 jam", "later": "lebih dari 1 jam",
}  # fmt: skip
MEASURES = {"published": "Terbit", "views": "Tayangan", "engagement_rate": "Tingkat interaksi"}
TOLD = ("posts", "published", "failed", "missed", "views", "reach", "engagement_rate")
STEPS = 4
SHOWN = 40


@dataclass(frozen=True)
class Asked:
    first: date
    last: date
    unit: str
    environment: str
    measure: str

    def query(self, **changes: str) -> str:
        said = {
            "dari": self.first.isoformat(), "sampai": self.last.isoformat(), "unit": self.unit,
            "jenis": self.environment, "ukuran": self.measure,
        } | changes  # fmt: skip
        return urlencode({name: value for name, value in said.items() if value})


@dataclass(frozen=True)
class Square:
    """One tile: `step` 0 (nothing) to STEPS (the most), so that the shade never is the only sign."""

    unit_id: int
    name: str
    value: str
    step: int


@router.get("/laporan/ringkasan")
async def show_overview(
    request: Request,
    house: HouseDep,
    actor: VisitorDep,
    dari: Text = "",
    sampai: Text = "",
    unit: Text = "",
    jenis: Text = "",
    ukuran: Text = "",
) -> Response:
    problem, chosen = "", int(unit) if is_id(unit) else None
    environment = jenis if jenis in set(Environment) else ""
    try:
        wanted = OverviewWanted(read_day(dari), read_day(sampai), chosen, environment or None)
        found = await house.overviews.make(actor, wanted)
    except BadInput as error:
        problem = error.message
        found = await house.overviews.make(actor, OverviewWanted(unit=chosen, environment=environment or None))
    measure = ukuran if ukuran in MEASURES else "published"
    asked = Asked(found.span.from_on, found.span.to_on, unit if chosen else "", environment, measure)
    units = await house.units.list(actor, limit=500, cursor=None)
    return await page(
        request, house, actor, "ringkasan.html", status=422 if problem else 200, problem=problem, found=found, asked=asked,
        units=units.rows, chosen=chosen, measures=MEASURES, summary=_summary(found), map=_map(found, measure),
        tables=_tables(found), period=_days(found.span), before=_days(found.span.before), late=_lateness(found),
        columns=_columns(found.days), daily=_daily(found.days), followers=_followers(found), top=told(found.top),
        to_answer=told(found.to_answer), troubles=found.troubles[:SHOWN], hidden=max(0, len(found.troubles) - SHOWN),
        fresh=wording.moment(found.fresh_at, house.settings.timezone), kind=words.ENVIRONMENTS[Environment(found.environment)],
    )  # fmt: skip


def _days(span: overview_rules.Span) -> str:
    return f"{write_date(span.from_on, width='long')} s.d. {write_date(span.to_on, width='long')}"


def _summary(found: Overview) -> list[tuple[str, str, str]]:
    """Word, value and change against the span before."""
    told = [
        (word, wording.figure(name, getattr(found.totals, name)), wording.grown(getattr(found.totals, name), getattr(found.before, name)))
        for name, word in rules.COLUMNS.items() if name in TOLD
    ]  # fmt: skip
    share, earlier = _on_time(found.totals), _on_time(found.before)
    told.insert(2, ("Tepat waktu", wording.percent(share), wording.grown(share, earlier)))
    count, counted = rules.interactions(found.totals), rules.interactions(found.before)
    told.insert(-1, ("Interaksi", wording.number(count), wording.grown(count, counted)))
    return told


def _on_time(row: Row) -> float | None:
    return row.on_time / row.published if row.published else None


def _map(found: Overview, measure: str) -> list[tuple[str, list[Square]]]:
    """By kecamatan, in the order of the tree; the city's own units stand in the groups of theirs."""
    names = {one.now.key: one.now.label for one in found.groups["kecamatan"]}
    pps = [tile for tile in found.tiles if tile.kind == UnitKind.PPS]
    largest = max((_value(tile, measure) or 0 for tile in pps), default=0)
    groups: dict[str, list[Square]] = {}
    for tile in pps:
        value = _value(tile, measure)
        step = 0 if not value or not largest else max(1, round(STEPS * value / largest))
        square = Square(tile.unit_id, tile.name.removeprefix("PPS "), wording.figure(measure, value), step)
        groups.setdefault(tile.kecamatan, []).append(square)
    return [(names.get(code, code), squares) for code, squares in groups.items()]


def _value(tile: Tile, measure: str) -> float | None:
    value: float | None = getattr(tile, measure)
    return value


def _tables(found: Overview) -> dict[str, Shown]:
    heads = ["Unggahan", "Terbit", "dulu", "Tepat waktu", "Tayangan", "dulu", "Jangkauan", "Tingkat interaksi", "dulu"]
    return {
        key: Shown(name, heads, [(one.now.label, _cells(one)) for one in found.groups[key]])
        for key, name in overview_rules.GROUPS.items()
        if found.groups[key]
    }


def _cells(one: Compared) -> list[str]:
    now, then = one.now, one.before
    number, percent = wording.number, wording.percent
    return [
        number(now.posts), number(now.published), number(then.published if then else 0), percent(_on_time(now)),
        number(now.views), number(then.views if then else None), number(now.reach),
        percent(now.engagement_rate), percent(then.engagement_rate if then else None),
    ]  # fmt: skip


def _lateness(found: Overview) -> dict[str, object]:
    rows = [Row(key=name, label=LATENESS[name], published=count) for name, count in found.lateness.items()]
    cells = [(row.label, [words.number(row.published)]) for row in rows]
    return {
        "bars": bars(rows, "published", words.number, is_sorted=False),
        "table": Shown("Terlambat", ["Kiriman terbit"], cells),
        "any": any(row.published for row in rows),
    }


def _columns(days: Sequence[DayRow]) -> dict[str, list[Column]]:
    labels = [f"{day.day.day}/{day.day.month}" for day in days]
    return {
        "Terbit per hari": columns(labels, [day.published for day in days]),
        "Tayangan bertambah per hari": columns(labels, [day.views for day in days]),
    }


def _daily(days: Sequence[DayRow]) -> Shown:
    names = ("published", "views", "reach", "reactions", "comments", "shares")
    rows = [(write_date(day.day, width="long"), [wording.number(getattr(day, name)) for name in names]) for day in days]
    return Shown("Hari", ["Terbit", "Tayangan", "Jangkauan", "Reaksi", "Komentar", "Dibagikan"], rows)


def _followers(found: Overview) -> Shown:
    rows = [
        (
            f"{one.unit} · {words.platform_name(one.platform)} @{one.handle.lstrip('@')}",
            [words.number(one.followers), f"{one.followers - one.before:+d}".replace("-", "−"), write_date(one.last_on, width="long")],
        )
        for one in found.followers[:SHOWN]
    ]  # fmt: skip
    return Shown("Akun", ["Pengikut", "Berubah", "Dibaca"], rows)
