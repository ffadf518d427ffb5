"""The walk over the library's trees: nothing of a tree is lost, its columns are right, and no text makes it fail."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jmespath.parser import Parser

from engine.core.expressions.parse import Node, parse
from engine.core.expressions.snippet import Snippet
from engine.errors import EngineError
from tests.support.expressions import at

untimed = settings(deadline=None, max_examples=300)  # others use the machine too

# The grammar of https://jmespath.org/specification.html#grammar, as far as a text can follow from its parts.
_names = st.sampled_from(["a", "b", "_c1", "and", '"q"', '"a-b"', '"\\u00e9\\""'])
_literals = st.sampled_from(
    ["'r'", "'it\\'s'", "'a\\\\'", "''", "`1`", "`-1.5e3`", '`"t"`', "`null`", "` true `", '`[1, {"a": "\\`"}]`',
     "'é\n'", '`"\\ud83d\\ude00"`']
)  # fmt: skip
_brackets = st.sampled_from(["[0]", "[-1]", "[*]", "[]", "[1:]", "[:-1]", "[::2]", "[1:2:3]", "[:]", "[ 1 : 2 ]"])
_between = st.sampled_from(["&&", "||", "|", "==", "!=", "<", "<=", ">", ">=", " && ", "\t||\n", " | ", " == "])


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    listed = st.lists(inner, min_size=1, max_size=3)
    lists = listed.map(lambda parts: f"[{', '.join(parts)}]")
    hashes = st.lists(st.tuples(_names, inner).map(": ".join), min_size=1, max_size=3).map(
        lambda pairs: f"{{{','.join(pairs)}}}"
    )
    arguments = st.lists(st.one_of(inner, inner.map("&{}".format)), max_size=3)
    calls = st.tuples(st.sampled_from(["f", "length "]), arguments.map(", ".join)).map("{0[0]}({0[1]})".format)
    after = st.one_of(_names, st.just("*"), lists, hashes, calls)
    return st.one_of(
        st.tuples(inner, st.sampled_from([".", " . "]), after).map("".join),
        st.tuples(inner, _brackets).map("".join),
        st.tuples(inner, inner).map("{0[0]}[?{0[1]}]".format),
        st.tuples(inner, _between, inner).map("".join),
        inner.map("({})".format),
        inner.map("!{}".format),
        lists, hashes, calls,
    )  # fmt: skip


grammatical = st.recursive(
    st.one_of(_names, _literals, st.sampled_from(["@", "*", "[*]", "[]", "[0]", "[1:]", "f()", "[?a]"])),
    _larger,
    max_leaves=12,
)
_scraps = st.sampled_from(
    ["", "", "a", "f(", "'", '"', "`", "`1`", "`w`", "`\"", "`NaN`", "`1e999`", '`{"a":1,"a":2}`', "1", "-", "-1",
     "1.5", ".", "*", "[", "]", "[*]", "[?", "[]", "(", ")", "{", "}", ",", ":", "::", "&", "&&", "|", "||", "!", "=",
     "==", "<", "@", " ", "\n", "\u00a0", "\\", "é", "$", "#"]
)  # fmt: skip


@st.composite
def _mutated(draw: Any) -> str:
    text: str = draw(grammatical)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(text)))
        text = text[:place] + draw(_scraps) + text[place + draw(st.integers(0, 2)) :]
    return text


def _read(text: str) -> Node:
    return parse(Snippet(text, at(text)))


def _nodes(node: Node) -> Iterable[Node]:
    yield node
    for child in node.children:
        yield from _nodes(child)


# Chains, which are one node with many children here.
_CHAINS = ("and_expression", "or_expression", "pipe")


def _library(tree: Any) -> Any:
    """Kind, value and children of the library's tree."""
    kind, children = tree["type"], tree["children"]
    if kind == "slice":
        return kind, repr(tuple(children)), ()
    while kind in _CHAINS and children[0]["type"] == kind:
        children = [*children[0]["children"], *children[1:]]
    return kind, repr(tree.get("value")), tuple(map(_library, children))


