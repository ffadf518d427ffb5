"""Two globs overlap exactly when some path is matched by both."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.expressions.globs import glob
from engine.core.rules.checks import safety
from engine.core.rules.lint import lint
from engine.core.rules.ownership import MOST_STEPS, TooManyError, Work, alike, one_state, overlap
from tests.support.rules import MINIMAL, catalog, small


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
    assert overlap(one, other, Work()) is expected
    assert overlap(other, one, Work()) is expected


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
    assert one_state(one, other, Work()) is expected
    assert one_state(other, one, Work()) is expected


globs = st.lists(st.sampled_from(["a", "b", "/", "*", "**", "?", "**/"]), max_size=6).map("".join)


@settings(deadline=None)
@given(globs, globs, st.text("ab/", max_size=8))
def test_a_path_that_both_match_is_found(one: str, other: str, path: str) -> None:
    if glob(one)(path) and glob(other)(path):
        assert overlap(one, other, Work())


@settings(deadline=None)
@given(st.text("ab/", min_size=1, max_size=6), globs)
def test_a_plain_path_overlaps_exactly_with_what_matches_it(path: str, other: str) -> None:
    assert overlap(path, other, Work()) == glob(other)(path)


@settings(deadline=None)
@given(globs, globs, st.text("ab", min_size=1, max_size=3), st.text("ab", max_size=3), st.sampled_from(["", ".tfvars"]))
def test_two_forms_of_a_resource_are_found(one: str, other: str, name: str, file: str, ending: str) -> None:
    stem = f"a/{name}"
    if glob(one + ending)(f"{stem}.tfvars") and glob(other + ending)(f"{stem}/{file}.tfvars"):
        assert one_state(one + ending, other + ending, Work())


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["one", "two", "three"]), globs), max_size=6))
def test_whatever_meets_begins_alike(owned: list[tuple[str, str]]) -> None:
    pairs = [*alike(owned, Work())]
    assert len(set(pairs)) == len(pairs)
    for first, second in combinations(range(len(owned)), 2):
        (owner, one), (theirs, other) = owned[first], owned[second]
        if owner != theirs and (overlap(one, other, Work()) or one_state(one, other, Work())):
            assert (first, second) in pairs
        assert owner != theirs or (first, second) not in pairs


@pytest.mark.parametrize(
    ("why", "owned"),
    [
        ("directories of their own", [(str(i % 2), f"team{i}/S3/**") for i in range(10_000)]),
        ("one owner of everything", [("one", f"**/{i}") for i in range(10_000)]),
    ],
)
def test_many_globs_are_hardly_compared(why: str, owned: list[tuple[str, str]]) -> None:
    work = Work()
    assert [*alike(owned, work)] == [], why
    assert MOST_STEPS - work.left <= 10_000, why


def test_comparing_ends() -> None:
    owned = [(str(i % 2), f"**/{i}") for i in range(10_000)]
    with pytest.raises(TooManyError):
        [*alike(owned, Work())]
    with pytest.raises(TooManyError):
        overlap("**/a", "**/b", Work(10))


def test_rules_whose_globs_cannot_be_compared_do_not_load(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safety, "Work", lambda: Work(1_000))
    owns = [", ".join(f"'*{i}/z'" for i in range(start, 200, 2)) for start in (0, 1)]
    sources = f"sources: [{{repo: acme/dev, owns: [{owns[0]}]}}, {{repo: acme/stg, owns: [{owns[1]}]}}]"
    files = small(MINIMAL.decode().replace('sources: [{repo: acme/dev, owns: ["**"]}]', sources))
    assert [(p.code, p.place and p.place.line) for p in lint(files, catalog())] == [("ENG349", 2)]
