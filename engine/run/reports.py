"""The report of whatever came out of a run: judged, refused by a gate, waiting, broken down, or none of these.

The action `report.write` and `handle` (for pipelines that did not come to that action) make it here and nowhere else.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.core.alone import alone, broken
from engine.core.findings import Finding
from engine.core.outcome import Outcome
from engine.errors import EngineError, Problem

if TYPE_CHECKING:
    from engine.core.decision.decided import PipelineResult
    from engine.core.decision.document import FactDocument
    from engine.core.events.envelope import Event
    from engine.core.plan.summary import Line
    from engine.core.report.model import Report, Result, Row
    from engine.core.resources.model import Discovery, Resource
    from engine.run.runner import Ran

_GATES_SAY: "dict[Outcome, Result]" = {Outcome.FAIL: "refused", Outcome.PENDING: "pending", Outcome.ERROR: "error"}
ACTION = "report.write"  # whose report is the one that the pipeline wants
_MOVED_ON = ("ENG552", "ENG575")
_PARTS = ("rows", "findings", "refused", "gates", "broken")


def about(event: "Event", document: "FactDocument | None" = None) -> "Report":
    """What is known before anything has been planned; without a document only what the event claims."""
    from engine.core.report.model import Report

    facts = document.facts if document else {}
    pull: Any = facts.get("pr") or event.payload.get("pull_request")
    resources = facts.get("resources") or {}
    return Report(
        repo=event.subject.repo,
        pr=event.subject.number if event.subject.kind == "pull_request" else None,
        head_sha=_text(pull, "head", "sha"),
        environment=resources.get("environment") or "",
        branch=resources.get("branch") or "",
        applies=resources.get("applies", True),
        result="unjudged",
        base_ref=_text(pull, "base", "ref"),
    )


def _text(value: Any, *path: str) -> str:
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else ""


def is_told(ran: "Iterable[Ran]") -> bool:
    """Has an action of the pipeline reported all of it? What failed after it is not in its report."""
    ran = tuple(ran)
    return any(r.uses == ACTION and r.status == "done" for r in ran) and not any(r.problems for r in ran)


def decided(report: "Report", result: "PipelineResult") -> "Report":
    """`report`, with what the gates of a pipeline have said."""
    from engine.core.report.explanation import sentence
    from engine.core.report.model import Gate

    return report._replace(
        pipeline=result.name,
        because=result.because,
        result=_GATES_SAY.get(result.outcome, report.result),
        gates=tuple(Gate(g.name, g.outcome, sentence(g), g.missing) for g in result.gates),
    )


def of_pipeline(
    report: "Report",
    result: "PipelineResult",
    ran: "Iterable[Ran]",
    discovery: "Discovery",
    document: "FactDocument",
) -> "Report":
    """`report`, with what became of a pipeline, however far it came, whichever actions it has."""
    report = decided(report, result)
    if result.outcome is not Outcome.PASS:
        return report._replace(refused=discovery.refused)
    outputs = _outputs(ran)
    plan, policy, verdict = (outputs.get(name) for name in ("terraform.plan", "policy.evaluate", "verdict.sign"))
    problems = tuple(problem for one in ran for problem in one.problems)
    if "terraform.apply" in outputs:
        done = outputs["terraform.apply"]
        looked = outputs.get("rollback.look")
        report = of_apply(report, done["resources"], document.facts, done.get("summary"), looked)
    elif outputs or not problems:
        report = of_outputs(report, plan, policy, verdict, discovery, document)
    return report._replace(broken=problems, result="error") if problems else report


def _outputs(ran: "Iterable[Ran]") -> Mapping[str, Mapping[str, Any]]:
    return {one.uses: one.outputs for one in ran if one.status == "done"}


def of_outputs(
    report: "Report",
    plan: Mapping[str, Any] | None,
    policy: Mapping[str, Any] | None,
    verdict: Mapping[str, Any] | None,
    discovery: "Discovery",
    document: "FactDocument",
) -> "Report":
    """`report`, with what `terraform.plan`, `policy.evaluate` and `verdict.sign` say; with none of them, with the
    verdict that is believed.
    """
    from engine.core.receipts import Tally
    from engine.core.report.model import Judged
    from engine.run.planning import is_refused

    if not (plan or policy or verdict):
        return _believed(report, document)
    judged = frozenset(policy["judged"]) if policy else frozenset()
    doubts = verdict["doubts"] if verdict else policy["doubts"] if policy else ()
    report = report._replace(
        rows=tuple(_planned(row, row["path"] in judged) for row in plan["resources"]) if plan else (),
        findings=(*(map(Finding.from_json, policy["findings"]) if policy else ()), *_odd(discovery.resources)),
        refused=(*discovery.refused, *map(Problem.from_json, doubts)),
        receipts=Judged(policy["receipts"]["digest"], Tally(**policy["receipts"]["counts"])) if policy else None,
    )
    report = _signed(report, verdict) if verdict else report._replace(result=_unsigned(report, policy is not None))
    is_no = plan is not None and is_refused(plan["resources"]) and not report.refused
    return report._replace(result="refused") if is_no else report  # the verdict is still one that nobody can override


def of_apply(
    report: "Report",
    rows: "Sequence[Mapping[str, Any]]",
    facts: Mapping[str, Any],
    summary: Mapping[str, Any] | None = None,
    looked: Mapping[str, Any] | None = None,
) -> "Report":
    """`report`, with what `terraform.apply` says of each resource, and of all of them; `looked` is `rollback.look`."""
    from engine.core.report.attempts import Applied, read
    from engine.core.schedule.summary import read as summed

    merged = facts.get("merged") or {"commit": ""}
    back = looked["resources"] if looked else ()
    applied = Applied(read(rows, back), merged["commit"], summary=summed(summary) if summary else None)
    is_done = bool(rows) and applied.done == len(rows)
    return report._replace(applied=applied, result="applied" if is_done else "unapplied")


def _odd(resources: "Iterable[Resource]") -> "Iterator[Finding]":
    """What discovery accepts and warns of: not policy's, so it is told beside the statement, and is no part of it."""
    from engine.core.findings import Effect, Severity

    for resource in resources:
        for odd in resource.warned:
            assert odd.place
            yield Finding(
                odd.code, Severity.LOW, Effect.WARN, odd.message, resource.path,
                file=odd.place.file, line=odd.place.line, remediation=odd.hint,
            )  # fmt: skip


