"""What only Facebook does, before the simulator and judged by Meta's own parameter lists."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from facebook_business.adobjects.page import Page
from facebook_business.api import FacebookAdsApi, FacebookSession

from app.platforms.contract import Account, NeedsReconnect, Unsure
from tests.platforms.stage import MakeStage, Recorder, Stage, serve
from tests.support.wait import wait_until

SDK_OWN = {"access_token", "fields", "source", "appsecret_proof"}
"""What every Graph call may carry besides an edge's own parameters."""


@pytest.fixture
def facebook(make_stage: MakeStage) -> Stage:
    return make_stage("facebook")


@pytest.fixture
async def page(facebook: Stage) -> AsyncIterator[tuple[Account, Recorder]]:
    recorder = Recorder({"id": "1_2", "post_id": "1_2", "data": []})
    with serve(recorder) as address:
        credential = {"access_token": "RAHASIA", "account_id": "1", "app_secret": "kunci"}
        yield replace(facebook.account, base_url=address, credential=credential), recorder


def is_known(edge: str, name: str) -> bool:
    request = getattr(Page("1", api=FacebookAdsApi(FacebookSession(access_token="x"))), edge)(pending=True)
    return name in SDK_OWN or bool(request._param_checker.is_valid_key(name))


async def test_every_feed_parameter_is_one_that_meta_lists(facebook: Stage, page: tuple[Account, Recorder]) -> None:
    account, recorder = page
    message = replace(facebook.message("Halo"), options={"link": "https://kpu.go.id"})
    await facebook.adapter.publish(account, message, {})
    await facebook.adapter.publish(account, facebook.message("Halo"), {"media_ids": ["9", "8"]})
    assert [(each.method, each.path) for each in recorder.received] == [("POST", "/v26.0/1/feed")] * 2
    for each in recorder.received:
        assert {name for name in each.form if not is_known("create_feed", name)} == set()
        assert len(each.form["appsecret_proof"]) == 64


async def test_every_photo_parameter_is_one_that_meta_lists(facebook: Stage, page: tuple[Account, Recorder]) -> None:
    account, recorder = page
    pictures = [facebook.pictures.make(name) for name in ("satu", "dua")]
    await facebook.adapter.prepare(account, facebook.message("Halo", *pictures))
    await facebook.adapter.publish(account, facebook.message("Halo", pictures[0]), {})
    for each in recorder.received:
        names = {part.split(b'"')[0].decode() for part in each.body.split(b'; name="')[1:]}
        assert {"alt_text_custom", "published", "source"} <= names
        assert {name for name in names if not is_known("create_photo", name)} == set()


async def test_no_token_ever_stands_in_an_address(facebook: Stage, page: tuple[Account, Recorder]) -> None:
    account, recorder = page
    await facebook.adapter.publish(account, facebook.message("Halo"), {})
    await facebook.adapter.find(account, facebook.message("Halo"), facebook.sent())
    await facebook.adapter.check(account)
    assert [each.query for each in recorder.received if "access_token" in each.query] == []
    assert [each.headers.get("authorization") for each in recorder.received] == [None, "OAuth RAHASIA", "OAuth RAHASIA"]


async def test_one_refused_metric_never_loses_the_others(facebook: Stage) -> None:
    facebook.fault("metric_refused", metric="post_media_view")
    remote_id = (await facebook.send(facebook.message("Halo angka"))).remote_id
    seen = {}

    async def has_reach() -> bool:
        seen.update(await facebook.adapter.read_metrics(facebook.account, [remote_id]))
        return seen[remote_id] is not None and seen[remote_id].reach is not None

    await wait_until(has_reach, "reach is read")
    assert seen[remote_id].views is None


async def test_a_duplicate_is_looked_up(facebook: Stage) -> None:
    facebook.fault("duplicate_506", always=True)
    with pytest.raises(Unsure) as caught:
        await facebook.send(facebook.message("Sama"))
    assert caught.value.code == "duplicate"


async def test_another_pages_id_asks_to_reconnect(facebook: Stage) -> None:
    account = replace(facebook.account, credential={**facebook.account.credential, "account_id": "999"})
    with pytest.raises(NeedsReconnect, match="pages_manage_posts"):
        await facebook.adapter.publish(account, facebook.message("Halo"), {})
