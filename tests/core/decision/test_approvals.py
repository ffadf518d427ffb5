"""Who counts, who does not, and what blocks: each sentence of "People" and "Veto", one row each."""

# ruff: noqa: E501 - one line per case

import pytest

from engine.core.assignment import assign
from engine.core.decision.approvals import judge
from engine.core.decision.explain import Doubt
from engine.core.decision.people import EXCLUDABLE
from engine.core.outcome import Outcome
from engine.core.rules.model import Approvals
from tests.support.facts import (
    BEFORE,
    HEAD,
    LATER,
    NOW,
    OLD,
    SIGNED,
    approve,
    commit,
    dismissed,
    document,
    group,
    person,
    pr,
    push,
    reject,
    retarget,
    review,
    web,
)

PASS, FAIL, PENDING, ERROR = Outcome.PASS, Outcome.FAIL, Outcome.PENDING, Outcome.ERROR
EARLIER = "2026-11-23T12:10:00Z"  # after the verdict, before LATER
NOBODYS, OTHERS, THIRDS = "x@example.com", "y@example.com", "z@example.com"  # no account stands behind them
GHOST = {"id": 10137, "login": "ghost"}  # GitHub's stand-in for accounts that were deleted


def leaf(need, *groups):
    return Approvals(need, groups, (), (), None, (), None)


def root(approvals, **changes):
    settings = {"after": "verdict", "exclude": EXCLUDABLE, "veto": "changes_requested", **changes}
    return approvals._replace(**settings)


ONE = root(leaf(1, "reviewers"))


def outcome_of(approvals, **facts):
    try:
        return judge(approvals, document(**facts)).outcome
    except Doubt as doubt:
        return doubt.cause.outcome


@pytest.mark.parametrize(
    ("why", "reviews", "outcome"),
    [
        ("nobody has said anything", [], PENDING),
        ("an approval of the head counts", [approve("ann")], PASS),
        ("an approval of an older commit", [approve("ann", OLD)], PENDING),
        ("an approval that names no commit", [approve("ann", None)], PENDING),
        ("an approval that was edited", [approve("ann", edited=True)], PENDING),
        ("an approval that was dismissed by its author", [dismissed("ann", "APPROVED", "ann")], PENDING),
        ("an approval that was dismissed by somebody else", [dismissed("ann", "APPROVED", "bob")], PENDING),
        ("an approval before the verdict", [approve("ann", at=BEFORE)], PENDING),
        ("an approval in the very second of the verdict", [approve("ann", at=SIGNED)], PENDING),
        ("a dismissed approval revives no older one", [approve("ann", at=EARLIER), dismissed("ann", "APPROVED", "bob")], PENDING),
        ("an edited approval revives no older one", [approve("ann", at=EARLIER), approve("ann", edited=True)], PENDING),
        ("a null-commit approval revives no older one", [approve("ann", at=EARLIER), approve("ann", None)], PENDING),
        ("an approval of an older commit revives no older review", [approve("ann", at=EARLIER), approve("ann", OLD)], PENDING),
        ("a comment takes no approval back", [approve("ann"), review("ann", "COMMENTED", at=NOW)], PASS),
        ("an unfinished review is nothing", [review("ann", "PENDING")], PENDING),
        ("somebody outside the group", [approve("cid")], PENDING),
        ("the author approves herself", [approve("author")], PENDING),
        ("a bot approves, though it is in the group", [approve("bot")], PENDING),
        ("the order of the list does not matter", [approve("ann"), reject("ann", at=EARLIER)], PASS),
        ("an approval by somebody unknown could be the author's", [approve(None)], ERROR),
        ("... and so is one whose account was deleted", [{**approve("ann"), "user": GHOST}], ERROR),
        ("... which does not matter beside enough others", [{**approve("ann"), "user": GHOST}, approve("bob")], PASS),
        ("an approval by somebody unknown, but of an older commit", [approve(None, OLD)], PENDING),
        ("an approval by somebody unknown, but edited", [approve(None, edited=True), approve("ann")], PASS),
        ("an approval by somebody unknown beside enough others", [approve(None), approve("ann")], PASS),
        ("a dismissed review by somebody unknown, beside enough others", [dismissed(None, "APPROVED", "ann"), approve("ann")], PASS),
        ("approved, then requested changes and took that back: nothing is left", [approve("ann", at=EARLIER), dismissed("ann", "CHANGES_REQUESTED", "ann")], PENDING),
        ("an approval a second after the verdict", [approve("ann", at="2026-11-23T12:00:01Z")], PASS),
        ("a comment before the approval", [review("ann", "COMMENTED", at=EARLIER), approve("ann")], PASS),
    ],
)  # fmt: skip
def test_approval(why, reviews, outcome):
    assert outcome_of(ONE, reviews=reviews) is outcome, why


