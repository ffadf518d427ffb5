"""What stock JMESPath answers, and every reason that strict expressions have not to answer so.

Written against the specification and design, not against our checker: a subclass of the library's own interpreter that
computes its values unchanged and notes, as error codes, where a value was guessed. `reached` holds what the answer
depended on (a strict evaluation must fail), `possible` adds what stands behind a short circuit or in the text alone
(a strict load may fail).
"""

import json
import re
from typing import Any

from jmespath import exceptions, functions, lexer, parser, visitor

_Stock: Any = visitor.TreeInterpreter  # the published stubs leave out what a subclass needs

KINDS = {dict: "object", list: "array", str: "string", bool: "boolean", int: "number", float: "number"}
_RETURNS = {
    **dict.fromkeys(("abs", "avg", "ceil", "floor", "length", "sum", "to_number"), "number"),
    **dict.fromkeys(("contains", "ends_with", "starts_with"), "boolean"),
    **dict.fromkeys(("join", "to_string", "type"), "string"),
    **dict.fromkeys(("keys", "map", "values", "to_array"), "array"),
    "merge": "object",
}
# Nodes that go on from their first child: what is known of that one makes parts of the rest known.
_ONWARD = (
    "filter_projection", "projection", "value_projection", "subexpression", "pipe", "index_expression",
)  # fmt: skip
_JSON_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
ERRORS_OF_A_CALL = {"ENG112", "ENG133", "ENG114", "ENG117"}


def kind(value: Any) -> str:
    """The JSON type of a value."""
    return KINDS.get(type(value), "null" if value is None else "expref")


def same(a: Any, b: Any) -> bool:
    """JSON's equality."""
    if kind(a) != kind(b):
        return False
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    return bool(a == b)


