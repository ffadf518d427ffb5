"""From syntax to checked terms: every name, arity and type that can be known is judged when rules load.

All problems of an expression are collected; what is broken becomes a term of unknown type, so that one mistake is
reported once. Whatever depends on the document is left to `compile`.
"""

from collections.abc import Callable, Mapping

from engine.core.expressions import types
from engine.core.expressions.arguments import OPERATORS, is_text
from engine.core.expressions.naming import Naming, said_here
from engine.core.expressions.parse import Node, parse
from engine.core.expressions.snippet import Snippet, UnparsedError, code, quoted
from engine.core.expressions.terms import Language, Term
from engine.core.expressions.tokens import MAX_DEPTH
from engine.core.expressions.types import Type
from engine.errors import EngineError, Errors, Problem, failure

_MOST_MENDED = 8  # mistakes of syntax in one text
MAX_TERMS = 10_000  # with all defines expanded: sharing can double at every level
# Kinds whose leftmost part is where the current node goes in: `a.b[0]` is `b[0]` of `a`.
_HEADED = frozenset(
    {"field", "subexpression", "index_expression", "pipe", "projection", "value_projection", "filter_projection"}
)
_WORDS = {"null": (types.NULL, None), "true": (types.BOOLEAN, True), "false": (types.BOOLEAN, False)}


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


