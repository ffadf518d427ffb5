"""Rows of `events:` that load, and start what can come to nothing, or nothing that another row does not start."""

from collections.abc import Iterator, Mapping
from typing import Any

from engine.core.rules.build import strings
from engine.core.rules.checks.subject import Check, Subject
from engine.core.rules.draft import Entry
from engine.errors import Problem, problem

# Facts that only what an event is about can have; all others are told of any subject.
_OF_A_PULL = frozenset(("pr", "reviews", "pushers", "labels", "comments", "replies", "asked", "depends", "merged"))
_OF_A_BRANCH = frozenset(("ref",))
_OF_A_CHANGE = frozenset(("source", "commits", "files", "resources", "merge", "merges", "ledger", "elsewhere"))
_LACKS: Mapping[str, tuple[str, frozenset[str]]] = {
    "pull_request": ("a pull request", _OF_A_BRANCH),
    "ref": ("a branch", _OF_A_PULL),
    "none": ("no change at all", _OF_A_PULL | _OF_A_BRANCH | _OF_A_CHANGE),
}


def lacking(subject: Subject) -> Iterator[Problem]:
    """Pipelines that an event starts whose gates read what the event's subject never has: an error each time."""
    asked = {pipeline.entry.name: subject.gates_of(pipeline) for pipeline in subject.draft.pipelines}
    reads = _reads(subject)
    for entry in subject.draft.sections["events"]:
        for kind in _kinds(entry):
            about, lacks = _LACKS.get(subject.catalog.events[kind].about, ("", frozenset[str]()))
            gates = asked.get(entry.data["run"], ())
            found = [(gate, fact) for gate in gates for fact in sorted(reads.get(gate, set()) & lacks)]
            if found:
                gate, fact = found[0]
                who = {"run": entry.data["run"], "gate": gate, "fact": fact}
                who["event"] = f"`{kind}`" if "event" in entry.data else "a clock"
                wanted = "a branch" if fact in _OF_A_BRANCH else "a pull request"
                yield problem("ENG980", entry.place("run"), about=about, wanted=wanted, **who)
                break


def _kinds(entry: Entry) -> tuple[str, ...]:
    return strings(entry.data.get("event")) or ("schedule",)


def _reads(subject: Subject) -> Mapping[str, set[str]]:
    """Gate → the facts that it cannot be judged without."""
    found: dict[str, set[str]] = {}
    for entry in subject.draft.sections["gates"]:
        found[entry.name] = {*strings(entry.data.get("needs"))}
        found[entry.name] |= {"reviews"} if "approvals" in entry.data else set()
        found[entry.name] |= {"depends"} if "order" in entry.data else set()
    for entry, expression in subject.expressions:
        if entry.path[:1] == ("gates",):
            found[entry.name] |= expression.needs
    return found


def idle(subject: Subject) -> Iterator[Problem]:
    """Rows that start nothing which another row does not start whenever they do."""
    rows = subject.draft.sections["events"]
    for number, row in enumerate(rows):
        for other, wider in enumerate(rows):
            if (
                other != number
                and _covers(wider.data, row.data)
                and (other < number or not _covers(row.data, wider.data))
            ):
                place = row.document.place(*row.path)
                yield problem("ENG981", place, line=wider.place().line, run=row.data["run"])
                break


def _covers(wider: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """Does `wider` start its pipeline whenever `row` starts the same?"""
    return (
        wider["run"] == row["run"]
        and wider.get("every") == row.get("every")
        and {*strings(wider.get("event"))} >= {*strings(row.get("event"))}
        and ("types" not in wider or {*wider["types"]} >= {*row.get("types", ("",))})
        and wider.get("when") in (None, row.get("when"))
    )


_ASKED = ("events", "pipelines", "gates", "protect")
CHECKS = (
    Check("ENG980", lacking, _ASKED, ("ENG052", "ENG055", "ENG056")),
    Check("ENG981", idle, ("events",), ("ENG055", "ENG056", "ENG057")),
)
