"""Through the API as people do it: hand-over, the end of a term, and a second election beside the first."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.accounts.models import Unit
from app.tahapan.models import Election, Tahapan
from tests.conftest import NOW
from tests.support.cast import id_of
from tests.support.client import Site, open_site, token_for
from tests.support.databases import fresh_database
from tests.support.house import add_channels, add_template, open_house, settings_for, still_at

SOON = (NOW + timedelta(hours=2)).isoformat()


@pytest.fixture
async def site(request: pytest.FixtureRequest, tmp_path: Any) -> AsyncIterator[Site]:
    with fresh_database(request, "sqlite", tmp_path) as url:
        async with open_site(settings_for(tmp_path, url), still_at(NOW)) as site:
            yield site


async def told(site: Site, who: str, method: str, path: str, status: int = 200, **json: Any) -> Any:
    answer = await site.ask(who, method, path, **({"json": json} if json else {}))
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


async def approved(site: Site) -> dict[str, Any]:
    unit = id_of(site.cast.cilendek)
    body = {"unit_id": unit, "text": "Posko kami buka setiap hari kerja.", "timing": {"at": SOON}}
    post = await told(site, "sari", "POST", "/posts", 201, **body)
    found: dict[str, Any] = await told(site, "dewi", "POST", f"/posts/{post['id']}/approve")
    return found


async def test_a_new_person_takes_over_and_the_old_one_keeps_nothing_but_history(site: Site) -> None:
    unit = id_of(site.cast.cilendek)
    post = await approved(site)
    body = {"email": "pengganti@kpu.test", "name": "Pengganti", "role": "admin", "reason": "SK 12/2024"}
    await told(site, "sari", "POST", f"/units/{unit}/hand-over", 403, **body)
    done = await told(site, "rina", "POST", f"/units/{unit}/hand-over", **body)
    assert (done["ended"], done["channels"] > 0) == (1, True)
    assert (await site.ask("sari", "GET", f"/posts/{post['id']}")).status_code in {401, 404}
    channels = (await site.get("rina", f"/channels?unit={unit}"))["data"]
    assert {one["state"] for one in channels} == {"needs_reconnect"}
    assert {one["state"] for one in (await site.get("rina", f"/deliveries?post={post['id']}"))["data"]} == {"waiting"}
    secret = done["link"].rpartition("/")[2]
    await site.house.people.use_link(secret, device="ponsel")
    new = await site.house.people.actor_of(done["user_id"])
    site.tokens["baru"] = await token_for(site.house, new)
    assert (await site.get("baru", f"/posts/{post['id']}"))["text"] == "Posko kami buka setiap hari kerja."
    past = (await site.get("rina", f"/units/{unit}/past-people"))["data"]
    assert [(one["user_id"], one["reason"]) for one in past] == [(site.cast.sari.user_id, "SK 12/2024")]


async def test_when_the_body_ends_nothing_leaves_and_everything_can_be_read(site: Site) -> None:
    """By its last day, with all beneath it; a moved clock brings the day after."""
    ppk, pps = id_of(site.cast.ppk_barat), id_of(site.cast.cilendek)
    post = await approved(site)
    await told(site, "rina", "PUT", f"/units/{ppk}/term", 422, ends_on="2024-10-31")
    assert (await told(site, "rina", "PUT", f"/units/{ppk}/term", ends_on="2024-11-02"))["ends_on"] == "2024-11-02"
    assert await site.house.terms.sweep() == 0
    async with open_house(site.house.settings, still_at(NOW + timedelta(days=2))) as later:
        assert await later.terms.sweep() == 1
        assert await later.terms.sweep() == 0
    assert (await site.get("rina", f"/units/{pps}"))["archived_at"] is not None
    assert (await site.get("rina", f"/posts/{post['id']}"))["state"] == "cancelled"
    assert {one["state"] for one in (await site.get("sari", f"/deliveries?post={post['id']}"))["data"]} == {"cancelled"}
    for who in ("sari", "rina"):
        refused = await told(site, who, "POST", "/posts", 403, unit_id=pps, text="Masih ada?")
        assert "berakhir" in refused["detail"]
    await told(site, "rina", "PATCH", f"/units/{pps}", 403, rw_count=3)
    await told(site, "rina", "POST", "/users", 403, email="a@kpu.test", name="A", unit_id=pps, role="viewer")
    template = await add_template(site.house, site.cast, "Halo {{ wilayah }}, ini {{ nama_unit }}.")
    wanted = {"template_id": template, "select": {"kinds": ["pps"]}, "platforms": ["x"], "timing": {"at": SOON}}
    made = await told(site, "rina", "POST", "/broadcasts", 201, **wanted)
    assert (made["units"], made["deliveries"]) == (1, 1)  # Bantarjati alone still speaks
    pauses = (await site.get("rina", "/pauses"))["data"]
    await told(site, "rina", "POST", f"/pauses/{pauses[0]['id']}/resume", 403)
    found = await told(site, "rina", "POST", "/complaints/search", text="Posko kami buka setiap hari kerja.")
    assert found["answer"] == "not_sent"


async def test_a_role_ends_with_its_last_day(site: Site) -> None:
    unit, sari = id_of(site.cast.cilendek), site.cast.sari.user_id
    await told(site, "rina", "PUT", f"/units/{unit}/people/{sari}/term", 204, ends_on="2024-11-01")
    assert (await site.ask("sari", "GET", f"/units/{unit}")).status_code == 200
    async with open_house(site.house.settings, still_at(NOW + timedelta(days=1))) as later:
        assert await later.terms.sweep() == 1
    assert (await site.ask("sari", "GET", f"/units/{unit}")).status_code in {401, 404}
    await told(site, "rina", "DELETE", f"/units/{unit}/people/{sari}", 404)


async def second(site: Site) -> dict[str, int]:
    """Another election for the same regions, with its own calendar, KPU and PPS, and people of their own."""
    async with site.house.db.write() as session:
        election = Election(code="pilgub-2024", name="Pilgub 2024", voting_stage="PYL-07", quiet_stage="TNG-01", opens="07:00", closes="13:00")  # fmt: skip
        session.add(election)
        await session.flush()
        other = id_of(election)
        session.add(Tahapan(election_id=other, code="PYL-07", name="Pemungutan suara gubernur", kind="penyelenggaraan", starts_on=date(2025, 3, 5), ends_on=date(2025, 3, 5)))  # fmt: skip
        kpu = Unit(election_id=other, kind="kpu", name="KPU Kota Bogor (Pilgub)", wilayah_code="32.71", timezone="Asia/Jakarta")  # fmt: skip
        session.add(kpu)
        await session.flush()
        kpu.path = f"/{kpu.id}/"
        pps = Unit(election_id=other, kind="pps", name="PPS Cilendek Barat (Pilgub)", wilayah_code="32.71.04.1008", parent_id=kpu.id, timezone="Asia/Jakarta")  # fmt: skip
        session.add(pps)
        await session.flush()
        pps.path = f"/{kpu.id}/{pps.id}/"
    await add_channels(site.house, [pps], ("x",))
    for name, unit, role in (("admin2", kpu, "admin"), ("editor2", pps, "editor")):
        user = await site.house.people.add_user(
            email=f"{name}@kpu.test", name=name, unit_id=id_of(unit), role=role, by="uji"
        )
        site.tokens[name] = await token_for(site.house, await site.house.people.actor_of(id_of(user)))
    return {"election": other, "kpu": id_of(kpu), "pps": id_of(pps)}


async def test_two_elections_beside_each_other_do_not_mix(site: Site) -> None:
    theirs = await second(site)
    ours = await approved(site)
    anchored = {"anchor": {"tahapan": "PYL-07", "edge": "start", "offset_days": -1, "time": "09:00"}}
    post = await told(site, "editor2", "POST", "/posts", 201, unit_id=theirs["pps"], text="Sampai jumpa di TPS.", timing=anchored)  # fmt: skip
    assert post["due_at"].startswith("2025-03-04")  # its own election's day
    for who, seen, unseen in (("rina", ours["id"], post["id"]), ("admin2", post["id"], ours["id"])):
        assert [one["id"] for one in (await site.get(who, "/posts"))["data"]] == [seen]
        assert {one["post_id"] for one in (await site.get(who, "/deliveries"))["data"]} == {seen}
        await told(site, who, "GET", f"/posts/{unseen}", 404)
        await told(site, who, "GET", f"/posts/{unseen}/evidence", 404)
    assert {one["election_id"] for one in (await site.get("admin2", "/units"))["data"]} == {theirs["election"]}
    assert {one["election_id"] for one in (await site.get("rina", "/units"))["data"]} == {site.cast.election_id}
    days = {one["name"] for one in (await site.get("admin2", "/tahapan"))["data"]}
    assert days == {"Pemungutan suara gubernur"}
    assert "Pemungutan suara gubernur" not in {one["name"] for one in (await site.get("rina", "/tahapan"))["data"]}
    stage = next(one for one in (await site.get("rina", "/tahapan"))["data"] if one["code"] == "PYL-07")
    moved = {"starts_on": "2024-12-04", "ends_on": "2024-12-04", "reason": "Susulan", "dry_run": False}
    await told(site, "admin2", "POST", f"/tahapan/{stage['id']}/revise", 404, **moved)
    await told(site, "rina", "POST", f"/tahapan/{stage['id']}/revise", **moved)
    assert (await site.get("admin2", f"/posts/{post['id']}"))["due_at"] == post["due_at"]
    async with site.house.db.write() as session:
        await session.run(text("UPDATE delivery SET state = 'published', published_at = due_at WHERE post_id = :p"), {"p": ours["id"]})  # fmt: skip
    week = "/reports/weekly?week=2024-W44&environment=practice"
    assert (await site.get("rina", week))["totals"]["published"] == len(ours["deliveries"])
    assert (await site.get("admin2", week))["totals"]["published"] == 0
    assert (await told(site, "admin2", "POST", "/complaints/search", on="2024-11-01"))["answer"] == "not_sent"
    await told(site, "admin2", "POST", f"/units/{theirs['kpu']}/archive", reason="Selesai")
    assert (await told(site, "sari", "POST", "/posts", 201, unit_id=id_of(site.cast.cilendek), text="Kami tetap ada."))[
        "id"
    ]


async def test_an_account_has_a_term_of_its_own(site: Site) -> None:
    post = await approved(site)
    unit = id_of(site.cast.cilendek)
    [account] = [one for one in (await site.get("rina", f"/channels?unit={unit}"))["data"] if one["platform"] == "x"]
    path = f"/channels/{account['id']}/term"
    await told(site, "rina", "PUT", path, 422, ends_on="2024-10-31")
    assert (await told(site, "rina", "PUT", path, ends_on="2024-11-02"))["ends_on"] == "2024-11-02"
    late = {
        "unit_id": unit,
        "text": "Sampai jumpa.",
        "timing": {"at": "2024-11-03T09:00:00+07:00"},
        "channels": [account["id"]],
    }
    refused = await told(site, "sari", "POST", "/posts", 422, **late)
    assert "berakhir 02/11/2024" in refused["detail"]
    async with open_house(site.house.settings, still_at(NOW + timedelta(days=2))) as later:
        assert (await later.endings.sweep(), await later.endings.sweep()) == (1, 0)
    closed = await site.get("rina", f"/channels/{account['id']}")
    assert (closed["state"], closed["state_reason"]) == ("closed", "Masa pakai akun ini sudah berakhir.")
    found = {
        one["platform"]: one["state"] for one in (await site.get("rina", f"/deliveries?post={post['id']}"))["data"]
    }
    assert found.pop("x") == "cancelled"
    assert set(found.values()) == {"due"}
    await told(site, "sari", "POST", "/posts", 422, **(late | {"timing": {"at": SOON}}))


async def test_a_calendar_ends_with_its_election_and_the_other_goes_on(site: Site) -> None:
    theirs, ours = await second(site), await approved(site)
    other = await told(site, "editor2", "POST", "/posts", 201, unit_id=theirs["pps"], text="Posko buka.", timing={"at": SOON})  # fmt: skip
    term = f"/elections/{site.cast.election_id}/term"
    await told(site, "sari", "PUT", term, 403, ends_on="2024-11-02")
    await told(site, "admin2", "PUT", term, 404, ends_on="2024-11-02")
    await told(site, "rina", "PUT", term, ends_on="2024-11-02")
    async with open_house(site.house.settings, still_at(NOW + timedelta(days=2))) as later:
        assert (await later.endings.sweep(), await later.endings.sweep()) == (1, 0)
    [mine] = (await site.get("rina", "/elections"))["data"]
    assert (mine["id"], mine["archived_at"] is not None) == (site.cast.election_id, True)
    assert (await site.get("rina", f"/posts/{ours['id']}"))["state"] == "cancelled"
    stage = (await site.get("rina", "/tahapan"))["data"][0]
    assert (await site.ask("dewi", "PATCH", f"/tahapan/{stage['id']}", json={"note": "x"})).status_code in {403, 409}
    assert (await site.get("admin2", f"/posts/{other['id']}"))["state"] == "in_review"
    [alive] = (await site.get("admin2", "/elections"))["data"]
    assert (alive["id"], alive["archived_at"]) == (theirs["election"], None)
