"""Names, types and limits as the platforms' own libraries hold them, against everything our adapters really send."""

import ast
import inspect
import json
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import telegram.constants as bot_api
from facebook_business.adobjects.igmedia import IGMedia
from facebook_business.adobjects.iguser import IGUser
from facebook_business.adobjects.page import Page
from facebook_business.adobjects.pagepost import PagePost
from mastodon import Mastodon
from openapi_core import Config, OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest

from app.platforms.contract import Message, Pace, Picture, Sent, Video
from app.platforms.instagram import wire as instagram
from app.platforms.mastodon import wire as mastodon
from app.platforms.telegram import wire as telegram
from tests.platforms.stage import MakeStage, Received, Recorder, Stage, serve
from tests.platforms.test_judges import spec

PICTURE = Picture("https://contoh.id/a.jpg", "", "image/jpeg", "Poster")
VIDEO = Video("https://contoh.id/a.mp4", "", "video/mp4", "Film", size=2000, seconds=15, width=720, height=1280)
EVERYWHERE = {"fields", "limit", "after", "since", "until", "access_token", "appsecret_proof"}
"""Graph's own, on every edge."""


def edge(method: Callable[..., object]) -> dict[str, str]:
    """Parameter names and types of one edge, which Meta's SDK keeps as a local."""
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(method)))):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "param_types":
            assert isinstance(node.value, ast.Dict)
            pairs = zip(node.value.keys, node.value.values, strict=True)
            return {ast.literal_eval(key): ast.unparse(value).strip("'") for key, value in pairs if key is not None}
    raise AssertionError(f"{method} has no parameters")


def misfits(method: Callable[..., object], sent: Mapping[str, str]) -> list[str]:
    """What of it the edge does not know, or knows as something else."""
    known = edge(method)
    return [
        f"{name}={value}"
        for name, value in sent.items()
        if name not in EVERYWHERE and (name not in known or not _is(known[name], value))
    ]


def _is(kind: str, value: str) -> bool:
    if kind == "bool":
        return value in ("true", "false")
    if kind in ("int", "unsigned int", "datetime"):
        return value.isdecimal()
    if kind.startswith("list<"):
        # Meta takes a list as JSON or between commas.
        return isinstance(json.loads(value), list) if value.startswith("[") else bool(value)
    return bool(value)


async def test_facebook_knows_every_parameter_that_is_sent(make_stage: MakeStage) -> None:
    stage = make_stage("facebook")
    upload = {
        "id": "7",
        "post_id": "1_7",
        "video_id": "7",
        "upload_session_id": "97",
        "start_offset": "0",
        "end_offset": "0",
    }
    recorder = Recorder(upload | {"data": [], "success": True, "permalink_url": "https://x/y"})
    with serve(recorder) as address:
        account = replace(stage.account, base_url=address, credential={"access_token": "t", "account_id": "1"})
        one, two = stage.pictures.make("satu"), stage.pictures.make("dua")
        for message in (stage.message("Halo"), stage.message("Satu", one), stage.message("Dua", one, two)):
            prepared = await stage.adapter.prepare(account, message)
            await stage.adapter.publish(account, message, prepared)
        linked = Message("k", "Lihat", options={"link": "https://kpu.go.id"})
        await stage.adapter.publish(account, linked, {})
        film = stage.film_message("Film")
        await stage.adapter.publish(account, film, await stage.adapter.prepare(account, film))
        await stage.adapter.find(account, stage.message("Lain"), stage.sent())
        await stage.adapter.read_metrics(account, ["1_7"])
    edges = {
        ("POST", "feed"): Page.create_feed, ("POST", "photos"): Page.create_photo, ("POST", "videos"): Page.create_video,
        ("GET", "published_posts"): Page.get_published_posts, ("GET", "insights"): PagePost.get_insights,
    }  # fmt: skip
    seen = set()
    for each in recorder.received:
        method = edges.get((each.method, each.path.rpartition("/")[2]))
        if method is not None:
            seen.add(method)
            assert misfits(method, each.query | _form(each)) == [], each.path
    assert seen == set(edges.values())


def _form(each: Received) -> dict[str, str]:
    if "multipart" not in each.headers.get("content-type", ""):
        return each.form
    parts = each.body.decode("latin-1").split('form-data; name="')[1:]
    read = {part.partition('"')[0]: part.partition("\r\n\r\n")[2].partition("\r\n")[0] for part in parts}
    return {name: value for name, value in read.items() if name != "source"}


def test_instagram_knows_every_parameter_and_its_type() -> None:
    photo, film = Message("k", "Halo", (PICTURE,), {"collaborators": ["kpu_ri"]}), Message("k", "Halo", video=VIDEO)
    forms = (
        instagram.single_form(photo), instagram.single_form(replace(photo, options={"as": "story"})),
        instagram.child_form(PICTURE), instagram.carousel_form(photo, ["1", "2"]), instagram.reel_form(film, VIDEO),
    )  # fmt: skip
    assert [wrong for form in forms for wrong in misfits(IGUser.create_media, form)] == []
    assert misfits(IGUser.create_media_publish, {"creation_id": "17"}) == []
    assert {"metric", "period"} <= edge(IGMedia.get_insights).keys()