@pytest.mark.parametrize(
    ("why", "reviews", "outcome"),
    [
        ("a member's veto blocks", [reject("bob")], FAIL),
        ("a veto stays beside an approval of another", [reject("bob"), approve("ann")], FAIL),
        ("a veto stays over a push", [reject("bob", OLD), approve("ann")], FAIL),
        ("a veto from before the verdict stays", [reject("bob", OLD, BEFORE), approve("ann")], FAIL),
        ("a veto of somebody with write access", [reject("writer"), approve("ann")], FAIL),
        ("no veto: an outsider", [reject("outsider"), approve("ann")], PASS),
        ("no veto: a bot of the group", [reject("bot"), approve("ann")], PASS),
        ("an edited veto is still a veto", [reject("bob", edited=True), approve("ann")], FAIL),
        ("a veto of the author, who is in the group", [reject("author"), approve("ann")], FAIL),
        ("dismissed by somebody else, it stays", [dismissed("bob", "CHANGES_REQUESTED", "ann"), approve("ann")], FAIL),
        ("dismissed by its author, it is cleared", [dismissed("bob", "CHANGES_REQUESTED", "bob"), approve("ann")], PASS),
        ("its author approves later", [reject("bob", at=EARLIER), approve("bob")], PASS),
        ("its author approved earlier", [approve("bob", at=EARLIER), reject("bob"), approve("ann")], FAIL),
        ("its author approved an older commit later: cleared, not counted", [reject("bob", OLD, BEFORE), approve("bob", OLD, EARLIER)], PENDING),
        ("its author's later approval was edited: cleared, not counted", [reject("bob", at=EARLIER), approve("bob", edited=True)], PENDING),
        ("... and others count", [reject("bob", at=EARLIER), approve("bob", edited=True), approve("ann")], PASS),
        ("its author's later approval names no commit", [reject("bob", at=EARLIER), approve("bob", None), approve("ann")], PASS),
        ("its author's later approval was dismissed by somebody else", [reject("bob", at=EARLIER), dismissed("bob", "APPROVED", "ann"), approve("ann")], PASS),
        ("... or by nobody knows whom", [reject("bob", at=EARLIER), dismissed("bob", "APPROVED", None), approve("ann")], PASS),
        ("its author asks again after the approval", [reject("bob", at=BEFORE), approve("bob", at=EARLIER), reject("bob"), approve("ann")], FAIL),
        ("their own dismissal of their latest veto clears the older ones too", [reject("bob", at=EARLIER), dismissed("bob", "CHANGES_REQUESTED", "bob"), approve("ann")], PASS),
        ("their own dismissal of an older veto leaves the latest", [dismissed("bob", "CHANGES_REQUESTED", "bob", at=EARLIER), reject("bob"), approve("ann")], FAIL),
        ("the latest was dismissed by somebody else, an older one by its author", [dismissed("bob", "CHANGES_REQUESTED", "bob", at=EARLIER), dismissed("bob", "CHANGES_REQUESTED", "ann"), approve("ann")], FAIL),
        ("a dismissal by its author clears it, whatever it said", [reject("bob", at=EARLIER), dismissed("bob", None, "bob"), approve("ann")], PASS),
        ("dismissed by another, and it may have been the approval that clears", [reject("bob", at=EARLIER), dismissed("bob", None, "ann"), approve("ann")], ERROR),
        ("a veto of somebody who was renamed, cleared under the new login", [reject("bob", at=EARLIER), {**approve("bob"), "user": person("bob", login="robert")}], PASS),
        ("a veto of a member who left the group and cannot write", [reject("outsider", OLD, BEFORE), approve("ann")], PASS),
        ("an unknown person approves after an unknown person's veto: nobody knows whose", [reject(None, at=EARLIER), approve(None), approve("ann")], ERROR),
        ("nobody asks whether somebody may write whose request is taken back", [reject("eve", at=EARLIER), approve("eve"), approve("ann")], PASS),
        ("a comment does not clear it", [reject("bob", at=EARLIER), review("bob", "COMMENTED"), approve("ann")], FAIL),
        ("changes requested by somebody unknown", [reject(None), approve("ann")], ERROR),
        ("... or by somebody whose account was deleted", [{**reject("bob"), "user": GHOST}, approve("ann")], ERROR),
        ("... and another deleted account has approved since", [{**reject("bob", at=EARLIER), "user": GHOST}, {**approve("bob"), "user": GHOST}, approve("ann")], ERROR),
        ("dismissed by somebody else, and its author approves later", [dismissed("bob", "CHANGES_REQUESTED", "ann", at=EARLIER), approve("bob")], PASS),
        ("its author's approval was earlier, and dismissed since", [dismissed("bob", "APPROVED", "ann", at=EARLIER), reject("bob"), approve("ann")], FAIL),
        ("dismissed by somebody unknown", [dismissed("bob", "CHANGES_REQUESTED", None), approve("ann")], ERROR),
        ("dismissed, and nobody knows what it said", [dismissed("bob", None, "ann"), approve("ann")], ERROR),
        ("dismissed, nobody knows what it said, but an outsider's", [dismissed("outsider", None, "ann"), approve("ann")], PASS),
        ("requested by somebody whose permission nobody asked for", [reject("eve"), approve("ann")], ERROR),
    ],
)  # fmt: skip
def test_veto(why, reviews, outcome):
    assert outcome_of(ONE, reviews=reviews) is outcome, why


