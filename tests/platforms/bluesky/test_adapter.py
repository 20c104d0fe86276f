"""What only Bluesky does: one log-in for many posts, keys that make a repeat harmless, pictures that are swept away."""

import asyncio
from dataclasses import replace

import pytest

from app.platforms.bluesky.sessions import Sessions
from app.platforms.contract import Picture, Refused, TryLater, Unsure
from app.platforms.http import AioTransport
from tests.platforms.stage import MakeStage, Recorder, Stage, serve

SESSION = {"accessJwt": "a.b.c", "refreshJwt": "d.e.f", "did": "did:plc:a", "handle": "a.example"}
CREATE, REFRESH = "/xrpc/com.atproto.server.createSession", "/xrpc/com.atproto.server.refreshSession"


@pytest.fixture
def bluesky(make_stage: MakeStage) -> Stage:
    return make_stage("bluesky")


async def test_sending_again_after_a_lost_answer_gives_the_same_post(bluesky: Stage) -> None:
    bluesky.fault("lost_answer", count=1, operation="create")
    message = bluesky.message("Satu kali saja")
    prepared = await bluesky.prepare(message)
    with pytest.raises(Unsure):
        await bluesky.adapter.publish(bluesky.account, message, prepared)
    again = await bluesky.adapter.publish(bluesky.account, message, prepared)
    assert [post["remote_id"] for post in bluesky.posts()] == [again.remote_id]
    assert (again.url or "").endswith(f"/post/{prepared['rkey']}")


async def test_an_ended_session_is_renewed_and_the_post_goes_out_once(bluesky: Stage) -> None:
    message = bluesky.message("Sesi lama")
    prepared = await bluesky.prepare(message)
    bluesky.fault("session_expired", count=1)
    await bluesky.adapter.publish(bluesky.account, message, prepared)
    assert len(bluesky.posts()) == 1


async def test_a_new_session_that_is_refused_is_the_servers_fault_not_the_passwords(bluesky: Stage) -> None:
    message = bluesky.message("Sesi baru")
    prepared = await bluesky.prepare(message)
    bluesky.fault("session_expired", count=2)
    with pytest.raises(TryLater):
        await bluesky.adapter.publish(bluesky.account, message, prepared)
    await bluesky.adapter.publish(bluesky.account, message, prepared)
    assert len(bluesky.posts()) == 1


async def test_many_posts_need_one_log_in(bluesky: Stage) -> None:
    recorder = Recorder(SESSION | {"uri": "at://did:plc:a/app.bsky.feed.post/3k", "cid": "b"})
    with serve(recorder) as address:
        account = replace(bluesky.account, base_url=address)
        for text in ("Satu", "Dua", "Tiga"):
            message = bluesky.message(text)
            await bluesky.adapter.publish(account, message, await bluesky.adapter.prepare(account, message))
    paths = [each.path for each in recorder.received]
    assert paths == [CREATE, *["/xrpc/com.atproto.repo.putRecord"] * 3]
    password = bluesky.account.credential["access_token"].encode()
    assert [password in each.body for each in recorder.received] == [True, False, False, False]


async def test_who_comes_at_once_shares_one_log_in_and_one_renewal(bluesky: Stage) -> None:
    recorder = Recorder(SESSION, SESSION | {"accessJwt": "new", "refreshJwt": "new"})
    transport = AioTransport(title="Bluesky", timeout=5)
    sessions = Sessions(transport, bluesky.clock.now)
    with serve(recorder) as address:
        account = replace(bluesky.account, base_url=address)
        opened = await asyncio.gather(*(sessions.get(account) for _ in range(5)))
        renewed = await asyncio.gather(*(sessions.renew(account, opened[0]) for _ in range(5)))
    await transport.close()
    assert [each.path for each in recorder.received] == [CREATE, REFRESH]
    assert {each.access for each in renewed} == {"new"}
    assert recorder.received[1].headers["authorization"] == "Bearer d.e.f"


async def test_pictures_that_were_swept_away_are_prepared_again(bluesky: Stage) -> None:
    message = bluesky.message("Gambar hilang", bluesky.pictures.make("satu"))
    blob = {"$type": "blob", "ref": {"$link": "bafkreigone"}, "mimeType": "image/jpeg", "size": 9}
    gone = {"image": blob, "alt": "Alt", "aspectRatio": {"width": 1, "height": 1}}
    prepared = {**await bluesky.prepare(message), "images": [gone]}
    with pytest.raises(TryLater) as caught:
        await bluesky.adapter.publish(bluesky.account, message, prepared)
    assert caught.value.code == "container_lost"
    assert bluesky.posts() == []


async def test_a_file_that_is_no_picture_is_refused(bluesky: Stage) -> None:
    path = bluesky.pictures.folder / "rusak.jpg"
    path.write_bytes(b"bukan gambar")
    with pytest.raises(Refused, match="tidak terbaca"):
        await bluesky.prepare(bluesky.message("Halo", Picture("", str(path), "image/jpeg", "Alt")))