def _unsigned(report: "Report", judged: bool) -> "Result":
    """What plans and findings come to that nobody has signed."""
    from engine.core.report.model import Standing

    standings = {report.standing(row) for row in report.rows} if judged else set()
    if report.refused or Standing.ERROR in standings or any(row.problem for row in report.rows):
        return "error"
    return "failed" if Standing.FAILED in standings else "passed" if standings else "unjudged"


def _signed(report: "Report", signed: Mapping[str, Any]) -> "Report":
    from engine.core.report.model import Signature

    verdict = signed["verdict"]
    return _of_verdict(report, verdict)._replace(
        signature=Signature(
            statement=signed["digest"],
            key=signed["key"],
            sequence=verdict["sequence"],
            signed_at=verdict["signed_at"],
            expires_at=verdict["expires_at"],
            origin=verdict["origin"],
        )
    )


def _believed(report: "Report", document: "FactDocument") -> "Report":
    """What the believed verdict says, where nothing was planned in this run."""
    if state := document.state("verdict"):
        if "verdict" in document.failed:
            return report._replace(result="error", because=state[1])
        return report._replace(because=state[1]) if "verdict" in document.absent else report
    verdict = document.facts["verdict"]
    resources = document.facts["resources"]["resources"] if "resources" in document.facts else ()
    changes = {row["path"]: row["change"] for row in resources}
    return _of_verdict(report, verdict)._replace(
        rows=tuple(_row_of_verdict(row, changes.get(row["path"], "modified")) for row in verdict["resources"]),
        findings=tuple(Finding.from_json(row) for row in verdict["findings"]),
    )


