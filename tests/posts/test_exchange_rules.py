"""A post written as rows is read back as the same post, and what cannot be read is named by row and column."""

import re
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.kit.errors import BadInput
from app.kit.sheets import SheetRow, read_sheet, to_csv
from app.posts.exchange_rules import (
    BadCell,
    Mouth,
    Sketch,
    Written,
    check_header,
    columns_for,
    read_moment,
    read_rows,
    write_rows,
)
from app.posts.rules import Anchor, Timing

ZONES = ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura", "Europe/Amsterdam")
PLATFORMS = ("x", "facebook", "instagram", "telegram")
WORDS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=30)
NAMES = st.text("abcdefghij_", min_size=1, max_size=8)
CODES = st.from_regex(r"[A-Z]{3}-[0-9]{2}", fullmatch=True)
MOMENTS = st.timedeltas(timedelta(), timedelta(days=300_000)).map(
    lambda since: datetime(1980, 1, 1, tzinfo=UTC) + since
)
ANCHORS = st.builds(
    Anchor, CODES, st.sampled_from(["start", "end"]), st.integers(-365, 365), st.times().map(lambda t: time(t.hour, t.minute)),
    st.none() | st.integers(0, 6),
)  # fmt: skip
TIMINGS = st.none() | MOMENTS.map(lambda at: Timing(at=at)) | ANCHORS.map(lambda anchor: Timing(anchor=anchor))
MOUTHS = st.lists(
    st.builds(Mouth, st.sampled_from(PLATFORMS), st.from_regex(r"[a-z0-9._]{1,12}", fullmatch=True), st.sampled_from(["live", "practice", "manual"])),
    max_size=4,
    unique_by=lambda mouth: (mouth.platform, mouth.handle, mouth.environment),
)  # fmt: skip
POSTS = st.builds(
    Written,
    key=st.just(""),
    unit_code=st.sampled_from(["32.71", "32.71.04.1008"]),
    unit_name=st.just("PPS Cilendek Barat"),
    zone=st.sampled_from(ZONES),
    state=st.just("scheduled"),
    lang=st.sampled_from(["id", "su"]),
    template=st.sampled_from(["", "saring-hoaks"]),
    text=st.none() | WORDS.filter(bool),
    overrides=st.dictionaries(st.sampled_from(PLATFORMS), WORDS.filter(bool), max_size=3),
    timing=TIMINGS,
    valid_until=st.none() | MOMENTS,
    variables=st.dictionaries(NAMES, WORDS.filter(bool), max_size=3),
    tahapan=st.none() | CODES,
    segment=st.sampled_from(["umum", "pemula"]),
    programme=st.none() | NAMES,
    media=st.lists(st.integers(1, 2**31 - 1), max_size=3).map(tuple),
    channels=MOUTHS,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(POSTS, min_size=1, max_size=2))
def test_posts_survive_the_journey_through_a_file(posts: list[Written]) -> None:
    posts = [p for p in posts if p.timing is None or p.channels]
    written = [
        row for n, post in enumerate(posts) for row in write_rows(Written(**{**post.__dict__, "key": str(n + 1)}))
    ]
    header = columns_for(written)
    data = to_csv(header, [[row.get(name, "") for name in header] for row in written])
    again, rows = read_sheet(data, max_rows=100)
    check_header(again)
    sketches, bad = read_rows(rows)
    assert bad == []
    assert [facts(sketch, post.zone) for sketch, post in zip(sketches, posts, strict=True)] == [
        told(post) for post in posts
    ]


def facts(sketch: Sketch, zone: str) -> dict[str, Any]:
    timing = sketch.timing(zone)
    return {
        "unit": sketch.unit, "template": sketch.template, "lang": sketch.lang, "text": sketch.text or None, "overrides": sketch.overrides,
        "at": timing.at.astimezone(UTC) if timing and timing.at else None, "anchor": timing.anchor if timing else None,
        "until": until.astimezone(UTC) if (until := sketch.valid_until(zone)) else None, "variables": sketch.variables,
        "tahapan": sketch.tahapan, "segment": sketch.segment, "programme": sketch.programme, "media": sketch.media,
        "channels": [Mouth(v.platform, v.handle, v.environment) for v in sketch.voices if v.handle],
    }  # fmt: skip


def told(post: Written) -> dict[str, Any]:
    timing = post.timing
    return {
        "unit": post.unit_code, "template": post.template, "lang": post.lang, "text": post.text, "overrides": post.overrides,
        "at": timing.at if timing else None, "anchor": timing.anchor if timing else None, "until": post.valid_until,
        "variables": post.variables, "tahapan": post.tahapan, "segment": post.segment, "programme": post.programme,
        "media": tuple(post.media), "channels": list(post.channels),
    }  # fmt: skip


