"""The form of a series: as it is filled in, and as the series it stands for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from starlette.datastructures import FormData

from app.content.service import TemplateView
from app.kit.errors import BadInput, Problem
from app.posts.postering import PosterWish
from app.posts.series import SeriesInput, SeriesView
from app.posts.series_rules import WEEKDAYS, Schedule
from app.web import fields
from app.web.fields import is_id, many, one
from app.web.library import poster_of

LONGEST_STAGGER, FARTHEST_DAY = 24 * 60, 400


@dataclass(frozen=True)
class Form:
    """As typed. `pattern`: `hari` (H-n) or `pekan` (every week)."""

    template: TemplateView
    lang: str
    kinds: Sequence[str]
    platforms: Sequence[str]
    given: Mapping[str, str]
    stage: str
    pattern: str
    edge: str
    before: str
    after: str
    weekday: str
    clock: str
    until: str
    stagger: str
    sent: Sequence[tuple[str, str]]
    poster: PosterWish | None = None


def read(form: FormData, template: TemplateView, platforms: Sequence[str]) -> Form:
    """An empty form proposes what most series are."""
    is_fresh = "pola" not in form
    lang = one(form, "lang", "id")
    return Form(
        template=template,
        lang=lang if lang in template.languages else template.languages[0],
        kinds=template.units if is_fresh else many(form, "jenis"),
        platforms=platforms if is_fresh else many(form, "platform"),
        given=fields.variables(form),
        stage=one(form, "tahapan"),
        pattern=one(form, "pola", "hari"),
        edge=one(form, "ujung", "start"),
        before=one(form, "sebelum", "7, 3, 1" if is_fresh else ""),
        after=one(form, "sesudah"),
        weekday=one(form, "hari", "senin"),
        clock=one(form, "jam", "09:00"),
        until=one(form, "sampai"),
        stagger=one(form, "jeda", "30"),
        sent=[(name, value) for name, value in form.multi_items() if isinstance(value, str) and name != "kembali"],
        poster=poster_of(form),
    )


def of_series(view: SeriesView, template: TemplateView) -> Form:
    """A series that is there, as the form shows it."""
    request: Mapping[str, Any] = view.request
    schedule = Schedule.from_json(request["schedule"])
    days = schedule.days_before
    return Form(
        template,
        request["lang"],
        request["kinds"] or template.units,
        request["platforms"],
        {name: str(value) for name, value in request["variables"].items()},
        schedule.tahapan,
        "hari" if schedule.weekday is None else "pekan",
        schedule.edge,
        ", ".join(str(n) for n in days if n >= 0),
        ", ".join(str(-n) for n in days if n < 0),
        WEEKDAYS[schedule.weekday] if schedule.weekday is not None else "senin",
        schedule.time.strftime("%H:%M"),
        schedule.until_on.isoformat() if schedule.until_on else "",
        str(request["stagger_minutes"]),
        (),
        PosterWish.from_request(request.get("poster")),
    )


def wanted(form: Form) -> SeriesInput:
    """Raises BadInput naming the field."""
    if not is_id(form.stagger) or int(form.stagger) > LONGEST_STAGGER:
        raise BadInput("Jeda belum benar.", Problem("jeda", f"Isi angka 0 sampai {LONGEST_STAGGER} menit."))
    if not form.kinds:
        raise BadInput("Belum ada jenis unit yang dipilih.", Problem("jenis", "Pilih paling sedikit satu."))
    return SeriesInput(
        form.template.id, _schedule(form), form.platforms, form.kinds, lang=form.lang,
        stagger_minutes=int(form.stagger), variables=form.given, poster=form.poster,
    )  # fmt: skip


def _schedule(form: Form) -> Schedule:
    if not form.stage:
        raise BadInput("Tahapan belum dipilih.", Problem("tahapan", "Pilih tahapannya."))
    try:
        clock = time.fromisoformat(form.clock).replace(tzinfo=None)
    except ValueError:
        raise BadInput("Jam belum benar.", Problem("jam", "Isi jamnya, misalnya 09.00.")) from None
    until = _until(form.until)
    if form.pattern == "pekan":
        if form.weekday not in WEEKDAYS:
            raise BadInput("Hari belum dipilih.", Problem("hari", "Pilih harinya."))
        return Schedule(form.stage, clock, weekday=WEEKDAYS.index(form.weekday), until_on=until)
    days = [*_days(form.before, "sebelum"), *(-n for n in _days(form.after, "sesudah") if n)]
    if not days:
        raise BadInput("Belum ada hari yang dipilih.", Problem("sebelum", "Isi angka harinya, misalnya 7, 3, 1."))
    return Schedule(form.stage, clock, "end" if form.edge == "end" else "start", tuple(days), until_on=until)


def _days(text: str, field: str) -> list[int]:
    """`30, 14, 7` or `30 14 7`, with or without H-."""
    parts = text.upper().replace("H-", " ").replace("H+", " ").replace(",", " ").replace(";", " ").split()
    if not all(is_id(part) and int(part) <= FARTHEST_DAY for part in parts):
        raise BadInput("Jumlah hari belum benar.", Problem(field, f"Isi angka 0 sampai {FARTHEST_DAY}, dipisah koma."))
    return [int(part) for part in parts]


def _until(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadInput("Tanggal akhir belum benar.", Problem("sampai", "Isi tanggal, atau kosongkan.")) from None
