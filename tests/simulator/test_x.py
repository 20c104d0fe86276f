"""X: real paths, X's own counting, its refusals and its limits."""

import base64
from typing import Any

import pytest
import requests
import tweepy

from tests.simulator.conftest import HANDLE, Client, StartServer, jpeg
from tests.support.films import film


def post(client: Client, text: str, **more: Any) -> requests.Response:
    return client.x("POST", "/2/tweets", json={"text": text, **more})


def upload(client: Client, content: bytes | None = None) -> str:
    media = base64.b64encode(content or jpeg()).decode()
    answer = client.x("POST", "/2/media/upload", json={"media": media, "media_category": "tweet_image"})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"]["id"])


def test_tweepy_creates_reads_and_deletes(tweets: tweepy.Client, client: Client) -> None:
    made = tweets.create_tweet(text="Ayo ke TPS!", user_auth=False)
    number = made.data["id"]
    assert tweets.session.get_adapter("https://x").last.headers["x-rate-limit-remaining"] == "99"
    mine = tweets.get_users_tweets(client.id("x"), user_auth=False, tweet_fields=["created_at"])
    assert [(tweet.id, tweet.text) for tweet in mine.data] == [(int(number), "Ayo ke TPS!")]
    assert tweets.get_me(user_auth=False).data.username == HANDLE
    assert tweets.delete_tweet(number, user_auth=False).data == {"deleted": True}
    assert tweets.get_tweet(number, user_auth=False).errors[0]["title"] == "Not Found Error"


def test_tweepy_sees_a_duplicate_as_forbidden(tweets: tweepy.Client) -> None:
    tweets.create_tweet(text="Sama", user_auth=False)
    with pytest.raises(tweepy.Forbidden) as caught:
        tweets.create_tweet(text="Sama", user_auth=False)
    assert caught.value.api_messages == ["You are not allowed to create a Tweet with duplicate content."]


def test_the_same_text_is_allowed_again_after_a_day(client: Client, start: StartServer) -> None:
    assert post(client, "Sama").status_code == 201
    with start(clock_setting="offset=86401") as tomorrow:
        later = Client(tomorrow, client.http)
        assert post(later, "Sama").status_code == 201
        assert post(later, "Sama").status_code == 403


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("a" * 280, 201),
        ("a" * 281, 400),
        ("日" * 140, 201),
        ("日" * 141, 400),
        ("a" * 256 + " https://kpu.go.id/" + "b" * 200, 201),
        ("a" * 257 + " kpu.go.id", 400),
        ("", 400),
    ],
)
def test_length_is_weighted_as_x_weighs_it(client: Client, text: str, status: int) -> None:
    assert post(client, text).status_code == status


def test_the_text_comes_back_with_short_links_and_their_originals(client: Client) -> None:
    number = post(client, "Pemilih & saksi: cek kpu.go.id sekarang").json()["data"]["id"]
    found = client.x("GET", f"/2/tweets/{number}", params={"tweet.fields": "entities"}).json()["data"]
    link = found["entities"]["urls"][0]
    assert found["text"] == f"Pemilih &amp; saksi: cek {link['url']} sekarang"
    assert link["url"].startswith("https://t.co/")
    assert link["expanded_url"] == "http://kpu.go.id"
    assert found["text"][link["start"] : link["end"]] == link["url"]


def test_a_picture_with_alt_text_reaches_the_ledger(client: Client) -> None:
    media = upload(client)
    described = client.x(
        "POST", "/2/media/metadata", json={"id": media, "metadata": {"alt_text": {"text": "Kotak suara"}}}
    )
    assert described.status_code == 200
    assert post(client, "Bergambar", media={"media_ids": [media]}).status_code == 201
    (shown,) = client.posts(platform="x")
    assert shown["alt_texts"] == ["Kotak suara"]
    assert client.http.get(f"{client.base}/_sim/media/{shown['media'][0]}", timeout=5).content == jpeg()


def test_media_of_another_account_or_of_yesterday_is_refused(client: Client, start: StartServer) -> None:
    media = upload(client)
    other = Client(client.base, client.http, handle="ppk_lain")
    refused = post(other, "Punya orang", media={"media_ids": [media]})
    assert (refused.status_code, refused.json()["errors"][0]["message"]) == (400, "Your media IDs are invalid.")
    with start(clock_setting="offset=86500") as tomorrow:
        assert post(Client(tomorrow, client.http), "Basi", media={"media_ids": [media]}).status_code == 400


def test_what_is_no_picture_is_refused(client: Client) -> None:
    answer = client.x("POST", "/2/media/upload", json={"media": base64.b64encode(b"teks").decode()})
    assert answer.status_code == 400


def test_multipart_and_both_chunked_spellings_give_a_usable_id(client: Client) -> None:
    picture = jpeg()
    whole = client.x("POST", "/2/media/upload", files={"media": picture}, data={"media_category": "tweet_image"})
    begin = {"media_type": "image/jpeg", "total_bytes": len(picture), "media_category": "tweet_image"}
    new = client.x("POST", "/2/media/upload/initialize", json=begin).json()["data"]["id"]
    for index, part in enumerate((picture[:200], picture[200:])):
        body = {"media": base64.b64encode(part).decode(), "segment_index": index}
        assert client.x("POST", f"/2/media/upload/{new}/append", json=body).status_code == 200
    assert client.x("POST", f"/2/media/upload/{new}/finalize").json()["data"]["size"] == len(picture)
    old = client.x("POST", "/2/media/upload", data={"command": "INIT", **begin}).json()["data"]["id"]
    append = {"command": "APPEND", "media_id": old, "segment_index": 0}
    assert client.x("POST", "/2/media/upload", data=append, files={"media": picture}).status_code == 200
    client.x("POST", "/2/media/upload", data={"command": "FINALIZE", "media_id": old})
    media = [whole.json()["data"]["id"], new, old]
    assert post(client, "Tiga gambar", media={"media_ids": media}).status_code == 201


