"""Patches as rows."""

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sandbox.forge.pages.diffs import Line, rows, split

PATCHES = [
    ("a changed line", "@@ -1,2 +1,2 @@\n a\n-b\n+c", [(1, 1, "same"), (2, None, "del"), (None, 2, "ins")]),
    ("a new file", "@@ -0,0 +1,2 @@\n+a\n+b", [(None, 1, "ins"), (None, 2, "ins")]),
    ("a removed file", "@@ -1 +0,0 @@\n-a", [(1, None, "del")]),
    (
        "no new line at the end",
        "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a",
        [(1, None, "del"), (None, None, "note"), (None, 1, "ins")],
    ),
    (
        "lines that look like a hunk's head",
        "@@ -1,2 +1 @@\n-@@ -9 +9 @@\n @@ -8 +8 @@",
        [(1, None, "del"), (2, 1, "same")],
    ),
    ("lines that look like a file's head", "@@ -1 +1 @@\n--- a/x\n+++ b/x", [(1, None, "del"), (None, 1, "ins")]),
    ("two hunks", "@@ -1 +1 @@ f\n a\n@@ -9 +9 @@\n b", [(1, 1, "same"), (None, None, "hunk"), (9, 9, "same")]),
]  # fmt: skip - a table is read by its rows


@pytest.mark.parametrize(("why", "patch", "shown"), PATCHES, ids=[row[0] for row in PATCHES])
def test_rows(why, patch, shown):
    assert [(line.old, line.new, line.kind) for line in rows(patch)[1:]] == shown, why


def test_what_is_too_long_says_so():
    found = rows("@@ -0,0 +1,9 @@\n" + "+x\n" * 9, 5)
    assert len(found) == 6
    assert found[-1] == Line("note", None, None, "The rest of this file's changes is not shown here.")


def test_characters_that_nobody_sees_are_shown():
    assert rows("@@ -0,0 +1 @@\n+a\u202eb\x1b[2J")[1].text == "a\\u202eb\\x1b[2J"


TEXT = st.lists(st.sampled_from(["a", "b", "", "-", "+x", "@@ -1 +1 @@", "--- a", " c"]), max_size=12)


@given(TEXT, TEXT)
def test_both_sides_can_be_put_together_again(before, after):
    patch = "\n".join(
        line
        for line in difflib.unified_diff(before, after, lineterm="", n=99)
        if not line.startswith(("--- \n", "+++ \n"))
    )
    patch = patch[patch.index("@@ ") :] if "@@ " in patch else ""
    lines = rows(patch)
    if before != after:
        assert [line.text for line in lines if line.kind in ("same", "del")] == before
        assert [line.text for line in lines if line.kind in ("same", "ins")] == after
    pairs = split(lines)
    assert [pair.left for pair in pairs if pair.left and pair.left.kind != "ins"] == [
        line for line in lines if line.kind != "ins"
    ]
    assert [pair.right for pair in pairs if pair.right] == [line for line in lines if line.kind != "del"]
