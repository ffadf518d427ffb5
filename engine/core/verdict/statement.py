"""The statement that validation signs: an in-toto statement about one commit and the trees of its resources.

Its predicate is the fact `verdict` that gates read, with the digests of everything it was made from; those that are
compared with today's are part of the fact. The result is computed here and nowhere else, so that no caller can claim a
better one.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias, TypedDict

from engine.core.findings import Effect, Finding, Severity
from engine.core.moment import later
from engine.core.verdict.about import MADE_WITH, kept_since
from engine.errors import Problem

TYPE = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:interlock:verdict:2"

Json: TypeAlias = dict[str, Any]
Result: TypeAlias = Literal["passed", "failed", "error"]


class Hands(TypedDict):
    """Ids of those who had a hand in a change when it was signed, each list in order."""

    authors: list[int]  # of the pull request and of its commits, co-authors too
    committers: list[int]
    pushers: list[int]


class About(NamedTuple):
    """What a verdict is about. `environment` and `branch` are empty when discovery could not name them."""

    origin: Literal["local", "github"]
    repo: str
    pr: int | None
    head_sha: str
    base_ref: str
    environment: str
    branch: str
    rules: str  # digest without the approvers: people are judged afresh
    change: str | None  # digest of all that merging it changes, configuration or not; None where nobody could tell
    hands: Hands | None  # who had a hand in it; None where nobody could tell, as in a clone
    applies: bool  # is there an account that it could be applied in?


class MadeFrom(NamedTuple):
    """Digests of everything that could change the result; null where it did not come to that."""

    engine: str
    event: str
    decision: str
    policy: str | None
    module: str | None
    lock_file: str | None
    digest_key: str | None
    receipts: Json | None  # what the rules said of each resource: a digest, and counts


def result(resources: Sequence[Mapping[str, Any]], findings: Sequence[Finding], doubts: Sequence[Problem]) -> Result:
    """Error if anything could not be judged, failed if anything is denied; nothing to judge is an error.

    `resources` have the shape of `verdict.resources` in `schemas/facts.schema.json`; `doubts` are refused files, plans
    that failed and policies that could not be evaluated.
    """
    paths = {r["path"] for r in resources}
    unplanned = any(r["plan"] is None for r in resources)
    twice = any(len({r[name] for r in resources}) < len(resources) for name in ("path", "state_key"))
    if doubts or not resources or unplanned or twice or any(f.resource not in paths for f in findings):
        return "error"
    return "failed" if any(f.effect is Effect.DENY for f in findings) else "passed"


def build(
    about: About,
    resources: Sequence[Mapping[str, Any]],
    findings: Sequence[Finding],
    doubts: Sequence[Problem],
    made_from: MadeFrom,
    *,
    sequence: int,
    confirmed_at: str,
    expires_s: int,
    earlier: Iterable[Mapping[str, Any]] = (),
) -> Json:
    """The statement, in an order that does not depend on the order of its parts; sign its `canonical` form.

    `earlier` are the verdicts with lower numbers, the highest first: what says the same as before keeps `signed_at`.
    """
    statement = written(
        about,
        resources,
        findings,
        judged(about, resources, findings, doubts),
        made_from,
        sequence=sequence,
        signed_at=confirmed_at,
        confirmed_at=confirmed_at,
        # What leans on an exception holds no longer than that.
        expires_at=min([later(confirmed_at, expires_s), *(f.until for f in findings if f.until)]),
    )
    verdict = statement["predicate"]["verdict"]
    verdict["signed_at"] = kept_since(verdict, earlier)
    return statement


def judged(
    about: About, resources: Sequence[Mapping[str, Any]], findings: Sequence[Finding], doubts: Sequence[Problem]
) -> Result:
    """The result; a change that goes nowhere cannot be judged."""
    return result(resources, findings, doubts) if about.environment and about.branch else "error"


def written(
    about: About,
    resources: Sequence[Mapping[str, Any]],
    findings: Sequence[Finding],
    found: Result,
    made_from: MadeFrom,
    *,
    sequence: int,
    signed_at: str,
    confirmed_at: str,
    expires_at: str,
) -> Json:
    """The one way to write these parts down: `build` signs it, and `check` compares what somebody signed with it."""
    rows = sorted(resources, key=lambda r: str(r["path"]))
    trees = {r["path"]: r["tree"] for r in rows}
    verdict = {
        "sequence": sequence,
        "result": found,
        **about._asdict(),
        **{name: getattr(made_from, name) for name in MADE_WITH},
        "signed_at": signed_at,
        "confirmed_at": confirmed_at,
        "expires_at": expires_at,
        "findings": [_finding(f) for f in sorted(findings, key=_order)],
        "resources": [dict(r) for r in rows],
        "trees": trees,
    }
    return {
        "_type": TYPE,
        "subject": subjects(about.repo if about.pr is None else f"{about.repo}#{about.pr}", about.head_sha, trees),
        "predicateType": PREDICATE,
        "predicate": {"verdict": verdict, "made_from": made_from._asdict()},
    }


def subjects(name: str, commit: str, trees: Mapping[str, str]) -> list[Json]:
    """What a statement is about: a commit, and the tree of every resource."""
    digests = ((path, tree.partition(":")) for path, tree in sorted(trees.items()))
    return [
        {"name": name, "digest": {"gitCommit": commit}},
        *({"name": path, "digest": {kind: value}} for path, (kind, _, value) in digests),
    ]


_WORST_FIRST = {severity: place for place, severity in enumerate(Severity)}


def _order(finding: Finding) -> tuple[int, str, str, str, str, str]:
    found = (finding.resource, finding.address, finding.rule, finding.message, finding.effect.value)
    return (_WORST_FIRST[finding.severity], *found)


def _finding(finding: Finding) -> Json:
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "effect": finding.effect.value,
        "message": finding.message,
        "resource": finding.resource,
        "address": finding.address,
    }
