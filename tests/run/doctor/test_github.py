"""For each weakness of a set-up on GitHub: a test arranges it over real HTTP, and the doctor names it, and no other."""

import json

import pytest

from engine.core.guards import Branch, ruleset
from tests.run.doctor.conftest import CONTROLLER, SOURCE
from tests.sandbox.forge.conftest import Client

DEV, MAIN = f"{SOURCE}, branch dev", f"{CONTROLLER}, branch main"
SIGN = f"{CONTROLLER}, environment interlock-sign"
CHECK = "interlock merge: dev"
OWNERS = {"actor_id": 1, "actor_type": "OrganizationAdmin", "bypass_mode": "always"}
APP = {"actor_id": 1, "actor_type": "Integration", "bypass_mode": "always"}
APP_NAME = "App interlock"


def passing(repo, branch, *actors):
    return lambda team: team.ruleset(repo, branch, bypass_actors=list(actors))


def without(repo, branch, kind, **parameters):
    return lambda team: team.rules(repo, branch, kind, **parameters)


def checked(*checks):
    wants = {"strict_required_status_checks_policy": False, "required_status_checks": list(checks)}
    return without(SOURCE, "dev", "required_status_checks", **wants)


def evaluated(team):
    """As somebody does to see what a ruleset would refuse, and forgets."""
    team.ruleset(SOURCE, "dev", enforcement="evaluate")
    protect = next(row for row in team.olga("GET", f"/repos/{SOURCE}/rulesets") if row["name"] == "Protect dev")
    team.olga("DELETE", f"/repos/{SOURCE}/rulesets/{protect['id']}")


def only_ours(repo, branch, change):
    """`change`, and no other ruleset of the branch that would make up for it."""

    def arranged(team):
        for row in team.olga("GET", f"/repos/{repo}/rulesets"):
            if row["name"] == f"Protect {branch}":
                team.olga("DELETE", f"/repos/{repo}/rulesets/{row['id']}")
        change(team)

    return arranged


def environment(name, policy, *branches, repo=CONTROLLER, kind="branch"):
    def arranged(team):
        team.olga("PUT", f"/repos/{repo}/environments/{name}", {"deployment_branch_policy": policy})
        for branch in branches:
            body = {"name": branch, "type": kind}
            team.olga("POST", f"/repos/{repo}/environments/{name}/deployment-branch-policies", body)

    return arranged


CUSTOM = {"protected_branches": False, "custom_branch_policies": True}
PROTECTED = {"protected_branches": True, "custom_branch_policies": False}


def permissions(**other):
    def arranged(team):
        given = json.loads(team.forge.kept.value("SELECT permissions_json FROM apps")) | other
        given = {name: high for name, high in given.items() if high}
        team.sql("UPDATE apps SET permissions_json = ?", json.dumps(given))

    return arranged


def events(less=(), more=()):
    def arranged(team):
        told = set(json.loads(team.forge.kept.value("SELECT events_json FROM apps")))
        team.sql("UPDATE apps SET events_json = ?", json.dumps(sorted(told - set(less) | set(more))))

    return arranged


def hook(**config):
    return lambda team: team.as_app("PATCH", "/app/hook/config", config)


def sql(statement):
    return lambda team: team.sql(statement)


def elsewhere(team):
    """Somebody else installs the App, which is public."""
    sql = "INSERT INTO installations (app, account, created_at) SELECT 1, id, created_at FROM accounts WHERE login = ?"
    team.sql(sql, "umbrella")


def dispatching(team):
    """A source tells its controller by a workflow, whose environment nobody has made."""
    from engine.sandbox.forge.git.bare import bare

    repository = team.forge.repository("acme", "dev-deployment")
    store = bare(team.forge, repository["id"])
    tip = store.resolve("refs/heads/main")
    tree = store.with_file(tip, ".github/workflows/dispatch-to-controller.yml", b"on: push\n")
    from engine.sandbox.forge.git.bare import Person

    ann = Person("Ann", "ann@example.com", "2026-11-27T08:00:00Z")
    store.update("refs/heads/main", store.write_commit(tree, [tip], "x\n", ann, ann), tip)
    team.undo = lambda: store.update("refs/heads/main", tip, store.resolve("refs/heads/main"))


