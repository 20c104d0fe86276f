"""What an author chooses beyond the words: read once, the same for API and page, and sent so that the platform knows it."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.errors import BadInput
from app.platforms.contract import Message, Option, OptionKind
from app.platforms.options import in_words, read_options, written
from app.platforms.registry import build_adapters
from tests.platforms.stage import MakeStage, Stage

ADAPTERS = build_adapters(timeout=1, now=datetime.now)

SENT: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("x", {"replies": "following"}, {"reply_settings": "following"}),
    ("facebook", {"link": "https://kpu.go.id/"}, {"link": "https://kpu.go.id/"}),
    ("instagram", {"collaborators": ["kpu_ri"]}, {"collaborators": '["kpu_ri"]'}),
    ("threads", {"replies": "mentioned_only"}, {"reply_control": "mentioned_only"}),
    ("telegram", {"silent": True, "no_preview": True}, {"disable_notification": True, "link_preview_options": {"is_disabled": True}}),
    ("mastodon", {"visibility": "unlisted", "warning": "Panjang", "sensitive": True},
     {"visibility": "unlisted", "spoiler_text": "Panjang", "sensitive": True, "language": "id"}),
    ("tiktok", {"privacy": "PUBLIC_TO_EVERYONE", "no_comments": True, "is_ai": True},
     {"privacy_level": "PUBLIC_TO_EVERYONE", "disable_comment": True, "disable_duet": False, "disable_stitch": False, "is_aigc": True}),
    ("youtube", {"title": "Judul", "tags": ["pemilu"], "for_kids": True}, {"title": "Judul", "tags": ["pemilu"], "selfDeclaredMadeForKids": True}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "chosen", "wishes"), SENT, ids=[case[0] for case in SENT])
async def test_what_was_chosen_is_what_the_platform_hears(
    make_stage: MakeStage, name: str, chosen: dict[str, Any], wishes: dict[str, Any]
) -> None:
    stage = make_stage(name)
    assert read_options(ADAPTERS, {name: chosen}) == {name: chosen}
    await send(stage, stage.message("Posko kami buka."), chosen)
    (post,) = stage.posts()
    assert {key: post["wishes"].get(key) for key in wishes} == wishes


async def send(stage: Stage, message: Message, chosen: dict[str, Any]) -> object:
    return await stage.send(replace(message, options=chosen))


@pytest.mark.parametrize("name", ["telegram", "threads", "instagram"])
async def test_it_holds_for_albums_and_videos_as_well(make_stage: MakeStage, name: str) -> None:
    stage = make_stage(name)
    chosen, wishes = next((chosen, wishes) for case, chosen, wishes in SENT if case == name)
    album = stage.message("Album", stage.pictures.make("satu"), stage.pictures.make("dua"))
    await send(stage, album, chosen)
    await send(stage, stage.film_message("Film"), chosen)
    key = next(iter(wishes))
    assert [str(post["wishes"][key]).lower() for post in stage.posts()] == [str(wishes[key]).lower()] * 2


async def test_a_story_is_one_without_words_and_is_found_again_among_stories(make_stage: MakeStage) -> None:
    stage = make_stage("instagram")
    message = replace(stage.message("Tidak tampil", stage.pictures.make("satu")), options={"as": "story"})
    prepared = await stage.prepare(message)
    published = await stage.adapter.publish(stage.account, message, prepared)
    (post,) = stage.posts()
    assert (post["text"], post["wishes"]["media_type"]) == ("", "STORIES")
    sent, found = stage.sent(prepared), None
    while found is None:
        try:
            found = await stage.adapter.find(stage.account, message, sent)
        except Exception as error:  # noqa: BLE001 - listed a little later
            assert "belum muncul" in str(error)  # noqa: PT017
    assert found.remote_id == published.remote_id  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"fax": {"a": True}}, "options.fax"),
        ({"bluesky": {"replies": "following"}}, "options.bluesky.replies"),
        ({"x": {"replies": "everyone"}}, "options.x.replies"),
        ({"telegram": {"silent": "ya"}}, "options.telegram.silent"),
        ({"facebook": {"link": "javascript:alert(1)"}}, "options.facebook.link"),
        ({"facebook": {"link": "https://"}}, "options.facebook.link"),
        ({"instagram": {"collaborators": ["a", "b", "c", "d"]}}, "options.instagram.collaborators"),
        ({"instagram": {"collaborators": "kpu"}}, "options.instagram.collaborators"),
        ({"mastodon": {"warning": "x" * 201}}, "options.mastodon.warning"),
        ({"youtube": {"title": 5}}, "options.youtube.title"),
    ],
)
def test_what_a_platform_does_not_know_is_named_where_it_stands(given: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_options(ADAPTERS, given)
    assert [problem.field for problem in caught.value.problems] == [field]


def test_what_is_usual_is_left_out_and_names_lose_their_signs() -> None:
    given = {
        "x": {"replies": ""},
        "telegram": {"silent": False},
        "instagram": {"collaborators": ["@kpu_ri", " kpu_ri ", "kpubogor"]},
        "youtube": {"title": "  ", "tags": []},
    }
    assert read_options(ADAPTERS, given) == {"instagram": {"collaborators": ["kpu_ri", "kpubogor"]}}


def some(option: Option) -> st.SearchStrategy[Any]:
    match option.kind:
        case OptionKind.YES:
            return st.booleans()
        case OptionKind.CHOICE:
            return st.sampled_from(["", *(value for value, _ in option.choices)])
        case OptionKind.NAMES:
            return st.lists(st.sampled_from(["kpu", "@kpu", " kpu bogor ", " ", "x" * 50]), max_size=option.most)
        case OptionKind.LINK:
            return st.sampled_from(["", "https://kpu.go.id/a?b=c"])
    return st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=min(option.most, 20))


ANY = st.fixed_dictionaries(
    {},
    optional={
        a.name: st.fixed_dictionaries({}, optional={o.name: some(o) for o in a.options}) for a in ADAPTERS.values()
    },
)


@given(ANY)
def test_reading_again_what_was_read_changes_nothing_and_all_of_it_can_be_told(given: dict[str, Any]) -> None:
    read = read_options(ADAPTERS, given)
    assert read_options(ADAPTERS, read) == read
    told = list(in_words(ADAPTERS, read))
    assert len(told) == sum(map(len, read.values()))
    assert all(value for _, _, value in told)
    assert len(written(ADAPTERS, read)) <= len(told)
