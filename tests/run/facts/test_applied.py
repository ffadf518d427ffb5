"""What the ledger tells of a change, and of what runs elsewhere."""

from collections.abc import Sequence
from typing import Any

import pytest

from engine.core.kept.ledger import Entry, values_digest
from engine.core.resources.model import Resource
from engine.run.facts.applied import elsewhere, is_applied, rows
from tests.support.ledger import entry
from tests.support.merges import KEY, REPO
from tests.support.signing import SIGNED

SHAS = [f"{number:040x}" for number in range(200)]


class Line:
    """A branch: each commit contains those before it. Knows how often it was asked."""

    def __init__(self, missing: Sequence[str] = (), apart: Sequence[str] = ()) -> None:
        self.missing, self.apart, self.asked = missing, apart, 0

    def __call__(self, tip: str, commit: str) -> bool:
        self.asked += 1
        if tip in self.missing or commit in self.missing:
            return False
        return tip == commit or (SHAS.index(commit) <= SHAS.index(tip) and not {tip, commit} & {*self.apart})


def merge(number: int, repo: str = REPO) -> dict[str, Any]:
    return {"repo": repo, "pr": number, "commit": SHAS[number], "keys": [], "time": SIGNED}


def contains(entry_: Entry, merges: list[Any], git: Line) -> list[int]:
    (row,) = rows([entry_], merges, REPO, git)
    return [SHAS.index(sha) for sha in row["contains"]]


@pytest.mark.parametrize(
    ("why", "said", "merges", "git", "expected"),
    [
        ("nothing was merged", {}, [], Line(), []),
        ("itself", {}, [merge(5)], Line(), [5]),
        ("what came before it", {}, [merge(3), merge(5)], Line(), [3, 5]),
        ("not what came after", {}, [merge(3), merge(5), merge(7)], Line(), [3, 5]),
        ("all came after", {}, [merge(6), merge(7)], Line(), []),
        ("a branch that was set anew: what lies apart does not lie in it", {}, [merge(3), merge(4), merge(5)],
         Line(apart=[SHAS[4]]), [3, 5]),
        ("a merge of another repository lies in none of ours", {}, [merge(3, "acme/other"), merge(5)], Line(), [5]),
        ("an entry of another repository: as it says itself",
         {"repository": {"id": 5, "name": "acme/other"}, "contains": [SHAS[3]]}, [merge(3, "acme/other"), merge(5)],
         Line(), [3]),
        ("its commit was pushed away: as it says itself", {"contains": [SHAS[3], SHAS[9]]}, [merge(3), merge(5)],
         Line(missing=[SHAS[5]]), [3]),
        ("git is believed before the entry", {"contains": [SHAS[7]]}, [merge(3), merge(7)], Line(), [3]),
    ],
)  # fmt: skip
def test_which_merges_lie_in_an_entry(why: str, said: Any, merges: list[Any], git: Line, expected: list[int]) -> None:
    assert contains(entry(**{"commit": SHAS[5], **said}), merges, git) == expected, why


def test_a_long_history_asks_git_little() -> None:
    merges, git = [merge(number) for number in range(100)], Line()
    found = rows([entry(commit=SHAS[number]) for number in range(100)], merges, REPO, git)
    assert [len(row["contains"]) for row in found] == list(range(1, 101))
    assert git.asked < 99 + 100 * (1 + 8), "not 10,000 times"


@pytest.mark.parametrize(
    ("why", "there", "expected"),
    [
        ("nothing was tried", [], False),
        ("it was applied", [entry(commit=SHAS[5])], True),
        ("it failed", [entry(commit=SHAS[5], outcome="failed")], False),
        ("something newer was applied", [entry(commit=SHAS[7])], True),
        ("something newer failed", [entry(commit=SHAS[7], outcome="failed")], False),
        ("something older was applied", [entry(commit=SHAS[4])], False),
        ("it was given up", [entry(commit=SHAS[5], outcome="refused")], False),
        ("it was reconciled", [entry(commit=SHAS[5], outcome="reconciled")], False),
        ("by a key that was revoked since", [entry(commit=SHAS[5])._replace(revoked=True)], False),
    ],
)
def test_whether_what_another_depends_on_is_applied(why: str, there: list[Entry], expected: bool) -> None:
    merged = {**merge(5), "keys": [KEY]}
    assert is_applied(merged, lambda _key: there, REPO, Line()) is expected, why
    both = {**merged, "keys": [KEY, "S3/dev/logs/terraform.tfstate"]}
    assert not is_applied(both, lambda key: there if key == KEY else [], REPO, Line()), "one of two is not"


# --- elsewhere

BRANCHES = {"development": "dev", "stage": "stage"}
VALUES = {"buckets": {"lake": {"versioning": True}}}


def resource(environment: str = "stage", **variables: Any) -> Resource:
    given = {"environment": environment, **(variables or VALUES)}
    return Resource("S3", "data-lake", "S3/data-lake", "", "modified", environment, "", {}, "", given, {})


def told(*there: Entry, **variables: Any) -> dict[str, Any]:
    """What is told of development, where just these entries are."""
    asked: list[str] = []

    def entries(key: str) -> Sequence[Entry]:
        asked.append(key)
        return there if "/dev/" in key else ()

    first, second = elsewhere([resource(**variables)], BRANCHES, entries)
    assert asked == ["S3/dev/data-lake/terraform.tfstate", "S3/stage/data-lake/terraform.tfstate"]
    assert (second["environment"], second["applied"], second["same_since"]) == ("stage", False, None)
    assert (first["environment"], first["path"]) == ("development", "S3/data-lake")
    return first


HERE = values_digest({"environment": "development", **VALUES})


@pytest.mark.parametrize(
    ("why", "found", "applied", "since"),
    [
        ("nothing was ever applied there", told(), False, None),
        ("the same values", told(entry(values=HERE)), True, SIGNED),
        ("other values", told(entry()), True, None),
        ("it failed since", told(entry(values=HERE), entry(outcome="failed", values=HERE)), False, None),
        ("another state was adopted since",
         told(entry(values=HERE), entry(outcome="adopted", why="w", people=[
             {"id": 1, "login": "a", "comment": 1}, {"id": 2, "login": "b", "comment": 2}])), False, None),
        ("under another name", told(entry(values=HERE, name="logs")), False, None),
        ("of another service", told(entry(values=HERE, service="SNS")), False, None),
        ("when the branch was another environment's", told(entry(values=HERE, environment="stage")), False, None),
        ("by a key that was revoked since", told(entry(values=HERE)._replace(revoked=True)), False, None),
    ],
)  # fmt: skip
def test_what_runs_elsewhere(why: str, found: dict[str, Any], applied: bool, since: str | None) -> None:
    assert (found["applied"], found["same_since"]) == (applied, since), why
