"""A design is judged before it is kept, and drawn so that nothing is lost."""

from io import BytesIO
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from app.content.designs import SHIPPED
from app.content.filling import describe_texts, fill
from app.content.layers import LEAST_CONTRAST, TextLayer, as_json, contrast, read_sheet
from app.content.poster_draw import draw_sheet, fits
from app.kit.errors import BadInput
from tests.content.test_pictures import encoded

TEXT: dict[str, Any] = {"kind": "text", "x": 80, "y": 800, "w": 900, "h": 300, "text": "{{ judul }}", "fill": "#1F1D26"}
PHOTO: dict[str, Any] = {"kind": "photo", "x": 0, "y": 0, "w": 1080, "h": 700, "fill": "#5B3F8C"}
RECT: dict[str, Any] = {"kind": "rect", "x": 0, "y": 0, "w": 1080, "h": 1350, "fill": "#FFFFFF"}


def sheet(*layers: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"width": 1080, "height": 1350, "paper": "#FFFFFF", "layers": list(layers), **more}


def test_what_is_shipped_reads_back_as_it_was_and_stands_out_strongly() -> None:
    for design in yaml.safe_load(SHIPPED.read_text()).values():
        read = read_sheet(design["body"])
        assert read_sheet(as_json(read)) == read
        assert "judul" in read.needs


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (None, "layers"),
        (sheet(), "layers"),
        (sheet(PHOTO), "layers"),
        (sheet(TEXT, PHOTO, PHOTO), "layers"),
        (sheet({**TEXT, "x": 900}), "layers.0"),
        (sheet({**TEXT, "fill": "hitam"}), "layers.0.fill"),
        (sheet({**TEXT, "fill": "#AAAAAA"}), "layers.0.fill"),
        (sheet({**TEXT, "text": "{{ judul.x }}"}), "layers.0.text"),
        (sheet({**TEXT, "most": 40, "least": 60}), "layers.0.least"),
        (sheet({**TEXT, "least": 12}), "layers.0.least"),
        (sheet({**TEXT, "colour": "#000000"}), "layers.0"),
        (sheet({"kind": "video"}), "layers.0"),
        (sheet(PHOTO, {**TEXT, "y": 500}), "layers.1"),
        (sheet({**RECT, "fill": "#1F1D26"}, TEXT), "layers.1.fill"),
        (sheet(TEXT, width=True), "width"),
    ],
)
def test_what_nobody_could_read_is_refused_by_name(body: object, field: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_sheet(body)
    assert field in {problem.field for problem in caught.value.problems}


def test_text_over_a_photo_stands_when_a_rectangle_is_between() -> None:
    assert read_sheet(sheet({**PHOTO, "h": 1350}, {**RECT, "y": 750, "h": 600}, TEXT)).has_photo


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*TEXT, "layers", "width"]), inner, max_size=6),
    max_leaves=12,
)  # fmt: skip
LAYER = st.fixed_dictionaries(
    {"kind": st.sampled_from(["photo", "rect", "text", "x"])}, optional={name: JSON for name in TEXT if name != "kind"}
)


@settings(max_examples=60)
@given(JSON | st.builds(lambda layers: sheet(*layers), st.lists(LAYER, max_size=4)))
def test_any_json_is_a_design_or_refused(body: object) -> None:
    try:
        read = read_sheet(body)
    except BadInput:
        return
    assert read_sheet(as_json(read)) == read


@given(st.integers(0, 0xFFFFFF), st.integers(0, 0xFFFFFF))
def test_contrast_is_the_same_both_ways_and_between_1_and_21(one: int, other: int) -> None:
    ratio = contrast(f"#{one:06X}", f"#{other:06X}")
    assert ratio == contrast(f"#{other:06X}", f"#{one:06X}")
    assert 1 <= ratio <= 21.01
    assert contrast("#000000", "#FFFFFF") > LEAST_CONTRAST


def test_the_photo_fills_its_box_and_words_shrink_until_they_fit() -> None:
    read = read_sheet(sheet(PHOTO, TEXT))
    red = encoded(Image.new("RGB", (90, 60), "red"), "JPEG")
    with_photo = Image.open(BytesIO(draw_sheet(read, ["Halo"], red)))
    without = Image.open(BytesIO(draw_sheet(read, ["Halo"])))
    assert with_photo.size == (1080, 1350)
    near = with_photo.convert("RGB").getpixel((500, 300))
    assert isinstance(near, tuple)
    assert near[0] > 240
    assert without.convert("RGB").getpixel((500, 300)) != near
    (words,) = read.words
    assert fits(words, "Kata " * 20)
    assert not fits(words, "Kata " * 200)


def test_a_long_word_makes_letters_smaller_and_is_not_broken() -> None:
    layer = TextLayer(read_sheet(sheet(TEXT)).layers[0].box, "x", "#000000", most=200, least=40)
    assert fits(layer, "Pertanggungjawabankesukarelawanan")


def test_what_does_not_fit_or_is_missing_is_named() -> None:
    read = read_sheet(sheet({**TEXT, "text": "{{ judul }} {{ jumlah_tps }} TPS"}))
    assert fill(read, {}, "Cek").missing == ("jumlah_tps",)
    filled = fill(read, {"jumlah_tps": 12}, "Cek nama Anda")
    assert (filled.texts, filled.problems) == (("Cek nama Anda 12 TPS",), ())
    (problem,) = fill(read, {"jumlah_tps": 12}, "Cek nama Anda " * 60).problems
    assert "tidak muat" in problem


def test_a_poster_is_described_by_its_words_and_its_photo() -> None:
    said = describe_texts("PPS A", ["Cek nama Anda.", "PPS A", "Cek nama Anda."], lang="id", photo_alt="Warga antre.")
    assert said == "Poster PPS A bertuliskan: Cek nama Anda. PPS A. Fotonya: Warga antre."
    assert "nu tulisanana" in describe_texts("PPS A", ["Cek"], lang="su")
