"""Who is obeyed, who is told why not, and who is not answered at all."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.canonical import canonical
from engine.core.decision import destroying
from engine.core.decision.commands import AN_HOUR, Answer, judge
from engine.core.decision.decide import decide
from engine.core.decision.explain import Doubt
from engine.core.events.envelope import read_event
from engine.core.outcome import Outcome
from tests.support.decision import rules
from tests.support.facts import HEAD, LATER, NOW, NUMBER, OLD, REPO, comment, commit, document, group, person, pr

PASS, FAIL, PENDING, ERROR = Outcome.PASS, Outcome.FAIL, Outcome.PENDING, Outcome.ERROR
RULES = rules("""
events:
  - {event: issue_comment, when: "command(event.comment.body) == 'validate'", run: check}
  - {event: issue_comment, when: "command(event.comment.body) == 'status'", run: check}
  - {event: issue_comment, when: "command(event.comment.body) == ''", run: else}
  - {event: issue_comment, when: "event.action == 'deleted'", run: check}
gates: {open: {require: "pr.state == 'open'"}}
commands:
  help: {from: [reviewers, security], writers: true}
  status: {from: [reviewers, security], writers: true}
  validate: {from: [reviewers], writers: true}
  destroy: {from: [reviewers]}
  unlock: {from: [security], count: 2}
  adopt: {from: [security], count: 2}
pipelines:
  - {pipeline: check, gates: [open], actions: [{id: note, uses: note.make}]}
  - {pipeline: else, gates: [open], actions: [{id: note, uses: note.make}]}
