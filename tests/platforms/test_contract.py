"""What every adapter promises, asked of each in turn against the simulator."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.platforms.contract import (
    NeedsReconnect,
    PublishError,
    Refused,
    Sent,
    TryLater,
    Unsure,
)
from app.platforms.registry import PLATFORMS
from simulator.accounts import account_id
from tests.platforms.stage import MakeStage, Recorder, Stage, serve
from tests.platforms.traits import A_LOST_WITNESS, NUMBERS
from tests.support.wait import wait_until

TEXT = "Warga RW 03, ayo cek DPT di https://cekdptonline.kpu.go.id/ & ajak tetangga! 🗳️\nTPS buka 07.00 WIB."


async def find_listed(stage: Stage, text: str, sent: Sent) -> str | None:
    """Looks until the read-back lag has passed (half a real second at most)."""
    found: list[str] = []

    async def look() -> bool:
        try:
            published = await stage.adapter.find(stage.account, stage.message(text), sent)
        except TryLater:
            return False
        found.extend([published.remote_id] if published else [])
        return bool(found)

    await wait_until(look, f"{text!r} is found")
    return found[0]


def picturing(stage: Stage) -> None:
    if not stage.adapter.limits.images:
        pytest.skip("this platform takes no pictures")


async def test_a_published_post_is_public_once_with_its_words_and_alt_text(stage: Stage) -> None:
    picturing(stage)
    picture = stage.pictures.make("satu", "Poster ajakan mencoblos, 27 November 2024")
    published = await stage.send(stage.message(TEXT, picture))
    (post,) = stage.posts()
    assert (post["remote_id"], post["text"]) == (published.remote_id, TEXT)
    assert post["alt_texts"] == shown(stage, "Poster ajakan mencoblos, 27 November 2024")


async def test_several_pictures_arrive_in_order_each_with_its_alt_text(stage: Stage) -> None:
    picturing(stage)
    pictures = [stage.pictures.make(name, f"Alt {name}") for name in ("satu", "dua", "tiga")]
    await stage.send(stage.message("Tiga langkah mencoblos", *pictures))
    (post,) = stage.posts()
    assert post["alt_texts"] == shown(stage, "Alt satu", "Alt dua", "Alt tiga")


def shown(stage: Stage, *alt_texts: str) -> list[str]:
    return list(alt_texts) if stage.traits.has_alt_text else [""] * len(alt_texts)


async def test_a_lost_answer_is_looked_up_not_sent_twice(asked: Stage) -> None:
    asked.fault("lost_answer", count=1, operation="create")
    message = asked.message(TEXT)
    prepared = await asked.prepare(message)
    sent = asked.sent(prepared)
    with pytest.raises(Unsure):
        await asked.adapter.publish(asked.account, message, prepared)
    (post,) = asked.posts()
    assert await find_listed(asked, TEXT, sent) == post["remote_id"]


async def test_a_post_that_never_arrived_is_not_found(asked: Stage) -> None:
    asked.fault("reset", count=1, operation="create")
    message = asked.message(TEXT)
    prepared = await asked.prepare(message)
    sent = asked.sent(prepared)
    with pytest.raises(Unsure):
        await asked.adapter.publish(asked.account, message, prepared)
    assert asked.posts() == []
    assert await asked.adapter.find(asked.account, message, sent) is None


async def test_a_platform_that_cannot_be_asked_leaves_the_doubt_to_a_person(stage: Stage) -> None:
    assert bool(stage.adapter.look_after) is stage.traits.can_be_asked
    if not stage.traits.can_be_asked:
        with pytest.raises(TryLater, match="tidak dapat ditanya"):
            await stage.adapter.find(stage.account, stage.message(TEXT), stage.sent())


@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize("kind", ["http_503_html", "http_502_html", "empty_200", "truncated_json"])
async def test_a_broken_answer_to_a_create_is_unsure(stage: Stage, kind: str, committed: bool) -> None:
    if kind == "truncated_json" and committed and not stage.traits.cuts_json:
        pytest.skip("its answer to the last byte has no body")
    stage.fault(kind, count=1, committed=committed, operation="create")
    with pytest.raises(Unsure):
        await stage.send(stage.message(TEXT))
    assert len(stage.posts()) == committed


@pytest.mark.parametrize("name", PLATFORMS)
async def test_no_answer_within_the_time_out_is_unsure(make_stage: MakeStage, name: str) -> None:
    stage = make_stage(name, timeout=0.4)
    message = stage.message(TEXT)
    prepared = await stage.prepare(message)
    stage.fault("slow", count=1, seconds=90, operation="create")
    with pytest.raises(Unsure):
        await stage.adapter.publish(stage.account, message, prepared)


@pytest.mark.parametrize("name", PLATFORMS)
async def test_a_platform_nobody_listens_at_certainly_posted_nothing(make_stage: MakeStage, name: str) -> None:
    stage = make_stage(name)
    account = replace(
        stage.account, base_url="http://127.0.0.1:9", credential={**stage.account.credential, "account_id": "1"}
    )
    with pytest.raises(TryLater):
        await stage.adapter.publish(account, stage.message(TEXT), A_LOST_WITNESS)


async def test_a_dead_token_asks_for_a_person(stage: Stage) -> None:
    message = stage.message(TEXT)
    prepared = await stage.prepare(message)
    stage.fault("token_dead")
    calls = [
        lambda: stage.adapter.publish(stage.account, message, prepared),
        lambda: stage.adapter.check(stage.account),
        lambda: stage.adapter.read_metrics(stage.account, [stage.traits.gone or "1"]),
    ]
    if stage.traits.can_be_asked:
        calls.append(lambda: stage.adapter.find(stage.account, message, stage.sent(prepared)))
    for call in calls:
        with pytest.raises(NeedsReconnect, match="Hubungkan ulang"):
            await call()
    assert stage.posts() == []


async def test_a_rate_limit_names_its_wait(stage: Stage) -> None:
    message = stage.message(TEXT)
    prepared = await stage.prepare(message)
    stage.fault("rate_limited", seconds=600, operation="create")
    with pytest.raises(TryLater) as caught:
        await stage.adapter.publish(stage.account, message, prepared)
    assert caught.value.after is not None
    if stage.traits.names_reset:
        assert timedelta(minutes=7) < caught.value.after <= timedelta(minutes=11)
    assert caught.value.scope is stage.traits.rate_scope
    assert stage.posts() == []


async def test_the_limit_itself_passes_and_one_more_is_refused(stage: Stage) -> None:
    limit = stage.adapter.limits.text
    fits, over = "a" * limit, "b" * (limit + 1)
    assert (stage.adapter.length(fits), stage.adapter.length(over)) == (limit, limit + 1)
    await stage.send(stage.message(fits))
    with pytest.raises(Refused, match="ditolak"):
        await stage.send(stage.message(over))
    assert [stage.said(post) for post in stage.posts()] == [fits]


@pytest.mark.deep
async def test_as_many_pictures_as_may_go_and_not_one_more(stage: Stage) -> None:
    picturing(stage)
    most = stage.adapter.limits.images
    pictures = [stage.pictures.make("satu", f"Gambar ke-{number}") for number in range(most + 1)]
    await stage.send(stage.message("Tepat sebanyak itu", *pictures[:most]))
    [post] = stage.posts()
    assert post["alt_texts"] == shown(stage, *(picture.alt_text for picture in pictures[:most]))
    with pytest.raises(Refused):
        await stage.send(stage.message("Satu lebih banyak", *pictures))
    assert len(stage.posts()) == 1


@pytest.mark.deep
async def test_the_longest_alt_text_is_delivered_whole(stage: Stage) -> None:
    picturing(stage)
    longest = "é" * (stage.adapter.limits.alt_text or 1)
    await stage.send(stage.message("Poster", stage.pictures.make("satu", longest)))
    [post] = stage.posts()
    assert post["alt_texts"] == shown(stage, longest)


@pytest.mark.deep
async def test_beside_a_picture_the_limit_itself_passes_and_one_more_is_refused(stage: Stage) -> None:
    picturing(stage)
    limit, picture = stage.adapter.limits.text_with(1), stage.pictures.make("satu")
    await stage.send(stage.message("a" * limit, picture))
    with pytest.raises(Refused):
        await stage.send(stage.message("b" * (limit + 1), picture))
    assert [stage.said(post) for post in stage.posts()] == ["a" * limit]


async def test_another_text_is_never_taken_for_ours(asked: Stage) -> None:
    await asked.send(asked.message("Pengumuman lain dari kelurahan"))
    sent = asked.sent(A_LOST_WITNESS)
    with pytest.raises(AssertionError, match="never"):
        await wait_until(lambda: _is_found(asked, sent), "a strange post is taken for ours", seconds=0.3)


async def _is_found(stage: Stage, sent: Sent) -> bool:
    return await stage.adapter.find(stage.account, stage.message(TEXT), sent) is not None


async def test_the_same_text_of_another_day_is_never_taken_for_ours(asked: Stage) -> None:
    message = asked.message(TEXT)
    prepared = await asked.prepare(message)
    await asked.adapter.publish(asked.account, message, prepared)
    await find_listed(asked, TEXT, asked.sent(prepared))
    tomorrow = asked.clock.now() + timedelta(days=1)
    later = Sent(first_at=tomorrow, last_at=tomorrow, prepared=A_LOST_WITNESS)
    assert await asked.adapter.find(asked.account, message, later) is None


@pytest.mark.parametrize("body", [{}, {"errors": [{"type": "https://api.x.com/2/problems/resource-not-found"}]}])
async def test_an_answer_without_a_list_has_not_shown_that_a_post_is_absent(asked: Stage, body: object) -> None:
    with serve(Recorder(*asked.traits.before, body)) as address:
        account = replace(asked.account, base_url=address, credential={"access_token": "t", "account_id": "1"})
        with pytest.raises(TryLater):
            await asked.adapter.find(account, asked.message(TEXT), asked.sent(A_LOST_WITNESS))


async def test_numbers_grow_and_what_is_not_offered_stays_none(stage: Stage) -> None:
    remote_id = (await stage.send(stage.message(TEXT))).remote_id
    seen = {}

    async def has_numbers() -> bool:
        seen.update(await stage.adapter.read_metrics(stage.account, [remote_id]))
        return bool(getattr(seen[remote_id], grows, 0))

    grows = "followers" if "views" in stage.traits.lacks else "views"
    await wait_until(has_numbers, "the post has numbers")
    missing = {name for name in NUMBERS if getattr(seen[remote_id], name) is None}
    assert missing == stage.traits.lacks


async def test_a_deleted_post_has_no_numbers_and_the_others_keep_theirs(stage: Stage) -> None:
    if not (gone := stage.traits.gone):
        pytest.skip("this platform does not tell a deleted post from a living one")
    kept = (await stage.send(stage.message(TEXT))).remote_id
    seen = {}

    async def is_listed() -> bool:
        seen.update(await stage.adapter.read_metrics(stage.account, [kept, gone]))
        return seen[kept] is not None

    await wait_until(is_listed, "the living post has numbers")
    assert seen[gone] is None


async def test_a_check_says_whose_account_it_is(stage: Stage) -> None:
    identity = await stage.adapter.check(stage.account)
    assert identity.account_id == account_id(stage.adapter.name, stage.account.handle)
    assert stage.account.handle in (identity.handle, identity.name)


async def test_a_strange_token_is_refused_without_being_repeated(stage: Stage) -> None:
    token = "EAABrandnewSecretTokenThatNobodyMayEverSee12345"
    account = replace(stage.account, credential={"access_token": token, "account_id": "1"})
    with pytest.raises(PublishError) as caught:
        await stage.adapter.publish(account, stage.message(TEXT), A_LOST_WITNESS)
    assert isinstance(caught.value, NeedsReconnect)
    assert token not in str(caught.value)
