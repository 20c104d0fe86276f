"""The operator's figures at their door."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import delete

from app.publishing.models import Delivery
from tests.conftest import NOW
from tests.support.client import Site, open_site
from tests.support.house import channels_of, settings_for, still_at


async def test_the_figures_open_to_their_own_token_alone(tmp_path: Path, sqlite_template: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "a.db")
    settings = settings_for(tmp_path, f"sqlite:///{tmp_path / 'a.db'}", metrics_token="angka")
    async with open_site(settings, still_at(NOW)) as site:
        for headers in ({}, {"Authorization": "Bearer salah"}, {"Authorization": f"Bearer {site.tokens['rina']}"}):
            assert (await site.client.get("/metrics", headers=headers)).status_code == 401
        answer = await site.client.get("/metrics", headers={"Authorization": "Bearer angka"})
        assert answer.status_code == 200
        lines = dict(line.rsplit(" ", 1) for line in answer.text.splitlines() if not line.startswith("#"))
        assert lines["kentongan_workers"] == "0.0"
        assert lines["kentongan_backup_age_seconds"] == "NaN", "not known is not 0"
        await site.house.holding.hold(reason="uji")
        again = (await site.client.get("/metrics", headers={"Authorization": "Bearer angka"})).text
        assert "kentongan_sending_held 1.0" in again


async def _doubt(site: Site, *, look_at: datetime | None) -> None:
    """One delivery in doubt, and no other."""
    channel = (await channels_of(site.house, site.cast, site.cast.cilendek))["x"]
    async with site.house.db.write() as session:
        await session.run(delete(Delivery))
        session.add(
            Delivery(
                post_id=1, channel_id=channel.id or 0, unit_id=channel.unit_id, platform="x", environment="practice",
                lane="practice", state="unsure", due_at=NOW, act_at=look_at, valid_until=NOW + timedelta(hours=1),
            )
        )  # fmt: skip


async def test_a_doubt_that_nobody_looks_up_turns_ready_red_and_one_for_a_person_is_told(
    tmp_path: Path, sqlite_template: Path
) -> None:
    shutil.copy(sqlite_template, tmp_path / "a.db")
    settings = settings_for(tmp_path, f"sqlite:///{tmp_path / 'a.db'}")
    async with open_site(settings, still_at(NOW)) as site:
        await _doubt(site, look_at=NOW - timedelta(minutes=1))
        assert (await site.client.get("/readyz")).json()["parts"]["unsure"] == {"ok": True, "detail": "tertua 60 detik"}
        await _doubt(site, look_at=NOW - timedelta(minutes=3))
        assert (await site.client.get("/readyz")).json()["parts"]["unsure"] == {
            "ok": False,
            "detail": "tertua 180 detik",
        }
        await _doubt(site, look_at=None)
        part = (await site.client.get("/readyz")).json()["parts"]["unsure"]
        assert part == {"ok": True, "detail": "tidak ada; 1 menunggu dipastikan orang"}
