"""The recap as a tagged PDF (PDF/UA-1), set by Typst from one template and one JSON object; nothing of it is code."""

import asyncio
import json
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from app.platforms.registry import TITLES
from app.reports import rules, wording
from app.reports.rules import Evidence, Recap
from app.settings import ROOT

TEMPLATES = ROOT / "templates" / "reports"
FONTS = ROOT / "data" / "fonts"
ANNEX = 300
"""Lines of evidence on paper; a spreadsheet holds the rest, and the paper says so."""


def write_pdf(recap: Recap) -> bytes:
    """Takes about as long as it takes to set its pages: run it beside the loop, not in it."""
    return compile_pdf("rekap.typ", _facts(recap))


def compile_pdf(template: str, facts: Mapping[str, Any]) -> bytes:
    """The template set with `facts`, which it reads as data. Fonts are ours and Typst's own: no machine's."""
    import typst  # only where paper is set: every process would pay for it at its start

    document: bytes = typst.compile(
        str(TEMPLATES / template),
        root=str(TEMPLATES),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"facts": json.dumps(facts, ensure_ascii=False)},
        pdf_standards=["ua-1"],
    )
    return document


def printable(text: str) -> str:
    """Without what no font here can draw (emoji, unassigned, private): a tagged PDF refuses an empty box."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(char for char in composed if char in "\n\t" or _has_glyph(char)).strip()


def _has_glyph(char: str) -> bool:
    # Latin with its marks, punctuation, currency, arrows' plain neighbours: what the fonts hold.
    return char.isprintable() and (ord(char) < 0x250 or char in "–—‘’“”…•€™−→×≥≤") and ord(char) >= 0x20


def _facts(recap: Recap) -> dict[str, Any]:
    return {
        "title": printable(wording.title(recap)),
        "unit": printable(recap.unit),
        "period": printable(recap.period.label),
        "days": wording.days(recap.period),
        "about": [[word, printable(value)] for word, value in about(recap)],
        "summary": [[word, value, by] for word, value, by in wording.summary(recap)],
        "kecamatan": _kecamatan(recap),
        "units": _units(recap),
        "groups": _groups(recap),
        "coverage": [[word, value] for word, value in coverage(recap)],
        "silent": [printable(row.label) for row in recap.silent],
        "troubles": [[printable(t.unit), TITLES.get(t.platform, t.platform), printable(t.handle), printable(t.reason)] for t in recap.troubles],
        "care": [[word, wording.number(value)] for word, value in care(recap)],
        "top": _posts(recap, recap.top, lambda row: wording.number(row.interactions)),
        "to_answer": _posts(recap, recap.to_answer, lambda row: wording.number(row.comments)),
        "targets": [[printable(aim.wilayah), target(aim.low, aim.high), printable(aim.source)] for aim in recap.targets],
        "annex": [_line(recap, row) for row in recap.annex[:ANNEX]],
        "annex_left": max(0, recap.annex_total - ANNEX),
        "definitions": [[word, meaning] for word, meaning in recap.definitions.items()],
    }  # fmt: skip


def about(recap: Recap) -> Sequence[tuple[str, str]]:
    """What stands at the head: what runs, how much of the city it covers, and how fresh it is."""
    told = [
        ("Periode", recap.period.label),
        ("Tahapan berjalan", "; ".join(recap.stages) or "tidak ada"),
        ("Hitung mundur", wording.countdown(recap.days_to_vote)),
        ("Unit", f"{wording.number(recap.active_units)} aktif dari {wording.number(recap.units)}"),
        ("Akun", f"{wording.number(recap.channels)} {wording.ENVIRONMENTS.get(recap.environment, '')}"),
        ("Angka terakhir dibaca", wording.moment(recap.fresh_at, recap.timezone)),
        ("Dibuat", wording.moment(recap.made_at, recap.timezone)),
    ]
    return [(word, value) for word, value in told if value]


def coverage(recap: Recap) -> Sequence[tuple[str, str]]:
    rw = recap.coverage
    return (
        ("Kegiatan pada periode ini", wording.number(rw.activities)),
        ("Hadirin pada periode ini", wording.number(rw.attendance)),
        ("RW didatangi sampai akhir periode", wording.of(rw.visited, rw.declared)),
        ("RW seluruh kota menurut KPU", wording.number(rw.expected)),
        ("PPS yang belum mengisi jumlah RW", wording.number(rw.unknown_units)),
    )


def care(recap: Recap) -> Sequence[tuple[str, int]]:
    return (
        ("Unggahan ditolak peninjau", recap.care.rejected),
        ("Ditarik sesudah terbit", recap.care.withdrawn),
        ("Sudah tidak ada di platform", recap.care.gone),
    )


def target(low: float, high: float) -> str:
    return (
        wording.plain_percent(low)
        if low == high
        else f"{wording.plain_percent(low)[:-2]}–{wording.plain_percent(high)}"
    )


def _kecamatan(recap: Recap) -> list[dict[str, Any]]:
    return [
        {
            "label": printable(row.label),
            "published": row.published,
            "cells": [
                f"{row.active} dari {row.units}",
                wording.number(row.published),
                f"{row.mandatory_done} dari {row.mandatory}",
                wording.number(row.reach),
                wording.number(rules.interactions(row)),
                wording.percent(row.engagement_rate),
            ],
        }
        for row in recap.kecamatan
    ]


def _units(recap: Recap) -> list[list[str]]:
    return [
        [
            printable(row.label),
            wording.number(row.posts),
            wording.number(row.published),
            wording.number(row.on_time),
            f"{row.mandatory_done} dari {row.mandatory}",
            wording.number(row.reach),
            wording.number(rules.interactions(row)),
            "–" if row.kind != "pps" else wording.of(row.rw_visited, row.rw_count) if row.rw_count else str(row.rw_visited),
        ]
        for row in recap.rows
    ]  # fmt: skip


def _groups(recap: Recap) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "rows": [
                [
                    printable(row.label),
                    wording.number(row.posts),
                    wording.number(row.published),
                    wording.number(row.views),
                    wording.number(row.reach),
                    wording.number(rules.interactions(row)),
                    wording.percent(row.engagement_rate),
                ]
                for row in recap.groups[key]
            ],
        }
        for key, name in rules.GROUPS.items()
        if recap.groups.get(key)
    ]


def _posts(recap: Recap, rows: Sequence[Evidence], value: Any) -> list[list[str]]:
    return [
        [printable(row.unit), TITLES.get(row.platform, row.platform), printable(wording.excerpt(row.text)), value(row), row.url or ""]
        for row in rows
    ]  # fmt: skip


def _line(recap: Recap, row: Evidence) -> list[str]:
    return [
        wording.moment(row.published_at, recap.timezone),
        printable(row.unit),
        TITLES.get(row.platform, row.platform),
        printable(wording.excerpt(row.text, most=70)),
        row.text_hash[:16],
        row.url or "",
    ]


async def certificate(facts: Mapping[str, Any]) -> bytes:
    """One page with what the ranking says and how it is made; signed by hand."""
    plain = {name: printable(value) if isinstance(value, str) else value for name, value in facts.items()}
    return await asyncio.to_thread(compile_pdf, "sertifikat.typ", plain)
