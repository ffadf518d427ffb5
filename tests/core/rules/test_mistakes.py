"""What people get wrong in rules is told where they did it, with its cause and the way out: the table beside this."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.core.rules.draft import ENTRY
from engine.core.rules.lint import lint
from engine.run.catalog import catalog

TABLE = yaml.load((Path(__file__).parent / "mistakes.yaml").read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
BASE: dict[str, str] = TABLE["base"]
ROWS: list[dict[str, Any]] = TABLE["mistakes"]


def test_what_is_edited_is_right() -> None:
    assert lint({name: text.encode() for name, text in BASE.items()}, catalog()) == ()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["why"])
def test_a_mistake_is_told_where_it_was_made(row: dict[str, Any]) -> None:
    name, (old, new) = row.get("in", ENTRY), row["edit"]
    before, found, after = BASE[name].partition(old)
    assert found, f"{old!r} is not in {name}"
    edited = before + new + after
    problems = lint({**{n: t.encode() for n, t in BASE.items()}, name: edited.encode()}, catalog())

    begin = edited.index(row["at"], before.rfind("\n") + 1)
    line, column = edited.count("\n", 0, begin) + 1, begin - edited.rfind("\n", 0, begin)
    there = [p for p in problems if p.place and (p.place.file, p.place.line, p.place.column) == (name, line, column)]
    shown = "\n".join(p.text() for p in problems)
    assert [p for p in there if all(word in f"{p.message} {p.hint}" for word in row["says"])], (
        f"not at {name}:{line}:{column}:\n{shown}"
    )
    assert len(problems) == row.get("problems", 1), shown


EXPRESSIONS: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "expression_mistakes.yaml").read_text(encoding="utf-8")
)["mistakes"]


def _with_expression(row: dict[str, Any], text: str) -> dict[str, bytes]:
    """The rules of the table, with `text` where the row says, in the quotes that it has none of."""
    old = {"condition": '"pr.base.ref == verdict.branch"', "message": '"It goes to ${verdict.branch}."'}
    place = next(key for key in ("condition", "message", "event") if key in row)
    written = "'" + text.replace("'", "''") + "'" if '"' in text else f'"{text}"'
    entry = BASE[ENTRY]
    if place == "event":
        entry = entry.replace("synchronize], run", f"synchronize], when: {written}, run", 1)
    else:
        entry = entry.replace(old[place], written, 1)
    assert written in entry
    return {name: (entry if name == ENTRY else one).encode() for name, one in BASE.items()}


@pytest.mark.parametrize("row", EXPRESSIONS, ids=lambda row: row["why"])
def test_a_mistake_in_an_expression_is_told_with_what_mends_it(row: dict[str, Any]) -> None:
    text = row.get("condition") or row.get("message") or row["event"]
    problems = lint(_with_expression(row, text), catalog())
    shown = "\n".join(p.text() for p in problems)
    assert len(problems) == row.get("problems", 1), shown
    wanted = str(row.get("says", row.get("write")))
    said = [p.place for p in problems if wanted in f"{p.message} {p.hint}"]
    assert said, shown
    place = said[0]
    assert place is not None
    assert place.excerpt[place.column - 1 :].startswith(row["at"]), f"{place.column}: {shown}"
    if "write" in row and row.get("mends", True):
        assert lint(_with_expression(row, text.replace(row.get("for", row["at"]), row["write"], 1)), catalog()) == ()


@pytest.mark.parametrize(
    ("why", "old", "new", "codes"),
    [
        (
            "a finding with a reason",
            "{branch: main}",
            "{branch: origin/main} # engine: ignore ENG894 called so",
            [],
        ),
        ("another line", "{branch: main}", "{branch: origin/main}\n# engine: ignore ENG894 x", ["ENG894", "ENG898"]),
        ("an error", "from: [chiefs]", "from: [chefs] # engine: ignore ENG054 never", ["ENG054"]),
    ],
)
def test_who_has_looked_at_a_finding_says_so_in_its_line(why: str, old: str, new: str, codes: list[str]) -> None:
    files = {name: text.encode() for name, text in BASE.items()}
    files[ENTRY] = BASE[ENTRY].replace(old, new, 1).encode()
    assert [one.code for one in lint(files, catalog())] == codes, why
