"""How a design becomes a picture: its layers one above the other, the words as large as their boxes allow."""

from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageDraw, ImageOps

from app.content.layers import PhotoLayer, RectLayer, Sheet, TextLayer
from app.content.lettering import cut, font_of, shown, wrap
from app.content.poster import MAX_BYTES

_LEADING = 1.16
_STEP = 4


def draw_sheet(sheet: Sheet, texts: Sequence[str], photo: bytes | None = None, *, width: int = 0) -> bytes:
    """A JPEG in sRGB of at most MAX_BYTES; `texts` in the order of the sheet's words, `width` 0: the sheet's own.

    CPU work: 10 to 40 ms.
    """
    picture = Image.new("RGB", (sheet.width, sheet.height), sheet.paper)
    pen, words = ImageDraw.Draw(picture), iter(texts)
    for layer in sheet.layers:
        match layer:
            case PhotoLayer():
                _put_photo(picture, layer, photo)
            case RectLayer(box, fill, radius):
                edge = (box.x, box.y, box.x + box.w - 1, box.y + box.h - 1)
                pen.rounded_rectangle(edge, radius=min(radius, box.w // 2, box.h // 2), fill=fill)
            case TextLayer():
                _write(pen, layer, next(words, ""))
    if width:
        picture = picture.resize((width, round(sheet.height * width / sheet.width)), Image.Resampling.LANCZOS)
    for quality in (90, 80, 65, 50):
        out = BytesIO()
        picture.save(out, "JPEG", quality=quality, optimize=True)
        if out.tell() <= MAX_BYTES:
            break
    return out.getvalue()


def fits(layer: TextLayer, text: str) -> bool:
    """Does the whole text stand in its box, at the smallest size at least?"""
    return _setting(layer, text)[2]


def _put_photo(picture: Image.Image, layer: PhotoLayer, photo: bytes | None) -> None:
    box = layer.box
    if photo is None:
        picture.paste(layer.fill, (box.x, box.y, box.x + box.w, box.y + box.h))
        return
    image = Image.open(BytesIO(photo), formats=["JPEG"]).convert("RGB")
    picture.paste(ImageOps.fit(image, (box.w, box.h), Image.Resampling.LANCZOS), (box.x, box.y))


def _write(pen: ImageDraw.ImageDraw, layer: TextLayer, text: str) -> None:
    size, lines, _ = _setting(layer, text)
    font, box, step = font_of(layer.weight, size), layer.box, round(size * _LEADING)
    for number, line in enumerate(lines):
        spare = box.w - font.getlength(line)
        x = box.x + {"left": 0.0, "center": spare / 2, "right": spare}[layer.align]
        pen.text((round(x), box.y + number * step), line, font=font, fill=layer.fill)


@lru_cache(maxsize=4096)
def _setting(layer: TextLayer, text: str) -> tuple[int, tuple[str, ...], bool]:
    """Size in pixels, lines, and whether nothing had to be left out. Kept: units of a broadcast share most of their words."""
    plain, box = shown(text), layer.box
    for size in range(layer.most, layer.least - 1, -_STEP):
        font = font_of(layer.weight, size)
        if any(font.getlength(word) > box.w for word in plain.split()):
            continue  # a smaller size rather than a broken word
        lines = list(wrap(plain, font, box.w))
        if len(lines) * round(size * _LEADING) <= box.h:
            return size, tuple(lines), True
    font = font_of(layer.weight, layer.least)
    most = max(1, box.h // round(layer.least * _LEADING))
    lines = list(wrap(plain, font, box.w))
    kept = [*lines[: most - 1], cut(lines[most - 1] + "…", font, box.w)] if len(lines) > most else lines
    return layer.least, tuple(kept), len(lines) <= most
