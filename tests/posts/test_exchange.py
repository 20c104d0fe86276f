"""Sari brings a table of posts: all of it, none of it, and never twice."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from app.accounts.rules import Actor
from app.kit.errors import BadInput, Forbidden
from app.kit.sheets import Format, read_sheet, to_csv
from app.posts.exchange import Imported
from app.posts.exchange_rules import COLUMNS
from app.posts.rules import PostState
from app.posts.service import PostView
from app.posts.store import PostFilter
from tests.conftest import NOW
from tests.posts.conftest import Place
from tests.support.cast import id_of
from tests.support.house import channels_of, wipe

SOON = "2024-11-02 09:00"


async def table(place: Place, *rows: dict[str, str]) -> bytes:
    """Each row a post of PPS Cilendek Barat on X, unless it says otherwise."""
    own = await channels_of(place.house, place.cast, place.cast.cilendek)
    usual = {"unit": "32.71.04.1008", "platform": "x", "waktu": SOON, "teks": "Posko kami buka."}
    filled = [{**usual, "akun": own[row.get("platform", "x")].handle, **row} for row in rows]
    header = list(dict.fromkeys([*COLUMNS, *(name for row in filled for name in row)]))
    return to_csv(header, [[row.get(name, "") for name in header] for row in filled])


async def bring(place: Place, data: bytes, *, who: Actor | None = None, **how: Any) -> Imported:
    return await place.house.exchange.import_posts(who or place.cast.sari, data, **how)


async def posts(place: Place) -> list[PostView]:
    return list((await place.house.posts.list(place.cast.dewi, PostFilter(), limit=100)).rows)


def told(done: Imported) -> list[tuple[int, str]]:
    return [(cell.row, cell.column) for cell in done.rejected]


async def test_a_dry_run_says_everything_and_writes_nothing(place: Place) -> None:
    data = await table(
        place, {}, {"teks": "Lain.", "akun": "bukan.milik"}, {"waktu": "2024-10-01 09:00", "teks": "Telat."}
    )
    done = await bring(place, data, dry_run=True)
    assert (done.accepted, told(done)) == (1, [(3, "akun"), (4, "waktu")])
    assert await posts(place) == []


async def test_one_bad_row_keeps_all_out_unless_partial(place: Place) -> None:
    data = await table(place, {}, {"teks": "Coblos nomor 2 ya!"}, {"teks": ""})
    refused = await bring(place, data)
    assert (refused.accepted, refused.posts, told(refused)) == (0, (), [(3, "teks"), (4, "teks")])
    assert await posts(place) == []
    partly = await bring(place, data, partial=True)
    assert (partly.accepted, told(partly)) == (1, [(3, "teks"), (4, "teks")])
    written = await posts(place)
    assert [post.id for post in written] == partly.posts
    assert written[0].state is PostState.IN_REVIEW
    assert [delivery.platform for delivery in written[0].deliveries] == ["x"]


async def test_the_same_file_twice_makes_nothing_twice(place: Place) -> None:
    data = await table(
        place, {}, {"platform": "facebook", "waktu": "", "teks": "Draf."}, {"unggahan": "a"}, {"unggahan": "b"}
    )
    first = await bring(place, data, partial=True)
    assert told(first) == [(4, ""), (5, "")]
    again = await bring(place, data, partial=True)
    assert (again.accepted, told(again)) == (0, [(2, ""), (3, ""), (4, ""), (5, "")])
    assert f"nomor {first.posts[0]}" in again.rejected[0].reason
    assert len(await posts(place)) == 2


async def test_the_same_words_on_x_from_two_units_of_one_file_are_refused(place: Place) -> None:
    menteng = (await channels_of(place.house, place.cast, place.cast.menteng))["x"]
    data = await table(place, {}, {"unit": "PPS Menteng", "akun": menteng.handle, "waktu": "2024-11-02 10:00"})
    done = await bring(place, data, who=place.cast.dewi)
    assert told(done) == [(3, "teks")]
    assert "berulang" in done.rejected[0].reason


async def test_nobody_imports_for_a_unit_out_of_reach(place: Place) -> None:
    data = await table(place, {})
    assert told(await bring(place, data, who=place.cast.citra)) == [(2, "unit")]
    with pytest.raises(Forbidden):
        await bring(place, data, who=place.cast.vino)
    with pytest.raises(BadInput, match="belum berisi"):
        await bring(place, to_csv(COLUMNS, []))


async def test_a_template_by_its_key_with_its_own_variables(place: Place) -> None:
    key = (await place.house.templates.get(place.cast.sari, place.template)).key
    done = await bring(
        place,
        await table(place, {"templat": key, "teks": "", "acuan": "PYL-07", "hari": "-10", "jam": "09.00", "waktu": ""}),
    )
    assert told(done) == []
    post = (await posts(place))[0]
    assert (post.template_id, post.state) == (place.template, PostState.SCHEDULED)
    assert post.timing == {"anchor": {"tahapan": "PYL-07", "edge": "start", "offset_days": -10, "time": "09:00"}}
    wrong = await bring(place, await table(place, {"templat": key, "teks": "", "isi_tanpa_arti": "5"}))
    assert told(wrong) == [(2, "isi_tanpa_arti")]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_what_is_exported_comes_back_the_same(place: Place, form: Format) -> None:
    rows: Sequence[dict[str, str]] = [
        {"unggahan": "1", "teks": "=Awas, rumus\nbaris dua", "batas_waktu": "2024-11-03 09:00"},
        {"unggahan": "1", "platform": "facebook", "teks": "", "teks_platform": "@kpu di Facebook", "waktu": ""},
        {
            "teks": "Dua.",
            "acuan": "PYL-07",
            "ujung": "selesai",
            "hari": "-2",
            "jam": "08:30",
            "waktu": "",
            "segmen": "pemula",
        },
        {"teks": "Draf saja.", "waktu": "", "program": "posko"},
    ]
    assert told(await bring(place, (await table(place, *rows)).replace(b'"=Awas', b"\"'=Awas"))) == []
    before = [_given(post) for post in await posts(place)]
    assert before[-1]["text"] == "=Awas, rumus\nbaris dua"
    data = await place.house.exchange.export(place.cast.budi, PostFilter(), form=form)
    await wipe(place.house)
    done = await bring(place, data)
    assert told(done) == []
    assert [_given(post) for post in await posts(place)] == before


def _given(post: PostView) -> dict[str, Any]:
    names = (
        "unit_id",
        "lang",
        "text",
        "template_id",
        "overrides",
        "variables",
        "media",
        "channels",
        "timing",
        "due_at",
        "valid_until",
    )
    kept = {name: getattr(post, name) for name in (*names, "tahapan", "programme", "segment", "state")}
    at = post.timing.get("at")
    return {**kept, "timing": post.timing if at is None else post.due_at}


async def test_an_export_holds_only_what_one_may_see_and_asked_for(place: Place) -> None:
    await bring(place, await table(place, {}, {"waktu": "2024-11-09 09:00", "teks": "Pekan depan."}))

    async def exported(who: Actor, wanted: PostFilter) -> list[str]:
        return [
            row["teks"] for row in read_sheet(await place.house.exchange.export(who, wanted, form="csv"), max_rows=9)[1]
        ]

    assert await exported(place.cast.vino, PostFilter()) == ["Posko kami buka.", "Pekan depan."]
    assert await exported(place.cast.citra, PostFilter()) == []
    assert await exported(place.cast.budi, PostFilter(due_before=NOW + timedelta(days=3))) == ["Posko kami buka."]
    assert await exported(place.cast.budi, PostFilter(under=place.cast.menteng.path)) == []
    assert await exported(place.cast.budi, PostFilter(state="in_review", unit_id=id_of(place.cast.cilendek))) == [
        "Posko kami buka.",
        "Pekan depan.",
    ]


async def test_the_empty_table_names_ones_own_accounts_and_reads_as_a_table_without_rows(place: Place) -> None:
    for form in ("csv", "xlsx"):
        data = await place.house.exchange.blank(place.cast.sari, form=form)
        with pytest.raises(BadInput, match="belum berisi"):
            await bring(place, data)
