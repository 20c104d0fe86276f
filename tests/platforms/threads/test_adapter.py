"""What only Threads does: containers that are slow, lost, not ripe, or published already."""

from dataclasses import replace

import pytest

from app.platforms.contract import Refused, TellsLinks, TryLater, Unsure
from tests.platforms.stage import MakeStage, Recorder, Stage, serve


@pytest.fixture
def threads(make_stage: MakeStage) -> Stage:
    return make_stage("threads")


async def test_the_token_is_in_the_header_and_the_version_is_threads_own(threads: Stage) -> None:
    recorder = Recorder({"id": "17", "status": "FINISHED"})
    with serve(recorder) as address:
        account = replace(threads.account, base_url=address, credential={"access_token": "RAHASIA", "account_id": "1"})
        message = threads.message("Halo")
        await threads.adapter.publish(account, message, await threads.adapter.prepare(account, message))
    posts = [each for each in recorder.received if each.method == "POST"]
    assert [each.path for each in posts] == ["/v1.0/1/threads", "/v1.0/1/threads_publish"]
    assert {each.headers["authorization"] for each in recorder.received} == {"Bearer RAHASIA"}
    assert not any(b"RAHASIA" in each.body or "access_token" in each.query for each in recorder.received)


async def test_a_container_in_progress_is_waited_for(threads: Stage) -> None:
    threads.fault("container_in_progress", count=1, polls=2)
    await threads.send(threads.message("Sabar sebentar"))
    assert len(threads.posts()) == 1


async def test_a_container_that_stays_in_progress_is_tried_later(make_stage: MakeStage) -> None:
    threads = make_stage("threads", timeout=0.6)
    threads.fault("container_in_progress", count=1, polls=100)
    with pytest.raises(TryLater) as caught:
        await threads.prepare(threads.message("Lama sekali"))
    assert caught.value.code == "in_progress"


@pytest.mark.parametrize("kind", ["container_expired", "container_error"])
async def test_a_container_that_failed_is_prepared_again(threads: Stage, kind: str) -> None:
    threads.fault(kind, count=1)
    with pytest.raises(TryLater) as caught:
        await threads.prepare(threads.message("Sekali lagi"))
    assert caught.value.code == "container_lost"


async def test_a_forgotten_container_is_lost_but_a_published_one_is_in_doubt(threads: Stage) -> None:
    message = threads.message("Satu saja")
    with pytest.raises(TryLater) as lost:
        await threads.adapter.publish(threads.account, message, {"container": "17900000000000001"})
    assert lost.value.code == "container_lost"
    prepared = await threads.prepare(message)
    await threads.adapter.publish(threads.account, message, prepared)
    with pytest.raises(Unsure):
        await threads.adapter.publish(threads.account, message, prepared)
    assert len(threads.posts()) == 1


async def test_a_container_that_is_not_ripe_is_kept_and_tried_later(threads: Stage) -> None:
    recorder = Recorder(
        {"error": {"code": 24, "error_subcode": 4279009, "message": "not found"}}, {"id": "1", "status": "IN_PROGRESS"}
    )
    with serve(recorder) as address, pytest.raises(TryLater) as caught:
        await threads.adapter.publish(
            replace(threads.account, base_url=address), threads.message("Terlalu cepat"), {"container": "1"}
        )
    assert caught.value.code == "24"


async def test_a_published_post_that_is_not_listed_yet_is_looked_for_again(threads: Stage) -> None:
    threads.fault("read_lag", seconds=100_000)
    message = threads.message("Belum terdaftar")
    prepared = await threads.prepare(message)
    published = await threads.adapter.publish(threads.account, message, prepared)
    assert isinstance(threads.adapter, TellsLinks)
    assert await threads.adapter.read_link(threads.account, published.remote_id) is None
    with pytest.raises(TryLater) as caught:
        await threads.adapter.find(threads.account, message, threads.sent(prepared))
    assert caught.value.code == "published_unlisted"


async def test_the_permalink_is_asked_for_after_the_publish_and_not_within_it(threads: Stage) -> None:
    threads.fault("read_lag", seconds=0)
    published = await threads.send(threads.message("Langsung tampak"))
    assert published.url is None
    assert isinstance(threads.adapter, TellsLinks)
    link = await threads.adapter.read_link(threads.account, published.remote_id)
    assert (link or "").startswith("https://www.threads.com/@")


async def test_emoji_fill_the_limit_by_their_bytes(threads: Stage) -> None:
    fits = "🗳" * 125
    assert threads.adapter.length(fits) == 500
    await threads.send(threads.message(fits))
    with pytest.raises(Refused, match="ditolak"):
        await threads.prepare(threads.message(fits + "🗳"))


async def test_a_dead_metric_never_loses_the_others(threads: Stage) -> None:
    threads.fault("read_lag", seconds=0)
    remote_id = (await threads.send(threads.message("Angka"))).remote_id
    threads.fault("metric_refused", metric="quotes")
    metrics = (await threads.adapter.read_metrics(threads.account, [remote_id]))[remote_id]
    assert metrics is not None
    assert None not in (metrics.views, metrics.reactions, metrics.shares)
