"""What we lean on in the `jmespath` library. Its trees are no promise of it, so each part that we use is held here."""

import inspect
import os
import re
import tomllib
import warnings
from typing import Any

import pytest
from jmespath import ast
from jmespath.parser import Parser

from engine.core.expressions import parse, unexpected
from engine.core.expressions.snippet import Snippet
from engine.core.expressions.tokens import Tokens
from engine.errors import EngineError
from tests.support.expressions import at, condition

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PARTS = {"flatten", "index", "slice"}  # read by what they are a part of


def test_every_kind_of_node_is_known() -> None:
    made = set(re.findall(r"[\"']type[\"']: ?[\"'](\w+)", inspect.getsource(ast)))
    assert made == {*parse._FIRST, *parse._ONWARD, *PARTS}


def test_every_kind_of_token_is_known() -> None:
    known = {*unexpected.OPENING, *unexpected.CLOSING, *unexpected.BEFORE_A_VALUE, *parse._BETWEEN.values()}
    known |= {kind for kinds in parse._LEAVES.values() for kind in kinds}
    assert set(Parser.BINDING_POWER) == {*known, "star", "flatten", "number", "eof"}


A: dict[str, Any] = {"type": "field", "value": "a", "children": []}
LET: dict[str, Any] = {"type": "let_expression", "children": []}


@pytest.mark.parametrize(
    ("why", "text", "tree"),
    [
        ("the whole", "a", LET),
        ("an operand", "a || b", {"type": "or_expression", "children": [A, LET]}),
        ("on the left", "a.b", {"type": "subexpression", "children": [LET, A]}),
        ("an item", "a[0]", {"type": "index_expression", "children": [A, LET]}),
    ],
)
def test_a_kind_of_node_from_another_release_is_refused(why: str, text: str, tree: dict[str, Any]) -> None:
    walk = parse.Walk(Tokens(Snippet(text, at(text))))
    with pytest.raises(EngineError) as refused:
        walk.whole(tree)
    (problem,) = refused.value.problems
    assert problem.code == "ENG129", why
    assert "let_expression" in problem.message


@pytest.mark.parametrize(
    ("why", "text", "of"),
    [("more tokens", "a b", "a"), ("fewer tokens", "a", "a.b"), ("another operator", "a && b", "a || b")],
)
def test_a_tree_that_does_not_fit_its_text_is_refused(why: str, text: str, of: str) -> None:
    walk = parse.Walk(Tokens(Snippet(text, at(text))))
    with pytest.raises(EngineError) as refused:
        walk.whole(Parser().parse(of).parsed)
    assert refused.value.problems[0].code == "ENG101", why


def test_its_trees_are_not_changed() -> None:
    """The library keeps what it parsed: whoever asks again gets the same tree."""
    text = "a.b.c[0][1:][*].d || (e || f) && !g"
    before = repr(Parser().parse(text).parsed)
    parse.parse(Snippet(text, at(text)))
    assert repr(Parser().parse(text).parsed) == before


def test_words_in_backticks_do_not_depend_on_how_python_takes_warnings() -> None:
    with warnings.catch_warnings(action="error"), pytest.raises(EngineError) as refused:
        condition("pr.drft == `dev` || pr.title == `x`")
    assert [p.code for p in refused.value.problems] == ["ENG109", "ENG104", "ENG104"]


def test_the_next_major_release_is_not_installed_by_itself() -> None:
    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
        rows = tomllib.load(file)["project"]["dependencies"]
    assert "jmespath>=1.0.1,<2" in rows
