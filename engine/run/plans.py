"""The plans that `terraform.plan` has kept, and what must be hidden in whatever is said about them."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from engine.adapters.terraform import environment
from engine.core.plan.mask import secrets
from engine.core.redact import Redactor
from engine.errors import failure


def load(resources: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Resource path → `terraform show -json`, of those that could be planned.

    Raises:
        EngineError: ENG001, one is not there any more.
    """
    return {row["path"]: _read(row["file"]) for row in resources if row["file"]}


def redactor(plans: Iterable[dict[str, Any]], credentials: Mapping[str, str]) -> Redactor:
    """Hides every secret of the plans and every credential that Terraform was given."""
    return Redactor(environment.redactor(credentials).secrets.union(*map(secrets, plans)))


def _read(file: str) -> dict[str, Any]:
    try:
        with open(file, "rb") as handle:
            plan: dict[str, Any] = json.load(handle)
            return plan
    except OSError as error:
        raise failure("ENG001", file=file, reason=error.strerror or str(error)) from error