def test_a_veto_counts_only_where_the_rules_say_so():
    assert outcome_of(root(leaf(1, "reviewers"), veto=None), reviews=[reject("bob"), approve("ann")]) is PASS


@pytest.mark.parametrize(
    ("why", "facts"),
    [
        ("no commit is listed", {"commits": []}),
        ("the commits are those of an earlier head", {"commits": [commit(sha=OLD)]}),
        ("nobody pushed, and yet there is a branch", {"pushers": []}),
    ],
)
def test_a_list_that_cannot_be_whole_may_lack_who_approves(why, facts):
    assert outcome_of(ONE, reviews=[approve("ann")], **facts) is ERROR, why


EVERYBODY = group("ann", "bob", "author", "committer", "pusher", "helper")


@pytest.mark.parametrize(
    ("why", "who", "exclude", "outcome"),
    [
        ("the author of the pull request", "author", ["author"], PENDING),
        ("the author of one commit", "eve", ["author"], PENDING),
        ("a co-author", "helper", ["co_authors"], PENDING),
        ("a committer", "committer", ["committers"], PENDING),
        ("somebody who pushed", "pusher", ["pushers"], PENDING),
        ("a bot, even where bots are not excluded", "bot", [], PENDING),
        ("somebody with no part in it", "ann", list(EXCLUDABLE), PASS),
        ("the rules allow co-authors", "helper", ["author"], PASS),
    ],
)
def test_excluded(why, who, exclude, outcome):
    everybody = {"reviewers": group("ann", "bob", "author", "committer", "pusher", "helper", "eve", "bot")}
    commits = [commit(), commit(author="eve", sha=OLD)]
    approvals = root(leaf(1, "reviewers"), exclude=tuple(exclude))
    assert outcome_of(approvals, reviews=[approve(who)], groups=everybody, commits=commits) is outcome, why


