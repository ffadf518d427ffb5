"""What people get wrong in fixtures is told where they did it, once, with its way out: the table beside this."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.core.analysis.fixtures import load, run
from engine.core.rules.load import load as load_rules
from engine.errors import EngineError, failure
from tests.support.decision import CATALOG

TABLE = yaml.load(
    (Path(__file__).parent / "fixture_mistakes.yaml").read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader)
)
BASE: dict[str, str] = TABLE["base"]
ROWS: list[dict[str, Any]] = TABLE["mistakes"]
CASES = "tests/cases.yaml"
RULES = load_rules(
    {"deployment-rules.yaml": TABLE["rules"].encode(), "approvers-config.yaml": TABLE["approvers"].encode()}, CATALOG
)


def loaded(files):
    def read(file):
        if file not in files:
            raise failure("ENG001", file=file, reason="No such file or directory")
        return files[file].encode()

    return load(CASES, RULES, read)


def test_what_is_edited_is_right() -> None:
    found = loaded(BASE)
    assert [(c.why, run(c, RULES).mismatches) for c in found.cases if run(c, RULES).mismatches] == []
    assert found.stated == ("settled: protect note.merge",)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["why"])
def test_a_mistake_is_told_where_it_was_made(row: dict[str, Any]) -> None:
    name, (old, new) = row.get("in", CASES), row["edit"]
    before, found, after = BASE[name].partition(old)
    assert found, f"{old!r} is not in {name}"
    edited = before + new + after
    with pytest.raises(EngineError) as caught:
        loaded({**BASE, name: edited})
    begin = edited.index(row["at"], before.rfind("\n") + 1)
    line, column = edited.count("\n", 0, begin) + 1, begin - edited.rfind("\n", 0, begin)
    shown = "\n".join(p.text() for p in caught.value.problems)
    assert len(caught.value.problems) == 1, shown
    (one,) = caught.value.problems
    assert one.place is not None
    assert one.place[:3] == (name, line, column), shown
    assert [word for word in row["says"] if word not in f"{one.message} {one.hint}"] == [], shown
