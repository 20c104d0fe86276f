"""What every adapter promises that can be asked about the account itself: its followers and its own newest posts."""

from datetime import timedelta

import pytest

from app.platforms.answer import same_words
from app.platforms.contract import RecentPost, TellsFollowers, TellsRecent
from app.platforms.registry import PLATFORMS
from tests.platforms.stage import MakeStage, Stage
from tests.support.wait import wait_until

RECENT = [name for name in PLATFORMS if name != "telegram"]


async def test_each_platform_tells_how_many_follow(stage: Stage) -> None:
    assert isinstance(stage.adapter, TellsFollowers)
    told = await stage.adapter.read_followers(stage.account)
    assert told is not None
    assert told > 0


@pytest.mark.parametrize("name", RECENT)
async def test_own_posts_are_read_back_with_their_words(name: str, make_stage: MakeStage) -> None:
    stage = make_stage(name)
    message = stage.message("Gerebek pasar Kebon Kembang, Sabtu pukul 08.00.")
    published = await stage.send(message)
    assert isinstance(stage.adapter, TellsRecent)
    adapter, found = stage.adapter, list[RecentPost]()

    async def is_listed() -> bool:
        """Lists lag behind."""
        recent = await adapter.read_recent(stage.account, stage.clock.now() - timedelta(days=2))
        found[:] = [each for each in recent if same_words(message.text) in same_words(each.text)]
        return bool(found)

    await wait_until(is_listed, "the account's own list shows the post")
    (one,) = found
    assert one.remote_id == published.remote_id or name == "tiktok"
    assert one.url


async def test_a_bot_cannot_read_its_channel_back(make_stage: MakeStage) -> None:
    assert not isinstance(make_stage("telegram").adapter, TellsRecent)
