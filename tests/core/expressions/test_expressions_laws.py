"""Laws of expressions: JMESPath's answer or a reason against it; never a crash; what is needed is known."""

import re
from collections.abc import Callable
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.core.declare import Function
from engine.core.expressions.compile import Language
from engine.core.expressions.functions import FUNCTIONS
from engine.core.expressions.globs import glob
from engine.core.expressions.model import Expression
from engine.core.expressions.types import acceptor, declared
from engine.errors import EngineError, Problem
from tests.support.expressions import condition, language, text, value
from tests.support.jmespath_oracle import ask, same

untimed = settings(deadline=None)  # others use the machine too

DOCUMENT = language({"d": {}})
EVERYTHING = language()

# Documents whose shape the generated paths mostly fit, so that many answers are values and some are mistakes.
_scalars = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from(["", "a", "b", "ab", "1"]))
_items = st.fixed_dictionaries({"n": st.integers(-2, 2), "t": st.sampled_from("ab")}, optional={"x": _scalars})
documents = st.fixed_dictionaries(
    {
        "n": st.integers(-3, 3),
        "t": st.sampled_from(["a", "b", "ab"]),
        "f": st.booleans(),
        "ns": st.lists(st.integers(-3, 3), max_size=3),
        "ts": st.lists(st.sampled_from("abc"), max_size=3),
        "l": st.lists(_items, max_size=3),
        "o": st.fixed_dictionaries({"n": st.integers(-3, 3), "t": st.sampled_from("ab"), "f": st.booleans()}),
    },
    optional={
        "x": st.one_of(_scalars, st.lists(_scalars, max_size=2), st.dictionaries(st.sampled_from("ab"), _scalars))
    },
)

_NUMBERS = [
    "n",
    "o.n",
    "`1`",
    "`0`",
    "ns[0]",
    "l[-1].n",
    "length(ts)",
    "sum(ns)",
    "max(ns)",
    "length(t)",
    "abs(n)",
    "x",
]
_TEXTS = ["t", "o.t", "'a'", "'ab'", '"t"', "ts[0]", "l[0].t", "join('', ts)", "to_string(n)", "type(x)", "x", '`"b"`']
_LISTS = ["ns", "ts", "l", "l[*].t", "ns[1:]", "ns[::-1]", "[n, t]", "o.*", "keys(o)", "sort(ts)", "reverse(ns)",
          "sort_by(l, &n)", "map(&t, l)", "l[*].{a: n, b: t}", "l[?n > `0`].t", "l[*].[n, t]", "l[?x == `1`]", "x[*]",
          "to_array(n)", "values(o)", "l[*].x", "ts[]", "l[?t == 'a'] | [*].n", "`[1, 2]`"]  # fmt: skip
_OTHERS = ["o", "x", "max_by(l, &n)", "merge(o, {z: n})", "{a: n}", "@", "nope", "not_null(x, n)", "to_number(t)",
           "avg(ns)", "`null`", "`{\"a\": 1}`", "&n", "o.nope", "`a`", "true"]  # fmt: skip
_CONDITIONS = [
    "f",
    "o.f",
    "`true`",
    "starts_with(t, 'a')",
    "contains(ts, 'a')",
    "contains(ns, `1`)",
    "contains(t, 'b')",
    "x",
]
_ORDER = st.sampled_from(["<", "<=", ">", ">="])
_EQUAL = st.sampled_from(["==", "!="])


def _joined(left: st.SearchStrategy[str], operator: st.SearchStrategy[str], right: st.SearchStrategy[str]) -> Any:
    return st.tuples(left, operator, right).map(" ".join)


_comparisons = st.one_of(
    _joined(st.sampled_from(_NUMBERS), st.one_of(_ORDER, _EQUAL), st.sampled_from(_NUMBERS)),
    _joined(st.sampled_from(_TEXTS), _EQUAL, st.sampled_from(_TEXTS)),
    _joined(st.sampled_from(_LISTS), _EQUAL, st.sampled_from(_LISTS)),
    _joined(st.sampled_from(_OTHERS + _TEXTS), st.one_of(_ORDER, _EQUAL), st.sampled_from(_OTHERS + _NUMBERS)),
)
conditions = st.recursive(
    st.one_of(st.sampled_from(_CONDITIONS), _comparisons, _comparisons),
    lambda inner: st.one_of(
        _joined(inner, st.sampled_from(["&&", "||"]), inner),
        inner.map("!({})".format),
        inner.map("({})".format),
        inner.map("!{}".format),
        _joined(st.sampled_from(["l", "ns"]), st.just("[?"), inner).map(lambda t: f"length({t}]) > `0`"),
    ),
    max_leaves=6,
)
_STEPS = [".n", ".t", ".x", ".a", "[0]", "[-1]", "[*]", "[?n > `0`]", "[?@]", ".*", "[1:]", ".[n, t]", ".{a: n}",
          ".[n, `1`]",
          " | n", " | [0]", " | @", " | length(@)", ".length(@)", " | [n]", " | ['a']", " | [?t == 'a']", "[]",
          " == `1`", " && f", " || `true`", " | *", " | {a: @}"]  # fmt: skip
