"""Refuses policies that the embedded engine would judge otherwise than OPA, without saying so.

Each row was reproduced against OPA (tests/adapters/policy/test_guard.py). The engine resolves names only when it
reaches them, so misspelt functions are found here too, when policies load.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

from engine.adapters.policy.bundle import Json
from engine.adapters.policy.conventions import Rule, is_asked
from engine.errors import Errors, Place, closest

Node: TypeAlias = Any  # JSON of the engine's syntax tree

# What reaches the network or the machine; the embedded `http.send` answers nothing, which would look like a pass.
FORBIDDEN = frozenset({"http.send", "net.lookup_ip_addr", "opa.runtime", "rego.parse_module", "providers.aws.sign_req"})
_ELSEWHERE = "use another way, or run this policy with `--engine opa`"
_VERB = re.compile(r"%(?:[svq%]|\.[0-9]f)|%[-+# 0-9.*\[\]]*[a-zA-Z]?")
_EQUAL_VERB = re.compile(r"%(?:[svq%]|\.[0-9]f)")
_CALLABLE_KEYWORDS = frozenset({"print"})


class Module(NamedTuple):
    """A parsed file."""

    file: str
    source: bytes
    tree: Node

    @property
    def package(self) -> tuple[str, ...]:
        """`("terraform", "naming")`."""
        return dotted(self.tree["package"]["refr"])

    def place(self, span: Node) -> Place:
        """Spans count bytes from the beginning of the file."""
        start, end = span["start"], span["end"]
        first = self.source.rfind(b"\n", 0, start) + 1
        last = self.source.find(b"\n", start)
        line = self.source[first : last if last >= 0 else len(self.source)].rstrip(b"\r")
        column = len(self.source[first:start].decode(errors="replace")) + 1
        length = len(self.source[start : min(end, first + len(line))].decode(errors="replace"))
        return Place(
            self.file, self.source.count(b"\n", 0, start) + 1, column, max(length, 1), line.decode(errors="replace")
        )


class Defined(NamedTuple):
    """One definition of a rule or function."""

    module: Module
    name: tuple[str, ...]  # inside its package; more than one part: `deny.foo`
    form: str  # Set, Compr (a single value), Func, Default
    span: Node
    body: Node


class Call(NamedTuple):
    """A call, with its function's full name: `startswith`, or `data.terraform.lib.tags`."""

    module: Module
    name: str
    arguments: Sequence[Node]
    span: Node
    caller: str  # full name of the rule it is in


class Bundle:
    """All modules of a policy set, with what they define and call."""

    def __init__(self, modules: Sequence[Module], builtins: frozenset[str], data: Mapping[str, Json]) -> None:
        self.modules = modules
        self.builtins = builtins
        self.data = data

    @cached_property
    def defined(self) -> tuple[Defined, ...]:
        """Every definition, in order of files and lines."""
        return tuple(definition for module in self.modules for definition in _definitions(module))

    @cached_property
    def names(self) -> frozenset[str]:
        """Full names of rules and functions."""
        return frozenset(full(d.module.package, d.name) for d in self.defined)

    @cached_property
    def packages(self) -> frozenset[str]:
        """Full names of packages."""
        return frozenset(full(module.package, ()) for module in self.modules)

    @cached_property
    def prefixes(self) -> frozenset[str]:
        """Every name that rules and packages define, and the names on the way there."""
        split = (name.split(".") for name in self.names | self.packages)
        return frozenset(".".join(parts[:size]) for parts in split for size in range(1, len(parts) + 1))

    @cached_property
    def functions(self) -> frozenset[str]:
        """Full names of functions."""
        return frozenset(full(d.module.package, d.name) for d in self.defined if d.form == "Func")

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """Every call."""
        return tuple(call for d in self.defined for call in _calls(d, self.functions))

    def rules(self) -> tuple[Rule, ...]:
        """What could be asked: names inside packages, by the first part of each."""
        return tuple(
            Rule(".".join(d.module.package), d.name[0], d.module.file, d.span["line"])
            for d in self.defined
            if d.form != "Func"
        )


def check(bundle: Bundle, errors: Errors) -> None:
    """Report everything that must not be judged."""
    for test in _CHECKS:
        test(bundle, errors)


def full(package: Sequence[str], name: Sequence[str]) -> str:
    """`data.terraform.naming.deny`."""
    return ".".join(("data", *package, *name))


def dotted(node: Node) -> tuple[str, ...]:
    """Parts of a plain reference; a part that is no constant ends it."""
    if "Var" in node:
        return (node["Var"]["value"],)
    if "RefDot" in node:
        return (*dotted(node["RefDot"]["refr"]), node["RefDot"]["field"][1])
    if "RefBrack" in node:
        before, part = dotted(node["RefBrack"]["refr"]), node["RefBrack"]["index"]
        return (*before, part["String"]["value"]) if "String" in part else before
    return ()


