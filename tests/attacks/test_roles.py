"""Attacks on who gets into AWS: whose token opens which role, as AWS would judge the trusts that are printed."""

import json

import pytest

from engine.errors import EngineError
from tests.support.trusted import ACCOUNTS, GITHUB, REPO, STORE, admits, an_account

EVERYWHERE = (*ACCOUNTS.values(), STORE.account)
PLAN, APPLY = {"plan_production", "store_plan"}, {"apply_production", "store_apply"}
PLAIN, NUMBERED = f"repo:{REPO}", "repo:acme@11/controller@22"


def opened(sub, aud="sts.amazonaws.com", iss=GITHUB, accounts=EVERYWHERE, **more):
    """The roles of all accounts that a token opens."""
    found = set()
    for account in accounts:
        it = an_account(account, **more)
        claims = {"iss": iss, "sub": sub, "aud": aud, "ref": "refs/heads/main", "repository": REPO}
        found |= {role.label for role in it.roles if admits(it.trust(role), it.provider_arn, claims)}
    return found


JOBS = [
    ("route", "interlock-route", {"store_route"}),
    ("plan of a change of production", "interlock-plan-production", PLAN),
    ("plan of one of development", "interlock-plan-development", {"plan_development", "store_plan"}),
    ("plan of one of no account", "interlock-plan-otherwise", {"store_plan"}),
    ("sign", "interlock-sign", {"store_sign"}),
    ("apply in production", "production", APPLY),
    ("apply in development", "development", {"apply_development", "store_apply"}),
    ("apply of what is of none", "otherwise", {"store_apply"}),
    ("report", "interlock-report", {"store_report"}),
    ("another environment of the controller", "dispatch", set()),
    ("one that looks like it", "Production", set()),
    ("one that begins like it", "production-2", set()),
    ("one that has a subject in its name", "x%3Aenvironment%3Aproduction", set()),
]


@pytest.mark.parametrize("repo", [PLAIN, NUMBERED])
@pytest.mark.parametrize(("job", "environment", "roles"), JOBS, ids=[row[0] for row in JOBS])
def test_a_job_opens_its_own_roles_and_no_other(job, environment, roles, repo):
    assert opened(f"{repo}:environment:{environment}") == roles, job


OTHERS = [
    ("a job without an environment, on the default branch", f"{PLAIN}:ref:refs/heads/main", {}),
    ("a job of another branch", f"{PLAIN}:ref:refs/heads/production", {}),
    ("a branch that is called as an environment is", f"{PLAIN}:ref:refs/heads/environment:production", {}),
    ("a tag", f"{PLAIN}:ref:refs/tags/production", {}),
    ("a pull request", f"{PLAIN}:pull_request", {}),
    ("the source's own workflow", "repo:acme/dev-deployment:environment:production", {}),
    ("another repository of that owner", "repo:acme/controller2:environment:production", {}),
    ("another owner's", "repo:acme2/controller:environment:production", {}),
    ("whoever took the name after it was given up", "repo:acme@77/controller@22:environment:production", {}),
    ("a repository that was made anew", "repo:acme@11/controller@23:environment:production", {}),
    ("other letters", "repo:Acme/controller:environment:production", {}),
    ("a blank behind it", f"{PLAIN}:environment:production ", {}),
    ("a pattern", "repo:acme/*", {}),
    ("nobody", "", {}),
    ("a token for somebody else", f"{PLAIN}:environment:production", {"aud": "https://github.com/acme"}),
    ("a token that is for all of them", f"{PLAIN}:environment:production", {"aud": "*"}),
    ("another issuer", f"{PLAIN}:environment:production", {"iss": "https://ghes.acme.example/_services/token"}),
    ("one that looks like it", f"{PLAIN}:environment:production", {"iss": f"{GITHUB}.evil.example"}),
]


@pytest.mark.parametrize(("why", "sub", "claims"), OTHERS, ids=[row[0] for row in OTHERS])
def test_nobody_else_opens_any(why, sub, claims):
    assert opened(sub, **claims) == set(), why


