from io import BytesIO

import pytest
from PIL import Image

from app.content.poster import HEIGHT, MAX_BYTES, THEMES, WIDTH, PosterSpec, describe, draw

SPEC = PosterSpec("Ketuk Pintu Pemilih", "PPS Cilendek Barat", "Kelurahan Cilendek Barat, Kota Bogor")


def picture(spec: PosterSpec) -> Image.Image:
    return Image.open(BytesIO(draw(spec)))


def ink_in(image: Image.Image, box: tuple[int, int, int, int]) -> bool:
    """Is anything drawn inside the box?"""
    colours = image.crop(box).convert("L").getextrema()
    return colours[1] - colours[0] > 60  # type: ignore[operator]


def test_a_poster_is_what_instagram_takes() -> None:
    image = picture(SPEC)
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (WIDTH, HEIGHT))
    assert len(draw(SPEC)) <= MAX_BYTES


def test_the_same_words_give_the_same_bytes_and_other_words_others() -> None:
    assert draw(SPEC) == draw(PosterSpec(*(SPEC.headline, SPEC.unit_name, SPEC.footer)))
    assert draw(SPEC) != draw(PosterSpec("Lain", SPEC.unit_name, SPEC.footer))
    assert SPEC.digest() != PosterSpec("Lain", SPEC.unit_name, SPEC.footer).digest()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(
    "spec",
    [
        SPEC,
        PosterSpec("W" * 300, "PPS " + "W" * 44, "Kelurahan " + "M" * 44 + ", Kabupaten Kepulauan Tanimbar"),
        PosterSpec("kata " * 80, "PPK X", ""),
        PosterSpec("", "", ""),
        PosterSpec("Semangat 😀 pagi ☝", "PPS Ma’rang’", "Rebo, 27 Nopémber 2024"),
    ],
    ids=["plain", "wide", "long", "empty", "emoji"],
)
def test_whatever_the_words_nothing_runs_over_the_edges(spec: PosterSpec, theme: str) -> None:
    image = picture(PosterSpec(spec.headline, spec.unit_name, spec.footer, theme))
    assert not ink_in(image, (0, 40, 60, HEIGHT))
    assert not ink_in(image, (WIDTH - 60, 40, WIDTH, HEIGHT))
    assert not ink_in(image, (0, 980, WIDTH, 1010))
    assert not ink_in(image, (0, HEIGHT - 40, WIDTH, HEIGHT))


def test_the_units_name_is_on_it() -> None:
    named, nameless = picture(SPEC), picture(PosterSpec(SPEC.headline, "", ""))
    box = (0, 1050, WIDTH, HEIGHT)
    assert ink_in(named, box)
    assert not ink_in(nameless, box)


def test_the_poster_is_told_to_those_who_do_not_see_it() -> None:
    assert describe(SPEC) == (
        "Poster PPS Cilendek Barat bertuliskan: Ketuk Pintu Pemilih. Kelurahan Cilendek Barat, Kota Bogor"
    )
