import re
from datetime import timedelta

import pytest

from app.bootstrap import Kentongan
from app.publishing.service import DeliveryView
from tests.support.cast import Cast
from tests.web.conftest import Browse, a_post, set_delivery

HTMX = {"HX-Request": "true"}


@pytest.fixture
async def delivery(house: Kentongan, cast: Cast) -> DeliveryView:
    """Sari's, due in three hours on X."""
    return next(one for one in (await a_post(house, cast)).deliveries if one.platform == "x")


async def state_of(house: Kentongan, cast: Cast, delivery: DeliveryView) -> str:
    return (await house.publishing.get(cast.sari, delivery.id)).state


async def test_a_card_says_who_where_what_and_when(browse: Browse, cast: Cast, delivery: DeliveryView) -> None:
    page = (await (await browse(cast.sari)).get("/antrean?tab=terjadwal")).text
    for word in (
        "PPS Cilendek Barat",
        delivery.handle,
        "cek dulu kabar Pilkada",
        "Terjadwal",
        "Jumat, 1 November 2024 pukul 13.",
    ):
        assert word in page
    assert "WIB" in page


async def test_what_needs_a_person_is_shown_first(
    browse: Browse, cast: Cast, house: Kentongan, delivery: DeliveryView
) -> None:
    await set_delivery(house, delivery.id, state="stopped", reason="Teks ini sama dengan unggahan sebelumnya.")
    page = (await (await browse(cast.sari)).get("/antrean")).text
    assert re.search(r'aria-current="page">Perlu perhatian <b>1</b>', page)
    assert "Teks ini sama dengan unggahan sebelumnya." in page


