"""What the actions of a pipeline are given: inputs of the right type, outputs that exist by then, permissions."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from engine.core.declare import Action
from engine.core.rules.checks.subject import Check, Subject
from engine.core.rules.draft import Entry, PipelineEntry
from engine.core.rules.literal import misfit
from engine.errors import Problem, problem
from engine.names import closest, either


def _actions(subject: Subject) -> Iterator[tuple[Entry, Action]]:
    for pipeline in subject.draft.pipelines:
        for step in pipeline.steps:
            action = subject.catalog.actions.get(step.data["uses"])
            if action:
                yield step, action


_MEANT = re.compile(r"\boutputs\.[\w.]+")
_OUTPUT = re.compile(r"\boutputs\.(\w+)")


def misnamed(pipeline: PipelineEntry) -> Mapping[str, Entry]:
    """Names by which outputs are asked for more than once and nothing goes → the one action that was meant.

    Its `id` is what is wrong then, and not every place that names it.
    """
    asked = Counter(name for step in pipeline.steps for name in _OUTPUT.findall(str(step.data.get("with", ""))))
    unasked = {step.data["id"]: step for step in pipeline.steps if step.data["id"] not in asked}
    ids = {step.data["id"] for step in pipeline.steps}
    meant = {
        name: closest(name, unasked).removeprefix("did you mean `").removesuffix("`?")
        for name, times in asked.items()
        if times > 1 and name not in ids and pipeline.whole
    }
    return {name: unasked[one] for name, one in meant.items() if one in unasked}


def ids(subject: Subject) -> Iterator[Problem]:
    """Actions whose outputs are asked for by another name."""
    for pipeline in subject.draft.pipelines:
        for name, step in misnamed(pipeline).items():
            own = step.data["id"]
            yield problem("ENG922", step.place("id"), hint=f"did you mean `{name}`?", name=name, own=own)


def outputs(subject: Subject) -> Iterator[Problem]:
    """Outputs of an action that has not run by then. (One that does not exist is an unknown name: ENG109.)"""
    around: dict[tuple[object, ...], tuple[PipelineEntry, int, list[str]]] = {}
    for pipeline in subject.draft.pipelines:
        names = [step.data["id"] for step in pipeline.steps]
        told_once = misnamed(pipeline)
        around.update((step.key, (pipeline, n, [*names, *told_once])) for n, step in enumerate(pipeline.steps))
    for entry, expression in subject.expressions:
        if entry.key not in around:
            continue
        pipeline, number, names = around[entry.key]
        own, ran = names[number], names[:number]
        for path in expression.paths:
            root, _, rest = path.partition(".")
            name = rest.partition(".")[0].partition("[")[0]
            if root != "outputs" or name in ran:
                continue
            if name in names[len(pipeline.steps) :] or (name not in names and not _is_whole(pipeline)):
                continue  # the action is there, and what is wrong with it is told where it stands
            hint = f"`{own}` itself has not run by then" if name == own else ""
            known = either(f"outputs.{i}" for i in ran)
            yield problem("ENG063", expression.place, hint=hint, name=name or "*", own=own, known=known)


def _is_whole(pipeline: PipelineEntry) -> bool:
    """Are all its actions known by their own names?"""
    names = [step.data["id"] for step in pipeline.steps]
    return pipeline.whole and len(names) == len(set(names))


def unknown_inputs(subject: Subject) -> Iterator[Problem]:
    """Inputs that the action does not have."""
    for step, action in _actions(subject):
        for name in step.data.get("with", ()):
            if name not in action.inputs:
                place, hint = step.place("with", name, key=True), closest(name, action.inputs)
                known = either(action.inputs)
                yield problem("ENG069", place, hint=hint, name=name, action=action.name, known=known)


def missing_inputs(subject: Subject) -> Iterator[Problem]:
    """Inputs that have no default and are not given, under whatever name."""
    for step, action in _actions(subject):
        given = step.data.get("with", {})
        guesses = "".join(closest(name, action.inputs) for name in given if name not in action.inputs)
        for name, wanted in action.inputs.items():
            if "default" not in wanted and name not in given and f"`{name}`" not in guesses:
                yield problem("ENG070", step.place("uses"), name=name, action=action.name)


def wrong_inputs(subject: Subject) -> Iterator[Problem]:
    """Literal inputs of another type than the action takes."""
    for step, action in _actions(subject):
        for name, value in subject.inputs.get(step.key, {}).items():
            reason = misfit(value, action.inputs[name]) if name in action.inputs else ""
            if reason:
                inner = _MEANT.search(value) if isinstance(value, str) else None
                hint = f"write `${{{inner[0]}}}`" if inner else ""
                yield problem(
                    "ENG071", step.place("with", name), hint=hint, name=name, action=action.name, expected=reason
                )


def permissions(subject: Subject) -> Iterator[Problem]:
    """Permissions that an action needs and its pipeline does not ask for: each once. Writing includes reading."""
    known = {one for action in subject.catalog.actions.values() for one in action.permissions}
    known |= {one.replace(":write", ":read") for one in known}
    for pipeline in subject.draft.pipelines:
        granted, meant = _granted(pipeline), ""
        for index, name in enumerate(pipeline.entry.data.get("permissions", ())):
            if name not in known:
                guess = closest(name, known)
                meant += guess
                place = pipeline.entry.place("permissions", index)
                yield problem("ENG921", place, hint=guess, name=name, known=either(known))
        for step in pipeline.steps:
            action = subject.catalog.actions.get(step.data["uses"])
            for permission in action.permissions if action else ():
                if permission not in granted and f"`{permission}`" not in meant:
                    granted.add(permission)
                    yield problem("ENG072", step.place("uses"), name=permission, action=step.data["uses"])


def _granted(pipeline: PipelineEntry) -> set[str]:
    listed: list[str] = pipeline.entry.data.get("permissions", [])
    return {*listed, *(p.replace(":write", ":read") for p in listed)}


CHECKS = (
    Check("ENG922", ids),
    Check("ENG063", outputs),
    Check("ENG069", unknown_inputs),
    Check("ENG070", missing_inputs),
    Check("ENG071", wrong_inputs),
    Check("ENG072", permissions),  # and ENG921
)
