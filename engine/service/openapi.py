"""The API's OpenAPI 3.1 document, made of the rows that make the API: what is not in it is not there."""

import os
import re
from collections.abc import Mapping
from typing import Any

import engine
from engine.service.api import READS, ROOT, Read
from engine.service.deeds import DEEDS, Deed

SCHEMA = "api.schema.json"
_REFUSED = {
    "400": "It is not written as it has to be.",
    "401": "No token, or nobody's.",
    "403": "The token may only read.",
    "404": "There is none.",
    "409": "It cannot be done as things stand.",
    "413": "It is too large.",
    "421": "That is not the name by which we are called.",
    "422": "What was asked for cannot be.",
    "503": "What we stand on does not answer.",
}


def document(root: str = "") -> dict[str, Any]:
    """The whole of it, for who sees us below the path `root`."""
    paths: dict[str, dict[str, Any]] = {}
    for row in READS:
        paths.setdefault(ROOT + row.path, {})["get"] = _read(row)
    for deed in DEEDS:
        paths.setdefault(ROOT + deed.path, {})["post"] = _deed(deed)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Interlock", "version": engine.__version__, "description": "`engine serve` for programs."},
        "servers": [{"url": root or "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": _schemas(),
        },
    }


def _read(row: Read) -> dict[str, Any]:
    query = [
        {"name": name, "in": "query", "description": about, "schema": {"type": "string"}}
        for name, about in row.query.items()
    ]
    return _operation(f"get{row.name}", row.about, row.path, row.name, query)


def _deed(deed: Deed) -> dict[str, Any]:
    found = _operation(deed.name, deed.about, deed.path, deed.answers, [])
    if deed.fields:
        fields = {
            name: {"type": "string", "description": field.about}
            | ({"enum": list(field.among)} if field.among else {"maxLength": field.longest})
            | ({"default": field.default} if field.default is not None else {})
            for name, field in deed.fields.items()
        }
        needed = [name for name, field in deed.fields.items() if field.default is None]
        schema = {"type": "object", "properties": fields, "required": needed}
        found["requestBody"] = {"required": True, "content": _json(schema)}
    return found


def _operation(name: str, about: str, path: str, answers: str, query: list[dict[str, Any]]) -> dict[str, Any]:
    within = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", path)
    ]
    refused = {code: {"description": said, "content": _json(_of("Refused"))} for code, said in _REFUSED.items()}
    return {
        "operationId": name,
        "summary": about,
        "parameters": within + query,
        "responses": {"200": {"description": about, "content": _json(_of(answers))}, **refused},
    }


def _json(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _of(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _schemas() -> dict[str, Any]:
    import json

    from engine import data

    with open(os.path.join(data.path("schemas"), SCHEMA), encoding="utf-8") as file:
        text = file.read()
    found: dict[str, Any] = json.loads(text.replace("#/$defs/", "#/components/schemas/"))["$defs"]
    return found