# why, what is arranged, of what it is told, in these words, how bad it is
WEAK = [
    ("whoever may write pushes", only_ours(SOURCE, "dev", without(SOURCE, "dev", "pull_request")), DEV, "takes pushes without a pull request", "error"),
    ("history is rewritten", only_ours(SOURCE, "dev", without(SOURCE, "dev", "non_fast_forward")), DEV, "takes forced pushes", "error"),
    ("the branch is made anew", only_ours(SOURCE, "dev", without(SOURCE, "dev", "deletion")), DEV, "may be deleted", "error"),
    ("GitHub's button asks nobody", only_ours(SOURCE, "dev", without(SOURCE, "dev", "required_status_checks")), DEV, f"does not require the check `{CHECK}`", "error"),
    ("the check of another branch is required", only_ours(SOURCE, "dev", checked({"context": "interlock merge: main", "integration_id": 1})), DEV, f"does not require the check `{CHECK}`", "error"),
    ("only the plan's is required", only_ours(SOURCE, "dev", checked({"context": "interlock plan: dev", "integration_id": 1})), DEV, f"does not require the check `{CHECK}`", "error"),
    ("anybody may set the check", only_ours(SOURCE, "dev", checked({"context": CHECK})), DEV, f"takes the check `{CHECK}` of anybody, not of our App alone", "error"),
    ("another App may set it", only_ours(SOURCE, "dev", checked({"context": CHECK, "integration_id": 7})), DEV, f"takes the check `{CHECK}` of App 7, not of", "error"),
    ("owners push past the rules", passing(SOURCE, "dev", OWNERS), DEV, "may be pushed to past its rules by our own App (ruleset `Protect dev`), owners of the organisation (ruleset", "error"),
    ("our App pushes past the rules", only_ours(SOURCE, "dev", passing(SOURCE, "dev", APP)), DEV, "past its rules by our own App (ruleset `interlock: dev`)", "error"),
    ("another App does", only_ours(SOURCE, "dev", passing(SOURCE, "dev", {**APP, "actor_id": 7})), DEV, "may be pushed to past its rules by App 7 (", "error"),
    ("a deploy key does", only_ours(SOURCE, "dev", passing(SOURCE, "dev", {"actor_id": None, "actor_type": "DeployKey", "bypass_mode": "always"})), DEV, "by every deploy key (", "error"),
    ("a role does", only_ours(SOURCE, "dev", passing(SOURCE, "dev", {"actor_id": 4, "actor_type": "RepositoryRole", "bypass_mode": "exempt"})), DEV, "by role write (", "error"),
    ("a team does", only_ours(SOURCE, "dev", passing(SOURCE, "dev", {"actor_id": 2, "actor_type": "Team", "bypass_mode": "always"})), DEV, "by team 2 (", "error"),
    ("owners may merge past the rules", only_ours(SOURCE, "dev", passing(SOURCE, "dev", {**OWNERS, "bypass_mode": "pull_request"})), DEV, "may be merged into past its rules by owners", "warning"),
    ("an App may", only_ours(SOURCE, "dev", passing(SOURCE, "dev", {**APP, "bypass_mode": "pull_request"})), DEV, "may be merged into past its rules by our own App", "error"),
    ("rulesets only say what they would refuse", evaluated, DEV, "takes pushes without a pull request", "error"),
    ("rules are pushed", without(CONTROLLER, "main", "pull_request"), MAIN, "takes pushes without a pull request", "error"),
    ("rules are merged unread", without(CONTROLLER, "main", "pull_request", required_approving_review_count=0), MAIN, "that nobody has reviewed", "error"),
    ("anybody's review is enough for rules", without(CONTROLLER, "main", "pull_request", required_approving_review_count=1), MAIN, "asks no owner of CODEOWNERS", "warning"),
    ("our App pushes rules", passing(CONTROLLER, "main", APP), MAIN, "may be pushed to past its rules by our own App", "error"),
    ("the App that dispatches pushes rules", passing(CONTROLLER, "main", {**APP, "actor_id": 9}), MAIN, "may be pushed to past its rules by App 9", "error"),
    ("secrets are open to every branch", environment("interlock-sign", None), SIGN, "is open to every branch", "error"),
    ("secrets are open to what has a rule", environment("interlock-sign", PROTECTED), SIGN, "is open to each branch that has a rule", "error"),
    ("secrets are open to more branches", environment("interlock-sign", CUSTOM, "release/*"), SIGN, "is open to branch release/*, too", "error"),
    ("secrets are open to a tag of that name", environment("interlock-sign", CUSTOM, "main", kind="tag"), SIGN, "is open to tag main, too", "error"),
    ("an environment that no workflow names is open", environment("Old", None), f"{CONTROLLER}, environment Old", "is open to every branch", "error"),
    ("one is not there", lambda team: team.olga("DELETE", f"/repos/{CONTROLLER}/environments/interlock-sign"), SIGN, "is not there, and centralized-controller.yml has a job in it", "error"),
    ("one is open to nobody", environment("new", CUSTOM), f"{CONTROLLER}, environment new", "is open to no branch at all", "warning"),
    ("a source's dispatch is open", environment("dispatch", None, repo=SOURCE), f"{SOURCE}, environment dispatch", "is open to every branch", "error"),
    ("a source's dispatch is not there", dispatching, f"{SOURCE}, environment dispatch", "is not there", "error"),
    ("the App lacks a right", permissions(checks="read"), APP_NAME, "it lacks checks: write", "error"),
    ("the App has no right at all", permissions(pull_requests=None), APP_NAME, "it lacks pull_requests: write", "error"),
    ("the App may do more", permissions(administration="write"), APP_NAME, "may do more than the rules do: administration: write", "warning"),
    ("the App may do the same, and more of it", permissions(members="write"), APP_NAME, "more than the rules do: members: write", "warning"),
    ("the App is not told of reviews", events(less=["pull_request_review"]), APP_NAME, "is not told of pull_request_review", "error"),
    ("the App is told of more", events(more=["watch"]), APP_NAME, "is told of watch, to which", "warning"),
    ("webhooks are not signed", hook(secret=""), f"{APP_NAME}, webhook", "has no secret", "error"),
    ("webhooks go in the clear", hook(url="http://interlock.example/webhooks"), f"{APP_NAME}, webhook", "goes to http://interlock.example without", "error"),
    ("webhooks go to whoever says so", hook(insecure_ssl="1"), f"{APP_NAME}, webhook", "without a certificate that is looked at", "error"),
    ("webhooks go nowhere", sql("UPDATE hooks SET url = ''"), f"{APP_NAME}, webhook", "has no address", "error"),
    ("the App is nowhere", sql("DELETE FROM installations"), APP_NAME, f"is not installed on {SOURCE}", "error"),
    ("the App is not on a source", sql("UPDATE installation_repositories SET repository = (SELECT id FROM repositories WHERE name = 'controller')"), APP_NAME, f"is not installed on {SOURCE}", "error"),
    ("the App is on everything", sql("UPDATE installations SET selection = 'all'"), f"{APP_NAME} at acme", "is installed on all repositories", "warning"),
    ("the App is suspended", sql("UPDATE installations SET suspended_at = created_at"), f"{APP_NAME} at acme", "is suspended since", "error"),
    ("somebody else has installed it", elsewhere, f"{APP_NAME} at umbrella", "no source of the rules is theirs", "error"),
]  # fmt: skip
BESIDES = {  # what is wrong as well, since one thing comes of the other
    "rulesets only say what they would refuse": 4,
    "rules are pushed": 2,
    "owners push past the rules": 1,
    "the App is suspended": 2,
}


