"""Two globs overlap exactly when some path is matched by both."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.expressions.globs import glob
from engine.core.rules.ownership import one_state, overlap


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


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("S3/x.tfvars", "S3/x/**", True),
        ("S3/*", "S3/x/**", True),
        ("S3/x.*", "S3/x/x.tfvars", True),
        ("S3/x.json", "S3/x/**", False),  # a document alone makes no state
        ("S3/x.tfvars", "S3/y/**", False),
        ("S3/team-a-*/**", "S3/team-b-*/**", False),
        ("*", "S3/**", False),  # files at the top belong to no service
    ],
)
def test_one_state(one: str, other: str, expected: bool) -> None:
    assert one_state(one, other) is expected
    assert one_state(other, one) is expected


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


@settings(deadline=None)
@given(globs, globs, st.text("ab", min_size=1, max_size=3), st.text("ab", max_size=3), st.sampled_from(["", ".tfvars"]))
def test_two_forms_of_a_resource_are_found(one: str, other: str, name: str, file: str, ending: str) -> None:
    stem = f"a/{name}"
    if glob(one + ending)(f"{stem}.tfvars") and glob(other + ending)(f"{stem}/{file}.tfvars"):
        assert one_state(one + ending, other + ending)
