"""What OPA takes out of a `not`, written out for the embedded engine: `not f(x.y)` becomes `not f(x.y); _ = x.y`.

OPA evaluates arguments before the expression that they are arguments of, and outside of its `not`: with an undefined
one, the whole statement is undefined. The embedded engine takes the `not` as a whole, so that it holds. Demanded is:
each reference and call that is an argument (also of an operator, in a literal or in brackets); not the expression
itself, nor a side of `==` that is a reference. Lines stay where they are, and `Hoisted.column` knows the columns.
"""

import json
import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from engine.adapters.policy.syntax import COMPREHENSIONS, REFERENCES, Module, Node, full
from engine.errors import failure

_NOTHING_IN_IT = COMPREHENSIONS | {"String", "RawString", "Number", "Bool", "Null"}  # always defined
_GROWTH = 8  # times its size, where statements in statements in statements are written again
_TOKEN = re.compile(rb'"(?:\\.|[^"\\])*"?|`[^`]*`?|(?:#[^\n]*|\s)+')


class Hoisted(NamedTuple):
    """A module as the embedded engine gets it."""

    text: str
    added: tuple[tuple[int, int, int], ...] = ()  # line, column of the original, characters

    def column(self, line: int, column: int) -> int:
        """The column of the original for one of `text`; inside of what was added, the place where it was."""
        shift = 0
        for at in sorted(at for number, *at in self.added if number == line):
            if column <= at[0] + shift:
                break
            if column < at[0] + shift + at[1]:
                return at[0]
            shift += at[1]
        return column - shift


class _Edit(NamedTuple):
    start: int
    end: int
    text: bytes


def hoisted(module: Module, names: Collection[str]) -> Hoisted:
    """A module with each `not` as OPA has it. `names` are the full names of all rules, and of what they are below.

    Raises:
        EngineError: ENG532, more would be written again than can be.
    """
    edits: list[_Edit] = []
    left = _GROWTH * len(module.source)
    for definition in module.defined:
        if any(seen.kind == "NotExpr" for seen in definition.seen):
            queries = list(_queries(definition.body))
            for query in reversed(queries):  # inner ones first: outer ones copy them
                for statement in query["stmts"]:
                    if "NotExpr" in statement["literal"]:
                        more = list(_demand(module, names, queries, query, statement, edits))
                        edits += more
                        left -= sum(len(edit.text) for edit in more)
                        if left < 0:
                            raise failure("ENG532", module.place(statement["span"]))
    if not edits:
        return Hoisted(module.source.decode())
    edits.sort()
    places = [(module.place({"start": edit.start, "end": edit.start}), edit) for edit in edits]
    added = [(p.line, p.column, len(e.text.decode()) - (e.end - e.start)) for p, e in places]
    return Hoisted(_apply(module.source, edits, 0, len(module.source)).decode(), tuple(added))


def _demand(
    module: Module, names: Collection[str], queries: list[Node], query: Node, statement: Node, edits: list[_Edit]
) -> Iterator[_Edit]:
    """What stands behind a negated statement, and the braces that a body of one statement needs for it."""
    mods, end = statement.get("with_mods"), _end(module, statement)
    given = b" " + _copy(module, queries, mods[0]["span"]["start"], end, edits) if mods else b""
    spans = _arguments(statement["literal"]["NotExpr"]["expr"], module, names)
    texts = dict.fromkeys(_copy(module, queries, span["start"], span["end"], edits) for span in spans)
    if not texts:
        return
    more = b"".join(b"; _ = " + text + given for text in texts)
    start = query["span"]["start"]
    if start == statement["span"]["start"]:  # no braces
        blank = module.source[start - 1 : start] in (b" ", b"\t")
        yield _Edit(start - blank, start, b"{")
        more += b" }"
    yield _Edit(end, end, more)


