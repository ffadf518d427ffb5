"""What an approval saw, and what ends it: one row for each sentence. The laws beside it read the same by brute force."""

# ruff: noqa: E501 - one line per case

import pytest

from engine.core.decision.approvals import judge
from engine.core.decision.explain import Doubt
from engine.core.decision.people import EXCLUDABLE, hands, involved
from engine.core.decision.standing import missing
from engine.core.outcome import Outcome
from engine.core.rules.model import Approvals
from tests.support.facts import (
    BASE,
    BEFORE,
    HEAD,
    LATER,
    NOW,
    OLD,
    OTHER,
    SIGNED,
    approve,
    commit,
    document,
    group,
    person,
    pr,
    push,
    retarget,
    statement,
    verdict,
    web,
)
from tests.support.facts import hands as by

PASS, PENDING, ERROR = Outcome.PASS, Outcome.PENDING, Outcome.ERROR
THEN, THIRD = "2026-11-23T11:30:00Z", "d" * 40
ONE = Approvals(1, ("reviewers",), (), (), "verdict", EXCLUDABLE, "changes_requested")
ON_HEAD = ONE._replace(after="head")
# OLD was validated at 11:00, the head at 12:00, and both say the same.
FIRST, SECOND = statement(1, BEFORE, OLD), statement(2, BEFORE, HEAD, confirmed=SIGNED)
EARLY = approve("ann", OLD, THEN)


def judged(approvals=ONE, statements=(FIRST, SECOND), reviews=(EARLY,), signed=BEFORE, **facts):
    last = max(row["sequence"] for row in statements if row["head_sha"] == HEAD)
    known = {"verdict": verdict(sequence=last, signed_at=signed), "statements": list(statements), **facts}
    try:
        return judge(approvals, document(reviews=list(reviews), **known))
    except Doubt as doubt:
        return doubt


def outcome_of(*arguments, **facts):
    found = judged(*arguments, **facts)
    return found.cause.outcome if isinstance(found, Doubt) else found.outcome


@pytest.mark.parametrize(
    ("why", "statements", "outcome"),
    [
        ("a push that changes nothing", [FIRST, SECOND], PASS),
        ("whatever the order of the list", [SECOND, FIRST], PASS),
        ("a push that changes something", [FIRST | {"content": OTHER}, SECOND], PENDING),
        ("two pushes, of which the first changed something: there and back", [FIRST, statement(2, SIGNED, THIRD, OTHER), statement(3, SIGNED)], PENDING),
        ("something else came after the verdict, and the branch went back", [FIRST, SECOND, statement(3, SIGNED, THIRD, OTHER)], PENDING),
        ("something else came before", [statement(1, BEFORE, THIRD, OTHER), statement(2, BEFORE, OLD), statement(3, SIGNED)], PASS),
        ("of its commit, the last that was there counts", [statement(1, BEFORE, OLD, OTHER), statement(2, BEFORE, OLD), statement(3, SIGNED)], PASS),
        ("... not one that came later", [statement(1, BEFORE, OLD, OTHER), statement(2, BEFORE, OLD, confirmed=SIGNED), statement(3, SIGNED)], PENDING),
        ("... nor in the same second", [statement(1, BEFORE, OLD, confirmed=THEN), statement(2, SIGNED)], PENDING),
        ("... nor one that only repeats what was signed before", [statement(1, BEFORE, OLD, confirmed=LATER), statement(2, BEFORE, confirmed=NOW)], PENDING),
        ("its time is the later of the two, should they be the wrong way round", [statement(1, LATER, OLD, confirmed=BEFORE), statement(2, NOW)], PENDING),
        ("a clock that was behind dates it before the one it follows, which came later than the approval", [statement(1, SIGNED, OLD, OTHER), statement(2, BEFORE, OLD), statement(3, NOW)], PENDING),
        ("an error of the same head in between", [FIRST, statement(2, SIGNED, HEAD, OTHER, result="error"), statement(3, SIGNED)], PASS),
        ("an error of the commit that was approved", [FIRST, statement(2, SIGNED, OLD, OTHER, result="error"), statement(3, SIGNED)], PASS),
        ("an error of a head in between", [FIRST, statement(2, SIGNED, THIRD, OTHER, result="error"), statement(3, SIGNED)], PENDING),
        ("an error of the same head for another base", [FIRST, statement(2, SIGNED, HEAD, OTHER, result="error", base_ref="prod"), statement(3, SIGNED)], PENDING),
        ("a failure is no error: it says something", [FIRST, statement(2, SIGNED, HEAD, OTHER, result="failed"), statement(3, SIGNED)], PENDING),
        ("what it saw was an error", [statement(1, BEFORE, OLD, OTHER, result="error"), SECOND], PENDING),
        ("one in between is missing", [FIRST, statement(3, SIGNED)], ERROR),
        ("one after the verdict is missing", [FIRST, SECOND, statement(4, SIGNED)], ERROR),
        ("one before it is missing, with the hands of then", [statement(2, BEFORE, OLD), statement(3, SIGNED)], ERROR),
        ("one is missing, but another ends it anyway", [FIRST, statement(3, SIGNED, THIRD, OTHER), statement(4, SIGNED)], PENDING),
        ("two of one number, one of which says something else", [FIRST, FIRST | {"content": OTHER}, SECOND], PENDING),
        ("two of the verdict's number", [FIRST, SECOND, SECOND | {"content": OTHER}], PENDING),
        ("the verdict's number is another head's", [FIRST, statement(2, SIGNED, THIRD), statement(3, SIGNED)], PASS),
        ("nine quadrillion are not counted one by one", [FIRST, statement(2**53)], ERROR),
    ],
)  # fmt: skip
def test_an_approval_counts_while_what_it_saw_is_said(why, statements, outcome):
    assert outcome_of(statements=statements) is outcome, why


