"""YouTube: resumable uploads that can be looked up and resumed; Google's discovery document judges the answers."""

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from simulator.accounts import practice_token
from tests.simulator.conftest import Client, StartServer

DISCOVERY = Path(__file__).parents[3] / "shared" / "specs" / "youtube" / "youtube.v3.json"
PIECE = 256 * 1024
UPLOAD = "/upload/youtube/v3/videos"


def mp4(size: int = 3 * PIECE, mark: bytes = b"\0") -> bytes:
    return b"\0\0\0\x18ftypmp42" + mark * (size - 12)


def start_upload(client: Client, title: str = "Ayo ke TPS", **more: Any) -> requests.Response:
    body = {"snippet": {"title": title, **more.pop("snippet", {})}, "status": {"privacyStatus": "public", **more}}
    params = {"uploadType": "resumable", "part": "snippet,status"}
    headers = {"x-upload-content-type": "video/mp4"}
    return client.call("POST", "youtube", UPLOAD, params=params, json=body, headers=headers)


def put(client: Client, address: str, content: bytes, span: str = "") -> requests.Response:
    headers = {"content-range": f"bytes {span}"} if span else {}
    return client.http.put(address, data=content, headers=headers, timeout=10)


def get(client: Client, path: str, **params: str) -> Any:
    return client.call("GET", "youtube", f"/youtube/v3/{path}", params=params).json()


def video(client: Client, title: str = "Ayo ke TPS", mark: bytes = b"\0", **more: Any) -> str:
    answer = put(client, start_upload(client, title, **more).headers["location"], mp4(mark=mark))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def reason(answer: requests.Response) -> tuple[int, str]:
    error = answer.json()["error"]
    assert error["code"] == answer.status_code
    return answer.status_code, error["errors"][0]["reason"]


def test_a_video_is_uploaded_in_pieces_and_found_in_the_playlist(client: Client) -> None:
    address, whole = start_upload(client, snippet={"description": "Cek DPT"}).headers["location"], mp4()
    assert put(client, address, b"", f"*/{len(whole)}").headers.get("range") is None
    first = put(client, address, whole[:PIECE], f"0-{PIECE - 1}/{len(whole)}")
    assert (first.status_code, first.headers["range"]) == (308, f"bytes=0-{PIECE - 1}")
    assert client.posts() == []
    made = put(client, address, whole[PIECE:], f"{PIECE}-{len(whole) - 1}/{len(whole)}").json()
    assert (made["kind"], made["status"]["uploadStatus"]) == ("youtube#video", "uploaded")
    (channel,) = get(client, "channels", mine="true", part="contentDetails")["items"]
    uploads = channel["contentDetails"]["relatedPlaylists"]["uploads"]
    (item,) = get(client, "playlistItems", playlistId=uploads, part="contentDetails,snippet")["items"]
    assert item["contentDetails"]["videoId"] == made["id"]
    (shown,) = client.posts(platform="youtube")
    assert (shown["remote_id"], shown["text"]) == (made["id"], "Ayo ke TPS\n\nCek DPT")


def test_a_lost_answer_is_looked_up_at_the_sessions_address(client: Client) -> None:
    address = start_upload(client).headers["location"]
    client.fault("youtube", "lost_answer", count=1)
    with pytest.raises(requests.ConnectionError):
        put(client, address, mp4())
    found = put(client, address, b"", f"*/{len(mp4())}")
    assert found.status_code == 200
    assert [post["remote_id"] for post in client.posts()] == [found.json()["id"]]


def test_an_upload_that_was_cut_goes_on_where_it_stopped(client: Client) -> None:
    address, whole = start_upload(client).headers["location"], mp4()
    client.fault("youtube", "upload_cut", count=1)
    with pytest.raises(requests.ConnectionError):
        put(client, address, whole)
    held = put(client, address, b"", f"*/{len(whole)}")
    assert held.status_code == 308
    following = int(held.headers["range"].rpartition("-")[2]) + 1
    assert 0 < following < len(whole)
    assert put(client, address, whole, f"0-{len(whole) - 1}/{len(whole)}").status_code == 503
    assert put(client, address, whole[following:], f"{following}-{len(whole) - 1}/{len(whole)}").status_code == 201
    assert len(client.posts()) == 1


def test_the_same_file_again_is_rejected_as_a_duplicate(client: Client) -> None:
    first, again = video(client), video(client, "Judul lain")
    (shown,) = get(client, "videos", id=again, part="status")["items"]
    assert (shown["status"]["uploadStatus"], shown["status"]["rejectionReason"]) == ("rejected", "duplicate")
    assert [post["remote_id"] for post in client.posts()] == [first]


