"""A branch's guards: what each has, and whom none of them stops. What is not known counts as said by none."""

import json
import shlex

import pytest

from engine.core.guards import Branch, Guard, Passing, judged, made, of_protection, of_ruleset, said

DEV = Branch("acme/x", "dev", "interlock merge: dev", 5)
RULES = frozenset(["pull_request", "non_fast_forward", "deletion", "required_status_checks"])
WHOLE = Guard("g", RULES, (("interlock merge: dev", 5),))
OWNER = Passing("OrganizationAdmin", "owners of the organisation")
MERGER = Passing("Team", "team 3", 3, "pull_request")


@pytest.mark.parametrize(
    ("why", "guards", "told"),
    [
        ("nothing at all", [], ["without a pull request", "forced pushes", "be deleted", "does not require the check"]),
        ("all of it, for everybody", [WHOLE], []),
        ("each a part", [WHOLE._replace(rules=RULES - {"deletion"}), Guard("h", frozenset(["deletion"]))], []),
        ("somebody passes the only one", [WHOLE._replace(passing=(OWNER,))], ["pushed to past its rules by owners"]),
        (
            "two that the same one passes",
            [WHOLE._replace(passing=(OWNER,))] * 2,
            ["pushed to past its rules by owners"],
        ),
        (
            "each is passed by another: nobody knows who is both",
            [WHOLE._replace(passing=(OWNER,)), WHOLE._replace(name="h", passing=(MERGER,))],
            ["pushed to past its rules by owners of the organisation (g)", "merged into past its rules by team 3 (h)"],
        ),
        ("one of two that nobody passes", [WHOLE, WHOLE._replace(passing=(OWNER,))], []),
        ("one that is not shown, beside one that nobody passes", [WHOLE, WHOLE._replace(passing=None)], []),
        ("one that is not shown", [WHOLE._replace(passing=None)], ["does not show who may pass g"]),
        (
            "the one that nobody passes lacks a rule",
            [WHOLE._replace(rules=RULES - {"pull_request"}), WHOLE._replace(passing=(OWNER,))],
            ["pushed to past its rules by owners"],
        ),
        (
            "the check of the one that nobody passes is anybody's",
            [WHOLE._replace(checks=((DEV.check, None),)), WHOLE._replace(passing=(OWNER,))],
            ["pushed to past its rules by owners"],
        ),
    ],
)
def test_guards(why, guards, told):
    found = judged(DEV, guards)
    assert len(found) == max(len(told), 1), (why, found)
    assert all(words in one.what for words, one in zip(told, found, strict=False)), (why, found)
    assert found[0].ok is not bool(told), why


RULES_BRANCH = Branch("acme/c", "main", app=5, reviewed=True)
READ = Guard("g", RULES - {"required_status_checks"}, (), 1, owners=True)


@pytest.mark.parametrize(
    ("why", "guards", "told"),
    [
        ("all of it", [READ], []),
        ("nobody reviews", [READ._replace(reviews=0)], ["that nobody has reviewed"]),
        ("anybody may", [READ._replace(owners=False)], ["asks no owner"]),
        (
            "the one that nobody passes asks for no review",
            [READ._replace(reviews=0), Guard("h", frozenset(["pull_request"]), (), 1, owners=True, passing=(OWNER,))],
            ["pushed to past its rules by owners of the organisation (h)"],
        ),
    ],
)
def test_guards_of_the_rules_themselves(why, guards, told):
    found = judged(RULES_BRANCH, guards)
    assert [one.ok for one in found] == [not told], (why, found)
    assert all(words in found[0].what for words in told), (why, found)


def test_nobody_says_which_app_is_ours():
    """Then a check that anybody sets must not pass for ours."""
    (found,) = judged(DEV._replace(app=None), [WHOLE._replace(checks=((DEV.check, None),))])
    assert (found.ok, "ENGINE_GITHUB_APP_ID" in found.mend) == (False, True)
    assert DEV.check not in made(DEV._replace(app=None)), "what is bound to nobody mends nothing"


PROTECTED = {
    "required_status_checks": {
        "strict": True,
        "contexts": [DEV.check],
        "checks": [{"context": DEV.check, "app_id": 5}],
    },
    "enforce_admins": {"url": "https://api.github.com/x", "enabled": True},
    "required_pull_request_reviews": {
        "dismiss_stale_reviews": True,
        "require_code_owner_reviews": True,
        "required_approving_review_count": 1,
    },
    "allow_force_pushes": {"enabled": False},
    "allow_deletions": {"enabled": False},
}
EXCUSED = {"users": [{"login": "bob", "id": 7}], "teams": [{"slug": "ops", "id": 8}], "apps": [{"slug": "x", "id": 5}]}


@pytest.mark.parametrize(
    ("why", "changes", "told"),
    [
        ("all of it", {}, ""),
        ("not for administrators", {"enforce_admins": {"enabled": False}}, "past its rules by role admin"),
        ("it says nothing of administrators", {"enforce_admins": None}, "past its rules by role admin"),
        (
            "anybody's check",
            {"required_status_checks": {"checks": [{"context": DEV.check, "app_id": None}]}},
            "of anybody",
        ),
        ("any App's", {"required_status_checks": {"checks": [{"context": DEV.check, "app_id": -1}]}}, "of anybody"),
        ("only names", {"required_status_checks": {"contexts": [DEV.check]}}, "does not require the check"),
        ("no pull request", {"required_pull_request_reviews": None}, "takes pushes without a pull request"),
        ("forced pushes", {"allow_force_pushes": {"enabled": True}}, "takes forced pushes"),
        ("deletion", {"allow_deletions": {"enabled": True}}, "may be deleted"),
        (
            "some push without one",
            {"required_pull_request_reviews": {"bypass_pull_request_allowances": EXCUSED}},
            "by our own App (the branch's own protection), team ops (the branch's own protection), user bob",
        ),
    ],
)
def test_a_branch_s_own_protection(why, changes, told):
    found = judged(DEV, [of_protection(PROTECTED | changes)])
    assert [one.ok for one in found] == [not told], (why, found)
    assert told in found[0].what, why


def test_what_mends_it_is_a_ruleset_without_a_hole():
    """The command is taken apart as a shell does, and what it sends is judged."""
    for branch in (DEV, Branch("acme/c", "main", app=5, reviewed=True), DEV._replace(name="it's", check="x: it's")):
        *_, body = shlex.split(made(branch))
        told = json.loads(body)
        rows = [{**rule, "ruleset_id": 1} for rule in told["rules"]]
        (rules,) = said(rows).values()
        (found,) = judged(branch, [of_ruleset(rules, told)])
        assert found.ok, found
        assert told["conditions"]["ref_name"]["include"] == [f"refs/heads/{branch.name}"]


def test_what_is_no_answer_of_github_s_is_no_guard():
    for odd in ([{"ruleset_id": 1}], [{"type": "pull_request"}]):
        with pytest.raises((LookupError, TypeError)):
            of_ruleset(next(iter(said(odd).values())), {"name": "x"})