@pytest.mark.parametrize(("why", "arrange", "subject", "words", "level"), WEAK, ids=[row[0] for row in WEAK])
def test_a_weakness_is_named(team, why, arrange, subject, words, level):
    arrange(team)
    try:
        found = team.wrong()
    finally:
        getattr(team, "undo", lambda: None)()
        team.undo = lambda: None
    assert [one for one in found if (one.subject, one.level) == (subject, level) and words in one.what], found
    assert len(found) == BESIDES.get(why, 1), found
    assert all(one.attack and one.mend for one in found), found


def test_a_team_that_is_set_up_well_has_none(team):
    found = team.look()
    assert [one for one in found if not one.ok] == []
    told = {one.subject for one in found}
    assert {DEV, f"{SOURCE}, branch main", MAIN, SIGN, APP_NAME, f"{APP_NAME}, webhook", "clock"} <= told


MENDED = [row for row in WEAK if row[2] in (DEV, MAIN, SIGN, f"{SOURCE}, environment dispatch")]


@pytest.mark.parametrize(
    ("why", "arrange", "subject", "words", "level"), MENDED[::4], ids=[row[0] for row in MENDED[::4]]
)
def test_what_a_finding_says_mends_it(team, why, arrange, subject, words, level):
    arrange(team)
    try:
        for mend in dict.fromkeys(one.mend for one in team.wrong()):
            team.gh(mend)
        assert team.wrong() == []
    finally:
        getattr(team, "undo", lambda: None)()
