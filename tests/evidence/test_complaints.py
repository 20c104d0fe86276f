"""From a complaint to its answer: found or not, frozen before anything is taken down, and followed."""

import zipfile
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from app.audit.service import forget_told
from app.evidence.rules import Answer, Sought, hide_personal, ids_in, is_meant
from app.kit.errors import BadInput, Conflict, NotFound
from app.operations.persons import erase_person
from app.posts.broadcasts import BroadcastInput
from app.posts.rules import Timing
from tests.conftest import NOW
from tests.evidence.conftest import Desk
from tests.support.cast import id_of
from tests.support.house import add_template, open_house, still_at


@pytest.mark.parametrize(
    ("address", "url", "remote_id"),
    [
        (
            "https://twitter.com/pps/status/1790123456789?s=20",
            "https://x.com/pps/status/1790123456789",
            "1790123456789",
        ),
        ("x.com/pps/status/1790123456789/", None, "1790123456789"),
        ("https://m.facebook.com/permalink.php?story_fbid=900100200&id=55501", None, "55501_900100200"),
        ("https://bsky.app/profile/pps.id/post/3kabcdefgh2x", None, "at://did:plc:1/app.bsky.feed.post/3kabcdefgh2x"),
    ],
)
def test_an_address_means_its_post_however_it_was_shared(address: str, url: str | None, remote_id: str | None) -> None:
    assert is_meant(address, url, remote_id)


def test_another_post_or_a_profile_is_not_meant() -> None:
    ours = ("https://x.com/pps/status/1790123456789", "1790123456789")
    for other in ("https://x.com/pps/status/1790123456780", "https://x.com/pps", "https://x.com/pps/status/17901234"):
        assert not is_meant(other, *ours)


@given(st.text(max_size=200))
def test_no_address_breaks_the_reading(typed: str) -> None:
    try:
        ids_in(typed)
    except ValueError:
        raise AssertionError(typed) from None
    assert hide_personal(hide_personal(typed)) == hide_personal(typed)


async def test_it_is_found_by_address_by_mistyped_words_and_by_day(desk: Desk) -> None:
    post = await desk.post(
        "Posko layanan pindah memilih buka setiap hari kerja di kantor kelurahan sampai pukul empat sore."
    )
    await desk.sent(post)
    one = post.deliveries[0]
    search = desk.house.complaints.search
    found = await search(
        desk.cast.dewi, Sought(url=f"https://www.{one.platform}.example/pps/status/1790{one.id:012}?utm=1")
    )
    assert (found.answer, [match.id for match in found.matches]) == (Answer.SENT, [one.id])
    typed = "Posko layanan pindah memilih buka setiap hari di kantor kelurahan sampai pukul empat sore"
    found = await search(desk.cast.dewi, Sought(text=typed))
    assert {match.id for match in found.matches} == {each.id for each in post.deliveries}
    assert 0.6 < found.matches[0].likeness < 1
    assert len((await search(desk.cast.dewi, Sought(on=NOW.date()))).matches) == len(post.deliveries)
    for other in (Sought(text="Pilih nomor satu, kawan-kawan semua di kota ini."), Sought(url="https://x.com/a/status/1"), Sought(text=typed, on=NOW.date() - timedelta(days=3))):  # fmt: skip
        assert (await search(desk.cast.dewi, other)).answer is Answer.NOT_SENT
    assert (await search(desk.cast.budi, Sought(text=typed))).answer is Answer.SENT
    with pytest.raises(BadInput):
        await search(desk.cast.dewi, Sought())


async def test_the_evidence_stays_whatever_is_cleaned_up(desk: Desk) -> None:
    house, cast = desk.house, desk.cast
    post = await desk.post(with_photo=True)
    await desk.sent(post)
    await desk.sealed()
    view = await house.complaints.open(cast.dewi, Sought(text="pasar"), [post.deliveries[0].id])
    media = (await house.posts.get(cast.sari, post.id)).media[0]
    with pytest.raises(Conflict):
        await house.library.delete(cast.sari, media)
    later = house.clock.now() + timedelta(days=400)
    await house.media.sweep()
    await forget_told(house.db, now=later)
    await house.idempotency.sweep()
    await house.security.sweep()
    user = await house.people.add_user(email="lepas@kpu.test", name="Lepas", unit_id=id_of(cast.kpu), role="reviewer", by="uji")  # fmt: skip
    await erase_person(house, user)
    path, _name = await house.complaints.frozen(cast.dewi, view.row.id or 0)
    with zipfile.ZipFile(path) as file:
        assert any(name.startswith("media/") for name in file.namelist())
    async with house.db.read() as session:
        kept = await session.rows(text("SELECT count(*) AS n FROM audit_event WHERE subject = :s").bindparams(s=f"post:{post.id}"))  # fmt: skip
    assert kept[0]["n"] >= 2


