"""No small edit of the shipped rules passes lint and the shipped fixtures: the table beside this."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine import data
from engine.core.analysis import fixtures
from engine.core.analysis.coverage import coverage
from engine.core.rules.draft import ENTRY
from engine.core.rules.lint import lint
from engine.core.rules.load import load
from engine.core.rules.model import Rules
from engine.errors import EngineError
from engine.run.catalog import catalog
from engine.run.trusted import read_rules

ROWS: list[dict[str, Any]] = yaml.load(
    (Path(__file__).parent / "edits.yaml").read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader)
)
SPECS = Path(data.ROOT) / "tests" / "specs"


@cache
def read(file: str) -> bytes:
    return Path(file).read_bytes()


def is_noticed(file: str, rules: Rules) -> bool:
    """By a case that comes out otherwise, or by what the file says is settled."""
    try:
        found = fixtures.load(str(SPECS / file), rules, read)
    except EngineError:
        return True
    return any(fixtures.run(case, rules).mismatches for case in found.cases)


def is_covered(rules: Rules) -> bool:
    loaded = [fixtures.load(str(file), rules, read) for file in sorted(SPECS.glob("*.yaml"))]
    decisions = (fixtures.run(case, rules).decision for one in loaded for case in one.cases)
    return all(point.seen for point in coverage(rules, decisions, [said for one in loaded for said in one.stated]))


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["why"])
def test_an_edit_is_noticed(row: dict[str, Any]) -> None:
    name, (old, new), by = row.get("in", ENTRY), row["edit"], row["by"]
    files = dict(read_rules(data.ROOT))
    text = files[name].decode()
    assert old in text, f"{old!r} is not in {name}"
    files[name] = text.replace(old, new, 1).encode()
    if by == "lint":
        assert lint(files, catalog())
        return
    rules = load(files, catalog())
    assert not is_covered(rules) if by == "coverage" else is_noticed(by, rules)
