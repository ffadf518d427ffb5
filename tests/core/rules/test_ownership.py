"""Two globs overlap exactly when some path is matched by both."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.expressions.globs import glob
from engine.core.rules.ownership import overlap


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("**", "S3/a", True),
        ("S3/**", "KMS/**", False),
        ("S3/**", "*/data/**", True),
        ("S3/*", "S3/a/b", False),
        ("S3/*", "S3/a", True),
        ("S3/team-a-*/**", "S3/team-b-*/**", False),
        ("S3/team-?/**", "S3/team-a/**", True),
        ("S3/team-?/**", "S3/team-ab/**", False),
        ("**/*.tfvars", "S3/*.json", False),
        ("**/*.tfvars", "a.tfvars", True),
        ("**/a/**", "**/b/**", True),
        ("**/a.json", "**/ba.json", False),
        ("a**", "ab/c", True),
        ("", "", True),
        ("a" * 100 + "*" * 9, "b" * 100, False),
        ("*a" * 400, "*b" * 400, True),  # nobody can own so much on purpose: too large to tell
    ],
)
def test_overlap(one: str, other: str, expected: bool) -> None:
    assert overlap(one, other) is expected
    assert overlap(other, one) is expected


globs = st.lists(st.sampled_from(["a", "b", "/", "*", "**", "?", "**/"]), max_size=6).map("".join)


@settings(deadline=None)
@given(globs, globs, st.text("ab/", max_size=8))
def test_a_path_that_both_match_is_found(one: str, other: str, path: str) -> None:
    if glob(one)(path) and glob(other)(path):
        assert overlap(one, other)


@settings(deadline=None)
@given(st.text("ab/", min_size=1, max_size=6), globs)
def test_a_plain_path_overlaps_exactly_with_what_matches_it(path: str, other: str) -> None:
    assert overlap(path, other) == glob(other)(path)
