"""The daily backup: taken when the last is a day old, the newest few kept, and a full disk hurts nobody."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.operations.backup import last_backup
from app.operations.nightly import Nightly, nightly
from app.settings import Settings
from tests.support.house import moved, open_house, still_at

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def days_of(settings: Settings, now: Any, count: int, folder: Path, *, keep: int) -> list[str]:
    for day in range(count):
        async with open_house(settings, still_at(now + timedelta(days=day))) as house:
            assert await Nightly(house, folder, keep).take_if_due() is not None
            assert await Nightly(house, folder, keep).take_if_due() is None
    return sorted(path.name for path in folder.iterdir())


async def test_one_a_day_and_only_the_newest_stay(settings: Settings, now: Any, tmp_path: Path) -> None:
    left = await days_of(settings, now, 4, tmp_path / "cadangan", keep=2)
    assert left == ["kentongan-20241103T030000Z.zip", "kentongan-20241104T030000Z.zip"]
    assert (tmp_path / "cadangan").stat().st_mode & 0o777 == 0o700


async def test_a_folder_that_cannot_be_written_leaves_the_age_as_it_was(
    settings: Settings, now: Any, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("a file where a folder should be")
    async with open_house(settings, still_at(now)) as house:
        assert await Nightly(house, tmp_path / "taken" / "x", 3).take_if_due() is None
        assert await last_backup(house) is None


@pytest.mark.parametrize(("given", "expected"), [("", "data/backups"), ("off", None), ("elsewhere", "elsewhere")])
async def test_settings_say_where_and_whether(
    settings: Settings, now: Any, tmp_path: Path, given: str, expected: str | None
) -> None:
    given = str(tmp_path / given) if given == "elsewhere" else given
    async with open_house(moved(settings, backup_dir=given, backup_keep=3), still_at(now)) as house:
        planned = nightly(house)
    assert (planned.folder, planned.keep) == (tmp_path / expected if expected else None, 3)
