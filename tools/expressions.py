"""docs/reference/expressions.md, from the tables that the checker itself uses."""

from collections.abc import Iterable, Sequence

from engine.core.declare import Function
from engine.core.expressions.functions import FUNCTIONS
from engine.core.expressions.standard import STANDARD
from engine.core.expressions.terms import SPECIAL, usage

_LEAD = """<!-- Written by `make docs` from the engine's own tables; edit those. -->

# Expressions

Conditions and values in rules are [JMESPath](https://jmespath.org/specification.html), read strictly: whatever plain
JMESPath would guess is an error, most of them when rules load, with the column and what to write instead.

A condition (`when`, `require`, `reject`, `if`) is an expression that yields true or false. In an action's inputs and in
messages text is literal, and `${…}` is an expression: alone it keeps the type of its value (`"${verdict.resources}"` is
a list), inside other text it must be a text, a number, true or false. `$${` stands for the characters `${`.

What an expression may name depends on where it stands: the event and the rules in `events:`, the facts in gates, the
facts and `outputs` in actions. A fact that was not fetched is an error however it is asked for.
"""
_DEFINE = """A define is a named expression without parameters, called like a function: `risky()`. It is written out and
checked at each use, may use other defines, and may not have a function's name.
"""
# (what is written, what plain JMESPath makes of it, what to write)
_STRICT = (
    ("`pr.drft`", "a misspelt field is null", "error when rules load: did you mean `draft`?"),
    ("`a.b` is missing", "null, and `a.b != 'x'` is true", "`default(a.b, 'y')`, `present(a.b)`"),
    ("`a.b` is null, and read further", "null", "`present(a.b) && …`"),
    ("`labels && pr.draft`", "an empty list is false, 0 is true", "``length(labels) > `0` ``"),
    ("`!a.b`", "`(!a).b`, which is null", "`!(a.b)`"),
    ("`a == true`", "compares with a field called `true`", "`` a == `true` ``"),
    ("`a > 0`", "does not parse", "`` a > `0` ``"),
    ("`` a == `dev` ``", "a text without quotes", "`a == 'dev'`"),
    ('`a == "dev"`', "compares with a field called `dev`", "`a == 'dev'`"),
    ("`a == '1'` where `a` is a number", "false", "error: compare like with like"),
    ("`result == 'pased'`", "false", "error: `result` is never `'pased'`"),
    ("`` a == `null` ``", "true when `a` is missing", "only where the schema says that `a` may be null"),
    ("`a < 'x'`", "an exception, or null", "only numbers have an order; `seconds_since(…)` for times"),
    ("`a[]`", "also flattens lists inside", "`a[*]`"),
    ("`a[*].b` with a null in it", "leaves it out", "`a[?present(b)].b`, or `map(&b, a)`, which keeps it"),
    ("`x || nope()`", "fails only when `x` is false", "error when rules load"),
    ("`(a || 'x')`", "a default", "`default(a, 'x')`"),
    ("`a.*`, `keys(a)`, `values(a)`", "in any order", "in the order of the names"),
)


def reference() -> str:
    """The page."""
    standard = {f.name for f in STANDARD}
    ours = [f for f in FUNCTIONS if f.name not in standard]
    return "\n".join(
        [
            _LEAD,
            "## Stricter than JMESPath\n",
            _table(("written", "plain JMESPath", "here"), _STRICT),
            "\n## Special forms\n",
            "Their path is read without failing when a part of it is missing or null; the fact itself must be there.\n",
            _table(("form", "what it yields"), ((f"`{form}`", doc) for form, doc in SPECIAL.values())),
            "\n## Functions\n",
            "Arguments are typed; `&…` is an expression about the items of the list beside it.\n",
            _table(("function", "yields", "reads", "what it answers"), map(_row, ours)),
            "\n## JMESPath's own functions\n",
            _table(("function", "yields", "what it answers"), ((c[0], c[1], c[3]) for c in map(_row, STANDARD))),
            "\n## `define`\n",
            _DEFINE,
        ]
    )


def _row(function: Function) -> tuple[str, ...]:
    facts = ", ".join(f"`{fact}`" for fact in function.facts)
    return f"`{usage(function)}`", _RETURNED.get(function.returns, f"`{function.returns}`"), facts, function.doc


_RETURNED = {
    "@1": "as its argument",
    "@1[]|null": "an item, or null",
    "@*": "as its arguments",
    "array[@1]": "list",
    "'null'|'boolean'|'number'|'string'|'array'|'object'": "`string`",
}


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    return "\n".join([line(head), "|" + "---|" * len(head), *map(line, rows)])
