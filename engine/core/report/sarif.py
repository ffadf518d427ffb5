"""Findings as SARIF 2.1.0, the form that code scanning reads (https://docs.oasis-open.org/sarif/sarif/v2.1.0/).

Excused findings stay, as suppressed ones with their reason. A finding without a file of its own is about the plan.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from engine.core.canonical import digest_bytes
from engine.core.findings import Effect, Finding, Severity
from engine.core.report.problems import WAY_OUT, page, severity
from engine.core.rules.draft import ENTRY
from engine.errors import TABLE, Place, Problem
from engine.printable import harmless

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
# GitHub sorts by this number: above 9.0 critical, from 7.0 high, from 4.0 medium, below that low.
_SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0", "info": "0.5"}
_BY_POLICY = "Excused by an `exception` rule of its own package."


class Rule(NamedTuple):
    """What a rule says of itself; whatever it does not say is empty."""

    id: str
    title: str = ""
    description: str = ""
    severity: str = ""
    elsewhere: Sequence[str] = ()  # ids of the same check in other collections


def sarif(findings: Iterable[Finding], rules: Iterable[Rule], version: str, receipts: Mapping[str, Any]) -> Any:
    """A log of one run as JSON. `receipts` say what was judged, beside what was found."""
    shown = tuple(findings)
    known = {rule.id: rule for rule in rules}
    known |= {finding.rule: Rule(finding.rule) for finding in shown if finding.rule not in known}
    order = {rule: number for number, rule in enumerate(sorted(known))}
    results = [_result(finding, order[finding.rule]) for finding in shown]
    return _log(version, [_rule(known[rule]) for rule in order], results, receipts=receipts)


def sarif_of_problems(problems: Sequence[Problem], version: str) -> Any:
    """The same of what lint has found: an error or a warning each, with what it is about marked in its line."""
    order = {code: number for number, code in enumerate(sorted({problem.code for problem in problems}))}
    return _log(version, [_code(code) for code in order], [_problem(one, order[one.code]) for one in problems])


def _log(version: str, rules: Sequence[Any], results: Sequence[Any], **properties: Any) -> Any:
    driver = {"name": "Interlock", "version": version, "rules": rules}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results, "properties": properties}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _code(code: str) -> dict[str, Any]:
    """A row of the table of errors; what stands in braces there is said by each result."""
    row = TABLE[code]
    return {
        "id": code,
        "shortDescription": {"text": row.title},
        "help": {"text": f"{WAY_OUT}: {row.remedy} (`engine error {code}`, {page(code)})"},
        "defaultConfiguration": {"level": severity(Problem(code, "", ""))},
    }


def _problem(problem: Problem, rule: int) -> dict[str, Any]:
    """Code scanning shows nothing that has no place: what has none stands where the rules begin."""
    place = problem.place or Place(ENTRY)
    region = {"startLine": max(place.line, 1)}
    if place.column:
        region |= {"startColumn": place.column, "endColumn": place.column + max(place.length, 1)}
    said = f"{problem.message}\n{WAY_OUT}: {problem.hint}" if problem.hint else problem.message
    return {
        "ruleId": problem.code,
        "ruleIndex": rule,
        "level": severity(problem),
        "message": {"text": harmless(said)},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": _uri(place.file)}, "region": region}}],
        "partialFingerprints": {"interlock/v1": _digest(problem.code, place.file, problem.message)},
    }


def _rule(rule: Rule) -> dict[str, Any]:
    told: dict[str, Any] = {"id": rule.id, "shortDescription": {"text": harmless(rule.title or rule.id)}}
    if rule.description:
        told["fullDescription"] = told["help"] = {"text": harmless(rule.description)}
    tags = {"tags": ["security", *rule.elsewhere]}
    if rule.severity in _SCORES:
        told["defaultConfiguration"] = {"level": _LEVELS[Severity(rule.severity)]}
        return told | {"properties": {**tags, "security-severity": _SCORES[rule.severity]}}
    return told | {"properties": tags}


def _result(finding: Finding, rule: int) -> dict[str, Any]:
    remedy = f" {finding.remediation}" if finding.remediation else ""
    place: dict[str, Any] = {"artifactLocation": {"uri": _uri(finding.file or finding.resource)}}
    if finding.file and finding.line > 0:
        place["region"] = {"startLine": finding.line}
    location: dict[str, Any] = {"physicalLocation": place}
    if finding.address:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.address, "kind": "resource"}]
    told: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": harmless(finding.message + remedy)},
        "locations": [location],
        "partialFingerprints": {"interlock/v1": _fingerprint(finding)},
        "properties": {"effect": finding.effect.value, "policy": finding.policy, "engine": finding.engine},
    }
    if finding.effect is Effect.EXCEPTION:
        why = harmless(finding.message) if finding.until else _BY_POLICY
        told["suppressions"] = [{"kind": "external", "status": "accepted", "justification": why}]
    return told


def _fingerprint(finding: Finding) -> str:
    """The same as long as it is about the same, whatever line that stands in."""
    return _digest(finding.rule, finding.resource, finding.address, finding.value, finding.message)


def _digest(*about: str) -> str:
    return digest_bytes("\n".join(about).encode(errors="backslashreplace"))


def _uri(path: str) -> str:
    """A relative reference, or `file:` for an absolute path; a colon would make a scheme of what stands before it."""
    quoted = quote(path, errors="backslashreplace")
    return f"file://{quoted}" if path.startswith("/") else quoted
