"""Secrets that are easy to find are planted at every door; afterwards they must lie nowhere in clear."""

import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pyotp
import pytest
import structlog

from app.bootstrap import Kentongan
from app.kit import logs
from app.operations import store
from app.operations.backup import backup
from app.tables import metadata
from tests.conftest import NOW
from tests.support.cast import id_of
from tests.support.client import Site, open_site
from tests.support.databases import fresh_database
from tests.support.house import settings_for, still_at

KEY = "burung-kenari-kunci-9911"
CREDENTIAL = "burung-kenari-akun-4711"
PASSWORD = "burung kenari sandi 1213"
BOT = "123456789:AAburung-kenari-bot-burung-kenari-bot"
MAIL = "burung-kenari-surel"


@pytest.fixture(params=["sqlite", "postgres"])
async def site(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Site]:
    with fresh_database(request, request.param, tmp_path) as url:
        settings = settings_for(
            tmp_path, url, telegram_bot_token=BOT, smtp_url=f"smtp://a:{MAIL}@127.0.0.1:9", mail_from="a@kpu.test"
        )
        async with open_site(settings.model_copy(update={"secret_keys": KEY}), still_at(NOW)) as site:
            yield site


async def plant(site: Site) -> list[str]:
    """Lives through every way in and every refusal; answers each secret that was in play."""
    house, cast = site.house, site.cast
    link = await house.people.make_link(cast.rina.user_id, purpose="login", hours=1)
    session = await house.people.use_link(link, device="uji")
    rina = await house.people.actor_by_session(session)
    await house.security.set_password(rina, session, PASSWORD)
    totp = (await house.security.begin_totp(rina)).secret
    codes = await house.security.confirm_totp(rina, session, pyotp.TOTP(totp).now())
    made = {
        "unit_id": id_of(cast.cilendek),
        "platform": "x",
        "environment": "live",
        "handle": "kenari",
        "credential": {"access_token": CREDENTIAL},
    }
    assert (
        await site.ask("rina", "POST", "/channels", json=made, headers={"Idempotency-Key": "satu"})
    ).status_code == 201
    for wrong in ({**made, "handle": "a b"}, {**made, "environment": "manual"}, {**made, "extra": CREDENTIAL}, made):
        answer = await site.ask("rina", "POST", "/channels", json=wrong)
        assert answer.status_code >= 400
        assert CREDENTIAL not in answer.text
    token = (
        await site.ask(
            "rina", "POST", "/tokens", json={"unit_id": id_of(cast.kpu), "days": 1}, headers={"Idempotency-Key": "dua"}
        )
    ).json()["token"]
    for path in ("/tokens", "/channels", "/me/security", "/users"):
        assert not [
            one for one in (CREDENTIAL, token, PASSWORD, totp) if one in (await site.ask("rina", "GET", path)).text
        ]
    return [KEY, CREDENTIAL, PASSWORD, BOT, MAIL, link, session, totp, token, *codes]


async def test_no_planted_secret_lies_anywhere_in_clear(
    site: Site, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    logs.configure(level="DEBUG", as_json=True)
    try:
        secrets = await plant(site)
        repr(site.house)
        file = (await backup(site.house, tmp_path / "cadangan.zip")).file
    finally:
        structlog.reset_defaults()
    shown = capfd.readouterr()
    places = {
        "logs": shown.out + shown.err,
        "rows": await everything_stored(site.house),
        "files": everything_on_disk(tmp_path, file),
    }
    assert "channel.connect" in places["rows"], "the search looks where things are kept"
    found = {(where, secret) for where, text in places.items() for secret in secrets if secret in text}
    assert found == set()


async def everything_stored(house: Kentongan) -> str:
    out = io.StringIO()
    async with house.db.read() as session:
        for table in metadata.sorted_tables:
            async for part in store.rows_of(session, table):
                out.write(repr(list(part)))
    return out.getvalue()


def everything_on_disk(folder: Path, file: Path) -> str:
    """The database's own files, its journal, and what the backup unpacks to."""
    found = [path.read_bytes() for path in folder.rglob("*") if path.is_file() and path != file]
    with zipfile.ZipFile(file) as inside:
        found += [inside.read(name) for name in inside.namelist()]
    return b"\n".join(found).decode("latin-1")
