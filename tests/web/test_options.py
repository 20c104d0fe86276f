"""Further options on the writing and broadcast pages: chosen, checked, shown to the reviewer, frozen and sent."""

from typing import Any

import pytest
from sqlalchemy import text

from app.bootstrap import Kentongan
from app.kit.errors import BadInput
from app.posts.rules import Timing
from app.posts.service import PostInput
from app.posts.store import PostFilter
from tests.conftest import NOW
from tests.support.cast import Cast, id_of
from tests.web.conftest import Browse, template_id


@pytest.fixture
async def form(house: Kentongan, cast: Cast) -> dict[str, Any]:
    channels = await house.channels.list(cast.sari, unit=id_of(cast.cilendek))
    return {
        "unit": str(cast.cilendek.id), "templat": "bebas", "teks": "Ayo cek nama Anda.", "kapan": "waktu",
        "waktu": "2024-11-05T09:00", "akun": [str(c.id) for c in channels.rows],
    }  # fmt: skip


async def test_what_is_chosen_on_the_page_is_frozen_and_shown_to_whoever_reviews(
    browse: Browse, cast: Cast, house: Kentongan, form: dict[str, Any]
) -> None:
    sari, rina = await browse(cast.sari), await browse(cast.rina)
    fresh = (await sari.get(f"/tulis?unit={cast.cilendek.id}&templat=bebas")).text
    assert '<option value="following">Akun yang diikuti</option>' in fresh
    answer = await sari.post("/tulis", data=form | {"opsi-x-replies": "following"})
    assert answer.status_code == 303
    (post,) = (await house.posts.list(cast.sari, PostFilter(), limit=5)).rows
    assert post.options == {"x": {"replies": "following"}}
    for page in (await sari.get(f"/unggahan/{post.id}"), await rina.get(f"/tinjau/{post.id}")):
        assert "siapa yang boleh membalas: Akun yang diikuti" in page.text
    await house.posts.approve(cast.rina, post.id)
    async with house.db.read() as session:
        rows = await session.rows(text("SELECT platform, message FROM delivery"))
    sent = {row["platform"]: str(row["message"]) for row in rows}
    assert "following" in sent["x"]
    assert "following" not in sent["facebook"]


async def test_a_wrong_one_is_told_at_its_field_and_nothing_is_lost(
    browse: Browse, cast: Cast, form: dict[str, Any]
) -> None:
    sari = await browse(cast.sari)
    answer = await sari.post("/tulis", data=form | {"opsi-facebook-link": "kpu.go.id"})
    assert answer.status_code == 422
    assert 'aria-describedby="salah-opsi-facebook-link"' in answer.text
    assert 'value="kpu.go.id"' in answer.text
    assert "<details open>" in answer.text


async def test_words_in_an_option_are_guarded_and_reviewed_like_any_others(house: Kentongan, cast: Cast) -> None:
    channels = await house.channels.list(cast.sari, unit=id_of(cast.cilendek))
    template = await template_id(house, cast.sari, "saring-hoaks")
    facebook = [c.id or 0 for c in channels.rows if c.platform == "facebook"]

    def wish(link: str) -> PostInput:
        return PostInput(
            id_of(cast.cilendek), template_id=template, channels=facebook, timing=Timing(at=NOW),
            options={"facebook": {"link": link}} if link else {},
        )  # fmt: skip

    assert (await house.posts.create(cast.sari, wish(""))).state == "scheduled"
    assert (await house.posts.create(cast.sari, wish("https://kota-bogor.kpu.go.id/"))).state == "in_review"
    with pytest.raises(BadInput, match="https://"):
        await house.posts.create(cast.sari, wish("ftp://kpu.go.id/"))


async def test_a_broadcast_carries_them_to_every_unit(browse: Browse, cast: Cast, house: Kentongan) -> None:
    rina = await browse(cast.rina)
    form = {
        "templat": str(await template_id(house, cast.rina, "saring-hoaks")), "jenis": "pps", "platform": ["x", "facebook"],
        "mode": "mandatory", "jeda": "0", "kapan": "waktu", "waktu": "2024-11-05T09:00", "opsi-x-replies": "mentionedUsers",
    }  # fmt: skip
    assert 'value="mentionedUsers"' in (await rina.post("/siaran/periksa", data=form)).text
    assert (await rina.post("/siaran", data=form)).status_code == 303
    posts = (await house.posts.list(cast.rina, PostFilter(), limit=50)).rows
    assert posts
    assert all(post.options == {"x": {"replies": "mentionedUsers"}} for post in posts)


async def test_a_text_alone_goes_to_no_account_that_wants_a_picture_or_a_video(
    browse: Browse, cast: Cast, house: Kentongan
) -> None:
    joined = await house.channels.add(
        cast.rina, unit_id=id_of(cast.cilendek), platform="youtube", environment="practice", handle="cilendek.video"
    )
    post = await house.posts.create(
        cast.sari, PostInput(id_of(cast.cilendek), text="Posko buka.", timing=Timing(at=NOW))
    )
    assert {delivery.platform for delivery in post.deliveries} == {"x", "facebook"}
    page = (await (await browse(cast.sari)).get(f"/tulis?unit={cast.cilendek.id}&templat=bebas")).text
    assert f'name="akun" value="{joined.id}">' in page
