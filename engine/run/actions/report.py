"""`report.*`: tell people."""

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from engine.core.declare import Action, Repeat
from engine.run.actions.verdict import doubt, finding

if TYPE_CHECKING:
    from engine.core.findings import Finding
    from engine.core.report.model import Report, Row
    from engine.core.resources.model import Resource
    from engine.run.context import Context


def write(
    ctx: "Context",
    plan: Mapping[str, Any] | None,
    policy: Mapping[str, Any] | None,
    verdict: Mapping[str, Any] | None,
) -> Mapping[str, Any]:
    """Write report.md (the comment of a pull request) and report.json, and show the report to whoever watches.

    Raises:
        EngineError: ENG002, they cannot be kept.
    """
    from engine.adapters import files
    from engine.core.report.comment import render
    from engine.core.report.model import redacted
    from engine.run import results
    from engine.run.plans import load, redactor

    if plan and policy and verdict:
        hide = redactor(load(plan["resources"]).values(), ctx.settings.credentials)
        report = redacted(_of_validation(ctx, plan, policy, verdict), hide)
    else:
        report = _of_fact(ctx)
    markdown = os.path.join(ctx.out, "report.md")
    files.write(markdown, render(report).encode())
    kept = results.keep(ctx.out, "report.json", report.to_json())
    ctx.show(report)
    return {"markdown": markdown, "json": kept}


def _of_validation(
    ctx: "Context", plan: Mapping[str, Any], policy: Mapping[str, Any], signed: Mapping[str, Any]
) -> "Report":
    from engine.core.report.model import Signature

    verdict = signed["verdict"]
    judged = frozenset(policy["judged"])
    return _report(verdict)._replace(
        rows=tuple(_planned(row, row["path"] in judged) for row in plan["resources"]),
        findings=(*map(finding, policy["findings"]), *_odd(ctx.discovery.resources)),
        refused=(*ctx.discovery.refused, *map(doubt, signed["doubts"])),
        signature=Signature(
            statement=signed["digest"],
            key=signed["key"],
            sequence=verdict["sequence"],
            signed_at=verdict["signed_at"],
            expires_at=verdict["expires_at"],
            origin=verdict["origin"],
        ),
    )


def _odd(resources: "Iterable[Resource]") -> "Iterator[Finding]":
    """What discovery accepts and warns of: not policy's, so it is told beside the statement, and is no part of it."""
    from engine.core.findings import Effect, Finding, Severity

    for resource in resources:
        for odd in resource.warned:
            assert odd.place
            yield Finding(
                odd.code, Severity.LOW, Effect.WARN, odd.message, resource.path,
                file=odd.place.file, line=odd.place.line, remediation=odd.hint,
            )  # fmt: skip


def _of_fact(ctx: "Context") -> "Report":
    """What the believed verdict says, where nothing was planned in this run."""
    verdict = ctx.document.known("verdict")
    changes = {row["path"]: row["change"] for row in ctx.document.facts["resources"]["resources"]}
    return _report(verdict)._replace(
        rows=tuple(_believed(row, changes.get(row["path"], "modified")) for row in verdict["resources"]),
        findings=tuple(finding(row) for row in verdict["findings"]),
    )


def _report(verdict: Mapping[str, Any]) -> "Report":
    from engine.core.report.model import Report

    return Report(
        repo=verdict["repo"],
        pr=verdict["pr"],
        head_sha=verdict["head_sha"],
        environment=verdict["environment"],
        branch=verdict["branch"],
        result=verdict["result"],
        rows=(),
    )


def _planned(row: Mapping[str, Any], judged: bool) -> "Row":
    from engine.core.plan.summary import Summary
    from engine.core.report.model import Diff, Row

    return Row(
        path=row["path"],
        service=row["service"],
        name=row["name"],
        change=row["change"],
        counts=Summary(**row["counts"]) if row["counts"] else None,
        diffs=tuple(Diff(**shown) for shown in row["diffs"]),
        seconds=row["seconds"],
        problem=doubt(row["problem"]) if row["problem"] else None,
        judged=judged,
    )


def _believed(row: Mapping[str, Any], change: str) -> "Row":
    from engine.core.plan.model import VERBS
    from engine.core.plan.summary import Summary
    from engine.core.report.model import Row

    verbs = [VERBS[tuple(entry["actions"])] for entry in row["changes"]]
    counts = Summary(*(verbs.count(verb) for verb in Summary._fields)) if row["plan"] else None
    return Row(row["path"], row["service"], row["name"], change, counts)


ACTIONS = (
    Action(
        "report.write",
        write,
        inputs={name: {"type": ["object", "null"], "default": None} for name in ("plan", "policy", "verdict")},
        outputs=("markdown", "json"),
        permissions=(),
        repeat=Repeat.SAFE,
        needs=("verdict", "resources"),
        doc="Write report.md (for the pull request) and report.json: of this validation, or of the believed verdict.",
    ),
)