class Oracle(_Stock):  # type: ignore[misc]
    """One evaluation, with its reasons."""

    def __init__(self) -> None:
        super().__init__()
        self.reached: set[str] = set()
        self.possible: set[str] = set()
        self.differs = False  # where stock JMESPath is wrong about JSON, or an order is nobody's business
        self._shadow = 0

    def note(self, code: str) -> None:
        self.possible.add(code)
        if not self._shadow:
            self.reached.add(code)

    def _shadowed(self, node: Any, value: Any) -> Any:
        self._shadow += 1
        differs = self.differs
        try:
            return self.visit(node, value)
        finally:
            self._shadow -= 1
            self.differs = differs

    def visit_field(self, node: Any, value: Any) -> Any:
        if not isinstance(value, dict):
            self.note("ENG123")
        elif node["value"] not in value:
            self.note("ENG131")
        return super().visit_field(node, value)

    def visit_index(self, node: Any, value: Any) -> Any:
        found = super().visit_index(node, value)
        if not isinstance(value, list):
            self.note("ENG123")
        elif not -len(value) <= node["value"] < len(value):
            self.note("ENG131")
        return found

    def visit_slice(self, node: Any, value: Any) -> Any:
        if not isinstance(value, list):
            self.note("ENG123")
        return super().visit_slice(node, value)

    def visit_flatten(self, node: Any, value: Any) -> Any:
        self.note("ENG106")
        return super().visit_flatten(node, value)

    def _projected(self, node: Any, value: Any, wanted: Any, run: Any) -> Any:
        self._shadow += 1
        known = set(self.possible)
        base = self.visit(node["children"][0], value)
        self.possible = known
        self._shadow -= 1
        if not isinstance(base, wanted):
            self.note("ENG123")
        elif node["type"] != "filter_projection":
            items = base.values() if isinstance(base, dict) else base
            if any(self._shadowed(node["children"][1], i) is None for i in items):
                self.note("ENG132")
        return run(node, value)

    def visit_projection(self, node: Any, value: Any) -> Any:
        return self._projected(node, value, list, super().visit_projection)

    def visit_value_projection(self, node: Any, value: Any) -> Any:
        return self._projected(node, value, dict, super().visit_value_projection)

    def visit_filter_projection(self, node: Any, value: Any) -> Any:
        base = self.visit(node["children"][0], value)
        if not isinstance(base, list):
            self.note("ENG123")
            return None
        collected = []
        for element in base:
            keep = self.visit(node["children"][2], element)
            self._condition(keep)
            if self._is_true(keep):
                current = self.visit(node["children"][1], element)
                if current is None:
                    self.note("ENG132")
                else:
                    collected.append(current)
            else:
                self._shadowed(node["children"][1], element)
        return collected

    def visit_multi_select_list(self, node: Any, value: Any) -> Any:
        if value is None:
            self.note("ENG123")
        return super().visit_multi_select_list(node, value)

    def visit_multi_select_dict(self, node: Any, value: Any) -> Any:
        if value is None:
            self.note("ENG123")
        made = super().visit_multi_select_dict(node, value)
        return made and dict(sorted(made.items()))

    def _condition(self, value: Any) -> None:
        if not isinstance(value, bool):
            self.note("ENG113")

    def visit_or_expression(self, node: Any, value: Any) -> Any:
        return self._junction(node, value, False)

    def visit_and_expression(self, node: Any, value: Any) -> Any:
        return self._junction(node, value, True)

    def _junction(self, node: Any, value: Any, go_on: bool) -> Any:
        left, right = node["children"]
        matched = self.visit(left, value)
        self._condition(matched)
        if self._is_true(matched) is go_on:
            matched = self.visit(right, value)
            self._condition(matched)
        else:
            self._condition_shadowed(right, value)
        return matched

    def _condition_shadowed(self, node: Any, value: Any) -> None:
        found = self._shadowed(node, value)
        self._shadow += 1
        self._condition(found)
        self._shadow -= 1

    def visit_not_expression(self, node: Any, value: Any) -> Any:
        self._shadow += 1
        operand = self.visit(node["children"][0], value)
        self._shadow -= 1
        self._condition(operand)
        return super().visit_not_expression(node, value)

    def visit_comparator(self, node: Any, value: Any) -> Any:
        left, right = (self.visit(c, value) for c in node["children"])
        literals = [c for c in node["children"] if c["type"] == "literal"]
        if node["value"] not in ("eq", "ne"):
            if kind(left) != "number" or kind(right) != "number":
                self.note("ENG115")
                return None
        elif left is None or right is None:
            self.possible |= {"ENG114", "ENG116", "ENG134"}
            sides = list(zip((left, right), node["children"], strict=True))
            if any(v is None and not _may_be_null(c) for v, c in sides):
                self.note("ENG134")
        elif kind(left) != kind(right):
            self.note("ENG114")
        else:
            if len(literals) == 2 and left != right:
                self.note("ENG117")
            return same(left, right) is (node["value"] == "eq")
        return self.COMPARATOR_FUNC[node["value"]](left, right)

    def visit_function_expression(self, node: Any, value: Any) -> Any:
        arguments = [self.visit(c, value) for c in node["children"]]
        name = node["value"]
        try:
            result = self._functions.call_function(name, arguments)
        except exceptions.UnknownFunctionError:
            self.note("ENG110")
            return None
        except exceptions.ArityError:
            self.note("ENG111")
            return None
        except (exceptions.JMESPathTypeError, TypeError, IndexError, OverflowError):
            for code in ERRORS_OF_A_CALL:
                self.note(code)
            return None
        if name == "contains":
            result = self._contains(*arguments)
        elif name == "to_number" and isinstance(arguments[0], str):
            self.differs |= result is not None and not _JSON_NUMBER.fullmatch(arguments[0])
        elif name == "to_string" and not isinstance(arguments[0], str):
            result = json.dumps(arguments[0], separators=(",", ":"), sort_keys=True)
        return dict(sorted(result.items())) if name == "merge" else result

    def _contains(self, subject: Any, what: Any) -> bool:
        if isinstance(subject, str):
            return what in subject
        items = {kind(v) for v in subject}
        if subject and kind(what) not in items:
            self.possible.add("ENG114")
        self.possible.add("ENG117")
        return any(same(what, v) for v in subject)