@pytest.mark.parametrize(
    ("why", "facts", "outcome"),
    [
        ("an unknown pusher could be ann", {"pushers": [push(None)]}, ERROR),
        ("GitHub's stand-in for deleted accounts is nobody", {"pushers": [{"user": GHOST}]}, ERROR),
        ("GitHub's web committer pushes nothing that somebody else does not", {"pushers": [push("web-flow")]}, ERROR),
        ("... nor does it open pull requests", {"pr": pr(author=person("web-flow"))}, ERROR),
        ("... as the author of the pull request", {"pr": pr(author=GHOST)}, ERROR),
        ("... or one of several", {"pushers": [push("pusher"), push(None)]}, ERROR),
        ("an unknown author of the pull request could be ann", {"pr": pr(author=None)}, ERROR),
        ("whether it was retargeted is not known", {"pr": pr(retargeted=None)}, ERROR),
        ("... nor said", {"pr": {name: value for name, value in pr().items() if name != "retargeted"}}, ERROR),
        (
            "it was last retargeted to another base than it has",
            {"pr": pr(retargeted=[retarget("prod", BEFORE)])},
            ERROR,
        ),
        ("the commits could not be fetched", {"failed": {"commits": "HTTP 502"}}, ERROR),
        ("the pushers could not be fetched", {"failed": {"pushers": "HTTP 502"}}, ERROR),
        ("the reviews could not be fetched", {"failed": {"reviews": "HTTP 502"}}, ERROR),
        ("the groups could not be fetched", {"failed": {"groups": "HTTP 502"}}, ERROR),
        ("the reviews were not fetched", {"reviews": None}, ERROR),
        ("the group could not be resolved", {"groups": {"reviewers": group(failed="HTTP 404")}}, ERROR),
        ("the group is empty", {"groups": {"reviewers": group()}}, ERROR),
        ("the group has nobody but bots", {"groups": {"reviewers": group("bot")}}, ERROR),
        ("the group was not fetched", {"groups": {}}, ERROR),
        ("permissions do not matter without a veto", {"failed": {"permissions": "HTTP 502"}}, PASS),
    ],
)
def test_doubt_is_an_error(why, facts, outcome):
    assert outcome_of(ONE, **{"reviews": [approve("ann")], **facts}) is outcome, why


@pytest.mark.parametrize(
    ("why", "reviews", "facts", "outcome"),
    [
        ("an unknown pusher", [], {"pushers": [push(None)]}, PENDING),
        ("an unknown author of the pull request", [], {"pr": pr(author=None)}, PENDING),
        ("an unknown committer", [], {"commits": [commit(committer=None)]}, PENDING),
        ("the pushers could not be fetched", [], {"failed": {"pushers": "HTTP 502"}}, PENDING),
        ("whether it was retargeted", [], {"pr": pr(retargeted=None)}, PENDING),
        ("... while only the author has approved", [approve("author")], {"pr": pr(retargeted=None)}, PENDING),
        ("... while somebody outside the group has", [approve("cid")], {"pushers": [push(None)]}, PENDING),
        ("... while the only approval is of an older commit", [approve("ann", OLD)], {"pushers": [push(None)]}, PENDING),
        ("the reviews themselves do", [], {"failed": {"reviews": "HTTP 502"}}, ERROR),
    ],
)  # fmt: skip
def test_what_nobody_knows_does_not_matter_while_nobody_has_approved(why, reviews, facts, outcome):
    assert outcome_of(ONE, reviews=reviews, **facts) is outcome, why


@pytest.mark.parametrize(
    ("why", "need", "reviews", "commits", "outcome"),
    [
        ("one of two is missing: it could be theirs", 2, [approve("ann"), approve(None)], [commit()], ERROR),
        ("even with theirs it were not enough", 3, [approve("ann"), approve(None)], [commit()], PENDING),
        ("one is enough, but whoever wrote a commit could be ann; theirs would be one more", 1, [approve("ann"), approve(None)], [commit(author=NOBODYS)], ERROR),
        ("... and beside two others theirs does not matter", 1, [approve("ann"), approve("bob"), approve(None)], [commit(author=NOBODYS)], PASS),
        ("two unknown people could be two", 3, [approve("ann"), approve(None), approve(None)], [commit()], ERROR),
    ],
)  # fmt: skip
def test_an_approval_by_somebody_unknown_matters_where_it_would_be_enough(why, need, reviews, commits, outcome):
    assert outcome_of(root(leaf(need, "reviewers")), reviews=reviews, commits=commits) is outcome, why


FIRST, SECOND = "2026-11-23T12:20:00Z", "2026-11-23T12:40:00Z"


