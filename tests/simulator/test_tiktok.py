"""TikTok: init, upload or pull, and the state of a publish, direct or into the inbox, as its documentation tells."""

from typing import Any

import pytest
import requests

from tests.simulator.conftest import Client, Pictures, StartServer, jpeg, until

PUBLISH = "/v2/post/publish"
MP4 = b"\0\0\0\x18ftypmp42" + b"\0" * 2000
MB = 1024**2


def post(client: Client, path: str, body: dict[str, Any], **more: Any) -> requests.Response:
    return client.call("POST", "tiktok", path, json=body, **more)


def code(answer: requests.Response) -> str:
    return str(answer.json()["error"]["code"])


def init(client: Client, *, draft: bool = False, size: int = len(MP4), **info: Any) -> requests.Response:
    source = {"source": "FILE_UPLOAD", "video_size": size, "chunk_size": size, "total_chunk_count": 1}
    path = f"{PUBLISH}/inbox/video/init/" if draft else f"{PUBLISH}/video/init/"
    return post(client, path, {"post_info": {"privacy_level": "PUBLIC_TO_EVERYONE", **info}, "source_info": source})


def photos(client: Client, urls: list[str], mode: str = "DIRECT_POST", **info: Any) -> requests.Response:
    body = {
        "media_type": "PHOTO", "post_mode": mode, "post_info": {"privacy_level": "PUBLIC_TO_EVERYONE", **info},
        "source_info": {"source": "PULL_FROM_URL", "photo_images": urls, "photo_cover_index": 0},
    }  # fmt: skip
    return post(client, f"{PUBLISH}/content/init/", body)


def put(client: Client, started: requests.Response, content: bytes, *, first: int = 0, total: int = 0) -> int:
    span = f"bytes {first}-{first + len(content) - 1}/{total or len(content)}"
    headers = {"content-range": span, "content-type": "video/mp4"}
    url = started.json()["data"]["upload_url"]
    return client.http.put(url, data=content, headers=headers, timeout=10).status_code


def state(client: Client, started: requests.Response) -> dict[str, Any]:
    ask = {"publish_id": started.json()["data"]["publish_id"]}
    return dict(post(client, f"{PUBLISH}/status/fetch/", ask).json()["data"])


def test_a_video_is_uploaded_and_published(client: Client) -> None:
    client.fault("tiktok", "limits_off")
    options = post(client, f"{PUBLISH}/creator_info/query/", {}).json()["data"]["privacy_level_options"]
    assert "PUBLIC_TO_EVERYONE" in options
    started = init(client, title="Ayo ke TPS")
    assert state(client, started)["status"] == "PROCESSING_UPLOAD"
    assert client.posts() == []
    assert put(client, started, MP4) == 201
    until(lambda: state(client, started)["status"] == "PUBLISH_COMPLETE")
    (shown,) = client.posts(platform="tiktok")
    assert state(client, started)["publicaly_available_post_id"] == [int(shown["remote_id"])]
    assert (shown["text"], shown["account"]) == ("Ayo ke TPS", client.handle)


def test_chunks_must_come_in_order(client: Client) -> None:
    size = 12 * MB
    source = {"source": "FILE_UPLOAD", "video_size": size, "chunk_size": 5 * MB, "total_chunk_count": 2}
    body = {"post_info": {"privacy_level": "PUBLIC_TO_EVERYONE"}, "source_info": source}
    started, content = post(client, f"{PUBLISH}/video/init/", body), MP4 + b"\0" * (size - len(MP4))
    assert put(client, started, content[5 * MB :], first=5 * MB, total=size) == 416
    assert put(client, started, content[: 5 * MB], total=size) == 206
    assert put(client, started, content[5 * MB :], first=5 * MB, total=size) == 201
    wrong = {**body, "source_info": {**source, "total_chunk_count": 3}}
    assert code(post(client, f"{PUBLISH}/video/init/", wrong)) == "invalid_params"
    assert len(client.posts()) == 1


def test_a_draft_waits_in_the_inbox_and_is_not_public(client: Client) -> None:
    client.fault("tiktok", "limits_off")
    started = init(client, draft=True)
    assert put(client, started, MP4) == 201
    until(lambda: state(client, started)["status"] == "SEND_TO_USER_INBOX")
    assert client.posts() == []
    client.fault("tiktok", "inbox_finished")
    finished = init(client, draft=True)
    put(client, finished, MP4)
    until(lambda: state(client, finished)["status"] == "PUBLISH_COMPLETE")
    assert len(client.posts()) == 1


