"""GitHub's own OpenAPI description of REST (npm), and what it says of one request and its answer.

OpenAPI 3.0 is turned into JSON Schema: `nullable` into a null branch, `oneOf` into `anyOf` (GitHub's branches overlap).
Almost nothing in it forbids further properties, so unknown ones are looked for here, at every depth.
"""

import functools
import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from tests.support import npm
from tests.support.shapes import Schema, Shapes

PACKAGE = "@octokit/openapi@23.0.2"
# What GitHub answers everywhere, whether the operation lists it or not; and what a server in trouble answers.
EVERYWHERE = frozenset({400, 401, 403, 404, 413, 415, 422, 429, 500, 501, 502, 503})
# Operations whose description says less than its own text: what is allowed besides.
REQUEST_MAY_BE_A_LIST = frozenset({"/repos/{owner}/{repo}/issues/{issue_number}/labels"})
_URI = "urn:github"
# Schemas of answers that no answer can satisfy: this one wants an account that is a person and an enterprise at once.
_MENDED: Mapping[str, dict[int, Schema | None]] = {
    "GET /app/installations": {200: {"type": "array", "items": {"$ref": f"{_URI}#/$defs/installation"}}},
}
_REFUSED: Schema = {"anyOf": [{"$ref": f"{_URI}#/$defs/basic-error"}]}
_INVALID: Schema = {"anyOf": [*_REFUSED["anyOf"], {"$ref": f"{_URI}#/$defs/validation-error"}]}
_PAGING = ("page", "per_page")  # clients ask for pages of whatever they list
_DROPPED = ("discriminator", "example", "examples", "nullable", "externalDocs")


class Operation(NamedTuple):
    """One verb of one path."""

    name: str  # GET /repos/{owner}/{repo}
    query: frozenset[str]
    request: Schema | None
    request_required: bool
    responses: Mapping[int, Schema | None]  # None: without a body


class Exchange(NamedTuple):
    """One request and its answer, as they went over the wire."""

    path: str  # as the route spells it
    verb: str
    query: str
    body: bytes
    status: int
    media: str
    answer: bytes


@functools.cache
def description() -> Any:
    """The whole description (13 MB)."""
    with open(npm.unpacked(PACKAGE, "generated/api.github.com.json"), encoding="utf-8") as file:
        return json.load(file)


@functools.cache
def operation(verb: str, path: str) -> Operation | None:
    """What GitHub says of it; None if GitHub has none."""
    item = description()["paths"].get(path, {})
    found = item.get(verb.lower())
    if found is None:
        return None
    parameters = [_target(one) for one in (*item.get("parameters", ()), *found.get("parameters", ()))]
    body = _target(found.get("requestBody", {}))
    return Operation(
        f"{verb} {path}",
        frozenset(one["name"] for one in parameters if one["in"] == "query"),
        _json_schema(body),
        bool(body.get("required")),
        {int(status): _json_schema(_target(one)) for status, one in found["responses"].items()}
        | _MENDED.get(f"{verb} {path}", {}),
    )


def problems(exchange: Exchange) -> Iterator[str]:
    """Everything in which it differs from the description."""
    found = operation(exchange.verb, exchange.path)
    if found is None:
        yield f"{exchange.verb} {exchange.path}: GitHub has no such operation"
        return
    for problem in (*_asked(found, exchange), *_answered(found, exchange)):
        yield f"{found.name} {exchange.status}: {problem}"


def _asked(found: Operation, exchange: Exchange) -> Iterator[str]:
    if exchange.status >= 300:
        return  # tests send nonsense on purpose; that it was refused is theirs to say
    for name, _ in parse_qsl(exchange.query, keep_blank_values=True):
        if name not in found.query and name not in _PAGING:
            yield f"GitHub does not know the query parameter {name!r}"
    if not exchange.body.strip():
        if found.request_required and "required" in (found.request or {}):
            yield "the request must have a body"
    elif found.request is not None:
        body = json.loads(exchange.body)
        if not (isinstance(body, list) and exchange.path in REQUEST_MAY_BE_A_LIST):
            yield from (f"request{problem}" for problem in differences(body, found.request))
    elif json.loads(exchange.body) != {}:
        yield "GitHub expects no body"


def _answered(found: Operation, exchange: Exchange) -> Iterator[str]:
    if exchange.status in found.responses:
        schema = found.responses[exchange.status]
    elif exchange.status in EVERYWHERE:
        schema = _INVALID if exchange.status == 422 else _REFUSED
    elif exchange.status == 304 and exchange.verb == "GET":
        schema = None
    else:
        yield f"the status is not one of {sorted(found.responses)}"
        return
    if not exchange.answer:
        if schema is not None and exchange.status not in (304, *range(500, 600)):
            yield "the answer has no body"
    elif schema is None:
        if exchange.status < 300 and "json" in exchange.media:
            yield "the answer must have no body"
    elif "json" in exchange.media:
        try:
            answer = json.loads(exchange.answer)
        except ValueError:
            yield "the answer is no JSON"
            return
        # GitHub repeats the status in the JSON of every error; not all of its schemas of errors say so.
        if exchange.status >= 400 and isinstance(answer, dict) and answer.get("status") == str(exchange.status):
            del answer["status"]
        yield from (f"answer{problem}" for problem in differences(answer, schema))


def differences(value: Any, schema: Schema) -> Iterator[str]:
    """Where a value breaks a schema, or has properties that the schema does not have."""
    return _shapes().differences(value, schema)


def names_in(schema: Schema) -> list[str]:
    """The properties that a schema of an object speaks of."""
    return _shapes().names(schema)


@functools.cache
def _shapes() -> Shapes:
    schemas = description()["components"]["schemas"]
    return Shapes(_URI, {name: _modern(schema) for name, schema in schemas.items()})


def _target(node: Any) -> Any:
    if "$ref" not in node:
        return node
    _, _, kind, name = node["$ref"].split("/")
    return description()["components"][kind][name]


def _json_schema(node: Any) -> Schema | None:
    """Of whatever JSON it may be: an Accept header may ask for another shape (`object`)."""
    contents = node.get("content", {}).items()
    found = [
        _modern(content["schema"])
        for media, content in contents
        if "schema" in content and ("json" in media or media.endswith(".object"))
    ]
    return {"anyOf": found} if len(found) > 1 else found[0] if found else None


def _modern(node: Any) -> Any:
    if isinstance(node, list):
        return [_modern(child) for child in node]
    if not isinstance(node, dict):
        return node
    schema = {
        "anyOf" if key == "oneOf" else key: {name: _modern(child) for name, child in value.items()}
        if key == "properties"
        else value.replace("#/components/schemas/", f"{_URI}#/$defs/")
        if key == "$ref"
        else _modern(value)
        for key, value in node.items()
        if key not in _DROPPED and (key != "description" or isinstance(value, dict))
    }
    if node.get("nullable") is not True:
        return schema
    return {"anyOf": [schema, {"type": "null"}]}
