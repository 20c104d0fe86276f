"""What every adapter promises that can change the words of what is out."""

import pytest

from app.platforms.contract import EditsInPlace, NeedsReconnect, Refused, TryLater
from app.platforms.registry import PLATFORMS
from tests.platforms.stage import MakeStage, Stage

ABLE = ("facebook", "telegram", "mastodon")
OLD, NEW = "Pemungutan suara 27 November 2024.", "Ralat: pemungutan suara 4 Desember 2024."


@pytest.fixture(params=ABLE)
def editing(request: pytest.FixtureRequest, make_stage: MakeStage) -> Stage:
    return make_stage(request.param)


async def edit(stage: Stage, remote_id: str, text: str = NEW) -> None:
    adapter = stage.adapter
    assert isinstance(adapter, EditsInPlace)
    await adapter.edit(stage.account, remote_id, stage.message(text))


def said(stage: Stage) -> list[tuple[object, object]]:
    return [(post["remote_id"], post["text"]) for post in stage.posts()]


async def test_only_where_the_api_allows_it(make_stage: MakeStage) -> None:
    assert {name for name in PLATFORMS if isinstance(make_stage(name).adapter, EditsInPlace)} == set(ABLE)


async def test_the_same_post_says_the_new_words_however_often_it_is_asked(editing: Stage) -> None:
    out = await editing.send(editing.message(OLD))
    await edit(editing, out.remote_id)
    await edit(editing, out.remote_id)
    assert said(editing) == [(out.remote_id, NEW)]


async def test_what_nobody_answers_is_tried_again(editing: Stage) -> None:
    out = await editing.send(editing.message(OLD))
    editing.fault("http_503_html", operation="edit", count=1)
    with pytest.raises(TryLater):
        await edit(editing, out.remote_id)
    await edit(editing, out.remote_id)
    assert said(editing) == [(out.remote_id, NEW)]


async def test_a_post_that_is_gone_is_refused_and_a_dead_token_asks_for_a_person(editing: Stage) -> None:
    out = await editing.send(editing.message(OLD))
    gone = {"facebook": "1_2", "telegram": "99990", "mastodon": "112345678901234567"}[editing.adapter.name]
    with pytest.raises(Refused):
        await edit(editing, gone)
    editing.fault("token_dead")
    with pytest.raises(NeedsReconnect):
        await edit(editing, out.remote_id)
