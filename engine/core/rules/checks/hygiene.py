"""Rules that load and are probably not what was meant. Findings: they warn, and `engine lint` returns 1."""

from collections.abc import Iterator

from engine.core.expressions.model import Expression
from engine.core.rules.build import EXCLUDE, strings
from engine.core.rules.checks.references import group_names
from engine.core.rules.checks.subject import Check, Subject, calls
from engine.core.rules.draft import SPECIAL_GROUP
from engine.errors import Problem, problem
from engine.names import nearest

_MAY_BE_ABSENT = ("merged", "verdict")  # the facts that do not exist before somebody has made them


def unreachable(subject: Subject) -> Iterator[Problem]:
    """Pipelines that no event and no other pipeline starts."""
    draft = subject.draft
    started = {e.data["run"] for e in draft.sections["events"]}
    started |= {p.entry.data[key] for p in draft.pipelines for key in ("then", "else") if key in p.entry.data}
    started |= {draft.settings.get("verdicts", {}).get("renew")}
    for pipeline in draft.pipelines:
        if pipeline.entry.name not in started:
            yield problem("ENG080", pipeline.entry.place("pipeline"), name=pipeline.entry.name)


def unused_gates(subject: Subject) -> Iterator[Problem]:
    """Gates that no pipeline, protected action or override asks."""
    draft = subject.draft
    used = {gate for pipeline in draft.pipelines for gate in subject.gates_of(pipeline)}
    used |= {gate for entry in draft.sections["protect"] for gate in entry.data}
    used |= {gate for entry in draft.sections["overrides"] for gate in entry.data["besides"]}
    for entry in draft.sections["gates"]:
        if entry.name not in used:
            yield problem("ENG081", entry.place(), name=entry.name)


def unused_defines(subject: Subject) -> Iterator[Problem]:
    """Defines that nothing calls."""
    defines = subject.draft.sections["define"]
    used = {name for entry in defines for name in calls(entry.data)}
    names = {entry.name for entry in defines}
    for _, expression in subject.expressions:
        # in a text with `${…}` the name is looked for as it is written: good enough to call it used
        used |= calls(expression.text) or {name for name in names if f"{name}(" in expression.text}
    for entry in defines:
        if entry.name not in used:
            yield problem("ENG082", entry.place(), name=entry.name)


def unused_overrides(subject: Subject) -> Iterator[Problem]:
    """Overrides that no gate allows."""
    used = {entry.data.get("override") for entry in subject.draft.sections["gates"]}
    for entry in subject.draft.sections["overrides"]:
        if entry.name not in used:
            yield problem("ENG083", entry.place(), name=entry.name)


def unused_groups(subject: Subject) -> Iterator[Problem]:
    """Groups that nobody asks for approval, an override or a command."""
    draft = subject.draft
    used = {name for e in draft.sections["gates"] for _, name in group_names(e.data.get("approvals", {}), ())}
    used |= {name for section in ("overrides", "commands") for e in draft.sections[section] for name in e.data["from"]}
    for entry in draft.groups:
        if entry.name not in used and entry.name != SPECIAL_GROUP:
            yield problem("ENG084", entry.place(), name=entry.name)


def alike(subject: Subject) -> Iterator[Problem]:
    """Environments that a reader takes for one another: case, separators, swapped or missing letters."""
    seen: list[str] = []
    for entry in subject.draft.sections["environments"]:
        for other in seen:
            if _alike(entry.name, other):
                yield problem("ENG085", entry.place(), name=entry.name, other=other)
        seen.append(entry.name)


def _alike(one: str, other: str) -> bool:
    a, b = (name.casefold().replace("-", "").replace("_", "") for name in sorted((one, other), key=len))
    if sorted(a) == sorted(b):
        return True
    missing = [b[i] for i in range(len(b)) if b[:i] + b[i + 1 :] == a]
    return any(letter.isalpha() for letter in missing)  # `dev` and `dev2` are two on purpose


def self_approval(subject: Subject) -> Iterator[Problem]:
    """Approvals that count from people who had a hand in the change."""
    draft, path = subject.draft, ("approvals", "exclude")
    places = [(draft.settings, draft.entry.place(*path, key=True))] if draft.entry else []
    places += [(entry.data, entry.place(*path, key=True)) for entry in draft.sections["gates"]]
    for data, place in places:
        exclude = data.get("approvals", {}).get("exclude", EXCLUDE)
        if missing := [name for name in EXCLUDE if name not in exclude]:
            yield problem("ENG086", place, missing=", ".join(missing))


