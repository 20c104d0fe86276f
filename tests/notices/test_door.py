"""Notices as a script or a page reads them."""

from collections.abc import AsyncIterator

import pytest

from app.audit.events import Event, EventKind
from app.audit.service import tell
from app.settings import Settings
from tests.conftest import NOW
from tests.support.cast import id_of
from tests.support.client import Site, open_site
from tests.support.house import still_at


@pytest.fixture
async def site(settings: Settings) -> AsyncIterator[Site]:
    async with open_site(settings, still_at(NOW)) as opened:
        yield opened


async def stop(site: Site, *numbers: int) -> None:
    """So many deliveries of Sari's unit are refused."""
    detail = {"platform": "x", "reason": "Teks sama.", "attempt": 1}
    unit_id = id_of(site.cast.cilendek)
    async with site.house.db.write() as session:
        events = [Event(EventKind.DELIVERY_STOPPED, f"delivery:{n}", unit_id, detail) for n in numbers]
        await tell(session, events, at=NOW)
    await site.house.notices.spread()


async def test_a_notice_is_listed_counted_and_read(site: Site) -> None:
    await stop(site, 1, 2, 3)
    page = await site.get("sari", "/notices?limit=2")
    assert (len(page["data"]), page["unread"]) == (2, 3)
    first = page["data"][0]
    assert (first["kind"], first["link"], first["read_at"]) == ("delivery.stopped", "/antrean/3", None)
    rest = await site.get("sari", f"/notices?limit=2&cursor={page['next']}")
    assert ([row["link"] for row in rest["data"]], rest["next"]) == (["/antrean/1"], None)
    assert (await site.ask("sari", "POST", f"/notices/{first['id']}/read")).json()["read_at"] is not None
    assert [row["link"] for row in (await site.get("sari", "/notices?unread=true"))["data"]] == [
        "/antrean/2",
        "/antrean/1",
    ]
    assert (await site.ask("sari", "POST", "/notices/read-all")).json() == {"read": 2}
    assert (await site.get("sari", "/notices"))["unread"] == 0
    assert (await site.get("budi", "/notices"))["unread"] == 3


async def test_nobody_reads_the_notices_of_others(site: Site) -> None:
    await stop(site, 1)
    mine = (await site.get("sari", "/notices"))["data"][0]["id"]
    for who in ("citra", "dewi", "rina", "vino"):
        assert (await site.get(who, "/notices"))["data"] == []
    for who in ("budi", "citra", "rina"):
        assert (await site.ask(who, "POST", f"/notices/{mine}/read")).status_code == 404
    assert (await site.ask("nobody", "GET", "/notices")).status_code == 401
    assert (await site.get("sari", "/notices"))["unread"] == 1


async def test_everybody_sets_how_they_hear(site: Site) -> None:
    wanted = {"mail": False, "telegram": True, "telegram_chat": "123456789"}
    answer = await site.ask("vino", "PUT", "/notices/preferences", json=wanted)
    assert answer.status_code == 200
    found = await site.get("vino", "/notices/preferences")
    assert found == answer.json()
    assert {name: found[name] for name in wanted} == wanted
    assert len(found["missing"]) == 2
    assert (await site.get("sari", "/notices/preferences"))["mail_address"] == "sari@kpu.test"
    wrong = await site.ask("vino", "PUT", "/notices/preferences", json={**wanted, "telegram_chat": "bukan"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "telegram_chat")