def _of_verdict(report: "Report", verdict: Mapping[str, Any]) -> "Report":
    same = {name: verdict[name] for name in ("repo", "pr", "head_sha", "environment", "branch", "result")}
    return report._replace(**same, applies=verdict.get("applies", True))


def _planned(row: Mapping[str, Any], judged: bool) -> "Row":
    from engine.core.plan.summary import Summary
    from engine.core.report.model import Diff, Row

    return Row(
        path=row["path"],
        service=row["service"],
        name=row["name"],
        change=row["change"],
        counts=Summary(**row["counts"]) if row["counts"] else None,
        diffs=tuple(Diff(d["address"], d["action"], tuple(map(_line, d["lines"]))) for d in row["diffs"]),
        seconds=row["seconds"],
        problem=Problem.from_json(row["problem"]) if row["problem"] else None,
        judged=judged,
        after=tuple(row.get("after", ())),  # what an older engine has kept says nothing of it
    )


def _line(parts: "Sequence[Any]") -> "Line":
    from engine.core.plan.summary import Line

    lead, values, note = parts
    return Line(lead, tuple(values), note)


def _row_of_verdict(row: Mapping[str, Any], change: str) -> "Row":
    from engine.core.plan.model import VERBS
    from engine.core.plan.summary import Summary
    from engine.core.report.model import Row

    verbs = [VERBS[tuple(entry["actions"])] for entry in row["changes"]]
    counts = Summary(*(verbs.count(verb) for verb in Summary._fields)) if row["plan"] else None
    return Row(row["path"], row["service"], row["name"], change, counts)


def of_failure(event: "Event", error: Exception) -> "Report":
    """Of a run that came to no decision, or broke after it."""
    problems = error.problems if isinstance(error, EngineError) else (broken("this run", error),)
    if problems[0].code in _MOVED_ON:
        return about(event)._replace(result="superseded", because=problems[0].message)
    return about(event)._replace(result="error", broken=problems)


def write(report: "Report", out: str, credentials: Mapping[str, str]) -> "Report":
    """Write report.md (the comment of a pull request) and report.json; the report as it was written.

    The secrets of plans were hidden by the actions that have seen the plans; credentials are hidden here once more.

    Raises:
        EngineError: ENG002, they cannot be kept.
    """
    from engine.core.report.model import redacted
    from engine.run.plans import redactor

    return put(redacted(report, redactor((), credentials)), out)


def put(report: "Report", out: str) -> "Report":
    """The same, of a report without secrets.

    Raises:
        EngineError: ENG002, they cannot be kept.
    """
    from engine.adapters import files
    from engine.core.report.comment import render

    try:
        with alone("the report"):
            markdown, value = render(report), _json(report)
    except EngineError:
        report = _sound(report)
        markdown, value = render(report), _json(report)
    files.write(os.path.join(out, "report.md"), markdown.encode())
    files.write(os.path.join(out, "report.json"), value)
    return report


def _sound(report: "Report") -> "Report":
    """`report` without the parts that cannot be shown, each replaced by a word that it is missing."""
    from engine.core.report.comment import render

    kept: dict[str, Any] = dict.fromkeys(_PARTS, ())
    bare = report._replace(**kept)
    for name in _PARTS:
        for number, part in enumerate(getattr(report, name), 1):
            one: dict[str, Any] = {name: (part,)}
            try:
                with alone(f"number {number} of the report's {name}"):
                    render(bare._replace(**one))
                    _json(bare._replace(**one))
                kept[name] += (part,)
            except EngineError as error:
                kept["broken"] += error.problems
    return bare._replace(**kept)


def _json(report: "Report") -> bytes:
    return json.dumps(report.to_json(), indent=2, ensure_ascii=False).encode()
