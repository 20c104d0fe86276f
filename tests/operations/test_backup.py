import json
import stat
import zipfile
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from app.accounts.rules import Role
from app.bootstrap import Kentongan, build
from app.kit.db import Database
from app.kit.errors import Conflict, Unauthenticated
from app.operations import archive, store
from app.operations.archive import BrokenArchive
from app.operations.backup import backup, last_backup, restore
from app.settings import Settings
from app.tables import metadata
from tests.support.cast import Cast, id_of
from tests.support.databases import fresh_database
from tests.support.house import cast_house, moved, open_house, settings_for, still_at

LATER = {"operator_act", "lane_pause", "audit_event", "idempotent_call", "login_link"}
"""What a restore itself writes to."""


@pytest.fixture
async def house(settings: Settings, now: Any) -> AsyncIterator[tuple[Kentongan, Cast]]:
    async with cast_house(settings, still_at(now)) as (house, cast):
        await house.media.upload(cast.sari, unit_id=id_of(cast.cilendek), data=photo(), alt_text="Pasar.")
        yield house, cast


def photo() -> bytes:
    out = BytesIO()
    Image.new("RGB", (30, 20), "purple").save(out, "PNG")
    return out.getvalue()


async def everything(db: Database) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    async with db.read() as session:
        for table in metadata.sorted_tables:
            found[table.name] = [row async for part in store.rows_of(session, table) for row in part]
    return found


@pytest.mark.parametrize("target", ["sqlite", "postgres"])
async def test_all_of_it_comes_back_on_either_database(
    house: tuple[Kentongan, Cast], tmp_path: Path, request: pytest.FixtureRequest, target: str
) -> None:
    here, _cast = house
    taken = await backup(here, tmp_path / "a.zip")
    before = await everything(here.db)
    assert (taken.pictures, taken.rows > 30) == (1, True)
    with fresh_database(request, target, tmp_path) as url:
        async with open_house(settings_for(tmp_path / "neu", url), here.settings.clock) as there:
            done = await restore(there, taken.file)
            after = await everything(there.db)
            assert {name: rows for name, rows in after.items() if name not in LATER} == {
                name: rows for name, rows in before.items() if name not in LATER
            }
            assert (done.rows, done.pictures) == (taken.rows, 1)
            files = [path.name for path in here.settings.media_dir.rglob("*.*")]
            assert [path.name for path in there.settings.media_dir.rglob("*.*")] == files
            # Ids go on where they were.
            kpu = (await there.people.me(_cast.rina)).memberships[0].unit_id
            new = await there.people.add_user(email="a@kpu.test", name="A", unit_id=kpu, role=Role.VIEWER, by="uji")
            assert id_of(new) > max(row["id"] for row in before["user_account"])


async def test_a_backup_holds_no_key_and_no_secret_in_clear(house: tuple[Kentongan, Cast], tmp_path: Path) -> None:
    here, cast = house
    link = await here.people.make_link(cast.sari.user_id, purpose="login", hours=1)
    secret = await here.people.use_link(link, device="uji")
    await here.channels.add(
        cast.rina,
        unit_id=id_of(cast.cilendek),
        platform="x",
        environment="live",
        handle="a",
        credential="burung-kenari-4711",
    )
    file = (await backup(here, tmp_path / "a.zip")).file
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with zipfile.ZipFile(file) as inside:
        everything_in_it = b"".join(inside.read(name) for name in inside.namelist())
    for hidden in ("burung-kenari-4711", "for-tests-only", link, secret):
        assert hidden.encode() not in everything_in_it
    assert await last_backup(here) == here.clock.now()


async def test_a_link_that_was_used_since_opens_nothing(house: tuple[Kentongan, Cast], tmp_path: Path) -> None:
    here, cast = house
    link = await here.people.make_link(cast.sari.user_id, purpose="login", hours=1)
    file = (await backup(here, tmp_path / "a.zip")).file
    await here.people.use_link(link, device="uji")
    await restore(here, file, replace=True)
    with pytest.raises(Unauthenticated):
        await here.people.use_link(link, device="uji")


async def test_what_is_there_is_never_replaced_unasked(house: tuple[Kentongan, Cast], tmp_path: Path) -> None:
    here, _cast = house
    file = (await backup(here, tmp_path / "a.zip")).file
    before = await everything(here.db)
    with pytest.raises(Conflict):
        await restore(here, file)
    with pytest.raises(FileExistsError):
        await backup(here, file)
    assert await everything(here.db) == before


@pytest.mark.parametrize("harm", ["a row", "the list", "cut short", "no archive", "another version"])
async def test_a_backup_that_was_touched_changes_nothing(
    house: tuple[Kentongan, Cast], tmp_path: Path, harm: str
) -> None:
    here, _cast = house
    file = (await backup(here, tmp_path / "a.zip")).file
    await _harm(file, harm, here)
    before = await everything(here.db)
    with pytest.raises(BrokenArchive):
        await restore(here, file, replace=True)
    assert await everything(here.db) == before


async def _harm(file: Path, harm: str, house: Kentongan) -> None:
    if harm == "cut short":
        file.write_bytes(file.read_bytes()[:-400])
        return
    if harm == "no archive":
        file.write_bytes(b"bukan cadangan")
        return
    with zipfile.ZipFile(file) as inside:
        parts = {name: inside.read(name) for name in inside.namelist()}
    if harm == "a row":
        parts["membership.jsonl"] = parts["membership.jsonl"].replace(b'"viewer"', b'"admin"')
    else:
        signed = json.loads(parts[archive.LIST])
        revision = json.loads(signed["list"])["revision"]
        signed["list"] = signed["list"].replace(revision, "lain")
        if harm == "another version":
            digest = archive.digest_of(signed["list"])
            signed["signature"] = house.seal.sign("backup", digest)
        parts[archive.LIST] = json.dumps(signed).encode()
    with zipfile.ZipFile(file, "w") as out:
        for name, data in parts.items():
            out.writestr(name, data)


async def test_other_keys_are_taken_only_where_the_operator_says_so(
    house: tuple[Kentongan, Cast], tmp_path: Path
) -> None:
    here, _cast = house
    file = (await backup(here, tmp_path / "a.zip")).file
    other = build(moved(here.settings, secret_keys="another-key"))
    with pytest.raises(BrokenArchive, match="--other-keys"):
        await restore(other, file, replace=True)
    assert (await restore(other, file, replace=True, other_keys=True)).rows
    await other.close()


async def test_a_folder_keeps_only_the_newest(tmp_path: Path) -> None:
    for day in range(1, 6):
        (tmp_path / f"kentongan-2024110{day}T000000Z.zip").touch()
    (tmp_path / "lain.zip").touch()
    gone = archive.drop_older(tmp_path, keep=2)
    assert [path.name[10:18] for path in gone] == ["20241101", "20241102", "20241103"]
    assert (tmp_path / "lain.zip").exists()
    assert not archive.drop_older(tmp_path, keep=0)
