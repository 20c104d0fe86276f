"""How a kept picture becomes one that a platform takes: padded to its shapes, never cut, within its bytes."""

import hashlib
from dataclasses import astuple, dataclass
from io import BytesIO
from math import ceil, floor, inf

from PIL import Image, ImageFilter, ImageOps

from app.platforms.contract import Limits

_QUALITIES = (90, 82, 70, 55)
_SHRINK = 0.8
# The background is the picture itself, seen from far away.
_FAR = 24
_SHADE = 0.25


@dataclass(frozen=True)
class Shape:
    """`narrowest` and `widest` are width / height; `width` in pixels, 0 for any."""

    narrowest: float
    widest: float
    width: int
    max_bytes: int

    @classmethod
    def of(cls, limits: Limits) -> "Shape":
        narrowest, widest = limits.image_ratio or (0.0, inf)
        return cls(narrowest, widest, limits.image_width, limits.image_bytes)

    def takes(self, width: int, height: int, size: int) -> bool:
        """Does a picture of so many pixels and bytes need nothing done to it?"""
        is_shapely = self.narrowest * height <= width <= self.widest * height
        return is_shapely and size <= self.max_bytes and (not self.width or width <= self.width)

    def digest(self) -> str:
        """Changes with the platform's limits, so that a picture kept for the old ones is not used for the new."""
        return hashlib.sha256(repr(astuple(self)).encode()).hexdigest()[:8]


SMALL = "kecil"
"""Stands where a platform's name may: the picture for a list of many, on a phone."""
SMALL_SHAPE = Shape(0.0, inf, 480, 90_000)


def render(data: bytes, shape: Shape) -> bytes:
    """CPU work: a JPEG that `shape` takes. Everything in the picture stays in it."""
    image = Image.open(BytesIO(data), formats=["JPEG"]).convert("RGB")
    while True:
        padded = _pad(image, shape)
        for quality in _QUALITIES:
            out = BytesIO()
            padded.save(out, "JPEG", quality=quality, optimize=True)
            if out.tell() <= shape.max_bytes:
                return out.getvalue()
        image = image.resize((max(1, round(image.width * _SHRINK)), max(1, round(image.height * _SHRINK))))


def _pad(image: Image.Image, shape: Shape) -> Image.Image:
    picture = _within_width(image, shape)
    width = max(picture.width, ceil(picture.height * shape.narrowest))
    height = max(picture.height, ceil(picture.width / shape.widest))
    if (width, height) == picture.size:
        return picture
    sheet = _background(picture, (width, height))
    sheet.paste(picture, ((width - picture.width) // 2, (height - picture.height) // 2))
    return sheet


def _within_width(image: Image.Image, shape: Shape) -> Image.Image:
    """Small enough that the padded picture, too, is no wider than allowed."""
    if not shape.width:
        return image
    tallest = floor(shape.width / shape.narrowest) if shape.narrowest else image.height
    scale = min(1.0, shape.width / image.width, tallest / image.height)
    if scale == 1.0:
        return image
    return image.resize(
        (max(1, floor(image.width * scale)), max(1, floor(image.height * scale))), Image.Resampling.LANCZOS
    )


def _background(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The picture filling the sheet, blurred beyond recognition and a little darker, so that it frames and does not repeat."""
    small = (max(1, size[0] * _FAR // max(size)), max(1, size[1] * _FAR // max(size)))
    far = ImageOps.fit(picture, small).filter(ImageFilter.GaussianBlur(2))
    shaded = Image.blend(far, Image.new("RGB", small, (0, 0, 0)), _SHADE)
    return shaded.resize(size, Image.Resampling.BICUBIC)