def test_a_verdict_that_is_not_among_the_statements_is_a_doubt():
    unlisted = verdict(sequence=3)
    assert outcome_of(verdict=unlisted) is ERROR
    assert outcome_of(verdict=unlisted, reviews=[]) is PENDING


@pytest.mark.parametrize(
    ("why", "review", "statements", "signed", "outcome"),
    [
        ("an older commit, though nothing was changed", EARLY, [FIRST, SECOND], BEFORE, PENDING),
        ("the head, after it was validated", approve("ann"), [FIRST, SECOND], BEFORE, PASS),
        ("the head, before it was", approve("ann", at=THEN), [FIRST, SECOND], BEFORE, PENDING),
        ("the head, which was validated again since", approve("ann", at=THEN), [statement(1, BEFORE), statement(2, BEFORE, confirmed=SIGNED)], BEFORE, PASS),
        ("... and says something else", approve("ann", at=THEN), [statement(1, BEFORE, content=OTHER), statement(2, SIGNED)], SIGNED, PENDING),
        ("... and was signed anew, whatever the rows say", approve("ann", at=THEN), [statement(1, BEFORE), statement(2, SIGNED)], SIGNED, PENDING),
    ],
)  # fmt: skip
def test_after_head(why, review, statements, signed, outcome):
    assert outcome_of(ON_HEAD, statements, [review], signed) is outcome, why


JOINED = by(authors=("author", "helper", "bob"))


