"""What runs keep has one form and a version; anything else is an error, never guessed at."""

import json
from typing import Any

import pytest

from engine.core.canonical import canonical
from engine.core.kept import record
from engine.errors import EngineError

FREEZE = {
    "run": "r1", "environment": None, "active": True, "by": "ann", "at": "2026-11-23T21:00:00Z", "reason": "audit",
}  # fmt: skip
WHOLE = {"version": 1, "kind": "freeze", **FREEZE}


def test_what_is_written_is_read() -> None:
    data = record.encode("freeze", **FREEZE)
    assert json.loads(data) == WHOLE
    assert record.decode("freeze", data, "freeze/all") == FREEZE


@pytest.mark.parametrize(
    ("why", "data", "code"),
    [
        ("nothing", b"", "ENG193"),
        ("rubbish", b"\x00\xff", "ENG193"),
        ("half of it", canonical(WHOLE)[:-3], "ENG193"),
        ("a list", b"[1]", "ENG193"),
        ("of a newer engine", canonical({**WHOLE, "version": 2}), "ENG194"),
        ("of a newer engine, with fields of its own", canonical({"version": 9, "new": 1}), "ENG194"),
        ("of no version", canonical({k: v for k, v in WHOLE.items() if k != "version"}), "ENG193"),
        ("of version 0", canonical({**WHOLE, "version": 0}), "ENG193"),
        ("of version true", canonical({**WHOLE, "version": True}), "ENG193"),
        ("of version 1.0", canonical({**WHOLE, "version": 1.0}), "ENG193"),
        ("of another kind", canonical({**WHOLE, "kind": "statement"}), "ENG193"),
        ("a field more", canonical({**WHOLE, "more": 1}), "ENG193"),
        ("a field less", canonical({"version": 1, "kind": "freeze", "run": "r1"}), "ENG193"),
        ("a field of another type", canonical({**WHOLE, "run": 1}), "ENG193"),
        ("a field twice", canonical(WHOLE)[:-1] + b',"version":1}', "ENG193"),
        ("in another spelling", json.dumps(WHOLE).encode(), "ENG193"),
        ("with a line end", canonical(WHOLE) + b"\n", "ENG193"),
        ("16 MB and more", canonical({**WHOLE, "run": "x" * record.LARGEST}), "ENG196"),
    ],
)
def test_what_is_of_another_form(why: str, data: bytes, code: str) -> None:
    with pytest.raises(EngineError) as refused:
        record.decode("freeze", data, "freeze/all")
    (problem,) = refused.value.problems
    assert (problem.code, "freeze/all" in problem.message) == (code, True), why


def test_what_nobody_could_read_is_not_written() -> None:
    too_large: Any = {"run": "r1", "envelope": {"payload": "x" * record.LARGEST}}
    with pytest.raises(EngineError) as refused:
        record.encode("statement", **too_large)
    assert refused.value.problems[0].code == "ENG196"
