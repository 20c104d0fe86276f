"""What TikTok alone does: drafts, photos that it fetches, what a creator may, and reasons told only after the last byte."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.platforms.answer import Answer
from app.platforms.contract import Handed, NeedsReconnect, Published, Refused, Scope, TryLater, Unsure
from app.platforms.tiktok import wire
from tests.platforms.stage import MakeStage, Recorder, Stage, serve
from tests.support.wait import wait_until

TEXT = "Ayo cek nama Anda di DPT."


@pytest.fixture
def stage(make_stage: MakeStage) -> Stage:
    return make_stage("tiktok")


async def test_what_nobody_chose_an_audience_for_becomes_a_draft_and_asking_again_makes_no_second(stage: Stage) -> None:
    message = replace(stage.film_message(TEXT), options={})
    prepared = await stage.prepare(message)
    handed = await stage.adapter.publish(stage.account, message, prepared)
    assert isinstance(handed, Handed)
    assert handed.witness == prepared["publish_id"]
    assert await stage.adapter.find(stage.account, message, stage.sent(prepared)) == handed
    assert await stage.adapter.publish(stage.account, message, prepared) == handed
    assert len(stage.posts()) <= 1
    assert await stage.adapter.read_metrics(stage.account, [handed.witness]) == {handed.witness: wire.Metrics()}


async def test_photos_are_fetched_in_order_and_a_lost_start_is_left_to_a_person(stage: Stage) -> None:
    message = stage.message(TEXT, stage.pictures.make("satu"), stage.pictures.make("dua"))
    assert not stage.adapter.needs_prepare(message)
    published = await stage.send(message)
    (post,) = stage.posts()
    assert isinstance(published, Published)
    assert (post["remote_id"], post["text"], len(post["alt_texts"])) == (published.remote_id, TEXT, 2)
    stage.fault("lost_answer", count=1, operation="create")
    other = stage.message("Lain", stage.pictures.make("satu"))
    with pytest.raises(Unsure):
        await stage.send(other)
    with pytest.raises(Unsure) as caught:
        await stage.adapter.find(stage.account, replace(other, options={}), stage.sent())
    assert caught.value.code == "not_askable"


@pytest.mark.deep
async def test_a_video_that_the_moderators_still_hold_has_the_publishs_number_and_later_its_own(stage: Stage) -> None:
    message = stage.film_message(TEXT)
    stage.fault("read_lag", seconds=900, count=1)
    published = await stage.send(message)
    assert isinstance(published, Published)
    assert not published.remote_id.isdecimal()
    assert await stage.adapter.read_link(stage.account, published.remote_id) is None  # type: ignore[attr-defined]

    async def has_a_link() -> bool:
        return bool(await stage.adapter.read_link(stage.account, published.remote_id))  # type: ignore[attr-defined]

    await wait_until(has_a_link, "moderation is over", 20)
    (numbers,) = (await stage.adapter.read_metrics(stage.account, [published.remote_id])).values()
    assert numbers is not None
    assert numbers.views is not None


@pytest.mark.parametrize(
    ("reason", "kind", "code"),
    [
        ("duration_check_failed", Refused, "duration_check_failed"),
        ("something_new", Refused, "something_new"),
        ("auth_removed", NeedsReconnect, "auth_removed"),
        ("internal", TryLater, wire.LOST),
    ],
)
async def test_what_failed_after_the_last_byte_is_told(
    stage: Stage, reason: str, kind: type[Exception], code: str
) -> None:
    stage.fault("container_error", fail_reason=reason, count=1)
    with pytest.raises(kind) as caught:
        await stage.send(stage.film_message(TEXT))
    assert caught.value.code == code  # type: ignore[attr-defined]
    assert stage.posts() == []


async def test_an_app_without_an_audit_says_what_to_choose_instead(stage: Stage) -> None:
    stage.fault("unaudited")
    with pytest.raises(Refused, match="draf"):
        await stage.send(stage.film_message(TEXT))
    alone = replace(stage.film_message(TEXT), options={"privacy": "SELF_ONLY"})
    assert isinstance(await stage.send(alone), Published)


async def test_what_the_creator_may_not_is_refused_before_a_byte_is_sent(stage: Stage) -> None:
    creator = {"creator_username": "a", "privacy_level_options": ["SELF_ONLY"], "max_video_post_duration_sec": 5}
    with serve(recorder := Recorder({"data": creator, "error": {"code": "ok"}})) as address:
        account = replace(stage.account, base_url=address)
        with pytest.raises(Refused, match="boleh melihat"):
            await stage.adapter.prepare(account, stage.film_message(TEXT))
        with pytest.raises(Refused, match="5 detik"):
            await stage.adapter.prepare(account, replace(stage.film_message(TEXT), options={}))
    assert {one.path for one in recorder.received} == {"/v2/post/publish/creator_info/query/"}


async def test_it_goes_on_where_the_processing_outlasts_our_patience(make_stage: MakeStage) -> None:
    stage = make_stage("tiktok", timeout=0.5)
    message = stage.film_message(TEXT)
    prepared = await stage.prepare(message)
    stage.fault("container_in_progress", polls=9, count=1)
    with pytest.raises(Unsure):
        await stage.adapter.publish(stage.account, message, prepared)
    with pytest.raises(TryLater):
        await stage.adapter.find(stage.account, message, stage.sent(prepared))

    async def is_found() -> bool:
        try:
            return isinstance(await stage.adapter.find(stage.account, message, stage.sent(prepared)), Published)
        except TryLater:
            return False

    await wait_until(is_found, "TikTok is done")
    assert len(stage.posts()) == 1


@pytest.mark.parametrize("size", [1, wire.MB * 5, wire.CHUNK, wire.CHUNK * 2 - 1, wire.CHUNK * 3 + 5])
def test_the_chunks_are_the_whole_file_and_as_many_as_tiktok_counts(size: int) -> None:
    spans = list(wire.pieces(size))
    assert [start for start, _ in spans[1:]] == [end for _, end in spans[:-1]]
    assert (spans[0][0], spans[-1][1], len(spans)) == (0, size, max(1, size // wire.CHUNK))
    assert all(end - start == wire.CHUNK for start, end in spans[:-1])
    assert spans[-1][1] - spans[-1][0] < 128 * wire.MB


def test_what_stops_the_app_stops_it_all_and_names_a_wait() -> None:
    body = b'{"error":{"code":"reached_active_user_cap","message":"","log_id":"1"}}'
    error = wire.failure(Answer(403, {}, body), create=True)
    assert isinstance(error, TryLater)
    assert (error.scope, error.after) == (Scope.APP, timedelta(hours=6))