@pytest.mark.parametrize(
    ("why", "retargeted", "at", "outcome"),
    [
        ("approved after it", [retarget("dev", EARLIER)], LATER, PASS),
        ("approved before it", [retarget("dev", LATER)], EARLIER, PENDING),
        ("approved in the very second of it", [retarget("dev", LATER)], LATER, PENDING),
        ("there and back: approved before", [retarget("prod", FIRST), retarget("dev", SECOND, "prod")], EARLIER, PENDING),
        ("there and back: approved while another base stood", [retarget("prod", FIRST), retarget("dev", SECOND, "prod")], LATER, PENDING),
        ("there and back: approved since", [retarget("prod", FIRST), retarget("dev", SECOND, "prod")], NOW, PASS),
        ("in whatever order they are listed", [retarget("dev", SECOND, "prod"), retarget("prod", FIRST)], NOW, PASS),
        ("by somebody unknown", [retarget("dev", LATER, by=None)], EARLIER, PENDING),
        ("there and not back, as far as is known", [retarget("prod", FIRST)], NOW, ERROR),
        ("there and back in one second", [retarget("prod", FIRST), retarget("dev", FIRST, "prod")], LATER, PASS),
    ],
)  # fmt: skip
def test_a_retarget_voids_what_was_approved_before_it(why, retargeted, at, outcome):
    assert outcome_of(ONE, reviews=[approve("ann", at=at)], pr=pr(retargeted=retargeted)) is outcome, why


@pytest.mark.parametrize(
    ("why", "reviews", "retargeted", "outcome"),
    [
        ("a veto outlives it", [reject("bob", at=EARLIER)], [retarget("dev", LATER)], FAIL),
        ("... also beside approvals since", [reject("bob", at=EARLIER), approve("ann", at=NOW)], [retarget("dev", LATER)], FAIL),
        ("... and where nobody knows of any", [reject("bob")], None, FAIL),
        ("an approval that it voids takes a veto back, as any does", [reject("bob", at=BEFORE), approve("bob", at=EARLIER), approve("ann", at=NOW)], [retarget("dev", LATER)], PASS),
        ("... and does not count", [reject("bob", at=BEFORE), approve("bob", at=EARLIER)], [retarget("dev", LATER)], PENDING),
        ("nobody knows of any, but the approval is void anyway", [approve("ann", edited=True)], None, PENDING),
        ("branches of other case are other branches", [approve("ann")], [retarget("DEV", EARLIER)], ERROR),
    ],
)  # fmt: skip
def test_a_retarget_and_what_else_is_said(why, reviews, retargeted, outcome):
    assert outcome_of(ONE, reviews=reviews, pr=pr(retargeted=retargeted)) is outcome, why


BROKEN = {"reviewers": group("ann", "bob"), "security": group(failed="HTTP 502")}


@pytest.mark.parametrize(
    ("why", "approvals", "reviews", "outcome"),
    [
        ("groups in one `from` are alternatives", leaf(1, "security", "reviewers"), [approve("ann")], PASS),
        ("nobody of the reachable one", leaf(1, "security", "reviewers"), [], ERROR),
        ("a veto beside a failed lookup", leaf(1, "security", "reviewers"), [approve("ann"), reject("bob")], ERROR),
        ("an outsider of the failed group may be a member", leaf(1, "security", "reviewers"), [approve("ann"), reject("outsider")], ERROR),
        ("one yes is enough for `any`", leaf(0)._replace(any=(leaf(1, "security"), leaf(1, "reviewers"))), [approve("ann")], PASS),
        ("a broken part outranks a waiting one in `any`", leaf(0)._replace(any=(leaf(1, "security"), leaf(1, "reviewers"))), [], ERROR),
        ("`all` needs every part", leaf(0)._replace(all=(leaf(1, "security"), leaf(1, "reviewers"))), [approve("ann")], ERROR),
    ],
)  # fmt: skip
def test_a_group_that_cannot_be_reached(why, approvals, reviews, outcome):
    assert outcome_of(root(approvals), reviews=reviews, groups=BROKEN) is outcome, why


def any_of(*parts):
    return leaf(0)._replace(any=parts)


def all_of(*parts):
    return leaf(0)._replace(all=parts)


