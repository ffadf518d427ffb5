"""Checkov, for policies written in Python: an optional program, never a dependency of ours (its pins would fight).

Only the checks of the policy set run. Checkov answers "nothing found" to a plan that it cannot read, so an answer
counts only if it says that it looked at something.
"""

import ast
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.adapters.policy.bundle import PolicySet
from engine.adapters.policy.port import Plan, Reply, Terms
from engine.adapters.policy.programs import last_words, run
from engine.core.findings import Effect, Finding, Severity
from engine.core.receipts import Asked, Ruling, Said
from engine.errors import Errors, Place, failure

_NOT_SCANNED = "CHECKOV-NOT-SCANNED"


def judge(plans: Sequence[Plan], policies: PolicySet, terms: Terms) -> Reply:
    """What all checks say about all plans.

    Raises:
        EngineError: as `port.Engine` says.
    """
    checks = _ids(policies)
    with tempfile.TemporaryDirectory(prefix="interlock-checkov-") as folder:  # 0700: plans hold secrets in clear
        for number, path in enumerate(checks):
            _write(os.path.join(folder, "checks", f"check_{number}.py"), policies.checks[path])
        _write(os.path.join(folder, "checks", "__init__.py"), "")
        where = {check: path for path, found in checks.items() for check in found}
        asked = {check: Asked(check, ()) for check in where}
        found: list[Finding] = []
        passed: list[Said] = []
        for plan in plans:
            if not _resources(plan.plan.get("planned_values")):
                found.append(_deletions_only(plan))
                asked[_NOT_SCANNED] = Asked(_NOT_SCANNED, ())
                continue
            _write(os.path.join(folder, "plan.json"), json.dumps(plan.plan))
            report = _scan(folder, list(where), plan, terms)
            found += _findings(report, plan, where)
            passed += _passed(report, plan)
        return Reply(tuple(asked.values()), [(finding.rule, finding) for finding in found], passed)


def _ids(policies: PolicySet) -> dict[str, list[str]]:
    """Path → check ids in it. Naming them keeps Checkov's hundreds of own checks out."""
    errors = Errors()
    found: dict[str, list[str]] = {}
    for path, text in policies.checks.items():
        try:
            tree = ast.parse(text, path)
        except SyntaxError as error:
            place = Place(path, error.lineno or 1, error.offset or 1, 1, (error.text or "").rstrip("\n"))
            errors.add("ENG502", place, hint="correct the Python", reason=error.msg)
            continue
        found[path] = sorted({text for node in ast.walk(tree) for text in _id(node)})
        if not found[path]:
            errors.add("ENG524", Place(path))
    errors.check()
    if not found:
        raise failure("ENG500", where=policies.origin)
    return found


def _id(node: ast.AST) -> Iterator[str]:
    """`id = "CKV2_…"`, or the same as an argument."""
    named = isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "id" for t in node.targets)
    value = node.value if isinstance(node, ast.Assign) and named else None
    if isinstance(node, ast.keyword) and node.arg == "id":
        value = node.value
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value


def _write(path: str, text: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as handle:
        handle.write(text)


def _resources(planned: object) -> bool:
    """Does the plan leave any resource behind? Checkov does not look at the others."""
    stack = [planned.get("root_module")] if isinstance(planned, dict) else []
    while stack:
        module = stack.pop()
        if isinstance(module, dict):
            if module.get("resources"):
                return True
            stack.extend(module.get("child_modules") or [])
    return False


def _deletions_only(plan: Plan) -> Finding:
    return Finding(
        rule=_NOT_SCANNED,
        severity=Severity.INFO,
        effect=Effect.WARN,
        message="Checkov does not look at deletions: nothing here was judged by it.",
        resource=plan.resource,
        remediation="Judge deletions with Rego policies.",
        engine="checkov",
    )


def _scan(folder: str, checks: Sequence[str], plan: Plan, terms: Terms) -> Mapping[str, Any]:
    argv = [terms.programs.checkov, "--file", "plan.json", "--framework", "terraform_plan"]
    argv += ["--external-checks-dir", "checks", "--check", ",".join(checks)]
    # No `--quiet`, with which it does not tell what passed. Without the last it calls out.
    argv += ["--output", "json", "--compact", "--skip-download"]
    done = run(argv, terms, folder, setting="ENGINE_CHECKOV", answers=(0, 1))
    try:
        report = json.loads(done.stdout)
        if not isinstance(report, dict):
            raise TypeError("more than one framework")
        summary = report.get("summary", report)
        looked, broken = summary["resource_count"], summary["parsing_errors"]
        if not isinstance(looked, int) or not isinstance(broken, int):
            raise TypeError("counts are no numbers")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        reason = last_words(done.stderr, terms) or "it is not JSON as expected"
        raise failure("ENG513", engine="checkov", reason=reason) from error
    failed = report.get("results", {}).get("failed_checks", [])
    if looked <= 0 or broken:
        raise failure("ENG523", resource=plan.resource)
    if bool(failed) != (done.code == 1) or len(failed) != summary.get("failed"):
        raise failure("ENG513", engine="checkov", reason="its exit code, summary and results contradict each other")
    return report


def _findings(report: Mapping[str, Any], plan: Plan, where: Mapping[str, str]) -> Iterator[Finding]:
    for record in report.get("results", {}).get("failed_checks", []):
        severity = str(record.get("severity") or "high").lower()  # it knows severities only with an account
        try:
            yield Finding(
                rule=record["check_id"],
                severity=Severity(severity),
                effect=Effect.DENY,
                message=record["check_name"],
                resource=plan.resource,
                address=record["resource"],
                remediation=record.get("guideline") or "",
                policy=where.get(record["check_id"], ""),
                engine="checkov",
            )
        except (KeyError, ValueError) as error:
            raise failure("ENG513", engine="checkov", reason=f"a failed check lacks {error}") from error


def _passed(report: Mapping[str, Any], plan: Plan) -> Iterator[Said]:
    """What Checkov has looked at and did not fail: the rest of its own receipts."""
    for name, ruling in (("passed_checks", Ruling.PASSED), ("skipped_checks", Ruling.EXCEPTED)):
        for record in report.get("results", {}).get(name, ()):
            try:
                yield Said(record["check_id"], plan.resource, record["resource"], ruling)
            except (KeyError, TypeError) as error:
                raise failure("ENG513", engine="checkov", reason=f"one of its {name} lacks {error}") from error
