"""From syntax to checked terms: every name, arity and type that can be known is judged when rules load.

All problems of an expression are collected; what is broken becomes a term of unknown type, so that one mistake is
reported once. Whatever depends on the document is left to `compile`.
"""

from collections.abc import Callable, Mapping

from engine.core.expressions import types
from engine.core.expressions.calls import Calls, as_number
from engine.core.expressions.parse import Node, parse
from engine.core.expressions.snippet import Snippet, quoted
from engine.core.expressions.terms import Language, Term
from engine.core.expressions.tokens import MAX_DEPTH
from engine.core.expressions.types import Type
from engine.errors import EngineError, Errors, failure
from engine.names import closest, either

MAX_TERMS = 10_000  # with all defines expanded: sharing can double at every level
_WORDS = frozenset({"true", "false", "null"})
_SAID_ELSEWHERE = {"True": "true", "False": "false", "None": "null", "nil": "null", "undefined": "null", "NULL": "null"}
# Kinds whose leftmost part is where the current node goes in: `a.b[0]` is `b[0]` of `a`.
_HEADED = frozenset(
    {"field", "subexpression", "index_expression", "pipe", "projection", "value_projection", "filter_projection"}
)
_AS_TEXT = "write '{}' if it is a text: double quotes are for names"
_OPERATORS = {"eq": "==", "ne": "!=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


def check(
    snippet: Snippet, language: Language, errors: Errors, boolean: bool = False, within: tuple[str, ...] = ()
) -> Term:
    """The checked form of `snippet`; problems go to `errors`.

    `boolean`: it is a condition. `within`: the defines that led here.

    Raises:
        EngineError: it does not parse (ENG100-104), so that nothing else can be said.
    """
    checker = Checker(language, errors)
    term = checker.expression(snippet, within)
    return checker.condition(term) if boolean else term


class Checker(Calls):
    """One expression with everything that it expands to; `here` is always the term for the current node."""

    def expression(self, snippet: Snippet, within: tuple[str, ...]) -> Term:
        """Parse and check one text: the expression itself, or a define that it uses."""
        outer = self.snippet, self.within
        self.snippet, self.within = snippet, within
        try:
            node = parse(snippet)
            return self.visit(node, Term("scope", types.OBJECT, snippet, node.start, node.start))
        finally:
            self.snippet, self.within = outer

    def visit(self, node: Node, here: Term) -> Term:
        """The term for `node`."""
        self.depth += 1
        self.size += 1
        if self.depth > MAX_DEPTH:
            raise self._too_large(node, "deep", MAX_DEPTH)
        if self.size > MAX_TERMS:
            raise self._too_large(node, "large", MAX_TERMS)
        term = _VISIT[node.kind](self, node, here)
        self.depth -= 1
        return term

    def _too_large(self, node: Node, how: str, limit: int) -> EngineError:
        what, place = f"too {how} with its defines written out", self.used or self.at(node)
        return failure("ENG102", place, hint="let defines use fewer defines", what=what, limit=limit)

    # --- leaves

    def _literal(self, node: Node, _here: Term) -> Term:
        return self.term("literal", node, types.of_value(node.value), node.value)

    def _word(self, node: Node, here: Term) -> Term:
        self.errors.add("ENG104", self.at(node), word=node.value)
        return self._literal(node, here)

    def _current(self, node: Node, here: Term) -> Term:
        return self._not_all(node, here)

    def _not_all(self, node: Node, here: Term) -> Term:
        if here.kind == "scope":
            self.errors.add("ENG118", self.at(node), subject=quoted(self.text(node)))
            return self.broken(node)
        return here

    def _field(self, node: Node, here: Term) -> Term:
        if here.kind == "scope":
            return self._root(node)
        return self.step(node, here, node.value)

    def _root(self, node: Node) -> Term:
        name = node.value
        schema = self.language.roots.get(name)
        if schema is not None:
            own, defs = schema.get("$defs"), self.language.definitions
            return self.term("root", node, types.of(schema, {**defs, **own} if own else defs), name)
        if name in _WORDS and not self._quoted(node):
            self.errors.add("ENG105", self.at(node), word=name)
            return self.broken(node)
        known = self.language.roots
        hint = closest(name, known)
        if self._quoted(node) and not hint:
            hint = _AS_TEXT.format(name)
        elif name in self.language.functions or name in self.language.defines:
            takes = name in self.language.functions and self.language.functions[name].parameters
            hint = f"write `{name}({'…' if takes else ''})` to ask the function"
        elif name in _SAID_ELSEWHERE:
            hint = f"write `` `{_SAID_ELSEWHERE[name]}` ``"
        elif name in known.get("outputs", {}).get("properties", {}):
            hint = f"write `outputs.{name}`"
        elif name == "github":
            hint = "leave `github.` out: a fact is named by itself, such as `pr.draft`"
        elif name == "steps" and "outputs" in known:
            hint = "write `outputs.ID.NAME` for what an action before has left"
        elif self._is_compared(node):
            hint = f"write `'{name}'` if it is a text: texts stand in single quotes{f'; or {hint}' if hint else ''}"
        if self.used and self._told_in_define(name):
            return self.broken(node)
        place = self.used or self.at(node)
        self.errors.add("ENG108", place, hint=self.blame() or hint, name=name, known=either(known))
        return self.broken(node)

    def _told_in_define(self, name: str) -> bool:
        """Is it called so nowhere? Then it is told where the define stands, and not again at each use of it."""
        return bool(self.language.anywhere) and name not in self.language.anywhere

    def _is_compared(self, node: Node) -> bool:
        """Does it alone stand on one side of `==`, where a text without its quotes would?"""
        before, after = self.snippet.text[: node.start].rstrip(), self.snippet.text[node.end :].lstrip()
        equal = ("==", "!=")
        return after.startswith(equal) or (before.endswith(equal) and not after.startswith((".", "[", "(")))

    def _quoted(self, node: Node) -> bool:
        return self.snippet.text[node.start] == '"'

    # --- steps from a value

    def step(self, node: Node, base: Term, name: str) -> Term:
        """The field `name` of `base`."""
        found: Type | None = types.ANY
        if name in _WORDS and not self._quoted(node) and name not in types.names(base.type):
            self.errors.add("ENG105", self.at(node), word=name)
        elif self.is_a(base, "object", node, f"field `{name}`"):
            found = types.field(base.type, name)
            if found is None:
                known = types.names(base.type)
                hint = closest(name, known) or (_AS_TEXT.format(name) if self._quoted(node) else "")
                subject, all_known = base.subject, either(known)
                self.errors.add("ENG109", self.at(node), hint=hint, subject=subject, name=name, known=all_known)
        else:
            found = None
        return self._from(base, "field", node, found or types.BROKEN, name)

    def _from(self, base: Term, kind: str, node: Node, type_: Type, value: object) -> Term:
        start = base.start if base.kind != "current" and base.start <= node.start else node.start
        return Term(kind, type_, self.snippet, start, node.end, value, (base,))

    def is_a(self, base: Term, kind: str, node: Node, wanted: str) -> bool:
        """Report a step that the type of `base` does not allow."""
        if kind in base.type.kinds or not base.type.kinds:
            return True
        way = {
            "array": "items are reached with `[*]`, `[0]` or a filter `[?…]`",
            "boolean": "`a || b` is or, `a && b` is and, `a | b` hands a over to b",
        }
        found = next(iter(base.type.kinds - {"null"}), "null")
        asked = self.text(node) in ("length", "size", "count")
        hint = f"write `length({base.text})`" if asked and kind == "object" else ""
        self.errors.add(
            "ENG123", self.at(node), hint=hint,
            subject=base.subject, found=base.type, wanted=wanted, way=way.get(found, "compare it as a whole"),
        )  # fmt: skip
        return False

    def _chain(self, node: Node, here: Term) -> Term:
        """`a.b`, `a[0]`, `a | b`: each part sees the one before it as its current node."""
        if negated := self._negation(node):
            return self.visit(negated, here)
        self.depth += len(node.children)  # the term of each part lies below those of all that follow
        for child in node.children:
            self.depth -= 1
            known, before = self.errors.added, here
            here = self._next(child, here)
            if node.kind == "pipe" and before.type.only("boolean") and self.errors.added == known:
                self.errors.add("ENG920", before.place, subject=before.subject, found=before.type)
        return here

    def _next(self, node: Node, here: Term) -> Term:
        if here.kind == "scope" or node.kind in _HEADED or node.kind in ("index", "slice", "current", "identity"):
            return self.visit(node, here)
        inner = Term("current", here.type, self.snippet, node.start, node.end)
        self.asked_of = here.text if node.kind == "function_expression" else ""
        body = self.visit(node, inner)
        self.asked_of = ""
        start = here.start if here.kind != "current" else node.start
        return Term("bind", body.type, self.snippet, start, node.end, None, (here, body))

    def _negation(self, node: Node) -> Node | None:
        """Report a `!` left of a step, and go on with what was meant; with parentheses around it, it is meant so."""
        head, text = node.children[0], self.snippet.text
        if head.kind != "not_expression" or text[head.start] != "!":
            return None
        end = node.end
        for _ in range(text[node.start : head.start].count("(")):
            end = text.rindex(")", 0, end)
        whole = self.snippet.part(head.start, end)
        subject = self.snippet.part(head.start, head.end)
        place = self.snippet.at(head.start, end)
        self.errors.add("ENG107", place, head=subject, text=whole, rest=whole[1:].strip())
        meant = node._replace(children=(head.children[0], *node.children[1:]), start=head.children[0].start, end=end)
        return head._replace(children=(meant,), end=end)

    def _index(self, node: Node, here: Term) -> Term:
        here = self._not_all(node, here)
        known = self.is_a(here, "array", node, f"item [{node.value}]")
        return self._from(here, "index", node, types.item(here.type) if known else types.BROKEN, node.value)

    def _slice(self, node: Node, here: Term) -> Term:
        here = self._not_all(node, here)
        if node.value[2] == 0:
            self.errors.add("ENG101", self.at(node), reason="a slice cannot have the step 0")
        known = self.is_a(here, "array", node, "slice")
        return self._from(here, "slice", node, here.type.without_null() if known else types.BROKEN, node.value)

    def _projected(self, node: Node, here: Term, needs: str, wanted: str) -> tuple[Term, Term]:
        """Where a projection starts, and the term for each of its items."""
        head = node.children[0]
        base = self._not_all(node, here) if head.kind == "identity" else self.visit(head, here)
        each = types.item if needs == "array" else types.values
        known = self.is_a(base, needs, node, wanted)
        item = Term("current", each(base.type) if known else types.BROKEN, self.snippet, node.end, node.end)
        return base, item

    def _projection(self, node: Node, here: Term) -> Term:
        if node.children[0].kind == "flatten":
            return self._flatten(node, here)
        base, item = self._projected(node, here, "array", "items `[*]`")
        return self._collect("project", node, (base, self.visit(node.children[1], item)))

    def _value_projection(self, node: Node, here: Term) -> Term:
        if negated := self._negation(node):
            return self.visit(negated, here)
        base, item = self._projected(node, here, "object", "values `.*`")
        return self._collect("values", node, (base, self.visit(node.children[1], item)))

    def _filter_projection(self, node: Node, here: Term) -> Term:
        if negated := self._negation(node):
            return self.visit(negated, here)
        base, item = self._projected(node, here, "array", "items to filter")
        condition = self.condition(self.visit(node.children[2], item))
        return self._collect("filter", node, (base, self.visit(node.children[1], item), condition))

    def _collect(self, kind: str, node: Node, children: tuple[Term, ...]) -> Term:
        result = Type(frozenset({"array"}), items=children[1].type.without_null())
        return self.term(kind, node, result, None, children)

    def _flatten(self, node: Node, here: Term) -> Term:
        flat = node.children[0]
        before = self.snippet.text[: flat.start].rstrip()
        hint = "write `` `[]` `` for an empty list" if before.endswith("=") else ""
        self.errors.add("ENG106", self.at(flat), hint=hint)
        self.visit(flat.children[0], here)
        return self.broken(node)

    def _identity(self, _node: Node, here: Term) -> Term:
        return here

    # --- what puts values together

    def _list(self, node: Node, here: Term) -> Term:
        items = tuple(self.visit(c, here) for c in node.children)
        result = Type(frozenset({"array"}), items=types.union(i.type for i in items))
        constant = here.kind == "scope" or (here.type.known and not here.type.nullable)
        if constant and all(i.kind == "literal" for i in items):
            return self.term("literal", node, result, [i.value for i in items])
        return self.term("list", node, result, None, items)

    def _hash(self, node: Node, here: Term) -> Term:
        fields: dict[str, Term] = {}
        for pair in node.children:
            if pair.value in fields:
                self.errors.add("ENG128", self.at(pair), name=pair.value)
            fields[pair.value] = self.visit(pair.children[0], here)
        result = Type(frozenset({"object"}), fields={n: t.type for n, t in fields.items()})
        return self.term("hash", node, result, tuple(fields), tuple(fields.values()))

    # --- conditions

    def _not(self, node: Node, here: Term) -> Term:
        return self._logic("not", node, here)

    def _and(self, node: Node, here: Term) -> Term:
        return self._logic("and", node, here)

    def _or(self, node: Node, here: Term) -> Term:
        return self._logic("or", node, here)

    def _logic(self, kind: str, node: Node, here: Term) -> Term:
        operands = tuple(self.visit(c, here) for c in node.children)
        known = self.errors.added
        if kind == "or" and operands[0].kind in ("field", "index") and "boolean" not in operands[0].type.kinds:
            hint = f"write `default({operands[0].text}, {operands[1].text})`"
            self.errors.add("ENG113", operands[0].place, hint=hint, subject=operands[0].subject, found=operands[0].type)
        else:
            for operand in operands:
                self.condition(operand)
        wrong = self.errors.added > known
        return self.term(kind, node, types.BROKEN if wrong else types.BOOLEAN, None, operands)

    def _comparator(self, node: Node, here: Term) -> Term:
        left, right = (self.visit(c, here) for c in node.children)
        operator = _OPERATORS[node.value]
        if node.value in ("eq", "ne"):
            self.comparable(left, right)
            return self.term("compare", node, types.BOOLEAN, operator, (left, right))
        for term in (left, right):
            if term.type.known and "number" not in term.type.kinds:
                hint = as_number(term)
                self.errors.add("ENG115", term.place, hint=hint, subject=term.subject, found=term.type)
                break
        return self.term("order", node, types.BOOLEAN, operator, (left, right))


_VISIT: Mapping[str, Callable[[Checker, Node, Term], Term]] = {
    "literal": Checker._literal,
    "word": Checker._word,
    "current": Checker._current,
    "field": Checker._field,
    "subexpression": Checker._chain,
    "index_expression": Checker._chain,
    "pipe": Checker._chain,
    "index": Checker._index,
    "slice": Checker._slice,
    "projection": Checker._projection,
    "value_projection": Checker._value_projection,
    "filter_projection": Checker._filter_projection,
    "flatten": Checker._flatten,
    "identity": Checker._identity,
    "multi_select_list": Checker._list,
    "multi_select_dict": Checker._hash,
    "not_expression": Checker._not,
    "and_expression": Checker._and,
    "or_expression": Checker._or,
    "comparator": Checker._comparator,
    "function_expression": Checker.call,
    "expref": Checker.stray_reference,
}
