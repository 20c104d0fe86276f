"""Reads what people fill into forms: moments in a unit's zone, anchors on a stage, numbers and choices."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData

from app.content.values import write_date
from app.kit.errors import AppError, BadInput, Problem
from app.platforms.contract import Adapter, Option, OptionKind
from app.posts.rules import Anchor, Timing
from app.tahapan.rules import Calendar, Stage

LONGEST_OFFSET = 365
VARIABLE, OPTION = "isi-", "opsi-"


@dataclass(frozen=True)
class When:
    """The part of a form that says when, as it was typed, so that it can be shown again."""

    mode: str
    at: str
    stage: str
    edge: str
    days: str
    side: str
    clock: str


def one(form: FormData | Mapping[str, str], name: str, otherwise: str = "") -> str:
    """A text field; a file under this name counts as nothing."""
    value = form.get(name, otherwise)
    return clean(value) if isinstance(value, str) else otherwise


def clean(text: str) -> str:
    """Line ends as we keep them, and no NUL, which no database of ours takes."""
    return text.replace("\r\n", "\n").replace("\x00", "")


def many(form: FormData, name: str) -> list[str]:
    return [clean(value) for value in form.getlist(name) if isinstance(value, str)]


def numbers(form: FormData, name: str) -> list[int]:
    return [int(value) for value in many(form, name) if is_id(value)]


def is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


def variables(form: FormData) -> dict[str, str]:
    """Fields named `isi-<variable>`; an empty one is not given."""
    found = {name.removeprefix(VARIABLE): one(form, name).strip() for name in form if name.startswith(VARIABLE)}
    return {name: value for name, value in found.items() if value}


def options_of(form: FormData, adapters: Mapping[str, Adapter]) -> dict[str, dict[str, Any]]:
    """Fields named `opsi-<platform>-<name>`, as the platforms' options want them; what was left alone is not given."""
    given: dict[str, dict[str, Any]] = {}
    for adapter in adapters.values():
        for option in adapter.options:
            text = one(form, f"{OPTION}{adapter.name}-{option.name}").strip()
            if text:
                given.setdefault(adapter.name, {})[option.name] = _option(option, text)
    return given


def optional(adapters: Mapping[str, Adapter], platforms: Iterable[str]) -> list[Adapter]:
    """Of these platforms, those where there is something to choose."""
    return [adapters[name] for name in dict.fromkeys(platforms) if name in adapters and adapters[name].options]


def _option(option: Option, text: str) -> Any:
    match option.kind:
        case OptionKind.YES:
            return True
        case OptionKind.NAMES:
            return [name.strip() for name in text.split(",") if name.strip()]
    return text


def when_of(form: FormData | Mapping[str, str], *, now: datetime, zone: str, mode: str = "waktu") -> When:
    """As typed; an empty form proposes the next full hour at least half an hour away."""
    proposed = (now + timedelta(minutes=90)).astimezone(ZoneInfo(zone)).replace(minute=0)
    return When(
        mode=one(form, "kapan", mode),
        at=one(form, "waktu", proposed.strftime("%Y-%m-%dT%H:%M")),
        stage=one(form, "tahapan"),
        edge=one(form, "ujung", "start"),
        days=one(form, "hari", "0"),
        side=one(form, "arah", "sebelum"),
        clock=one(form, "jam", "07:00"),
    )


def read_timing(when: When, zone: str, *, now: datetime | None = None) -> Timing | None:
    """None for a draft; raises BadInput naming the field. `now` None: this form does not offer "at once"."""
    if when.mode == "nanti":
        return None
    if when.mode == "sekarang" and now is not None:
        return Timing(at=now)
    if when.mode == "tahapan":
        return Timing(anchor=_anchor(when))
    return Timing(at=read_moment(when.at, zone, "waktu"))


def read_moment(text: str, zone: str, field: str) -> datetime:
    """What a datetime-local field sends, on the clock of `zone`."""
    try:
        naive = datetime.fromisoformat(text)
    except ValueError:
        naive = None
    if naive is None or naive.tzinfo is not None:
        raise BadInput(
            "Tanggal dan jam belum lengkap.", Problem(field, "Isi tanggal dan jamnya, misalnya 27/11/2024 07.00.")
        )
    return naive.replace(tzinfo=ZoneInfo(zone))


def _anchor(when: When) -> Anchor:
    edge: Literal["start", "end"] = "end" if when.edge == "end" else "start"
    if not when.stage:
        raise BadInput("Tahapan belum dipilih.", Problem("tahapan", "Pilih tahapannya."))
    if not is_id(when.days) or int(when.days) > LONGEST_OFFSET:
        raise BadInput("Jumlah hari belum benar.", Problem("hari", f"Isi angka 0 sampai {LONGEST_OFFSET}."))
    try:
        clock = time.fromisoformat(when.clock)
    except ValueError:
        raise BadInput("Jam belum benar.", Problem("jam", "Isi jamnya, misalnya 07.00.")) from None
    days = int(when.days)
    return Anchor(when.stage, edge, days if when.side == "sesudah" else -days, clock.replace(tzinfo=None))


@dataclass(frozen=True)
class StageChoice:
    code: str
    name: str
    dates: str


def stage_choices(calendar: Calendar | None, today: date) -> Sequence[StageChoice]:
    """Stages that are not over yet, by their first day."""
    if calendar is None:
        return ()
    ours = [stage for stage in calendar.stages.values() if calendar.is_ours(stage) and (_last(stage) or today) >= today]
    dated = sorted(
        (stage for stage in ours if _last(stage)), key=lambda stage: (stage.starts_on or _last(stage), stage.code)
    )
    return [StageChoice(stage.code, stage.name, _dates(stage)) for stage in dated]


def _last(stage: Stage) -> date | None:
    return stage.ends_on or stage.starts_on


def _dates(stage: Stage) -> str:
    days = [write_date(day, width="long") for day in (stage.starts_on, stage.ends_on) if day]
    return " s.d. ".join(dict.fromkeys(days))


def by_field(error: AppError) -> dict[str, str]:
    """Problems by the name of the form's field they belong to."""
    found: dict[str, str] = {}
    for problem in error.problems:
        name = _FIELDS.get(problem.field) or problem.field.replace("variables.", VARIABLE).replace(
            "texts.", "teks-"
        ).replace("text.", "teks-")
        if name.startswith("options."):
            name = OPTION + name.removeprefix("options.").replace(".", "-")
        found.setdefault(name, problem.message)
    return found


_FIELDS = {
    "timing": "waktu",
    "timing.at": "waktu",
    "timing.anchor": "tahapan",
    "timing.anchor.tahapan": "tahapan",
    "channels": "akun",
    "text": "teks",
    "select.kinds": "jenis",
    "platforms": "platform",
    "media": "foto",
    "alt_text": "alt",
    "poster": "poster",
    "poster.headline": "judul-poster",
    "file": "foto",
    "tags": "tag",
    "telegram_chat": "chat",
    "quiet_from": "tenang_dari",
    "reason": "alasan",
    "timezone": "zona",
    "rw_count": "rw",
    "email": "surel",
    "role": "peran",
    "valid_until": "batas",
    "name": "nama",
    "code": "kode",
    "key": "kunci",
    "title": "judul",
    "units": "jenis",
    "stages": "tahapan",
    "kind": "jenis",
    "scope": "wilayah",
    "parent": "induk",
    "starts_on": "mulai",
    "ends_on": "selesai",
    "source": "sumber",
    "certainty": "kepastian",
    "note": "catatan",
    "handle": "nama",
    "credential": "kunci-access_token",
    "secret": "rahasia",
    "base_url": "peladen",
}
