"""docs/rules.md lists common mistakes with what is said of them: each is made in the shipped rules here."""

from pathlib import Path

import pytest

from engine import data
from engine.core.rules.draft import APPROVERS, ENTRY
from engine.core.rules.lint import lint
from engine.run.catalog import catalog
from engine.run.trusted import read_rules

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
FILES = read_rules(data.ROOT)
ROWS = [
    ("`- opne` among gates", ENTRY, "    - open\n", "    - opne\n"),
    ('`if: "risky()"` in a gate', ENTRY, 'when: "risky()"', 'if: "risky()"'),
    ("`expires: 1 day`", ENTRY, "expires: 24h", "expires: 1 day"),
    ("`account: 111111111111`", ENTRY, '"111111111111"', "111111111111"),
    ("`from: [ann]`", ENTRY, "rollback: {from: [reviewers]}", "rollback: {from: [ann]}"),
    ("`users: [@carol]`", APPROVERS, "[carol]", "[@carol]"),
    ("`\"pr.state = 'open'\"`", ENTRY, "\"pr.state == 'open'\"", "\"pr.state = 'open'\""),
    ('`"pr.daft"`', ENTRY, '"pr.draft"', '"pr.daft"'),
    ("`environment() == 'prodution'`", ENTRY, "== 'production'", "== 'prodution'"),
    ('`message: "{why_locked()}."`', ENTRY, '"${why_locked()}."', '"{why_locked()}."'),
]


def test_the_shipped_rules_are_right():
    assert lint(FILES, catalog()) == ()


@pytest.mark.parametrize(("wrote", "file", "old", "new"), ROWS, ids=[row[0] for row in ROWS])
def test_a_common_mistake_is_told_as_the_page_says(wrote, file, old, new):
    text = FILES[file].decode()
    assert old in text
    told = lint({**FILES, file: text.replace(old, new, 1).encode()}, catalog())
    rows = [f"| {wrote} | {one.code} {one.message}: {one.hint} |" for one in told]
    assert len(rows) == 1
    assert rows[0] in PAGE, "\n".join(rows)


def test_the_page_lists_no_other():
    table = PAGE.partition("| you wrote | it says |\n|---|---|\n")[2].partition("\n\n")[0]
    assert [row.split(" | ")[0].removeprefix("| ") for row in table.splitlines()] == [row[0] for row in ROWS]