def _ours(node: Node) -> Any:
    return node.kind, repr(node.value), tuple(map(_ours, node.children))


@untimed
@given(grammatical)
@example("a[*].b[?c].*[1:][].{a: b}")
@example("a[?b].c.d[0] && e[*].f.g.*.h.i && j[].k.l[1:].m.n")
@example("a[0][1:][0]")
@example("a[0][1:][*].b")
@example("a[1:][*].b")
@example("a || b && c == d | e || (f || g) || h")
@example("(a | b) | c.d.e")
@example("!a.b[0] == c")
@example("*[]")
@example("(((a[]).b)[1:].c)[?(d)]")
def test_a_tree_is_that_of_the_library(text: str) -> None:
    assert _ours(_read(text)) == _library(Parser().parse(text).parsed)


@untimed
@given(st.one_of(_mutated(), _mutated(), st.lists(_scraps, max_size=12).map("".join), st.text(max_size=12)))
@example("{a")
@example("a[1:2:3:4]")
@example('"f"(a)')
@example("'function name' (a)")
@example('`"a`')
@example("``")
def test_any_text_is_read_or_refused_where_it_is_wrong(text: str) -> None:
    try:
        _read(text)
    except EngineError as refused:
        for problem in refused.problems:
            assert "ENG100" <= problem.code <= "ENG104", problem.text()
            assert problem.place is not None
            assert problem.place.column <= max(1, len(text)), problem.text()


@pytest.mark.parametrize(
    ("why", "text", "column"),
    [
        ("arguments without a comma", "f(a b)", 5),
        ("arguments in parentheses without a comma", "f((a) (b))", 7),
        ("a comma and nothing behind it", "f(a,)", 4),
        ("pairs without a comma", "{a: b c: d}", 7),
        ("a comma at the end of pairs", "{a: b, c: d e: f}", 13),
        ("a name in parentheses is called", "(f)(a)", 4),
        ("and in two of them", "((f))(a)", 6),
        ("two numbers without a colon", "a[1:2 3]", 7),
        ("two numbers without a colon, later", "a[1:2:3 4]", 9),
        ("a key twice", '`{"a": 1, "a": 2}`', 1),
        ("a number that JSON does not have", "a == `NaN`", 6),
        ("a number that no float holds", "`1e999`", 1),
        ("half of a character", '`"\\ud800"`', 1),
        ("depth of JSON", f"`{'[' * 65}{']' * 65}`", 1),
        ("depth of parentheses", f"{'(' * 64}a{')' * 64}", 65),
    ],
)
def test_stricter_than_the_library(why: str, text: str, column: int) -> None:
    assert Parser().parse(text), why
    with pytest.raises(EngineError) as refused:
        _read(text)
    (problem,) = refused.value.problems
    assert problem.code in ("ENG101", "ENG102")
    assert problem.place is not None
    assert problem.place.column == column, problem.text()


def test_what_is_no_json_is_told_all_at_once() -> None:
    with pytest.raises(EngineError) as refused:
        _read('a == `NaN` || b == `{"a": 1, "a": 2}` || c == `1e999`')
    assert [p.place and p.place.column for p in refused.value.problems] == [6, 20, 47]


# Nodes whose children, but for a projection's right-hand side, could stand alone.
_WHOLE = ("and_expression", "or_expression", "not_expression", "comparator", "function_expression", "expref", "pipe",
          "multi_select_list", "key_val_pair")  # fmt: skip


@untimed
@given(grammatical, st.sampled_from(["", " ", "\n\t"]))
def test_the_columns_of_a_node_hold_its_text(text: str, space: str) -> None:
    tree = _read(space + text + space)
    assert (tree.start, tree.end) == (len(space), len(space + text))
    for node in _nodes(tree):
        for child in node.children if node.kind in _WHOLE else ():
            alone = _read((space + text)[child.start : child.end])
            assert _ours(alone) == _ours(child)
