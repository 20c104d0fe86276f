"""What a poster is made of: a sheet and layers on it, read from JSON and judged before they are kept. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from app.content.lettering import WEIGHTS
from app.content.sandbox import check, names
from app.kit.errors import BadInput, Problem

LEAST_SIDE, MOST_SIDE = 600, 2160
MOST_LAYERS = 20
LONGEST_WORDS = 400
LEAST_SIZE, MOST_SIZE = 28, 240
"""Pixels on a sheet 1080 wide: smaller letters are not read on a phone."""
LEAST_CONTRAST = 4.5
"""WCAG 2.2, 1.4.3 (AA), for text of any size."""
HEADLINE = "judul"
"""What a post says in short: its template's title, its own first sentence, or what the author wrote for the poster."""
Align = Literal["left", "center", "right"]
_HEX = re.compile(r"#[0-9A-Fa-f]{6}")
_WHITE = "#FFFFFF"


@dataclass(frozen=True)
class Box:
    """Pixels from the sheet's upper left corner."""

    x: int
    y: int
    w: int
    h: int

    def holds(self, other: "Box") -> bool:
        return (
            self.x <= other.x and self.y <= other.y
            and self.x + self.w >= other.x + other.w and self.y + self.h >= other.y + other.h
        )  # fmt: skip

    def touches(self, other: "Box") -> bool:
        return (
            self.x < other.x + other.w and other.x < self.x + self.w
            and self.y < other.y + other.h and other.y < self.y + self.h
        )  # fmt: skip


@dataclass(frozen=True)
class PhotoLayer:
    """The post's own photo, filling the box; `fill` stands there while there is none."""

    box: Box
    fill: str


@dataclass(frozen=True)
class RectLayer:
    """A rectangle; `radius` of its corners in pixels."""

    box: Box
    fill: str
    radius: int = 0


@dataclass(frozen=True)
class TextLayer:
    """Words with gaps as in a template, set as large as fits between `least` and `most` pixels."""

    box: Box
    text: str
    fill: str
    most: int = 96
    least: int = 36
    weight: str = "ExtraBold"
    align: Align = "left"


Layer = PhotoLayer | RectLayer | TextLayer
_KINDS: dict[str, type[Layer]] = {"photo": PhotoLayer, "rect": RectLayer, "text": TextLayer}


@dataclass(frozen=True)
class Sheet:
    """A whole design: `width` x `height` pixels of `paper`, with layers from the lowest to the topmost."""

    width: int
    height: int
    paper: str
    layers: tuple[Layer, ...]

    @property
    def words(self) -> list[TextLayer]:
        return [layer for layer in self.layers if isinstance(layer, TextLayer)]

    @property
    def has_photo(self) -> bool:
        return any(isinstance(layer, PhotoLayer) for layer in self.layers)

    @property
    def needs(self) -> list[str]:
        """Variables its words use."""
        return sorted({name for layer in self.words for name in names(layer.text)})


def as_json(sheet: Sheet) -> dict[str, Any]:
    """The form in which a design is kept and in which callers give it."""
    kinds = {shape: kind for kind, shape in _KINDS.items()}
    layers = []
    for layer in sheet.layers:
        fields = asdict(layer)
        layers.append({"kind": kinds[type(layer)], **fields.pop("box"), **fields})
    return {"width": sheet.width, "height": sheet.height, "paper": sheet.paper, "layers": layers}


def read_sheet(body: object) -> Sheet:
    """Raises BadInput naming every layer and what is wrong with it."""
    problems: list[Problem] = []
    sheet = _sheet(body, problems)
    if not problems:
        problems += _judge(sheet)
    if problems:
        said = "; ".join(f"{problem.field}: {problem.message}" for problem in problems[:4])
        raise BadInput(f"Desain poster belum dapat dipakai. {said}", *problems)
    return sheet