@pytest.mark.parametrize(
    ("why", "approvals", "who", "outcome"),
    [
        ("two people of one group", leaf(2, "reviewers"), ["ann", "bob"], PASS),
        ("one person approves twice", leaf(2, "reviewers"), ["ann", "ann"], PENDING),
        ("two of either group", leaf(2, "reviewers", "security"), ["bob", "cid"], PASS),
        ("ann is in both groups, but one person", all_of(leaf(1, "reviewers"), leaf(1, "security")), ["ann"], PENDING),
        ("ann for one, bob for the other", all_of(leaf(1, "reviewers"), leaf(1, "security")), ["ann", "bob"], PASS),
        ("ann is needed as security, so bob is the reviewer", all_of(leaf(1, "reviewers"), leaf(1, "security")), ["bob", "ann"], PASS),
        ("two reviewers leave nobody for security", all_of(leaf(2, "reviewers"), leaf(1, "security")), ["ann", "bob"], PENDING),
        ("ann for leads, cid for security, bob for reviewers", all_of(leaf(1, "reviewers"), leaf(1, "security"), leaf(1, "leads")), ["ann", "bob", "cid"], PASS),
        ("one lead instead of two of security", any_of(leaf(2, "security"), leaf(1, "leads")), ["lea"], PASS),
        ("one of security is not enough", any_of(leaf(2, "security"), leaf(1, "leads")), ["cid"], PENDING),
        ("either part inside `all`", all_of(leaf(1, "reviewers"), any_of(leaf(2, "security"), leaf(1, "leads"))), ["bob", "lea"], PASS),
        ("ann cannot be reviewer and lead", all_of(leaf(1, "reviewers"), any_of(leaf(2, "security"), leaf(1, "leads"))), ["ann"], PENDING),
    ],
)  # fmt: skip
def test_people_are_counted_once(why, approvals, who, outcome):
    assert outcome_of(root(approvals), reviews=[approve(name) for name in who]) is outcome, why


EITHER_WAY = any_of(leaf(2, "security"), leaf(1, "leads"))
BOTH = all_of(leaf(1, "reviewers"), leaf(1, "security"))


@pytest.mark.parametrize(
    ("why", "approvals", "who", "commits", "outcome"),
    [
        ("one could be the contributor", leaf(1, "reviewers"), ["ann"], [commit(author=NOBODYS)], PENDING),
        ("one more than asked for", leaf(1, "reviewers"), ["ann", "bob"], [commit(author=NOBODYS)], PASS),
        ("a committer", leaf(1, "reviewers"), ["ann"], [commit(committer=NOBODYS)], PENDING),
        ("a co-author", leaf(1, "reviewers"), ["ann"], [commit(co_authors=[NOBODYS])], PENDING),
        ("two small ways, neither of which needs the other's", any_of(leaf(1, "reviewers"), leaf(1, "leads")), ["bob", "lea"], [commit(author=NOBODYS)], PASS),
        ("in an older commit", leaf(1, "reviewers"), ["ann"], [commit(author=NOBODYS, sha=OLD), commit()], PENDING),
        ("a deleted account", leaf(1, "reviewers"), ["ann"], [{**commit(), "author": GHOST}], PENDING),
        ("two deleted accounts are two", leaf(1, "reviewers"), ["ann", "bob"], [{**commit(), "author": GHOST, "committer": GHOST}], PENDING),
        ("not even an address", leaf(1, "reviewers"), ["ann"], [commit(committer=None)], PENDING),
        ("not even an address: one more", leaf(1, "reviewers"), ["ann", "bob"], [commit(committer=None)], PASS),
        ("one address everywhere is one", leaf(1, "reviewers"), ["ann", "bob"], [commit(NOBODYS, NOBODYS, [NOBODYS]), commit(NOBODYS, sha=OLD)], PASS),
        ("in either case", leaf(1, "reviewers"), ["ann", "bob"], [commit(NOBODYS, NOBODYS.upper())], PASS),
        ("two addresses are two", leaf(1, "reviewers"), ["ann", "bob"], [commit(NOBODYS, OTHERS)], PENDING),
        ("two of whom nothing is known are two", leaf(1, "reviewers"), ["ann", "bob"], [commit(None, None)], PENDING),
        ("an address that is empty is none", leaf(1, "reviewers"), ["ann", "bob"], [commit(co_authors=[], author=None), {**commit(sha=OLD), "author": {"email": ""}}], PENDING),
        ("two of two, and one more", leaf(2, "security"), ["ann", "cid"], [commit(author=NOBODYS)], PENDING),
        ("two of three", leaf(2, "security"), ["ann", "cid", "dan"], [commit(author=NOBODYS)], PASS),
        ("whoever goes, another way is left", EITHER_WAY, ["cid", "dan", "lea"], [commit(author=NOBODYS)], PASS),
        ("who goes is in both ways", EITHER_WAY, ["cid", "ann"], [commit(author=NOBODYS)], PENDING),
        ("two go, and no way is left", EITHER_WAY, ["cid", "dan", "lea"], [commit(NOBODYS, OTHERS)], PENDING),
        ("either of two leads", EITHER_WAY, ["ann", "lea"], [commit(author=NOBODYS)], PASS),
        ("`all`: one more for each part", BOTH, ["ann", "bob"], [commit(author=NOBODYS)], PENDING),
        ("`all`: security has only one", BOTH, ["ann", "bob", "outsider"], [commit(author=NOBODYS)], PENDING),
        ("`all`: whoever goes, both parts hold", BOTH, ["ann", "bob", "cid"], [commit(author=NOBODYS)], PASS),
        ("`all`: each part has two, but together they are two", BOTH, ["ann", "bob", "cid", "dan"], [commit(NOBODYS, OTHERS, [THIRDS])], PENDING),
        ("who is excluded is none of those who approve", leaf(1, "reviewers"), ["author", "ann"], [commit(author="author", committer=NOBODYS)], PENDING),
    ],
)  # fmt: skip
def test_a_contributor_behind_whom_no_account_stands(why, approvals, who, commits, outcome):
    found = outcome_of(root(approvals), reviews=[approve(name) for name in who], commits=commits)
    assert found is outcome, why