def test_the_hundred_and_first_tweet_waits_for_the_reset_it_is_told(client: Client, start: StartServer) -> None:
    answers = [post(client, f"Kiriman {n}") for n in range(101)]
    assert [answer.status_code for answer in answers] == [201] * 100 + [429]
    assert answers[-1].headers["x-rate-limit-remaining"] == "0"
    assert post(Client(client.base, client.http, handle="lain"), "Akun lain").status_code == 201
    with start(clock_setting="offset=901") as later:
        assert post(Client(later, client.http), "Sesudah jendela").status_code == 201


def test_a_foreign_token_is_unauthorized(client: Client) -> None:
    answer = client.x("GET", "/2/users/me", headers={"authorization": "Bearer AAAA"})
    assert answer.status_code == 401
    assert answer.json() == {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}


def test_missing_tweets_stand_beside_the_found_ones(client: Client) -> None:
    number = post(client, "Ada").json()["data"]["id"]
    body = client.x("GET", "/2/tweets", params={"ids": f"{number},1"}).json()
    assert [tweet["id"] for tweet in body["data"]] == [number]
    assert [(error["resource_id"], error["title"]) for error in body["errors"]] == [("1", "Not Found Error")]


def test_another_accounts_private_numbers_stay_hidden(client: Client) -> None:
    number = post(client, "Milik saya").json()["data"]["id"]
    ask = {"ids": number, "tweet.fields": "public_metrics,non_public_metrics"}
    own = client.x("GET", "/2/tweets", params=ask).json()
    other = Client(client.base, client.http, handle="lain").x("GET", "/2/tweets", params=ask).json()
    assert "url_link_clicks" in own["data"][0]["non_public_metrics"]
    assert "non_public_metrics" not in other["data"][0]
    assert other["errors"][0]["field"] == "non_public_metrics"


def test_the_timeline_obeys_since_id_start_time_and_pages(client: Client) -> None:
    ids = [post(client, f"Urut {n}").json()["data"]["id"] for n in range(7)]
    path = f"/2/users/{client.id('x')}/tweets"
    page = client.x("GET", path, params={"max_results": 5}).json()
    assert [tweet["id"] for tweet in page["data"]] == ids[:1:-1]
    rest = client.x("GET", path, params={"max_results": 5, "pagination_token": page["meta"]["next_token"]}).json()
    assert [tweet["id"] for tweet in rest["data"]] == ids[1::-1]
    newer = client.x("GET", path, params={"since_id": ids[4]}).json()
    assert [tweet["id"] for tweet in newer["data"]] == ids[:4:-1]
    future = client.x("GET", path, params={"start_time": "2099-01-01T00:00:00Z"}).json()
    assert future == {"meta": {"result_count": 0}}
    assert client.x("GET", path, params={"max_results": 4}).status_code == 400


def test_the_new_dialect_renames_every_field(client: Client) -> None:
    client.fault("x", "post_dialect")
    made = post(client, "Dialek").json()["data"]
    assert made["edit_history_post_ids"] == [made["id"]]
    found = client.x("GET", f"/2/tweets/{made['id']}", params={"post.fields": "public_metrics"}).json()["data"]
    assert {"repost_count", "bookmark_count"} <= set(found["public_metrics"])
    assert "retweet_count" not in found["public_metrics"]


def test_credits_are_metered_by_post_link_and_day_and_then_refused(client: Client, start: StartServer) -> None:
    number = post(client, "Halo warga").json()["data"]["id"]
    assert client.control("/credits") == {"x_usd": 0.015}
    post(client, "Cek di kpu.go.id")
    for _ in range(2):
        client.x("GET", "/2/tweets", params={"ids": number})
    assert client.control("/credits") == {"x_usd": 0.22}
    with start(clock_setting="offset=86401") as tomorrow:
        Client(tomorrow, client.http).x("GET", "/2/tweets", params={"ids": number})
        assert client.control("/credits") == {"x_usd": 0.225}
    client.fault("x", "credits", usd=0.24)
    assert post(client, "Lihat https://kpu.go.id").status_code == 402
    assert post(client, "Masih cukup untuk satu").status_code == 201


def test_a_video_is_pending_in_progress_and_may_fail(client: Client) -> None:
    client.fault("x", "media_processing", seconds=60, count=1)
    client.fault("x", "media_failed", count=1)
    given = {"media": base64.b64encode(film()).decode(), "media_category": "tweet_video"}
    slow = client.x("POST", "/2/media/upload", json=given).json()["data"]
    assert (slow["processing_info"]["state"], slow["processing_info"]["check_after_secs"]) == ("pending", 1)
    early = post(client, "Film", media={"media_ids": [slow["id"]]})
    assert early.status_code == 400
    quick = client.x("POST", "/2/media/upload", json=given).json()["data"]
    assert quick["processing_info"]["state"] == "pending"