def test_a_wrong_name_and_a_wrong_type_are_seen() -> None:
    assert misfits(Page.create_feed, {"pesan": "x"}) == ["pesan=x"]
    assert misfits(Page.create_photo, {"published": "ya"}) == ["published=ya"]


def test_telegrams_limits_are_ours() -> None:
    limits = telegram.LIMITS
    assert limits.text == bot_api.MessageLimit.MAX_TEXT_LENGTH
    assert limits.text_under_images == bot_api.MessageLimit.CAPTION_LENGTH
    assert limits.images == bot_api.MediaGroupLimit.MAX_MEDIA_LENGTH
    assert limits.image_bytes <= bot_api.FileSizeLimit.PHOTOSIZE_UPLOAD
    assert limits.video is not None
    assert limits.video.bytes <= bot_api.FileSizeLimit.FILESIZE_UPLOAD
    assert limits.paces == (Pace(bot_api.FloodLimit.MESSAGES_PER_MINUTE_PER_GROUP, timedelta(minutes=1)),)


def test_mastodon_knows_every_parameter_of_a_status() -> None:
    message = Message("k", "Halo", options={"warning": "PSU", "sensitive": True, "visibility": "unlisted"})
    known = set(inspect.signature(Mastodon.status_post).parameters)
    assert set(mastodon.create_body(message, {"media_ids": ["1"]})) <= known
    # The library does not know `language` of an edit; docs.joinmastodon.org, "Edit a status", does.
    assert set(mastodon.edit_body(message)) <= {*inspect.signature(Mastodon.status_update).parameters, "language"}


async def _all_of_x(stage: Stage) -> list[Received]:
    """Every call that our adapter ever makes."""
    recorder = Recorder({"data": {"id": "1146654567674912769", "username": "pps", "deleted": True}})
    with serve(recorder) as address:
        account = replace(stage.account, base_url=address, credential={"access_token": "t", "account_id": "12"})
        adapter, now = stage.adapter, stage.clock.now()
        pictured = replace(stage.message("Halo", stage.pictures.make("satu", "Alt")), options={"replies": "following"})
        for message in (stage.message("Halo"), pictured, stage.film_message("Film")):
            await adapter.publish(account, message, await adapter.prepare(account, message))
        await adapter.check(account)
        await adapter.remove(account, "1146654567674912769")  # type: ignore[attr-defined]
        await adapter.read_followers(account)  # type: ignore[attr-defined]
        recorder.bodies = [{"data": [], "meta": {"result_count": 0}}]
        await adapter.find(account, stage.message("Halo"), Sent(now, now))
        await adapter.read_recent(account, now)  # type: ignore[attr-defined]
        await adapter.read_metrics(account, ["1146654567674912769"])
    return recorder.received


@pytest.mark.deep
@pytest.mark.filterwarnings(
    "ignore:Unsupported scheme type:UserWarning"
)  # OAuth 2.0: the token itself is judged elsewhere
@pytest.mark.parametrize("version", ["openapi-2.166-tweet-fields.json", "openapi-2.167-post-fields.json"])
async def test_every_call_of_ours_passes_xs_own_specification(make_stage: MakeStage, version: str) -> None:
    # X's own file holds a value of an enum twice, so the file itself is not judged.
    judge = OpenAPI.from_dict(spec("x", version), config=Config(spec_validator_cls=None))
    received = await _all_of_x(make_stage("x"))
    for each in received:
        judge.validate_request(_asked(each))
    paths = {(each.method, each.path.replace("1146654567674912769", "{id}")) for each in received}
    assert {
        ("POST", "/2/tweets"), ("DELETE", "/2/tweets/{id}"), ("GET", "/2/tweets"), ("GET", "/2/users/12/tweets"),
        ("GET", "/2/users/me"), ("POST", "/2/media/upload"), ("POST", "/2/media/metadata"),
        ("POST", "/2/media/upload/initialize"), ("POST", "/2/media/upload/{id}/append"), ("POST", "/2/media/upload/{id}/finalize"),
    } <= paths  # fmt: skip
    for body in ({"text": "x", "tanggal": 1}, {"text": "x", "reply_settings": "semua"}):
        wrong = replace(received[0], body=json.dumps(body).encode())
        with pytest.raises(OpenAPIError):
            judge.validate_request(_asked(wrong))


def _asked(each: Received) -> Any:
    return MockRequest(
        "https://api.x.com", each.method.lower(), each.path, args=each.query, headers=each.headers,
        data=each.body or None, content_type=each.headers.get("content-type", "application/json").partition(";")[0],
    )  # fmt: skip
