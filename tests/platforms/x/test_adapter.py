"""What only X does, before the simulator and judged by X's own schema."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from app.platforms.contract import Metrics, Scope, TryLater, Unsure
from tests.platforms.stage import MakeStage, Received, Recorder, Stage, serve
from tests.support.wait import wait_until

SPECS = Path(__file__).parents[4] / "shared" / "specs" / "x"
OPENAPI = [SPECS / "openapi-2.166-tweet-fields.json", SPECS / "openapi-2.167-post-fields.json"]


@pytest.fixture
def x(make_stage: MakeStage) -> Stage:
    return make_stage("x")


def load_spec(path: Path) -> dict[str, Any]:
    if not path.exists():
        pytest.skip("X's OpenAPI file is not part of the repository")
    document = json.loads(path.read_text())
    assert isinstance(document, dict)
    return document


def check_body(document: dict[str, Any], request: Received) -> None:
    operation = document["paths"][request.path][request.method.lower()]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    Draft202012Validator(schema | {"components": document["components"]}).validate(json.loads(request.body))


@pytest.mark.parametrize("spec", OPENAPI, ids=["2.166", "2.167"])
async def test_what_tweepy_sends_for_us_fits_xs_own_schema(x: Stage, spec: Path) -> None:
    document = load_spec(spec)
    recorder = Recorder({"data": {"id": "1146654567674912769"}})
    message = x.message("Halo", x.pictures.make("satu"))
    with serve(recorder) as address:
        account = replace(x.account, base_url=address)
        prepared = await x.adapter.prepare(account, message)
        await x.adapter.publish(account, message, prepared)
    assert [each.path for each in recorder.received] == ["/2/media/upload", "/2/media/metadata", "/2/tweets"]
    for each in recorder.received:
        assert each.headers["authorization"] == f"Bearer {account.credential['access_token']}"
        check_body(document, each)


async def test_the_account_is_asked_for_its_id_once(x: Stage) -> None:
    recorder = Recorder({"data": {"id": "12", "username": "pps"}}, {"meta": {"result_count": 0}})
    with serve(recorder) as address:
        account = replace(x.account, base_url=address)
        for _ in range(2):
            assert await x.adapter.find(account, x.message("Halo"), x.sent()) is None
    assert [each.path for each in recorder.received] == ["/2/users/me", "/2/users/12/tweets", "/2/users/12/tweets"]


async def test_what_x_keeps_back_after_30_days_is_read_without_its_private_numbers(x: Stage) -> None:
    kept_back = {"resource_id": "7", "type": "https://api.x.com/2/problems/not-authorized-for-field"}
    public = {"id": "7", "public_metrics": {"impression_count": 9}}
    recorder = Recorder({"errors": [kept_back]}, {"data": [public]})
    with serve(recorder) as address:
        numbers = await x.adapter.read_metrics(replace(x.account, base_url=address), ["7"])
    assert numbers == {"7": Metrics(views=9)}
    assert [each.query["tweet.fields"] for each in recorder.received] == [
        "public_metrics,non_public_metrics",
        "public_metrics",
    ]


async def test_a_look_that_never_ends_has_shown_nothing(x: Stage) -> None:
    with serve(Recorder({"data": [], "meta": {"next_token": "again"}})) as address:
        account = replace(x.account, base_url=address, credential={"access_token": "t", "account_id": "12"})
        with pytest.raises(TryLater):
            await x.adapter.find(account, x.message("Halo"), x.sent())


async def test_a_look_follows_the_pages(x: Stage) -> None:
    pages = [
        {"data": [{"id": "1", "text": "Lain"}], "meta": {"next_token": "b"}},
        {"data": [{"id": "2", "text": "Halo"}]},
    ]
    recorder = Recorder(*pages)
    with serve(recorder) as address:
        account = replace(x.account, base_url=address, credential={"access_token": "t", "account_id": "12"})
        found = await x.adapter.find(account, x.message("Halo"), x.sent())
    assert found is not None
    assert found.remote_id == "2"
    assert [each.query.get("pagination_token") for each in recorder.received] == [None, "b"]


async def test_a_duplicate_is_looked_up_and_found(x: Stage) -> None:
    message = x.message("Pengumuman yang sama")
    first = await x.send(message)
    sent = x.sent()
    with pytest.raises(Unsure) as caught:
        await x.send(message)
    assert caught.value.code == "duplicate"
    found: list[str] = []

    async def look() -> bool:
        published = await x.adapter.find(x.account, message, sent)
        found.extend([published.remote_id] if published else [])
        return bool(found)

    await wait_until(look, "the first one is found")
    assert found == [first.remote_id]


async def test_no_credits_pause_the_platform(x: Stage) -> None:
    x.fault("credits_depleted", count=1)
    with pytest.raises(TryLater) as caught:
        await x.send(x.message("Halo"))
    assert (caught.value.scope, caught.value.code) == (Scope.PLATFORM, "credits")


async def test_the_new_dialect_is_understood(x: Stage) -> None:
    x.fault("post_dialect")
    remote_id = (await x.send(x.message("Halo dialek baru"))).remote_id
    seen = {}

    async def has_numbers() -> bool:
        seen.update(await x.adapter.read_metrics(x.account, [remote_id]))
        return seen[remote_id] is not None and seen[remote_id].shares is not None

    await wait_until(has_numbers, "shares are read")


async def test_more_than_a_hundred_ids_are_read_in_batches(x: Stage) -> None:
    kept = (await x.send(x.message("Yang ke-150"))).remote_id
    ids = [str(10**18 + number) for number in range(149)] + [kept]

    async def is_listed() -> bool:
        numbers = await x.adapter.read_metrics(x.account, ids)
        return list(numbers) == ids and numbers[kept] is not None and numbers[ids[0]] is None

    await wait_until(is_listed, "both batches are answered")
