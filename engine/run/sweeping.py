"""Runs that follow on what a sweep has found: each an event of its own, each failing alone."""

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from engine.core.alone import alone
from engine.core.canonical import canonical, digest
from engine.core.decision import due
from engine.core.decision.renewal import renewal
from engine.core.decision.renewal import renews as renewed_by
from engine.core.outcome import Outcome
from engine.errors import EngineError
from engine.run.kept import swept
from engine.run.request import Going

if TYPE_CHECKING:
    from engine.core.decision.decided import PipelineResult
    from engine.core.decision.document import FactDocument
    from engine.core.rules.model import Pipeline, Rules
    from engine.run.handled import Again, Handled
    from engine.run.kept.journal import Journal
    from engine.run.ports import Ports
    from engine.run.request import Request, Watcher
    from engine.run.runner import Ran

APPLY, MERGE, SWEEP = "terraform.apply", "github.merge", "run.sweep"
MOST = 20  # that one job hands out


def found_by(handled: "Iterable[Handled | Again]") -> list[Mapping[str, Any]]:
    """What sweeps of this run have found."""
    return [row for one in handled for ran in one.ran if ran.uses == SWEEP for row in ran.outputs.get("found", ())]


def handed_out(handled: "Iterable[Handled | Again]") -> list[Mapping[str, Any]]:
    """Those of it that a process that carries out some actions alone hands out: the next sweep finds the others."""
    return found_by(handled)[:MOST]


def found_before(journal: "Journal", pipeline: "Pipeline | None") -> "tuple[Ran, ...]":
    """The sweeps of a pipeline that has ended, with what they have found: whoever was killed then had not decided all
    of it, and may have left the claims of the one that it was at.
    """
    from engine.run.runner import Ran

    past = {step.id: journal.past(step.id) for step in (pipeline.steps if pipeline else ()) if step.uses == SWEEP}
    return tuple(
        Ran(step, SWEEP, "done", entry.said["outputs"])
        for step, entry in past.items()
        if entry.state == "done" and not entry.said["problems"]
    )


def follow(
    handled: "Iterable[Handled | Again]",
    request: "Request",
    ports: "Ports",
    watcher: "Watcher",
    handle: "Callable[[Request], object]",
) -> None:
    """Decide each of what was found; what breaks is said, and the others are decided all the same.

    A process that carries out some actions alone only says what was found: whoever started it starts the others.
    """
    if request.going.does is not None:  # a process that may not do all of it: each is a run of its own, elsewhere
        for row in handed_out(handled):
            watcher.progress(f"{row['subject']}: {row['why']}; handed out")
            if row["word"]:
                swept.end(ports.store, row["word"])
        return
    for number, row in enumerate(found_by(handled), 1):
        event = canonical(row["event"])
        child = request._replace(
            event=event,
            event_file=f"what was found of {row['subject']}",
            event_name=None,
            pipeline=row["pipeline"],
            out=os.path.join(request.out, "found", f"{number:03}"),
            going=Going(run=digest([request.going.run, number, row["subject"]])[:40], executor=request.going.executor),
        )
        watcher.stop.check()
        watcher.progress(f"{row['subject']}: {row['why']}")
        try:
            with alone(f"the run of {row['subject']}"):
                handle(child)
        except EngineError as error:
            watcher.stop.check()  # then the next sweep finds it again, and what comes after it
            watcher.progress(f"{row['subject']}: {error.problems[0].text()}")
        if row["word"]:
            swept.end(ports.store, row["word"])


def left(
    result: "PipelineResult",
    document: "FactDocument",
    rules: "Rules",
    ports: "Ports",
    run: str,
    made_with: Mapping[str, str | None],
    frozen: Iterable[str],
) -> str | None:
    """What a decision about a pull request on GitHub leaves for later; the pipeline that gives a verdict again, if this
    run is the one that starts it.

    Raises:
        EngineError: the store fails.
    """
    if document.origin != "github":
        return None
    note(result, document, rules, ports, run, made_with, frozen)
    return renews(result, document, rules, ports, run)


def decides(result: "PipelineResult", pr: "Mapping[str, Any]") -> bool:
    """Does the pipeline decide about a merge, or about applying what is merged? What it leaves tells sweep whether to
    decide again.
    """
    uses = APPLY if pr["merged"] else MERGE
    return (pr["merged"] or pr["state"] == "open") and any(action.uses == uses for action in result.actions)


def note(
    result: "PipelineResult",
    document: "FactDocument",
    rules: "Rules",
    ports: "Ports",
    run: str,
    made_with: Mapping[str, str | None],
    frozen: Iterable[str],
) -> None:
    """Remember what this decision was made from; `frozen` was read before its facts were.

    Raises:
        EngineError: the store fails.
    """
    pr = document.facts.get("pr")
    if pr is None or not decides(result, pr) or not {"updated_at"} <= pr.keys():
        return
    if "now" not in document.facts:
        return
    # Where the base is by now says nothing of what was merged into it.
    base = None if pr["merged"] else pr["base"]["sha"]
    seen = due.Seen(pr["head"]["sha"], pr["base"]["ref"], base, pr["updated_at"], due.said(document))
    depends = due.still_open(document)
    today = {name: value for name, value in made_with.items() if name != "engine"}
    marks = due.marks(
        seen,
        made_with=due.made_with(rules, made_with["engine"] or "", today),
        frozen=frozen,
        holders={(row["repo"], row["pr"]) for row in document.facts.get("merges", ())},
        depends=depends,
    )
    # What was to be applied and is not, for want of a lock or a backend, is tried again at once.
    until = document.facts["now"] if pr["merged"] and result.outcome is Outcome.PASS else None
    left = due.Last(marks, due.state_keys(document), depends, until or due.until(result, document, rules))
    swept.note(ports.store, run, pr["base"]["repo"], pr["number"], left)


def renews(result: "PipelineResult", document: "FactDocument", rules: "Rules", ports: "Ports", run: str) -> str | None:
    """The pipeline that follows to give a verdict again, if it is this run that starts it.

    Raises:
        EngineError: the store fails.
    """
    about = renewal(result, document, rules)
    if about is None:
        return None
    pr = document.facts["pr"]
    is_first = swept.renews(ports.store, run, pr["base"]["repo"], pr["number"], about)
    return renewed_by(rules.pipelines[result.name], rules) if is_first else None