@pytest.mark.parametrize(
    ("title", "more", "said"),
    [
        ("", {}, "invalidTitle"),
        ("a" * 101, {}, "invalidTitle"),
        ("<b>", {}, "invalidTitle"),
        ("Halo", {"snippet": {"description": "é" * 2501}}, "invalidDescription"),
        ("Halo", {"snippet": {"tags": ["a" * 501]}}, "invalidTags"),
        ("Halo", {"publishAt": "2024-11-27T00:00:00Z"}, "invalidPublishAt"),
    ],
)
def test_metadata_is_judged_before_any_byte(client: Client, title: str, more: dict[str, Any], said: str) -> None:
    assert reason(start_upload(client, title, **more)) == (400, said)


def test_the_hundred_and_first_upload_waits_for_midnight_in_california(client: Client, start: StartServer) -> None:
    answers = [start_upload(client).status_code for _ in range(100)]
    assert answers == [200] * 100
    assert reason(start_upload(client)) == (403, "quotaExceeded")
    other = Client(client.base, client.http, handle="ppk_lain")
    assert reason(start_upload(other)) == (403, "quotaExceeded"), "one project, one quota"
    with start(clock_setting="offset=86400") as base:
        assert start_upload(Client(base, client.http)).status_code == 200


def test_an_unaudited_project_is_locked_private(client: Client) -> None:
    client.fault("youtube", "unaudited")
    number = video(client)
    (shown,) = get(client, "videos", id=number, part="status")["items"]
    assert shown["status"]["privacyStatus"] == "private"
    assert client.posts() == []


def test_dead_tokens_and_other_peoples_videos(client: Client) -> None:
    number = video(client)
    client.fault("youtube", "token_dead", count=1)
    assert reason(start_upload(client)) == (401, "authError")
    other = Client(client.base, client.http, handle="ppk_lain")
    assert reason(other.call("DELETE", "youtube", "/youtube/v3/videos", params={"id": number})) == (403, "forbidden")
    assert (
        put(client, f"{client.base}/youtube{UPLOAD}?upload_id=1:{practice_token('youtube', 'x')}", b"x").status_code
        == 404
    )
    assert client.call("DELETE", "youtube", "/youtube/v3/videos", params={"id": number}).status_code == 204
    assert get(client, "videos", id=number, part="status")["items"] == []


def test_numbers_are_strings_and_processing_ends(client: Client, start: StartServer) -> None:
    number = video(client)
    body = {"id": number, "snippet": {"title": "Judul baru", "categoryId": "25"}}
    edited = client.call("PUT", "youtube", "/youtube/v3/videos", params={"part": "snippet"}, json=body).json()
    assert edited["snippet"]["title"] == client.posts()[0]["text"] == "Judul baru"
    with start(clock_setting="offset=80000") as base:
        later = Client(base, client.http)
        (shown,) = get(later, "videos", id=number, part="statistics,status,processingDetails")["items"]
        (channel,) = get(later, "channels", mine="true", part="statistics")["items"]
    assert int(shown["statistics"]["viewCount"]) > 0
    assert isinstance(shown["statistics"]["likeCount"], str)
    assert shown["status"]["uploadStatus"] == "processed"
    assert int(channel["statistics"]["subscriberCount"]) > 0


def test_a_new_video_is_listed_only_after_the_lag(client: Client) -> None:
    client.http.delete(f"{client.base}/_sim/faults", timeout=5)
    number = video(client)
    assert get(client, "videos", id=number, part="status")["items"] == []


def unknown(schemas: dict[str, Any], schema: dict[str, Any], value: Any, path: str = "") -> list[str]:
    """Names and types that the discovery document does not know."""
    schema = schemas[schema["$ref"]] if "$ref" in schema else schema
    if isinstance(value, list):
        return [said for part in value for said in unknown(schemas, schema["items"], part, path)]
    if isinstance(value, dict):
        fields = schema.get("properties", {})
        said = [f"{path}.{name}" for name in value if name not in fields and "additionalProperties" not in schema]
        known = [name for name in value if name in fields]
        return said + [bad for name in known for bad in unknown(schemas, fields[name], value[name], f"{path}.{name}")]
    kind = {"string": str, "boolean": bool, "integer": int}[schema["type"]]
    return [] if isinstance(value, kind) else [f"{path} is no {schema['type']}"]


@pytest.mark.skipif(not DISCOVERY.exists(), reason="Google's discovery document is absent")
def test_answers_fit_the_discovery_document(client: Client) -> None:
    schemas, number = json.loads(DISCOVERY.read_text())["schemas"], video(client)
    uploads = "UU" + client.id("youtube")[2:]
    answers = {
        "VideoListResponse": get(
            client, "videos", id=number, part="snippet,status,statistics,processingDetails,contentDetails,fileDetails"
        ),
        "ChannelListResponse": get(client, "channels", mine="true", part="snippet,statistics,contentDetails,status"),
        "PlaylistItemListResponse": get(
            client, "playlistItems", playlistId=uploads, part="snippet,contentDetails,status"
        ),
    }
    for name, answer in answers.items():
        assert answer["items"]
        assert unknown(schemas, schemas[name], answer, name) == []
