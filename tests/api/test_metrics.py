"""The operator's figures at their door."""

import shutil
from pathlib import Path

from tests.conftest import NOW
from tests.support.client import open_site
from tests.support.house import settings_for, still_at


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
