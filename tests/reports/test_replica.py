"""Reports ask the replica where there is one; what decides asks the database."""

import sqlite3
from pathlib import Path

import pytest

from app.bootstrap import build
from app.operations.doctor import Level, examine
from app.reports.overview import OverviewWanted
from tests.engagement.conftest import Place
from tests.support.house import moved


@pytest.mark.parametrize("shared", ["sqlite"], indirect=True)
async def test_reports_come_from_the_replica(place: Place, tmp_path: Path) -> None:
    await place.put("cilendek", "x", numbers={"views": 100})
    replica = tmp_path / "replica.db"
    with sqlite3.connect(str(place.house.db.url.database)) as original, sqlite3.connect(replica) as copy:
        original.backup(copy)
    await place.put("cilendek", "x", numbers={"views": 7})
    house = build(moved(place.house.settings, reports_database_url=f"sqlite:///{replica}"))
    try:
        behind = await house.overviews.make(place.cast.dewi, OverviewWanted())
        assert (behind.totals.published, behind.totals.views) == (1, 100)
        assert {found.name: found.level for found in await examine(house)}["salinan untuk laporan"] is Level.OK
    finally:
        await house.close()


@pytest.mark.parametrize("shared", ["sqlite"], indirect=True)
async def test_a_replica_that_is_away_is_said(place: Place, tmp_path: Path) -> None:
    house = build(moved(place.house.settings, reports_database_url="postgresql://nobody@127.0.0.1:9/nothing"))
    try:
        assert {found.name: found.level for found in await examine(house)}["salinan untuk laporan"] is Level.BROKEN
    finally:
        await house.close()