@pytest.mark.parametrize(
    ("why", "who", "changes", "outcome"),
    [
        ("no approval is enough", ["ann", "bob"], {}, ERROR),
        ("... and none is no error yet", [], {}, PENDING),
        ("... nor one too few", ["author"], {}, PENDING),
        ("it does not matter in a role that is not excluded", ["ann"], {"exclude": ("author", "pushers")}, PASS),
    ],
)
def test_the_strict_choice(why, who, changes, outcome):
    strict = root(ONE, unknown="error", **changes)
    found = outcome_of(strict, reviews=[approve(name) for name in who], commits=[commit(committer=NOBODYS)])
    assert found is outcome, why


@pytest.mark.parametrize(
    ("why", "commits", "outcome"),
    [
        ("GitHub's committer, signed by GitHub", web("committer", github_signed=True), PASS),
        ("not signed", web("committer"), PENDING),
        ("signed, but not by GitHub", web("committer", github_signed=False), PENDING),
        ("as its author", web("author", "committer", github_signed=True), PENDING),
        ("its address without its id", commit(committer="noreply@github.com", github_signed=True), PENDING),
        ("as a co-author", {**commit(github_signed=True), "co_authors": [push("web-flow")]}, PENDING),
        ("its login under another id is somebody", commit(github_signed=False, committer="writer"), PASS),
    ],
)
def test_the_web_committer_is_nobody_by_id_and_signature(why, commits, outcome):
    assert outcome_of(ONE, reviews=[approve("ann")], commits=[commits]) is outcome, why


def test_it_is_told_who_is_unknown_and_what_to_do():
    gate = judge(root(leaf(2, "reviewers")), document(reviews=[approve("ann")], commits=[commit(author=NOBODYS)]))
    assert gate.because == "2 approvals from reviewers, and 1 more for who is unknown: 1 of 3"
    assert (
        f"no account stands behind the author of commit {HEAD[:7]} (x@example.com), and could be anybody who approves"
        in [cause.text for cause in gate.causes]
    )
    assert list(map(tuple, gate.missing)) == [
        ("2 more approvals from reviewers, who have only 1 left that may", ("bob",)),
        ("or contributors that are known: link the address to an account on GitHub, or rewrite the commit", ()),
    ]


def test_a_thousand_unknown_contributors_are_not_all_named():
    commits = [commit(author=f"{n}@example.com", sha=f"{n:040x}") for n in range(1000)]
    gate = judge(ONE, document(reviews=[approve("ann")], commits=[*commits, commit()]))
    assert len(str(gate)) < 2000
    assert "and 997 others" in str(gate.causes)


