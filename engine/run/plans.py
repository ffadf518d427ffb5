"""The plans that `terraform.plan` has kept, and what must be hidden in whatever is said about them."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from engine.adapters import files
from engine.adapters.terraform import environment
from engine.core.canonical import digest_bytes
from engine.core.plan.mask import secrets
from engine.core.redact import Redactor
from engine.errors import Problem, failure


def load(resources: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Resource path → `terraform show -json`, of those that could be planned.

    Raises:
        EngineError: ENG001, one is not there any more; ENG560, it is another than the one that the row is about.
    """
    return {row["path"]: _read(row["file"], row["json"]) for row in resources if row["file"]}


def redactor(plans: Iterable[dict[str, Any]], credentials: Mapping[str, str]) -> Redactor:
    """Hides every secret of the plans and every credential that Terraform was given."""
    return Redactor(environment.redactor(credentials).secrets.union(*map(secrets, plans)))


def hidden(problem: Problem, redact: Redactor) -> Problem:
    """`problem` without secrets: another program's words, or a policy's, may have become part of it."""
    return problem._replace(message=redact.text(problem.message), hint=redact.text(problem.hint))


def _read(file: str, expected: str) -> dict[str, Any]:
    data = files.read(file)
    if digest_bytes(data) != expected:
        raise failure("ENG560", file=file)
    plan: dict[str, Any] = json.loads(data)
    return plan
