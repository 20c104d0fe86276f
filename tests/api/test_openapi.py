"""The API describes itself: valid, complete, with examples that its own schemas accept."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema.validators import Draft202012Validator

from app.main import API, create_app
from tests.support.client import NOWHERE
from tests.support.house import settings_for

NO_EXAMPLE_NEEDED = frozenset({"null", "boolean"})


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("spec")
    found: dict[str, Any] = create_app(settings_for(folder, f"sqlite:///{folder}/x.db"), redis_url=NOWHERE).openapi()
    return found


def operations(spec: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_the_document_is_valid_openapi(spec: dict[str, Any]) -> None:
    assert spec["openapi"].startswith("3.1")
    for name, schema in spec["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert name
    refs = set(_refs(spec))
    assert refs
    assert {ref for ref in refs if ref.rsplit("/", 1)[1] not in spec["components"]["schemas"]} == set()


def _refs(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from _refs(value)
    elif isinstance(node, list):
        for value in node:
            yield from _refs(value)


def test_every_call_says_what_it_is_and_how_it_refuses(spec: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, operation in operations(spec)]
    assert len(names) == len(set(names))
    for name, operation in operations(spec):
        assert operation.get("summary"), f"{name} has no summary"
        if API in name:
            assert {"401", "403", "404"} <= set(operation["responses"]), f"{name} does not say how it refuses"


def test_every_example_is_accepted_by_its_own_schema(spec: dict[str, Any]) -> None:
    fields = [
        (f"{name}.{field}", described)
        for name, schema in spec["components"]["schemas"].items()
        for field, described in schema.get("properties", {}).items()
    ]
    wrong = [
        f"{name}: {error.message}"
        for name, described in fields
        for example in described.get("examples", ())
        for error in Draft202012Validator({**described, "components": spec["components"]}).iter_errors(example)
    ]
    assert wrong == []
    assert sum(len(described.get("examples", ())) for _, described in fields) > 100


def test_every_body_that_is_sent_has_an_example_for_each_field_it_demands(spec: dict[str, Any]) -> None:
    schemas = spec["components"]["schemas"]
    bodies = {
        content["schema"]["$ref"].rsplit("/", 1)[1]
        for _, operation in operations(spec)
        for content in operation.get("requestBody", {}).get("content", {}).values()
        if "$ref" in content["schema"]
    }
    assert "NewPost" in bodies
    without = [
        f"{name}.{field}"
        for name in sorted(bodies)
        for field in schemas[name].get("required", ())
        if not _has_example(schemas, schemas[name]["properties"][field])
    ]
    assert without == []


def _has_example(schemas: dict[str, Any], described: dict[str, Any]) -> bool:
    if described.get("examples") or described.get("type") in NO_EXAMPLE_NEEDED or "enum" in described:
        return True
    if "$ref" in described:
        inner = schemas[described["$ref"].rsplit("/", 1)[1]]
        return "enum" in inner or any(field.get("examples") for field in inner.get("properties", {}).values())
    return any(_has_example(schemas, part) for part in described.get("anyOf", ()))


def test_a_credential_can_only_go_in(spec: dict[str, Any]) -> None:
    answers = {name: schema for name, schema in spec["components"]["schemas"].items() if name.endswith("Row")}
    assert all(
        "credential" not in schema["properties"] and "sealed" not in schema["properties"] for schema in answers.values()
    )
    assert Path(API).name == "v1"