_chains = st.tuples(
    st.sampled_from(
        ["l", "o", "x", "n", "ns", "ts", "*", "@", "[n, t]", "{a: o}", "(l)", "sort_by(l, &n)", "`[1, 2]`", "!f"]
    ),
    st.lists(st.sampled_from(_STEPS), min_size=1, max_size=5).map("".join),
).map("".join)
expressions = st.one_of(
    conditions,
    _chains,
    st.sampled_from(_NUMBERS + _TEXTS + _LISTS + _OTHERS),
    _joined(st.sampled_from(_LISTS + _OTHERS), st.just("|"), st.sampled_from(_LISTS + _OTHERS)),
)


def _sorted(node: Any) -> Any:
    if isinstance(node, dict):
        return {k: _sorted(node[k]) for k in sorted(node)}
    return [_sorted(v) for v in node] if isinstance(node, list) else node


@untimed
@given(expressions, documents)
@example("ts[0] || x", {"ts": ["a"]})
@example("contains(ns, `true`)", {"ns": [1]})
@example("[n] == [f]", {"n": 1, "f": True})
@example("l.{a: n}.n", {"l": []})
def test_jmespath_agrees_or_has_a_reason_not_to(expression: str, document: Any) -> None:
    document = _sorted(document)
    try:
        ours, refused = value(f"d | ({expression})", DOCUMENT).evaluate({"d": document}), None
    except EngineError as error:
        ours, refused = None, error.problems[0].code
    stock, oracle = ask(expression, document)
    if refused:
        assert refused in {*oracle.possible, *_OURS}, f"{refused} has no reason, only {oracle.possible}"
    else:
        assert not oracle.reached, f"answered {ours} in spite of {oracle.reached}"
        assert oracle.differs or same(ours, stock), f"{ours} is not {stock}"


def _list_of(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


_NUMBER, _TEXT, _FLAG = {"type": "integer"}, {"type": "string"}, {"type": "boolean"}
_ITEM = {"type": "object", "properties": {"n": _NUMBER, "t": _TEXT, "x": {}}}
_SHAPE = {
    "type": "object",
    "properties": {
        "n": _NUMBER, "t": _TEXT, "f": _FLAG, "x": {}, "l": _list_of({"$ref": "#/$defs/item"}),
        "ns": _list_of(_NUMBER), "ts": _list_of({"anyOf": [_TEXT, {"enum": ["a"]}]}),
        "o": {"type": "object", "properties": {"n": _NUMBER, "t": _TEXT, "f": _FLAG}, "additionalProperties": False},
    },
    "$defs": {"item": _ITEM},
}  # fmt: skip
SHAPED = language({"d": _SHAPE})
_OURS = ("ENG117", "ENG920")  # what no interpreter minds: it comes to nothing
# What the checker calls by another name than the interpreter that meets it.
_SEEN_AS = {"ENG109": {"ENG131", "ENG123"}, "ENG123": {"ENG123", "ENG131", "ENG106"}}


@untimed
@given(expressions, documents.filter(lambda d: d["l"] and d["ns"] and d["ts"] and "x" in d))
def test_what_a_schema_refuses_the_document_would_have_shown(expression: str, document: Any) -> None:
    document = _sorted(document)
    problems = [p for p in _problems(value, f"d | ({expression})", SHAPED) if p.code not in _OURS]
    if problems:
        _, oracle = ask(expression, document)
        for problem in problems:
            assert _SEEN_AS.get(problem.code, {problem.code}) & oracle.possible, problem.text()
    else:
        text = f"d | ({expression})"
        free, shaped = _problems(value, text, DOCUMENT), _problems(value, text, SHAPED)
        assert shaped or not free, "what is refused without a schema is refused with one"


@untimed
@given(expressions, documents)
def test_the_trace_says_what_evaluation_says(expression: str, document: Any) -> None:
    try:
        built = condition(f"d | ({expression})", DOCUMENT)
    except EngineError:
        return
    trace = built.trace({"d": document})
    assert _outcome(built, {"d": document}) == ([trace.error] if trace.error else trace.value)


def _outcome(built: Expression, scope: dict[str, Any]) -> Any:
    """The value, or the messages of the error in a list."""
    try:
        return built.evaluate(scope)
    except EngineError as error:
        return [p.message for p in error.problems]


_pieces = st.sampled_from(
    ["pr", ".", "draft", "labels", "[*]", "[?", "]", "[", "(", ")", "{", "}", "==", "&&", "||", "|", "!", "'a'", "`1`",
     "`x`", "@", "&", "*", ",", ":", "length", "default", "present", "risky", "ping", " ", "-1", "\\", '"', "'", "`",
     "${", "é", "\n", "\t"]
)  # fmt: skip


@untimed
@given(st.one_of(st.lists(_pieces, max_size=14).map("".join), st.text(max_size=30)))
@example("a[")
@example("[1")
@example("{")
@example("-")
@example("\\")
@example("a.*.*[*].b[?c]")
def test_any_text_is_an_expression_or_an_error_with_its_place(written: str) -> None:
    for compile_ in (condition, value, text):
        for problem in _problems(compile_, written):
            assert "ENG100" <= problem.code <= "ENG129"
            assert problem.place is not None
            assert problem.place.line == 1
            assert problem.place.file != "rules.yaml" or 0 < problem.place.column <= len(written) + 1, problem


def _problems(compile_: Callable[..., object], written: str, known: Language = EVERYTHING) -> tuple[Problem, ...]:
    try:
        compile_(written, known)
    except EngineError as error:
        return error.problems
    return ()


@untimed
@given(st.integers(0, 5), st.sampled_from(["pr.base.rf == 'x'", "nope(pr)", "!pr.draft", "pr.number > 0", "labels[]"]))
def test_columns_move_with_the_text(spaces: int, written: str) -> None:
    def column(source: str) -> int:
        (problem,) = _problems(condition, source)
        assert problem.place is not None
        return problem.place.column

    assert column(" " * spaces + written) == column(written) + spaces


@untimed
@given(conditions)
def test_a_condition_needs_no_more_than_it_says(expression: str) -> None:
    names = ("n", "t", "f", "ns", "ts", "l", "o", "x")
    scope = {"n": 1, "t": "a", "f": True, "ns": [1, 2], "ts": ["a"], "l": [{"n": 1, "t": "a"}],
             "o": {"n": 1, "t": "a", "f": False}, "x": 1}  # fmt: skip
    try:
        built = condition(expression, language({name: {} for name in names}))
    except EngineError:
        return
    assert _outcome(built, scope) == _outcome(built, {n: scope[n] for n in built.needs})


_anything = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=5)
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("ab"), inner, max_size=2)),
    max_leaves=6,
)
_facts = st.fixed_dictionaries(
    {},
    optional={
        "labels": st.one_of(_anything, st.lists(st.text(max_size=3))),
        "files": st.one_of(
            _anything,
            st.lists(st.fixed_dictionaries({"path": st.text(max_size=3)}, optional={"previous_path": _anything})),
        ),
        "verdict": st.one_of(
            _anything, st.fixed_dictionaries({"resources": _anything, "environment": st.text(max_size=3)})
        ),
        "rules": _anything,
        "merges": _anything,
        "ledger": _anything,
        "pr": _anything,
        "source": _anything,
        "now": st.one_of(_anything, st.just("2026-11-23T21:00:00Z")),
    },
)


