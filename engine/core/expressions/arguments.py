"""Values that meet: in comparisons, as conditions, and as the arguments of functions."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from engine.core.declare import Function
from engine.core.expressions import types
from engine.core.expressions.parse import Node
from engine.core.expressions.snippet import Snippet, code
from engine.core.expressions.terms import Language, Term, usage
from engine.core.expressions.types import Type
from engine.errors import Errors, Place
from engine.names import choice, closest, either

# Functions that look for one argument in another: (what, where).
_HOLDS: Mapping[str, Callable[[Any, Any], bool]] = {"eq": eq, "ne": ne, "lt": lt, "lte": le, "gt": gt, "gte": ge}
OPERATORS = {"eq": "==", "ne": "!=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_WRITTEN = re.compile(r" (?:==|!=|&&|\|\||<|>|<=|>=) ")
_STEPS = frozenset({"field", "index"})


class Arguments(ABC):
    """The part of the checker that judges values meeting each other and functions."""

    def __init__(self, language: Language, errors: Errors) -> None:
        self.language = language
        self.errors = errors
        self.snippet = Snippet("", Place(""))
        self.within: tuple[str, ...] = ()  # the defines around this text
        self.used: Place | None = None  # where the outermost of them was called
        self.asked_of = ""  # the text of the value before the `.` that a call stands behind
        self.above: list[Node] = []  # the nodes that lead to the one which is visited, itself last
        self.depth = 0
        self.size = 0

    @abstractmethod
    def visit(self, node: Node, here: Term) -> Term:
        """The term for `node`."""

    @abstractmethod
    def expression(self, snippet: Snippet, within: tuple[str, ...]) -> Term:
        """Parse and check one text."""

    def term(self, kind: str, node: Node, type_: Type, value: object = None, children: tuple[Term, ...] = ()) -> Term:
        """A term with the span of `node`."""
        return Term(kind, type_, self.snippet, node.start, node.end, value, children)

    def broken(self, node: Node) -> Term:
        """A stand-in for what has been reported."""
        return self.term("current", node, types.BROKEN)

    def at(self, node: Node) -> Place:
        """Where `node` is."""
        return self.snippet.at(node.start, node.end)

    def blame(self) -> str:
        """What to say of a name that a define uses and that its caller cannot see."""
        return f"the define `{self.within[-1]}` reads it" if self.used else ""

    def text(self, node: Node) -> str:
        """The source of `node`."""
        return self.snippet.part(node.start, node.end)

    @abstractmethod
    def path_called(self, name: str) -> str:
        """What to write for a path that is called as a function; empty where it is none."""

    @abstractmethod
    def written_path(self, text: str) -> str:
        """`text` if it is the path of something that is there."""

    # --- values that meet

    def condition(self, term: Term, hint: str = "") -> Term:
        """Report a term that can never be true or false."""
        if "boolean" not in term.type.kinds:
            path = self.written_path(str(term.value)) if term.kind == "literal" else ""
            from engine.core.expressions import meant

            whole = isinstance(term.value, str) and term.kind == "literal" and _WRITTEN.search(term.value)
            path = str(term.value) if whole else path
            hint = hint or (f"leave the quotes out: {code(path)}" if path else meant.condition(term))
            self.errors.add("ENG113", term.place, hint=hint, subject=term.subject, found=term.type)
        return term

    def compared_too(self, text: Node) -> str:
        """How `a == 'x' || 'y'` was meant, of whose texts this is one behind the first; empty where it is none."""
        levels = [one for one in self.above[-2:] if one.kind in ("or_expression", "and_expression")]
        for node in reversed(levels):
            inside = next(n for n, one in enumerate(node.children) if one.start <= text.start < one.end)
            before = [one for one in node.children[:inside] if not is_text(one)][-1:]
            inner = before[0].children[-1] if before and before[0].kind == "and_expression" else (*before, None)[0]
            if inner is not None and inner.kind == "comparator" and is_text(inner.children[1]):
                asked, first = map(self.text, inner.children)
                direct = (inner.value, node.kind) in (("eq", "or_expression"), ("ne", "and_expression"))
                if direct and inner in before and text in node.children:
                    return f"write `{asked} {OPERATORS[inner.value]} {self.text(text)}`"
                if inner.value in ("eq", "ne"):
                    return f"write `{'!' * (inner.value == 'ne')}in({asked}, [{first}, {self.text(text)}])`"
        return ""

    def comparable(self, node: Node, left: Term, right: Term, operator: str) -> None:
        """Report two terms that can never be equal."""
        for null, other in ((left, right), (right, left)):
            if null.type.only("null"):
                if not other.type.nullable and other.type is not types.BROKEN:
                    asked = f"present({other.text})" if other.kind in _STEPS else ""
                    asked = other.text if other.type.only("boolean") else asked
                    no = asked if operator == "!=" else f"!({asked})" if asked == other.text else f"!{asked}"
                    hint = f"write {code(no)}" if asked else ""
                    if other.kind == "root" and other.text == "verdict":
                        hint = "write `needs: verdict` at the gate, which waits for one, and leave this out"
                    self.errors.add("ENG116", self.at(node), hint=hint, subject=other.subject)
                return
        common = left.type.kinds & right.type.kinds - {"null"}
        if not common:
            from engine.core.expressions import meant

            wrong, hint = meant.equal(left, right, operator)
            self.errors.add(
                "ENG114", wrong.place, hint=hint,
                left=left.subject, left_type=left.type, right=right.subject, right_type=right.type,
            )  # fmt: skip
        elif common == {"string"} and left.type.texts is not None and right.type.texts is not None:
            if left.type.texts & right.type.texts:
                return
            path, text = (left, right) if right.kind == "literal" else (right, left)
            known = path.type.texts or frozenset()
            hint = closest(str(text.value), known) if text.kind == "literal" else ""
            self.errors.add(
                "ENG117", text.place, hint=hint, left=path.subject, right=text.subject, known=either(known)
            )  # fmt: skip

    # --- arguments

    def arity(self, node: Node, least: int, most: float, written: str) -> bool:
        """Are there as many arguments as are wanted? `written`: how it is called."""
        given = len(node.children)
        if least <= given <= most:
            return True
        wanted = f"{least}" if least == most else f"at least {least}" if most > 99 else f"{least} to {most:.0f}"
        wanted += " argument" if wanted in ("1", "at least 1") else " arguments"
        arguments = list(map(self.text, node.children))
        function = self.language.functions.get(node.value)
        if function and arguments and arguments[0] in function.facts and least <= given - 1 <= most:
            arguments = arguments[1:]  # a function fetches its fact by itself
            usage = f"{node.value}({', '.join(arguments)})"
        else:
            from engine.core.expressions import meant

            yes = not function or function.returns == "boolean"
            usage = meant.called(node.value, arguments, self.asked_of, (least, most), written, yes)
            around = self.above[-2] if len(self.above) > 1 else node
            texts = [self.text(one) for one in around.children if one.kind == "literal"]
            if not given and (least, most) == (1, 1) and around.kind == "comparator" and texts and yes:
                usage = f"{node.value}({texts[0]})"  # `plan_touches() == 'aws_x'`
        self.errors.add("ENG111", self.at(node), name=node.value, wanted=wanted, given=given, usage=code(usage))
        return False

    def exchanged(self, function: Function, node: Node, given: tuple[Term, ...], wanted: list[Type]) -> bool:
        """Report two arguments that fit only the other way round."""
        if len(given) != 2 or all(map(_accepted, given, wanted)) or not all(map(_accepted, given[::-1], wanted)):
            return False
        if any(argument.type.without_null().only("object") for argument in given):
            return False
        wrong = 1 if _accepted(given[0], wanted[0]) else 0
        mended = f"{function.name}({given[1].text}, {given[0].text})"
        self.errors.add(
            "ENG112", self.at(node), hint=f"exchange them: write {code(mended)}",
            name=function.name, wanted=function.parameters[wrong], number=wrong + 1,
            subject=given[wrong].subject, found=given[wrong].type, usage=f"`{usage(function)}`",
        )  # fmt: skip
        return True

    def _counted(self, argument: Term) -> tuple[Place, str]:
        """What was asked by the `length` of something that has none, with the comparison around it."""
        from engine.core.expressions import meant

        call, around = self.above[-1], self.above[-2:-1]
        if argument.type.without_null().only("boolean"):
            if around and around[0].kind == "comparator":
                values = [0 if side is call else side.value for side in around[0].children]
                if not {type(value) for value in values} <= {int, float}:
                    return self.at(call), ""
                none = _HOLDS[around[0].value](*values)  # is it what a length of nothing would be?
                return self.at(around[0]), f"write {code(f'!({argument.text})' if none else argument.text)}"
            return self.at(call), f"write {code(argument.text)}"
        if lists := [f"{argument.text}.{name}" for name in meant.fields(argument.type, "array")]:
            return argument.place, f"count one of its lists: {choice(list(map(code, lists)))}"
        if argument.type.without_null().only("number"):
            return self.at(call), f"write {code(argument.text)}: it is a number already"
        return argument.place, ""

    def listed(self, function: Function, node: Node, wanted: list[Type]) -> bool:
        """Report texts that are joined by `||` where a list of them may stand."""
        for child, want in zip(node.children, wanted, strict=False):
            listed = child.kind == "or_expression" and all(isinstance(one.value, str) for one in child.children)
            if listed and {one.kind for one in child.children} == {"literal"} and "string" in want.kinds:
                texts = list(map(self.text, child.children))
                calls = " || ".join(f"{function.name}({text})" for text in texts)
                mended = f"{function.name}([{', '.join(texts)}])" if "array" in want.kinds else calls
                hint = f"write {code(mended)}" if len(node.children) == 1 else f"write {code(str(texts))}"
                self.errors.add("ENG113", self.at(node), hint=hint, subject=code(texts[0]), found=types.STRING)
                return True
        return False

    def filtered(self, function: Function, node: Node) -> bool:
        """Report `length(list[*].field == 'x')`, which was to count what is so."""
        from engine.core.expressions import meant

        if function.name != "length" or not (asked := meant.counted("count", node, self.text)):
            return False
        child = node.children[0]
        self.errors.add(
            "ENG112", self.at(child), hint=f"write {code(asked)}",
            name="length", wanted=function.parameters[0], number=1, subject=code(self.text(child)),
            found=types.BOOLEAN, usage=f"`{usage(function)}`",
        )  # fmt: skip
        return True

    def argument(self, function: Function, position: int, argument: Term, wanted: Type) -> None:
        """Report an argument of another type; `position` counts from 0."""
        if function.name == "length" and argument.kind in ("root", "field") and types.is_fixed(argument.type):
            place, hint = self._counted(argument)
            wanted_, way = "length that could change", "name one of its lists"
            self.errors.add(
                "ENG123", place, hint=hint, subject=argument.subject, found=argument.type, wanted=wanted_, way=way
            )
            return
        if _accepted(argument, wanted):
            return
        from engine.core.expressions import meant

        place, hint = argument.place, ""
        if function.name == "length":
            place, hint = self._counted(argument)
        elif isinstance(argument.value, list) and wanted.only("string") and len(function.parameters) == 1:
            listed = function.returns.startswith("array")
            calls = [f"{function.name}({text!r})" for text in argument.value]
            calls = [f"length({call}) > `0`" if listed else call for call in calls]
            place, hint = self.at(self.above[-1]), f"ask for each: {code(' || '.join(calls))}"
        elif "array" in wanted.kinds and argument.type.without_null().only("object"):
            within = meant.list_within(argument)
            hint = f"write {code(within)}" if within else ""
        elif argument.kind == "literal":
            mended = meant.literal_as(argument.value, sorted(wanted.kinds, reverse=True))
            hint = f"write {code(mended)}" if mended else ""
        name = function.parameters[min(position, len(function.parameters) - 1)].rstrip("?.")
        found = str(argument.type)
        if wanted.texts is not None and argument.type.texts is not None:
            found = "none of these"
            said = next(iter(argument.type.texts), "")
            hint = meant.OF_ENUMS.get(said, "") or closest(said, wanted.texts)
        self.errors.add(
            "ENG112", place, hint=hint,
            name=function.name, wanted=name, number=position + 1, subject=argument.subject, found=found,
            usage=f"`{usage(function)}`",
        )  # fmt: skip

    def search(self, what: Term, where: Term) -> None:
        """Report a value that a list can never hold, or a text in which no list can be."""
        if where.type.only("string") and what.type.only("array") and self.above[-1].value == "contains":
            self.errors.add(
                "ENG114", what.place, hint=f"write {code(f'in({where.text}, {what.text})')}",
                left=what.subject, left_type=what.type, right=f"a part of {where.subject}", right_type=types.STRING,
            )  # fmt: skip
        if not where.type.only("array"):
            return
        items = types.item(where.type)
        common = what.type.kinds & items.kinds
        if not items.kinds:
            return
        if not common:
            from engine.core.expressions import meant

            hint = meant.items_holding(what, where) or meant.literal_as(what.value, items.kinds)
            hint = f"write {code(hint)}" if hint.startswith(("`", "'")) else "" if hint.startswith("[") else hint
            if where.text.endswith("changes[*].actions") and what.kind == "literal":
                hint = f"write {code(f'length(plan_actions({what.text})) > `0`')}"
            self.errors.add(
                "ENG114", what.place, hint=hint,
                left=what.subject, left_type=what.type, right=f"every item of {where.subject}", right_type=items,
            )  # fmt: skip
        elif common == {"string"} and items.texts is not None and what.type.texts is not None:
            strange = items.texts - what.type.texts if where.kind == "literal" else what.type.texts - items.texts
            allowed = what.type.texts if where.kind == "literal" else items.texts
            for text in sorted(strange):
                place, path = (where.place, what) if where.kind == "literal" else (what.place, where)
                hint, known = closest(text, allowed), either(allowed)
                self.errors.add("ENG117", place, hint=hint, left=path.subject, right=f"'{text}'", known=known)


def _accepted(argument: Term, wanted: Type) -> bool:
    accepts = types.acceptor(wanted) if argument.kind == "literal" else None
    return accepts(argument.value) if accepts else types.fits(argument.type, wanted)


def is_text(node: Node) -> bool:
    """Is it a text as it is written in an expression?"""
    return node.kind == "literal" and isinstance(node.value, str)
