"""Are the words that we send the platforms' own? Their machine-readable specs say, where the workshop's copies are at hand."""

import inspect
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from facebook_business.adobjects.iguser import IGUser

from app.platforms.contract import Account, Message, Option, Picture, Video
from app.platforms.instagram import wire as instagram
from app.platforms.registry import build_adapters
from app.platforms.telegram import wire as telegram
from app.platforms.threads import wire as threads
from app.platforms.x import wire as x
from app.platforms.youtube import wire as youtube

SPECS = Path(__file__).parents[3] / "shared" / "specs"
PICTURE = Picture("https://contoh.id/a.jpg", "", "image/jpeg", "Poster")
VIDEO = Video("https://contoh.id/a.mp4", "", "video/mp4", "Film", size=2000, seconds=15, width=720, height=1280)
OPTIONS = {a.name: {o.name: o for o in a.options} for a in build_adapters(timeout=1, now=datetime.now).values()}


def spec(*path: str) -> Any:
    file = SPECS.joinpath(*path)
    if not file.exists():
        pytest.skip(f"{'/'.join(path)} is not at hand")
    return json.loads(file.read_text())


def values(option: Option) -> set[str]:
    return {value for value, _ in option.choices}


def test_instagram_knows_every_parameter_of_a_container() -> None:
    """As Meta's own SDK lists them."""
    known = inspect.getsource(IGUser.create_media)
    for options in ({}, {"as": "story"}, {"reel_only": True, "collaborators": ["kpu_ri"]}):
        photo = Message("k", "Halo", (PICTURE,), options)
        film = Message("k", "Halo", (), options, VIDEO)
        forms = (
            instagram.single_form(photo),
            instagram.reel_form(film, VIDEO),
            instagram.carousel_form(photo, ["1", "2"]),
        )
        assert [name for form in forms for name in form if f"'{name}'" not in known] == []


@pytest.mark.parametrize("version", ["openapi-2.166-tweet-fields.json", "openapi-2.167-post-fields.json"])
def test_x_knows_who_may_reply(version: str) -> None:
    found = [each["enum"] for each in named(spec("x", version), "reply_settings") if "enum" in each]
    assert found
    assert all(values(OPTIONS["x"]["replies"]) <= set(enum) for enum in found)
    message = Message("k", "Halo", options={"replies": "following"})
    assert x.create_parameters(message, {}) == {"text": "Halo", "reply_settings": "following"}


def named(node: object, name: str) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if isinstance(node.get(name), dict):
            yield node[name]
        for value in node.values():
            yield from named(value, name)
    elif isinstance(node, list):
        for value in node:
            yield from named(value, name)


def test_youtube_knows_every_field_of_an_upload() -> None:
    schemas = spec("youtube", "youtube.v3.json")["schemas"]
    options = {"title": "Judul", "tags": ["a"], "privacy": "unlisted", "for_kids": True, "is_ai": True}
    body = youtube.video_body(Message("k", "Halo", options=options, video=VIDEO))
    for part, schema in (("snippet", "VideoSnippet"), ("status", "VideoStatus")):
        assert set(body[part]) <= set(schemas[schema]["properties"])
    assert values(OPTIONS["youtube"]["privacy"]) <= set(schemas["VideoStatus"]["properties"]["privacyStatus"]["enum"])


def test_telegram_knows_every_field_of_a_message() -> None:
    methods = spec("telegram", "api.min.json")["methods"]
    account = Account("https://api.telegram.org", "kanal", {"access_token": "1:a"})
    message = Message("k", "Halo", (PICTURE,), {"silent": True, "no_preview": True, "protected": True})
    sent = {
        "sendMessage": telegram.text_body(account, message), "sendPhoto": telegram.photo_form(account, message),
        "sendVideo": telegram.video_form(account, message, VIDEO), "sendMediaGroup": telegram.album_form(account, message),
    }  # fmt: skip
    for name, form in sent.items():
        assert set(form) <= {field["name"] for field in methods[name]["fields"]}, name


def test_threads_knows_every_parameter_of_a_container() -> None:
    text = json.dumps(spec("threads", "threads-api.postman_collection.json"))
    message = Message("k", "Halo", (PICTURE,), {"replies": "mentioned_only"})
    forms = threads.single_form(message), threads.carousel_form(message, ["1", "2"])
    assert [name for form in forms for name in form if f'"key": "{name}"' not in text] == []
