"""Policies as the embedded engine parses them: modules, what they define, what they call."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

from engine.adapters.policy.bundle import Json
from engine.adapters.policy.conventions import Rule
from engine.errors import Place

Node: TypeAlias = Any  # JSON of the engine's syntax tree

REFERENCES = frozenset({"RefDot", "RefBrack"})
COMPREHENSIONS = frozenset({"ArrayCompr", "SetCompr", "ObjectCompr"})  # leave out what is undefined, as OPA does
_QUERIES = COMPREHENSIONS | {"Every"}
_NO_NODES = frozenset({"with_mods", "span", "field", "eidx"})
_LEAVES = frozenset({"Var", "String", "RawString", "Number", "Bool", "Null"})


class Module:
    """A parsed file."""

    def __init__(self, file: str, source: bytes, tree: Node) -> None:
        self.file = file
        self.source = source
        self.tree = tree

    @cached_property
    def package(self) -> tuple[str, ...]:
        """`("terraform", "naming")`."""
        return dotted(self.tree["package"]["refr"])

    @cached_property
    def imported(self) -> dict[str, tuple[str, ...]]:
        """Names that it imports from `data` and `input`, with their paths."""
        found = {}
        for item in self.tree["imports"]:
            path = dotted(item["refr"])
            alias = item.get("as")
            name = self.source[alias["start"] : alias["end"]].decode() if alias else path[-1]
            if path[0] in ("data", "input"):
                found[name] = path
        return found

    @cached_property
    def imports(self) -> dict[str, str]:
        """Names that it imports from `data`, with their full names."""
        return {name: ".".join(path) for name, path in self.imported.items() if path[0] == "data"}

    def text(self, span: Node) -> str:
        """What is written there."""
        return self.source[span["start"] : span["end"]].decode(errors="replace")

    @cached_property
    def defined(self) -> "tuple[Defined, ...]":
        """Every definition, in the order of its lines."""
        return tuple(_definitions(self))

    def heads(self) -> Iterator[tuple[Node, Node]]:
        """Each definition with its head, which is itself where it is a default."""
        for entry in self.tree["rules"]:
            ((form, rule),) = entry.items()
            yield rule, next(iter(rule["head"].values())) if form == "Spec" else rule

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


class Seen(NamedTuple):
    """A node of a rule, with what stands around it."""

    kind: str
    node: Node
    outer: bool  # not the beginning of a longer reference
    negated: bool  # all that a `not` is about: `not input.plan`, and no argument in `not f(input.plan)`
    elsewhere: bool  # in an expression `with input as …`, whose input is no plan
    bare: bool  # negated, and not in a query of its own: it binds nothing


class Defined:
    """One definition of a rule or function."""

    def __init__(self, module: Module, name: tuple[str, ...], form: str, span: Node, body: Node) -> None:
        self.module = module
        self.name = name  # inside its package; more than one part: `deny.foo`
        self.form = form  # Set, Compr (a single value), Func, Default
        self.span = span
        self.body = body

    @cached_property
    def full(self) -> str:
        """`data.terraform.naming.deny`."""
        return full(self.module.package, self.name)

    @cached_property
    def seen(self) -> tuple[Seen, ...]:
        """Its nodes: walked once, looked at by every guard."""
        return tuple(visit(self.body))


class Call(NamedTuple):
    """A call, with its function's full name: `startswith`, or `data.terraform.lib.tags`."""

    module: Module
    name: str
    arguments: Sequence[Node]
    span: Node
    caller: str  # full name of the rule it is in


class Bundle:
    """All modules of a policy set, with what they define and call."""

    def __init__(
        self,
        modules: Sequence[Module],
        builtins: frozenset[str],
        data: Mapping[str, Json],
        tests: Collection[str] = (),
        namespaces: Sequence[str] = (),
    ) -> None:
        self.modules = modules
        self.builtins = builtins
        self.data = data
        self.tests = tests  # files of `modules` that take no part in a judgement
        self.namespaces = namespaces  # packages to ask; none: all

    @cached_property
    def defined(self) -> tuple[Defined, ...]:
        """Every definition, in order of files and lines."""
        return tuple(definition for module in self.modules for definition in module.defined)

    @cached_property
    def names(self) -> frozenset[str]:
        """Full names of rules and functions."""
        return frozenset(d.full for d in self.defined)

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
        return frozenset(d.full for d in self.defined if d.form == "Func")

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """Every call."""
        return tuple(call for d in self.defined for call in _calls(d, self.functions))

    def rules(self) -> tuple[Rule, ...]:
        """What could be asked: names inside packages, by the first part of each."""
        return tuple(rule_of(d) for d in self.defined if d.form != "Func")

    def policies(self) -> tuple[Rule, ...]:
        """The same, without those of tests."""
        return tuple(rule for rule in self.rules() if rule.file not in self.tests)


