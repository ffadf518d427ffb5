"""For each weakness of a set-up on GitHub: a test arranges it over real HTTP, and the doctor names it, and no other."""

import json
import shlex
from typing import Any
from urllib.parse import quote

import pytest

from engine.adapters.github.auth import Token
from engine.adapters.github.client import Client
from engine.core.guards import Branch
from engine.run.doctor import branches, environments
from engine.run.doctor.asking import tried
from engine.sandbox.forge.git.bare import Person, bare
from tests.run.doctor.conftest import CONTROLLER, SOURCE, checkout
from tests.support.receiver import until

CHECK = "interlock merge: dev"
DEV_BRANCH = Branch(SOURCE, "dev", CHECK, 1)
OWNERS = {"actor_id": 1, "actor_type": "OrganizationAdmin", "bypass_mode": "always"}
APP = {"actor_id": 1, "actor_type": "Integration", "bypass_mode": "always"}
WRITERS = {"actor_id": 4, "actor_type": "RepositoryRole", "bypass_mode": "exempt"}
TEAM = {"actor_id": 2, "actor_type": "Team", "bypass_mode": "always"}
KEYS = {"actor_id": None, "actor_type": "DeployKey", "bypass_mode": "always"}
MILD = {"bypass_mode": "pull_request"}
CUSTOM = {"protected_branches": False, "custom_branch_policies": True}
PROTECTED = {"protected_branches": True, "custom_branch_policies": False}
REPOSITORY = "(SELECT id FROM repositories WHERE name = 'controller')"


def passing(*actors):
    return lambda team, repo, branch: team.ruleset(repo, branch, bypass_actors=list(actors))


def without(kind, **parameters):
    return lambda team, repo, branch: team.rules(repo, branch, kind, **parameters)


def checked(context, app=None):
    bound = {"context": context} | ({"integration_id": app} if app else {})
    wants = {"strict_required_status_checks_policy": False, "required_status_checks": [bound]}
    return without("required_status_checks", **wants)


def evaluated(team, repo, branch):
    """As somebody does to see what a ruleset would refuse, and forgets."""
    team.ruleset(repo, branch, enforcement="evaluate")


# why, what is arranged with the only ruleset of a source's branch, in which words it is told, whether it is no error
DEV = [
    ("whoever may write pushes", without("pull_request"), "takes pushes without a pull request"),
    ("history is rewritten", without("non_fast_forward"), "takes forced pushes"),
    ("the branch is made anew", without("deletion"), "may be deleted"),
    ("GitHub's button asks nobody", without("required_status_checks"), f"does not require the check `{CHECK}`"),
    ("another branch's check", checked("interlock merge: main", 1), f"does not require the check `{CHECK}`"),
    ("the plan's check alone", checked("interlock plan: dev", 1), f"does not require the check `{CHECK}`"),
    ("anybody sets the check", checked(CHECK), f"takes the check `{CHECK}` of anybody, not of our App alone"),
    ("another App sets it", checked(CHECK, 7), f"takes the check `{CHECK}` of App 7, not of our App alone"),
    ("owners push past the rules", passing(OWNERS), "pushed to past its rules by owners of the organisation (ruleset"),
    ("our App does", passing(APP), "pushed to past its rules by our own App (ruleset `interlock: dev`)"),
    ("another App does", passing({**APP, "actor_id": 7}), "may be pushed to past its rules by App 7 ("),
    ("a deploy key does", passing(KEYS), "by every deploy key ("),
    ("who may write does, and is not told", passing(WRITERS), "by role write ("),
    ("a team does", passing(TEAM), "by team 2 ("),
    ("several do", passing(TEAM, KEYS), "by every deploy key (ruleset `interlock: dev`), team 2 ("),
    (
        "owners may merge past them",
        passing({**OWNERS, **MILD}),
        "may be merged into past its rules by owners",
        "warning",
    ),
    ("an App may", passing({**APP, **MILD}), "may be merged into past its rules by our own App"),
    ("it only says what it would refuse", evaluated, "takes pushes without a pull request"),
]
# The same of the controller's.
MAIN = [
    ("rules are pushed", without("pull_request"), "takes pushes without a pull request"),
    ("rules are merged unread", without("pull_request", required_approving_review_count=0), "that nobody has reviewed"),
    (
        "anybody's review is enough for rules",
        without("pull_request", required_approving_review_count=1),
        "asks no owner of CODEOWNERS",
        "warning",
    ),
    ("our App pushes rules", passing(APP), "may be pushed to past its rules by our own App"),
    ("the App that dispatches does", passing({**APP, "actor_id": 9}), "may be pushed to past its rules by App 9"),
    ("it only says what it would refuse", evaluated, "takes forced pushes"),
]


