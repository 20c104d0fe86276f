"""What YouTube alone does: sessions that resume, titles, quotas until midnight Pacific, and what it locks or rejects."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import requests

from app.platforms.answer import Answer
from app.platforms.contract import Handed, Message, Published, Refused, Scope, Sent, TryLater, Unsure
from app.platforms.youtube import wire
from tests.platforms.stage import MakeStage, Stage
from tests.support.wait import wait_until

TEXT = "Cara mencoblos dalam 15 detik\nTPS buka 07.00."


@pytest.fixture
def stage(make_stage: MakeStage) -> Stage:
    return make_stage("youtube")


async def test_a_broken_upload_is_resumed_where_it_broke(stage: Stage) -> None:
    message = stage.film_message(TEXT, name="putus", weight=2_000_000)
    prepared = await stage.prepare(message)
    stage.fault("upload_cut", count=1)
    with pytest.raises(Unsure):
        await stage.adapter.publish(stage.account, message, prepared)
    assert await stage.adapter.find(stage.account, message, stage.sent(prepared)) is None
    assert isinstance(await stage.adapter.publish(stage.account, message, prepared), Published)
    assert len(stage.posts()) == 1


async def test_a_session_that_is_whole_is_never_begun_anew(stage: Stage) -> None:
    message = stage.film_message(TEXT)
    prepared = await stage.prepare(message)
    first = await stage.adapter.publish(stage.account, message, prepared)
    assert await stage.adapter.publish(stage.account, message, prepared) == first
    assert len(stage.posts()) == 1


async def test_where_the_session_is_gone_the_uploads_tell(stage: Stage) -> None:
    message = stage.film_message(TEXT)
    published = await stage.send(message)
    gone = {"session": "/upload/youtube/v3/videos?upload_id=9"}
    sent = stage.sent(gone)
    found: list[Published | Handed] = []

    async def look() -> bool:
        found.extend(filter(None, [await stage.adapter.find(stage.account, message, sent)]))
        return bool(found)

    await wait_until(look, "the upload is listed")
    assert isinstance(published, Published)
    assert found == [replace(published, created_at=getattr(found[0], "created_at", None))]
    assert await stage.adapter.find(stage.account, message, replace(sent, taken={published.remote_id})) is None
    lost = Sent(sent.first_at, sent.last_at, {}, is_witness_lost=True)
    assert await stage.adapter.find(stage.account, replace(message, text="Lain"), lost) is None


def shown(stage: Stage, video_id: str) -> tuple[dict[str, object], dict[str, object]]:
    """The video's snippet and status, once it can be read back."""
    query, token = {"id": video_id, "part": "snippet,status"}, stage.account.credential["access_token"]
    items: list[dict[str, dict[str, object]]] = []
    while not items:
        address = f"{stage.account.base_url}/youtube/v3/videos"
        items = requests.get(address, query, headers={"Authorization": f"Bearer {token}"}, timeout=5).json()["items"]
    return items[0]["snippet"], items[0]["status"]


async def test_the_chosen_title_privacy_and_tags_are_sent(stage: Stage) -> None:
    options = {"title": "Cara mencoblos", "privacy": "unlisted", "tags": ["pemilu", "TPS"]}
    published = await stage.send(replace(stage.film_message(TEXT), options=options))
    assert isinstance(published, Published)
    snippet, status = await asyncio.to_thread(shown, stage, published.remote_id)
    assert (snippet["title"], snippet["description"], snippet["tags"]) == ("Cara mencoblos", TEXT, ["pemilu", "TPS"])
    assert (status["privacyStatus"], status["selfDeclaredMadeForKids"]) == ("unlisted", False)


async def test_a_locked_video_is_handed_to_a_person(stage: Stage) -> None:
    stage.fault("unaudited")
    handed = await stage.send(stage.film_message(TEXT))
    assert isinstance(handed, Handed)
    assert "YouTube Studio" in handed.todo


async def test_the_same_file_again_is_refused_with_the_reason(stage: Stage) -> None:
    await stage.send(stage.film_message(TEXT, name="sama", weight=3000))
    message = stage.film_message("Lain", name="sama", weight=3000)
    with pytest.raises(Refused, match="sudah ada di kanal ini"):
        await stage.send(message)


@pytest.mark.parametrize("text", ["Suara < 50 %", "x" * 4999 + "é"])
async def test_what_youtube_forbids_is_refused_before_anything_is_sent(stage: Stage, text: str) -> None:
    with pytest.raises(Refused, match="ditolak"):
        await stage.prepare(stage.film_message(text))


@pytest.mark.parametrize(
    ("text", "options", "title"),
    [
        ("Satu baris", {}, "Satu baris"),
        ("Baris  pertama\nBaris kedua", {}, "Baris pertama"),
        ("kata " * 40, {}, ("kata " * 19).strip() + "…"),
        ("x" * 200, {}, "x" * 99 + "…"),
        ("Isi", {"title": " Judul "}, "Judul"),
    ],
)
def test_a_title_is_the_chosen_one_or_the_first_line_cut_at_a_word(
    text: str, options: dict[str, str], title: str
) -> None:
    assert wire.title_of(Message("k", text, options=options)) == title


@pytest.mark.parametrize(
    ("now", "wait"),
    [
        (datetime(2026, 7, 1, 6, 59, tzinfo=UTC), timedelta(minutes=1)),  # summer: 07:00 UTC
        (datetime(2026, 12, 1, 6, 0, tzinfo=UTC), timedelta(hours=2)),  # winter: 08:00 UTC
    ],
)
def test_a_quota_is_waited_for_until_midnight_pacific_by_the_whole_app(now: datetime, wait: timedelta) -> None:
    body = b'{"error":{"code":403,"errors":[{"reason":"quotaExceeded","domain":"youtube.quota"}]}}'
    error = wire.failure(Answer(403, {}, body), create=False, now=now)
    assert isinstance(error, TryLater)
    assert (error.after, error.scope) == (wait, Scope.APP)
