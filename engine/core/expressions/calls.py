"""Calls: functions, the special forms `default` and `present`, and `define`s, which are written out in place."""

from engine.core.declare import Function
from engine.core.expressions import types
from engine.core.expressions.arguments import Arguments
from engine.core.expressions.parse import Node
from engine.core.expressions.snippet import Snippet, code
from engine.core.expressions.terms import SPECIAL, Term, usage
from engine.core.expressions.types import Type
from engine.errors import EngineError, Place
from engine.names import closest, either

# Functions that look for one argument in another: (what, where).
_SEARCHES = {"in": (0, 1), "contains": (1, 0)}
_CONDITIONS = frozenset({"comparator", "and_expression", "or_expression", "not_expression"})
_STEPS = frozenset({"field", "index"})


class Calls(Arguments):
    """The part of the checker that knows what can be called."""

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

            if child.kind != "expref" and not (name.lower() in meant.OF_LISTS and child.kind in _CONDITIONS):
                self.visit(child, here)
        return self.broken(node)

    def _function_meant(self, node: Node, known: list[str]) -> str:
        """What a function of another language is called here; behind a dot, as in `text.startsWith('a')`, all of it."""
        name, arguments = node.value.lower(), list(map(self.text, node.children))
        of_all = name.replace("_", "")
        if of_all in ("not", "isnull", "isnone") and len(arguments) == 1:
            return f"write {code(f'!({arguments[0]})' if of_all == 'not' else f'!present({arguments[0]})')}"
        from engine.core.expressions import infix, meant, others

        texts = [child.value for child in node.children if child.kind == "literal" and isinstance(child.value, str)]
        if self.asked_of and len(arguments) == 1 and name in infix.CALLS and name not in known:
            return f"write {code(infix.CALLS[name](self.asked_of, arguments[0]))}"
        if of_all in meant.OF_GROUPS and len(texts) == 1:
            who = next((one for one in arguments if not one.startswith("'")), "pr.author.login")
            return f"write `contains(groups.{texts[0]}.members[*].login, {who})`"
        if self.asked_of and name in ("any", "some") and not arguments:
            return f"write {code(f'length({self.asked_of}) > `0`')}"
        if self.asked_of and name in ("filter", "find", "select", "where") and len(arguments) == 1:
            return f"write {code(f'{self.asked_of}[?{arguments[0]}]')}"
        if name in meant.OF_LISTS and (asked := meant.counted(name, node, self.text)):
            return f"write {code(asked)}"
        guess = others.OF_OTHERS.get(name, "") or others.OF_OTHERS.get(of_all, "")
        guess = guess or ("" if "until" in name else closest(node.value, known))
        asked_for = self.asked_of or (arguments[0] if len(arguments) == 1 else "")
        guess = guess.replace("(…)", f"({asked_for})") if asked_for else guess
        if not arguments and not self.asked_of and (path := self.path_called(node.value)):
            return path
        guess = guess or others.by_words(name, arguments, known)
        asked = guess.removeprefix("did you mean `").removesuffix("`?")
        if self.asked_of and asked in known:
            inside = ", ".join((self.asked_of, *arguments))
            return f"write {code(f'{asked}({inside})')}"
        if guess.startswith("write `glob(text, pattern)`") and (self.asked_of or len(arguments) == 2):
            text = self.asked_of or arguments[0]
            if asked := infix.matching(text, arguments[-1]):
                return f"write `{asked}`"
            return f"write `glob({text}, '…')` with a glob such as `acme/*`: there are no regular expressions"
        return guess

    def _function(self, function: Function, node: Node, here: Term) -> Term:
        parameters = function.parameters
        variadic = bool(parameters) and parameters[-1].endswith("...")
        least = sum(not p.endswith("?") for p in parameters)
        if not self.arity(node, least, float("inf") if variadic else len(parameters), usage(function)):
            return self.broken(node)
        for fact in function.facts:
            if fact not in self.language.roots:
                known = either(self.language.roots)
                self.errors.add(
                    "ENG126", self.used or self.at(node), hint=self.blame(), name=function.name, fact=fact, known=known
                )
        wanted = [types.declared(p.rstrip("?.")) for p in parameters]
        wanted += wanted[-1:] * (len(node.children) - len(wanted))
        if self.listed(function, node, wanted) or self.filtered(function, node):
            return self.broken(node)
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
        if not self.exchanged(function, node, checked, wanted):
            for i, (argument, want) in enumerate(zip(checked, wanted, strict=False)):
                self.argument(function, i, argument, want)
        if function.name in _SEARCHES:
            self.search(*(checked[i] for i in _SEARCHES[function.name]))
        return self.term("call", node, _returned(function, checked), function, checked)

    def _reference(self, node: Node, item: Type) -> Term:
        inner = node.children[0]
        body = self.visit(inner, Term("current", item, self.snippet, inner.start, inner.end))
        return self.term("expref", node, Type(frozenset({"expref"}), items=body.type), None, (body,))

    def stray_reference(self, node: Node, _here: Term) -> Term:
        """`&…` where no function wants one."""
        takers = (n for n, f in self.language.functions.items() if any("expref" in p for p in f.parameters))
        before = self.snippet.text[: node.start].rstrip()
        hint = "remove this `&`: `&&` stands before it" if before.endswith("&&") else ""
        self.errors.add("ENG127", self.at(node), hint=hint, text=self.text(node.children[0]), known=either(takers))
        return self.broken(node)

    # --- special forms and defines

    def _special(self, node: Node, here: Term) -> Term:
        name = node.value
        wanted = 2 if name == "default" else 1
        if not self.arity(node, wanted, wanted, SPECIAL[name][0]):
            return self.broken(node)
        path = self.visit(node.children[0], here)
        base = path
        while base.kind in _STEPS:
            base = base.children[0]
        if (base.kind not in ("root", "current") or path.kind not in _STEPS) and path.type is not types.BROKEN:
            hint, written = "", self.written_path(str(path.value)) if path.kind == "literal" else ""
            if written:
                hint = f"leave the quotes out: `{written}`"
            elif path.kind == "literal" and wanted == 2 and node.children[1].kind in ("field", "subexpression"):
                hint = f"exchange them: `{name}({self.text(node.children[1])}, {path.text})`"
            if path.kind == "root" and path.text == "verdict":
                hint = "write `needs: verdict` at the gate, which waits for one, and leave this out"
            self.errors.add("ENG119", path.place, hint=hint, name=name, subject=path.subject)
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
        self.arity(node, 0, 0, f"{name}()")
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
        told = self.errors.added
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
        known = body.type if self.errors.added == told else types.BROKEN
        return self.term("define", node, known, name, (body,))


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
