"""Names that nothing goes by. A misspelt one must not quietly mean "no such requirement"."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from engine.core.command import ALIASES, COMMANDS
from engine.core.expressions.parse import Node
from engine.core.expressions.snippet import Snippet
from engine.core.rules.build import strings
from engine.core.rules.checks.subject import Check, Subject, compared, nodes, tree, unknown
from engine.core.rules.draft import Path, Unread, missing
from engine.core.rules.pins import logins
from engine.errors import MOST_PROBLEMS, Place, Problem, problem
from engine.names import closest, either, nearest


def includes(subject: Subject) -> Iterator[Problem]:
    """A glob that matches no file."""
    document = subject.draft.entry
    for index, pattern in enumerate(subject.draft.settings.get("include", ())):
        if document and missing(pattern, subject.draft.files):
            plain = pattern.removeprefix("./").lstrip("/")
            plain += "*.yaml" if plain.endswith("/") else ""
            hint = f"write `{plain}`" if plain != pattern else ""
            yield problem("ENG051", document.place("include", index), hint=hint, glob=pattern)


def gates(subject: Subject) -> Iterator[Problem]:
    """Gates of pipelines, `protect` and `besides`."""
    known, asked = subject.draft.known["gates"], list[_Asked]()
    for pipeline in subject.draft.pipelines:
        listed = pipeline.entry.data.get("gates")
        for index, name in enumerate(listed if isinstance(listed, list) else ()):
            what = _no_gate(subject, name) if name not in known else ""
            if what and not closest(name, known):
                yield problem("ENG052", pipeline.entry.place("gates", index), hint=what, name=name, known=either(known))
                continue
            if listed == ["none"] and "none" not in known:
                hint = "write `gates: none`, without brackets, if no gate is meant"
                yield problem("ENG052", pipeline.entry.place("gates"), hint=hint, name=name, known=either(known))
                return
            asked.append((name, pipeline.entry.place("gates", index)))
    for entry in subject.draft.sections["protect"]:
        asked += [(name, entry.place(index)) for index, name in enumerate(entry.data)]
    for entry in subject.draft.sections["overrides"]:
        asked += [(name, entry.place("besides", index)) for index, name in enumerate(entry.data["besides"])]
    units = {entry.name: entry.place() for entry in subject.draft.sections["gates"]}
    yield from _named("ENG052", asked, known, units, _of_another_kind(subject, "gate"))


def _no_gate(subject: Subject, name: str) -> str:
    """What goes by that name and is no gate."""
    if any(entry.name == name for entry in subject.draft.sections["define"]):
        return f'`{name}` is an expression: name a gate that asks it, with `require: "{name}()"`'
    if name in subject.catalog.facts:
        return f"`{name}` is a fact: a gate says that it needs it, by `needs: {name}`"
    if name in subject.draft.known["groups"] and any(group.name == name for group in subject.draft.groups):
        return f"`{name}` is a group: name a gate that asks it, with `approvals: {{from: [{name}]}}`"
    return ""


_Asked = tuple[str, Place]


def _named(
    code: str,
    asked: Sequence[_Asked],
    known: Collection[str],
    units: Mapping[str, Place],
    of_another_kind: Callable[[str], str] = lambda _: "",
) -> Iterator[Problem]:
    """Names that nothing goes by. Where several ask for one, and nobody for what is nearly called so, that is wrong."""
    strange = Counter(name for name, _ in asked if name not in known)
    idle = units.keys() - {name for name, _ in asked}
    meant = {name: near for name, count in strange.items() if count > 1 and (near := nearest(name, idle))}
    for name, near in meant.items():
        yield problem("ENG923", units[near], name=near, asked=name, count=strange[name])
    for name, place in asked:
        if name not in meant and name not in known:
            hint = of_another_kind(name) or closest(name, known)
            yield problem(code, place, hint=hint, name=name, known=either(known))


def _of_another_kind(subject: Subject, wanted: str) -> Callable[[str], str]:
    """What a name is that is none of the wanted kind: a group in the place of a gate, a person in that of a group."""
    draft = subject.draft
    asking: dict[str, list[str]] = {}  # group → the gates that ask it
    groups: dict[str, list[str]] = {}  # gate → the groups that it asks
    for entry in draft.sections["gates"]:
        for _, name in group_names(entry.data.get("approvals", {}), ()):
            asking.setdefault(name, []).append(entry.name)
            groups.setdefault(entry.name, []).append(name)
    people: dict[str, list[str]] = {}
    teams: dict[str, list[str]] = {}
    for group in draft.groups:
        for login in logins(group.data.get("users", ())):
            people.setdefault(login, []).append(group.name)
        for team in group.data.get("teams", ()):
            for called in (team, team.rpartition("/")[2]):
                teams.setdefault(called, []).append(group.name)
    choices: Mapping[str, Mapping[str, Collection[str]]] = {
        # kind → its names, each with those of the wanted kind that have to do with it
        "group": asking if wanted == "gate" else {},
        "gate": groups if wanted == "group" else {},
        "person": people if wanted == "group" else {},
        "team": teams if wanted == "group" else {},
    }
    others = {kind: draft.known[f"{kind}s"] for kind in ("gate", "group", "override", "pipeline", "environment")}
    known = _known(subject, wanted)

    def told(name: str) -> str:
        bare = name.removeprefix("@")
        kinds = [kind for kind, names in choices.items() if bare in names]
        kinds += [kind for kind, names in others.items() if not isinstance(names, Unread) and name in names]
        kinds += ["action"] if name in subject.catalog.actions else []
        kind = next((kind for kind in kinds if kind != wanted), "")
        if not kind:
            return ""
        near = choices.get(kind, {}).get(bare)
        article = "an" if kind[0] in "aeio" else "a"
        named = f"such as `{next(iter(near))}`" if near else f"one of: {either(known)}"
        return f"`{bare}` is {article} {kind}: name a {wanted}, {named}{_WHICH.get((kind, wanted), '') if near else ''}"

    return told


def _known(subject: Subject, kind: str) -> Collection[str]:
    catalog = {"action": subject.catalog.actions, "fact": subject.catalog.facts}
    return catalog[kind] if kind in catalog else subject.draft.known[f"{kind}s"]


_WHICH = {
    ("group", "gate"): ", which asks it",
    ("gate", "group"): ", which it asks",
    ("person", "group"): ", which has that person in it",
    ("team", "group"): ", which has that team in it",
}


def actions(subject: Subject) -> Iterator[Problem]:
    """Actions of pipelines and of `protect`."""
    known = subject.catalog.actions
    for pipeline in subject.draft.pipelines:
        for step in pipeline.steps:
            yield from unknown("ENG053", step.data["uses"], known, step.place("uses"))
    started = {one.entry.name: one.steps[-1].data["uses"] for one in subject.draft.pipelines if one.steps}
    strange = [entry for entry in subject.draft.sections["protect"] if entry.name not in known]
    of_another_kind = _of_another_kind(subject, "action")
    for number, entry in enumerate(strange):
        hint = _action_meant(entry.name, known, of_another_kind) if number < MOST_PROBLEMS else ""  # nobody reads more
        if entry.name in started:
            hint = f"`{entry.name}` is a pipeline: name an action of it, such as `{started[entry.name]}`"
        yield problem("ENG053", entry.place(), hint=hint, name=entry.name, known=either(known))


def _action_meant(name: str, known: Collection[str], of_another_kind: Callable[[str], str]) -> str:
    """A pipeline is often called as the action that it is for: then it may be either."""
    near, another = closest(name, known), of_another_kind(name)
    if another and any(one.endswith(f".{name}") for one in known):
        return f"{near} {another.partition(':')[0]}"
    return another or near


def groups(subject: Subject) -> Iterator[Problem]:
    """Groups of approvals, overrides and commands."""
    known = subject.draft.known["groups"]
    names = list[_Asked]()
    for entry in (e for section in ("gates", "overrides", "commands") for e in subject.draft.sections[section]):
        asked = (entry.data.get("approvals", {}), ("approvals",)) if "approvals" in entry.data else (entry.data, ())
        for path, name in group_names(*asked):
            names.append((name, entry.place(*path)))
    units = {group.name: group.place() for group in subject.draft.groups}
    yield from _named("ENG054", names, known, units, _of_another_kind(subject, "group"))


def commands(subject: Subject) -> Iterator[Problem]:
    """Commands that there are not."""
    asked = dict.fromkeys(name for name, _ in _said(subject) if name in COMMANDS)
    idle = [name for name in asked if name not in subject.draft.known["commands"]]
    strange = [entry for entry in subject.draft.sections["commands"] if entry.name not in COMMANDS]
    for entry in strange:
        only = f"did you mean `{idle[0]}`, which `events:` ask for?" if len(idle) == len(strange) == 1 else ""
        known = f"did you mean `{ALIASES[entry.name]}`?" if entry.name in ALIASES else ""
        hint = only or known or closest(entry.name, COMMANDS)
        yield problem("ENG580", entry.place(), hint=hint, name=entry.name, known=either(COMMANDS))


def said(subject: Subject) -> Iterator[Problem]:
    """Commands that start something, and nobody may say."""
    known = subject.draft.known["commands"]
    # One that is misspelt in `commands` is told there.
    strange = known - COMMANDS.keys()
    missing = {name for name, _ in _said(subject) if name not in known}
    meant = "".join(closest(one, COMMANDS) for one in strange)
    for name, place in _said(subject):
        if name not in known and f"`{name}`" not in meant and not (strange and len(missing) == 1):
            yield problem("ENG581", place, hint=closest(name, known), name=name)


def _said(subject: Subject) -> Iterator[_Asked]:
    """The commands that expressions ask for, each where it is."""
    texts = [(entry.data, entry.document.place(*entry.path)) for entry in subject.draft.sections["define"]]
    texts += [(expression.text, expression.place) for _, expression in subject.expressions]
    for text, place in texts:
        for node in nodes(tree(text)) if "command" in text else ():
            for name, literal, left in compared(node):
                if _is_command(left) and name:  # '' is none
                    yield name, Snippet(text, place).at(literal.start, literal.end)


def _is_command(node: Node) -> bool:
    return node.kind == "function_expression" and node.value == "command"


def group_names(approvals: dict[str, Any], path: Path) -> Iterator[tuple[Path, str]]:
    """Every group that approvals name, with its path."""
    for index, name in enumerate(approvals.get("from", ())):
        yield (*path, "from", index), name
    for key in ("any", "all"):
        for index, part in enumerate(approvals.get(key, ())):
            yield from group_names(part, (*path, key, index))


def pipelines(subject: Subject) -> Iterator[Problem]:
    """Pipelines that events start, that follow another, or that give a verdict again."""
    known = subject.draft.known["pipelines"]
    asked = [(entry.data["run"], entry.place("run")) for entry in subject.draft.sections["events"]]
    entries = [pipeline.entry for pipeline in subject.draft.pipelines]
    asked += [(one.data[key], one.place(key)) for one in entries for key in ("then", "else") if key in one.data]
    asked += _given(subject)
    verdicts, document = subject.draft.settings.get("verdicts", {}), subject.draft.entry
    if document and "renew" in verdicts:
        asked.append((verdicts["renew"], document.place("verdicts", "renew")))
    units = {one.name: one.place("pipeline") for one in entries}
    yield from _named("ENG055", asked, known, units, _of_another_kind(subject, "pipeline"))


def _given(subject: Subject) -> Iterator[_Asked]:
    """Pipelines that actions are told to start."""
    for step in (step for pipeline in subject.draft.pipelines for step in pipeline.steps):
        action = subject.catalog.actions.get(step.data["uses"])
        for name, value in subject.inputs.get(step.key, {}).items() if action else ():
            if action and action.inputs.get(name, {}).get("names") == "pipeline" and isinstance(value, str):
                yield value, step.place("with", name)


def facts(subject: Subject) -> Iterator[Problem]:
    """Facts that gates need."""
    kind = _of_another_kind(subject, "fact")
    for entry in subject.draft.sections["gates"]:
        needs = entry.data.get("needs")
        for index, name in enumerate(strings(needs)):
            place = entry.place("needs", index) if isinstance(needs, list) else entry.place("needs")
            if name not in subject.catalog.facts:
                hint = kind(name) or closest(name, subject.catalog.facts)
                yield problem("ENG058", place, hint=hint, name=name, known=either(subject.catalog.facts))


_NO_OVERRIDE = ("never", "no", "none", "nobody")


def overrides(subject: Subject) -> Iterator[Problem]:
    """Overrides of gates."""
    for entry in subject.draft.sections["gates"]:
        if "override" in entry.data:
            name, place = entry.data["override"], entry.place("override")
            if name in _NO_OVERRIDE and name not in subject.draft.known["overrides"]:
                hint = "leave `override:` out where nothing overrides"
                yield problem("ENG059", place, hint=hint, name=name, known="")
                continue
            yield from unknown("ENG059", name, subject.draft.known["overrides"], place)


def environments(subject: Subject) -> Iterator[Problem]:
    """Environments that an expression compares with: one that does not exist is never equal."""
    known = subject.draft.known["environments"]
    texts = [(entry.data, entry.document.place(*entry.path)) for entry in subject.draft.sections["define"]]
    texts += [(expression.text, expression.place) for _, expression in subject.expressions]
    small = {name.lower() for name in known if name != name.lower()}  # capitals are the slip, and told there (ENG895)
    told: set[str] = set()
    for text, place in texts:
        if "environment" not in text:
            continue
        for node in nodes(tree(text)):
            for name, literal, left in compared(node):
                if _is_environment(left) and name not in known:
                    if name in told:
                        continue
                    told |= {name} & small
                    exact = Snippet(text, place).at(literal.start, literal.end)
                    yield problem("ENG060", exact, hint=closest(name, known), name=name, known=either(known))


def _is_environment(node: Node) -> bool:
    if node.kind == "function_expression":
        return bool(node.value == "environment")
    return (
        node.kind == "subexpression" and node.children[-1].kind == "field" and node.children[-1].value == "environment"
    )


CHECKS = (
    Check("ENG051", includes),
    Check("ENG052", gates),
    Check("ENG053", actions),
    Check("ENG054", groups),
    Check("ENG055", pipelines),
    Check("ENG058", facts),
    Check("ENG059", overrides),
    Check("ENG060", environments),
    Check("ENG580", commands),
    Check("ENG581", said),
)
