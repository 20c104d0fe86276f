from io import BytesIO
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from app.content.renditions import Shape, render
from app.platforms.facebook import wire as facebook
from app.platforms.instagram import wire as instagram
from app.platforms.x import wire as x

INSTAGRAM = Shape.of(instagram.LIMITS)
CORNERS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0))


def jpeg(image: Image.Image, quality: int = 95) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    assert (image.format, image.mode) == ("JPEG", "RGB")
    return image


def cornered(width: int, height: int) -> Image.Image:
    """Grey, with a square of its own colour in each corner: whatever cuts the picture cuts one of them."""
    image, side = Image.new("RGB", (width, height), (128, 128, 128)), min(width, height) // 6
    places = ((0, 0), (width - side, 0), (0, height - side), (width - side, height - side))
    for place, colour in zip(places, CORNERS, strict=True):
        image.paste(colour, (*place, place[0] + side, place[1] + side))
    return image


def near(pixel: tuple[int, ...], colour: tuple[int, ...]) -> bool:
    return all(abs(a - b) < 40 for a, b in zip(pixel, colour, strict=True))


@pytest.mark.parametrize("size", [(1080, 1920), (2160, 400), (700, 2160), (1600, 1200), (2160, 2160)])
def test_instagram_gets_the_whole_picture_within_its_shapes(size: tuple[int, int]) -> None:
    data = render(jpeg(cornered(*size)), INSTAGRAM)
    image = opened(data)
    assert INSTAGRAM.takes(image.width, image.height, len(data))
    scale = min(1.0, *(side / whole for side, whole in zip(image.size, size, strict=True)))
    shown = [round(side * scale) for side in size]
    left, top = (image.width - shown[0]) // 2, (image.height - shown[1]) // 2
    inside = max(3, min(shown) // 12)
    for place, colour in zip(((0, 0), (1, 0), (0, 1), (1, 1)), CORNERS, strict=True):
        at = (
            left + (inside if not place[0] else shown[0] - inside),
            top + (inside if not place[1] else shown[1] - inside),
        )
        assert near(image.getpixel(at), colour), (size, at)  # type: ignore[arg-type]


def test_what_is_added_is_the_picture_s_own_colour() -> None:
    image = opened(render(jpeg(Image.new("RGB", (600, 1600), (200, 40, 120))), INSTAGRAM))
    red, green, blue = image.getpixel((2, image.height // 2))  # type: ignore[misc]
    assert red > blue > green
    assert red < 200


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 400), st.integers(1, 400), st.sampled_from([0, 90, 320]))
def test_any_picture_comes_out_as_a_shape_that_is_taken(width: int, height: int, most: int) -> None:
    shape = Shape(0.8, 1.91, most, 1_000_000)
    image = opened(render(jpeg(Image.new("RGB", (width, height))), shape))
    assert shape.takes(image.width, image.height, 0)


def test_bytes_are_kept_down_however_busy_the_picture_is() -> None:
    busy = Image.frombytes("RGB", (500, 500), Random(7).randbytes(750_000))
    tight = Shape(0.0, 10.0, 0, 20_000)
    data = render(jpeg(busy), tight)
    assert len(data) <= 20_000
    assert opened(data).width < 500


@pytest.mark.parametrize("limits", [facebook.LIMITS, x.LIMITS])
def test_facebook_and_x_take_any_shape_within_their_bytes(limits: object) -> None:
    shape = Shape.of(limits)  # type: ignore[arg-type]
    assert shape.takes(2160, 300, 3_900_000)
    assert not shape.takes(2160, 300, 6_000_000)


def test_new_limits_make_a_new_file() -> None:
    assert INSTAGRAM.digest() != Shape(0.75, 1.91, 1440, 8 * 1024 * 1024).digest()
