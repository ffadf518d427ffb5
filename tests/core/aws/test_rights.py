"""What a role of the store may do, and what docs/store.md says of it."""

import re
from pathlib import Path

import pytest

from engine.core.aws.rights import STORE, store
from engine.core.kept.keys import LASTING

PAGE = (Path(__file__).parents[3] / "docs" / "store.md").read_text()
COLUMNS = ("plan", "decide", "apply")
ROWS = {
    prefix.removesuffix("/"): [one.strip().split(", ")[-1] for one in columns.split("|")[1:4]]
    for row in re.findall(r"^\| (`.*)\|$", PAGE, re.MULTILINE)
    for first, _, columns in [row.partition("|")]
    for prefix in re.findall(r"`([^`]+/)`", first)
}


def test_the_table_is_the_page_s():
    assert len(ROWS) > 30
    assert {prefix: [of[column] for column in COLUMNS] for prefix, of in STORE.items()} == ROWS


@pytest.mark.parametrize("column", COLUMNS)
def test_what_has_to_stay_is_never_deleted_and_nothing_is_without_a_prefix(column):
    for one in store("arn:aws:s3:::b", "runs/", column)["Statement"]:
        assert all(arn == "arn:aws:s3:::b" or arn.startswith("arn:aws:s3:::b/runs/") for arn in one["Resource"])
        assert not any("Version" in action and "List" not in action for action in one["Action"])
        if "s3:DeleteObject" in one["Action"]:
            assert not [p for p in LASTING if f"arn:aws:s3:::b/runs/{p}*" in one["Resource"]]
