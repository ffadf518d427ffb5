"""`Depends-On: #5`: what is read, and what it comes to; each sentence of the rules, one row each."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.decision.decide import decide
from engine.core.decision.depends import MOST, MOST_REACHED, judge, parse
from engine.core.outcome import Outcome
from tests.support.decision import event, rules_of
from tests.support.facts import NUMBER, REPO, document

PASS, FAIL, PENDING, ERROR = Outcome.PASS, Outcome.FAIL, Outcome.PENDING, Outcome.ERROR
TEN = "\n".join(f"Depends-On: #{n}" for n in range(1, 11))


@pytest.mark.parametrize(
    ("why", "body", "on"),
    [
        ("nothing", "", ()),
        ("prose", "It depends-on #5, and on #6.", ()),
        ("one", "Depends-On: #5", (5,)),
        ("in other cases", "depends-on: #5\nDEPENDS-ON:#6", (5, 6)),
        ("as GitHub sends lines", "Add it.\r\n\r\nDepends-On: #5\r\nDepends-On: #6\r\n", (5, 6)),
        ("twice is once", "Depends-On: #6\nDepends-On: #5\nDepends-On: #6", (6, 5)),
        ("ten", TEN, tuple(range(1, 11))),
        ("ten of which some twice", f"{TEN}\n{TEN}", tuple(range(1, 11))),
        ("in a list", "- Depends-On: #5\n* Depends-On: #6", (5, 6)),
        ("indented", "   Depends-On: #5  ", (5,)),
        ("the repository in full", f"Depends-On: {REPO}#5\nDepends-On: {REPO.upper()}#6", (5, 6)),
        ("a link to it", f"Depends-On: https://github.com/{REPO}/pull/5", (5,)),
        ("quoted", "> Depends-On: #5", ()),
        ("in a fence", "```\nDepends-On: #5\n```\nDepends-On: #6", (6,)),
        ("in a fence of waves, with another inside", "~~~~\n```\n~~~\nDepends-On: #5\n~~~~\nDepends-On: #6", (6,)),
        ("a fence that does not end", "```\nDepends-On: #5", ()),
        ("a fence with a word is no end of one", "```\n```yaml\nDepends-On: #5\n```\nDepends-On: #6", (6,)),
        ("hidden, as in a template", "<!-- say\nDepends-On: #1\nif it does -->\nDepends-On: #6", (6,)),
        ("hidden to the end", "<!-- Depends-On: #1\nDepends-On: #6", ()),
    ],
)
def test_what_a_body_names(why: str, body: str, on: tuple[int, ...]) -> None:
    assert parse(body, REPO) == (on, ""), why


OTHER = "acme/Queues"
SOURCES = (REPO, OTHER)


@pytest.mark.parametrize(
    ("why", "body", "repo", "on"),
    [
        ("another source", "Depends-On: acme/Queues#5", REPO, ("acme/Queues#5",)),
        (
            "spelt otherwise, and twice",
            "Depends-On: ACME/queues#5\nDepends-On: acme/QUEUES#5",
            REPO,
            ("acme/Queues#5",),
        ),
        ("a link to it", "Depends-On: https://github.com/acme/queues/pull/5", REPO, ("acme/Queues#5",)),
        ("its number is not ours", "Depends-On: #5\nDepends-On: acme/Queues#5", REPO, (5, "acme/Queues#5")),
        ("of the other's body", "Depends-On: #5", OTHER, ("acme/Queues#5",)),
        ("of the other's body, back to us", f"Depends-On: {REPO}#7", OTHER, (7,)),
    ],
)
def test_another_source_of_the_rules_may_be_named(why: str, body: str, repo: str, on: tuple[Any, ...]) -> None:
    assert parse(body, repo, SOURCES, REPO) == (on, ""), why


@pytest.mark.parametrize("named", ["acme/other#5", "acme/queue#5", "acme/queues2#5", "evil/Queues#5", "acme/Queueſ#5"])
def test_and_no_other_repository(named: str) -> None:
    for body_of in SOURCES:
        found = parse(f"Depends-On: {named}", body_of, SOURCES, REPO)
        assert found.on == ()
        assert "line 1 of the body" in found.wrong


@pytest.mark.parametrize(
    ("why", "body", "says"),
    [
        ("another repository", "Depends-On: acme/other#5", "line 1 of the body names a pull request of another"),
        ("a link to another", "x\nDepends-On: https://github.com/acme/other/pull/5", "line 2"),
        ("two to a line", "Depends-On: #5, #6", "one number to a line"),
        ("no number", "Depends-On: the other one", "line 1"),
        ("nothing", "Depends-On:", "line 1"),
        ("number 0", "Depends-On: #0", "line 1"),
        ("a number with a sign", "Depends-On: #-5", "line 1"),
        ("digits of another script", "Depends-On: #٥", "line 1"),
        ("a number without end", "Depends-On: #" + "9" * 5000, "line 1"),
        ("a character that nobody sees", "Depends-On: #\u200b5", "line 1"),
        ("text behind it", "Depends-On: #5 (please)", "line 1"),
        ("eleven", TEN + "\nDepends-On: #11", f"names 11 pull requests; {MOST} are the most"),
        ("after what is hidden lines are counted on", "<!--\n\n-->\nDepends-On: x", "line 4"),
    ],
)
def test_what_cannot_be_followed(why: str, body: str, says: str) -> None:
    found = parse(body, REPO)
    assert found.on == (), why
    assert says in found.wrong, why


@given(st.text() | st.text("Depends-On: #>`~<!-\n\r159", max_size=200))
def test_every_body_is_read(body: str) -> None:
    found = parse(body, REPO)
    assert len(found.on) <= MOST
    assert not (found.on and found.wrong)
    assert all(isinstance(number, int) and number >= 1 for number in found.on)
    assert parse("".join(f"> {line}\n" for line in body.split("\n")), REPO) == ((), ""), "what is quoted is not read"


def pull(state: str = "open", *on: int | str, merged: bool = False, decided: bool = False, applied: Any = None) -> Any:
    return {"state": state, "merged": merged, "decided": decided, "applied": applied, "on": list(on)}


THERE = f"{OTHER}#5"
OPEN, CLOSED = pull(), pull("closed")
OURS, APPLIED = (pull("closed", merged=True, decided=True, applied=applied) for applied in (None, True))


def judged(on: Sequence[int | str], pulls: Mapping[Any, Any], wrong: str | None = None) -> Any:
    said = {"on": list(on), "wrong": wrong, "pulls": {str(number): one for number, one in pulls.items()}}
    rules = rules_of("in-order: {order: depends-on}")
    return decide(event(), document(depends=said), rules).pipelines[0].gates[0]


@pytest.mark.parametrize(
    ("why", "on", "pulls", "outcome", "says"),
    [
        ("it depends on nothing", [], {}, PASS, "depends on no other"),
        ("merged, and nothing of it is applied", [5], {5: OURS}, PASS, "#5, which it depends on, is merged"),
        ("applied", [5], {5: APPLIED}, PASS, "is applied"),
        ("a person merged it, and it was applied", [5], {5: pull("closed", merged=True, applied=True)}, PASS, ""),
        ("it is open", [5], {5: OPEN}, PENDING, "#5, which is not merged"),
        ("merged and not applied", [5], {5: pull("closed", merged=True, decided=True, applied=False)}, PENDING,
         "merged and not applied"),
        ("a person merged it", [5], {5: pull("closed", merged=True)}, PENDING, "without a decision of ours"),
        ("it was closed", [5], {5: CLOSED}, FAIL, "closed without a merge; have it reopened"),
        ("there is none", [5], {5: None}, FAIL, "#5 is no pull request"),
        ("one is open, one was closed", [5, 6], {5: OPEN, 6: CLOSED}, FAIL, "#6 was closed"),
        ("one is through, one is not", [5, 6], {5: OURS, 6: OPEN}, PENDING, "#6, which is not merged"),
        ("itself", [NUMBER], {}, FAIL, f"#{NUMBER} → #{NUMBER}"),
        ("each waits for the other", [5], {5: pull("open", NUMBER)}, FAIL, "#7 → #5 → #7"),
        ("others wait for one another", [5], {5: pull("open", 6), 6: pull("open", 5)}, FAIL, "#5 → #6 → #5"),
        ("what is merged waits for nobody", [5], {5: {**OURS, "on": [NUMBER]}}, PASS, ""),
        ("two ways to one are no circle", [5, 6], {5: pull("open", 8), 6: pull("open", 8), 8: OPEN}, PENDING, ""),
        ("another source's is open", [THERE], {THERE: OPEN}, PENDING, f"{THERE}, which is not merged"),
        ("another source's is applied", [THERE], {THERE: APPLIED}, PASS, f"{THERE}, which it depends on, is applied"),
        ("another source's is not applied", [THERE], {THERE: pull("closed", merged=True, decided=True, applied=False)},
         PENDING, f"{THERE}, which is merged and not applied"),
        ("another source has none", [THERE], {THERE: None}, FAIL, f"{THERE} is no pull request of that repository"),
        ("a circle over sources", [THERE], {THERE: pull("open", NUMBER)}, FAIL, f"#7 → {THERE} → #7"),
        ("the same number elsewhere is no circle", ["acme/Queues#7"], {"acme/Queues#7": OPEN}, PENDING, "Queues#7"),
        ("another source's was not looked up", [THERE], {}, ERROR, f"{THERE}, which it depends on, was not looked up"),
        ("one was not looked up", [5], {}, ERROR, "#5, which it depends on, was not looked up"),
        ("one behind it was not looked up", [5], {5: pull("open", 6)}, ERROR, "#6"),
        ("on and on", [100], {n: pull("open", n + 1) for n in range(100, 300)}, FAIL, f"more than {MOST_REACHED}"),
    ],
)  # fmt: skip
def test_what_it_comes_to(why: str, on: list[int | str], pulls: dict[Any, Any], outcome: Outcome, says: str) -> None:
    gate = judged(on, pulls)
    assert gate.outcome is outcome, why
    assert says in gate.because, why
    assert bool(gate.missing) or outcome is not PENDING


def test_a_body_that_cannot_be_followed_fails() -> None:
    gate = judged([], {}, "line 3 of the body names a pull request of another repository; edit the body")
    assert (gate.outcome, gate.because) == (
        FAIL,
        "line 3 of the body names a pull request of another repository; edit the body",
    )


_numbers = st.integers(1, 8)


@given(
    st.lists(_numbers, max_size=4, unique=True),
    st.dictionaries(_numbers, st.none() | st.builds(
        lambda state, on, merged, decided, applied: pull(state, *on, merged=merged, decided=decided, applied=applied),
        st.sampled_from(["open", "closed"]), st.lists(_numbers, max_size=3, unique=True), st.booleans(), st.booleans(),
        st.sampled_from([None, True, False]),
    )),
)  # fmt: skip
def test_only_what_is_through_lets_it_pass(on: list[int], pulls: dict[int, Any]) -> None:
    gate = judged(on, pulls)
    through = [bool((one := pulls.get(number)) and one["merged"]) for number in on]
    assert gate.outcome is not PASS or all(through)
    if gate.outcome is PENDING:  # there is something that can still come about
        assert not all(through) or any(
            not pulls[number]["decided"] or pulls[number]["applied"] is False for number in on
        )


def test_a_document_without_the_fact_is_a_doubt() -> None:
    bare = document()._replace(facts={"pr": {"number": 7}})
    with pytest.raises(Exception, match="depends was not fetched"):
        judge(bare)
