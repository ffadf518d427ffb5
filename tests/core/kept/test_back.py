"""Where a way back leads, by what the ledger says: one row each."""

from typing import Any

import pytest

from engine.core.kept.back import NoWayBack, goal, newer
from engine.core.kept.ledger import NOTHING, Entry
from tests.support.ledger import entry

A, B, C, D = (letter * 40 for letter in "abcd")
V = {commit: "sha256:" + commit[0] * 64 for commit in (A, B, C, D)}


def entries(*tries: "tuple[str, str]") -> list[Entry]:
    """Outcome and commit of each; the values are the commit's own."""
    found = []
    for number, (outcome, commit) in enumerate(tries, 1):
        more: dict[str, Any] = {} if outcome == "destroyed" else {"values": V[commit]}
        found.append(entry(outcome=outcome, number=number, before=None if number == 1 else "sha256:" + "0" * 64,
                           commit=commit, pr=number, **more, **_by(outcome)))  # fmt: skip
    return found


def _by(outcome: str) -> dict[str, Any]:
    if outcome != "restored":
        return {}
    people = [{"id": n, "login": f"p{n}", "comment": 100 + n} for n in (1, 2)]
    return {"why": "we need it", "people": people}


def way(*tries: "tuple[str, str]", backs: "tuple[int, ...]" = (), **asked: Any) -> "tuple[int, int]":
    found = goal(entries(*tries), lambda one: one.said["pr"] in backs, **asked)
    return found.undone.number, found.good.number


@pytest.mark.parametrize(
    ("why", "expected", "found"),
    [
        ("the one before", (2, 1), way(("applied", A), ("applied", B))),
        ("what is half applied, to the one before", (2, 1), way(("applied", A), ("partial", B))),
        ("what has failed leaves the branch ahead", (2, 1), way(("applied", A), ("failed", B))),
        ("what was never good is passed over", (3, 1), way(("applied", A), ("failed", B), ("partial", C))),
        ("it was tried twice", (3, 1), way(("applied", A), ("partial", B), ("applied", B))),
        ("a gate that said no has done nothing", (2, 1), way(("applied", A), ("applied", B), ("refused", C))),
        ("what was destroyed comes again", (2, 1), way(("applied", A), ("destroyed", B))),
        ("a state that was brought back is none of ours", (2, 1), way(("applied", A), ("applied", B), ("restored", B))),
        ("as far as somebody says", (3, 1), way(("applied", A), ("applied", B), ("applied", C), to="a" * 7)),
        ("the merge that is meant", (2, 1), way(("applied", A), ("applied", B), commit=B)),
        ("a way back of a way back, where it is said", (3, 2),
         way(("applied", A), ("applied", B), ("applied", C), backs=(3,), commit=C)),
        ("... or named", (3, 2), way(("applied", A), ("applied", B), ("applied", C), backs=(3,), to=B)),
    ],
)  # fmt: skip
def test_it_leads_to_what_was_applied_before(why: str, expected: Any, found: Any) -> None:
    assert found == expected, why


@pytest.mark.parametrize(
    ("why", "tries", "asked", "says"),
    [
        ("nothing was ever tried", [], {}, "nothing of it was ever applied"),
        ("nothing was ever begun", [("refused", A), ("stopped", B)], {}, "nothing of it was ever applied"),
        ("the first apply", [("applied", A)], {}, "was the first try"),
        ("a first apply that failed half way", [("partial", A), ("applied", A)], {}, "was the first try"),
        ("nothing was good before", [("failed", A), ("partial", B)], {}, "was the first try"),
        ("before that it was destroyed", [("applied", A), ("destroyed", B), ("applied", C)],
         {}, "it was destroyed then"),
        ("another one was tried since", [("applied", A), ("applied", B), ("applied", C)],
         {"commit": B}, "was tried since"),
        ("a way back of a way back", [("applied", A), ("applied", B)], {"backs": (2,)}, "is a way back itself"),
        ("a commit that was never applied", [("applied", A), ("failed", B), ("applied", C)],
         {"to": B}, "was never applied"),
        ("a commit of somebody else", [("applied", A), ("applied", B)], {"to": D}, "was never applied"),
        ("too little of a commit", [("applied", A), ("applied", B)], {"to": "a" * 6}, "names no one commit"),
        ("the commit that is applied", [("applied", A), ("applied", B)], {"to": B}, "the very values"),
        ("the same values, by another merge", [("applied", A), ("applied", B), ("applied", B)],
         {"to": B}, "the very values"),
    ],
)  # fmt: skip
def test_or_nowhere(why: str, tries: Any, asked: Any, says: str) -> None:
    with pytest.raises(NoWayBack) as no:
        way(*tries, **asked)
    assert says in no.value.reason, why
    assert no.value.hint, why


def test_two_commits_that_begin_alike_are_not_one() -> None:
    first, second = "a" * 39 + "1", "a" * 39 + "2"
    V.update({first: "sha256:" + "1" * 64, second: "sha256:" + "2" * 64})
    with pytest.raises(NoWayBack, match="names no one commit"):
        way(("applied", first), ("applied", second), ("applied", B), to="a" * 12)


def test_a_key_that_was_withdrawn_proves_nothing() -> None:
    """A thief may have signed that it was applied."""
    revoked = entries(("applied", A), ("applied", B))
    stolen = [revoked[0]._replace(revoked=True), revoked[1]]
    with pytest.raises(NoWayBack, match="was the first try"):
        goal(stolen, lambda _: False)


def test_nothing_is_no_value_of_a_resource() -> None:
    assert NOTHING not in V.values()


@pytest.mark.parametrize(
    ("why", "tries", "numbers"),
    [
        ("nothing came after it", [("applied", A), ("applied", B)], []),
        ("a gate said no", [("applied", A), ("applied", B), ("refused", C)], [3]),
        ("another plan than was approved", [("applied", A), ("applied", B), ("stopped", C)], [3]),
        ("it came after what was not applied", [("applied", A), ("applied", B), ("skipped", C)], [3]),
        ("given up", [("applied", A), ("applied", B), ("released", C)], [3]),
        (
            "the last word on each",
            [("applied", A), ("applied", B), ("stopped", C), ("refused", D), ("refused", C)],
            [5, 4],
        ),
        ("another try of what is taken back", [("applied", A), ("partial", B), ("refused", B)], []),
        ("what came before it", [("applied", A), ("stopped", C), ("applied", B)], []),
        ("what says whose the state is", [("applied", A), ("applied", B), ("reconciled", C)], []),
    ],
)
def test_what_is_taken_back_with_it(why: str, tries: "list[tuple[str, str]]", numbers: "list[int]") -> None:
    found = entries(*tries)
    undone = goal(found, lambda _: False).undone
    assert sorted(one.number for one in newer(found, undone)) == sorted(numbers), why
