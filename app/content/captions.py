"""What is said in a video, as a file of captions: SubRip or WebVTT is read, SubRip is kept."""

import re
from dataclasses import dataclass

from app.kit.errors import BadInput, Problem

MAX_BYTES = 200_000
MOST_CUES = 2000
_TIME = r"(?:(\d{1,2}):)?([0-5]?\d):([0-5]\d)[,.](\d{3})"
_ARROW = re.compile(rf"^{_TIME}\s+-->\s+{_TIME}(?:\s.*)?$")
_TAG = re.compile(r"</?[^<>\n]{1,60}>")


@dataclass(frozen=True)
class Cue:
    """Milliseconds from the start, and what is read meanwhile."""

    start: int
    end: int
    text: str


def read_captions(data: bytes) -> list[Cue]:
    """Raises BadInput for what is no SubRip or WebVTT, for times that run backwards, and for too much."""
    if len(data) > MAX_BYTES:
        raise _wrong(f"Berkas takarir paling besar {MAX_BYTES // 1000} kB.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _wrong("Berkas takarir harus berupa teks UTF-8 (.srt atau .vtt).") from None
    cues: list[Cue] = []
    for block in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")):
        lines = [line.strip() for line in block.split("\n")]
        place = next((n for n, line in enumerate(lines) if _ARROW.match(line)), None)
        if place is None:
            continue
        match = _ARROW.match(lines[place])
        assert match is not None
        start, end = _millis(match.groups()[:4]), _millis(match.groups()[4:])
        said = "\n".join(filter(None, (_TAG.sub("", line).strip() for line in lines[place + 1 :])))
        if end <= start or (cues and start < cues[-1].start):
            raise _wrong(f"Waktu takarir ke-{len(cues) + 1} berjalan mundur. Periksa berkasnya.")
        if said:
            cues.append(Cue(start, end, said))
    if not cues or len(cues) > MOST_CUES:
        raise _wrong(f"Berkas itu tidak berisi takarir yang dapat dibaca (1 sampai {MOST_CUES} baris waktu).")
    return cues


def write_srt(cues: list[Cue]) -> str:
    return "\n".join(f"{n}\n{_stamp(c.start)} --> {_stamp(c.end)}\n{c.text}\n" for n, c in enumerate(cues, 1))


def _millis(parts: tuple[str | None, ...]) -> int:
    hours, minutes, seconds, thousandths = (int(part or 0) for part in parts)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths


def _stamp(millis: int) -> str:
    seconds, thousandths = divmod(millis, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02},{thousandths:03}"


def _wrong(message: str) -> BadInput:
    return BadInput(message, Problem("captions", message))