@pytest.mark.parametrize(
    ("why", "statements", "facts", "outcome"),
    [
        ("nobody has joined", [FIRST, SECOND], {}, PASS),
        ("a new author", [FIRST, SECOND], {"commits": [commit(author="bob")]}, PENDING),
        ("a new co-author", [FIRST, SECOND], {"commits": [commit(co_authors=["helper", "bob"])]}, PENDING),
        ("a co-author becomes the author", [FIRST, SECOND], {"commits": [commit(author="helper")]}, PASS),
        ("a committer becomes an author", [FIRST, SECOND], {"commits": [commit(author="committer")]}, PENDING),
        ("a new committer", [FIRST, SECOND], {"commits": [commit(committer="bob")]}, PASS),
        ("... who approved", [FIRST, SECOND], {"commits": [commit(committer="ann")]}, PENDING),
        ("a new pusher", [FIRST, SECOND], {"pushers": [push("pusher"), push("bob")]}, PASS),
        ("... who approved", [FIRST, SECOND], {"pushers": [push("pusher"), push("ann")]}, PENDING),
        ("an author with an address alone", [FIRST, SECOND], {"commits": [commit(author="x@example.com")]}, PENDING),
        ("GitHub's own account as an author", [FIRST, SECOND], {"commits": [web("author", github_signed=True)]}, PENDING),
        ("who joined in between is gone again", [FIRST, statement(2, SIGNED, THIRD, hands=JOINED), statement(3, SIGNED)], {}, PENDING),
        ("who joined in between may have: that is not known", [FIRST, statement(2, SIGNED, THIRD, hands=None), statement(3, SIGNED)], {}, PENDING),
        ("... and the branch went back to what was approved", [statement(1, BEFORE), statement(2, BEFORE, OLD, hands=JOINED), statement(3, SIGNED)], {"reviews": [approve("ann", at=THEN)]}, PENDING),
        ("who is an author of the head is known today", [FIRST, SECOND | {"hands": None}], {}, PASS),
        ("who was one of what was approved is not known", [FIRST | {"hands": None}, SECOND], {}, PENDING),
        ("... and does not matter for the same head", [statement(1, BEFORE, hands=None), SECOND], {"reviews": [approve("ann", at=THEN)]}, PASS),
        ("the commits of today are not known", [FIRST, SECOND], {"failed": {"commits": "HTTP 502"}}, ERROR),
        ("somebody made an update", [FIRST, SECOND], {"commits": [commit(sha=OLD), commit(author="bob", parents=[OLD, BASE], merges_base=True)]}, PASS),
    ],
)  # fmt: skip
def test_who_joins_as_an_author_voids_what_was_approved_before(why, statements, facts, outcome):
    assert outcome_of(statements=statements, **facts) is outcome, why


WROTE = statement(1, BEFORE, OLD, OTHER, hands=by(authors=["ann"]))


@pytest.mark.parametrize(
    ("why", "first", "exclude", "outcome"),
    [
        ("nobody who approves", statement(1, BEFORE, OLD, OTHER), EXCLUDABLE, PASS),
        ("an author or co-author then", WROTE, EXCLUDABLE, PENDING),
        ("... where only authors are excluded", WROTE, ("author",), PENDING),
        ("... where only co-authors are", WROTE, ("co_authors",), PENDING),
        ("... where neither is", WROTE, ("committers", "pushers"), PASS),
        ("a committer then", statement(1, BEFORE, OLD, OTHER, hands=by(committers=["ann"])), EXCLUDABLE, PENDING),
        ("... where committers are not excluded", statement(1, BEFORE, OLD, OTHER, hands=by(committers=["ann"])), ("author",), PASS),
        ("a pusher then", statement(1, BEFORE, OLD, OTHER, hands=by(pushers=["ann"])), EXCLUDABLE, PENDING),
        ("not known", statement(1, BEFORE, OLD, OTHER, hands=None), EXCLUDABLE, ERROR),
        ("... and nobody is excluded", statement(1, BEFORE, OLD, OTHER, hands=None), ("bots",), PASS),
        ("GitHub's own account has no hand in anything", statement(1, BEFORE, OLD, OTHER, hands=by() | {"committers": [19864447, 10137]}), EXCLUDABLE, PASS),
        ("an error that nobody saw has its hands too", statement(1, BEFORE, OLD, OTHER, result="error", hands=by(authors=["ann"])), EXCLUDABLE, PENDING),
    ],
)  # fmt: skip
def test_whoever_had_a_hand_in_it_stays_excluded(why, first, exclude, outcome):
    approvals = ONE._replace(exclude=exclude)
    assert outcome_of(approvals, [first, statement(2, SIGNED)], [approve("ann")], SIGNED) is outcome, why


