"""JMESPath's official compliance suite through our strict compiler: the same answer, or one of the known refusals.

Every case runs as `document | (expression)` with nothing known of the document, so that nothing is refused for its
schema. `tests/support/jmespath_oracle.py` says, without our code, which refusals a case may end in.
"""

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import jmespath.exceptions
import pytest

from engine.errors import EngineError
from tests.support import npm
from tests.support.expressions import language, value
from tests.support.jmespath_oracle import ask, same
from tests.support.npm import UNREACHABLE, needs_npm, or_skip

SUITE = "jmespath@0.15.0"  # the last release of the JavaScript library that carries the suite

pytestmark = needs_npm


@pytest.fixture(scope="module")
def cases() -> list[tuple[str, Any, dict[str, Any]]]:
    try:
        return list(_cases())
    except UNREACHABLE as error:
        or_skip(SUITE, error)


def _cases() -> Iterator[tuple[str, Any, dict[str, Any]]]:
    for path, content in npm.files(SUITE):
        if path.startswith("test/compliance/"):
            for group in content:
                for case in group["cases"]:
                    yield os.path.basename(path), _sorted(group["given"]), case


def _sorted(value: Any) -> Any:
    """Objects in the order of their names: the specification leaves it open, we do not."""
    if isinstance(value, dict):
        return {k: _sorted(value[k]) for k in sorted(value)}
    return [_sorted(v) for v in value] if isinstance(value, list) else value


def test_the_suite(cases: list[tuple[str, Any, dict[str, Any]]]) -> None:
    known = language({"document": {}})
    seen: Counter[str] = Counter()
    for file, given, case in cases:
        text = case["expression"]
        named = f"{file}: {text}"
        try:
            ours = value(f"document | ({text})", known).evaluate({"document": given})
            refused = None
        except EngineError as error:
            refused = error.problems[0].code
        if "error" in case:
            assert refused, f"{named} must be refused: {case['error']}"
            seen["error in both"] += 1
            continue
        try:
            stock, oracle = ask(text, given)
        except jmespath.exceptions.JMESPathError:
            assert refused == "ENG101", named  # this library and the suite's disagree
            continue
        if refused:
            assert refused in oracle.possible, f"{named}: {refused} has no reason, only {oracle.possible}"
            seen[refused] += 1
        else:
            assert not oracle.reached, f"{named}: answered in spite of {oracle.reached}"
            assert oracle.differs or same(ours, stock), f"{named}: {ours} is not {stock}"
            seen["equal"] += 1
    assert sum(seen.values()) > 800, seen
    assert seen["equal"] > 300, seen
