"""Names: facts, fields of a value, and what was meant by those that are neither."""

from collections.abc import Sequence
from itertools import takewhile

from engine.core.expressions import types
from engine.core.expressions.calls import Calls
from engine.core.expressions.parse import Node
from engine.core.expressions.snippet import code
from engine.core.expressions.terms import Term
from engine.core.expressions.types import Type
from engine.names import closest, either, nearly

_WORDS = frozenset({"true", "false", "null"})
_SAID_ELSEWHERE = {"True": "true", "False": "false", "None": "null", "nil": "null", "undefined": "null", "NULL": "null"}
_OF_ACTIONS = frozenset({"env", "inputs", "job", "matrix", "needs", "runner", "secrets", "strategy", "vars"})
_NOT_HERE = {  # of the names that other positions know
    "event": "gates never read the event: ask a fact, such as `pr.draft`",
    "outputs": "outputs are there in actions only",
}
_SECTIONS = {  # of the rules, which conditions do not read
    "gates": "a gate asks facts, never other gates: name both under `gates` of the pipeline",
    "gate": "a gate asks facts, never other gates: name both under `gates` of the pipeline",
    "approvals": "who has approved is asked by `approvals:` of a gate",
    "overrides": "a gate names its override by `override:`",
    "environments": "write `rules.environments`, or `environment()` for the verdict's",
    "never": "leave the gate out: it would never be asked",
}
_AS_TEXT = "write '{}' if it is a text: double quotes are for names"


