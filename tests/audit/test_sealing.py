import asyncio
from datetime import datetime

from sqlalchemy import delete, update

from app.audit.models import AuditEvent
from app.audit.sealing import GENESIS, seal_pending, verify
from app.audit.service import record
from app.kit.db import Database


async def write(db: Database, now: datetime, count: int, *, start: int = 0) -> None:
    async with db.write() as session:
        for number in range(start, start + count):
            await record(
                session, at=now, actor="user:1", action="post.create", subject=f"post:{number}", detail={"n": number}
            )


async def test_events_are_chained_in_the_order_they_were_written(db: Database, now: datetime) -> None:
    await write(db, now, 5)
    assert (await verify(db)).unsealed == 5
    assert await seal_pending(db) == 5
    verdict = await verify(db, chunk=2)
    assert (verdict.sealed, verdict.unsealed, verdict.broken_at) == (5, 0, None)
    assert verdict.head != GENESIS


async def test_two_sealers_make_one_chain(db: Database, now: datetime) -> None:
    await write(db, now, 50)
    done = await asyncio.gather(*(seal_pending(db, chunk=7) for _ in range(3)))
    assert sum(done) == 50
    assert (await verify(db)).broken_at is None


async def test_a_chain_grows_whole_while_acts_are_written_and_two_workers_seal(db: Database, now: datetime) -> None:
    other = Database(str(db.url.render_as_string(hide_password=False)))

    async def sealing(mine: Database, done: asyncio.Event) -> int:
        count = 0
        while not done.is_set():
            count += await seal_pending(mine, chunk=11)
            await asyncio.sleep(0)
        return count

    done = asyncio.Event()
    sealers = [asyncio.create_task(sealing(mine, done)) for mine in (db, other)]
    await asyncio.gather(*(write(db, now, 10, start=start) for start in range(0, 200, 10)))
    done.set()
    sealed = sum(await asyncio.gather(*sealers)) + await seal_pending(db)
    verdict = await verify(other)
    await other.close()
    assert (sealed, verdict.sealed, verdict.unsealed, verdict.broken_at) == (200, 200, 0, None)


async def test_a_changed_word_is_found_at_its_place(db: Database, now: datetime) -> None:
    await write(db, now, 6)
    await seal_pending(db)
    async with db.write() as session:
        await session.run(update(AuditEvent).where(AuditEvent.seq == 4).values(actor="user:2"))  # type: ignore[arg-type]
    assert (await verify(db)).broken_at == 4


async def test_a_removed_event_is_found(db: Database, now: datetime) -> None:
    await write(db, now, 6)
    await seal_pending(db)
    async with db.write() as session:
        await session.run(delete(AuditEvent).where(AuditEvent.seq == 3))  # type: ignore[arg-type]
    assert (await verify(db)).broken_at == 3


async def test_an_empty_record_is_whole(db: Database) -> None:
    verdict = await verify(db)
    assert (verdict.sealed, verdict.head, verdict.broken_at) == (0, GENESIS, None)
