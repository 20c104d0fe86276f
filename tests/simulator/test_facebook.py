"""Facebook Pages: what the Graph API takes, gives back and refuses."""

import json

import facebook
import pytest

from tests.simulator.conftest import HANDLE, Client, Pictures, StartServer, jpeg


def test_facebook_sdk_publishes_reads_edits_and_deletes(graph: facebook.GraphAPI, client: Client) -> None:
    page = client.id("facebook")
    made = graph.put_object(page, "feed", message="Halo warga", link="https://kpu.go.id")
    assert made["id"].startswith(f"{page}_")
    listed = graph.get_connections(page, "published_posts", fields="id,message,permalink_url")
    assert [(post["id"], post["message"]) for post in listed["data"]] == [(made["id"], "Halo warga")]
    assert graph.put_object(made["id"], "", message="Diperbarui") == {"success": True}
    assert graph.get_object(made["id"])["message"] == "Diperbarui"
    graph.delete_object(made["id"])
    with pytest.raises(facebook.GraphAPIError) as caught:
        graph.get_object(made["id"])
    assert (caught.value.code, caught.value.result["error"]["error_subcode"]) == (100, 33)


def test_a_photo_is_published_with_its_alt_text(client: Client) -> None:
    form = {"message": "Poster", "alt_text_custom": "Kotak suara"}
    made = client.facebook("POST", "/me/photos", data=form, files={"source": ("a.jpg", jpeg(), "image/jpeg")}).json()
    assert made["post_id"].startswith(client.id("facebook"))
    photo = client.facebook("GET", f"/{made['id']}", params={"fields": "alt_text_custom,page_story_id"}).json()
    assert photo == {"alt_text_custom": "Kotak suara", "page_story_id": made["post_id"], "id": made["id"]}
    (shown,) = client.posts(account=HANDLE)
    assert (shown["remote_id"], shown["alt_texts"]) == (made["post_id"], ["Kotak suara"])


def test_an_album_wears_photos_that_were_not_public_before(client: Client, pictures: Pictures) -> None:
    ids = []
    for name in ("satu", "dua"):
        form = {"url": pictures.url(f"{name}.jpg", jpeg()), "published": "false", "alt_text_custom": name}
        ids.append(client.facebook("POST", "/me/photos", data=form).json()["id"])
    assert client.posts() == []
    attached = json.dumps([{"media_fbid": number} for number in ids])
    made = client.facebook(
        "POST", "/me/feed", data={"message": "Album", "attached_media": attached}, params={"fields": "permalink_url"}
    ).json()
    assert made["permalink_url"].startswith("https://www.facebook.com/")
    assert client.posts()[0]["alt_texts"] == ["satu", "dua"]
    again = client.facebook("POST", "/me/feed", data={"message": "Lagi", "attached_media": attached})
    assert again.json()["error"]["code"] == 100


def test_unpublished_posts_stay_out_of_sight(client: Client) -> None:
    client.facebook("POST", "/me/feed", data={"message": "Simpan", "published": "false"})
    assert client.posts() == []
    assert client.facebook("GET", "/me/feed").json() == {"data": []}


@pytest.mark.parametrize(
    ("token", "code", "status"), [("EAAB123", 190, 400), ("sim_x_ppk_tengah", 190, 400), ("", 104, 400)]
)
def test_a_foreign_token_gets_metas_error(client: Client, token: str, code: int, status: int) -> None:
    answer = client.http.get(f"{client.base}/facebook/v26.0/me", params={"access_token": token}, timeout=5)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["type"]) == (status, code, "OAuthException")
    assert error["fbtrace_id"].startswith("A")


def test_another_page_is_out_of_reach(client: Client) -> None:
    answer = client.facebook("POST", "/123456789012345/feed", data={"message": "Bukan halaman saya"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 100)
    assert client.posts() == []


def test_one_dead_metric_fails_the_whole_call(client: Client) -> None:
    post = client.facebook("POST", "/me/feed", data={"message": "Halo"}).json()["id"]
    path = f"/{post}/insights"
    good = client.facebook("GET", path, params={"metric": "post_media_view,post_clicks", "period": "lifetime"}).json()
    assert [entry["name"] for entry in good["data"]] == ["post_media_view", "post_clicks"]
    dead = client.facebook("GET", path, params={"metric": "post_media_view,post_impressions"})
    assert (dead.status_code, dead.json()["error"]["code"]) == (400, 100)
    client.fault("facebook", "metric_refused", metric="post_clicks")
    assert client.facebook("GET", path, params={"metric": "post_clicks"}).status_code == 400
    assert client.facebook("GET", path, params={"metric": "post_media_view"}).status_code == 200


def test_numbers_grow_and_never_shrink_without_a_clean_up(client: Client, start: StartServer) -> None:
    post = client.facebook("POST", "/me/feed", data={"message": "Halo"}).json()["id"]
    seen = []
    for offset in (10, 600, 86_400, 604_800):
        with start(clock_setting=f"offset={offset}") as base:
            answer = Client(base, client.http).facebook("GET", f"/{post}/insights?metric=post_media_view").json()
            seen.append(answer["data"][0]["values"][0]["value"])
    assert seen == sorted(seen)
    assert 1 <= seen[0] < seen[-1] < 3000
    client.fault("facebook", "metrics_fall", percent=50)
    with start(clock_setting="offset=604800") as base:
        answer = Client(base, client.http).facebook("GET", f"/{post}/insights?metric=post_media_view").json()
    assert answer["data"][0]["values"][0]["value"] < seen[-1]


def test_counts_come_as_fields_too(client: Client, start: StartServer) -> None:
    post = client.facebook("POST", "/me/feed", data={"message": "Halo"}).json()["id"]
    fields = "shares,reactions.summary(true).limit(0),comments.summary(true).limit(0)"
    with start(clock_setting="offset=604800") as base:
        body = Client(base, client.http).facebook("GET", f"/{post}", params={"fields": fields}).json()
    assert set(body) - {"shares"} == {"id", "reactions", "comments"}
    assert body["reactions"]["summary"]["total_count"] >= 0


def test_lists_are_paged_and_bounded_in_time(client: Client) -> None:
    for number in range(3):
        client.facebook("POST", "/me/feed", data={"message": f"Nomor {number}"})
    first = client.facebook("GET", "/me/posts", params={"limit": 2}).json()
    assert [post["message"] for post in first["data"]] == ["Nomor 2", "Nomor 1"]
    headers = {"authorization": "Bearer sim_facebook_ppk_tengah"}
    second = client.http.get(first["paging"]["next"], headers=headers, timeout=5).json()
    assert [post["message"] for post in second["data"]] == ["Nomor 0"]
    assert client.facebook("GET", "/me/posts", params={"since": "4000000000"}).json() == {"data": []}
    assert client.facebook("GET", "/me/posts", params={"since": "kemarin"}).status_code == 400


def test_an_unknown_field_is_named_in_the_error(client: Client) -> None:
    answer = client.facebook("GET", "/me", params={"fields": "id,suka"}).json()
    assert "(suka)" in answer["error"]["message"]


def test_the_same_text_twice_is_two_posts_unless_the_fault_says_otherwise(client: Client) -> None:
    for _ in range(2):
        assert client.facebook("POST", "/me/feed", data={"message": "Sama"}).status_code == 200
    client.fault("facebook", "duplicate_506")
    refused = client.facebook("POST", "/me/feed", data={"message": "Sama"})
    assert refused.json()["error"]["code"] == 506
    assert client.facebook("POST", "/me/feed", data={"message": "Lain"}).status_code == 200
    assert len(client.posts()) == 3