def test_a_co_author_of_today_counts_where_the_rules_allow_it():
    """The statement of the present head holds authors and co-authors together; the commits know better."""
    allowed = ONE._replace(exclude=("author",))
    groups = {"reviewers": group("helper")}
    own = [statement(1, SIGNED)]
    assert outcome_of(allowed, own, [approve("helper")], SIGNED, groups=groups) is PASS
    assert outcome_of(ONE, own, [approve("helper")], SIGNED, groups=groups) is PENDING


@pytest.mark.parametrize(
    ("why", "facts"),
    [("none was made so far", {"absent": {"statements": "none"}}), ("there is an empty list", {"statements": []})],
)
def test_without_a_validation_todays_hands_are_all(why, facts):
    assert involved(document(verdict=None, **facts), EXCLUDABLE).doubt == "", why


def test_without_the_list_nobody_knows_whose_hands_there_were():
    assert involved(document(failed={"statements": "HTTP 502"}), EXCLUDABLE).doubt.endswith("HTTP 502")


UPDATE = commit(
    author="bob", committer="web-flow", co_authors=(), github_signed=True, parents=[OLD, BASE], merges_base=True
)
BRANCH = [commit(sha=OLD, parents=[BASE])]
PUSHED = push("pusher", BASE, OLD, False)


@pytest.mark.parametrize(
    ("why", "update", "pushes", "bob"),
    [
        ("an update", {}, [PUSHED, push("bob", OLD, HEAD, False)], ""),
        ("made by git on a laptop", {"committer": person("bob")}, [PUSHED, push("bob", OLD, HEAD, False)], ""),
        ("by force", {}, [PUSHED, push("bob", OLD, HEAD, True)], "pushed"),
        ("nobody knows whether by force", {}, [PUSHED, push("bob", OLD, HEAD)], "pushed"),
        ("from somewhere else", {}, [PUSHED, push("bob", THIRD, HEAD, False)], "pushed"),
        ("nobody knows from where", {}, [PUSHED, push("bob", None, HEAD, False)], "pushed"),
        ("nobody knows to where", {}, [PUSHED, push("pusher", OLD, HEAD, False), push("bob", OLD, None, False)], "pushed"),
        ("with something else before it", {}, [PUSHED, push("bob", OLD, THIRD, False), push("pusher", THIRD, HEAD, False)], "pushed"),
        ("it smuggles a line in", {"merges_base": False}, [PUSHED, push("bob", OLD, HEAD, False)], "author"),
        ("nobody has looked", {"merges_base": None}, [PUSHED, push("bob", OLD, HEAD, False)], "author"),
        ("of three parents", {"parents": [OLD, BASE, THIRD]}, [PUSHED, push("bob", OLD, HEAD, False)], "author"),
        ("of one", {"parents": [OLD]}, [PUSHED, push("bob", OLD, HEAD, False)], "author"),
        ("not one of the branch itself", {"sha": THIRD}, [PUSHED, push("bob", OLD, THIRD, False), push("pusher", THIRD, HEAD, False)], "author"),
        ("not to what it is", {}, [push("bob", OLD, OLD, False), push("pusher", OLD, HEAD, False)], "pushed"),
    ],
)  # fmt: skip
def test_merging_the_base_into_the_branch_makes_nobody_a_contributor(why, update, pushes, bob):
    update = {name: value for name, value in {**UPDATE, **update}.items() if value is not None}
    commits = [*BRANCH, update] if update["sha"] == HEAD else [*BRANCH, update, commit(parents=[OLD, THIRD])]
    found = involved(document(commits=commits, pushers=pushes, statements=[]), EXCLUDABLE)
    assert bob in found.known.get(person("bob")["id"], ""), why
    assert (not bob) == (person("bob")["id"] not in found.known), why


