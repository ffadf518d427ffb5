"""Small changes to a policy, one at a time: each is a rule that somebody could have meant to write, and did not.

An operator is a function from a place in the syntax tree to what could stand there instead, and a row in `_OPERATORS`.
What does not compile is sorted out later; here nothing is judged.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from engine.adapters.policy.syntax import Module, Node, dotted, walk
from engine.errors import Place

_MEMBERS = 24  # of one literal that are taken out one at a time; more are sampled evenly
_SHOWN = 60  # characters of a name on either side of the arrow

_TURNED: Mapping[str, tuple[str, Sequence[str]]] = {
    "Eq": ("==", ["!="]),
    "Ne": ("!=", ["=="]),
    "Lt": ("<", ["<=", ">="]),
    "Le": ("<=", ["<", ">"]),
    "Gt": (">", [">=", "<="]),
    "Ge": (">=", [">", "<"]),
}
_EFFECTS = {"deny": "warn", "violation": "warn", "warn": "deny"}
_SCALARS = frozenset({"String", "RawString", "Number", "Bool", "Null"})


class Mutant(NamedTuple):
    """A policy with `text` in place of its bytes `start` to `end`."""

    file: str
    start: int
    end: int
    text: str
    name: str  # `count(x) > 0 → count(x) >= 0`, `drop not lib.blank(x)`; in one line
    rule: str  # in whose definition it is
    place: Place
    lines: tuple[int, int]  # first and last: a test that reaches none of these cannot tell

    def applied(self, source: bytes) -> bytes:
        """The changed policy."""
        return source[: self.start] + self.text.encode() + source[self.end :]

    def shown(self, source: bytes) -> tuple[str, str]:
        """The lines that it changes, as they are and as they would be."""
        first = source.rfind(b"\n", 0, self.start) + 1
        last = source.find(b"\n", self.end)
        rest = source[self.end : last if last >= 0 else len(source)].decode()
        before, old = source[first : self.start].decode(), source[self.start : self.end].decode()
        return before + old + rest, before + self.text + rest


class Site(NamedTuple):
    """A place in a tree, with what operators need to know of its surroundings."""

    kind: str  # of the node; `Statement`, `Rule` and `Else` besides those of the tree
    node: Node
    around: Node  # span of the statement, else of the rule, that it is in
    braced: bool  # for statements: is the query in braces?
    call: str  # the function whose argument it is


class Text:
    """A module's source with spans as a person would mark them: the tree's leave out the quotes of strings."""

    def __init__(self, module: Module) -> None:
        self.module, self.source = module, module.source
        spans = [node["span"] for kind, node in walk(module.tree) if kind in ("String", "RawString")]
        self.strings = [(span["start"] - 1, span["end"] + 1) for span in spans]
        self._starts, self._ends = {span["start"] for span in spans}, {span["end"] for span in spans}

    def extent(self, span: Node) -> tuple[int, int]:
        """First byte, and the one after the last."""
        start, end = span["start"], span["end"]
        return start - (start in self._starts), end + (end in self._ends)

    def line(self, offset: int) -> int:
        """Number of the line of a byte."""
        return self.source.count(b"\n", 0, offset) + 1


Change = tuple[int, int, str, str, int]  # start, end, text, name, and where it is said to be


def mutants(module: Module) -> tuple[Mutant, ...]:
    """All changes to a module, in the order of its text, each once."""
    text = Text(module)
    found: dict[tuple[int, int, str], Mutant] = {}
    for rule, site in _sites(module, text):
        first, last = text.extent(site.around)
        for operator in _OPERATORS.get(site.kind, ()):
            for start, end, instead, name, at in operator(site, text):
                if instead.encode() == text.source[start:end]:
                    continue
                lines = (text.line(min(first, start)), text.line(max(last, end) - 1))
                place = module.place({"start": at, "end": max(at, end)})
                found.setdefault(
                    (start, end, instead), Mutant(module.file, start, end, instead, name, rule, place, lines)
                )
    return tuple(sorted(found.values(), key=lambda mutant: (mutant.start, mutant.end, mutant.name)))


# ---------------------------------------------------------------- where


def _sites(module: Module, text: Text) -> Iterator[tuple[str, Site]]:
    for rule, head in module.heads():
        name = ".".join(dotted(head["refr"]))
        span = rule["span"]
        yield name, Site("Rule", rule, span, True, "")
        for part in (head, *rule.get("bodies", ())):
            if part.get("is_else"):
                yield name, Site("Else", part, span, True, "")
            for site in _below(part, span, text):
                yield name, site


def _below(top: Node, span: Node, text: Text) -> Iterator[Site]:
    """Every named node and statement below `top`, outside in, without recursion."""
    stack: list[tuple[Node, Node, bool, str]] = [(top, span, True, "")]
    while stack:
        here, around, braced, call = stack.pop()
        if isinstance(here, list):
            stack += [(item, around, braced, call) for item in here]
        if not isinstance(here, dict):
            continue
        if "stmts" in here:
            braced = text.source[here["span"]["start"] : here["span"]["start"] + 1] == b"{"
        if "literal" in here:
            around = here["span"]
            yield Site("Statement", here, around, braced, "")
        for kind, node in here.items():
            if not kind[:1].isupper():
                stack.append((node, around, braced, call))
                continue
            yield Site(kind, node, around, braced, call)
            inner = ".".join(dotted(node["fcn"])) if kind == "Call" else ""
            stack.append((node["params"] if kind == "Call" else node, around, braced, inner))


# ---------------------------------------------------------------- what


def _drop_condition(site: Site, text: Text) -> Iterator[Change]:
    ((kind, literal),) = site.node["literal"].items()
    binds = kind == "SomeVars" or (kind == "Expr" and literal["expr"].get("AssignExpr", {}).get("op") == "ColEq")
    if not binds:  # whatever needs the variable would not compile
        start, end = text.extent(site.node["span"])
        yield start, end, "true", f"drop {_short(text.source[start:end].decode())}", start


def _negate(site: Site, text: Text) -> Iterator[Change]:
    """`not x` ↔ `x`, the latter for `in` only: a comparison is turned, and anything else dropped."""
    ((kind, literal),) = site.node["literal"].items()
    start, end = text.extent(site.node["span"])
    if kind == "NotExpr":
        yield _change(text, start, end, text.source[start + len("not") : end].decode().lstrip())
    elif kind == "Expr" and "Membership" in literal["expr"]:
        yield _change(text, start, end, f"not {text.source[start:end].decode()}")


def _some_for_every(site: Site, text: Text) -> Iterator[Change]:
    literal = site.node["literal"].get("Every")
    if literal:
        start, end = text.extent(site.node["span"])
        body = text.extent(literal["query"]["span"])[0]
        inside = text.source[body + 1 : end].decode().rpartition("}")[0]
        some = f"some{text.source[start + len('every') : body].decode().rstrip()}\n{inside}"
        yield _change(text, start, end, some if site.braced else f"{{ {some} }}")


def _turn(site: Site, text: Text) -> Iterator[Change]:
    sign, others = _TURNED[site.node["op"]]
    sides = [text.extent(_span(site.node[side])) for side in ("lhs", "rhs")]
    start, end = text.extent(site.node["span"])
    between = text.source[sides[0][1] : sides[1][0]]
    at = sides[0][1] + between.find(sign.encode())
    for other in others if between.count(sign.encode()) == 1 else ():
        yield _change(text, at, at + len(sign), other, (start, end))


def _number(site: Site, text: Text) -> Iterator[Change]:
    value = site.node["value"]
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        for other in (int(value) + 1, int(value) - 1):
            yield _change(text, *text.extent(site.node["span"]), str(other))


def _boolean(site: Site, text: Text) -> Iterator[Change]:
    yield _change(text, *text.extent(site.node["span"]), "false" if site.node["value"] else "true")


def _pattern(site: Site, text: Text) -> Iterator[Change]:
    """Any text that begins or ends like a regular expression is taken for one: tables of them are usual."""
    start, end = site.node["span"]["start"], site.node["span"]["end"]
    inside = text.source[start:end].decode()
    whole = text.extent(site.node["span"])
    begins, ends = len(inside) > 1 and inside[0] == "^", len(inside) > 1 and re.search(r"(?<!\\)\$\Z", inside)
    if begins:
        yield _change(text, start, start + 1, "", whole)
    if ends:
        yield _change(text, end - 1, end, "", whole)
    if begins or ends or site.call == "regex.match":
        yield _change(text, start, end, ".*", whole)


def _member(site: Site, text: Text) -> Iterator[Change]:
    """Constants of an array or set; entries of an object that has only constants, which makes it a table."""
    if site.kind == "Object":
        parts = [(key, value) for _, key, value in site.node["fields"]]
        table = all(_is_constant(part) for pair in parts for part in pair) and not any(map(_is_message, parts))
        chosen = list(range(len(parts))) if table else []
    else:
        parts = [(item, item) for item in site.node["items"]]
        chosen = [number for number, (item, _) in enumerate(parts) if _is_constant(item)]
    extents = [(text.extent(_span(first))[0], text.extent(_span(last))[1]) for first, last in parts]
    step = max(1, (len(chosen) + _MEMBERS - 1) // _MEMBERS)
    for number in chosen[::step]:
        start, end = extents[number]
        name = f"drop {_short(text.source[start:end].decode())}"
        if len(extents) == 1:
            empty = {"Array": "[]", "Set": "set()", "Object": "{}"}[site.kind]
            yield *text.extent(site.node["span"]), empty, name, start
        elif number + 1 < len(extents):
            yield start, extents[number + 1][0], "", name, start
        else:
            yield extents[number - 1][1], end, "", name, start


def _span(node: Node) -> Node:
    return next(iter(node.values()))["span"]


def _is_message(field: tuple[Node, Node]) -> bool:
    """What a rule says of its finding is for people, and no table."""
    return bool(field[0].get("String", {}).get("value") == "msg")


def _is_constant(node: Node) -> bool:
    ((kind, inside),) = node.items()
    if kind in ("Array", "Set"):
        return all(_is_constant(item) for item in inside["items"])
    return kind in _SCALARS


def _drop_else(site: Site, text: Text) -> Iterator[Change]:
    start, end = text.extent(site.node["span"])
    yield start, end, "", f"drop {_short(text.source[start:end].decode())}", start


def _drop_body(site: Site, text: Text) -> Iterator[Change]:
    """A definition that never holds. One without a body is taken out, which compiles where there are others."""
    if "head" not in site.node:
        return
    ((_, head),) = site.node["head"].items()
    name = f"drop this definition of {_short('.'.join(dotted(head['refr'])))}"
    bodies = site.node["bodies"]
    at = site.node["span"]["start"]
    if not bodies:
        yield *text.extent(site.node["span"]), "", name, at
        return
    statements = bodies[0]["query"]["stmts"]
    start, end = text.extent(bodies[0]["query"]["span"])
    first = text.extent(statements[0]["span"])[0]
    if start == first:
        yield start, end, f"{{ false; {text.source[start:end].decode()} }}", name, at
    else:
        yield first, first, "false; ", name, at


def _effect(site: Site, text: Text) -> Iterator[Change]:
    if "head" not in site.node:
        return
    ((_, head),) = site.node["head"].items()
    start = head["refr"].get("Var", {}).get("span", {}).get("start", -1)
    word = dotted(head["refr"])[0].partition("_")[0]
    if word in _EFFECTS and start >= 0:
        yield _change(text, start, start + len(word), _EFFECTS[word])


def _change(text: Text, start: int, end: int, instead: str, shown: tuple[int, int] | None = None) -> Change:
    """Named after itself, with what is `shown` around it."""
    first, last = shown or (start, end)
    before, after = (text.source[first:start].decode(), text.source[end:last].decode())
    old = text.source[start:end].decode()
    return start, end, instead, f"{_short(before + old + after)} → {_short(before + instead + after)}", start


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"


_OPERATORS: Mapping[str, Sequence[Callable[[Site, Text], Iterator[Change]]]] = {
    "Statement": (_drop_condition, _negate, _some_for_every),
    "BoolExpr": (_turn,),
    "Number": (_number,),
    "Bool": (_boolean,),
    "String": (_pattern,),
    "RawString": (_pattern,),
    "Array": (_member,),
    "Set": (_member,),
    "Object": (_member,),
    "Else": (_drop_else,),
    "Rule": (_drop_body, _effect),
}