def test_without_ids_the_other_form_opens_nothing():
    assert opened(f"{PLAIN}:environment:production", ids=None) == APPLY
    assert opened(f"{NUMBERED}:environment:production", ids=None) == set()


def test_an_enterprise_server_is_believed_in_the_place_of_github():
    server = "https://ghes.acme.example"
    ours = {"server": server, "ids": None}
    assert opened(f"{PLAIN}:environment:production", iss=f"{server}/_services/token", **ours) == APPLY
    assert opened(f"{PLAIN}:environment:production", **ours) == set()


@pytest.mark.parametrize(
    "name", ["interlock-sign", "interlock-plan-production", "otherwise", "Otherwise", "PRODUCTION"]
)
def test_an_environment_that_would_be_another_job_s_is_refused(name):
    """What applies to it would open that job's roles, and the other way round."""
    with pytest.raises(EngineError, match="ENG953"):
        an_account("111111111111", accounts={**ACCOUNTS, name: "111111111111"})


def granted(role):
    return [one for one in role.may["Statement"] if one["Effect"] == "Allow"]


@pytest.mark.parametrize("account", EVERYWHERE)
def test_no_role_may_do_everything(account):
    for role in an_account(account).roles:
        for one in granted(role):
            assert not [action for action in one["Action"] if "*" in action], role.label
            if one["Resource"] == ["*"]:
                assert not [action for action in one["Action"] if action.endswith(("Object", "PassRole"))], role.label
                assert role.label.startswith("apply") or not [
                    action
                    for action in one["Action"]
                    if action.partition(":")[2].startswith(("Put", "Create", "Delete"))
                ], role.label


def test_what_applies_makes_nothing_that_may_do_more_than_the_boundary():
    it = an_account("333333333333")
    [apply] = [role for role in it.roles if role.label == "apply_production"]
    below, bound = "arn:aws:iam::333333333333:role/managed/*", "arn:aws:iam::333333333333:policy/interlock-boundary"
    for one in granted(apply):
        writes = [a for a in one["Action"] if a.startswith("iam:") and not a.startswith(("iam:Get", "iam:List"))]
        if writes:
            assert one["Resource"] == [below], "nor can it change its own role, or pass on another"
        if {"iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy"} & set(writes):
            assert one["Condition"] == {"StringEquals": {"iam:PermissionsBoundary": bound}}
    may = json.dumps([one["Action"] for one in granted(apply)])
    for never in (
        "DeleteRolePermissionsBoundary",
        "CreatePolicyVersion",
        "OpenIDConnect",
        "iam:CreateUser",
        "sts:",
    ):
        assert never not in may
    [limit, ours] = it.boundary["Statement"]
    assert not [action for action in limit["Action"] if action.startswith(("iam:", "sts:", "organizations:"))]
    assert (ours["Effect"], ours["Action"]) == ("Deny", ["s3:*"])
    assert "arn:aws:s3:::terraform-state-333333333333/*" in ours["Resource"]


def test_a_role_of_ours_that_applies_could_change_is_refused():
    from engine.core.aws.trust import wanted
    from engine.core.aws.who import Controller
    from tests.support.trusted import with_roles

    rules = with_roles()
    one = rules.environments["production"]
    moved = one._replace(roles=one.roles._replace(apply="arn:aws:iam::333333333333:role/managed/apply"))
    rules = rules._replace(environments={**rules.environments, "production": moved})
    with pytest.raises(EngineError, match="ENG956"):
        wanted(rules, Controller(REPO), "333333333333", "states", None)


def test_what_plans_cannot_write_what_others_believe():
    it = an_account(STORE.account)
    [plan] = [role for role in it.roles if role.label == "store_plan"]
    written = [r for one in granted(plan) if "s3:PutObject" in one["Action"] for r in one["Resource"]]
    for prefix in ("ledger", "merges", "statements", "merging", "backups", "freeze", "applying", "claims"):
        assert f"arn:aws:s3:::{STORE.bucket}/{STORE.prefix}{prefix}/*" not in written
    assert all(one.startswith(f"arn:aws:s3:::{STORE.bucket}/{STORE.prefix}") for one in written)
