"""What commands print with --json, held against schemas/output.schema.json wherever a test runs one in its process."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from referencing import Registry, Resource

from engine import data
from engine.cli import main as cli
from engine.cli.console import Console

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

_FILES = ("api", "decision", "output", "report")


@cache
def schema(name: str) -> dict[str, Any]:
    """One of `schemas/`."""
    with open(os.path.join(data.path("schemas"), f"{name}.schema.json"), encoding="utf-8") as file:
        read: dict[str, Any] = json.load(file)
    return read


def answer(words: Sequence[str]) -> str:
    """What `$defs` calls the answer of a command: `keys-list` of `keys --json list`."""
    said = [word for word in words if not word.startswith("-")]
    names = ("-".join(said[:2]), *said[:1])
    return next((name for name in names if name in schema("output")["$defs"]), "-".join(said[:1]))


@cache
def _validator(name: str) -> "Draft202012Validator":
    from jsonschema import Draft202012Validator

    known = Registry().with_resources(
        [(f"{file}.schema.json", Resource.from_contents(schema(file))) for file in _FILES]
    )
    return Draft202012Validator({"$ref": f"output.schema.json#/$defs/{name}"}, registry=known)


def hold(words: Sequence[str], value: Any) -> None:
    """Nothing, if that is what the command may print. What has a `$schema` of its own says what it is."""
    if isinstance(value, dict) and "$schema" in value:
        return
    failed = isinstance(value, dict) and value.get("status") == "error"
    _validator("failure" if failed else answer(words)).validate(json.loads(json.dumps(value)))


@contextmanager
def held() -> Iterator[None]:
    """Meanwhile each answer is."""
    dispatch, printed = cli._dispatch, Console.json
    asked: dict[int, Sequence[str]] = {}

    def dispatching(words: list[str], console: Console) -> int:
        asked[id(console)] = tuple(words)
        try:
            return dispatch(words, console)
        finally:
            del asked[id(console)]

    def printing(console: Console, value: object, *, in_one_line: bool = False) -> None:
        if id(console) in asked:  # else a test prints by itself
            hold(asked[id(console)], value)
        printed(console, value, in_one_line=in_one_line)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli, "_dispatch", dispatching)
        patch.setattr(Console, "json", printing)
        yield
