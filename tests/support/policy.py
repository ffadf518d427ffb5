"""Short ways to judge a plan with policies that a test writes down."""

import json
from collections.abc import Mapping
from typing import Any

from engine.adapters.policy.bundle import PolicySet, policy_set
from engine.adapters.policy.judging import evaluate
from engine.adapters.policy.port import BY_NAME, Plan, Programs
from engine.core.findings import Finding

EMPTY: Mapping[str, Any] = {"format_version": "1.2", "resource_changes": []}


def policies(*modules: str, data: Any = None, namespaces: tuple[str, ...] = (), **files: str) -> PolicySet:
    """A set of modules `m0.rego`, `m1.rego`, …; each gets `import rego.v1` after its package."""
    texts = {f"m{number}.rego": text for number, text in enumerate(modules)} | {
        name.replace("__", "."): text for name, text in files.items()
    }
    if data is not None:
        texts["data.json"] = json.dumps(data)
    return policy_set({name: text.encode() for name, text in texts.items()}, "policies", namespaces)


def rego(body: str, package: str = "main") -> str:
    """A module whose first line of `body` is line 5."""
    return f"package {package}\n\nimport rego.v1\n\n{body}\n"


def judge(
    chosen: PolicySet,
    plan: Mapping[str, Any] = EMPTY,
    *,
    engine: str = "rego",
    programs: Programs = BY_NAME,
    timeout_s: float = 60,
) -> tuple[Finding, ...]:
    """Findings about one plan of the resource `S3/x`."""
    return evaluate([Plan("S3/x", {**EMPTY, **plan})], chosen, engine, timeout_s, programs=programs)
