"""Broadcasts, deliveries and numbers through their doors."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from tests.api.test_posts_door import AT, assert_problem
from tests.conftest import NOW
from tests.support.cast import id_of
from tests.support.client import Site


def wish(template: int, **changes: Any) -> dict[str, Any]:
    plain = {"template_id": template, "select": {"kinds": ["ppk", "pps"]}, "platforms": ["x", "facebook"]}
    return {**plain, "timing": {"at": AT}, **changes}


async def sent(site: Site, template: int, **changes: Any) -> dict[str, Any]:
    answer = await site.ask("dewi", "POST", "/broadcasts", json=wish(template, **changes))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def put_in(site: Site, delivery_id: int, state: str) -> None:
    """As a worker might have left it."""
    async with site.house.db.write() as session:
        await session.run(
            text("UPDATE delivery SET state = :state WHERE id = :id"), {"state": state, "id": delivery_id}
        )


async def test_a_dry_run_tells_what_a_broadcast_then_does(site: Site, template: int) -> None:
    seen = await site.ask("dewi", "POST", "/broadcasts", json=wish(template, dry_run=True))
    assert (seen.status_code, seen.json()["id"]) == (200, None)
    made = await sent(site, template)
    for field in ("units", "posts", "deliveries", "problems"):
        assert made[field] == seen.json()[field]
    assert (made["units"], made["deliveries"], made["by_state"]) == (5, 10, {"due": 10})
    assert await site.get("dewi", f"/broadcasts/{made['id']}") == made
    assert (await site.get("dewi", "/broadcasts"))["data"] == [made]
    assert (await site.get("citra", "/broadcasts"))["data"] == []
    cancelled = await site.ask("dewi", "POST", f"/broadcasts/{made['id']}/cancel", json={"reason": "Keliru"})
    assert cancelled.json()["by_state"] == {"cancelled": 10}
    assert_problem(await site.ask("dewi", "POST", f"/broadcasts/{made['id']}/cancel"), 409)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"timing": {"at": "2024-11-02T08:00:00"}}, "timing.at"),
        ({"timing": None}, "timing"),
        ({"platforms": []}, "platforms"),
        ({"platforms": ["myspace"]}, "platforms"),
        ({"select": {"kinds": ["dinas"]}}, "select.kinds.0"),
        ({"select": {"unit_ids": [999_999]}}, "select.unit_ids"),
        ({"stagger_minutes": -1}, "stagger_minutes"),
        ({"deadline": "9999-12-31T23:59:59-12:00"}, "deadline"),
        ({"variables": {"tidak_ada": "x"}}, "variables.tidak_ada"),
        ({"mode": "maybe"}, "mode"),
        ({"environment": "staging"}, "environment"),
    ],
)
async def test_a_malformed_broadcast_names_the_field(
    site: Site, template: int, changes: dict[str, Any], field: str
) -> None:
    problem = assert_problem(await site.ask("dewi", "POST", "/broadcasts", json=wish(template, **changes)), 422)
    assert field in {error["field"] for error in problem["errors"]}
    assert (await site.get("dewi", "/broadcasts"))["data"] == []


async def test_a_queue_is_filtered_and_paged_by_due_time(site: Site, template: int) -> None:
    made = await sent(site, template, stagger_minutes=40)
    first = await site.ask("dewi", "GET", "/deliveries?limit=4&state=due&state=waiting")
    rows = first.json()["data"]
    while next_link := first.links.get("next"):
        first = await site.client.get(next_link["url"], headers={"Authorization": f"Bearer {site.tokens['dewi']}"})
        rows += first.json()["data"]
    assert len({row["id"] for row in rows}) == 10
    assert [row["due_at"] for row in rows] == sorted(row["due_at"] for row in rows)
    cilendek = id_of(site.cast.cilendek)
    for query, count in (
        ("state=published", 0), ("platform=x", 5), (f"unit={cilendek}", 2), (f"broadcast={made['id']}", 10),
        (f"due_before={NOW:%Y-%m-%dT%H:%M:%SZ}", 0), ("environment=live", 0), ("environment=practice", 10),
    ):  # fmt: skip
        assert (query, len((await site.get("dewi", f"/deliveries?{query}"))["data"])) == (query, count)
    assert {row["unit_id"] for row in (await site.get("sari", "/deliveries"))["data"]} == {cilendek}
    for query in ("due_before=2024-11-01T00:00:00", "state=gone", "unit=0", "platform=X%20Y"):
        assert_problem(await site.ask("dewi", "GET", f"/deliveries?{query}"), 422)


async def test_a_stopped_delivery_is_tried_again_and_one_in_doubt_is_decided(site: Site, template: int) -> None:
    await sent(site, template, select={"unit_ids": [id_of(site.cast.cilendek)]})
    one, two = (row["id"] for row in (await site.get("sari", "/deliveries"))["data"])
    assert_problem(await site.ask("sari", "POST", f"/deliveries/{one}/retry"), 409)
    await put_in(site, one, "stopped")
    assert (await site.ask("sari", "POST", f"/deliveries/{one}/retry")).json()["state"] == "due"
    await put_in(site, two, "unsure")
    assert_problem(await site.ask("sari", "POST", f"/deliveries/{two}/retry"), 409)
    bad = {"published": True, "url": "javascript:alert(1)"}
    assert_problem(await site.ask("sari", "POST", f"/deliveries/{two}/resolve", json=bad), 422)
    good = {"published": True, "url": "https://facebook.com/1_2"}
    decided = (await site.ask("sari", "POST", f"/deliveries/{two}/resolve", json=good)).json()
    assert (decided["state"], decided["url"]) == ("published", "https://facebook.com/1_2")
    assert_problem(await site.ask("citra", "POST", f"/deliveries/{one}/cancel"), 404)
    stopped = (await site.ask("sari", "POST", f"/deliveries/{one}/cancel", json={"reason": "Batal"})).json()
    assert (stopped["state"], stopped["reason"]) == ("cancelled", "Batal")


async def test_numbers_of_a_post_and_of_a_group_have_the_contracts_names(site: Site, template: int) -> None:
    numbers = {"views", "reach", "reactions", "comments", "shares", "saves", "clicks"}
    await sent(site, template)
    post = (await site.get("sari", "/posts"))["data"][0]
    metrics = (await site.get("sari", f"/posts/{post['id']}/metrics"))["data"]
    assert {row["platform"] for row in metrics} == {"x", "facebook"}
    assert all(row["latest"] == dict.fromkeys((*numbers, "followers")) for row in metrics)
    assert_problem(await site.ask("citra", "GET", f"/posts/{post['id']}/metrics"), 404)
    groups = ("unit", "kecamatan", "platform", "tahapan", "programme", "segment", "lang", "kind", "day")
    for group_by in groups:
        answer = await site.get("dewi", f"/engagement?group_by={group_by}")
        assert (answer["environment"], answer["group_by"]) == ("practice", group_by)
        for row in answer["data"]:
            counts = {"posts", "published", "on_time", "failed", "missed"}
            assert {"key", "label", "engagement_rate"} | counts | numbers <= set(row)
    for query in ("group_by=partai", "from=kemarin", "environment=x"):
        assert_problem(await site.ask("dewi", "GET", f"/engagement?{query}"), 422)
    wide = await site.get("dewi", "/engagement?group_by=day&from=0001-01-01&to=9999-12-31")
    assert [row["posts"] for row in wide["data"]] == [5]
    assert (await site.get("dewi", "/engagement?environment=live&group_by=platform"))["data"] == []


async def test_a_unit_in_an_unknown_zone_is_refused(site: Site) -> None:
    unit = id_of(site.cast.cilendek)
    problem = assert_problem(await site.ask("rina", "PATCH", f"/units/{unit}", json={"timezone": "Asia/Bogor"}), 422)
    assert "timezone" in {error["field"] for error in problem["errors"]}


async def test_an_unknown_address_is_a_problem_too(site: Site) -> None:
    assert_problem(await site.ask("dewi", "GET", "/tidak-ada"), 404)
    assert_problem(await site.ask("dewi", "PUT", "/posts"), 405)
    for number in ("0", "x", str(2**31), "-1"):
        assert_problem(await site.ask("dewi", "GET", f"/posts/{number}"), 422)


async def test_an_expired_or_made_up_token_lets_nobody_in(site: Site) -> None:
    for token in ("ktg_x", "", "ktg_" + "a" * 40):
        answer = await site.client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
        assert_problem(answer, 401)
        assert answer.headers["www-authenticate"] == "Bearer"
    assert (await site.get("sari", "/me"))["memberships"] == [{"unit_id": id_of(site.cast.cilendek), "role": "editor"}]


async def test_a_script_of_another_timezone_gets_the_same_moment(site: Site, template: int) -> None:
    local = (NOW + timedelta(hours=2)).isoformat().replace("+00:00", "Z")
    made = await sent(site, template, timing={"at": "2024-11-01T14:00:00+09:00"})
    row = (await site.get("dewi", f"/deliveries?broadcast={made['id']}"))["data"][0]
    assert row["due_at"] == local
