"""What the references of a rule mean: the plan, data, another rule, or a variable that came from one of them.

The order of statements means nothing in Rego, so what binds a variable is collected first. What cannot be told (an
argument of a function, a variable with two origins of which one is unknown) is `None`, and nothing is said about it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TypeAlias

from engine.adapters.policy.conventions import to_ask
from engine.adapters.policy.syntax import REFERENCES, Bundle, Defined, Module, Node, Seen, dotted, full, rule_of, visit
from engine.core.plan.shape import ANY, PLAN, Kinds, below, members

Meaning: TypeAlias = Kinds | None

_LISTS = frozenset({"ArrayCompr", "SetCompr"})  # comprehensions whose values are what they collect
_PASSES = 6  # a variable that comes from one that comes from one …


class Scope:
    """One definition: its nodes, and what its variables are."""

    def __init__(self, names: "Names", definition: Defined) -> None:
        self._names = names
        self.definition = definition
        self.seen = definition.seen
        self._local: dict[str, Meaning] = {**dict.fromkeys(self._declared()), **dict(self._passed())}
        binders = defaultdict(list)
        for name, expression, inside, elsewhere in self._binders():
            binders[name].append((expression, inside, elsewhere))
            self._local[name] = None
        for _ in range(_PASSES if binders else 0):
            before = dict(self._local)
            for name, origins in binders.items():
                self._local[name] = _together(
                    None if elsewhere else _inside(self.meaning(expression), inside)
                    for expression, inside, elsewhere in origins
                )
            if before == self._local:
                break

    def meaning(self, node: Node) -> Meaning:
        """What an expression stands for, in the words of `core.plan.shape`."""
        if "Var" in node:
            return self._variable(node["Var"]["value"])
        reference = next((kind for kind in REFERENCES if kind in node), "")
        if reference:
            rule = self._names.resolve(self.definition.module, dotted(node)) if _is_constant(node) else ""
            if rule in self._names.by_name:
                return self._names.rule(rule)
            before, name = self.meaning(node[reference]["refr"]), constant(node)
            return before if before is None else (below(before, name) if name is not None else members(before)) or None
        compound = next((kind for kind in _LISTS if kind in node), "")
        if compound:
            kinds = self.meaning(node[compound]["term"])
            if kinds is None or compound == "SetCompr":
                return _set_of(kinds)
            return frozenset(f"[{kind}]" for kind in kinds)
        return None

    def yields(self) -> Meaning:
        """What the rule is, as far as this definition goes."""
        form, body = self.definition.form, self.definition.body
        if form == "Default" or "head" not in body or len(self.definition.name) != 1:
            return frozenset() if form == "Default" else None
        ((_, head),) = body["head"].items()
        if "Var" not in head["refr"]:  # many rules by a key that is not told: `by_type[t] contains r`
            return None
        if form == "Set":
            return _set_of(self.meaning(head["key"]))
        assigned = [head.get("assign"), *(each["assign"] for each in body["bodies"])]
        if form != "Compr" or not any(assigned):
            return None
        return _together(self.meaning(each["value"]) for each in assigned if each)

    def _variable(self, name: str) -> Meaning:
        if name in self._local:
            return self._local[name]
        module = self.definition.module
        path = module.imported.get(name)
        if name == "input" or (path and path[0] == "input"):
            kinds: Meaning = frozenset({PLAN})
            for step in (path or ())[1:]:
                kinds = (below(kinds, step) if kinds else None) or None
            return kinds
        rule = self._names.resolve(module, (name,))
        return self._names.rule(rule) if rule in self._names.by_name else None

    def _declared(self) -> Iterator[str]:
        """Variables that are nobody else's, whatever they are bound to."""
        for kind, node, *_ in self.seen:
            spans = node["vars"] if kind == "SomeVars" else ()
            yield from (self.definition.module.text(span) for span in spans)
        head = self.definition.body.get("head") or {}
        for argument in (head.get("Func") or {}).get("args", ()):
            yield from (node["value"] for kind, node, *_ in visit(argument) if kind == "Var")

    def _passed(self) -> Iterator[tuple[str, Meaning]]:
        """Arguments of a function that are plain names, with what all callers hand over."""
        head = self.definition.body.get("head") or {}
        for number, argument in enumerate((head.get("Func") or {}).get("args", ())):
            if "Var" in argument:
                yield argument["Var"]["value"], self._names.argument(self.definition.full, number)

    def _binders(self) -> Iterator[tuple[str, Node, bool, bool]]:
        """Each variable that is bound, with the expression, whether to a member of it, and whether elsewhere."""
        for kind, node, _, _, elsewhere, _ in self.seen:
            if kind == "AssignExpr":
                pairs = [(node["lhs"], node["rhs"])]
                if "Array" in node["lhs"] and "Array" in node["rhs"]:
                    pairs = list(zip(node["lhs"]["Array"]["items"], node["rhs"]["Array"]["items"], strict=False))
                for left, right in [*pairs, *((b, a) for a, b in pairs if node["op"] != "ColEq")]:
                    if "Var" in left:
                        yield left["Var"]["value"], right, False, elsewhere
            elif kind == "SomeIn":
                if "Var" in node["value"]:
                    yield node["value"]["Var"]["value"], node["collection"], True, elsewhere
            elif kind == "Every":
                yield self.definition.module.text(node["value"]), node["domain"], True, elsewhere


