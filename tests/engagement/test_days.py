"""Days, totals and a recount: equal whatever order readings come in, however often, and even where numbers fall."""

from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import select

from app.engagement import channel_store, rules
from app.engagement.models import DailyNumbers, Snapshot, Total
from app.engagement.rules import NUMBERS, SUMMED
from app.engagement.snapshot_store import add_snapshots, recount
from tests.conftest import NOW
from tests.engagement.conftest import Place, snapshot

H = timedelta(hours=1)
VALUES = st.none() | st.integers(0, 40)
READING = st.tuples(st.integers(0, 1), st.integers(0, 80), VALUES, VALUES, st.sampled_from((False,) * 5 + (True,)))
BATCHES = st.lists(st.lists(READING, min_size=1, max_size=4), min_size=1, max_size=5)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=BATCHES)
async def test_days_and_totals_equal_a_recount_of_all_snapshots(place: Place, batches: list[list[tuple]]) -> None:  # type: ignore[type-arg]
    async with place.house.db.write() as session:
        for table in ("snapshot", "total", "daily_numbers", "delivery", "post"):
            await session.run(text(f"DELETE FROM {table}"))
    for _ in range(2):
        await place.put("cilendek", "x")
    async with place.house.db.read() as session:
        ids = list((await session.run(text("SELECT id FROM delivery ORDER BY id"))).scalars())
        channels = list((await session.run(text("SELECT DISTINCT channel_id FROM delivery"))).scalars())
    for batch in batches:
        rows = [
            {**snapshot(ids[which], NOW + hour * H, gone=gone), "views": views, "reach": reach}
            for which, hour, views, reach, gone in batch
        ]
        async with place.house.db.write() as session:
            await add_snapshots(session, rows)
    async with place.house.db.read() as session:
        stored = {
            (row.channel_id, row.counted_on): {name: getattr(row, name) for name in SUMMED}
            for row in (await session.exec(select(DailyNumbers))).all()
        }
        assert stored == await recount(session, channels)
        snapshots = (await session.exec(select(Snapshot))).all()
        totals = {row.delivery_id: row for row in (await session.exec(select(Total))).all()}
    for identity in {row.delivery_id for row in snapshots}:
        readings = {
            row.taken_at: {name: getattr(row, name) for name in NUMBERS}
            for row in snapshots
            if row.delivery_id == identity
        }
        total = totals[identity]
        assert {name: getattr(total, name) for name in NUMBERS} == rules.latest(readings)
        assert total.taken_at == max(readings)


async def test_followers_are_told_by_account_with_where_they_started(place: Place) -> None:
    await place.put("cilendek", "x")
    async with place.house.db.read() as session:
        channel = (await session.run(text("SELECT DISTINCT channel_id FROM delivery"))).scalar_one()
    today = NOW.date()

    def row(days: int, followers: int | None, *, hours: int = 0) -> dict[str, object]:
        day = today - timedelta(days=days)
        at: datetime = NOW - timedelta(days=days) + hours * H
        return {"channel_id": channel, "counted_on": day, "taken_at": at, "followers": followers}

    for one in (row(6, 100), row(3, None), row(0, 130), row(0, None, hours=1)):
        async with place.house.db.write() as session:
            await channel_store.put_followers(session, [one])
    async with place.house.db.read() as session:
        (told,) = await channel_store.followers(
            session, [place.cast.cilendek.path], "practice", from_on=today - timedelta(days=6), to_on=today
        )
        assert (told["before"], told["followers"], told["last_on"]) == (100, 130, today)
        due = {"today": today, "now": NOW + 2 * H, "limit": 500}
        assert channel not in [
            each["id"]
            for each in await channel_store.followers_due(session, ["x"], **due)  # type: ignore[arg-type]
        ]
        due["today"] = today + timedelta(days=1)
        assert channel in [
            each["id"]
            for each in await channel_store.followers_due(session, ["x"], **due)  # type: ignore[arg-type]
        ]