def test_photos_are_pulled_by_tiktok_itself(client: Client, pictures: Pictures) -> None:
    client.fault("tiktok", "limits_off")
    urls = [pictures.url("a.jpg", jpeg()), pictures.url("b.webp", jpeg(kind="WEBP"))]
    started = photos(client, urls, title="Dua gambar", description="Cek DPT")
    until(lambda: state(client, started)["status"] == "PUBLISH_COMPLETE")
    (shown,) = client.posts()
    assert (shown["text"], len(shown["media"])) == ("Dua gambar\n\nCek DPT", 2)
    drafted = photos(client, urls, "MEDIA_UPLOAD")
    until(lambda: state(client, drafted)["status"] == "SEND_TO_USER_INBOX")


@pytest.mark.parametrize(
    ("body", "reason"), [(None, "photo_pull_failed"), (jpeg(kind="PNG"), "file_format_check_failed")]
)
def test_a_picture_that_cannot_be_used_fails_the_publish(
    client: Client, pictures: Pictures, body: bytes | None, reason: str
) -> None:
    found = state(client, photos(client, [pictures.url("a.jpg", body)]))
    assert (found["status"], found["fail_reason"]) == ("FAILED", reason)
    assert client.posts() == []


def test_a_lost_init_leaves_nothing_and_a_lost_last_chunk_can_be_looked_up(client: Client) -> None:
    client.fault("tiktok", "lost_answer", operation="init", count=1)
    with pytest.raises(requests.ConnectionError):
        init(client)
    assert client.posts() == []
    started = init(client)
    client.fault("tiktok", "lost_answer", count=1)
    with pytest.raises(requests.ConnectionError):
        put(client, started, MP4)
    until(lambda: state(client, started)["status"] == "PUBLISH_COMPLETE")
    assert len(client.posts()) == 1


def test_an_unaudited_app_posts_only_to_private_accounts(client: Client) -> None:
    client.fault("tiktok", "unaudited")
    refused = init(client)
    assert (refused.status_code, code(refused)) == (403, "unaudited_client_can_only_post_to_private_accounts")
    started = init(client, privacy_level="SELF_ONLY")
    put(client, started, MP4)
    until(lambda: state(client, started)["status"] == "PUBLISH_COMPLETE")
    assert "publicaly_available_post_id" not in state(client, started)
    assert client.posts() == []


def test_refusals_wear_tiktoks_codes(client: Client) -> None:
    assert code(init(client, privacy_level="")) == "privacy_level_option_mismatch"
    assert code(init(client, title="a" * 2201)) == "invalid_params"
    unknown = post(client, f"{PUBLISH}/status/fetch/", {"publish_id": "x"})
    assert code(unknown) == "invalid_publish_id"
    stranger = client.http.post(f"{client.base}/tiktok{PUBLISH}/creator_info/query/", timeout=5)
    assert (stranger.status_code, code(stranger)) == (401, "access_token_invalid")
    client.fault("tiktok", "container_error", fail_reason="spam_risk_text", count=1)
    started = init(client)
    put(client, started, MP4)
    assert state(client, started)["fail_reason"] == "spam_risk_text"


def test_six_inits_a_minute_and_five_drafts_waiting(client: Client) -> None:
    drafts = [init(client, draft=True) for _ in range(6)]
    assert [code(answer) for answer in drafts] == ["ok"] * 5 + ["spam_risk_too_many_pending_share"]
    seventh = init(client)
    assert (seventh.status_code, code(seventh)) == (429, "rate_limit_exceeded")


def test_numbers_come_by_tiktoks_names(client: Client, start: StartServer) -> None:
    started = init(client, title="Diukur")
    put(client, started, MP4)
    number = client.posts()[0]["remote_id"]
    fields = "id,view_count,like_count,comment_count,share_count,share_url,create_time"
    with start(clock_setting="offset=86000") as base:
        later = Client(base, client.http)
        ask = {"filters": {"video_ids": [number, "1"]}}
        (video,) = post(later, "/v2/video/query/", ask, params={"fields": fields}).json()["data"]["videos"]
        assert list(video) == fields.split(",")
        assert video["view_count"] > 0
        listed = post(later, "/v2/video/list/", {"max_count": 20}, params={"fields": "id"}).json()["data"]
        assert (listed["videos"], listed["has_more"]) == ([{"id": number}], False)
        user = later.call("GET", "tiktok", "/v2/user/info/", params={"fields": "follower_count"}).json()
    assert user["data"]["user"]["follower_count"] > 0


def test_a_new_post_gets_its_public_number_only_after_moderation(client: Client) -> None:
    client.http.delete(f"{client.base}/_sim/faults", timeout=5)
    started = init(client)
    put(client, started, MP4)
    until(lambda: state(client, started)["status"] == "PUBLISH_COMPLETE")
    assert "publicaly_available_post_id" not in state(client, started)
