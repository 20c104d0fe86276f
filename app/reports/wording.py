"""How figures, days and periods are written in Bahasa Indonesia, the same in page, PDF, spreadsheet and mail."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from app.content.values import write_date, zone_name
from app.engagement.rules import Row
from app.reports import rules
from app.reports.rules import Kind, Period, Recap

UNKNOWN = "tidak tersedia"
TITLES = {Kind.WEEKLY: "Rekap mingguan", Kind.MONTHLY: "Rekap bulanan", Kind.TAHAPAN: "Rekap per tahapan"}
ENVIRONMENTS = {"live": "akun sungguhan", "practice": "akun latihan", "manual": "akun yang diunggah sendiri"}


def week_name(key: str, first: date, last: date) -> str:
    """Pekan 47: 18 s.d. 24 November 2024."""
    start = str(first.day) if first.month == last.month else write_date(first, width="long")
    return f"Pekan {int(key[6:])}: {start} s.d. {write_date(last, width='long')}"


def month_name(first: date) -> str:
    """November 2024."""
    return write_date(first, width="long").partition(" ")[2]


def number(value: float | None) -> str:
    """1.234; what is not known says so."""
    return UNKNOWN if value is None else f"{int(value):,}".replace(",", ".")


def percent(value: float | None, *, digits: int = 1) -> str:
    """12,3 % of a fraction."""
    return UNKNOWN if value is None else f"{value * 100:.{digits}f} %".replace(".", ",")


def plain_percent(value: float) -> str:
    """76 % of a number that is percent already."""
    return f"{value:g} %".replace(".", ",")


def figure(name: str, value: float | None) -> str:
    return percent(value) if name == "engagement_rate" else number(value)


def grown(now: float | None, before: float | None) -> str:
    """`+12,5 %` against the period before; empty where that cannot be said."""
    by = rules.change(now, before)
    if by is None:
        return ""
    return f"{'+' if by >= 0 else '−'}{percent(abs(by))}"


def moment(at: datetime | None, zone: str) -> str:
    """20 November 2024 pukul 09.00 WIB."""
    if at is None:
        return "belum pernah"
    local = at.astimezone(ZoneInfo(zone))
    return f"{write_date(local.date(), width='long')} pukul {local:%H.%M} {zone_name(zone)}"


def countdown(days: int | None) -> str:
    """H-7; empty where voting day is not known."""
    if days is None:
        return ""
    return "hari pemungutan suara" if days == 0 else f"H-{days}" if days > 0 else f"H+{-days}"


def title(recap: Recap) -> str:
    return f"{TITLES[recap.period.kind]} {recap.unit}"


def days(period: Period) -> str:
    """The period's days; a stage's may be unknown."""
    if period.from_on is None and period.to_on is None:
        return "tanggal belum ditetapkan"
    first = write_date(period.from_on, width="long") if period.from_on else "mulai belum ditetapkan"
    last = write_date(period.to_on, width="long") if period.to_on else "selesai belum ditetapkan"
    return first if first == last else f"{first} s.d. {last}"


def summary(recap: Recap) -> list[tuple[str, str, str]]:
    """Name, value and change of what a commissioner reads first."""
    now, before = recap.totals, recap.before
    told = [
        (word, figure(name, getattr(now, name)), grown(getattr(now, name), getattr(before, name) if before else None))
        for name, word in rules.COLUMNS.items()
        if name in {"posts", "published", "failed", "missed", "views", "reach", "engagement_rate"}
    ]
    share = now.on_time / now.published if now.published else None
    earlier = before.on_time / before.published if before and before.published else None
    told.insert(2, ("Tepat waktu", percent(share), grown(share, earlier)))
    count, counted = rules.interactions(now), rules.interactions(before) if before else None
    told.insert(-1, ("Interaksi", number(count), grown(count, counted)))
    return told


def of(part: int | None, whole: int | None) -> str:
    """`3 dari 12`; an unknown whole says so."""
    return f"{number(part)} dari {number(whole)}" if whole is not None else f"{number(part)} (jumlahnya belum diisi)"


def excerpt(text: str, *, most: int = 90) -> str:
    """The first words on one line."""
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 1].rstrip() + "…"


def row_values(row: Row) -> list[str]:
    return [figure(name, getattr(row, name)) for name in rules.COLUMNS]


def filename(recap: Recap, ending: str) -> str:
    """rekap-pps-cilendek-barat-2024-W47.pdf."""
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in recap.unit.lower())
    name = "-".join(part for part in plain.split("-") if part)
    return f"rekap-{name}-{recap.period.key}.{ending}"
