"""A class on the pages as a hall uses them: 240 phones behind one address, steps that show by themselves, a clean slate."""

from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import text

from app.accounts.rules import Actor
from app.bootstrap import Kentongan
from app.kit.errors import Conflict, Forbidden, NotFound, Unauthenticated
from app.posts.rules import Timing
from app.posts.service import PostInput
from app.training.service import ClassView
from tests.support.cast import Cast, id_of
from tests.web.conftest import BASE, Browse, make_app, set_delivery, template_id


@pytest.fixture
async def view(house: Kentongan, cast: Cast) -> ClassView:
    return await house.training.begin(cast.rina, unit_id=id_of(cast.kpu), name="Bimtek", hours=8)


async def way_in(house: Kentongan, cast: Cast, view: ClassView, unit: str) -> str:
    return next(one.path for one in await house.training.sheet(cast.rina, view.id) if one.unit_name == unit)


async def sit(house: Kentongan, cast: Cast, view: ClassView, unit: str) -> Actor:
    secret = (await way_in(house, cast, view, unit)).rpartition("/")[2]
    return await house.people.actor_by_session(await house.training.join(secret, device="ponsel"))


async def done(house: Kentongan, actor: Actor) -> set[str]:
    found = await house.training.exercise(actor)
    assert found is not None
    return set(found.row.done)


@pytest.mark.deep
async def test_240_phones_behind_one_address_all_come_in(house: Kentongan, cast: Cast, view: ClassView) -> None:
    tickets = await house.training.sheet(cast.rina, view.id)
    site = httpx2.ASGITransport(app=make_app(house), client=("192.168.1.7", 40000))
    # Somebody mistypes a link all the while: whoever has a right one must not pay for it.
    async with httpx2.AsyncClient(transport=site, base_url=BASE) as stranger:
        wrong = [(await stranger.get("/latihan/masuk/1-2-salah")).status_code for _ in range(60)]
    assert wrong[-1] == 429
    for number in range(240):
        async with httpx2.AsyncClient(transport=site, base_url=BASE) as phone:
            path = tickets[number % len(tickets)].path
            assert (await phone.get(path)).status_code == 200
            entered = await phone.post(path)
            assert entered.status_code == 303, number
            cookie = entered.headers["set-cookie"].lower()
            assert "httponly" in cookie
            assert "secure" not in cookie
            assert (await phone.get("/latihan")).status_code == 200
    board = await house.training.board(cast.rina, view.id)
    assert (board.screens, board.joined) == (240, len(tickets))


async def test_steps_show_by_themselves_and_a_reset_takes_all_away(
    house: Kentongan,
    cast: Cast,
    view: ClassView,
) -> None:
    pupil = await sit(house, cast, view, "PPS Cilendek Barat")
    assert await done(house, pupil) == {"masuk"}
    wanted = PostInput(
        id_of(cast.cilendek), template_id=await template_id(house, cast.sari, "saring-hoaks"),
        timing=Timing(at=house.clock.now() + timedelta(hours=2)),
    )  # fmt: skip
    post = await house.posts.create(pupil, wanted)
    others = await house.posts.create(cast.sari, PostInput(id_of(cast.cilendek), text="Posko kami buka."))
    assert await done(house, pupil) == {"masuk", "naskah", "jadwal"}
    for delivery in post.deliveries:
        await set_delivery(house, delivery.id, state="published")
    assert await done(house, pupil) == {"masuk", "naskah", "jadwal", "terbit", "unggah"}
    await set_delivery(house, post.deliveries[0].id, state="sending")
    with pytest.raises(Conflict, match="sedang dikirim"):
        await house.training.reset(cast.rina, view.id)
    await set_delivery(house, post.deliveries[0].id, state="due")
    emptied = await house.training.reset(cast.rina, view.id)
    assert emptied.posts == 1
    async with house.db.read() as session:
        kept = list((await session.run(text("SELECT id FROM post"))).scalars())
    assert kept == [others.id]
    assert await done(house, pupil) == set()


async def test_a_reviewer_of_the_class_reviews_and_ticks_the_report(
    house: Kentongan,
    cast: Cast,
    view: ClassView,
) -> None:
    pupil = await sit(house, cast, view, "PPK Bogor Barat")
    timing = Timing(at=house.clock.now() + timedelta(hours=2))
    post = await house.posts.create(cast.sari, PostInput(id_of(cast.cilendek), text="Posko kami buka.", timing=timing))
    await house.posts.reject(pupil, post.id, reason="Kurang jelas.")
    await house.training.tick(pupil, "laporan")
    assert await done(house, pupil) == {"masuk", "tinjau", "laporan"}


async def test_a_class_and_live_accounts_never_stand_side_by_side(
    house: Kentongan,
    cast: Cast,
    view: ClassView,
) -> None:
    async def join() -> None:
        await house.channels.add(
            cast.rina, unit_id=id_of(cast.cilendek), platform="x", environment="live", handle="asli", credential="rahasia"
        )  # fmt: skip

    with pytest.raises(Conflict, match="Kelas latihan masih berjalan"):
        await join()
    secret = (await way_in(house, cast, view, "PPS Menteng")).rpartition("/")[2]
    await house.training.close(cast.rina, view.id)
    await join()
    with pytest.raises(Conflict, match="akun sungguhan"):
        await house.training.reset(cast.rina, view.id)
    with pytest.raises(Conflict, match="akun sungguhan"):
        await house.training.begin(cast.rina, unit_id=id_of(cast.kpu), name="Lagi", hours=8)
    with pytest.raises(Unauthenticated, match="sudah selesai"):
        await house.training.join(secret, device="ponsel")


async def test_only_who_manages_sees_the_board_and_its_codes(
    house: Kentongan,
    cast: Cast,
    view: ClassView,
    browse: Browse,
) -> None:
    with pytest.raises(Forbidden):
        await house.training.board(cast.vino, view.id)
    with pytest.raises(NotFound):
        await house.training.sheet(cast.citra, view.id)
    rina = await browse(cast.rina)
    page = (await rina.get(f"/latihan/{view.id}/qr")).text
    assert page.count("data:image/svg+xml") == 6
    paper = await rina.get(f"/latihan/{view.id}/qr.pdf")
    assert paper.content.startswith(b"%PDF")