@pytest.mark.parametrize(
    ("why", "pushes", "doubt"),
    [
        ("all are updates, and so nobody has begun it", [push("bob", OLD, HEAD, False)], "nobody is known"),
        ("the head's own is not listed yet", [PUSHED], "the push of the head, aaaaaaa, is not listed"),
        ("somebody unknown pushed", [PUSHED, push(None, OLD, HEAD, True)], "is unknown"),
        ("somebody unknown pushed an update", [PUSHED, push(None, OLD, HEAD, False)], ""),
        ("where they moved it is not said of any", [push("pusher")], ""),
    ],
)  # fmt: skip
def test_pushes_that_cannot_be_all(why, pushes, doubt):
    found = involved(document(commits=[*BRANCH, UPDATE], pushers=pushes, statements=[]), ("pushers",)).doubt
    assert doubt in found, why
    assert bool(doubt) == bool(found), why


def test_a_commit_that_is_its_own_parent_ends_the_walk():
    looped = commit(parents=[HEAD, BASE], merges_base=True)
    assert involved(document(commits=[looped], statements=[]), ("author",)).known.keys() == {person("author")["id"]}


@pytest.mark.parametrize(
    ("why", "changes", "kept"),
    [
        ("everybody", {}, by()),
        ("co-authors are authors", {"commits": [commit(co_authors=["bob"])]}, by(authors=["author", "bob"])),
        ("whoever opened it is one", {"pr": pr(author=person("bob"))}, by(authors=["author", "helper", "bob"])),
        ("whoever has no account has no id", {"commits": [commit(author="x@example.com")]}, by()),
        ("... nor who opened it", {"pr": pr(author=None)}, by()),
        ("whoever only merged the base has none", {"commits": [*BRANCH, UPDATE]}, by()),
        ("the pushers are not known", {"failed": {"pushers": "no GitHub"}}, None),
        ("nobody can look the pull request up", {"failed": {"pr": "HTTP 502"}}, None),
        ("somebody who pushed is not", {"pushers": [push(None)]}, None),
        ("the commits are not known", {"failed": {"commits": "HTTP 502"}}, None),
    ],
)  # fmt: skip
def test_what_a_statement_keeps_of_them(why, changes, kept):
    assert hands(document(**changes)) == kept, why


def test_a_run_on_a_clone_knows_names_and_no_ids():
    assert hands(document()._replace(origin="local")) is None


@pytest.mark.parametrize(
    ("numbers", "lost"),
    [([], 0), ([1], 0), ([1, 2, 3], 0), ([1, 1, 2], 0), ([2], 1), ([1, 3], 2), ([1, 2, 5, 6], 4), ([1, 2**53], 2**53 - 1)],
)  # fmt: skip
def test_the_highest_number_that_is_missing(numbers, lost):
    assert missing(numbers) == lost


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({}, "ann approved commit bbbbbbb, and every validation since says the same"),
        ({"reviews": [approve("ann")]}, "ann approved"),
        ({"reviews": [approve("ann", THIRD)]}, "it is of commit ddddddd, which nobody had validated when it was given"),
        ({"reviews": [approve("ann", HEAD, THEN)]}, "it came before the verdict"),
        ({"statements": [FIRST | {"content": OTHER}, SECOND]}, "what it saw, number 1, says something else than the verdict"),
        ({"statements": [FIRST, statement(2, SIGNED, THIRD, OTHER), statement(3, SIGNED)]}, "something else was validated since, number 2 of commit ddddddd"),
        ({"commits": [commit(author="bob")]}, "bob has become an author of the change since"),
        ({"statements": [FIRST, statement(2, SIGNED, THIRD, hands=JOINED), statement(3, SIGNED)]}, "user 6 has become an author of the change since, in number 2"),
        ({"statements": [FIRST, statement(3, SIGNED)]}, "whether the approval of ann counts is unknown: statement 2 of this pull request is missing"),
        ({"pr": pr(retargeted=[retarget("dev", "2026-11-23T11:45:00Z")])}, "it came before the base was changed"),
    ],
)  # fmt: skip
def test_why_it_counts_or_does_not_is_one_sentence(facts, says):
    found = judged(**facts)
    assert says in (str(found) if isinstance(found, Doubt) else str(found.causes))
