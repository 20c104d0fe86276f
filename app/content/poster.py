"""How a poster is drawn: a quiet sheet with a headline and the unit's name, for posts that must carry a picture."""

import hashlib
import json
import textwrap
from dataclasses import asdict, dataclass
from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageDraw

from app.content.lettering import ELLIPSIS, cut, font_of, shown, wrap

# Instagram's tallest feed picture, 4:5; sharp on every phone without scaling.
WIDTH, HEIGHT = 1080, 1350
MAX_BYTES = 900_000
LONGEST_HEADLINE = 240
_MARGIN = 96
_TOP, _BOTTOM = 300, 960  # where the headline may stand
_SIZES = tuple(range(116, 38, -6))
_NAME_SIZES = tuple(range(52, 26, -2))

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class _Theme:
    """Ink, stone and violet only: red, yellow, green, blue and orange belong to parties."""

    paper: Colour
    ink: Colour
    soft: Colour
    accent: Colour


_THEMES = {
    "batu": _Theme(paper=(244, 242, 238), ink=(31, 29, 38), soft=(104, 99, 112), accent=(91, 63, 140)),
    "tinta": _Theme(paper=(33, 31, 41), ink=(244, 242, 238), soft=(184, 178, 192), accent=(172, 148, 216)),
}
THEMES = tuple(_THEMES)


@dataclass(frozen=True)
class PosterSpec:
    """Everything that decides a poster's bytes. `theme`: one of THEMES; an unknown one is drawn as the first."""

    headline: str
    unit_name: str
    footer: str = ""
    theme: str = "batu"

    def digest(self) -> str:
        """The same for the same poster, so that a poster is drawn once."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def draw(spec: PosterSpec) -> bytes:
    """A JPEG in sRGB, 1080 x 1350, at most 900 kB; the same bytes for the same spec."""
    sheet = _sheet(spec)
    for quality in (90, 80, 65, 50):
        out = BytesIO()
        sheet.save(out, "JPEG", quality=quality, subsampling=0, optimize=True)
        if out.tell() <= MAX_BYTES:
            break
    return out.getvalue()


@lru_cache(maxsize=256)
def thumbnail(spec: PosterSpec) -> bytes:
    """The same sheet as a WebP 320 pixels wide, some 5 kB, for lists on a phone."""
    out = BytesIO()
    _sheet(spec).resize((320, 400), Image.Resampling.LANCZOS).save(out, "WEBP", quality=70, method=4)
    return out.getvalue()


def _sheet(spec: PosterSpec) -> Image.Image:
    theme = _THEMES.get(spec.theme, _THEMES["batu"])
    sheet = _base(theme).copy()
    pen = ImageDraw.Draw(sheet)
    _write_headline(pen, textwrap.shorten(shown(spec.headline), LONGEST_HEADLINE, placeholder=ELLIPSIS), theme)
    _write_name(pen, shown(spec.unit_name), shown(spec.footer), theme)
    return sheet


def describe(spec: PosterSpec, lang: str = "id") -> str:
    """The poster for those who do not see it, in Bahasa Indonesia or Basa Sunda."""
    says = "nu tulisanana" if lang == "su" else "bertuliskan"
    said = f"Poster {spec.unit_name} {says}: {spec.headline.strip().rstrip('.')}."
    return f"{said} {spec.footer.strip()}".strip()


@lru_cache(maxsize=4)
def _base(theme: _Theme) -> Image.Image:
    """What every poster of a theme shares: paper, a band, the mark, a line above the name."""
    sheet = Image.new("RGB", (WIDTH, HEIGHT), theme.paper)
    pen = ImageDraw.Draw(sheet)
    pen.rectangle((0, 0, WIDTH, 18), fill=theme.accent)
    # The wooden drum: a rounded log with its slit, and two rings of sound.
    left, top = _MARGIN, 110
    pen.rounded_rectangle((left, top, left + 56, top + 128), radius=26, fill=theme.ink)
    pen.rounded_rectangle((left + 23, top + 30, left + 33, top + 98), radius=5, fill=theme.paper)
    for reach in (34, 62):
        box = (left + 56 - reach, top + 64 - reach, left + 56 + reach, top + 64 + reach)
        pen.arc(box, start=-42, end=42, fill=theme.accent, width=8)
    pen.line((_MARGIN, 1030, WIDTH - _MARGIN, 1030), fill=theme.accent, width=6)
    return sheet


def _write_headline(pen: ImageDraw.ImageDraw, text: str, theme: _Theme) -> None:
    room = WIDTH - 2 * _MARGIN
    for size in _SIZES:
        font, step = font_of("ExtraBold", size), round(size * 1.16)
        lines = list(wrap(text, font, room))
        if len(lines) * step <= _BOTTOM - _TOP and max(map(font.getlength, lines), default=0) <= room:
            break
    most = (_BOTTOM - _TOP) // step
    if len(lines) > most:
        lines = [*lines[: most - 1], cut(lines[most - 1] + ELLIPSIS, font, room)]
    for number, line in enumerate(lines):
        pen.text((_MARGIN, _TOP + number * step), line, font=font, fill=theme.ink)


def _write_name(pen: ImageDraw.ImageDraw, name: str, footer: str, theme: _Theme) -> None:
    room = WIDTH - 2 * _MARGIN
    for size in _NAME_SIZES:
        font = font_of("ExtraBold", size)
        lines = list(wrap(name, font, room))
        if len(lines) <= 2:
            break
    y = 1072
    for line in lines[:3]:
        pen.text((_MARGIN, y), line, font=font, fill=theme.ink)
        y += round(size * 1.22)
    small = font_of("SemiBold", 32)
    for line in list(wrap(footer, small, room))[:2]:
        pen.text((_MARGIN, y + 12), line, font=small, fill=theme.soft)
        y += 42
