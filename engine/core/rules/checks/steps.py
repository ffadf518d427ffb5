"""What the actions of a pipeline are given: inputs of the right type, outputs that exist by then, permissions."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from engine.core.declare import Action, Schema
from engine.core.expressions.model import Expression
from engine.core.rules.checks.subject import Check, Subject
from engine.core.rules.draft import Entry, PipelineEntry
from engine.core.rules.literal import misfit
from engine.errors import Problem, problem
from engine.names import closest, either, nearest, together


def _actions(subject: Subject) -> Iterator[tuple[Entry, Action]]:
    for pipeline in subject.draft.pipelines:
        for step in pipeline.steps:
            action = subject.catalog.actions.get(step.data["uses"])
            if action:
                yield step, action


_SURROUNDED = re.compile(r"[^$]*(\$\{[^{}$]+\})[^$]*")


def surrounded(text: str, wanted: Schema) -> str:
    """The one `${…}` of a text, where its value is wanted and what stands around it makes it a text; else empty."""
    said = _SURROUNDED.fullmatch(text)
    return said[1] if said and said[1] != text and "string" not in wanted.get("type", "string") else ""


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
        meant = _meant(step, action)
        for name in step.data.get("with", ()):
            if name not in action.inputs:
                place, hint = step.place("with", name, key=True), _guess(meant.get(name, ""))
                known = either(action.inputs)
                yield problem("ENG069", place, hint=hint, name=name, action=action.name, known=known)


def missing_inputs(subject: Subject) -> Iterator[Problem]:
    """Inputs that have no default and are not given, under whatever name."""
    left = {step.key: pipeline.steps for pipeline in subject.draft.pipelines for step in pipeline.steps}
    for step, action in _actions(subject):
        given = {*step.data.get("with", ()), *_meant(step, action).values(), *step.data}  # beside `with:`, too
        for name, wanted in action.inputs.items():
            if "default" not in wanted and name not in given:
                hint = _to_give(name, wanted, left[step.key], subject.catalog.actions)
                yield problem("ENG070", step.place("uses"), hint=hint, name=name, action=action.name)


def _to_give(name: str, wanted: Schema, steps: Sequence[Entry], actions: Mapping[str, Action]) -> str:
    """How to give an input that only one action of the pipeline can leave."""
    wholes = [f"outputs.{one.data['id']}" for one in steps if one.data["uses"] == wanted.get("of")]
    parts = [one for one in steps if one.data["uses"] in actions and name in actions[one.data["uses"]].outputs]
    found = wholes or [f"outputs.{one.data['id']}.{name}" for one in parts]
    return f'write `with: {{{name}: "${{{found[0]}}}"}}`' if len(found) == 1 else ""


def _meant(step: Entry, action: Action) -> Mapping[str, str]:
    """Inputs that the action does not have → those that were meant: by their name, or the one that is missing."""
    given = step.data.get("with", {})
    found: dict[str, str] = {}
    for name, value in given.items():
        if name in action.inputs:
            continue
        free = {one: wanted for one, wanted in action.inputs.items() if one not in given and one not in found.values()}
        lacking = [one for one, wanted in free.items() if "default" not in wanted]
        near = nearest(name, free)
        is_text = isinstance(value, str) and "${" in value  # whatever comes of it
        if len(lacking) == 1 and (is_text or not misfit(value, free[lacking[0]])):
            near = lacking[0]
        if near:
            found[name] = near
    return found


def _guess(name: str) -> str:
    return f"did you mean `{name}`?" if name else ""


def wrong_inputs(subject: Subject) -> Iterator[Problem]:
    """Inputs of another type than the action takes, or of another action than they are to be from."""
    for pipeline in subject.draft.pipelines:
        times, ran = Counter(step.data["id"] for step in pipeline.steps), dict[str, str]()
        for step in pipeline.steps:
            action, from_ = subject.catalog.actions.get(step.data["uses"]), dict(ran)
            if action and times[step.data["id"]] == 1:
                ran[step.data["id"]] = action.name
            for name, value in subject.inputs.get(step.key, {}).items() if action else ():
                if not action or name not in action.inputs:
                    continue
                wanted = action.inputs[name]
                reason, hint = misfit(value, wanted), ""
                if isinstance(value, list) and len(value) == 1 and isinstance(value[0], Expression) and not reason:
                    said = _WHOLE.fullmatch(value[0].text)
                    if said and said[2] == name:  # the whole list that is wanted
                        reason, hint = "the list itself", f'write `"${{{value[0].text}}}"`, without brackets'
                if isinstance(value, Expression) and not reason:
                    reason, hint = _misled(name, value, wanted, from_, subject.catalog.actions)
                elif isinstance(value, str) and reason:
                    inner = _MEANT.search(value)
                    named = f"name one of: {either(wanted['enum'])}" if "enum" in wanted else ""
                    near = closest(value, wanted.get("enum", ())) or named
                    bare = f"write {value}, without quotes" if value.isdigit() else ""
                    hint = f"write `${{{inner[0]}}}`" if inner else near or bare
                elif reason and wanted.get("of") and not isinstance(value, Expression):
                    ids = [one for one, uses in from_.items() if uses == wanted["of"]]
                    hint = f'write `"${{outputs.{ids[0]}}}"`' if len(ids) == 1 else ""
                if reason:
                    place = step.place("with", name)
                    yield problem("ENG071", place, hint=hint, name=name, action=action.name, expected=reason)


_WHOLE = re.compile(r"(?:\$\{)? *outputs\.(\w+)(?:\.(\w+))? *\}?")


def _misled(
    name: str, value: Expression, wanted: Schema, from_: Mapping[str, str], actions: Mapping[str, Action]
) -> tuple[str, str]:
    """What is expected instead of outputs that are of another action or shape, and the way out; empty when they fit."""
    said = _WHOLE.fullmatch(value.text)
    if not said or said[1] not in from_:
        return "", ""
    of, is_whole = wanted.get("of"), said[2] is None
    if of and (from_[said[1]] != of or not is_whole):
        ids = [one for one, uses in from_.items() if uses == of]
        return f"what `{of}` leaves", f"write `${{outputs.{ids[0]}}}`" if len(ids) == 1 else ""
    leaves = actions[from_[said[1]]].outputs
    if is_whole and misfit({}, {"type": wanted.get("type", "object")}):
        one = f"outputs.{said[1]}.{name}" if name in leaves else f"outputs.{said[1]}.NAME"
        known = "" if name in leaves or not leaves else f", NAME one of {either(leaves)}"
        return misfit({}, wanted), f"write `${{{one}}}`{known}"
    return "", ""


def permissions(subject: Subject) -> Iterator[Problem]:
    """Permissions that an action needs and its pipeline does not ask for: each once. Writing includes reading."""
    known = {one for action in subject.catalog.actions.values() for one in action.permissions}
    known |= {one.replace(":write", ":read") for one in known}
    for pipeline in subject.draft.pipelines:
        if pipeline.strays and "permissions" not in pipeline.entry.data:
            continue  # they may be there, by another name
        granted, meant = _granted(pipeline), ""
        for index, name in enumerate(pipeline.entry.data.get("permissions", ())):
            if name not in known:
                guess = closest(name, known)
                meant += guess
                place = pipeline.entry.place("permissions", index)
                yield problem("ENG921", place, hint=guess, name=name, known=either(known))
        for step in pipeline.steps:
            action = subject.catalog.actions.get(step.data["uses"])
            needed = [one for one in (action.permissions if action else ()) if one not in granted]
            if lacking := [one for one in needed if f"`{one}`" not in meant]:
                granted |= {*lacking}
                what, which = ("permissions", "them") if lacking[1:] else ("permission", "it")
                what = f"{what} {together(lacking)}"
                yield problem("ENG072", step.place("uses"), action=step.data["uses"], what=what, which=which)


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
