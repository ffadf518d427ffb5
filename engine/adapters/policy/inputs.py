"""Refuses what no plan has: a rule that needs it never fires, and says nothing.

Only what decides is looked at: the rules that are asked, and those that they reach. Where a policy asks for another
kind of input on purpose (`not input.plan`, one of several definitions of a value) it is warned of, and goes on.
"""

from engine.adapters.policy.scope import Names, Scope, constant
from engine.adapters.policy.syntax import REFERENCES, Module, Node, dotted
from engine.core.plan.shape import PLAN, Kinds, below, names
from engine.errors import Errors, Problem, problem
from engine.names import closest, listing, nearest

_WRAPPED = "the plan is `input` itself: write `input.resource_changes`"
_MANIFEST = (
    "it is of a Kubernetes manifest, and plans are judged here: move such policies elsewhere, or ask for the packages "
    "about plans only (`--namespace`)"
)
_PARSED = "it is of files as Conftest parses them; in a plan go through `input.resource_changes`, each with its `type`"
_COMBINED = "each plan is judged by itself, as without Conftest's --combine: write `input.resource_changes`"
_IN_CHANGE = "rows of `resource_changes` have attributes in `change.after`, and in `change.before` what they were"
# Names that no plan has, and what is meant by them.
_MENDS = {
    **dict.fromkeys(("plan", "tfplan", "terraform_plan", "terraform", "tfrun", "run", "review"), _WRAPPED),
    **dict.fromkeys(("kind", "metadata", "spec", "apiVersion"), _MANIFEST),
    **dict.fromkeys(("resource", "data", "module", "provider", "locals", "output", "variable"), _PARSED),
    **dict.fromkeys(("contents", "path"), _COMBINED),
    "resources": "write `input.resource_changes`, or `input.planned_values.root_module.resources`",
}


def check(reached: Names, errors: Errors) -> tuple[Problem, ...]:
    """Report what would never fire, and return what merely might not: ENG527, a policy looks for what no plan has."""
    warned: dict[Problem, None] = {}
    modules: dict[str, Module] = {}
    for definition in reached.judging:
        modules[definition.module.file] = definition.module
        scope, alternative = reached.scope(definition), reached.is_alternative(definition)
        for kind, node, _, negated, elsewhere, _ in scope.seen:
            if kind == "Call" and not elsewhere:
                _object_get(scope, node, alternative, errors, warned)
            if kind not in REFERENCES or elsewhere:
                continue
            before, name = scope.meaning(node["refr"]), constant({kind: node})
            if before is None or name is None or below(before, name):
                continue
            if negated or alternative:
                warned[_problem("ENG527", definition.module, node, name, before)] = None
            else:
                errors.extend([_problem("ENG526", definition.module, node, name, before)])
    for module in modules.values():
        for item in module.tree["imports"]:
            _import(module, dotted(item["refr"]), item, errors)
    return tuple(warned)


def _object_get(scope: Scope, call: Node, alternative: bool, errors: Errors, warned: dict[Problem, None]) -> None:
    """`object.get(input, "resource_chnages", [])` is always the default; what is no slip may be on purpose."""
    if dotted(call["fcn"]) != ("object", "get") or len(call["params"]) != 3:
        return
    kinds, path = scope.meaning(call["params"][0]), call["params"][1]
    for step in path["Array"]["items"] if "Array" in path else [path]:
        if kinds is None or "String" not in step:
            return
        before, name = kinds, step["String"]["value"]
        kinds = below(before, name) or None
        if kinds is None:
            slip = nearest(name, names(before)) and not alternative
            found = _problem("ENG526" if slip else "ENG527", scope.definition.module, call, name, before)
            if slip:
                errors.extend([found])
            else:
                warned[found] = None


def _import(module: Module, path: tuple[str, ...], item: Node, errors: Errors) -> None:
    kinds: Kinds = frozenset({PLAN})
    for name in path[1:] if path[0] == "input" else ():
        before, kinds = kinds, below(kinds, name)
        if not kinds:
            place = module.place(item["span"])
            errors.add("ENG526", place, name=".".join(path), mend=_mend(name, before))
            return


def _problem(code: str, module: Module, node: Node, name: str, before: Kinds) -> Problem:
    text = " ".join(module.text(node["span"]).split())
    return problem(code, module.place(node["span"]), name=text, mend=_mend(name, before))


def _mend(name: str, before: Kinds) -> str:
    if (PLAN in before or len(before) > 1) and name in _MENDS:
        return _MENDS[name]
    if all(kind.startswith("[") for kind in before):
        return "it is a list: go through it with `some`, or write `[_]`"
    if len(before) > 1:
        return _COMBINED
    if not names(before):
        return "it is a value without parts"
    return closest(name, names(before)) or (_IN_CHANGE if "row" in before else f"known here: {listing(names(before))}")
