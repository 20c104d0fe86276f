"""Versions of posts and templates: nothing is sent twice for reading, and nobody's change is overwritten unseen."""

import asyncio
from datetime import timedelta
from typing import Any

from tests.conftest import NOW
from tests.support.cast import id_of
from tests.support.client import Site

AT = (NOW + timedelta(hours=2)).isoformat()


async def scheduled(site: Site, template: int) -> dict[str, Any]:
    body = {"unit_id": id_of(site.cast.cilendek), "template_id": template, "timing": {"at": AT}}
    answer = await site.ask("sari", "POST", "/posts", json=body)
    assert answer.status_code == 201, answer.text
    post: dict[str, Any] = answer.json()
    return post


async def test_a_post_that_is_known_is_not_sent_again(site: Site, template: int) -> None:
    post = await scheduled(site, template)
    path, known = f"/posts/{post['id']}", {"If-None-Match": f'"lain", {post["etag"]}'}
    answer = await site.ask("sari", "GET", path, headers=known)
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", post["etag"])
    assert (await site.ask("citra", "GET", path, headers=known)).status_code == 404
    assert (await site.ask("sari", "GET", path, headers={"If-None-Match": '"0-0"'})).json() == post


async def test_a_delivery_that_moves_on_is_news_but_no_conflict(site: Site, template: int) -> None:
    post = await scheduled(site, template)
    path = f"/posts/{post['id']}"
    first = post["deliveries"][0]["id"]
    assert (await site.ask("sari", "POST", f"/deliveries/{first}/cancel")).status_code == 200
    fresh = await site.ask("sari", "GET", path, headers={"If-None-Match": post["etag"]})
    assert (fresh.status_code, fresh.headers["etag"] != post["etag"]) == (200, True)
    assert "cancelled" in {delivery["state"] for delivery in fresh.json()["deliveries"]}
    changed = await site.ask("sari", "PATCH", path, json={"segment": "pemula"}, headers={"If-Match": post["etag"]})
    assert changed.status_code == 200, changed.text
    again = await site.ask("sari", "PATCH", path, json={"segment": "umum"}, headers={"If-Match": post["etag"]})
    assert again.status_code == 412


async def test_a_template_that_is_known_is_not_sent_again(site: Site, template: int) -> None:
    path = f"/templates/{template}"
    row = await site.ask("sari", "GET", path)
    assert row.headers["etag"] == row.json()["etag"]
    answer = await site.ask("sari", "GET", path, headers={"If-None-Match": row.headers["etag"]})
    assert (answer.status_code, answer.content) == (304, b"")


async def test_a_template_is_changed_by_whoever_knows_its_version(site: Site, template: int) -> None:
    path = f"/templates/{template}"
    known = {"If-Match": (await site.get("dewi", path))["etag"]}
    titles = ("Kabar satu", "Kabar dua", "Kabar tiga")
    edits = [site.ask("dewi", "PATCH", path, json={"title": title}, headers=known) for title in titles]
    answers = await asyncio.gather(*edits)
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412]
    won = next(answer for answer in answers if answer.status_code == 200)
    row = await site.get("dewi", path)
    assert (row["title"], row["etag"]) == (won.json()["title"], won.headers["etag"])
    assert (await site.ask("dewi", "PATCH", path, json={"title": "Kabar unit"})).status_code == 200
