"""Since when statements have said the same without a break."""

from typing import Any

import pytest

from engine.core.findings import Effect
from engine.core.verdict.about import content
from tests.support.signing import MADE_FROM, finding, resource, statement

DAY = {number: f"2026-11-{number:02}T09:00:00Z" for number in range(1, 20)}
OTHER = "sha256:" + "9" * 64
A, B = (resource(), resource(tree=OTHER))
BROKEN = resource(plan=None)
CHANGED = resource(
    changes=[{"address": "a.b", "type": "a", "actions": ["create"], "digest": "hmac-sha256:" + "5" * 64}]
)


def series(*said: dict[str, Any]) -> list[dict[str, Any]]:
    """Statements, the latest one first; the first was signed on the first day of the month."""
    made: list[dict[str, Any]] = []
    for number, parts in enumerate(said, 1):
        findings = parts.get("findings", ())
        about = {name: value for name, value in parts.items() if name != "findings"}
        made.insert(0, statement(*findings, sequence=number, signed_at=DAY[number], earlier=made, **about))
    return made


@pytest.mark.parametrize(
    ("why", "said", "since"),
    [
        ("the first one", [{}], 1),
        ("the same again", [{}, {}], 1),
        ("and again", [{}, {}, {}, {}], 1),
        ("on another head: a rebase that changes nothing", [{}, {"head_sha": "b" * 40}], 1),
        ("by other hands, who are judged by name", [{}, {"hands": None}], 1),
        ("under another engine, event and decision", [{}, {"made_from": MADE_FROM._replace(engine="2", event="x")}], 1),
        ("A, B: B is new", [{}, {"resources": (B,)}], 2),
        ("A, B, A: starts anew", [{}, {"resources": (B,)}, {}], 3),
        ("A, B, A, A: since the second A", [{}, {"resources": (B,)}, {}, {}], 3),
        ("an error about the same trees says nothing against it", [{}, {"resources": (BROKEN,)}, {}], 1),
        ("nor do two", [{}, {"resources": (BROKEN,)}, {"resources": (BROKEN,)}, {}], 1),
        ("an error about other trees does", [{}, {"resources": (resource(plan=None, tree=OTHER),)}, {}], 3),
        ("an error about another README does", [{}, {"resources": (BROKEN,), "change": OTHER}, {}], 3),
        ("an error is no longer what it was", [{}, {"resources": (BROKEN,)}], 2),
        ("an error says itself again", [{"resources": (BROKEN,)}, {"resources": (BROKEN,)}], 1),
        ("another README", [{}, {"change": OTHER}], 2),
        ("nobody could tell the change", [{}, {"change": None}], 2),
        ("another base", [{}, {"base_ref": "prod"}], 2),
        ("another environment", [{}, {"environment": "production"}], 2),
        ("another branch", [{}, {"branch": "prod"}], 2),
        ("other rules", [{}, {"rules": OTHER}], 2),
        ("other policies", [{}, {"made_from": MADE_FROM._replace(policy="x")}], 2),
        ("another module", [{}, {"made_from": MADE_FROM._replace(module="x")}], 2),
        ("another lock file", [{}, {"made_from": MADE_FROM._replace(lock_file="x")}], 2),
        ("another plan", [{}, {"resources": (resource(plan="hmac-sha256:" + "9" * 64),)}], 2),
        ("another change in an equal plan", [{}, {"resources": (CHANGED,)}], 2),
        ("one more resource", [{}, {"resources": (A, resource("S3/z"))}], 2),
        ("a finding more", [{}, {"findings": (finding(Effect.WARN),)}], 2),
        ("denied, passed, denied", [{"findings": (finding(),)}, {}, {"findings": (finding(),)}], 3),
    ],
)  # fmt: skip
def test_since_when(why: str, said: list[dict[str, Any]], since: int) -> None:
    last = series(*said)[0]["predicate"]["verdict"]
    assert last["signed_at"] == DAY[since], why
    assert last["confirmed_at"] == DAY[len(said)], f"{why}: this one is of today"
    assert last["expires_at"] == f"2026-11-{len(said) + 7:02}T09:00:00Z", f"{why}: a week from today"


def test_content_leaves_out_who_when_and_which() -> None:
    one, other = series({}, {"head_sha": "b" * 40, "hands": None})
    assert content(one["predicate"]["verdict"]) == content(other["predicate"]["verdict"])
