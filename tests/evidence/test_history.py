"""Who reads which acts, and the heads that are told every day."""

from datetime import timedelta

from sqlalchemy import text

from app.audit.sealing import GENESIS, hash_event, verify
from app.audit.store import sealed_after
from app.evidence.history_store import HistoryFilter
from tests.conftest import NOW
from tests.evidence.conftest import Desk
from tests.support.cast import id_of
from tests.support.house import moved, open_house, still_at


async def test_everybody_reads_what_was_done_beneath_them_and_nothing_else(desk: Desk) -> None:
    post = await desk.post()
    await desk.house.people.invite(
        desk.cast.rina, email="baru@kpu.test", name="Baru", unit_id=id_of(desk.cast.cilendek), role="viewer"
    )
    await desk.sealed()
    history = desk.house.history

    async def acts(who: object, wanted: HistoryFilter = HistoryFilter()) -> list[str]:
        return [row.action for row in (await history.list(who, wanted, limit=200)).rows]  # type: ignore[arg-type]

    of_post = HistoryFilter(post_id=post.id)
    assert {"post.create", "post.approve"} <= set(await acts(desk.cast.sari, of_post))
    assert await acts(desk.cast.citra, of_post) == []
    assert "user.grant" in await acts(desk.cast.rina)
    assert "user.grant" not in await acts(desk.cast.sari)
    assert set(await acts(desk.cast.rina, HistoryFilter(action="user."))) == {"user.grant"}
    assert await acts(desk.cast.rina, HistoryFilter(under=desk.cast.bantarjati.path, action="post.")) == []
    later = desk.house.clock.now() + timedelta(days=1)
    assert await acts(desk.cast.rina, HistoryFilter(from_at=later)) == []


async def test_pages_go_on_after_the_last_act_seen(desk: Desk) -> None:
    await desk.post()
    await desk.sealed()
    first = await desk.house.history.list(desk.cast.rina, HistoryFilter(), limit=2)
    rest = await desk.house.history.list(desk.cast.rina, HistoryFilter(), limit=200, cursor=first.next)
    assert [row.id for row in first.rows][-1] > rest.rows[0].id


async def test_a_chain_made_anew_does_not_pass_through_what_was_told(desk: Desk) -> None:
    """Somebody with the whole database changes an act and seals everything again: only the told head shows it."""
    await desk.post()
    await desk.sealed()
    tomorrow = moved(desk.house.settings, clock=still_at(NOW + timedelta(days=1)))
    async with open_house(tomorrow, still_at(NOW + timedelta(days=1))) as later:
        told = await later.head_teller.tell()
        assert told is not None
        assert await later.head_teller.tell() is None
        await later.notices.spread()
        assert any(told.hash in row.body for row in (await later.notices.list(desk.cast.rina)).rows)
        assert (await verify(later.db)).is_whole
        async with later.db.write() as session:
            await session.run(text("UPDATE audit_event SET actor = 'user:999' WHERE seq = 1"))
            head = GENESIS
            for event in await sealed_after(session, 0, limit=10_000):
                mended = hash_event(event, head)
                await session.run(
                    text("UPDATE audit_event SET prev_hash = :p, hash = :h WHERE id = :id"),
                    {"p": head, "h": mended, "id": event.id},
                )
                head = mended
        verdict = await verify(later.db)
        assert (verdict.broken_at, verdict.false_on, verdict.is_whole) == (None, told.ended_on, False)
        async with later.db.write() as session:
            await session.run(text("DELETE FROM chain_head"))
