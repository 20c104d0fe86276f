"""The same recap in every format that people ask for."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter

from app.reports import wording
from app.reports.rules import Recap
from app.reports.writers.comma import write_csv
from app.reports.writers.pdf import write_pdf
from app.reports.writers.sheet import write_xlsx

_ADAPTER = TypeAdapter(Recap)


def write_json(recap: Recap) -> bytes:
    return _ADAPTER.dump_json(recap, indent=2)


WRITERS: Mapping[str, tuple[Callable[[Recap], bytes], str]] = {
    "pdf": (write_pdf, "application/pdf"),
    "xlsx": (write_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "csv": (write_csv, "text/csv; charset=utf-8"),
    "json": (write_json, "application/json"),
}
"""By the ending of the file: who writes it, and what it calls itself."""


@dataclass(frozen=True)
class File:
    name: str
    mime: str
    content: bytes


async def write_file(recap: Recap, ending: str) -> File:
    """Beside the event loop: a PDF of a city takes a while."""
    write, mime = WRITERS[ending]
    content = await asyncio.to_thread(write, recap)
    return File(wording.filename(recap, ending), mime, content)
