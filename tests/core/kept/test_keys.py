"""Names in a store: one for each thing, and no two things under one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.adapters.storage.port import checked
from engine.core.kept import keys

TEXTS = st.text(max_size=300) | st.text("abcAB.-_/0", max_size=120)


@given(TEXTS, TEXTS)
def test_every_text_has_a_part_of_its_own(one: str, other: str) -> None:
    part = keys.part(one)
    assert checked(f"{part}/x")
    assert "/" not in part
    assert (part == keys.part(other)) == (one == other)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("dev", True),
        ("dev-deployment_2.0", True),
        ("", False),
        ("Dev", False),
        ("..", False),
        (".git", False),
        ("a/b", False),
        ("ä", False),
        ("sha256-" + "1" * 64, False),
        ("a" * 101, False),
        ("\udcff", False),
    ],
)
def test_names_in_lower_case_are_kept(text: str, kept: bool) -> None:
    assert (keys.part(text) == text) == kept
    assert keys.part(text).startswith("sha256-") != kept


def test_keys_of_statements() -> None:
    prefix = keys.statements("github", "acme/dev-deployment", 7)
    assert keys.numbered(prefix, 1) == "statements/acme/dev-deployment/7/0000000001"
    assert keys.statements("github", "Acme/Dev-Deployment", 7) == prefix, "GitHub takes either case"
    assert keys.statements("local", "acme/dev-deployment", 7) == "statements-local/acme/dev-deployment/7/"
    assert keys.numbered(prefix, 999_999_999) < keys.numbered(prefix, 1_000_000_000)


def test_no_environment_is_all_of_them() -> None:
    assert (keys.freeze(None), keys.freeze("production")) == ("freeze/all", "freeze/production")
    assert keys.freeze("all") != keys.freeze(None)


def test_what_is_made_is_a_key() -> None:
    made = [keys.receipts("sha256:" + "1" * 64), *map(keys.freeze, ("X", "all", "", "\udcff", None))]
    assert [checked(key) for key in made] == made
    assert keys.receipts("sha256:" + "1" * 64) == "receipts/" + "1" * 64
