"""What the document says of manner: refusals, quotas, keys and versions, and whole examples that are valid."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema.validators import Draft202012Validator

from app.main import API, create_app
from tests.support.client import NOWHERE
from tests.support.house import settings_for

PROBLEM = "application/problem+json"
JSON = "application/json"


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("spec")
    found: dict[str, Any] = create_app(settings_for(folder, f"sqlite:///{folder}/x.db"), redis_url=NOWHERE).openapi()
    return found


def calls(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        if path.startswith(API):
            yield from ((method, path, operation) for method, operation in methods.items())


def headers_of(operation: dict[str, Any]) -> set[str]:
    return {each["name"].lower() for each in operation.get("parameters", ()) if each["in"] == "header"}


def test_every_refusal_is_a_problem_and_too_often_is_among_them(document: dict[str, Any]) -> None:
    for method, path, operation in calls(document):
        refusals = {status: found for status, found in operation["responses"].items() if status >= "400"}
        assert {"401", "403", "404", "409", "422", "429"} <= set(refusals), f"{method} {path}"
        assert all(list(found["content"]) == [PROBLEM] for found in refusals.values()), f"{method} {path}"
        assert {"Retry-After", "RateLimit", "RateLimit-Policy"} <= set(refusals["429"]["headers"])


def test_every_post_takes_a_key_and_says_when_it_repeats(document: dict[str, Any]) -> None:
    for method, path, operation in calls(document):
        takes_key = "idempotency-key" in headers_of(operation)
        assert takes_key == (method == "post"), f"{method} {path}"
        good = [found for status, found in operation["responses"].items() if status < "300"]
        assert all(("Idempotency-Replayed" in found["headers"]) == takes_key for found in good)


def test_versions_are_declared_where_they_are_asked_for(document: dict[str, Any]) -> None:
    paths = document["paths"]
    for path in (f"{API}/posts/{{post_id}}", f"{API}/templates/{{template_id}}"):
        assert "304" in paths[path]["get"]["responses"]
        assert "ETag" in paths[path]["get"]["responses"]["200"]["headers"]
        assert "412" in paths[path]["patch"]["responses"]
    assert "428" in paths[f"{API}/posts/{{post_id}}"]["delete"]["responses"]
    assert {"413", "415"} <= set(paths[f"{API}/media"]["post"]["responses"])


def test_every_body_and_every_answer_has_a_whole_valid_example(document: dict[str, Any]) -> None:
    wrong, seen = [], 0
    for method, path, operation in calls(document):
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for content in (body["content"] for body in bodies if "content" in body):
            for kind in {JSON, PROBLEM} & set(content):
                seen += 1
                schema = {**content[kind]["schema"], "components": document["components"]}
                found = list(Draft202012Validator(schema).iter_errors(content[kind]["example"]))
                wrong += [f"{method} {path}: {error.json_path} {error.message}" for error in found]
    assert wrong == []
    assert seen > 200
