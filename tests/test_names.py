"""What people are told of many names is bounded, and so is the search for the one that was meant."""

import difflib
from itertools import product

import pytest

from engine.names import LONGEST_NAME, MOST_LISTED, closest, listing


@pytest.mark.parametrize(
    ("why", "names", "shown"),
    [
        ("none", [], "none"),
        ("in order", ["b", "a"], "a, b"),
        ("many", map(str, range(1000, 5000)), f"{', '.join(map(str, range(1000, 1000 + MOST_LISTED)))} and 3,950 more"),
        ("long ones are shown whole, or not at all", ["x" * 1500, "y" * 1500], f"{'x' * 1500} and 1 more"),
        ("one is always shown", ["x" * 5000], "x" * 5000),
    ],
)  # fmt: skip
def test_listing(why, names, shown):
    assert listing(names) == shown, why


def test_a_guess_compares_few_names(monkeypatch):
    compared = []
    ratio = difflib.SequenceMatcher.real_quick_ratio

    def counted(self):
        compared.append(self.a)
        return ratio(self)

    monkeypatch.setattr(difflib.SequenceMatcher, "real_quick_ratio", counted)
    names = ["".join(letters) for letters in product("abcdefg", repeat=4)]
    assert closest("abcdx", names) != ""
    assert len(compared) <= 8


@pytest.mark.parametrize(
    ("name", "known", "guess"),
    [
        ("environmnt", ["account", "environment", "region"], "environment"),
        ("reviewd", ["policy", "reviewed"], "reviewed"),
        ("Statment", ["Statement"], "Statement"),
        ("unlike", ["policy", "reviewed"], ""),
        ("x" * (LONGEST_NAME + 1), ["x" * LONGEST_NAME], ""),
    ],
)
def test_closest(name, known, guess):
    assert closest(name, known) == (f"did you mean `{guess}`?" if guess else "")