def environment(name, policy, *branches, repo=CONTROLLER, kind="branch"):
    def arranged(team):
        team.olga("PUT", f"/repos/{repo}/environments/{name}", {"deployment_branch_policy": policy})
        for branch in branches:
            body = {"name": branch, "type": kind}
            team.olga("POST", f"/repos/{repo}/environments/{name}/deployment-branch-policies", body)

    return arranged


def no_environment(team):
    team.olga("DELETE", f"/repos/{CONTROLLER}/environments/interlock-sign")


def dispatching(team):
    """A source tells its controller by a workflow, whose environment nobody has made."""
    store = bare(team.forge, team.forge.repository("acme", "dev-deployment")["id"])
    tip, ann = store.resolve("refs/heads/main"), Person("Ann", "ann@example.com", "2026-11-27T08:00:00Z")
    assert tip
    tree = store.with_file(tip, ".github/workflows/dispatch-to-controller.yml", b"on: push\n")
    made = store.write_commit(tree, [tip], "x\n", ann, ann)
    assert store.update("refs/heads/main", made, tip)
    team.undo = lambda: store.update("refs/heads/main", tip, made)


# why, what is arranged, of which environment it is told
SIGN, DISPATCH = f"{CONTROLLER}, environment interlock-sign", f"{SOURCE}, environment dispatch"
ENVIRONMENTS = [
    ("open to every branch", environment("interlock-sign", None), SIGN, "is open to every branch"),
    ("open to what has a rule", environment("interlock-sign", PROTECTED), SIGN, "is open to each branch that has a"),
    ("open to more branches", environment("interlock-sign", CUSTOM, "r/*"), SIGN, "is open to branch r/*, too"),
    ("open to a tag", environment("interlock-sign", CUSTOM, "main", kind="tag"), SIGN, "is open to tag main, too"),
    ("not there", no_environment, SIGN, "is not there, and centralized-controller.yml has a job in it"),
    ("one that no workflow names", environment("Old", None), f"{CONTROLLER}, environment Old", "is open to every"),
    ("open to nobody", environment("New", CUSTOM), f"{CONTROLLER}, environment New", "to no branch at all", "warning"),
    ("a source's", environment("dispatch", None, repo=SOURCE), DISPATCH, "is open to every branch"),
    ("a source's that is not there", dispatching, DISPATCH, "is not there, and .github/workflows/dispatch-to"),
]


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


ELSEWHERE = "INSERT INTO installations (app, account, created_at) SELECT 1, id, created_at FROM accounts"
US, HOOK = "App interlock", "App interlock, webhook"
THE_APP = [
    ("it lacks a level", permissions(checks="read"), US, "may not do what the rules do: it lacks checks: write"),
    ("it lacks a right", permissions(pull_requests=None), US, "it lacks pull_requests: write"),
    ("it may do more", permissions(administration="write"), US, "more than the rules do: administration: w", "warning"),
    ("it may write what it reads", permissions(members="write"), US, "than the rules do: members: write", "warning"),
    ("it is not told of reviews", events(less=["pull_request_review"]), US, "is not told of pull_request_review"),
    ("it is told of more", events(more=["watch"]), US, "is told of watch, to which the rules do not l", "warning"),
    ("webhooks are not signed", hook(secret=""), HOOK, "has no secret"),
    ("they go in the clear", hook(url="http://acme.example/x"), HOOK, "goes to http://acme.example without a certif"),
    ("they go to whoever claims to be us", hook(insecure_ssl="1"), HOOK, "without a certificate that is looked at"),
    ("they go nowhere", sql("UPDATE hooks SET url = ''"), HOOK, "has no address, though the App is told of events"),
    ("it is nowhere", sql("DELETE FROM installations"), US, f"is not installed on {SOURCE}"),
    ("not on a source", sql(f"UPDATE installation_repositories SET repository = {REPOSITORY}"), US, "is not installed"),
    ("on all", sql("UPDATE installations SET selection = 'all'"), f"{US} at acme", "on all repositories", "warning"),
    ("suspended", sql("UPDATE installations SET suspended_at = created_at"), f"{US} at acme", "is suspended since"),
    (
        "elsewhere",
        sql(f"{ELSEWHERE} WHERE login = 'umbrella'"),
        f"{US} at umbrella",
        "no source of the rules is theirs",
    ),
]
WEAK: list[Any] = [
    *((f"dev: {row[0]}", row[1], f"{SOURCE}, branch dev", *row[2:]) for row in DEV),
    *((f"controller: {row[0]}", row[1], f"{CONTROLLER}, branch main", *row[2:]) for row in MAIN),
    *((f"environment: {row[0]}", *row[1:]) for row in ENVIRONMENTS),
    *((f"App: {row[0]}", *row[1:]) for row in THE_APP),
]
# What is wrong as well, since one thing comes of the other.
BESIDES = {
    "dev: it only says what it would refuse": 4,
    "controller: rules are pushed": 2,
    "controller: it only says what it would refuse": 4,
    "App: suspended": 2,
}


