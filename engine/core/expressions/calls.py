"""Calls: functions, the special forms `default` and `present`, and `define`s, which are written out in place."""

from abc import ABC, abstractmethod

from engine.core.declare import Function
from engine.core.expressions import types
from engine.core.expressions.parse import Node
from engine.core.expressions.snippet import Snippet
from engine.core.expressions.terms import SPECIAL, Language, Term, usage
from engine.core.expressions.types import Type
from engine.errors import EngineError, Errors, Place
from engine.names import closest, either

# Functions that look for one argument in another: (what, where).
_SEARCHES = {"in": (0, 1), "contains": (1, 0)}
# What to write instead of a value that is no condition.
_MENDED = {
    "array": "write ``length({text}) > `0` ``",
    "object": "name one of its fields",
    "string": "write `{text} == '…'`",
    "number": "write ``{text} > `0` ``",
}
_STEPS = frozenset({"field", "index"})


# Words of Terraform's for what is none of the actions of a plan.
_SAID_ELSEWHERE = {
    "replace": "a replacement is a delete and a create: ask for 'delete'",
    "destroy": "write 'delete'",
    "add": "write 'create'",
    "change": "write 'update'",
    "modify": "write 'update'",
}


# Functions of other languages, and what we have for them.
_OF_OTHERS = {
    "all": "write `length(list[?!(…)]) == `0`` for all of a list, or join conditions by `&&`",
    "any": "write `length(list[?…]) > `0`` for any of a list, or join conditions by `||`",
    "count": "did you mean `length`?",
    "size": "did you mean `length`?",
    "exists": "did you mean `present`?",
    "defined": "did you mean `present`?",
    "failure": "write `always()`, or leave it out: what follows a failure does not run",
    "success": "leave it out: an action runs only where nothing before it has failed",
    "matches": "did you mean `glob`?",
    "regex": "did you mean `glob`?",
}


def as_number(term: Term) -> str:
    """How to write a text of digits as the number that it was meant to be."""
    text = term.value if term.kind == "literal" and isinstance(term.value, str) else ""
    return f"write `` `{text}` ``, a number" if text.isdecimal() else ""


class Calls(ABC):
    """The half of the checker that judges values meeting functions and each other."""

    def __init__(self, language: Language, errors: Errors) -> None:
        self.language = language
        self.errors = errors
        self.snippet = Snippet("", Place(""))
        self.within: tuple[str, ...] = ()  # the defines around this text
        self.used: Place | None = None  # where the outermost of them was called
        self.asked_of = ""  # the text of the value before the `.` that a call stands behind
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

    # --- values that meet

    def condition(self, term: Term) -> Term:
        """Report a term that can never be true or false."""
        if "boolean" not in term.type.kinds:
            hint = _MENDED.get(next(iter(term.type.kinds - {"null"}), ""), "").format(text=term.text)
            self.errors.add("ENG113", term.place, hint=hint, subject=term.subject, found=term.type)
        return term

    def comparable(self, left: Term, right: Term) -> None:
        """Report two terms that can never be equal."""
        for null, other in ((left, right), (right, left)):
            if null.type.only("null"):
                if not other.type.nullable and other.type is not types.BROKEN:
                    self.errors.add("ENG116", other.place, subject=other.subject)
                return
        common = left.type.kinds & right.type.kinds - {"null"}
        if not common:
            hint = as_number(right) if "number" in left.type.kinds else ""
            if left.type.only("array") and right.type.only("number"):
                hint = f"compare how many there are: `length({left.text})`"
            if "boolean" in left.type.kinds and right.kind == "literal" and right.value in ("true", "false"):
                hint = f"leave `== '{right.value}'` out" if right.value == "true" else f"write `!({left.text})`"
            self.errors.add(
                "ENG114", right.place, hint=hint,
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
            guess = _OF_OTHERS.get(name.lower(), "") or closest(name, known)
            if self.asked_of and guess.startswith("did you mean"):  # `text.startsWith('a')`, as other languages have it
                asked = guess.removeprefix("did you mean `").removesuffix("`?")
                guess = f"write `{asked}({', '.join((self.asked_of, *map(self.text, node.children)))})`"
            self.errors.add("ENG110", place, hint=guess, name=name)
        for child in node.children:
            if child.kind != "expref":
                self.visit(child, here)
        return self.broken(node)

    def _arity(self, node: Node, least: int, most: float, written: str) -> bool:
        given = len(node.children)
        if least <= given <= most:
            return True
        wanted = f"{least}" if least == most else f"at least {least}" if most > 99 else f"{least} to {most:.0f}"
        wanted += " argument" if wanted in ("1", "at least 1") else " arguments"
        usage = f"{node.value}({self.asked_of})" if self.asked_of and not given else written
        if most == 1 < given and "array" in written and {c.kind for c in node.children} == {"literal"}:
            usage = f"{node.value}([{', '.join(map(self.text, node.children))}])"
        self.errors.add("ENG111", self.at(node), name=node.value, wanted=wanted, given=given, usage=f"`{usage}`")
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

    def _argument(self, function: Function, position: int, argument: Term, wanted: Type) -> None:
        accepts = types.acceptor(wanted) if argument.kind == "literal" else None
        if accepts(argument.value) if accepts else types.fits(argument.type, wanted):
            return
        hint = ""
        name = function.parameters[min(position, len(function.parameters) - 1)].rstrip("?.")
        found = str(argument.type)
        if wanted.texts is not None and argument.type.texts is not None:
            found = "none of these"
            said = next(iter(argument.type.texts), "")
            hint = _SAID_ELSEWHERE.get(said, "") or closest(said, wanted.texts)
        self.errors.add(
            "ENG112", argument.place, hint=hint,
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
            self.errors.add(
                "ENG114", what.place,
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
            self.errors.add(
                "ENG114", value.place,
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
        outermost, depth = not self.within, self.depth
        if outermost:
            self.used = self.at(node)
        try:
            body = self.expression(snippet, (*self.within, name))
        except EngineError as e:
            self.errors.extend(e.problems)
            return self.broken(node)
        finally:
            self.depth = depth
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