def row(number: int = 2, **cells: str) -> SheetRow:
    return SheetRow(number, {"unit": "32.71.04.1008", "platform": "x", "akun": "pps.cilendek", "teks": "Halo", **cells})


@pytest.mark.parametrize(
    ("cells", "column", "said"),
    [
        ({"waktu": "besok pagi"}, "waktu", "bukan tanggal dan jam"),
        ({"waktu": "2024-11-31 07:00"}, "waktu", "bukan tanggal dan jam"),
        ({"waktu": "2024-11-27"}, "waktu", "bukan tanggal dan jam"),
        ({"waktu": "2024-11-27 07:00", "acuan": "PYL-07", "jam": "07:00"}, "waktu", "jangan keduanya"),
        ({"acuan": "PYL-07"}, "jam", "Wajib"),
        ({"jam": "07:00"}, "acuan", "Wajib"),
        ({"acuan": "PYL-07", "jam": "25:00"}, "jam", "bukan jam"),
        ({"acuan": "PYL-07", "jam": "07:00", "hari": "minus tiga"}, "hari", "bilangan"),
        ({"acuan": "PYL-07", "jam": "07:00", "hari": "-900"}, "hari", "bilangan"),
        ({"acuan": "PYL-07", "jam": "07:00", "ujung": "tengah"}, "ujung", "mulai"),
        ({"unit": ""}, "unit", "Wajib"),
        ({"akun": ""}, "akun", "Wajib"),
        ({"platform": ""}, "platform", "Wajib"),
        ({"jenis_akun": "asli"}, "jenis_akun", "latihan"),
        ({"segmen": "lansia"}, "segmen", "umum"),
        ({"gambar": "foto.jpg"}, "gambar", "nomor gambar"),
        ({"batas_waktu": "nanti"}, "batas_waktu", "bukan tanggal"),
    ],
)
def test_what_cannot_be_read_is_named(cells: dict[str, str], column: str, said: str) -> None:
    sketches, bad = read_rows([row(7, **cells)])
    assert sketches == []
    assert [(cell.row, cell.column) for cell in bad if said in cell.reason] == [(7, column)]


@pytest.mark.parametrize(
    "text",
    ["2024-11-27 07:00", "27/11/2024 07.00", "27-11-2024 pukul 7.00", "2024-11-27T07:00:00+07:00", "2024-11-27 00:00Z"],
)
def test_a_moment_is_read_as_people_write_it(text: str) -> None:
    found = read_moment(text)
    assert found is not None
    found = found if found.tzinfo else found.replace(tzinfo=ZoneInfo("Asia/Jakarta"))
    assert found - datetime(2024, 11, 27, tzinfo=UTC) == timedelta(0)


@given(st.text(max_size=30))
def test_any_moment_is_read_or_not_and_never_breaks(text: str) -> None:
    assert read_moment(text) is None or re.search(r"\d", text)


def test_rows_with_one_mark_are_one_post_to_several_channels() -> None:
    rows = [
        row(2, unggahan="a", waktu="2024-11-27 07:00"),
        row(3, unggahan="a", platform="facebook", teks="", teks_platform="Halo Facebook", waktu=""),
        row(4),
    ]
    (first, second), bad = read_rows(rows)
    assert bad == []
    assert [voice.platform for voice in first.voices] == ["x", "facebook"]
    assert first.overrides == {"facebook": "Halo Facebook"}
    assert second.row == 4


def test_rows_of_one_post_that_disagree_are_named() -> None:
    rows = [row(2, unggahan="a"), row(3, unggahan="a", platform="facebook", teks="Lain"), row(4, unggahan="a")]
    sketches, bad = read_rows(rows)
    assert sketches == []
    assert [(cell.row, cell.column) for cell in bad] == [(3, "teks"), (4, "akun")]


def test_a_formula_is_refused_where_it_stands() -> None:
    bad_row = SheetRow(5, {"unit": "32.71", "platform": "x", "akun": "a", "teks": "=1+1"}, frozenset({"teks"}))
    sketches, bad = read_rows([bad_row])
    assert sketches == []
    assert bad == [BadCell(5, "teks", bad[0].reason)]
    assert "rumus" in bad[0].reason


@pytest.mark.parametrize(
    ("header", "said"), [(["unit", "platform"], "akun"), (["unit", "platform", "akun", "tekss"], "tekss")]
)
def test_a_misspelt_or_missing_column_is_never_left_out_in_silence(header: list[str], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        check_header(header)