@pytest.fixture
def arranged(team):
    """`arranged(row)`: what it says is so, and what was found wrong then."""
    team.undo = lambda: None

    def arrange(row):
        _, change, subject, *_ = row
        repo, is_branch, branch = subject.partition(", branch ")
        if is_branch:
            team.drop(repo, f"Protect {branch}")  # the sandbox's own would make up for what is missing
            change(team, repo, branch)
        else:
            change(team)
        return team.wrong()

    yield arrange
    team.undo()


@pytest.mark.parametrize("row", WEAK, ids=[row[0] for row in WEAK])
def test_a_weakness_is_named(arranged, row):
    why, _, subject, words, *level = row
    found = arranged(row)
    told = [(one.subject, one.level) for one in found if words in one.what]
    assert told == [(subject, *(level or ["error"]))], found
    assert len(found) == BESIDES.get(why, 1), found
    assert all(one.attack and one.mend for one in found), found


def test_a_team_that_is_set_up_well_has_none(team):
    found = team.look()
    assert [one for one in found if not one.ok] == []
    branches = [f"{SOURCE}, branch dev", f"{SOURCE}, branch main", f"{CONTROLLER}, branch main"]
    assert {one.subject for one in found} > {*branches, SIGN, US, HOOK, f"{US}, deliveries", "clock"}


@pytest.mark.parametrize("row", [DEV[0], DEV[6], DEV[9], MAIN[3], ENVIRONMENTS[0], ENVIRONMENTS[2], ENVIRONMENTS[4]])
def test_what_a_finding_says_mends_it(arranged, team, row):
    whole = next(one for one in WEAK if one[1] is row[1])
    for mend in dict.fromkeys(one.mend for one in arranged(whole)):
        team.gh(mend)
    assert team.wrong() == []


def test_the_branch_whose_workflow_gets_the_key_is_looked_at(team):
    """A default branch that is none of the environments': whoever may push there sends what they like as the App."""
    team.sql("UPDATE repositories SET default_branch = 'prod' WHERE name = 'dev-deployment'")
    environment("dispatch", CUSTOM, "prod", repo=SOURCE)(team)
    found = team.wrong()
    assert {one.subject for one in found} == {f"{SOURCE}, branch prod"}
    assert [one for one in found if "may be pushed to past its rules by our own App" in one.what]
    for mend in dict.fromkeys(one.mend for one in found):
        team.gh(mend)
    assert team.wrong() == []


def test_a_name_of_somebody_s_is_no_part_of_a_command(team):
    """Whoever may write makes an environment, by a workflow: its name gets into what an administrator copies."""
    name = "x'; touch pwned; $(touch pwned) && \"`id`|<>"
    team.olga("PUT", f"/repos/{CONTROLLER}/environments/{quote(name, safe='')}", {})
    (found,) = team.wrong()
    for command in found.mend.split(" && "):
        words = shlex.shlex(command, posix=True, punctuation_chars=True)
        assert [word for word in words if set(word) <= set("();<>|&")] == ["<<<"], command
    team.gh(found.mend)
    assert team.wrong() == []


def test_rules_that_set_no_check(team, tmp_path):
    """Then nothing can be required, however well the branches are set up."""
    folder = checkout(tmp_path)
    for file in [tmp_path / "deployment-rules.yaml", *sorted((tmp_path / "specs").glob("*.yaml"))]:
        file.write_text(
            file.read_text().replace("name: merge, state", "name: plan, state").replace("{name: merge}", "{name: plan}")
        )
    team.controller, before = folder, team.controller
    try:
        told = {one.subject: one.what for one in team.look()}
    finally:
        team.controller = before
    assert told["rules"].startswith("no pipeline sets the check"), told
    assert told[f"{SOURCE}, branch dev"] == "takes pull requests only; nobody is excused"


def test_one_ruleset_that_nobody_passes_is_enough(team):
    """What another one lets somebody pass is no hole then, as GitHub lets nobody through that one of them stops."""
    there = [row["name"] for row in team.olga("GET", f"/repos/{SOURCE}/rulesets")]
    assert {"Protect dev", "interlock: dev"} <= set(there)
    assert team.wrong() == []


# Where GitHub does not let us look.


