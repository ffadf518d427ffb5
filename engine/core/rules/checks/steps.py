"""What the actions of a pipeline are given: inputs of the right type, outputs that exist by then, permissions."""

from collections.abc import Iterator

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


def outputs(subject: Subject) -> Iterator[Problem]:
    """Outputs of an action that has not run by then. (One that does not exist is an unknown name: ENG109.)"""
    before: dict[tuple[object, ...], tuple[str, list[str]]] = {}
    for pipeline in subject.draft.pipelines:
        earlier: list[str] = []
        for step in pipeline.steps:
            before[step.key] = (step.data["id"], list(earlier))
            earlier.append(step.data["id"])
    for entry, expression in subject.expressions:
        own, ran = before.get(entry.key, ("", []))
        for path in expression.paths if own else ():
            root, _, rest = path.partition(".")
            name = rest.partition(".")[0].partition("[")[0]
            if root == "outputs" and name not in ran:
                hint = f"`{own}` itself has not run by then" if name == own else ""
                known = either(f"outputs.{i}" for i in ran)
                yield problem("ENG063", expression.place, hint=hint, name=name or "*", own=own, known=known)


def unknown_inputs(subject: Subject) -> Iterator[Problem]:
    """Inputs that the action does not have."""
    for step, action in _actions(subject):
        for name in step.data.get("with", ()):
            if name not in action.inputs:
                place, hint = step.place("with", name, key=True), closest(name, action.inputs)
                known = either(action.inputs)
                yield problem("ENG069", place, hint=hint, name=name, action=action.name, known=known)


def missing_inputs(subject: Subject) -> Iterator[Problem]:
    """Inputs that have no default and are not given."""
    for step, action in _actions(subject):
        for name, wanted in action.inputs.items():
            if "default" not in wanted and name not in step.data.get("with", ()):
                yield problem("ENG070", step.place("uses"), name=name, action=action.name)


def wrong_inputs(subject: Subject) -> Iterator[Problem]:
    """Literal inputs of another type than the action takes."""
    for step, action in _actions(subject):
        for name, value in subject.inputs.get(step.key, {}).items():
            reason = misfit(value, action.inputs[name]) if name in action.inputs else ""
            if reason:
                yield problem("ENG071", step.place("with", name), name=name, action=action.name, expected=reason)


def permissions(subject: Subject) -> Iterator[Problem]:
    """Permissions that an action needs and its pipeline does not ask for. Writing includes reading."""
    for pipeline in subject.draft.pipelines:
        granted = _granted(pipeline)
        for step in pipeline.steps:
            action = subject.catalog.actions.get(step.data["uses"])
            for permission in action.permissions if action else ():
                if permission not in granted:
                    yield problem("ENG072", step.place("uses"), name=permission, action=step.data["uses"])


def _granted(pipeline: PipelineEntry) -> set[str]:
    listed: list[str] = pipeline.entry.data.get("permissions", [])
    return {*listed, *(p.replace(":write", ":read") for p in listed)}


CHECKS = (
    Check("ENG063", outputs),
    Check("ENG069", unknown_inputs),
    Check("ENG070", missing_inputs),
    Check("ENG071", wrong_inputs),
    Check("ENG072", permissions),
)
