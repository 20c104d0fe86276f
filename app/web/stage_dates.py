"""A stage's days in words."""

from datetime import date

from app.content.values import write_date


def dates(start: date | None, end: date | None) -> str:
    """The days in words, saying which one is not known."""
    if start is None and end is None:
        return "Tanggal belum ditetapkan"
    first = write_date(start, width="long") if start else "mulai belum ditetapkan"
    last = write_date(end, width="long") if end else "selesai belum ditetapkan"
    return first if start == end else f"{first} s.d. {last}"


def day_of(iso: str | None) -> str:
    """27 November 2024, from what a revision keeps."""
    return write_date(date.fromisoformat(iso), width="long") if iso else "belum ditetapkan"
