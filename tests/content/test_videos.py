"""A video is judged by its boxes, never by its name, and loses what tells where it was taken."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.content.videos import hide_place, is_video, read_film
from app.kit.errors import AppError, BadInput, WrongType
from tests.support.films import box, film

PLACE = b"-06.5971+106.8060/"


def test_a_film_tells_its_length_size_and_codec() -> None:
    told = read_film(BytesIO(film(12.5)))
    assert (told.mime, told.width, told.height, told.seconds, told.codec) == ("video/mp4", 720, 1280, 12.5, "h264")


def test_a_phone_held_upright_is_upright_and_a_mov_is_a_mov() -> None:
    told = read_film(BytesIO(film(size=(1280, 720), turned=True, brand=b"qt  ", codec=b"hvc1")))
    assert (told.mime, told.width, told.height, told.codec) == ("video/quicktime", 720, 1280, "hevc")


def test_where_it_was_taken_is_gone_and_nothing_else_moved() -> None:
    before = film(place=PLACE)
    file = BytesIO(before)
    hide_place(file)
    after = file.getvalue()
    assert PLACE in before
    assert PLACE not in after
    assert len(after) == len(before)
    assert after[after.index(b"mdat") :] == before[before.index(b"mdat") :]
    assert read_film(BytesIO(after)) == read_film(BytesIO(before))


@pytest.mark.parametrize("codec", [b"av01", b"vp09", b"mp4v"])
def test_a_codec_that_no_platform_promises_to_take_is_refused_by_name(codec: bytes) -> None:
    with pytest.raises(WrongType, match=codec.decode()):
        read_film(BytesIO(film(codec=codec)))


@pytest.mark.parametrize(
    "broken",
    [
        film()[:200],
        film(0),
        box(b"ftyp", b"isom") + box(b"mdat", b"x" * 100),
        box(b"ftyp", b"isom") + b"\xff\xff\xff\xffmoov" + b"x" * 100,
        box(b"ftyp", b"isom") + box(b"free") * 11_000,
    ],
    ids=["cut", "no length", "no film", "box beyond the end", "boxes without end"],
)
def test_what_cannot_be_read_is_refused_with_a_remedy(broken: bytes) -> None:
    assert is_video(broken)
    with pytest.raises(BadInput):
        read_film(BytesIO(broken))


@given(data=st.data())
def test_no_damage_breaks_the_reader(data: st.DataObject) -> None:
    whole = bytearray(film(place=PLACE, weight=10))
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    for work in (read_film, hide_place):
        try:
            work(BytesIO(bytes(whole[: data.draw(st.integers(8, len(whole)))])))
        except AppError:
            continue
