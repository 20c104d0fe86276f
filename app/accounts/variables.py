"""What kind of thing a variable holds, told by its name, so that a form can ask for it and a slip is seen before it is printed."""

import re
from collections.abc import Mapping
from enum import StrEnum

from app.kit.errors import Problem


class VariableKind(StrEnum):
    TEXT = "text"
    DATE = "date"
    TIME = "time"
    NUMBER = "number"
    URL = "url"
    PHONE = "phone"


_KINDS = (
    (re.compile(r"tanggal(_|$)"), VariableKind.DATE),
    (re.compile(r"(waktu|jam)(_|$)"), VariableKind.TIME),
    (re.compile(r"(jumlah|nomor)(_|$)|rw$|rt$"), VariableKind.NUMBER),
    (re.compile(r"(tautan|situs|url)(_|$)"), VariableKind.URL),
    (re.compile(r"(telepon|telp|wa|whatsapp)(_|$)"), VariableKind.PHONE),
)
_MONTH = r"(?:januari|februari|maret|april|mei|juni|juli|agustus|september|oktober|november|desember)"
_LOOKS = {
    # As a form sends it, or in words, which a text then prints as they are.
    VariableKind.DATE: (re.compile(rf"\d{{4}}-\d{{2}}-\d{{2}}|.*\d.*{_MONTH}.*|.*\d{{1,2}}[/.-]\d{{1,2}}.*", re.I), "tanggal, misalnya 2024-11-27"),
    VariableKind.TIME: (re.compile(r".*\d.*", re.DOTALL), "jam, misalnya 09.00 WIB"),
    VariableKind.NUMBER: (re.compile(r"\d{1,3}(?:\.\d{3})+|\d{1,9}"), "angka saja, misalnya 12"),
    VariableKind.URL: (re.compile(r"(?:https?://)?[\w-]+(?:\.[\w-]+)+(?:[/?#]\S*)?"), "alamat situs, misalnya kota-bogor.kpu.go.id"),
    VariableKind.PHONE: (re.compile(r".*\d[\d\s().-]{4,}\d.*|.*@.*", re.DOTALL), "nomor yang dapat dihubungi, misalnya (0251) 8321234"),
}  # fmt: skip


def kind_of(name: str) -> VariableKind:
    """`tanggal_kegiatan` is a date, `jumlah_tps` a number; what no rule knows is a text."""
    return next((kind for pattern, kind in _KINDS if pattern.match(name)), VariableKind.TEXT)


def unfit(name: str, value: object) -> str | None:
    """What the value should be instead; None where it fits, or is empty (which is missing, not wrong)."""
    text, looks = str(value).strip(), _LOOKS.get(kind_of(name))
    if not text or looks is None or looks[0].fullmatch(text):
        return None
    return f"isi dengan {looks[1]}"


def problems_in(values: Mapping[str, object], *, prefix: str = "variables.") -> list[Problem]:
    return [Problem(f"{prefix}{name}", said) for name, value in values.items() if (said := unfit(name, value))]