def rule_of(definition: Defined) -> Rule:
    """The rule that a definition is a part of, as it is asked."""
    return Rule(
        ".".join(definition.module.package), definition.name[0], definition.module.file, definition.span["line"]
    )


def full(package: Sequence[str], name: Sequence[str]) -> str:
    """`data.terraform.naming.deny`."""
    return ".".join(("data", *package, *name))


def dotted(node: Node) -> tuple[str, ...]:
    """Parts of a plain reference, up to the first that is no constant: `data.cfg` of `data.cfg[r.type].ports`."""
    parts: list[str] = []
    while "Var" not in node:
        kind = next((kind for kind in ("RefDot", "RefBrack") if kind in node), "")
        if not kind:
            return ()
        index = node[kind]["field"][1] if kind == "RefDot" else node[kind]["index"].get("String", {}).get("value")
        if index is None:
            parts.clear()
        else:
            parts.append(index)
        node = node[kind]["refr"]
    return (node["Var"]["value"], *reversed(parts))


def _definitions(module: Module) -> Iterator[Defined]:
    for rule in module.tree["rules"]:
        ((form, body),) = rule.items()
        head = body
        if form == "Spec":
            ((form, head),) = body["head"].items()
        yield Defined(
            module, dotted(head["refr"]), "Func" if form == "Default" and head["args"] else form, head["span"], body
        )


def walk(node: Node) -> Iterator[tuple[str, Node]]:
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


def visit(node: Node) -> Iterator[Seen]:
    """Every named node, outside in, without recursion. The target of a `with`, which nothing reads, is one `With`."""
    stack: list[tuple[Node, bool, bool, bool, bool]] = [(node, True, False, False, False)]
    while stack:
        here, outer, negated, elsewhere, bare = stack.pop()
        if isinstance(here, list):
            stack += [(item, True, negated, elsewhere, bare) for item in here if isinstance(item, dict | list)]
            continue
        mods = here.get("with_mods")
        if mods:
            yield from (Seen("With", mod["refr"], True, negated, elsewhere, bare) for mod in mods)
            stack += [(mod["as"], True, negated, elsewhere, bare) for mod in mods]
            elsewhere = elsewhere or any(dotted(mod["refr"])[:1] == ("input",) for mod in mods)
        for kind, item in here.items():
            if item is None or kind in _NO_NODES or isinstance(item, str | int | float):
                continue
            if not kind[0].isupper():
                stack.append((item, True, negated, elsewhere, bare))
                continue
            yield Seen(kind, item, outer, negated, elsewhere, bare)
            if kind in REFERENCES:
                stack.append((item["refr"], False, negated, elsewhere, bare))
                if "index" in item:
                    stack.append((item["index"], True, False, elsewhere, bare))
            elif kind not in _LEAVES:
                no = kind == "NotExpr"
                whole = no and not REFERENCES.isdisjoint(item["expr"])
                stack.append((item, True, whole, elsewhere, (bare or no) and kind not in _QUERIES))


def _calls(definition: Defined, functions: frozenset[str]) -> Iterator[Call]:
    module = definition.module
    for kind, node, *_ in definition.seen:
        if kind != "Call":
            continue
        parts = dotted(node["fcn"])
        local = full(module.package, parts)
        name = local if local in functions else ".".join((module.imports.get(parts[0], parts[0]), *parts[1:]))
        yield Call(module, name, node["params"], node["span"], definition.full)


def head_parts(definition: Defined) -> Iterator[tuple[str, Node]]:
    """The named nodes of what a rule yields: its key, its value, those of its `else`; outside in."""
    if definition.form not in ("Set", "Compr") or "head" not in definition.body:
        return
    ((_, head),) = definition.body["head"].items()
    assigned = [head.get("assign"), *(body["assign"] for body in definition.body["bodies"])]
    keys = [head.get("key"), *(node["index"] for kind, node in walk(head["refr"]) if kind == "RefBrack")]
    stack = [*filter(None, keys), *(each["value"] for each in assigned if each)]
    while stack:
        here = stack.pop()
        if isinstance(here, dict):
            for kind, node in here.items():
                if kind[:1].isupper():
                    yield kind, node
                if kind not in COMPREHENSIONS:
                    stack.append(node["params"] if kind == "Call" else node)
        elif isinstance(here, list):
            stack.extend(here)
