"""Calls: functions, the special forms `default` and `present`, and `define`s, which are written out in place."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from engine.core.declare import Function
from engine.core.expressions import types
from engine.core.expressions.parse import Node
from engine.core.expressions.snippet import Snippet, code
from engine.core.expressions.terms import SPECIAL, Language, Term, usage
from engine.core.expressions.types import Type
from engine.errors import EngineError, Errors, Place
from engine.names import closest, either

# Functions that look for one argument in another: (what, where).
_SEARCHES = {"in": (0, 1), "contains": (1, 0)}
_HOLDS: Mapping[str, Callable[[Any, Any], bool]] = {"eq": eq, "ne": ne, "lt": lt, "lte": le, "gt": gt, "gte": ge}
_STEPS = frozenset({"field", "index"})


class Calls(ABC):
    """The half of the checker that judges values meeting functions and each other."""

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
    def written_path(self, text: str) -> str:
        """`text` if it is the path of something that is there."""

    # --- values that meet

    def condition(self, term: Term, hint: str = "") -> Term:
        """Report a term that can never be true or false."""
        if "boolean" not in term.type.kinds:
            path = self.written_path(str(term.value)) if term.kind == "literal" else ""
            from engine.core.expressions import meant

            hint = hint or (f"leave the quotes out: `{path}`" if path else meant.condition(term))
            self.errors.add("ENG113", term.place, hint=hint, subject=term.subject, found=term.type)
        return term

    def comparable(self, node: Node, left: Term, right: Term, operator: str) -> None:
        """Report two terms that can never be equal."""
        for null, other in ((left, right), (right, left)):
            if null.type.only("null"):
                if not other.type.nullable and other.type is not types.BROKEN:
                    asked = f"present({other.text})" if operator == "!=" else f"!present({other.text})"
                    hint = f"write {code(asked)}" if other.kind in _STEPS else ""
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

    # --- calls

    def call(self, node: Node, here: Term) -> Term:
        """A function, a special form or a define."""
        name = node.value
        if name in SPECIAL:
            return self._special(node, here)
        function = self.language.functions.get(name)
        if function is not None:
            return self._function(function, node, here)
        if name in self.language.defines:
            return self._define(node)
        known = [*SPECIAL, *self.language.functions, *self.language.defines]
        if name not in self.language.lost:
            place = self.snippet.at(node.start, node.start + len(name))
            self.errors.add("ENG110", place, hint=self._function_meant(node, known), name=name)
        for child in node.children:
            # What `any(list == 'x')` asks is wrong for the same reason.
            from engine.core.expressions import meant

            if child.kind != "expref" and not (name.lower() in meant.OF_LISTS and child.kind == "comparator"):
                self.visit(child, here)
        return self.broken(node)

    def _function_meant(self, node: Node, known: list[str]) -> str:
        """What a function of another language is called here; behind a dot, as in `text.startsWith('a')`, all of it."""
        name, arguments = node.value.lower(), list(map(self.text, node.children))
        of_all = name.replace("_", "")
        if of_all in ("not", "isnull", "isnone") and len(arguments) == 1:
            return f"write {code(f'!({arguments[0]})' if of_all == 'not' else f'!present({arguments[0]})')}"
        from engine.core.expressions import meant

        if name in meant.OF_LISTS and (asked := meant.counted(name, node, self.text)):
            return f"write {code(asked)}"
        guess = meant.OF_OTHERS.get(name, "") or meant.OF_OTHERS.get(of_all, "") or closest(node.value, known)
        asked = guess.removeprefix("did you mean `").removesuffix("`?")
        if self.asked_of and asked in known:
            inside = ", ".join((self.asked_of, *arguments))
            return f"write {code(f'{asked}({inside})')}"
        if guess.startswith("write `glob(text, pattern)`") and (self.asked_of or len(arguments) == 2):
            text = self.asked_of or arguments[0]
            return f"write `glob({text}, '…')` with a glob such as `acme/*`: there are no regular expressions"
        return guess

    def _arity(self, node: Node, least: int, most: float, written: str) -> bool:
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

            usage = meant.called(node.value, arguments, self.asked_of, (least, most), written)
        self.errors.add("ENG111", self.at(node), name=node.value, wanted=wanted, given=given, usage=code(usage))
        return False

    def _function(self, function: Function, node: Node, here: Term) -> Term:
        parameters = function.parameters
        variadic = bool(parameters) and parameters[-1].endswith("...")
        least = sum(not p.endswith("?") for p in parameters)
        if not self._arity(node, least, float("inf") if variadic else len(parameters), usage(function)):
            return self.broken(node)
        for fact in function.facts:
            if fact not in self.language.roots:
                known = either(self.language.roots)
                self.errors.add(
                    "ENG126", self.used or self.at(node), hint=self.blame(), name=function.name, fact=fact, known=known
                )
        wanted = [types.declared(p.rstrip("?.")) for p in parameters]
        wanted += wanted[-1:] * (len(node.children) - len(wanted))
        arguments: list[Term | None] = [
            None if child.kind == "expref" and "expref" in want.kinds else self.visit(child, here)
            for child, want in zip(node.children, wanted, strict=False)
        ]
        # `&…` is about the items of the list that stands beside it.
        listed = next((a for a in arguments if a is not None), None)
        item = types.item(listed.type) if listed is not None and "array" in listed.type.kinds else types.ANY
        checked = tuple(
            a if a is not None else self._reference(child, item)
            for a, child in zip(arguments, node.children, strict=True)
        )
        if not self._exchanged(function, node, checked, wanted):
            for i, (argument, want) in enumerate(zip(checked, wanted, strict=False)):
                self._argument(function, i, argument, want)
        if function.name in _SEARCHES:
            self._search(*(checked[i] for i in _SEARCHES[function.name]))
        return self.term("call", node, _returned(function, checked), function, checked)

    def _reference(self, node: Node, item: Type) -> Term:
        inner = node.children[0]
        body = self.visit(inner, Term("current", item, self.snippet, inner.start, inner.end))
        return self.term("expref", node, Type(frozenset({"expref"}), items=body.type), None, (body,))

    def stray_reference(self, node: Node, _here: Term) -> Term:
        """`&…` where no function wants one."""
        takers = (n for n, f in self.language.functions.items() if any("expref" in p for p in f.parameters))
        self.errors.add("ENG127", self.at(node), text=self.text(node.children[0]), known=either(takers))
        return self.broken(node)

    def _exchanged(self, function: Function, node: Node, given: tuple[Term, ...], wanted: list[Type]) -> bool:
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
        call, around = self.above[-1], self.above[-2:-1]
        if argument.type.without_null().only("boolean"):
            if around and around[0].kind == "comparator":
                values = [0 if side is call else side.value for side in around[0].children]
                if not {type(value) for value in values} <= {int, float}:
                    return self.at(call), ""
                none = _HOLDS[around[0].value](*values)  # is it what a length of nothing would be?
                return self.at(around[0]), f"write {code(f'!({argument.text})' if none else argument.text)}"
            return self.at(call), f"write {code(argument.text)}"
        if argument.type.without_null().only("number"):
            return self.at(call), f"write {code(argument.text)}: it is a number already"
        return argument.place, ""

    def _argument(self, function: Function, position: int, argument: Term, wanted: Type) -> None:
        if _accepted(argument, wanted):
            return
        from engine.core.expressions import meant

        place, hint = argument.place, ""
        if function.name == "length":
            place, hint = self._counted(argument)
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

    def _search(self, what: Term, where: Term) -> None:
        if not where.type.only("array"):
            return
        items = types.item(where.type)
        common = what.type.kinds & items.kinds
        if not items.kinds:
            return
        if not common:
            from engine.core.expressions import meant

            hint = meant.items_holding(what, where) or meant.literal_as(what.value, items.kinds)
            hint = f"write {code(hint)}" if hint.startswith(("`", "'")) else hint
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

    # --- special forms and defines

    def _special(self, node: Node, here: Term) -> Term:
        name = node.value
        wanted = 2 if name == "default" else 1
        if not self._arity(node, wanted, wanted, SPECIAL[name][0]):
            return self.broken(node)
        path = self.visit(node.children[0], here)
        base = path
        while base.kind in _STEPS:
            base = base.children[0]
        if (base.kind not in ("root", "current") or path.kind not in _STEPS) and path.type is not types.BROKEN:
            self.errors.add("ENG119", path.place, name=name, subject=path.subject)
        if name == "present":
            return self.term("present", node, types.BOOLEAN, None, (path,))
        value = self.visit(node.children[1], here)
        sure = path.type.without_null()
        if value.type.kinds and value.type.known and not (sure.kinds & value.type.kinds or value.type.only("null")):
            from engine.core.expressions import meant

            mended = meant.literal_as(value.value, sorted(sure.kinds)) if value.kind == "literal" else ""
            self.errors.add(
                "ENG114", value.place, hint=f"write {code(mended)}" if mended else "",
                left=path.subject, left_type=path.type, right=value.subject, right_type=value.type,
            )  # fmt: skip
        return self.term("default", node, types.union((sure, value.type)), None, (path, value))

    def _define(self, node: Node) -> Term:
        name = node.value
        self._arity(node, 0, 0, f"{name}()")
        if name in self.within:
            round_ = self.within[self.within.index(name) :]
            if name == min(round_) or name not in self.language.define_places:  # told once, of the first of them
                self.errors.add("ENG120", self.at(node), chain=" → ".join([*round_, name]))
            return self.broken(node)
        text = self.language.defines[name]
        snippet = Snippet(text, self.language.define_places.get(name, Place(f"define {name}", 1, 1, 1, text)))
        outermost, depth, above = not self.within, self.depth, len(self.above)
        if outermost:
            self.used = self.at(node)
        try:
            body = self.expression(snippet, (*self.within, name))
        except EngineError as e:
            self.errors.extend(e.problems)
            return self.broken(node)
        finally:
            self.depth = depth
            del self.above[above:]
            if outermost:
                self.used = None
        return self.term("define", node, body.type, name, (body,))


def _returned(function: Function, arguments: tuple[Term, ...]) -> Type:
    text = function.returns
    if "@" not in text:
        return types.declared(text)
    given = [a.type for a in arguments]
    if text == "@*":
        return types.union(given)
    if text == "array[@1]":
        return Type(frozenset({"array"}), items=types.item(given[0]))
    if text == "@1":
        return given[0].without_null()
    assert text == "@1[]|null", text
    return types.union((types.item(given[0]), types.NULL))


def _accepted(argument: Term, wanted: Type) -> bool:
    accepts = types.acceptor(wanted) if argument.kind == "literal" else None
    return accepts(argument.value) if accepts else types.fits(argument.type, wanted)