def _definitions(module: Module) -> Iterator[Defined]:
    for rule in module.tree["rules"]:
        ((form, body),) = rule.items()
        head = body
        if form == "Spec":
            ((form, head),) = body["head"].items()
        yield Defined(
            module, dotted(head["refr"]), "Func" if form == "Default" and head["args"] else form, head["span"], body
        )


def _walk(node: Node) -> Iterator[tuple[str, Node]]:
    """Every named node, outside in, without recursion: a policy may be nested deeper than Python."""
    stack = [node]
    while stack:
        here = stack.pop()
        if isinstance(here, dict):
            for name, value in here.items():
                if name[:1].isupper():
                    yield name, value
                stack.append(value)
        elif isinstance(here, list):
            stack.extend(here)


def _imports(module: Module) -> dict[str, str]:
    found = {}
    for item in module.tree["imports"]:
        path = dotted(item["refr"])
        alias = item.get("as")
        name = module.source[alias["start"] : alias["end"]].decode() if alias else path[-1]
        if path[0] == "data":
            found[name] = ".".join(path)
    return found


def _calls(definition: Defined, functions: frozenset[str]) -> Iterator[Call]:
    module = definition.module
    imports = _imports(module)
    for kind, node in _walk(definition.body):
        if kind != "Call":
            continue
        parts = dotted(node["fcn"])
        local = full(module.package, parts)
        name = local if local in functions else ".".join((imports.get(parts[0], parts[0]), *parts[1:]))
        yield Call(module, name, node["params"], node["span"], full(module.package, definition.name))


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
    for definition in bundle.defined:
        module = definition.module
        rules = {d.name[0] for d in bundle.defined if d.module.package == module.package}
        shared = {"input", "data", *rules, *_imports(module)}
        for kind, node in _head_parts(definition):
            partial = kind in ("RefDot", "RefBrack") or (module.file, node.get("span", {}).get("start")) in own
            if partial and any(name == "Var" and var["value"] not in shared for name, var in _walk({kind: node})):
                start, end = node["span"]["start"], node["span"]["end"]
                what = module.source[start:end].decode(errors="replace")
                construct = f"`{what}` in the head of `{'.'.join(definition.name)}`"
                errors.add(
                    "ENG505",
                    module.place(node["span"]),
                    construct=construct,
                    mend=f"write `value := {what}` in the body, and `value` here",
                )
                break


_COMPREHENSIONS = frozenset({"ArrayCompr", "SetCompr", "ObjectCompr"})  # leave out what is undefined, as OPA does


def _head_parts(definition: Defined) -> Iterator[tuple[str, Node]]:
    """The named nodes of what a rule yields: its key, its value, those of its `else`; outside in."""
    if definition.form not in ("Set", "Compr") or "head" not in definition.body:
        return
    ((_, head),) = definition.body["head"].items()
    assigned = [head.get("assign"), *(body["assign"] for body in definition.body["bodies"])]
    keys = [head.get("key"), *(node["index"] for kind, node in _walk(head["refr"]) if kind == "RefBrack")]
    stack = [*filter(None, keys), *(each["value"] for each in assigned if each)]
    while stack:
        here = stack.pop()
        if isinstance(here, dict):
            for kind, node in here.items():
                if kind[:1].isupper():
                    yield kind, node
                if kind not in _COMPREHENSIONS:
                    stack.append(node["params"] if kind == "Call" else node)
        elif isinstance(here, list):
            stack.extend(here)


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


def _unknown_functions(bundle: Bundle, errors: Errors) -> None:
    for call in bundle.calls:
        known = call.name in bundle.functions or call.name in _CALLABLE_KEYWORDS
        if known or _member(call.name, bundle.packages):  # the latter is `_misspelt_references`' to report
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
                errors.add("ENG507", module.place(item["span"]), hint=closest(name, bundle.prefixes), name=name)
    for definition in bundle.defined:
        imports = _imports(definition.module)
        for kind, node in _walk(definition.body):
            parts = dotted({kind: node}) if kind in ("RefDot", "RefBrack") else ()
            if not parts:
                continue
            name = _member(".".join((imports.get(parts[0], parts[0]), *parts[1:])), bundle.packages)
            if name and not _exists(name, bundle):
                place = definition.module.place(node["span"])
                errors.add("ENG507", place, hint=closest(name, bundle.names), name=name)


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
        name = full(definition.module.package, definition.name)
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


_CHECKS: tuple[Callable[[Bundle, Errors], None], ...] = (
    _walk_as_value,
    _partial_heads,
    _sprintf,
    _unknown_functions,
    _misspelt_references,
    _recursion,
    _asked_functions,
    _conflicts,
)
