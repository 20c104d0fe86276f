"""Quotas at the doors: told in every answer, kept per token, and never a locked door for a hall that shares one address."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import NOW
from tests.support.cast import id_of
from tests.support.client import Site, open_site
from tests.support.databases import fresh_database
from tests.support.house import settings_for, still_at

POLICY = re.compile(r'"(reads|writes)";q=\d+;w=60')
STATE = re.compile(r'"(reads|writes)";r=\d+;t=\d+')


@pytest.fixture
async def narrow(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Site]:
    """Three reads, two writes and two wrong links a minute."""
    with fresh_database(request, "sqlite", tmp_path) as url:
        settings = settings_for(tmp_path, url, rate_reads=3, rate_writes=2, rate_logins=2)
        async with open_site(settings, still_at(NOW)) as site:
            yield site


async def test_every_answer_tells_what_is_left(narrow: Site) -> None:
    first = await narrow.ask("sari", "GET", "/me")
    assert first.headers["ratelimit-policy"] == '"reads";q=3;w=60'
    assert re.fullmatch(r'"reads";r=2;t=\d{1,2}', first.headers["ratelimit"])
    refused = await narrow.ask("sari", "POST", "/posts", json={})
    assert (refused.status_code, refused.headers["ratelimit-policy"]) == (422, '"writes";q=2;w=60')
    assert STATE.fullmatch((await narrow.ask("nobody", "GET", "/me")).headers["ratelimit"])


async def test_too_often_is_a_problem_that_says_when_to_come_back(narrow: Site) -> None:
    answers = [await narrow.ask("sari", "GET", "/me") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    last = answers[3]
    assert last.headers["content-type"] == "application/problem+json"
    assert 1 <= int(last.headers["retry-after"]) <= 60
    assert last.json()["request_id"] == last.headers["x-request-id"]
    assert f"{last.headers['retry-after']} detik" in last.json()["detail"]
    assert POLICY.fullmatch(last.headers["ratelimit-policy"])
    assert '"reads";r=0;t=' in last.headers["ratelimit"]


async def test_one_token_used_up_leaves_the_others_alone(narrow: Site) -> None:
    for _ in range(4):
        await narrow.ask("sari", "GET", "/me")
    assert (await narrow.ask("budi", "GET", "/me")).status_code == 200
    assert (await narrow.ask("sari", "POST", "/posts", json={})).status_code == 422


async def test_a_made_up_token_stays_within_its_address(narrow: Site) -> None:
    statuses = [
        (await narrow.client.get("/api/v1/me", headers={"Authorization": f"Bearer ktg_{number:038d}"})).status_code
        for number in range(4)
    ]
    assert statuses == [401, 401, 401, 429]


async def test_trying_a_text_counts_as_reading(narrow: Site) -> None:
    question = {"text": "Halo.", "unit_id": id_of(narrow.cast.cilendek)}
    answer = await narrow.ask("sari", "POST", "/guard/check", json=question)
    assert answer.headers["ratelimit-policy"].startswith('"reads"')
    tried = await narrow.ask("sari", "POST", "/templates/1/render", json={})
    assert tried.headers["ratelimit-policy"].startswith('"reads"')


async def test_a_post_that_was_refused_for_haste_is_carried_out_later(narrow: Site) -> None:
    """What is refused at the quota must not become the answer kept for its key."""
    headers = {"Idempotency-Key": "satu"}
    wanted = {"unit_id": id_of(narrow.cast.cilendek), "text": "Halo."}
    for _ in range(2):
        await narrow.ask("sari", "POST", "/posts", json={})
    assert (await narrow.ask("sari", "POST", "/posts", json=wanted, headers=headers)).status_code == 429
    narrow.house.rates._own.storage.clear()
    answer = await narrow.ask("sari", "POST", "/posts", json=wanted, headers=headers)
    assert (answer.status_code, answer.headers.get("idempotency-replayed")) == (201, None)


async def test_wrong_links_are_slowed_down_and_a_right_one_still_opens(narrow: Site) -> None:
    """A hall of 75 people behind one address: whoever mistypes must not lock out the others."""
    people = narrow.house.people
    link = await people.make_link(narrow.cast.sari.user_id, purpose="login", hours=1)
    page = {"Accept": "text/html"}
    answers = [await narrow.client.post(f"/masuk/salah-{number}", headers=page) for number in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert int(answers[2].headers["retry-after"]) >= 1
    assert "Terlalu banyak tautan keliru" in answers[2].text
    opened = await narrow.client.post(f"/masuk/{link}", headers=page)
    assert (opened.status_code, opened.headers["location"]) == (303, "/dasbor")


async def test_pages_platforms_and_probes_have_no_quota(narrow: Site) -> None:
    for path in ("/healthz", "/masuk"):
        answers = [await narrow.client.get(path) for _ in range(5)]
        assert {answer.status_code for answer in answers} == {200}
        assert "ratelimit" not in answers[0].headers