def ask(expression: str, document: Any) -> tuple[Any, Oracle]:
    """JMESPath's answer with the reasons against it.

    Raises:
        JMESPathError: it does not parse.
    """
    tree = parser.Parser().parse(expression).parsed
    oracle = Oracle()
    oracle.possible |= _textual(expression) | _typed(tree)
    return oracle.visit(tree, document), oracle


def _textual(expression: str) -> set[str]:
    """Reasons that are in the text: bare words, bare true and null, negations left of a step."""
    codes = set()
    for token in lexer.Lexer().tokenize(expression):
        if token["type"] == "unquoted_identifier" and token["value"] in ("true", "false", "null"):
            codes.add("ENG105")
        if token["type"] == "not":
            codes.add("ENG107")
    for word in re.findall(r"`((?:[^`\\]|\\.)*)`", expression):
        try:
            json.loads(word.replace("\\`", "`"))
        except ValueError:
            codes.add("ENG104")
    return codes


def _typed(node: Any) -> set[str]:
    """Reasons that literals and functions give without any document."""
    codes: set[str] = set()
    stack = [node]
    while stack:
        tree = stack.pop()
        if not isinstance(tree, dict):
            continue
        children = tree["children"]
        stack += children
        first = [_kind_of(c) for c in children if isinstance(c, dict)]
        if tree["type"] == "comparator":
            codes |= _compared(tree["value"], first, children)
        elif tree["type"] in ("and_expression", "or_expression", "not_expression", "filter_projection"):
            judged = first[2:] if tree["type"] == "filter_projection" else first
            if any(k not in (None, "boolean") for k in judged):
                codes.add("ENG113")
        elif tree["type"] == "flatten":
            codes.add("ENG106")
        elif tree["type"] == "expref":
            codes.add("ENG127")
        elif tree["type"] == "function_expression":
            codes |= ERRORS_OF_A_CALL
            if tree["value"] not in functions.Functions.FUNCTION_TABLE:
                codes.add("ENG110")
        before = first[:-1] if tree["type"] == "subexpression" else first[:1]  # the library makes one of `a.{b: c}.d`
        if tree["type"] in _ONWARD and any(k is not None for k in before):
            codes |= {"ENG123", "ENG109", "ENG114", "ENG113", "ENG115", "ENG117", "ENG116"}
    return codes


def _compared(operator: str, kinds: list[str | None], children: list[Any]) -> set[str]:
    codes = set()
    if operator not in ("eq", "ne"):
        return {"ENG115"} if any(k not in (None, "number") for k in kinds) else set()
    if any(c["type"] == "literal" and c["value"] is None for c in children):
        codes.add("ENG116")
    if None not in kinds and kinds[0] != kinds[1]:
        codes.add("ENG114")
    if kinds == ["string", "string"]:
        codes.add("ENG117")
    return codes


def _may_be_null(node: Any) -> bool:
    """Is null announced: by the literal, or by the function's own description?"""
    if node["type"] == "literal":
        return node["value"] is None
    return node.get("value") in ("avg", "max", "min", "max_by", "min_by", "to_number")


def _kind_of(node: Any) -> str | None:
    name = node["type"]
    if name == "literal":
        return kind(node["value"])
    if name == "function_expression":
        return _RETURNS.get(node["value"], "anything")
    if name in ("and_expression", "or_expression", "not_expression", "comparator"):
        return "boolean"
    if name in ("multi_select_list", "projection", "value_projection", "filter_projection", "flatten"):
        return "array"
    if name == "multi_select_dict":
        return "object"
    if name in ("subexpression", "pipe", "index_expression"):
        return _kind_of(node["children"][-1])
    return None
