"""Our parser against the library's: the same texts parse, into the same trees; and its columns are right."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.core.expressions.lex import Snippet
from engine.core.expressions.parse import Node, parse
from engine.errors import EngineError
from tests.support.expressions import at
from tests.support.jmespath_syntax import ask, nodes, plain

untimed = settings(deadline=None, max_examples=300)  # others use the machine too
pytestmark = pytest.mark.filterwarnings("ignore:deprecated string literal:PendingDeprecationWarning")

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


def _ours(text: str) -> Node | None:
    try:
        return parse(Snippet(text, at(text)))
    except EngineError:
        return None


@untimed
@given(grammatical)
@example("a[*].b[?c].*[1:][].{a: b}")
@example("a[?b].c.d[0] && e[*].f.g.*.h.i && j[].k.l[1:].m.n")
@example("a[0][1:][0]")
@example("a || b && c == d | e || (f || g) || h")
@example("(a | b) | c.d.e")
@example("!a.b[0] == c")
@example("*[]")
def test_what_the_grammar_allows_parses_to_the_same_tree(text: str) -> None:
    theirs, ours = ask(text), _ours(text)
    assert not theirs.lenient
    assert ours is not None
    assert plain(ours) == theirs.tree


@untimed
@given(st.one_of(_mutated(), _mutated(), st.lists(_scraps, max_size=12).map("".join), st.text(max_size=12)))
@example("a[b, c]")
@example("a.b *")
@example("{a")
@example("a[1:2:3:4]")
@example('"f"(a)')
@example('`"a`')
def test_any_text_parses_in_both_or_in_neither(text: str) -> None:
    theirs, ours = ask(text), _ours(text)
    bare_word = ours is not None and any(n.kind == "word" for n in nodes(ours))  # refused by the checker
    if bare_word:
        assert theirs.tree is None or theirs.lenient == {"a bare word"}
    elif theirs.lenient or theirs.tree is None:
        assert ours is None, theirs.lenient
    else:
        assert ours is not None, theirs.tree
        assert plain(ours) == theirs.tree


@pytest.mark.parametrize(
    ("lenient", "text"),
    [
        ("commas", "f(a b)"),
        ("commas", "f(a,)"),
        ("commas", "{a: b c: d}"),
        ("a name in brackets is called", "(f)(a)"),
        ("numbers without a colon", "a[1:2 3]"),
        ("a key twice", '`{"a": 1, "a": 2}`'),
        ("a number that JSON does not have", "`NaN`"),
        ("a number that JSON does not have", "`1e999`"),
        ("depth", f"`{'[' * 65}{']' * 65}`"),
    ],
)
def test_stricter_than_the_library(lenient: str, text: str) -> None:
    assert ask(text).lenient == {lenient}
    assert _ours(text) is None


# Nodes whose children, but for a projection's right-hand side, could stand alone.
_WHOLE = ("and_expression", "or_expression", "not_expression", "comparator", "function_expression", "expref", "pipe",
          "multi_select_list", "key_val_pair")  # fmt: skip


@untimed
@given(grammatical, st.sampled_from(["", " ", "\n\t"]))
def test_the_columns_of_a_node_hold_its_text(text: str, space: str) -> None:
    tree = _ours(space + text + space)
    assert tree is not None
    assert (tree.start, tree.end) == (len(space), len(space + text))
    for node in nodes(tree):
        for child in node.children if node.kind in _WHOLE else ():
            alone = _ours((space + text)[child.start : child.end])
            assert alone is not None
            assert plain(alone) == plain(child)
