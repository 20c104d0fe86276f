"""The KPU's field programmes by the code that posts, templates and activities carry."""

from collections.abc import Mapping

PROGRAMMES: Mapping[str, str] = {
    "gerebek_pasar": "Gerebek Pasar",
    "ketuk_pintu_pemilih": "Ketuk Pintu Pemilih",
    "jalan_sehat": "Jalan Sehat",
    "sosialisasi_rw": "Sosialisasi RW",
    "pemilih_pemula": "Pemilih Pemula",
}
NO_PROGRAMME = "Tanpa program"
AT_A_SCHOOL = "pemilih_pemula"
PER_RW = "sosialisasi_rw"


def programme_name(code: str) -> str:
    """A code that a template of one's own brought along is shown as it is."""
    return PROGRAMMES.get(code, code) if code else NO_PROGRAMME