async def test_one_is_taken_down_with_reason_and_deadline_and_its_progress_is_seen(desk: Desk) -> None:
    house, cast = desk.house, desk.cast
    post = await desk.post()
    await desk.sent(post)
    view = await house.complaints.open(cast.budi, Sought(text="Posko"), [post.deliveries[0].id], note="lewat surat")
    identity, until = view.row.id or 0, house.clock.now() + timedelta(hours=4)
    with pytest.raises(BadInput):
        await house.complaints.withdraw(cast.budi, identity, reason=" ", deadline=None, siblings=False)
    view = await house.complaints.withdraw(cast.budi, identity, reason="Jam keliru", deadline=until, siblings=False)
    assert (view.row.reason, view.row.deadline, view.progress.asked, view.progress.down) == ("Jam keliru", until, 1, 0)
    async with house.db.write() as session:
        await session.run(text("UPDATE delivery SET state = 'withdrawn' WHERE id = :i"), {"i": post.deliveries[0].id})
        await session.run(text("UPDATE withdrawal SET ended_at = asked_at"))
    view = await house.complaints.get(cast.dewi, identity)
    assert (view.progress.asked, view.progress.down, view.progress.left) == (1, 1, 0)
    await house.complaints.close(cast.budi, identity, outcome="Sudah dihapus.")
    with pytest.raises(Conflict):
        await house.complaints.close(cast.budi, identity, outcome="Lagi.")
    nothing = await house.complaints.open(cast.dewi, Sought(text="Bukan kami"), [])
    assert (nothing.row.answer, nothing.row.packs) == (Answer.NOT_SENT, [])
    with pytest.raises(NotFound):
        await house.complaints.get(cast.budi, nothing.row.id or 0)  # the KPU's


async def test_all_siblings_are_frozen_first_and_then_taken_down(desk: Desk) -> None:
    house, cast = desk.house, desk.cast
    template = await add_template(house, cast, "Halo warga {{ wilayah }}, ini {{ nama_unit }}.")
    wanted = BroadcastInput(template, ("pps",), None, None, ("x", "facebook"), Timing(at=house.clock.now() + timedelta(hours=1)))  # fmt: skip
    made = await house.broadcasts.create(cast.dewi, wanted)
    async with house.db.write() as session:
        await session.run(text("UPDATE delivery SET state = 'published', published_at = due_at, act_at = NULL WHERE broadcast_id = :b AND platform = 'x'"), {"b": made.id})  # fmt: skip
    found = await house.complaints.search(cast.dewi, Sought(text="Halo warga Cilendek Barat, ini PPS Cilendek Barat."))
    view = await house.complaints.open(cast.dewi, Sought(text="Halo"), [found.matches[0].id])
    view = await house.complaints.withdraw(cast.dewi, view.row.id or 0, reason="Keliru", deadline=None, siblings=True)
    assert view.progress.asked == len(view.deliveries) == made.units
    assert [pack["posts"] for pack in view.row.packs] == [1, made.units - 1]
    after = await house.broadcasts.get(cast.dewi, made.id or 0)
    assert after.by_state == {"published": made.units, "cancelled": made.units}


async def test_frozen_files_go_only_after_the_elections_own_day_and_never_of_an_open_complaint(desk: Desk) -> None:
    house, cast = desk.house, desk.cast
    post = await desk.post()
    await desk.sent(post)
    closed, still = [
        (await house.complaints.open(cast.dewi, Sought(text="Posko"), [post.deliveries[0].id])).row.id or 0
        for _ in range(2)
    ]
    await house.complaints.close(cast.dewi, closed, outcome="Dijawab.")
    kpu = id_of(cast.kpu)
    with pytest.raises(BadInput):
        await house.keeping.keep_until(cast.rina, kpu, NOW.date() - timedelta(days=1))
    async with open_house(house.settings, still_at(NOW + timedelta(days=800))) as later:
        assert await later.keeping.expire() == 0  # no day is set: kept without end
    await house.keeping.keep_until(cast.rina, kpu, NOW.date() + timedelta(days=30))
    async with open_house(house.settings, still_at(NOW + timedelta(days=30))) as later:
        assert await later.keeping.expire() == 0
    async with open_house(house.settings, still_at(NOW + timedelta(days=31))) as later:
        assert await later.keeping.expire() == 1
        assert await later.keeping.expire() == 0
        with pytest.raises(NotFound, match="Masa simpan"):
            await later.complaints.frozen(cast.dewi, closed)
        assert (await later.complaints.frozen(cast.dewi, still))[0].is_file()
    await house.keeping.keep_until(cast.rina, kpu, None)


async def test_the_kpu_is_warned_once_before_the_deadline_and_once_after_it(desk: Desk) -> None:
    house, cast = desk.house, desk.cast
    post = await desk.post("Jam buka TPS keliru pada unggahan ini.")
    await desk.sent(post)
    opened = await house.complaints.open(cast.dewi, Sought(text="Jam buka TPS"), [post.deliveries[0].id])
    number = opened.row.id or 0
    until = NOW + timedelta(hours=8)
    await house.complaints.withdraw(cast.dewi, number, reason="Keliru", deadline=until, siblings=False)
    assert await house.deadlines.sweep() == 0
    for hours, said in ((7, "sudah dekat"), (9, "sudah lewat")):
        async with open_house(house.settings, still_at(NOW + timedelta(hours=hours))) as later:
            assert (await later.deadlines.sweep(), await later.deadlines.sweep()) == (1, 0)
            await later.notices.spread()
            found = [one for one in (await later.notices.list(cast.dewi)).rows if said in one.title]
            assert [one.link for one in found] == [f"/aduan/{number}"]
            assert not [one for one in (await later.notices.list(cast.sari)).rows if "Aduan" in one.title]
