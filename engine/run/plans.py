"""The plans that `terraform.plan` has kept, and what must be hidden in whatever is said about them."""

import hmac
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from engine.adapters import files
from engine.adapters.policy.bundle import PolicySet
from engine.adapters.policy.conventions import is_asked
from engine.adapters.terraform import environment
from engine.core.canonical import digest_bytes
from engine.core.findings import Finding
from engine.core.plan.form import read
from engine.core.plan.mask import secrets
from engine.core.plan.model import changes
from engine.core.redact import Redactor
from engine.errors import Problem, failure

_KEY = ".key"  # behind the name of the directory of plans


def load(resources: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Resource path → `terraform show -json`, of those that could be planned.

    Raises:
        EngineError: ENG001, one is not there any more; ENG560, it is another than the one that the row is about.
    """
    return {row["path"]: _read(row["file"], row["json"]) for row in resources if row["file"]}


def new_key(plans: str) -> None:
    """Make the key that `proof` takes for the plans in the directory `plans`, unless it is there.

    Raises:
        EngineError: ENG002.
    """
    if not os.path.lexists(plans + _KEY):
        files.write(plans + _KEY, os.urandom(32).hex().encode())


def proof(file: str, digest: str) -> str:
    """What may be told of a plan's digest, so that the plan in `file` is known again.

    The digest itself would tell whoever guesses the one secret value of a plan that they are right; the key for this
    stays beside the plans.

    Raises:
        EngineError: ENG001, it is gone.
    """
    key = files.read(os.path.dirname(file) + _KEY)
    return "hmac-sha256:" + hmac.new(key, digest.encode(), "sha256").hexdigest()


def redactor(
    plans: Iterable[dict[str, Any]], credentials: Mapping[str, str], known: Iterable[frozenset[str]] = ()
) -> Redactor:
    """Hides every secret of the plans, those that are `known`, and every credential that Terraform was given."""
    return Redactor(environment.redactor(credentials).secrets.union(*known, *map(secrets, plans)))


def masked(row: Mapping[str, Any], hide: Redactor) -> dict[str, Any]:
    """A row of `terraform.plan`, which hides its own plan's secrets, with those of all others hidden, too.

    Whoever tells of it later needs no raw plan to know what must not be seen.
    """
    why = row["problem"]
    return {
        **row,
        "problem": why and {**why, "message": hide.text(why["message"]), "hint": hide.text(why["hint"])},
        "diffs": [
            {**diff, "lines": [[lead, [*map(hide.text, values)], note] for lead, values, note in diff["lines"]]}
            for diff in row["diffs"]
        ],
    }


def hidden(problem: Problem, redact: Redactor) -> Problem:
    """`problem` without secrets: another program's words, or a policy's, may have become part of it."""
    place = problem.place and problem.place._replace(excerpt=redact.text(problem.place.excerpt))
    return problem._replace(message=redact.text(problem.message), hint=redact.text(problem.hint), place=place)


def told(
    findings: Sequence[Finding], plans: Mapping[str, Mapping[str, Any]], policies: PolicySet, redact: Redactor
) -> list[Finding]:
    """The findings without secrets in what they say; what they are about and which rule says it is decided by.

    A rule's name that stands in the policies is theirs, however a secret is spelt, and so is an address in the plan.

    Raises:
        EngineError: ENG514, a policy has made a rule's name of a secret.
    """
    sources = "\n".join((*policies.modules.values(), *policies.checks.values()))
    addresses = {path: {change.address for change in changes(dict(plan))} for path, plan in plans.items()}
    return [
        finding._replace(
            rule=_rule(finding, sources, redact),
            message=redact.text(finding.message),
            remediation=redact.text(finding.remediation),
            value=redact.text(finding.value),
            attribute=redact.text(finding.attribute),
            address=finding.address if finding.address in addresses[finding.resource] else redact.text(finding.address),
        )
        for finding in findings
    ]


def _rule(finding: Finding, sources: str, redact: Redactor) -> str:
    hidden = redact.text(finding.rule)
    package, _, name = finding.rule.rpartition(".")
    unnamed = is_asked(name) and name in sources and f"package {package}" in sources
    if hidden == finding.rule or finding.rule in sources or unnamed:
        return finding.rule
    raise failure(
        "ENG514",
        rule=finding.policy,
        what=f"a result whose id holds a sensitive value (`{hidden}`)",
        resource=finding.resource,
        mend="write the id into the policy; a value belongs into the message",
    )


def _read(file: str, expected: str) -> dict[str, Any]:
    data = files.read(file)
    if not hmac.compare_digest(proof(file, digest_bytes(data)).encode(), expected.encode()):
        raise failure("ENG560", file=file)
    return read(data, lambda reason: failure("ENG515", resource=file, reason=reason))