# Those of a comment read an event, which has no place among facts: tests/core/test_command.py.
OF_FACTS = [function for function in FUNCTIONS if "event" not in function.facts]


@untimed
@given(st.sampled_from(OF_FACTS), st.lists(_anything, min_size=3, max_size=3), _facts)
def test_functions_are_total(function: Function, arguments: list[Any], facts: dict[str, Any]) -> None:
    written = [f"any[{i}]" if not p.startswith("expref") else "&@" for i, p in enumerate(function.parameters)]
    built = value(f"{function.name}({', '.join(written)})", EVERYTHING)
    result, codes = _answer(built, {"any": arguments, **facts})
    accepts = None if "@" in function.returns else acceptor(declared(function.returns))
    assert codes <= {"ENG112", "ENG130", "ENG133"}
    assert codes or accepts is None or accepts(result)


def _answer(built: Expression, scope: dict[str, Any]) -> tuple[Any, set[str]]:
    try:
        return built.evaluate(scope), set()
    except EngineError as error:
        return None, {p.code for p in error.problems}


@untimed
@given(st.text(alphabet="a${} '`", max_size=20))
def test_an_escaped_text_is_itself(written: str) -> None:
    literal = re.sub(r"\$+\{", "", written).replace("${", "")
    assert text(literal, EVERYTHING) == literal
    assert text(literal + "$${" + literal, EVERYTHING) == literal + "${" + literal


def _as_regex(pattern: str) -> str:
    """What a glob means, as the slow regular expression that we do not use."""
    parts = []
    for part in re.findall(r"(?:(?<=/)|^)\*\*+/|\*\*+|.", pattern, re.S):
        wild = {"?": "[^/]", "*": "[^/]*"}.get(part, "(?:.*/)?" if part.endswith("*/") else ".*")
        parts.append(wild if part[0] in "*?" else re.escape(part))
    return "".join(parts)


@untimed
@given(st.text(alphabet="ab/*?.", max_size=10), st.text(alphabet="ab/.", max_size=10))
@example("**/a", "ba")
@example("a/**/b", "a/b")
@example("*/**", "a/")
@example("***/a", "a")
def test_globs_mean_what_the_regular_expression_says(pattern: str, path: str) -> None:
    assert glob(pattern)(path) is bool(re.fullmatch(_as_regex(pattern), path, re.S))
