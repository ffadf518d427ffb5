"""docs/store.md says of everything that stands in a store who may write there."""

import re
from pathlib import Path

from engine.core.kept import keys

PAGE = (Path(__file__).parents[2] / "docs" / "store.md").read_text()
ROWS = {
    prefix: columns.split("|")
    for row in re.findall(r"^\| (`.*)\|$", PAGE, re.MULTILINE)
    for first, _, columns in [row.partition("|")]
    for prefix in re.findall(r"`([^`]+)`", first)
}


def test_every_prefix_has_a_row() -> None:
    assert keys.__doc__ is not None
    first = [line.split()[0] for line in keys.__doc__.splitlines() if line.strip()]
    known = {word.partition("/")[0] + "/" for word in first if "/" in word}
    assert known
    assert known | set(keys.LASTING) <= set(ROWS)


def test_the_job_that_plans_writes_nothing_that_is_believed_by_a_signature() -> None:
    for prefix in ("ledger/", "merges/", "statements/", "merging/", "backups/", "freeze/"):
        assert "w" not in ROWS[prefix][1], prefix


def test_nobody_deletes_what_has_to_stay() -> None:
    for prefix in keys.LASTING:
        assert f"`{prefix}`" in PAGE.partition("## Object Lock")[2], prefix
        assert not any("d" in right for right in ROWS[prefix][1:]), prefix
