"""How words are set on a picture: which letters a font has, how they break into lines, and which size fits a box."""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from PIL import ImageFont

from app.settings import ROOT

ELLIPSIS = "…"
WEIGHTS = ("SemiBold", "ExtraBold")
_FONTS = ROOT / "data" / "fonts"


def wrap(text: str, font: ImageFont.FreeTypeFont, room: float) -> Iterator[str]:
    """Lines no wider than `room`; a word that is wider by itself is broken."""
    line = ""
    for word in text.split():
        wider = f"{line} {word}".strip()
        if font.getlength(wider) <= room:
            line = wider
            continue
        if line:
            yield line
        while font.getlength(word) > room:
            fits = next((size for size in range(len(word) - 1, 1, -1) if font.getlength(word[:size]) <= room), 1)
            yield word[:fits]
            word = word[fits:]
        line = word
    if line:
        yield line


def cut(line: str, font: ImageFont.FreeTypeFont, room: float) -> str:
    while len(line) > 2 and font.getlength(line) > room:
        line = line[:-2].rstrip() + ELLIPSIS
    return line


def shown(text: str) -> str:
    """Only what the font can draw: an emoji would come out as an empty box."""
    plain = unicodedata.normalize("NFC", text)
    return "".join(letter for letter in plain if _is_drawable(letter))


def _is_drawable(letter: str) -> bool:
    return letter.isspace() or (letter.isprintable() and (ord(letter) < 0x180 or letter in "–—‘’“”…•"))


@lru_cache(maxsize=64)
def font_of(weight: str, size: int) -> ImageFont.FreeTypeFont:
    # The basic layout is the same wherever the wheel was built; the fancy one depends on the machine's libraries.
    return ImageFont.truetype(_FONTS / f"PlusJakartaSans-{weight}.ttf", size, layout_engine=ImageFont.Layout.BASIC)
