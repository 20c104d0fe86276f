"""Reads what other projects recorded from the real platforms."""

import gzip
from pathlib import Path

import yaml

from app.platforms.answer import Answer


def load_body(folder: Path, name: str, status: int = 200) -> Answer:
    """A body alone, as python-facebook keeps them."""
    return Answer(status, {"content-type": "application/json"}, (folder / f"{name}.json").read_bytes())


def load_cassette(folder: Path, name: str) -> list[Answer]:
    """The answers of a tweepy cassette, in order."""
    interactions = yaml.safe_load((folder / f"{name}.yaml").read_text())["interactions"]
    return [_answer(each["response"]) for each in interactions]


def _answer(response: dict[str, dict[str, object]]) -> Answer:
    body = response["body"]["string"]
    raw = body.encode() if isinstance(body, str) else body
    assert isinstance(raw, bytes)
    content = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    headers = {name.lower(): str(values[0]) for name, values in response["headers"].items() if isinstance(values, list)}
    status = response["status"]["code"]
    assert isinstance(status, int)
    return Answer(status, headers, content)
