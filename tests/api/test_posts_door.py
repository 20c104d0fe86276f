"""Posts through their door: fields the contract fixes, statuses, versions, and refusals a script can read."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from app.kit.paging import encode
from tests.conftest import NOW
from tests.support.cast import id_of
from tests.support.client import Site

AT = (NOW + timedelta(hours=2)).isoformat()
PROBLEM = "application/problem+json"


def body(site: Site, **changes: Any) -> dict[str, Any]:
    return {"unit_id": id_of(site.cast.cilendek), "text": "Posko kami buka.", **changes}


async def made(site: Site, who: str = "sari", **changes: Any) -> dict[str, Any]:
    answer = await site.ask(who, "POST", "/posts", json=body(site, **changes))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def assert_problem(answer: httpx2.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert problem["request_id"] == answer.headers["x-request-id"]
    return problem


async def test_a_post_answers_with_the_fields_of_the_contract(site: Site, template: int) -> None:
    answer = await site.ask(
        "sari", "POST", "/posts", json=body(site, text=None, template_id=template, timing={"at": AT})
    )
    assert answer.status_code == 201
    post = answer.json()
    assert (answer.headers["etag"], answer.headers["location"]) == (post["etag"], f"/api/v1/posts/{post['id']}")
    assert post["state"] == "scheduled"
    assert post["due_at"] == "2024-11-01T05:00:00Z"
    assert post["guard"] == []
    assert {variant["platform"] for variant in post["variants"]} == {"x", "facebook", "instagram"}
    assert all(set(variant) == {"platform", "text", "length", "limit"} for variant in post["variants"])
    for delivery in post["deliveries"]:
        assert {"id", "channel_id", "platform", "state", "due_at"} <= set(delivery)
        assert (delivery["state"], delivery["due_at"]) == ("due", post["due_at"])
    assert await site.get("sari", f"/posts/{post['id']}") == post


async def test_a_text_for_review_goes_from_sari_to_budi(site: Site) -> None:
    post = await made(site, timing={"at": AT})
    assert post["state"] == "in_review"
    assert_problem(await site.ask("sari", "POST", f"/posts/{post['id']}/approve"), 403)
    assert_problem(await site.ask("citra", "POST", f"/posts/{post['id']}/approve"), 404)
    assert_problem(await site.ask("budi", "POST", f"/posts/{post['id']}/reject"), 422)
    assert_problem(await site.ask("budi", "POST", f"/posts/{post['id']}/reject", json={"reason": ""}), 422)
    rejected = await site.ask("budi", "POST", f"/posts/{post['id']}/reject", json={"reason": "Jamnya?"})
    assert (rejected.json()["state"], rejected.json()["reason"]) == ("rejected", "Jamnya?")
    assert (await site.ask("sari", "POST", f"/posts/{post['id']}/submit")).json()["state"] == "in_review"
    approved = await site.ask("budi", "POST", f"/posts/{post['id']}/approve", json={"reason": "Baik"})
    assert approved.json()["state"] == "scheduled"
    cancelled = await site.ask("sari", "POST", f"/posts/{post['id']}/cancel", json={"reason": "Hujan"})
    assert (cancelled.json()["state"], {d["state"] for d in cancelled.json()["deliveries"]}) == (
        "cancelled",
        {"cancelled"},
    )


async def test_changes_name_their_version(site: Site) -> None:
    post = await made(site)
    path = f"/posts/{post['id']}"
    assert_problem(await site.ask("sari", "PATCH", path, json={"text": "b"}), 428)
    changed = await site.ask("sari", "PATCH", path, json={"text": "b"}, headers={"If-Match": post["etag"]})
    assert (changed.status_code, changed.json()["text"]) == (200, "b")
    assert changed.headers["etag"] == changed.json()["etag"] != post["etag"]
    stale = {"If-Match": post["etag"]}
    assert_problem(await site.ask("sari", "PATCH", path, json={"text": "c"}, headers=stale), 412)
    assert_problem(await site.ask("sari", "DELETE", path), 428)
    assert_problem(await site.ask("sari", "DELETE", path, headers=stale), 412)
    gone = await site.ask("sari", "DELETE", path, headers={"If-Match": changed.json()["etag"]})
    assert (gone.status_code, gone.content) == (204, b"")
    assert_problem(await site.ask("sari", "GET", path), 404)


async def test_a_null_takes_a_time_away_and_leaves_the_text(site: Site) -> None:
    post = await made(site, timing={"at": AT})
    change = {"timing": None, "text": None}
    answer = await site.ask("sari", "PATCH", f"/posts/{post['id']}", json=change, headers={"If-Match": post["etag"]})
    assert (answer.json()["state"], answer.json()["due_at"]) == ("draft", None)
    assert answer.json()["text"] == post["text"]


async def test_a_too_long_text_names_platform_and_amount(site: Site) -> None:
    answer = await site.ask("sari", "POST", "/posts", json=body(site, text="a" * 300, timing={"at": AT}))
    problem = assert_problem(answer, 422)
    assert problem["errors"] == [
        {"field": "text.x", "message": "Teks untuk X terlalu panjang: 300 dari 280, kelebihan 20."}
    ]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"timing": {"at": "2024-11-02T08:00:00"}}, "timing.at"),
        ({"timing": {"at": "besok"}}, "timing.at"),
        ({"timing": {"at": "2024-11-02"}}, "timing.at"),
        ({"timing": {"at": "2024-10-02T08:00:00+07:00"}}, "timing"),
        ({"timing": {"at": "0001-01-01T00:00:00+14:00"}}, "timing.at"),
        ({"timing": {"at": "9999-12-31T23:59:59-12:00"}}, "timing.at"),
        ({"timing": {"at": AT}, "valid_until": "9999-12-31T23:59:59-12:00"}, "valid_until"),
        ({"timing": {"at": AT}, "valid_until": AT}, "valid_until"),
        ({"timing": {}}, "timing"),
        ({"timing": {"at": AT, "anchor": {"tahapan": "PYL-07", "time": "09:00"}}}, "timing"),
        ({"timing": {"anchor": {"tahapan": "PYL-07", "time": "25:00"}}}, "timing.anchor.time"),
        ({"timing": {"anchor": {"tahapan": "XXX", "time": "09:00"}}}, "timing.anchor.tahapan"),
        ({"teks": "salah ketik"}, "teks"),
        ({"text": "a\u0000b"}, "text"),
        ({"lang": "indonesia"}, "lang"),
        ({"segment": "semua"}, "segment"),
        ({"channels": [999_999], "timing": {"at": AT}}, "channels"),
        ({"unit_id": 2**31}, "unit_id"),
        ({"unit_id": "tujuh"}, "unit_id"),
    ],
)
async def test_a_malformed_post_names_the_field(site: Site, changes: dict[str, Any], field: str) -> None:
    problem = assert_problem(await site.ask("sari", "POST", "/posts", json=body(site, **changes)), 422)
    assert field in {error["field"] for error in problem["errors"]}
    assert (await site.get("sari", "/posts"))["data"] == []


async def test_an_unpaired_surrogate_is_refused_and_not_a_crash(site: Site) -> None:
    raw = b'{"unit_id": %d, "text": "a\\ud800b", "timing": {"at": "%s"}}' % (id_of(site.cast.cilendek), AT.encode())
    answer = await site.ask("sari", "POST", "/posts", content=raw, headers={"Content-Type": "application/json"})
    assert_problem(answer, 422)


async def test_a_missing_and_an_unknown_variable_are_named(site: Site, template: int) -> None:
    unknown = body(site, text=None, template_id=template, timing={"at": AT}, variables={"nama_unti": "x"})
    problem = assert_problem(await site.ask("sari", "POST", "/posts", json=unknown), 422)
    assert [error["field"] for error in problem["errors"]] == ["variables.nama_unti"]


@pytest.mark.parametrize(("content", "status"), [(b"{", 422), (b"", 422), (b"[]", 422), (b'"x"', 422), (b"\xff", 400)])
async def test_a_broken_body_is_a_problem_too(site: Site, content: bytes, status: int) -> None:
    answer = await site.ask("sari", "POST", "/posts", content=content, headers={"Content-Type": "application/json"})
    assert_problem(answer, status)


async def test_a_body_of_20_mb_is_too_large(site: Site) -> None:
    answer = await site.ask("sari", "POST", "/posts", json=body(site, text="a" * 20_000_000))
    assert "2 MB" in assert_problem(answer, 413)["detail"]


async def test_a_body_that_hides_its_length_is_cut_off(site: Site) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 1_000_000

    answer = await site.ask("sari", "POST", "/posts", content=endless(), headers={"Content-Type": "application/json"})
    assert_problem(answer, 413)


async def test_a_foreign_unit_is_not_there(site: Site) -> None:
    assert_problem(await site.ask("citra", "POST", "/posts", json=body(site)), 404)
    post = await made(site)
    assert_problem(await site.ask("citra", "GET", f"/posts/{post['id']}"), 404)
    assert (await site.get("citra", "/posts"))["data"] == []


async def test_a_list_pages_with_a_link_and_ends_with_null(site: Site) -> None:
    ids = [(await made(site, text=f"nomor {n}"))["id"] for n in range(3)]
    first = await site.ask("sari", "GET", "/posts?limit=2&state=draft")
    assert [row["id"] for row in first.json()["data"]] == ids[:0:-1]
    link = first.links["next"]["url"]
    assert "state=draft" in link
    assert first.json()["next"] in link
    rest = await site.client.get(link, headers={"Authorization": f"Bearer {site.tokens['sari']}"})
    assert [row["id"] for row in rest.json()["data"]] == ids[:1]
    assert rest.json()["next"] is None
    assert "link" not in rest.headers


LISTS = (
    "/posts",
    "/broadcasts",
    "/deliveries",
    "/channels",
    "/units",
    "/tahapan",
    "/templates",
    "/wilayah",
    "/users",
    "/tokens",
)
CURSORS = ("x", "", "%00", encode(["abc"]), encode([10**30]), encode([-1]), encode([None]), encode(["a", "b"]), encode([1, 2, 3]),
           encode(["2024-11-01", 1]), encode(["2024-11-01T00:00:00+00:00", "x"]), encode(["0001-01-01T00:00:00+14:00", 1]),
           encode(["2024-11-01T00:00:00+00:00", 10**30]))  # fmt: skip


@pytest.mark.parametrize("path", LISTS)
async def test_a_list_has_bounds_and_refuses_a_cursor_that_is_not_ours(site: Site, path: str) -> None:
    for limit in (0, 201, -1, "x"):
        assert_problem(await site.ask("rina", "GET", f"{path}?limit={limit}"), 422)
    for limit in (1, 200):
        assert set(await site.get("rina", f"{path}?limit={limit}")) >= {"data", "next"}
    found = {cursor: (await site.ask("rina", "GET", path, params={"cursor": cursor})).status_code for cursor in CURSORS}
    assert {cursor: status for cursor, status in found.items() if status not in {200, 404, 422}} == {}


async def test_options_are_kept_changed_and_named_where_they_are_wrong(site: Site) -> None:
    known = {one["name"]: one for one in (await site.get("sari", "/platforms"))["data"]}
    assert known["tiktok"]["needs_media"]
    assert {"following", "mentionedUsers"} < {choice["value"] for choice in known["x"]["options"][0]["choices"]}
    post = await made(site, options={"x": {"replies": "following"}})
    assert post["options"] == {"x": {"replies": "following"}}
    path, match = f"/posts/{post['id']}", {"If-Match": post["etag"]}
    wrong = await site.ask("sari", "PATCH", path, json={"options": {"x": {"replies": "none"}}}, headers=match)
    assert assert_problem(wrong, 422)["errors"][0]["field"] == "options.x.replies"
    answer = await site.ask("sari", "PATCH", path, json={"options": {}}, headers=match)
    assert answer.json()["options"] == {}