class Naming(Calls):
    """The part of the checker that knows what there is."""

    def root(self, node: Node) -> Term:
        """The fact of this name."""
        name = node.value
        schema = self.language.roots.get(name)
        if schema is not None:
            own, defs = schema.get("$defs"), self.language.definitions
            return self.term("root", node, types.of(schema, {**defs, **own} if own else defs), name)
        if name in _WORDS and not self._quoted(node):
            self.errors.add("ENG105", self.at(node), word=name)
            return self.broken(node)
        known = self.language.roots
        hint = self._root_meant(node)
        if self.used and self._told_in_define(name):
            return self.broken(node)
        if self.used and name in _NOT_HERE:  # it is wrong for every gate, and told once
            self.errors.add("ENG108", self.at(node), hint=_NOT_HERE[name], name=name, known=either(known))
            return self.broken(node)
        place = self.used or self.at(node)
        self.errors.add("ENG108", place, hint=self.blame() or hint, name=name, known=either(known))
        return self.broken(node)

    def _root_meant(self, node: Node) -> str:
        """What is called otherwise here, or is no name but a text."""
        name, known = node.value, self.language.roots
        if name in self.language.functions or name in self.language.defines:
            takes = name in self.language.functions and self.language.functions[name].parameters
            if name == "always" and "outputs" not in known:
                return "leave it out: without a condition it is always so"
            around = self.above[-2] if len(self.above) > 1 else node
            texts = [self.text(one) for one in around.children if one.kind == "literal"]
            if takes and around.kind == "comparator" and around.value == "eq" and texts:  # `plan_touches == 'aws_x'`
                return f"write {code(f'{name}({texts[0]})')}"
            return f"write `{name}({'…' if takes else ''})` to ask the function"
        if name in _SAID_ELSEWHERE or (name in _WORDS and self._quoted(node)):
            return f"write `` `{_SAID_ELSEWHERE.get(name, name)}` ``"
        if self._quoted(node) and name.isdecimal():
            return f"write `` `{name}` ``, a number"
        if self._quoted(node) and (path := self.written_path(name)):
            return f"leave the quotes out: `{path}`"
        if name in known.get("outputs", {}).get("properties", {}):
            return f"write `outputs.{name}`"
        if name == "steps" and "outputs" in known:
            return "write `outputs.ID.NAME` for what an action before has left"
        names = self._names(node)
        path = "" if self._quoted(node) else self._path_meant(names, 0)
        if self._quoted(node) and len(names) == 1:
            return closest(name, known) if nearly(name, known) else _AS_TEXT.format(name)
        if self._is_compared(node) and len(names) == 1:
            other = path or (closest(name, known) if nearly(name, known) else "")
            return f"write `'{name}'` if it is a text: texts stand in single quotes{f'; or {other}' if other else ''}"
        if not path and name in _OF_ACTIONS:
            return "rules know no variables of a workflow: ask a fact, such as `pr.base.ref` or `environment()`"
        asked = self.above[-2].children[1] if len(self.above) > 1 and self.above[-2].kind == "subexpression" else node
        if name == "define" and asked.value in self.language.defines:
            return f"write `{asked.value}()`"
        if not path and name in _SECTIONS:
            return _SECTIONS[name]
        if not path and name == "github":
            return "facts have names of their own, such as `pr.draft`; which event it is, is chosen in `events:`"
        if not path and name in self.language.anywhere:
            return _NOT_HERE.get(name, f"`{name}` is a fact, which gates ask: write this as `when` of a gate")
        given = self.above[-2].kind == "function_expression" if len(self.above) > 1 else False
        return path or closest(name, known) or (f"write `'{name}'` if it is a text" if given else "")

    def word(self, node: Node, _here: Term) -> Term:
        """What is no JSON in backticks."""
        path = self.written_path(node.value)
        yes = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}
        said = yes.get(node.value.lower(), "")
        hint = f"leave the backticks out: `{path}`" if path else f"write `` `{said}` ``" if said else ""
        if not hint and self._is_counted(node):
            from engine.core.expressions import meant

            hint = meant.number(node.value)
        self.errors.add("ENG104", self.at(node), hint=hint, word=node.value)
        return (
            self.broken(node) if hint or len(self.above) == 1 else self.term("literal", node, types.STRING, node.value)
        )

    def _is_counted(self, node: Node) -> bool:
        """Is it compared with a number?"""
        around = self.above[-2] if len(self.above) > 1 else node
        if around.kind != "comparator":
            return False
        (other,) = (child for child in around.children if child is not node)
        function = self.language.functions.get(str(other.value)) if other.kind == "function_expression" else None
        return around.value not in ("eq", "ne") or (function is not None and function.returns == "number")

    def path_called(self, name: str) -> str:
        """What to write for a path that is called as a function; empty where it is none."""
        return f"leave `()` out: {name} is a fact" if name in self.language.roots else self._path_meant([name], 0)

    def written_path(self, text: str) -> str:
        """`text` if it is the path of something that is there: it was to be no text."""
        names = text.split(".")
        return text if len(names) > 1 and self._path_meant(names, 0) == f"write `{text}`" else ""

    def _names(self, node: Node) -> list[str]:
        """The path that begins with this field, as far as it is one of fields only."""
        chain = self.above[-2].children if len(self.above) > 1 and self.above[-2].kind == "subexpression" else ()
        if not chain or chain[0] is not node:
            return [node.value]
        return [field.value for field in takewhile(lambda one: one.kind == "field", chain)]

    def _path_meant(self, names: Sequence[str], wrong: int) -> str:
        defs = self.language.definitions
        roots = {
            name: types.of(schema, {**defs, **schema.get("$defs", {})}) for name, schema in self.language.roots.items()
        }
        from engine.core.expressions import misnamed

        return misnamed.meant(names, wrong, roots)

    def _told_in_define(self, name: str) -> bool:
        """Is it called so nowhere? Then it is told where the define stands, and not again at each use of it."""
        return bool(self.language.anywhere) and name not in self.language.anywhere

    def _is_compared(self, node: Node) -> bool:
        """Does it alone stand on one side of `==`, where a text without its quotes would?"""
        before, after = self.snippet.text[: node.start].rstrip(), self.snippet.text[node.end :].lstrip()
        equal = ("==", "!=")
        listed = len(self.above) > 1 and self.above[-2].kind == "multi_select_list"
        return listed or after.startswith(equal) or (before.endswith(equal) and not after.startswith((".", "[", "(")))

    def _quoted(self, node: Node) -> bool:
        return self.snippet.text[node.start] == '"'

    def is_nothing(self, node: Node, here: Term) -> bool:
        """Is it a bare `null`, `true` or `false`, or what other languages call them?"""
        if node.kind != "field" or self._quoted(node) or said_here(node) not in _WORDS:
            return False
        return node.value not in (self.language.roots if here.kind == "scope" else types.names(here.type))

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
                hint = "" if nearly(name, known) else self._step_meant(node, base)
                hint = hint or closest(name, known) or (_AS_TEXT.format(name) if self._quoted(node) else "")
                subject, all_known = base.subject, either(known)
                self.errors.add("ENG109", self.at(node), hint=hint, subject=subject, name=name, known=all_known)
        else:
            found = None
        return self._from(base, "field", node, found or types.BROKEN, name)

    def _step_meant(self, node: Node, base: Term) -> str:
        """The path that was meant by one whose field is not there."""
        before: list[str] = []
        while base.kind == "field":
            before.insert(0, base.value)
            base = base.children[0]
        chain = self.above[-2].children if len(self.above) > 1 else ()
        after = [field.value for field in takewhile(lambda one: one.kind == "field", _since(chain, node))]
        after = after or [node.value]
        if base.kind == "root":
            return self._path_meant([base.value, *before, *after], len(before) + 1)
        if base.kind != "current" or not types.names(base.type):
            return ""
        from engine.core.expressions import misnamed

        if not before and len(after) == 1 and self._is_compared(node):
            listed = {text for name in types.names(base.type) for text in self._texts(base.type, name)}
            if node.value in listed:
                return f"write `'{node.value}'`: texts stand in single quotes"
        if len(after) > 1 and after[0] in self.language.roots:
            around = [one for one in self.above if one.kind == "filter_projection"][-1:]
            over = self.text(around[0].children[0]) if around else ""
            if over.split(".")[0] != after[0]:
                return self._outside(over, ".".join(after))
            after, before = after[1:], before[:0]  # `reviews[?reviews.state == 'x']`
        return misnamed.meant_of([*before, *after], base.type)

    def _outside(self, listed: str, fact: str) -> str:
        """What to write where the condition of a filter asks a fact."""
        for node in reversed(self.above):
            sides = list(map(self.text, node.children)) if node.kind == "comparator" and node.value == "eq" else []
            if fact in sides and listed:
                field = sides[1 - sides.index(fact)]
                return f"a filter sees its items alone: write `contains({listed}[*].{field}, {fact})`"
        return "a filter sees its items alone"

    @staticmethod
    def _texts(type_: Type, name: str) -> frozenset[str]:
        return getattr(types.field(type_, name), "texts", None) or frozenset()

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
        from engine.core.expressions import meant

        hint = meant.step(base, self.text(node)) if kind == "object" else ""
        self.errors.add(
            "ENG123", self.at(node), hint=hint,
            subject=base.subject, found=base.type, wanted=wanted, way=way.get(found, "compare it as a whole"),
        )  # fmt: skip
        return False


def said_here(node: Node) -> str:
    """The word of JSON's that this one is, whatever another language calls it."""
    return str(_SAID_ELSEWHERE.get(node.value, node.value))


def _since(chain: tuple[Node, ...], node: Node) -> tuple[Node, ...]:
    """The steps of a path from `node` on."""
    return next((chain[at:] for at, one in enumerate(chain) if one is node), ())