class Names:
    """The rules of a policy set by name, and which of them are reached from those that are asked."""

    def __init__(self, bundle: Bundle) -> None:
        self.by_name: dict[str, list[Defined]] = defaultdict(list)
        for definition in bundle.defined:
            self.by_name[definition.full].append(definition)
        self._bundle = bundle
        self._scopes: dict[int, Scope] = {}
        self._rules: dict[str, Meaning] = {}
        self._arguments: dict[tuple[str, int], Meaning] = {}

    def scope(self, definition: Defined) -> Scope:
        """Made once."""
        found = self._scopes.get(id(definition))
        if found is None:
            found = self._scopes[id(definition)] = Scope(self, definition)
        return found

    def rule(self, name: str) -> Meaning:
        """What a rule is, by its full name; of one that needs itself nothing is known."""
        if name not in self._rules:
            self._rules[name] = None
            self._rules[name] = _together(self.scope(d).yields() for d in self.by_name[name])
        return self._rules[name]

    def argument(self, name: str, number: int) -> Meaning:
        """What a function gets as an argument; unknown where it is mentioned without a call (`with f as g`)."""
        if (name, number) not in self._arguments:
            self._arguments[name, number] = None
            calls, heads = self._calls.get(name, []), len(self.by_name[name])
            if len(calls) + heads == self._mentions[name] and not any(seen.elsewhere for _, seen in calls):
                given = ((self.scope(caller), seen.node["params"][number : number + 1]) for caller, seen in calls)
                self._arguments[name, number] = _together(
                    scope.meaning(params[0]) if params else None for scope, params in given
                )
        return self._arguments[name, number]

    @cached_property
    def _calls(self) -> dict[str, list[tuple[Defined, Seen]]]:
        """The calls of each function by what judges. Tests hand over what they like."""
        found = defaultdict(list)
        for caller in self.judging:
            for seen in caller.seen:
                if seen.kind == "Call":
                    found[self.resolve(caller.module, dotted(seen.node["fcn"]))].append((caller, seen))
        return found

    @cached_property
    def _mentions(self) -> Counter[str]:
        return Counter(
            self.resolve(d.module, dotted({s.kind: s.node}))
            for d in self.judging
            for s in d.seen
            if s.outer and (s.kind == "Var" or s.kind in REFERENCES)
        )

    def resolve(self, module: Module, parts: tuple[str, ...]) -> str:
        """The full name that `parts` have in a module; empty for a variable."""
        if not parts:
            return ""
        path = module.imported.get(parts[0])
        if path or parts[0] in ("data", "input"):
            return ".".join((*(path or parts[:1]), *parts[1:]))
        local = full(module.package, parts)
        return local if full(module.package, parts[:1]) in self._bundle.prefixes else ""

    def is_alternative(self, definition: Defined) -> bool:
        """Is it one of several ways to a value? Then one that is never taken may be meant for other kinds of input."""
        others = self.by_name[definition.full]
        bodies = sum(max(len(d.body.get("bodies") or ()), 1) for d in others)
        return definition.form != "Set" and bodies > 1

    @cached_property
    def judging(self) -> tuple[Defined, ...]:
        """Definitions that the asked rules reach, and whose input is the plan: all that decides about a plan."""
        asked = {rule.path for rule in to_ask(self._bundle.policies(), self._bundle.namespaces)}
        starts = [n for n, d in self.by_name.items() if any(rule_of(each).path in asked for each in d)]
        return tuple(d for name in self._reached(starts) for d in self.by_name[name])

    def _reached(self, starts: Iterable[str]) -> list[str]:
        found: dict[str, None] = {}
        waiting = list(starts)
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            found[name] = None
            for definition in self.by_name[name]:
                waiting += self._named(definition)
        return list(found)

    def _named(self, definition: Defined) -> Iterator[str]:
        """Rules that a definition refers to, except with another input."""
        for kind, node, outer, _, elsewhere, _ in definition.seen:
            if elsewhere or not outer or (kind != "Var" and kind not in REFERENCES):
                continue
            parts = self.resolve(definition.module, dotted({kind: node})).split(".")
            names = [".".join(parts[:size]) for size in range(2, len(parts) + 1)]
            exact = [name for name in names if name in self.by_name]
            yield from exact
            if names and not exact and names[-1] in self._bundle.prefixes:  # a whole package, or a rule of many parts
                yield from (name for name in self.by_name if name.startswith(names[-1] + "."))


def constant(node: Node) -> str | None:
    """The last step of a reference, if it is a text that is written there."""
    if "RefDot" in node:
        return str(node["RefDot"]["field"][1])
    index = node["RefBrack"]["index"]
    return str(index["String"]["value"]) if "String" in index else None


def _is_constant(node: Node) -> bool:
    while any(kind in node for kind in REFERENCES):
        if constant(node) is None:
            return False
        node = next(node[kind]["refr"] for kind in REFERENCES if kind in node)
    return "Var" in node


def _set_of(kinds: Meaning) -> Meaning:
    """A set has its members as keys: `actions["delete"]` asks whether it is one, where a text may be."""
    return None if kinds is None else frozenset(f"{{{kind}}}" if kind in ("", ANY) else f"[{kind}]" for kind in kinds)


def _inside(kinds: Meaning, inside: bool) -> Meaning:
    return (members(kinds) or None) if kinds and inside else kinds


def _together(meanings: Iterable[Meaning]) -> Meaning:
    found = list(meanings)
    if any(kinds is None or ANY in kinds for kinds in found):
        return None
    return frozenset().union(*(kinds for kinds in found if kinds is not None)) or None
