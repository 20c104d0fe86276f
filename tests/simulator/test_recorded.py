"""Bodies recorded from the real platforms judge the simulator's shapes; they lie beside the repository."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.conftest import Client, Pictures, jpeg, until

RECORDED = Path(__file__).parents[3] / "shared" / "specs" / "meta" / "recorded-python-facebook"
pytestmark = pytest.mark.skipif(not RECORDED.exists(), reason="the recorded bodies are absent")


def recorded(name: str) -> Any:
    return json.loads((RECORDED / f"{name}.json").read_text())


def shape(value: Any) -> Any:
    """Names and types without the values; a list is described by its first entry."""
    if isinstance(value, dict):
        return {name: shape(part) for name, part in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else type(value).__name__


def test_metas_error_object_is_shaped_like_the_recorded_one(client: Client) -> None:
    made = client.facebook("GET", "/me", params={"fields": "suka"}).json()
    assert shape(made) == shape(recorded("base_error_data")) == shape(recorded("error"))


def test_instagrams_container_publish_and_quota_are_shaped_like_the_recorded_ones(
    client: Client, pictures: Pictures
) -> None:
    form = {"image_url": pictures.url("a.jpg", jpeg())}
    container = client.instagram("POST", "/me/media", data=form).json()
    assert shape(container) == shape(recorded("instagram_apidata_publish_create_photo"))
    assert len(container["id"]) == len(recorded("instagram_apidata_publish_create_photo")["id"])
    path, finished = f"/{container['id']}", recorded("instagram_apidata_publish_container_info")
    ask = {"fields": "id,status,status_code"}
    until(lambda: client.instagram("GET", path, params=ask).json()["status_code"] == "FINISHED")
    assert client.instagram("GET", path, params=ask).json() == {**finished, "id": container["id"]}
    made = client.instagram("POST", "/me/media_publish", data={"creation_id": container["id"]}).json()
    assert shape(made) == shape(recorded("instagram_apidata_publish_publish_container"))
    quota = client.instagram("GET", "/me/content_publishing_limit", params={"fields": "quota_usage,config"}).json()
    assert shape(quota) == shape(recorded("instagram_apidata_publish_publish_limit_resp"))


def test_instagrams_list_is_shaped_like_the_recorded_one(client: Client, pictures: Pictures) -> None:
    form = {"image_url": pictures.url("a.jpg", jpeg())}
    container = client.instagram("POST", "/me/media", data=form).json()["id"]
    until(lambda: client.instagram("POST", "/me/media_publish", data={"creation_id": container}).status_code == 200)
    wanted = recorded("instagram_apidata_users_medias_p1")["data"][0]
    listed = client.instagram("GET", "/me/media", params={"fields": ",".join(wanted)}).json()["data"][0]
    assert shape(listed) == shape(wanted)
    assert listed["timestamp"].endswith("+0000")