def test_what_takes_too_many_tries_is_an_error_with_its_reason():
    names = [f"g{n}" for n in range(80)]
    groups = {
        name: {"members": [{"id": 1000 + n, "login": name}, {"id": 2000 + n // 2, "login": f"h{n}"}]}
        for n, name in enumerate(names)
    }
    reviews = [{**approve("ann"), "id": m["id"], "user": m} for g in groups.values() for m in g["members"][:1]]
    commits = [commit(author=f"{n}@example.com", sha=f"{n:040x}") for n in range(20)]
    ways = root(any_of(*(all_of(leaf(1, one), leaf(1, two)) for one, two in zip(names[::2], names[1::2], strict=True))))
    with pytest.raises(Doubt, match="with 20 unknown contributors too many cases would have to be tried"):
        judge(ways, document(reviews=reviews, commits=[*commits, commit()], groups=groups))


@pytest.mark.parametrize("approvals", [leaf(0, "reviewers"), leaf(1), leaf(-1, "reviewers")])
def test_asking_for_nobody_is_an_error_even_if_such_rules_were_loaded(approvals):
    assert outcome_of(root(approvals), reviews=[approve("ann")]) is ERROR


@pytest.mark.parametrize(
    ("why", "approvals", "reviews", "missing"),
    [
        ("whoever is left of the group", ONE, [], [("1 more approval from reviewers", ("ann", "bob"))]),
        ("not who has approved already", root(leaf(2, "reviewers")), [approve("ann")], [("1 more approval from reviewers", ("bob",))]),
        ("there are not enough people", root(leaf(3, "reviewers")), [approve("ann")], [("2 more approvals from reviewers, who have only 1 left that may", ("bob",))]),
        ("both ways of `any`", root(any_of(leaf(2, "security"), leaf(1, "leads"))), [], [("2 more approvals from security", ("ann", "cid", "dan")), ("1 more approval from leads", ("ann", "lea"))]),
        ("only its author clears a veto", ONE, [reject("bob"), approve("ann")], [("the veto taken back, by a new approval or a dismissal of their own", ("bob",))]),
        ("nothing", ONE, [approve("ann")], []),
    ],
)  # fmt: skip
def test_what_is_missing_and_who_can_give_it(why, approvals, reviews, missing):
    assert list(map(tuple, judge(approvals, document(reviews=reviews)).missing)) == missing, why


@pytest.mark.parametrize(
    ("reviews", "text"),
    [
        ([approve("author")], "the approval of author does not count: author is the author of the pull request"),
        ([approve("helper")], f"the approval of helper does not count: helper is a co-author of commit {HEAD[:7]}"),
        ([approve("pusher")], "the approval of pusher does not count: pusher is somebody who pushed to the branch"),
        ([approve("bot")], "the approval of bot does not count: bot is a bot"),
        (
            [approve("ann", OLD)],
            "the approval of ann does not count: it is of commit bbbbbbb, which nobody had validated when it was given",
        ),
        ([approve("ann", at=BEFORE)], "the approval of ann does not count: it came before the verdict"),
        ([approve("ann", edited=True)], "the approval of ann does not count: it was edited after it was given"),
        ([dismissed("ann", "APPROVED", "bob")], "a review of ann was dismissed and leaves nothing"),
    ],
)
def test_an_approval_that_does_not_count_says_why(reviews, text):
    assert text in [cause.text for cause in judge(ONE, document(reviews=reviews)).causes]


def test_because_names_who_approved():
    assert (
        judge(root(leaf(2, "reviewers")), document(reviews=[approve("bob"), approve("ann")])).because
        == "approved by ann and bob"
    )


def test_a_rename_changes_nothing():
    renamed = {**approve("author"), "user": person("author", login="innocent")}
    assert outcome_of(ONE, reviews=[renamed]) is PENDING


@pytest.mark.parametrize(
    ("why", "needs", "eligible", "filled"),
    [
        ("nobody asked", [], [], []),
        ("the only way is to move the first one", [1, 1], [[1, 2], [1]], [[2], [1]]),
        ("a chain of moves", [1, 1, 1], [[1, 2], [2, 3], [1]], [[2], [3], [1]]),
        ("as many as can be", [2, 2], [[1, 2, 3], [3]], [[1, 2], [3]]),
        ("more places than a call stack is deep", [100] * 20, [range(1999)] * 20, [[*range(n, min(n + 100, 1999))] for n in range(0, 2000, 100)]),
    ],
)  # fmt: skip
def test_assign(why, needs, eligible, filled):
    assert assign(needs, eligible) == filled, why
