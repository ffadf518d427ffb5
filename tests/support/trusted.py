"""Rules with roles, what their accounts have to have, and AWS's own judgement of whoever comes with a token."""

from engine.core.aws.trust import Store, wanted
from engine.core.aws.who import Controller
from engine.core.rules.model import Roles
from tests.support.resources import rules

REPO, IDS = "acme/controller", (11, 22)
ACCOUNTS = {"development": "111111111111", "production": "333333333333"}
STORE = Store("acme-interlock-store", "runs/", "999999999999", "us-east-1")
STATES = "terraform-state-{account}"
GITHUB = "https://token.actions.githubusercontent.com"


def with_roles(accounts=ACCOUNTS, **more):
    """Rules whose environments have roles of their own accounts."""
    made = rules()
    known = {}
    for name, account in accounts.items():
        first = f"arn:aws:iam::{account}:role/interlock"
        roles = Roles(f"{first}-plan-{name}", f"{first}-apply-{name}")
        one = next(iter(made.environments.values()))
        known[name] = one._replace(name=name, account=account, roles=roles)
    return made._replace(environments=known, **more)


def an_account(account, *, accounts=ACCOUNTS, ids=IDS, store=STORE, server="https://github.com", states=STATES):
    """What that account has to have."""
    return wanted(with_roles(accounts), Controller(REPO, ids, server), account, states, store)


def admits(trust, provider_arn, claims):
    """Would AWS let this token in? The issuer has to be the provider, and each condition has to hold."""
    [statement] = trust["Statement"]
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    issuer = claims["iss"].removeprefix("https://")
    if statement["Principal"] != {"Federated": provider_arn} or not provider_arn.endswith(f":oidc-provider/{issuer}"):
        return False
    context = {f"{issuer}:{name}": value for name, value in claims.items()}
    assert statement["Condition"].keys() == {"StringEquals"}, "nothing but equality"
    for key, allowed in statement["Condition"]["StringEquals"].items():
        values = [allowed] if isinstance(allowed, str) else allowed
        assert values
        if context.get(key) not in values:
            return False
    return True