class Checker(Naming):
    """One expression with everything that it expands to; `here` is always the term for the current node."""

    def expression(self, snippet: Snippet, within: tuple[str, ...]) -> Term:
        """Parse and check one text: the expression itself, or a define that it uses."""
        outer = self.snippet, self.within
        self.within = within
        try:
            node, told = self._parsed(snippet)
            known = self.errors.problems if told else ()
            term = self.visit(node, Term("scope", types.OBJECT, self.snippet, node.start, node.start))
            since = [one.place for one in self.errors.problems if one not in known] if told else []
            # A number without its backticks that is no number after all: the latter says more.
            self.errors.extend(one for one in told if one.code != "ENG103" or one.place not in since)
            return term
        finally:
            self.snippet, self.within = outer

    def _parsed(self, snippet: Snippet) -> tuple[Node, list[Problem]]:
        """The tree, and what had to be mended first; what does not parse even then is told as it stands."""
        first, self.snippet = None, snippet
        told = list[Problem]()
        for _ in range(_MOST_MENDED):
            try:
                return parse(self.snippet), told
            except UnparsedError as error:
                first = first or error
                if error.mended is None:
                    break
                told += error.problems
                self.snippet = error.mended
            except EngineError as error:
                raise first or error from None
        assert first is not None
        raise first from None

    def visit(self, node: Node, here: Term) -> Term:
        """The term for `node`."""
        self.depth += 1
        self.size += 1
        if self.depth > MAX_DEPTH:
            raise self._too_large(node, "deep", MAX_DEPTH)
        if self.size > MAX_TERMS:
            raise self._too_large(node, "large", MAX_TERMS)
        self.above.append(node)
        term = _VISIT[node.kind](self, node, here)
        self.above.pop()
        self.depth -= 1
        return term

    def _too_large(self, node: Node, how: str, limit: int) -> EngineError:
        what, place = f"too {how} with its defines written out", self.used or self.at(node)
        return failure("ENG102", place, hint="let defines use fewer defines", what=what, limit=limit)

    # --- leaves

    def _literal(self, node: Node, _here: Term) -> Term:
        return self.term("literal", node, types.of_value(node.value), node.value)

    def _current(self, node: Node, here: Term) -> Term:
        return self._not_all(node, here)

    def _not_all(self, node: Node, here: Term) -> Term:
        if here.kind == "scope":
            self.errors.add("ENG118", self.at(node), subject=quoted(self.text(node)))
            return self.broken(node)
        return here

    def _field(self, node: Node, here: Term) -> Term:
        if here.kind == "scope":
            return self.root(node)
        return self.step(node, here, node.value)

    def _chain(self, node: Node, here: Term) -> Term:
        """`a.b`, `a[0]`, `a | b`: each part sees the one before it as its current node."""
        if negated := self._negation(node):
            return self._negated(node, negated, here)
        self.depth += len(node.children)  # the term of each part lies below those of all that follow
        for child in node.children:
            self.depth -= 1
            known, before = self.errors.added, here
            here = self._next(child, here)
            is_asked = node.kind == "pipe" and child is not node.children[0] and self.errors.added == known
            if is_asked and (before.type.only("boolean") or (before.type.known and child.kind == "literal")):
                instead = f"write {code(f'default({before.text}, {self.snippet.text[child.start : child.end]})')}"
                hint = instead if child.kind == "literal" and not before.type.only("boolean") else ""
                here = self.broken(node) if is_text(child) else here
                self.errors.add("ENG920", before.place, hint=hint, subject=before.subject, found=before.type)
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
        """What was meant by a `!` left of a step; with parentheses around it, it is meant so."""
        head, text = node.children[0], self.snippet.text
        if head.kind != "not_expression" or text[head.start] != "!":
            return None
        end = node.end
        for _ in range(text[node.start : head.start].count("(")):
            end = text.rindex(")", 0, end)
        inner = node._replace(children=(head.children[0], *node.children[1:]), start=head.children[0].start, end=end)
        return head._replace(children=(inner,), end=end)

    def _negated(self, node: Node, negated: Node, here: Term) -> Term:
        """The whole negated; where it is no condition, that is what is told."""
        term, head = self.visit(negated, here), node.children[0]
        if "boolean" in term.children[0].type.kinds:
            whole = self.text(negated)
            subject = self.text(head)
            self.errors.add("ENG107", self.at(negated), head=subject, text=whole, rest=whole[1:].strip())
        return term

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
            return self._negated(node, negated, here)
        base, item = self._projected(node, here, "object", "values `.*`")
        return self._collect("values", node, (base, self.visit(node.children[1], item)))

    def _filter_projection(self, node: Node, here: Term) -> Term:
        if negated := self._negation(node):
            return self._negated(node, negated, here)
        base, item = self._projected(node, here, "array", "items to filter")
        condition = self.condition(self.visit(node.children[2], item))
        return self._collect("filter", node, (base, self.visit(node.children[1], item), condition))

    def _collect(self, kind: str, node: Node, children: tuple[Term, ...]) -> Term:
        result = Type(frozenset({"array"}), items=children[1].type.without_null())
        base = children[0]  # of `verdict.findings[*]` the node begins behind the dot
        start = base.start if base.kind != "current" else node.start
        return Term(kind, result, self.snippet, min(start, node.start), node.end, None, children)

    def _flatten(self, node: Node, here: Term) -> Term:
        flat = node.children[0]
        before = self.snippet.text[: flat.start].rstrip()
        is_alone = flat.children[0].kind in ("identity", "current") and before.endswith(("=", ",", "("))
        hint = "write `` `[]` `` for an empty list" if is_alone else ""
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
        elif kind == "not" and "boolean" not in operands[0].type.kinds:
            from engine.core.expressions import meant

            hint = meant.condition(operands[0], negated=True)
            self.errors.add("ENG113", self.at(node), hint=hint, subject=operands[0].subject, found=operands[0].type)
        else:
            for child, operand in zip(node.children, operands, strict=True):
                self.condition(operand, self.compared_too(child) if is_text(child) else "")
        wrong = self.errors.added > known
        return self.term(kind, node, types.BROKEN if wrong else types.BOOLEAN, None, operands)

    def _lost_not(self, node: Node) -> tuple[Node, Node] | None:
        """Report `!a == 'x'`, which negates `a` alone; the two that were to be unequal."""
        left, right = node.children
        whole = self._negation(left) if left.children else None
        negated = left if left.kind == "not_expression" else whole
        if negated is None or not is_text(right):
            return None
        inner, sign = negated.children[0], "==" if node.value == "ne" else "!="
        asked = self.text(inner)
        if inner.kind == "subexpression" and asked.startswith("("):
            asked = asked[1:-1]
        hint = f"write `{asked} {sign} {self.text(right)}`"
        self.errors.add("ENG107", self.at(node), hint=hint, head=self.text(left), text=self.text(node), rest="")
        return inner, right

    def _comparator(self, node: Node, here: Term) -> Term:
        operator = OPERATORS[node.value]
        for other, one in (node.children, node.children[::-1]):
            listed = one.kind in ("or_expression", "and_expression") and all(map(is_text, one.children))
            if listed and node.value in ("eq", "ne"):
                negated = "!" if operator == "!=" else ""
                asked = f"{negated}in({self.text(other)}, [{', '.join(map(self.text, one.children))}])"
                first = self.text(one.children[0])
                self.errors.add(
                    "ENG113", self.at(node), hint=f"write `{asked}`", subject=f"`{first}`", found=types.STRING
                )
                self.visit(other, here)
                return self.broken(node)
        if node.value in ("eq", "ne") and (unequal := self._lost_not(node)):
            return self.visit(node._replace(children=unequal, value="eq" if node.value == "ne" else "ne"), here)
        bare = next((child for child in node.children if self.is_nothing(child, here)), None)
        left, right = (
            self.term("literal", child, *_WORDS[said_here(child)]) if child is bare else self.visit(child, here)
            for child in node.children
        )
        if node.value in ("eq", "ne"):
            known = self.errors.added
            self.comparable(node, left, right, operator)
            if (
                bare
                and types.BROKEN not in (left.type, right.type)
                and (said_here(bare) != "null" or self.errors.added == known)
            ):
                word = said_here(bare)  # what it is held against may be that
                self.errors.add("ENG105", self.at(bare), hint=f"write `` `{word}` ``", word=bare.value)
            return self.term("compare", node, types.BOOLEAN, operator, (left, right))
        for term, child in zip((left, right), node.children, strict=True):
            if term.type.known and "number" not in term.type.kinds:
                from engine.core.expressions import meant

                hint = meant.ordered(left, right, operator)
                if child.kind == "comparator":  # `1 < a < 5`
                    inner, last = self.text(child.children[1]), self.text(node.children[1])
                    hint = f"write {code(f'{self.text(child)} && {inner} {operator} {last}')}"
                self.errors.add("ENG115", term.place, hint=hint, subject=term.subject, found=term.type)
                break
        return self.term("order", node, types.BOOLEAN, operator, (left, right))


_VISIT: Mapping[str, Callable[[Checker, Node, Term], Term]] = {
    "literal": Checker._literal,
    "word": Checker.word,
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