@pytest.mark.parametrize(
    ("why", "how", "subject", "words", "mend"),
    [
        ("nobody", {"login": "nobody"}, "GITHUB_TOKEN", "there is no GITHUB_TOKEN", "who administers the sources"),
        ("one of nobody's", {"GITHUB_TOKEN": "ghp_x"}, "GITHUB_TOKEN", "(status 401)", "who administers the sources"),
        (
            "who may write, but not change rules",
            {"login": "ann"},
            f"{SOURCE}, branch dev",
            "GitHub does not show who may pass ruleset `interlock: dev`",
            f"an administrator of {SOURCE}",
        ),
        (
            "somebody of elsewhere",
            {"login": "nemo"},
            f"{SOURCE}, branch dev",
            "lets us not see",
            f"`Metadata: read` of {SOURCE}",
        ),
        ("no App", {"ENGINE_GITHUB_APP_ID": ""}, "App", "are not both set", "ENGINE_GITHUB_APP_KEY_FILE"),
        ("another App", {"ENGINE_GITHUB_APP_ID": "77"}, "App", "Integration not found", "ENGINE_GITHUB_APP_ID"),
        ("no controller", {"repo": None}, "controller", "nobody says which repository", "--repo OWNER/NAME"),
    ],
)
def test_what_cannot_be_seen_is_not_fine(team, why, how, subject, words, mend):
    if how.get("login") == "nemo":
        account = team.forge.kept.insert("accounts", login="nemo", kind="User", created_at="2026-11-27T08:00:00Z")
        team.forge.kept.insert("tokens", token="ghp_nemo", account=account, kind="personal")
    found = team.look(**how)
    assert [one for one in found if not one.ok and one.subject == subject and words in one.what and mend in one.mend], (
        why,
        found,
    )
    well = {one.subject for one in found if one.ok}
    assert subject not in well, why
    if how.get("login"):
        assert not [one for one in well if ", branch" in one], found


@pytest.mark.parametrize(
    ("why", "look", "grant"),
    [
        (
            "a branch's own protection",
            lambda client: branches.of_branch(client, DEV_BRANCH, {}),
            "Administration: read",
        ),
        (
            "environments",
            lambda client: tried(
                CONTROLLER, "give it", lambda: environments.of_repository(client, CONTROLLER, "main", {})
            ),
            "give it",
        ),
    ],
)
def test_a_right_that_is_lacking_is_named(team, why, look, grant):
    """As a fine-grained token that was not given it."""
    body = {"permissions": {"contents": "read"}}
    token = team.as_app("POST", "/app/installations/1/access_tokens", body)["token"]
    found = look(Client(team.forge.urls.api, Token(token)))
    assert not [one for one in found if one.ok], why
    (denied,) = [one for one in found if grant in one.mend]
    assert "lets us not see" in denied.what, why


def test_a_job_s_token_sees_too_little(team):
    """It is an App's: GitHub shows it neither who may pass, nor who it is."""
    token = team.as_app("POST", "/app/installations/1/access_tokens")["token"]
    found = team.wrong(GITHUB_TOKEN=token)
    assert [(one.subject, "not accessible by integration" in one.what) for one in found] == [("GITHUB_TOKEN", True)]


def test_a_key_of_another_app_shows_nothing(team, tmp_path):
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = tmp_path / "key.pem"
    file.touch(0o600)
    file.write_bytes(pem)
    found = team.wrong(ENGINE_GITHUB_APP_KEY_FILE=str(file))
    assert [(one.subject, "status 401" in one.what) for one in found] == [("App", True)]


def test_what_was_not_delivered(team):
    """Really sent, to where nobody listens."""
    team.olga("POST", f"/repos/{SOURCE}/issues", {"title": "hear me"})
    team.olga("POST", f"/repos/{SOURCE}/issues/1/comments", {"body": "and me"})
    sql = "SELECT count(*) FROM deliveries WHERE state <> 'sent'"
    until(lambda: team.forge.kept.value(sql) == 0)
    (found,) = team.wrong()
    assert found.subject == f"{US}, deliveries"
    assert found.what == "1 of 1 delivery in the last day failed: 1 × no answer"
    last = team.as_app("GET", "/app/hook/deliveries")[0]
    team.sql("UPDATE deliveries SET status_code = 200 WHERE id = ?", last["id"])
    assert team.wrong() == []


@pytest.mark.parametrize(("ahead_s", "words"), [(3600, "behind GitHub's"), (-3600, "before GitHub's"), (20, "")])
def test_a_clock_that_goes_wrong(team, ahead_s, words):
    """GitHub's says what time it is there in each answer."""
    team.forge.clock.ahead_s += ahead_s
    try:
        found = [one for one in team.look() if one.subject == "clock"]
    finally:
        team.forge.clock.ahead_s -= ahead_s
    assert [one.ok for one in found] == [not words]
    assert words in found[0].what
