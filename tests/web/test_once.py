"""A form that travels twice makes one thing."""

import asyncio

import httpx2
import pytest

from app.bootstrap import Kentongan
from app.posts.store import PostFilter
from tests.support.cast import Cast
from tests.web.conftest import Browse

FORM = {"templat": "bebas", "teks": "Posko buka besok.", "kapan": "nanti", "sekali": "a"}


@pytest.fixture
async def sari(browse: Browse, cast: Cast) -> httpx2.AsyncClient:
    return await browse(cast.sari)


async def count(house: Kentongan, cast: Cast) -> int:
    return len((await house.posts.list(cast.sari, PostFilter(), limit=50)).rows)


async def test_two_taps_make_one_post_and_lead_to_it(sari: httpx2.AsyncClient, house: Kentongan, cast: Cast) -> None:
    form = FORM | {"unit": str(cast.cilendek.id)}
    both = await asyncio.gather(sari.post("/tulis", data=form), sari.post("/tulis", data=form))
    assert {answer.status_code for answer in both} == {303}
    assert len({answer.headers["location"] for answer in both}) == 1
    assert await count(house, cast) == 1


async def test_other_words_under_the_same_mark_are_another_post(
    sari: httpx2.AsyncClient, house: Kentongan, cast: Cast
) -> None:
    form = FORM | {"unit": str(cast.cilendek.id)}
    for text in ("Posko buka besok.", "Posko buka lusa."):
        await sari.post("/tulis", data=form | {"teks": text})
    assert await count(house, cast) == 2


async def test_what_was_refused_may_be_sent_again(sari: httpx2.AsyncClient, house: Kentongan, cast: Cast) -> None:
    form = FORM | {"unit": str(cast.cilendek.id), "kapan": "waktu", "waktu": "2020-01-01T07:00", "akun": "x"}
    for _ in range(2):
        assert (await sari.post("/tulis", data=form)).status_code == 422
    assert await count(house, cast) == 0
