"""What people are told of many names is bounded, and so is the search for the one that was meant."""

from itertools import product

import pytest

from engine import names
from engine.names import LONGEST_NAME, MOST_LISTED, closest, listing


@pytest.mark.parametrize(
    ("why", "found", "shown"),
    [
        ("none", [], "none"),
        ("in order", ["b", "a"], "a, b"),
        ("many", map(str, range(1000, 5000)), f"{', '.join(map(str, range(1000, 1000 + MOST_LISTED)))} and 3,950 more"),
        ("long ones are shown whole, or not at all", ["x" * 1500, "y" * 1500], f"{'x' * 1500} and 1 more"),
        ("one is always shown", ["x" * 5000], "x" * 5000),
    ],
)  # fmt: skip
def test_listing(why, found, shown):
    assert listing(found) == shown, why


def test_a_guess_compares_few_names(monkeypatch):
    compared = []
    distance = names.distance

    def counted(meant, written):
        compared.append(meant)
        return distance(meant, written)

    monkeypatch.setattr(names, "distance", counted)
    assert closest("abcdx", ["".join(letters) for letters in product("abcdefg", repeat=4)]) != ""
    assert len(compared) <= 8


@pytest.mark.parametrize(
    ("name", "known", "guess"),
    [
        ("environmnt", ["account", "environment", "region"], "environment"),
        ("reviewd", ["policy", "reviewed"], "reviewed"),
        ("Statment", ["Statement"], "Statement"),
        ("unlike", ["policy", "reviewed"], ""),
        ("hwen", ["then", "when"], "when"),
        ("runn", ["run", "return"], "run"),
        ("enviornmnet", ["environment"], "environment"),
        ("repository", ["repo", "report"], "repo"),
        # Most letters alike, and another word all the same.
        ("title", ["state"], ""),
        ("reject", ["protect"], ""),
        ("teams", ["gates"], ""),
        ("date", ["after"], ""),
        ("kind", ["id"], ""),
        ("replay", ["plan"], ""),
        ("x" * (LONGEST_NAME + 1), ["x" * LONGEST_NAME], ""),
    ],
)
def test_closest(name, known, guess):
    assert closest(name, known) == (f"did you mean `{guess}`?" if guess else "")