def _arguments(node: Node, module: Module, names: Collection[str]) -> Iterator[Node]:
    """Spans of what must be defined around a negated expression."""
    ((kind, item),) = node.items()
    if kind == "Call":
        yield from needed(item["params"], module, names)
    elif kind in REFERENCES:
        yield from _inside(node, module, names)
    elif kind == "AssignExpr" or (kind == "BoolExpr" and item["op"] == "Eq"):
        for side in (item["lhs"], item["rhs"]):
            if not REFERENCES.isdisjoint(side):
                yield from _inside(side, module, names)
            elif "Var" not in side:
                yield from needed(side, module, names)
    elif kind != "Var":
        yield from needed(node, module, names)


def _inside(node: Node, module: Module, names: Collection[str]) -> Iterator[Node]:
    """Of a reference: what is in its brackets, and what it begins with, unless that is a name."""
    while not REFERENCES.isdisjoint(node):
        ((_, item),) = node.items()
        if "index" in item:
            yield from needed(item["index"], module, names)
        node = item["refr"]
    if "Var" not in node:
        yield from needed(node, module, names)


def needed(node: Node, module: Module, names: Collection[str]) -> Iterator[Node]:
    """Spans of the references and calls of a value, each as a whole and before what is inside of it: to the embedded
    engine a call can be defined though an argument is not (`f(1 in [x.y])`).
    """
    stack = [node]
    while stack:
        here = stack.pop()
        if isinstance(here, list):
            stack += reversed(here)
            continue
        for kind, item in here.items() if isinstance(here, dict) else ():
            if kind in REFERENCES:
                yield item["span"]
                yield from _inside({kind: item}, module, names)
            elif kind == "Call":
                yield item["span"]
                stack.append(item["params"])
            elif kind == "Var":
                if _is_name(item["value"], module, names):
                    yield item["span"]
            elif kind not in _NOTHING_IN_IT:
                stack.append(item)


def _is_name(name: str, module: Module, names: Collection[str]) -> bool:
    """Is it a rule, or something imported? Any other is bound, or the policy does not load."""
    return name in module.imported or full(module.package, (name,)) in names


def _queries(body: Node) -> Iterator[Node]:
    """All bodies of a definition, outside in."""
    stack = [body]
    while stack:
        here = stack.pop()
        if isinstance(here, dict):
            if "stmts" in here:
                yield here
            stack += here.values()
        elif isinstance(here, list):
            stack += here


def _copy(module: Module, queries: list[Node], start: int, end: int, edits: list[_Edit]) -> bytes:
    """What is written there, in one line: without comments, and with semicolons where lines end statements."""
    inside = [edit for edit in edits if start <= edit.start and edit.end <= end]
    for query in queries:
        ends = [_end(module, s) for s in query["stmts"]]
        starts = [s["span"]["start"] for s in query["stmts"]]
        for before, after in zip(ends, starts[1:], strict=False):
            if start <= before and after <= end and b";" not in _bare(module.source[before:after]):
                inside.append(_Edit(before, before, b";"))
    inside.sort(key=lambda edit: (edit.start, edit.text == b";"))
    return _TOKEN.sub(_in_line, _apply(module.source, inside, start, end))


def _end(module: Module, statement: Node) -> int:
    """Spans leave out the quote that a text ends with."""
    end: int = statement["span"]["end"]
    return end + (module.source[end : end + 1] in (b'"', b"`"))


def _bare(text: bytes) -> bytes:
    return _TOKEN.sub(b"", text)


def _in_line(token: re.Match[bytes]) -> bytes:
    text = token[0]
    if text[:1] == b"`":
        return json.dumps(text[1:-1].decode(), ensure_ascii=False).encode()
    return text if text[:1] == b'"' else b" "


def _apply(source: bytes, edits: list[_Edit], start: int, end: int) -> bytes:
    parts = []
    for edit in edits:
        parts += [source[start : edit.start], edit.text]
        start = edit.end
    return b"".join([*parts, source[start:end]])