""")
OPEN, MERGED, CLOSED = pr(), pr(state="closed", merged=True), pr(state="closed")


def said(user: str | None, body: str = "/engine validate", **changes: Any) -> dict[str, Any]:
    return {**comment(user, body), "id": 9, **changes}


def answer(one: dict[str, Any], *others: dict[str, Any], **facts: Any) -> Answer:
    found = judge(9, document(comments=[*others, one], **facts), RULES)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("why", "one", "facts", "outcome", "speaks", "says"),
    [
        ("a member", said("ann"), {}, PASS, True, "ann has asked for it"),
        ("somebody who may write", said("writer"), {}, PASS, True, "writer has asked"),
        ("a member of another group alone", said("cid", "/engine destroy S3/x"), {}, FAIL, True,
         "cid may not say `/engine destroy PATH`"),
        ("who may write, where that is not enough", said("writer", "/engine destroy S3/x"), {}, FAIL, True,
         "may not say"),
        ("an outsider", said("outsider"), {}, FAIL, False, "may not say any command"),
        ("a bot, though it is a member", said("bot"), {}, FAIL, False, "is a bot"),
        ("nobody", said(None), {}, FAIL, False, "unknown"),
        ("a deleted account", {**said("ann"), "user": {"id": 10137, "login": "x"}}, {}, FAIL, False, "unknown"),
        ("edited", said("ann", edited=True), {}, FAIL, True, "it was edited"),
        ("an outsider's, edited", said("outsider", edited=True), {}, FAIL, False, "may not say any command"),
        ("by mail", said("ann", by_email=True), {}, FAIL, True, "it came by mail"),
        ("no such command", said("ann", "/engine dance"), {}, FAIL, True, "there are: help, status, validate"),
        ("no such command, of an outsider", said("outsider", "/engine dance"), {}, FAIL, False, ""),
        ("one that the rules do not have", said("ann", "/engine restore k 1"), {}, FAIL, True, "no such command here"),
        ("too few words", said("ann", "/engine destroy"), {}, FAIL, True, "write it as `/engine destroy PATH`"),
        ("too many", said("ann", "/engine validate now"), {}, FAIL, True, "write it as `/engine validate`"),
        ("on a closed one", said("ann"), {"pr": CLOSED}, FAIL, True, "this one is closed"),
        ("on a merged one", said("ann"), {"pr": MERGED}, PASS, True, ""),
        ("help on a closed one", said("ann", "/engine help"), {"pr": CLOSED}, PASS, True, ""),
        ("answered", said("ann"), {"replies": [{"to": 9, "at": LATER}]}, FAIL, False, "was answered"),
        ("ten within the hour", said("ann"), {"replies": [{"to": 1, "at": LATER}] * AN_HOUR}, FAIL, False,
         f"{AN_HOUR} commands were answered"),
        ("nine within the hour", said("ann"), {"replies": [{"to": 1, "at": LATER}] * (AN_HOUR - 1)}, PASS, True, ""),
        ("ten an hour ago", said("ann"), {"replies": [{"to": 1, "at": "2026-11-23T12:00:00Z"}] * AN_HOUR}, PASS, True,
         ""),
        ("destroy, of the present head", said("ann", "/engine destroy S3/x"), {}, PASS, True, ""),
        ("destroy, of an older head", said("ann", "/engine destroy S3/x", head=OLD), {}, FAIL, True, "of another head"),
        ("destroy, of nobody knows which", said("ann", "/engine destroy S3/x", head=None), {}, FAIL, True, "not known"),
        ("validate, of an older head", said("ann", head=OLD), {}, PASS, True, ""),
        ("whether they may write is not known", said("eve"), {}, ERROR, False, "permission of eve was not fetched"),
        ("a group that could have them", said("outsider"), {"groups": {"reviewers": group(failed="HTTP 502"),
         "security": group("cid")}}, ERROR, False, "HTTP 502"),
        ("... and matters not to a member of another",
         said("cid", "/engine help"), {"groups": {"reviewers": group(failed="HTTP 502"), "security": group("cid")}},
         PASS, True, ""),
        ("who was answered is not known", said("ann"), {"replies": None}, ERROR, False, "replies was not fetched"),
        ("a time that is none", said("ann"), {"replies": [{"to": 1, "at": "2026-02-31T00:00:00Z"}]}, ERROR, False, ""),
    ],
)  # fmt: skip
def test_who_is_obeyed(
    why: str, one: dict[str, Any], facts: dict[str, Any], outcome: Outcome, speaks: bool, says: str
) -> None:
    found = answer(one, **facts)
    assert (found.judgement.outcome, found.speaks) == (outcome, speaks), why
    assert says in found.judgement.because, why


def test_a_review_is_no_comment_of_the_pull_request() -> None:
    assert answer(said("ann", kind="review")).judgement.because == "the comment is not there any more"
    assert judge(9, document(comments=[said("ann", "Thanks.")]), RULES) is None


UNLOCK = "/engine unlock S3/dev/x"


def other(user: str, body: str = UNLOCK, at: str = LATER, **changes: Any) -> dict[str, Any]:
    return {**comment(user, body, at), **changes}


@pytest.mark.parametrize(
    ("why", "one", "others", "outcome", "says"),
    [
        ("one alone", said("cid", UNLOCK), [], PENDING, "cid asked for it, 1 of 2"),
        ("two", said("cid", UNLOCK), [other("dan")], PASS, "cid and dan have asked for it"),
        ("one twice", said("cid", UNLOCK), [other("cid")], PENDING, "1 of 2"),
        ("two, of two resources", said("cid", UNLOCK), [other("dan", UNLOCK + "y")], PENDING, "1 of 2"),
        ("two, another command", said("cid", UNLOCK), [other("dan", "/engine adopt S3/dev/x")], PENDING, "1 of 2"),
        ("the other was edited", said("cid", UNLOCK), [other("dan", edited=True)], PENDING, "1 of 2"),
        ("the other came by mail", said("cid", UNLOCK), [other("dan", by_email=True)], PENDING, "1 of 2"),
        ("the other may not", said("cid", UNLOCK), [other("bob")], PENDING, "1 of 2"),
        (
            "the other is of yesterday",
            said("cid", UNLOCK),
            [other("dan", at="2026-11-22T12:30:00Z")],
            PENDING,
            "1 of 2",
        ),
        ("the other comes later", said("cid", UNLOCK), [other("dan", at="2026-11-23T12:30:01Z")], PENDING, "1 of 2"),
        ("the other is a review's", said("cid", UNLOCK), [other("dan", kind="review")], PENDING, "1 of 2"),
    ],
)
def test_two_people(why: str, one: dict[str, Any], others: list[Any], outcome: Outcome, says: str) -> None:
    found = answer(one, *others, pr=MERGED).judgement
    assert found.outcome is outcome, why
    assert says in found.because, why
    if outcome is PENDING:
        assert found.missing[0].who == tuple(name for name in ("ann", "cid", "dan") if name not in found.because)


@pytest.mark.parametrize(
    ("command", "hands", "outcome"),
    [
        ("unlock", ("cid",), PASS),
        ("unlock", ("cid", "dan"), PENDING),
        ("adopt", ("cid",), PENDING),
        ("adopt", ("pusher",), PASS),
    ],
)
def test_who_had_a_hand_in_the_change_may_be_one_of_two_for_unlock_alone(
    command: str, hands: tuple[str, ...], outcome: Outcome
) -> None:
    body = f"/engine {command} S3/dev/x"
    pushers = [{"user": person(name), "before": None, "after": None, "forced": None} for name in hands]
    found = answer(said("cid", body), other("dan", body), pr=MERGED, pushers=pushers)
    assert found.judgement.outcome is outcome


@pytest.mark.parametrize(
    ("command", "unknown", "people", "outcome"),
    [
        ("unlock", 1, ("cid", "dan"), PASS),
        ("unlock", 2, ("cid", "dan"), PENDING),
        ("unlock", 2, ("cid", "dan", "ann"), PASS),
        ("adopt", 1, ("cid", "dan"), PENDING),
        ("adopt", 1, ("cid", "dan", "ann"), PASS),
    ],
)
def test_for_each_contributor_without_an_account_one_more(
    command: str, unknown: int, people: tuple[str, ...], outcome: Outcome
) -> None:
    body = f"/engine {command} S3/dev/x"
    commits = [commit(co_authors=tuple(f"{number}@example.com" for number in range(unknown)))]
    found = answer(said(people[0], body), *(other(name, body) for name in people[1:]), pr=MERGED, commits=commits)
    assert found.judgement.outcome is outcome


def test_somebody_unknown_could_be_one_of_the_two() -> None:
    found = answer(said("cid", UNLOCK), other("dan"), pr=pr(state="closed", merged=True, author=None))
    assert (found.judgement.outcome, found.speaks) == (ERROR, False)


def event(body: str, action: str = "created", number: Any = 9) -> Any:
    payload = {
        "action": action, "repository": {"full_name": REPO}, "issue": {"number": NUMBER, "pull_request": {"url": "x"}},
        "comment": {"id": number, "body": body},
    }  # fmt: skip
    return read_event(canonical(payload), "issue_comment", delivery="1")


@pytest.mark.parametrize(
    ("why", "said_by_event", "one", "pipelines"),
    [
        ("as it says", event("/engine validate"), said("ann"), {"check": PASS}),
        ("of an outsider", event("/engine validate"), said("outsider"), {"check": FAIL}),
        ("the event claims another command", event("/engine validate"), said("ann", "/engine status"), {"check": FAIL}),
        ("the event claims that one was said", event("/engine validate"), said("ann", "Thanks."), {"check": FAIL}),
        ("the event names another comment", event("/engine validate", number=8), said("ann"), {"check": FAIL}),
        ("the event names none", event("/engine validate", number="9"), said("ann"), {"check": FAIL}),
        ("a comment that says none", event("Thanks."), said("outsider", "Thanks."), {"else": PASS}),
        ("one that says nothing that starts anything", event("/engine help"), said("ann"), {}),
        ("edited into one", event("/engine validate", "edited"), said("ann"), {"else": PASS}),
        ("deleted, where another row asks for it", event("/engine validate", "deleted"), said("ann"),
         {"check": PASS, "else": PASS}),
    ],
)  # fmt: skip
def test_what_a_comment_starts(why: str, said_by_event: Any, one: dict[str, Any], pipelines: Any) -> None:
    decision = decide(said_by_event, document(comments=[one]), RULES)
    assert {p.name: p.outcome for p in decision.pipelines} == pipelines, why


def test_it_says_which_facts_it_read() -> None:
    decision = decide(event("/engine validate"), document(comments=[said("ann")]), RULES)
    assert {"comments", "groups", "permissions", "replies", "now", "pr"} <= decision.read
    assert decision.pipelines[0].gates[0].name == "/engine validate"
    assert decide(event("Thanks."), document(), RULES).read == {"pr"}


@pytest.mark.parametrize(
    ("why", "comments", "paths"),
    [
        ("asked", [said("ann", "/engine destroy S3/x")], ["S3/x"]),
        (
            "by two, of two",
            [said("ann", "/engine destroy S3/x"), said("bob", "/engine destroy S3/y")],
            ["S3/x", "S3/y"],
        ),
        ("by who may not", [said("cid", "/engine destroy S3/x"), said("outsider", "/engine destroy S3/x")], []),
        ("of another head", [said("ann", "/engine destroy S3/x", head=OLD)], []),
        ("of nobody knows which", [said("ann", "/engine destroy S3/x", head=None)], []),
        ("edited", [said("ann", "/engine destroy S3/x", edited=True)], []),
        ("by mail", [said("ann", "/engine destroy S3/x", by_email=True)], []),
        ("by a bot", [said("bot", "/engine destroy S3/x")], []),
        ("by nobody", [said(None, "/engine destroy S3/x")], []),
        ("in a review", [said("ann", "/engine destroy S3/x", kind="review")], []),
        ("of two at once", [said("ann", "/engine destroy S3/x S3/y")], []),
        ("another command", [said("ann", "/engine validate")], []),
    ],
)
def test_what_was_asked_to_be_destroyed(why: str, comments: list[Any], paths: list[str]) -> None:
    found = list(destroying.asked(document(comments=comments), RULES))
    assert [row["path"] for row in found] == paths, why
    assert all(row["head"] == HEAD for row in found)
    no_rule = RULES._replace(commands={})
    assert list(destroying.asked(document(comments=comments), no_rule)) == []


def test_a_group_in_doubt_makes_all_of_it_doubtful() -> None:
    groups = {"reviewers": group(failed="HTTP 502")}
    with pytest.raises(Doubt, match="HTTP 502"):
        list(destroying.asked(document(comments=[said("outsider", "/engine destroy S3/x")], groups=groups), RULES))


def test_whose_right_is_not_known_spoils_nothing_that_others_ask_for() -> None:
    """`permissions` has only some people: a stranger who says the same must not bring the doubt upon all."""
    writers = {n: RULES.commands[n]._replace(writers=True) for n in ("unlock", "destroy")}
    known = RULES._replace(commands={**RULES.commands, **writers})
    comments = [other("eve"), other("dan"), said("cid", UNLOCK)]
    found = judge(9, document(comments=comments, pr=MERGED), known)
    assert found is not None
    assert found.judgement.outcome is PASS
    asked = [other("eve", "/engine destroy S3/y"), other("ann", "/engine destroy S3/x")]
    assert [row["path"] for row in destroying.asked(document(comments=asked), known)] == ["S3/x"]


_people = st.sampled_from(["ann", "bob", "cid", "dan", "writer", "outsider", "bot", "author", None])
_bodies = st.sampled_from(["/engine validate", "/engine help", "/engine destroy S3/x", UNLOCK, "/engine dance", "no"])


@given(st.lists(st.tuples(_people, _bodies, st.booleans(), st.booleans()), min_size=1, max_size=5), st.booleans())
def test_nobody_without_a_right_is_obeyed_or_answered(rows: list[Any], merged: bool) -> None:
    comments = [
        said(user, body, edited=edited, by_email=mail, id=number)
        for number, (user, body, edited, mail) in enumerate(rows)
    ]
    readers = ("ann", "bob", "cid", "dan", "author", "outsider")
    permissions = {str(person(name)["id"]): "read" for name in readers} | {str(person("writer")["id"]): "write"}
    known = document(comments=comments, pr=MERGED if merged else OPEN, now=NOW, permissions=permissions)
    for number, (user, _, edited, mail) in enumerate(rows):
        found = judge(number, known, RULES)
        if found and (found.speaks or found.judgement.outcome in (PASS, PENDING)):
            assert user not in ("outsider", "bot", None)
        if found and found.judgement.outcome in (PASS, PENDING):
            assert not edited
            assert not mail
