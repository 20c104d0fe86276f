from io import BytesIO

import pytest
from PIL import Image

from app.content.pictures import MAX_SIDE, reencode
from app.kit.errors import BadInput, TooLarge, WrongType


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def photo(width: int = 40, height: int = 20, mode: str = "RGB") -> Image.Image:
    return Image.new(mode, (width, height), 0)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_we_take_becomes_a_jpeg(kind: str) -> None:
    stored = reencode(encoded(photo(), kind))
    assert Image.open(BytesIO(stored.data)).format == "JPEG"
    assert (stored.width, stored.height) == (40, 20)


@pytest.mark.parametrize("mode", ["L", "1", "P", "LA", "RGBA", "I;16"])
def test_every_colour_mode_is_taken(mode: str) -> None:
    stored = reencode(encoded(photo(mode=mode), "PNG"))
    assert Image.open(BytesIO(stored.data)).mode == "RGB"


def test_a_print_file_is_taken_too() -> None:
    assert Image.open(BytesIO(reencode(encoded(photo(mode="CMYK"), "JPEG")).data)).mode == "RGB"


def test_where_and_with_what_it_was_taken_is_gone_and_it_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter
    exif[0x010F] = "Ponsel"
    exif.get_ifd(0x8825)[1] = "S"
    stored = reencode(encoded(photo(), "JPEG", exif=exif, comment=b"rahasia"))
    image = Image.open(BytesIO(stored.data))
    assert (image.width, image.height) == (20, 40)
    assert not image.getexif()
    assert b"Ponsel" not in stored.data
    assert b"rahasia" not in stored.data


def test_what_was_transparent_becomes_white() -> None:
    image = Image.open(BytesIO(reencode(encoded(Image.new("RGBA", (8, 8), (0, 0, 0, 0)), "PNG")).data))
    assert image.getpixel((4, 4)) == (255, 255, 255)


def test_a_large_photo_is_made_smaller_and_keeps_its_shape() -> None:
    stored = reencode(encoded(photo(4000, 2000), "JPEG"))
    assert (stored.width, stored.height) == (MAX_SIDE, MAX_SIDE // 2)


@pytest.mark.parametrize(
    "data",
    [b"%PDF-1.7", b"GIF89a" + b"\0" * 20, b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"MZ", b""],
)
def test_another_kind_of_file_is_refused_whatever_it_is_called(data: bytes) -> None:
    with pytest.raises(WrongType, match="JPG, PNG, atau WebP"):
        reencode(data)


def test_an_iphones_own_format_is_refused_with_the_remedy() -> None:
    with pytest.raises(WrongType, match="Paling Kompatibel"):
        reencode(b"\x00\x00\x00\x18ftypheic")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_broken_picture_is_refused(kind: str) -> None:
    whole = encoded(Image.effect_noise((200, 200), 90).convert("RGB"), kind)
    for broken in (whole[: len(whole) // 2], whole[:30], whole[:20] + b"\xff" * 400):
        with pytest.raises(BadInput, match="rusak"):
            reencode(broken)


def test_a_small_file_with_a_monstrous_picture_is_refused_before_it_is_unpacked() -> None:
    bomb = encoded(Image.new("1", (20_000, 20_000)), "PNG")
    assert len(bomb) < 200_000
    with pytest.raises(TooLarge, match="megapiksel"):
        reencode(bomb)
