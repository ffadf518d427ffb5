"""Refuses policies that would say nothing on any engine, or something else on the embedded one than on OPA.

Each row was reproduced against OPA (tests/cases/policy-traps.yaml). The embedded engine resolves names only when it
reaches them, so misspelt functions are found here too, when policies load.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import TypeAlias

from engine.adapters.policy import inputs, membership
from engine.adapters.policy.bundle import Json
from engine.adapters.policy.conventions import is_asked
from engine.adapters.policy.old import CONFTESTS_FUNCTIONS, OLD_FUNCTIONS
from engine.adapters.policy.scope import Names
from engine.adapters.policy.syntax import REFERENCES, Bundle, Call, Defined, Node, dotted, full, head_parts, walk
from engine.errors import EngineError, Errors, Problem, problem
from engine.names import closest

# What reaches the network or the machine; the embedded `http.send` answers nothing, which would look like a pass.
FORBIDDEN = frozenset({"http.send", "net.lookup_ip_addr", "opa.runtime", "rego.parse_module", "providers.aws.sign_req"})
_ELSEWHERE = "use another way, or run this policy with `--engine opa`"
_VERB = re.compile(r"%(?:[svq%]|\.[0-9]f)|%[-+# 0-9.*\[\]]*[a-zA-Z]?")
_EQUAL_VERB = re.compile(r"%(?:[svq%]|\.[0-9]f)")
_SAID_ELSEWHERE = CONFTESTS_FUNCTIONS | OLD_FUNCTIONS.keys()
_CALLABLE_KEYWORDS = frozenset({"print"})


def check(bundle: Bundle, errors: Errors, *, embedded: bool) -> tuple[Problem, ...]:
    """Report everything that must not be judged, and return what is warned of."""
    for test in (*_EVERYWHERE, *(_EMBEDDED if embedded else ())):
        test(bundle, errors)
    reached = Names(bundle)
    if embedded:
        _free_under_not(bundle, errors)
    try:
        return (*_missing_data(bundle, reached, errors), *inputs.check(reached, errors))
    except EngineError:  # nothing to ask: said when it is asked
        return ()


def _walk_as_value(bundle: Bundle, errors: Errors) -> None:
    for call in bundle.calls:
        if call.name == "walk" and len(call.arguments) == 1:
            errors.add(
                "ENG505",
                call.module.place(call.span),
                construct="`walk` used as a value",
                mend="it would always be empty; write `walk(x, [path, value])`",
            )


def _partial_heads(bundle: Bundle, errors: Errors) -> None:
    """A head that is undefined for one of several solutions: OPA leaves that one out, the embedded engine all of them.

    So what depends on a variable of its rule may stand in a head by itself, in an array or object, or as an argument of
    a builtin; a look-up or a function of one's own may be undefined, and belongs into the body.
    """
    own = {(c.module.file, c.span["start"]) for c in bundle.calls if c.name in bundle.functions}
    rules: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for definition in bundle.defined:
        rules[definition.module.package].add(definition.name[0])
    for definition in bundle.defined:
        module = definition.module
        shared = {"input", "data"} | rules[module.package] | module.imported.keys()
        for kind, node in head_parts(definition):
            partial = kind in ("RefDot", "RefBrack") or (module.file, node.get("span", {}).get("start")) in own
            if partial and any(name == "Var" and var["value"] not in shared for name, var in walk({kind: node})):
                what = module.text(node["span"])
                construct = f"`{what}` in the head of `{'.'.join(definition.name)}`"
                errors.add(
                    "ENG505",
                    module.place(node["span"]),
                    construct=construct,
                    mend=f"write `value := {what}` in the body, and `value` here",
                )
                break


def _sprintf(bundle: Bundle, errors: Errors) -> None:
    for call in bundle.calls:
        if call.name != "sprintf" or not call.arguments:
            continue
        ((form, node),) = call.arguments[0].items()
        if form not in ("String", "RawString"):
            construct, mend = "`sprintf` with a computed format", "write the format as a literal"
        else:
            odd = [verb for verb in _VERB.findall(node["value"]) if not _EQUAL_VERB.fullmatch(verb)]
            if not odd:
                continue
            construct, mend = f"`{odd[0]}` in `sprintf`", "use %v (or %s, %q, %.2f)"
        errors.add("ENG505", call.module.place(call.span), construct=construct, mend=mend)


def _old_functions(bundle: Bundle, errors: Errors) -> None:
    for call in bundle.calls:
        if call.name in CONFTESTS_FUNCTIONS:
            mend = "only Conftest has it: write the value down (`with input as {…}`), or load it as data"
            errors.add("ENG506", call.module.place(call.span), name=call.name, mend=mend)
        elif call.name in OLD_FUNCTIONS:
            errors.add(
                "ENG525", call.module.place(call.span), construct=f"`{call.name}`", mend=OLD_FUNCTIONS[call.name]
            )


def _unknown_functions(bundle: Bundle, errors: Errors) -> None:
    for call in bundle.calls:
        known = call.name in bundle.functions or call.name in _CALLABLE_KEYWORDS
        if known or call.name in _SAID_ELSEWHERE or _member(call.name, bundle.packages):  # others report these
            continue
        place = call.module.place(call.span)
        if call.name in FORBIDDEN:
            errors.add("ENG506", place, name=call.name, mend="policies judge the plan and their data, nothing else")
        elif call.name not in bundle.builtins:
            near = closest(call.name, (bundle.builtins - FORBIDDEN) | {c.split(".")[-1] for c in bundle.functions})
            if near or call.name.startswith("data."):
                errors.add("ENG507", place, hint=near, name=call.name)
            else:
                errors.add("ENG506", place, name=call.name, mend=f"the embedded engine does not have it; {_ELSEWHERE}")


def _misspelt_references(bundle: Bundle, errors: Errors) -> None:
    """`data.terraform.lib.tgas` is undefined, and a rule that needs it never fires."""
    for module in bundle.modules:
        for item in module.tree["imports"]:
            name = ".".join(dotted(item["refr"]))
            if name.startswith("data.") and not _exists(name, bundle):
                near, hint = _data_hint(_missing(name, bundle), bundle)
                hint = closest(name, bundle.prefixes) or near or hint
                errors.add("ENG507", module.place(item["span"]), hint=hint, name=name)
    for definition in bundle.defined:
        module = definition.module
        for kind, node, outer, *_ in definition.seen:
            here = node if kind == "With" else {kind: node} if outer and kind in REFERENCES else None
            parts = dotted(here) if here else ()
            if not parts or (parts[0] != "data" and parts[0] not in module.imports):
                continue
            name = _member(".".join((module.imports.get(parts[0], parts[0]), *parts[1:])), bundle.packages)
            if name and not _exists(name, bundle):
                errors.add("ENG507", module.place(_span(here)), hint=closest(name, bundle.names), name=name)


def _span(node: Node) -> Node:
    ((_, inner),) = node.items()
    return inner["span"]


def _missing_data(bundle: Bundle, reached: Names, errors: Errors) -> tuple[Problem, ...]:
    """`data.services` that no file has. Where a policy can do without (`not data.x`, `default`), that is its choice.

    One setting of several that are there may be left out on purpose, unless it is nearly one of them: then it is told.
    """
    warned: dict[Problem, None] = {}
    for definition in reached.judging:
        if reached.is_alternative(definition):
            continue
        for kind, node, outer, negated, *_ in definition.seen:
            if negated or not outer or kind not in REFERENCES:
                continue
            name = reached.resolve(definition.module, dotted({kind: node}))
            missing = _missing(name, bundle) if name.startswith("data.") and not _member(name, bundle.packages) else ""
            if missing:
                near, hint = _data_hint(missing, bundle)
                found = problem("ENG507", definition.module.place(node["span"]), hint=near or hint, name=missing)
                if near or missing.count(".") == 1:
                    errors.extend([found])
                else:
                    warned[found] = None
    return tuple(warned)


def _missing(name: str, bundle: Bundle) -> str:
    """The part of `name` up to where nothing has it; empty when a rule or data has all of it."""
    parts = name.split(".")
    for size in range(2, len(parts) + 1):
        part = ".".join(parts[:size])
        if part in bundle.names:
            return ""
        if not _exists(part, bundle):
            return part
    return ""


def _data_hint(name: str, bundle: Bundle) -> tuple[str, str]:
    """The name beside it that was meant, if one is near, and what to do if none is."""
    above, _, last = name.rpartition(".")
    here: Json = dict(bundle.data)
    for part in above.split(".")[1:]:
        here = here.get(part) if isinstance(here, dict) else None
    known = set(here) if isinstance(here, dict) else set()
    known |= {prefix.rpartition(".")[2] for prefix in bundle.prefixes if prefix.rpartition(".")[0] == above}
    return closest(last, known), (
        f"put `{last}` into a `*.json` or `*.yaml` file of the policies: its keys appear below its directory, whatever "
        "the file is called"
    )


def _member(name: str, packages: frozenset[str]) -> str:
    """The part of `name` that names something directly in a package: the longest, as packages can be nested."""
    parts = name.split(".")
    sizes = range(len(parts) - 1, 1, -1)
    return next((".".join(parts[: size + 1]) for size in sizes if ".".join(parts[:size]) in packages), "")


def _exists(name: str, bundle: Bundle) -> bool:
    if name in bundle.prefixes:
        return True
    here: Json = dict(bundle.data)
    for part in name.split(".")[1:]:
        if not isinstance(here, dict) or part not in here:
            return False
        here = here[part]
    return True


def _aliases_in_functions(bundle: Bundle, errors: Errors) -> None:
    """Values behind an import are undefined in a function, once its package was evaluated through an import itself.

    Calls through an import are not: the embedded engine looks functions up by their full name.
    """
    shared = {name for module in bundle.modules for name in module.imports.values()}
    for definition in bundle.defined:
        module = definition.module
        if definition.form != "Func" or ".".join(("data", *module.package)) not in shared:
            continue
        called = {node["span"]["start"] for kind, node, *_ in definition.seen if kind == "Call"}
        for kind, node, *_ in definition.seen:
            here = node if kind == "With" else {kind: node} if kind == "Var" else None
            name = dotted(here)[0] if here else ""
            span = _span(here) if name in module.imports else None
            if span and span["start"] not in called:
                construct = f"the import `{name}` in the function `{definition.name[0]}`"
                mend = f"write `{module.imports[name]}` in full"
                errors.add("ENG505", module.place(span), construct=construct, mend=mend)
                break


def _free_under_not(bundle: Bundle, errors: Errors) -> None:
    """`not xs[_].y`: OPA refuses it. The embedded engine goes through `xs`, and is silent where that is empty."""
    known = {"input", "data", *bundle.builtins, *(name.partition(".")[0] for name in bundle.builtins)}
    for definition in bundle.defined:
        module = definition.module
        everything = definition.seen
        found = [seen for seen in everything if seen.kind == "Var"]
        bound = {seen.node["value"] for seen in found if not seen.bare} - {"_"}
        spans = [seen.node[part] for seen in everything if seen.kind == "Every" for part in ("key", "value")]
        bound |= {module.source[span["start"] : span["end"]].decode() for span in spans if span}
        for seen in found:
            name = seen.node["value"]
            if not seen.bare or name in bound or name in known or name in module.imports:
                continue
            if full(module.package, (name,)) in bundle.prefixes:
                continue
            mend = "name it outside: `found if { … }` and `not found`, or `every x in xs { not … }`"
            place = module.place(seen.node["span"])
            errors.add("ENG502", place, hint=mend, reason=f"`{name}` has no value under `not`")


def _recursion(bundle: Bundle, errors: Errors) -> None:
    """A function that calls itself ends the embedded engine with a stack overflow."""
    edges: dict[str, dict[str, Call]] = {}
    for call in bundle.calls:
        if call.name in bundle.functions and call.caller in bundle.functions:
            edges.setdefault(call.caller, {}).setdefault(call.name, call)
    done: set[str] = set()
    for start, calls in edges.items():
        chain, trail = [start], [iter(calls.values())]
        while trail:
            step = next(trail[-1], None)
            if step is None:
                done.add(chain.pop())
                trail.pop()
            elif step.name in chain:
                loop = [*chain[chain.index(step.name) :], step.name]
                errors.add("ENG508", step.module.place(step.span), name=step.name, chain=" → ".join(loop))
                return
            elif step.name not in done:
                chain.append(step.name)
                trail.append(iter(edges.get(step.name, {}).values()))


def _asked_functions(bundle: Bundle, errors: Errors) -> None:
    for definition in bundle.defined:
        name = definition.name[0]
        if definition.form == "Func" and is_asked(name):
            place = definition.module.place(definition.span)
            errors.add("ENG509", place, name=name, prefix=f"`{name.partition('_')[0]}`")


def _conflicts(bundle: Bundle, errors: Errors) -> None:
    """Data, packages and rules that claim one name; OPA refuses all of these."""
    forms: dict[str, Defined] = {}
    for definition in bundle.defined:
        name = definition.full
        place = definition.module.place(definition.span)
        first = forms.setdefault(name, definition)
        if any(package == name or package.startswith(name + ".") for package in bundle.packages):
            errors.add("ENG504", place, what=f"rule {name}", other="a package")
        elif _is_data(name, bundle.data):
            errors.add("ENG504", place, what=f"rule {name}", other="data")
        elif {first.form, definition.form} in (
            {"Set", "Compr"},
            {"Set", "Func"},
            {"Compr", "Func"},
            {"Set", "Default"},
        ):
            errors.add("ENG504", place, what=f"rule {name} of one kind", other="one of another kind")


def _is_data(name: str, data: Mapping[str, Json]) -> bool:
    """Is there data at `name`, or a value that is no object on the way to it?"""
    here: Json = dict(data)
    for part in name.split(".")[1:]:
        if not isinstance(here, dict):
            return True
        if part not in here:
            return False
        here = here[part]
    return True


_Check: TypeAlias = Callable[[Bundle, Errors], None]
_EVERYWHERE: tuple[_Check, ...] = (_old_functions, _misspelt_references, membership.check)
_EMBEDDED: tuple[_Check, ...] = (  # what OPA refuses itself, or does right
    _walk_as_value,
    _partial_heads,
    _sprintf,
    _unknown_functions,
    _aliases_in_functions,
    _recursion,
    _asked_functions,
    _conflicts,
)
