"""What every adapter promises that can take a post down again."""

from contextlib import suppress
from dataclasses import replace

import pytest

from app.platforms.contract import NeedsReconnect, Refused, TakesDown, TryLater
from app.platforms.registry import PLATFORMS, build_adapters
from tests.platforms.stage import MakeStage, Recorder, Stage, serve
from tests.platforms.traits import TRAITS

TEXT = "Pengumuman keliru: TPS 04 pindah."


async def remove(stage: Stage, remote_id: str) -> None:
    adapter = stage.adapter
    assert isinstance(adapter, TakesDown)
    await adapter.remove(stage.account, remote_id)


async def test_each_platform_says_whether_it_deletes(make_stage: MakeStage) -> None:
    able = {name for name in PLATFORMS if isinstance(make_stage(name).adapter, TakesDown)}
    assert able == {name for name in PLATFORMS if TRAITS[name].can_remove}


async def test_a_post_is_taken_down_and_no_other(removing: Stage) -> None:
    first = await removing.send(removing.message(TEXT))
    kept = await removing.send(removing.message("TPS 04 tetap di balai RW."))
    await remove(removing, first.remote_id)
    assert [post["remote_id"] for post in removing.posts()] == [kept.remote_id]


async def test_an_album_goes_as_a_whole(removing: Stage) -> None:
    if not removing.adapter.limits.images:
        pytest.skip("this platform takes no pictures")
    pictures = [removing.pictures.make(name) for name in ("satu", "dua", "tiga")]
    published = await removing.send(removing.message(TEXT, *pictures))
    await remove(removing, published.remote_id)
    assert removing.posts() == []


async def test_asking_again_for_what_is_gone_is_no_failure(removing: Stage) -> None:
    published = await removing.send(removing.message(TEXT))
    removing.fault("lost_answer", count=1, operation="delete")
    with suppress(TryLater):  # aiohttp asks once more by itself where a kept connection breaks
        await remove(removing, published.remote_id)
    assert removing.posts() == []
    await remove(removing, published.remote_id)


@pytest.mark.parametrize("kind", ["http_503_html", "rate_limited"])
async def test_a_deletion_that_nobody_answers_is_asked_again(removing: Stage, kind: str) -> None:
    published = await removing.send(removing.message(TEXT))
    removing.fault(kind, operation="delete", count=1)
    with pytest.raises(TryLater):
        await remove(removing, published.remote_id)
    assert len(removing.posts()) == 1


async def test_a_dead_token_deletes_nothing_and_asks_for_a_person(removing: Stage) -> None:
    published = await removing.send(removing.message(TEXT))
    removing.fault("token_dead")
    with pytest.raises(NeedsReconnect):
        await remove(removing, published.remote_id)
    assert len(removing.posts()) == 1


async def test_after_two_days_telegram_leaves_it_to_a_person(make_stage: MakeStage) -> None:
    stage = make_stage("telegram")
    refusal = {"ok": False, "error_code": 400, "description": "Bad Request: message can't be deleted for everyone"}
    with serve(Recorder(refusal)) as address:
        account = replace(stage.account, base_url=address)
        assert isinstance(stage.adapter, TakesDown)
        with pytest.raises(Refused, match="Hapus sendiri"):
            await stage.adapter.remove(account, "420")


@pytest.mark.parametrize("name", ["facebook", "threads"])
async def test_graph_saying_gone_is_not_believed_while_the_post_can_be_read(make_stage: MakeStage, name: str) -> None:
    """The same words stand for "no such post" and "not yours to delete"."""
    stage = make_stage(name)
    gone = {"error": {"code": 100, "error_subcode": 33, "message": "Object does not exist", "type": "OAuthException"}}
    with serve(Recorder(gone, {"id": "1_2"})) as address:
        account = replace(stage.account, base_url=address, credential={"access_token": "t", "account_id": "1"})
        assert isinstance(stage.adapter, TakesDown)
        with pytest.raises(Refused, match="masih terbaca"):
            await stage.adapter.remove(account, "1_2")


def test_the_registry_builds_each_once() -> None:
    assert set(build_adapters(timeout=1, now=lambda: pytest.fail("no clock is read"))) == set(PLATFORMS)