async def test_a_stopped_one_is_tried_again_without_javascript(
    browse: Browse, cast: Cast, house: Kentongan, delivery: DeliveryView
) -> None:
    await set_delivery(house, delivery.id, state="stopped", reason="Ditolak.")
    answer = await (await browse(cast.sari)).post(
        f"/antrean/{delivery.id}/coba-lagi", data={"back": "/antrean?tab=perhatian"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/antrean?tab=perhatian&pesan=coba")
    assert await state_of(house, cast, delivery) == "due"


async def test_with_javascript_only_the_card_comes_back(
    browse: Browse, cast: Cast, house: Kentongan, delivery: DeliveryView
) -> None:
    answer = await (await browse(cast.sari)).post(f"/antrean/{delivery.id}/batalkan", headers=HTMX)
    assert answer.text.strip().startswith("<article")
    assert "Dibatalkan oleh Sari." in answer.text


@pytest.mark.parametrize(("said", "state"), [("ya", "published"), ("tidak", "due")])
async def test_a_person_decides_what_is_unsure(
    browse: Browse, cast: Cast, house: Kentongan, delivery: DeliveryView, said: str, state: str
) -> None:
    await set_delivery(house, delivery.id, state="unsure", act_at=None)
    form = {"terbit": said, "url": "https://x.com/pps/status/1"}
    answer = await (await browse(cast.sari)).post(f"/antrean/{delivery.id}/putuskan", data=form)
    assert answer.status_code == 303
    assert await state_of(house, cast, delivery) == state


async def test_an_address_that_could_run_code_is_refused(
    browse: Browse, cast: Cast, house: Kentongan, delivery: DeliveryView
) -> None:
    await set_delivery(house, delivery.id, state="unsure", act_at=None)
    form = {"terbit": "ya", "url": "javascript:alert(1)"}
    answer = await (await browse(cast.sari)).post(f"/antrean/{delivery.id}/putuskan", data=form)
    assert answer.status_code == 422
    assert await state_of(house, cast, delivery) == "unsure"


async def test_acting_too_late_shows_how_it_stands_now(
    browse: Browse, cast: Cast, house: Kentongan, delivery: DeliveryView
) -> None:
    await set_delivery(
        house, delivery.id, state="published", published_at=delivery.due_at, url="https://x.com/a/status/9"
    )
    answer = await (await browse(cast.sari)).post(f"/antrean/{delivery.id}/batalkan", headers=HTMX)
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text
    assert 'href="https://x.com/a/status/9"' in answer.text


async def test_after_an_act_nobody_is_sent_to_another_site(browse: Browse, cast: Cast, delivery: DeliveryView) -> None:
    answer = await (await browse(cast.sari)).post(f"/antrean/{delivery.id}/batalkan", data={"back": "//jahat.test"})
    assert answer.headers["location"] == f"/antrean/{delivery.id}?pesan=batal"


async def test_more_is_fetched_by_cursor(browse: Browse, cast: Cast, house: Kentongan) -> None:
    for hours in range(1, 12):
        await a_post(house, cast, hours=hours)
    sari = await browse(cast.sari)
    more = re.search(r'hx-get="([^"]+)"', (await sari.get("/antrean?tab=semua")).text)
    assert more is not None
    rest = await sari.get(more[1].replace("&amp;", "&"), headers=HTMX)
    assert rest.text.count("<article") == 2
    assert "<html" not in rest.text


async def test_filters_narrow_the_counts_too(
    browse: Browse, cast: Cast, house: Kentongan, delivery: DeliveryView
) -> None:
    page = (await (await browse(cast.dewi)).get(f"/antrean?tab=semua&unit={delivery.unit_id}&platform=facebook")).text
    assert "Semua <b>1</b>" in page
    other = (await (await browse(cast.dewi)).get(f"/antrean?tab=semua&unit={cast.ppk_utara.id}")).text
    assert "Semua <b>0</b>" in other
    assert "Saringan sedang dipakai" in other


async def test_what_is_out_is_taken_down_with_a_reason_and_a_person_may_say_it_is_gone(
    browse: Browse, cast: Cast, house: Kentongan, delivery: DeliveryView
) -> None:
    await set_delivery(house, delivery.id, state="published", published_at=delivery.due_at)
    sari, path = await browse(cast.sari), f"/antrean/{delivery.id}"
    assert "Hapus di X" in (await sari.get(path)).text
    assert (await sari.post(f"{path}/hapus", data={"alasan": " "})).status_code == 422
    assert (await sari.post(f"{path}/hapus", data={"alasan": "Jam TPS keliru"})).status_code == 303
    assert "Sedang dihapus di platform" in (await sari.get(path)).text
    await house.withdrawing.round()  # nothing is known of it on the platform: no id
    queue = (await sari.get("/antrean")).text
    assert re.search(r'aria-current="page">Perlu perhatian <b>1</b>', queue)
    assert "Hapus sendiri" in queue
    assert "Diminta dihapus: Jam TPS keliru." in queue
    assert (await sari.post(f"{path}/terhapus", data={"terhapus": "ya"})).status_code == 303
    assert await state_of(house, cast, delivery) == "withdrawn"


async def test_a_posts_words_cannot_become_markup(
    browse: Browse, cast: Cast, house: Kentongan, delivery: DeliveryView
) -> None:
    await set_delivery(
        house, delivery.id, message={"text": "<script>alert(1)</script>", "pictures": []}, url="javascript:alert(1)"
    )
    page = (await (await browse(cast.sari)).get(f"/antrean/{delivery.id}")).text
    assert "&lt;script&gt;" in page
    assert "javascript:" not in page


async def test_the_dashboard_counts_today(browse: Browse, cast: Cast, house: Kentongan, delivery: DeliveryView) -> None:
    await set_delivery(house, delivery.id, state="published", published_at=delivery.due_at)
    await a_post(house, cast, hours=int(timedelta(days=2).total_seconds() // 3600))
    page = (await (await browse(cast.sari)).get("/dasbor")).text
    assert re.findall(r"<b>(\d+)</b> <span>([^<]+)</span>", page) == [
        ("1", "terbit"),
        ("1", "akan terbit"),
        ("0", "perlu perhatian"),
    ]
    assert "H-26" in page


async def test_many_are_dealt_with_at_once_and_each_refusal_is_named(
    browse: Browse, cast: Cast, house: Kentongan
) -> None:
    first, second = (await a_post(house, cast)).deliveries
    other = (await a_post(house, cast)).deliveries[0]
    await set_delivery(house, first.id, state="stopped", reason="Ditolak.")
    await set_delivery(house, second.id, state="unsure", act_at=None)
    sari = await browse(cast.sari)
    page = (await sari.get("/antrean")).text
    assert f'name="kiriman" value="{first.id}" form="massal"' in page
    mixed = {"aksi": "published", "kiriman": [second.id, other.id], "back": "/antrean?tab=perhatian"}
    answer = await sari.post("/antrean/massal", data=mixed)
    assert (answer.status_code, "1 berhasil, 1 tidak" in answer.text) == (409, True)
    assert await state_of(house, cast, second) == "published"
    again = await sari.post("/antrean/massal", data={"aksi": "semua", "back": "/antrean?tab=perhatian"})
    assert again.headers["location"] == "/antrean?tab=perhatian&pesan=massal"
    assert await state_of(house, cast, first) == "due"
    # Out of sight is out of reach.
    refused = await (await browse(cast.citra)).post("/antrean/massal", data={"aksi": "retry", "kiriman": [first.id]})
    assert "Kiriman ini tidak ada" in refused.text