def contrast(one: str, other: str) -> float:
    """Between two colours, as WCAG counts it: 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _sheet(body: object, problems: list[Problem]) -> Sheet:
    given = body if isinstance(body, Mapping) else {}
    rows = given.get("layers")
    if not isinstance(rows, Sequence) or isinstance(rows, str) or not 0 < len(rows) <= MOST_LAYERS:
        problems.append(Problem("layers", f"harus daftar, 1 sampai {MOST_LAYERS} lapisan"))
        rows = []
    width = _whole(given, "width", LEAST_SIDE, MOST_SIDE, "width", problems, 1080)
    height = _whole(given, "height", LEAST_SIDE, MOST_SIDE, "height", problems, 1350)
    paper = _colour(given, "paper", "paper", problems, _WHITE)
    layers = [_layer(row, f"layers.{n}", (width, height), problems) for n, row in enumerate(rows)]
    return Sheet(width, height, paper, tuple(layer for layer in layers if layer is not None))


def _layer(row: object, place: str, size: tuple[int, int], problems: list[Problem]) -> Layer | None:
    if not isinstance(row, Mapping) or row.get("kind") not in _KINDS:
        problems.append(Problem(place, f"kind harus salah satu dari {', '.join(_KINDS)}"))
        return None
    known = {"kind", "x", "y", "w", "h", *_KINDS[row["kind"]].__dataclass_fields__} - {"box"}
    if unknown := sorted(str(name)[:40] for name in row if name not in known):
        problems.append(Problem(place, f"tidak dikenal: {', '.join(unknown)}"))
    x, y = (_whole(row, name, 0, MOST_SIDE, f"{place}.{name}", problems) for name in ("x", "y"))
    w, h = (_whole(row, name, 1, MOST_SIDE, f"{place}.{name}", problems) for name in ("w", "h"))
    if x + w > size[0] or y + h > size[1]:
        problems.append(Problem(place, f"keluar dari lembar {size[0]} x {size[1]}"))
    box, fill = Box(x, y, w, h), _colour(row, "fill", f"{place}.fill", problems)
    match row["kind"]:
        case "photo":
            return PhotoLayer(box, fill)
        case "rect":
            return RectLayer(box, fill, _whole(row, "radius", 0, MOST_SIDE // 2, f"{place}.radius", problems, 0))
    return _text(row, place, box, fill, problems)


def _text(row: Mapping[str, Any], place: str, box: Box, fill: str, problems: list[Problem]) -> TextLayer:
    text = row.get("text")
    if not isinstance(text, str) or not text.strip() or len(text) > LONGEST_WORDS:
        problems.append(Problem(f"{place}.text", f"wajib diisi, paling panjang {LONGEST_WORDS} karakter"))
        text = "-"
    problems += [Problem(f"{place}.text", found.reason) for found in check(text)]
    most = _whole(row, "most", LEAST_SIZE, MOST_SIZE, f"{place}.most", problems, 96)
    least = _whole(row, "least", LEAST_SIZE, MOST_SIZE, f"{place}.least", problems, 36)
    if least > most:
        problems.append(Problem(f"{place}.least", "ukuran terkecil melebihi ukuran terbesar"))
    weight, align = row.get("weight", WEIGHTS[-1]), row.get("align", "left")
    if weight not in WEIGHTS:
        problems.append(Problem(f"{place}.weight", f"pilih dari {', '.join(WEIGHTS)}"))
    if align not in get_args(Align):
        problems.append(Problem(f"{place}.align", f"pilih dari {', '.join(get_args(Align))}"))
    return TextLayer(box, text, fill, most, least, str(weight), "left" if align not in get_args(Align) else align)


def _judge(sheet: Sheet) -> Iterator[Problem]:
    """What is well formed and still nobody could read."""
    if not sheet.words:
        yield Problem("layers", "paling sedikit satu kotak teks")
    if sum(isinstance(layer, PhotoLayer) for layer in sheet.layers) > 1:
        yield Problem("layers", "paling banyak satu foto")
    for number, layer in enumerate(sheet.layers):
        if not isinstance(layer, TextLayer):
            continue
        for ground in _grounds(sheet, number):
            if ground is None:
                yield Problem(f"layers.{number}", "teks di atas foto tidak terbaca; taruh persegi di antaranya")
            elif contrast(layer.fill, ground) < LEAST_CONTRAST:
                ratio = f"{contrast(layer.fill, ground):.1f}".replace(".", ",")
                yield Problem(
                    f"layers.{number}.fill",
                    f"kontras dengan latarnya {ratio}; paling sedikit 4,5 agar terbaca semua orang",
                )


def _grounds(sheet: Sheet, number: int) -> list[str | None]:
    """Colours a text may stand on, from right beneath it down to what covers its whole box; None: a photo."""
    box, found = sheet.layers[number].box, []
    for layer in reversed(sheet.layers[:number]):
        if isinstance(layer, TextLayer) or not layer.box.touches(box):
            continue
        found.append(None if isinstance(layer, PhotoLayer) else layer.fill)
        if layer.box.holds(box):
            return list(dict.fromkeys(found))
    return list(dict.fromkeys([*found, sheet.paper]))


def _whole(
    row: Mapping[str, Any],
    name: str,
    least: int,
    most: int,
    place: str,
    problems: list[Problem],
    otherwise: int | None = None,
) -> int:
    value = row.get(name, otherwise)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        problems.append(Problem(place, f"bilangan bulat {least} sampai {most}"))
        return least
    return value


def _colour(
    row: Mapping[str, Any], name: str, place: str, problems: list[Problem], otherwise: str | None = None
) -> str:
    value = row.get(name, otherwise)
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        problems.append(Problem(place, "warna ditulis seperti #1F1D26"))
        return _WHITE
    return value.upper()


def _luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