def needs(subject: Subject) -> Iterator[Problem]:
    """Gates that read what may be absent and do not need it: before it is there they are an error, not pending.

    Where something else is needed that is always there, or that the gate does not read, that is the slip.
    """
    reads: dict[str, set[str]] = {}
    first: dict[tuple[str, str], Expression] = {}
    for entry, expression in subject.expressions:
        if entry.path[:1] == ("gates",):
            reads.setdefault(entry.name, set()).update(expression.needs)
            for fact in expression.needs:
                first.setdefault((entry.name, fact), expression)
    for entry in subject.draft.sections["gates"]:
        needed, read = strings(entry.data.get("needs")), reads.get(entry.name, set())
        idle = [name for name in needed if name not in read or name not in _MAY_BE_ABSENT]
        for fact in _MAY_BE_ABSENT:
            if fact not in read or fact in needed:
                continue
            if len(idle) == 1:  # that one was to be the other
                place = entry.place("needs", needed.index(idle[0])) if isinstance(entry.data["needs"], list) else None
                hint = f"write `{fact}` for `{idle.pop()}`, so that it is pending"
                yield problem("ENG087", place or entry.place("needs"), hint=hint, name=entry.name, fact=fact)
            else:
                yield problem("ENG087", first[entry.name, fact].place, name=entry.name, fact=fact)


def excess_permissions(subject: Subject) -> Iterator[Problem]:
    """Permissions that no action of the pipeline needs."""
    for pipeline in subject.draft.pipelines:
        rows = [subject.catalog.actions.get(step.data["uses"]) for step in pipeline.steps]
        needed = {permission for action in rows if action for permission in action.permissions}
        for index, name in enumerate(pipeline.entry.data.get("permissions", ())):
            if name not in needed:
                yield problem("ENG088", pipeline.entry.place("permissions", index), name=name)


def pipelines_all_conditional(subject: Subject) -> Iterator[Problem]:
    """Pipelines all of whose gates have a `when`: where none applies, the outcome is an error."""
    conditional = _conditional(subject)
    for pipeline in subject.draft.pipelines:
        gates = subject.gates_of(pipeline)
        if gates and conditional.issuperset(gates):
            yield problem("ENG090", pipeline.entry.place("pipeline"), name=pipeline.entry.name)


def protection_all_conditional(subject: Subject) -> Iterator[Problem]:
    """Rows of `protect` all of whose gates have a `when`: another gate of the pipeline may let the action run bare."""
    conditional = _conditional(subject)
    for entry in subject.draft.sections["protect"]:
        if conditional.issuperset(entry.data):
            yield problem("ENG091", entry.place(), name=entry.name)


def owns_nothing(subject: Subject) -> Iterator[Problem]:
    """Globs that only fit files beside the directories of services, where no resource is."""
    for entry in subject.draft.sections["sources"]:
        for index, pattern in enumerate(entry.data["owns"]):
            if "/" not in pattern and "**" not in pattern:
                deeper = "**" if pattern == "*" else f"**/{pattern}" if "*" in pattern else f"{pattern}/**"
                yield problem("ENG983", entry.place("owns", index), glob=pattern, deeper=deeper)


_DIRECTIONS = ("central", "north", "south", "east", "west", "northeast", "northwest", "southeast", "southwest")


def regions(subject: Subject) -> Iterator[Problem]:
    """Regions that are called as none of AWS's: by no direction."""
    for entry in subject.draft.sections["environments"]:
        area, direction, number = entry.data.get("region", "us-east-1").rsplit("-", 2)
        if direction not in _DIRECTIONS:
            near = nearest(direction, _DIRECTIONS)
            hint = f"did you mean `{area}-{near}-{number}`?" if near else ""
            yield problem("ENG984", entry.place("region"), hint=hint, name=entry.data["region"])


def odd_texts(subject: Subject) -> Iterator[Problem]:
    """Characters that a reviewer does not see, in descriptions and comments."""
    yield from subject.draft.warned


def _conditional(subject: Subject) -> set[str]:
    return {e.name for e in subject.draft.sections["gates"] if "when" in e.data}


_ASKED = ("gates", "pipelines", "protect", "overrides")
CHECKS = (
    Check("ENG039", odd_texts),
    Check("ENG983", owns_nothing),
    Check("ENG984", regions),
    Check("ENG080", unreachable, ("events", "pipelines", "verdicts"), ("ENG055",)),
    Check("ENG081", unused_gates, _ASKED, ("ENG052", "ENG053", "ENG068")),
    Check("ENG082", unused_defines, ("define", "events", "gates", "pipelines"), ("ENG1",)),
    Check("ENG083", unused_overrides, ("gates",), ("ENG059",)),
    Check("ENG084", unused_groups, ("gates", "overrides", "commands"), ("ENG054",)),
    Check("ENG085", alike),
    Check("ENG086", self_approval),
    Check("ENG087", needs),
    Check("ENG088", excess_permissions, ("pipelines",), ("ENG053", "ENG921")),
    Check("ENG090", pipelines_all_conditional, _ASKED, ("ENG052", "ENG053")),
    Check("ENG091", protection_all_conditional, _ASKED, ("ENG052", "ENG053")),
)
