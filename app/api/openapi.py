"""What the API's own description says of manner: keys, versions, quotas, refusals, and an example of everything."""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI

from app.accounts.idempotency import HEADER, LONGEST_KEY
from app.api.idempotency import REPLAYED

PROBLEM = "application/problem+json"
_JSON = "application/json"
_PROBLEM_REF = {"$ref": "#/components/schemas/ProblemDetails"}

_HEADERS: dict[str, dict[str, Any]] = {
    "RateLimit": {
        "description": "Sisa jatah (r) dan detik sampai jatah penuh lagi (t).",
        "schema": {"type": "string", "examples": ['"reads";r=1199;t=60']},
    },
    "RateLimit-Policy": {
        "description": "Jatah (q) tiap jendela waktu (w, detik).",
        "schema": {"type": "string", "examples": ['"reads";q=1200;w=60']},
    },
    "Retry-After": {
        "description": "Tunggu sekian detik.",
        "schema": {"type": "integer", "minimum": 1, "examples": [17]},
    },
    REPLAYED: {
        "description": "Ada dan true: ini jawaban pertama, diulang; tidak ada yang dikerjakan lagi.",
        "schema": {"type": "string", "examples": ["true"]},
    },
    "ETag": {
        "description": "Versi jawaban ini, untuk If-Match dan If-None-Match.",
        "schema": {"type": "string", "examples": ['"75-1-9f1c2b7a"']},
    },
}
_KEY = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "Kunci pilihan Anda, misalnya UUID: permintaan yang diulang dengan kunci yang sama dalam 24 jam dikerjakan "
    "sekali saja dan dijawab sama.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[ -~]+$"},
    "example": "8e03978e-40d5-43dd-bc93-6894a57f9324",
}
_REFUSALS = {
    "304": "Belum berubah sejak versi yang Anda sebut",
    "401": "Perlu masuk",
    "403": "Tidak berwenang",
    "404": "Tidak ada, atau bukan untuk Anda",
    "409": "Keadaannya tidak mengizinkan, atau permintaan yang sama masih dikerjakan",
    "412": "Sudah diubah orang lain",
    "413": "Terlalu besar",
    "415": "Jenis berkas tidak didukung",
    "422": "Isian belum benar",
    "428": "Versi perlu disebut (If-Match)",
    "429": "Terlalu sering",
}
_BY_FORMAT = {
    "date-time": "2024-11-20T02:00:00Z",
    "date": "2024-11-20",
    "binary": "(isi berkas)",
}
_BY_TYPE: dict[str, Any] = {"string": "", "integer": 1, "number": 0.5, "boolean": False, "object": {}, "null": None}


def install(app: FastAPI, *, prefix: str) -> None:
    """`app.openapi()` answers the finished document from now on."""
    plain = app.openapi

    def finished() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = plain()
            for method, path, operation in _operations(document):
                if path.startswith(prefix):
                    _tell(operation, method)
                _exemplify(operation, document)
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = finished  # type: ignore[method-assign]


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def _tell(operation: dict[str, Any], method: str) -> None:
    responses, parameters = operation["responses"], operation.setdefault("parameters", [])
    given = {parameter["name"].lower() for parameter in parameters if parameter["in"] == "header"}
    wanted = {"401", "403", "404", "409", "422", "429"}
    if "if-match" in given:
        wanted |= {"412"} | ({"428"} if "If-Match" in operation.get("summary", "") else set())
    if "tus-resumable" in given:
        wanted |= {"412", "413", "415"}
    if "requestBody" in operation:
        wanted |= {"413"} | ({"415"} if "multipart/form-data" in operation["requestBody"]["content"] else set())
    for status in sorted(wanted):
        responses[status] = {
            "description": _REFUSALS[status],
            "content": {PROBLEM: {"schema": _PROBLEM_REF}},
        }
    told = {"RateLimit", "RateLimit-Policy"}
    if method == "post":
        parameters.append(_KEY)
        told |= {REPLAYED}
    if "if-none-match" in given:
        responses["304"] = {"description": _REFUSALS["304"]}
        told |= {"ETag"}
    _add_headers(responses, told)


def _add_headers(responses: dict[str, Any], told: set[str]) -> None:
    for status, response in responses.items():
        names = set(told) if status < "300" else {"RateLimit", "RateLimit-Policy"}
        if status in {"409", "429"}:
            names |= {"Retry-After"}
        for name in sorted(names):
            response.setdefault("headers", {}).setdefault(name, _HEADERS[name])


def _exemplify(operation: dict[str, Any], document: Mapping[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    body = operation.get("requestBody", {}).get("content", {}).get(_JSON)
    if body and "example" not in body:
        body["example"] = _example(body["schema"], schemas, is_asked=True)
    for status, response in operation["responses"].items():
        for kind, content in response.get("content", {}).items():
            if kind == PROBLEM:
                problem = _example(content["schema"], schemas, is_asked=False)
                said = _REFUSALS.get(status, "")
                content["example"] = problem | {"title": said, "status": int(status), "detail": f"{said}."}
            elif kind == _JSON and content.get("schema"):
                content["example"] = _example(content["schema"], schemas, is_asked=False)


def _example(schema: Mapping[str, Any], schemas: Mapping[str, Any], *, is_asked: bool) -> Any:
    """One value of the schema. `is_asked`: of a request, in which only what is needed or telling stands."""
    for told in ("examples", "enum"):
        if schema.get(told):
            return schema[told][0]
    for told in ("example", "const", "default"):
        if told in schema:
            return schema[told]
    if "$ref" in schema:
        return _example(schemas[schema["$ref"].rsplit("/", 1)[-1]], schemas, is_asked=is_asked)
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return _example(choices[0], schemas, is_asked=is_asked)
    if "properties" in schema:
        needed = set(schema.get("required", ()))
        return {
            name: _example(inner, schemas, is_asked=is_asked)
            for name, inner in schema["properties"].items()
            if not is_asked or name in needed or inner.get("examples")
        }
    if schema.get("type") == "array" and "items" in schema:
        return [_example(schema["items"], schemas, is_asked=is_asked)]
    return _BY_FORMAT.get(schema.get("format", ""), _BY_TYPE.get(schema.get("type", ""), ""))
