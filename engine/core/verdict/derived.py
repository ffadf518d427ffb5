"""What a statement says of itself is derived again: a signature makes nothing true.

A key may be stolen, or its holder may have a bug. Of a statement only the parts that it was made from are taken; the
result, the order, the trees and the subject have to be what `statement.build` makes of them. `error` alone is always
believed: what was refused stands in no statement, and nobody gains by it.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from engine.core.canonical import canonical
from engine.core.events.kinds import BRANCH, NUMBER, REPO, SHA
from engine.core.findings import Effect, Finding, Severity
from engine.core.moment import later
from engine.core.plan.model import VERBS
from engine.core.resources.locate import TFVARS, Id
from engine.core.verdict.statement import About, Json, MadeFrom, judged, written
from engine.errors import Place, failure

_LAST_SEQUENCE = 2**53  # beyond it not every reader of JSON tells two numbers apart
_HEX = frozenset("0123456789abcdef")


def check(statement: Json, file: str) -> None:
    """Nothing, if a statement of the right form says what follows from its parts.

    Raises:
        EngineError: ENG288 a part cannot be; ENG287 it says something else than follows.
    """
    verdict = statement["predicate"]["verdict"]
    for reason in _impossible(verdict):
        raise failure("ENG288", Place(file), reason=reason)
    for reason in _contradictions(statement, verdict):
        raise failure("ENG287", Place(file), reason=reason)


def _impossible(verdict: Mapping[str, Any]) -> Iterator[str]:
    sequence = verdict["sequence"]
    if type(sequence) is not int or not 1 <= sequence <= _LAST_SEQUENCE:
        yield f"its sequence number is {sequence}"
    for name, form in (("repo", REPO), ("head_sha", SHA), ("base_ref", BRANCH)):
        if not form.holds(verdict[name]):
            yield f"`{name}` is not {form.wanted}"
    if verdict.get("pr") is not None and not NUMBER.holds(verdict["pr"]):
        yield f"`pr` is not {NUMBER.wanted}"
    if verdict["branch"] and not BRANCH.holds(verdict["branch"]):
        yield f"`branch` is not {BRANCH.wanted}"
    if not is_digest(verdict["rules"], "sha256"):
        yield "`rules` is no digest"
    for name in ("signed_at", "confirmed_at", "expires_at"):
        try:
            later(verdict[name], 0)
        except ValueError as error:
            yield f"`{name}` is no moment: {error}"
    if verdict["signed_at"] > verdict["confirmed_at"]:
        yield "it says something since a moment that was still to come"
    if verdict["confirmed_at"] >= verdict["expires_at"]:
        yield "it expires before it was signed"
    if verdict["change"] is not None and not is_digest(verdict["change"], "sha256"):
        yield "`change` is no digest"
    for resource in verdict["resources"]:
        yield from _impossible_of(resource, verdict["module"])


def _impossible_of(resource: Mapping[str, Any], module: str | None) -> Iterator[str]:
    for name in ("path", "service", "name", "state_key"):
        if not resource[name]:
            yield f"the {name} of a resource is empty"
    if not is_digest(resource["tree"], "sha256"):
        yield "the tree of a resource is no digest"
    if resource["plan"] is not None and not is_digest(resource["plan"], "hmac-sha256"):
        yield "the plan of a resource is no keyed digest"
    if resource["module"] != (module if resource["plan"] is not None else None):
        yield "a resource was planned with another module than the change"
    for change in resource["changes"]:
        if tuple(change["actions"]) not in VERBS or not change["address"] or not change["type"]:
            yield "a change of a resource is none that Terraform makes"
        if not is_digest(change["digest"], "hmac-sha256"):
            yield "a change of a resource has no keyed digest"


class Placed(NamedTuple):
    """What the path of a resource, and the branch, say of it."""

    service: str
    name: str
    state_key: str


def placed(path: str, branch: str) -> Placed:
    """Which resource has this path, and which state it is applied to."""
    directory, _, last = path.rpartition("/")
    service, name = directory.rpartition("/")[2], last.removesuffix(TFVARS)
    return Placed(service, name, Id(directory, service, name).state_key(branch))


def _misplaced(resource: Mapping[str, Any], branch: str) -> bool:
    """Would it be applied to another state than that of its path?"""
    return Placed(resource["service"], resource["name"], resource["state_key"]) != placed(resource["path"], branch)


def _contradictions(statement: Json, verdict: Mapping[str, Any]) -> Iterator[str]:
    about = About._make(verdict.get(name) for name in About._fields)
    resources, made_from = verdict["resources"], statement["predicate"]["made_from"]
    findings = [
        Finding(**{**row, "severity": Severity(row["severity"]), "effect": Effect(row["effect"])})
        for row in verdict["findings"]
    ]
    if about.branch and any(_misplaced(resource, about.branch) for resource in resources):
        yield "a resource and its state are not where its path is"
    follows, said = judged(about, resources, findings, ()), verdict["result"]
    if said not in (follows, "error"):
        yield f"it says `{said}`, and `{follows}` follows from what it was made of"
    counts = (made_from["receipts"] or {}).get("counts", {})
    if said == "passed" and (counts.get("denied") or counts.get("error")):
        yield "it says `passed`, and its receipts count what was denied or could not be judged"
    again = written(
        about,
        resources,
        findings,
        said,
        MadeFrom(**made_from),
        sequence=verdict["sequence"],
        signed_at=verdict["signed_at"],
        confirmed_at=verdict["confirmed_at"],
        expires_at=verdict["expires_at"],
    )
    if canonical(again["subject"]) != canonical(statement["subject"]):
        yield "its subject is another than what it is about"
    for name, value in again["predicate"]["verdict"].items():
        if name not in verdict or canonical(value) != canonical(verdict[name]):
            yield f"`{name}` is not what follows from its other parts"
    if canonical(again) != canonical(statement):
        yield "it is not written as statements are"


def is_digest(text: str, kind: str) -> bool:
    """Is it `<kind>:` and 64 hexadecimal digits?"""
    name, _, value = text.partition(":")
    return name == kind and len(value) == 64 and _HEX.issuperset(value)
