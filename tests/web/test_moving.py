"""Moving a post on the calendar: by form and by drag, with what it costs said first, and back again."""

import re
from datetime import time, timedelta

import httpx2
import pytest

from app.bootstrap import Kentongan
from app.posts.rules import Anchor, Timing
from app.posts.service import PostInput
from app.publishing.rules import State
from tests.support.cast import Cast, id_of
from tests.web.conftest import Browse, a_post, in_review, set_delivery, template_id


@pytest.fixture
async def sari(browse: Browse, cast: Cast) -> httpx2.AsyncClient:
    return await browse(cast.sari)


async def test_a_post_is_dragged_to_another_day_and_taken_back(
    sari: httpx2.AsyncClient, house: Kentongan, cast: Cast
) -> None:
    post = await a_post(house, cast)
    assert post.due_at is not None
    grid = (await sari.get("/kalender")).text
    assert f'href="/unggahan/{post.id}" draggable="true" data-v="1"' in grid
    wish = {"hari": "2024-11-05", "versi": "1", "kembali": "/kalender?tampil=pekan"}
    answer = await sari.post(f"/unggahan/{post.id}/pindah", data=wish)
    assert answer.headers["location"] == f"/kalender?tampil=pekan&pindah={post.id}&pesan=pindah"
    moved = await house.posts.get(cast.sari, post.id)
    assert moved.due_at == (post.due_at + timedelta(days=4)).replace(second=0, microsecond=0)
    assert {delivery.state for delivery in moved.deliveries} == {State.DUE}
    assert "Urungkan pemindahan" in (await sari.get(answer.headers["location"])).text
    await sari.post(f"/unggahan/{post.id}/pindah/urung")
    assert (await house.posts.get(cast.sari, post.id)).due_at == post.due_at
    again = await sari.post(f"/unggahan/{post.id}/pindah/urung")
    assert (again.status_code, "tidak dapat diurungkan" in again.text) == (409, True)


async def test_what_somebody_changed_meanwhile_is_not_moved(
    sari: httpx2.AsyncClient, house: Kentongan, cast: Cast
) -> None:
    post = await a_post(house, cast)
    await house.moving.move(cast.budi, post.id, house.clock.now() + timedelta(days=2))
    answer = await sari.post(f"/unggahan/{post.id}/pindah", data={"hari": "2024-11-06", "jam": "9", "versi": "1"})
    assert (answer.status_code, "sudah diubah" in answer.text) == (412, True)


async def test_an_approval_that_would_be_lost_is_said_first(
    sari: httpx2.AsyncClient, house: Kentongan, cast: Cast
) -> None:
    post = await in_review(house, cast)
    await house.posts.approve(cast.budi, post.id)
    wish = {"waktu": "2024-11-06T09:00"}
    asked = await sari.post(f"/unggahan/{post.id}/pindah", data=wish)
    assert "Persetujuannya gugur" in asked.text
    assert (await house.posts.get(cast.sari, post.id)).state == "scheduled"
    again = {**dict(re.findall(r'name="(\w+)" (?:type="[\w-]+" )?value="([^"]*)"', asked.text)), **wish}
    assert (await sari.post(f"/unggahan/{post.id}/pindah", data=again)).status_code == 303
    assert (await house.posts.get(cast.sari, post.id)).state == "in_review"


async def test_a_post_goes_on_hanging_on_its_stage_unless_it_is_taken_off(
    sari: httpx2.AsyncClient, house: Kentongan, cast: Cast
) -> None:
    timing = Timing(anchor=Anchor("PYL-06", "end", -10, time(9)))
    chosen = await template_id(house, cast.sari, "saring-hoaks")
    post = await house.posts.create(
        cast.sari, PostInput(id_of(cast.cilendek), template_id=chosen, timing=timing, tahapan="PYL-06")
    )
    assert post.due_at is not None
    there = f"{post.due_at + timedelta(days=2):%Y-%m-%dT10:30}"
    assert (await sari.post(f"/unggahan/{post.id}/pindah", data={"waktu": there})).status_code == 303
    kept = (await house.posts.get(cast.sari, post.id)).timing
    assert kept == {"anchor": {"tahapan": "PYL-06", "edge": "end", "offset_days": -8, "time": "10:30"}}
    await sari.post(f"/unggahan/{post.id}/pindah", data={"waktu": there, "lepas": "1"})
    assert "at" in (await house.posts.get(cast.sari, post.id)).timing


async def test_what_has_left_and_what_lies_in_the_past_stays(
    sari: httpx2.AsyncClient, house: Kentongan, cast: Cast
) -> None:
    post = await a_post(house, cast)
    past = await sari.post(f"/unggahan/{post.id}/pindah", data={"waktu": "2024-10-01T09:00"})
    assert (past.status_code, "sudah lewat" in past.text) == (422, True)
    await set_delivery(house, post.deliveries[0].id, state="published", attempt=1, published_at=house.clock.now())
    gone = await sari.post(f"/unggahan/{post.id}/pindah", data={"hari": "2024-11-05"})
    assert (gone.status_code, "Sebagian sudah dikirim" in gone.text) == (409, True)
    nonsense = await sari.post(f"/unggahan/{post.id}/pindah", data={"hari": "besok"})
    assert nonsense.status_code == 422
