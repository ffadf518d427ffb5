"""Order as a value: circles, what is taken down first, and what is left out."""

import pytest

from engine.core.schedule.graph import Graph


def graph(text: str) -> Graph[str]:
    """`a>b a>c d`: a waits for b and for c, d for nobody; nodes in the order in which they are named."""
    nodes: dict[str, None] = {}
    after: dict[str, set[str]] = {}
    for word in text.split():
        who, _, what = word.partition(">")
        nodes |= dict.fromkeys([who, *([what] if what else [])])
        if what:
            after.setdefault(who, set()).add(what)
    return Graph(tuple(nodes), {node: frozenset(others) for node, others in after.items()})


def text(found: Graph[str]) -> str:
    return " ".join(f"{node}>{other}" for node, other in found.edges())


@pytest.mark.parametrize(
    ("why", "edges", "cycle"),
    [
        ("nothing waits", "a b", None),
        ("a chain", "a>b b>c", None),
        ("two ways to the same", "a>b a>c b>d c>d", None),
        ("two wait for one another", "a>b b>a", "ab"),
        ("one waits for itself", "a>a", "a"),
        ("what leads into a circle is not of it", "a>b b>c c>b", "bc"),
        ("what a circle waits for is not of it", "b>c c>b c>d d>e", "bc"),
        ("the shortest of several through the first", "a>b b>c c>d d>a b>a", "ab"),
        ("the first circle that is waited for, not the first that is named", "a>b b>a c>d d>c a>c", "cd"),
    ],
)
def test_a_cycle_is_shown_as_it_goes(why: str, edges: str, cycle: str | None) -> None:
    assert graph(edges).cycle() == (None if cycle is None else tuple(cycle)), why


@pytest.mark.parametrize(
    ("why", "edges", "keep", "left"),
    [
        ("what stays waits as before", "a>b b>c", "abc", "a>b b>c"),
        ("through one that is left out", "a>b b>c", "ac", "a>c"),
        ("through many", "a>b b>c c>d d>e", "ae", "a>e"),
        ("not through one that stays", "a>b b>c", "ab", "a>b"),
        ("two ways are one", "a>b a>c b>d c>d", "ad", "a>d"),
        ("what is left out may go in circles", "a>b b>c c>b c>d", "ad", "a>d"),
        ("a circle through what is left out is still one", "a>b b>a", "a", "a>a"),
        ("a name that is not there is nothing", "a>b", "axb", "a>b"),
        ("nobody waits", "a>b c", "ac", ""),
    ],
)
def test_what_is_left_out_still_stands_between(why: str, edges: str, keep: str, left: str) -> None:
    found = graph(edges).restricted(list(keep))
    assert text(found) == left, why
    assert set(found.nodes) <= set(keep)
    assert set(found.after) <= set(found.nodes)


def test_taking_down_goes_the_other_way() -> None:
    assert text(graph("a>b a>c b>d").reversed()) == "b>a c>a d>b"


@pytest.mark.slow
def test_a_chain_of_a_hundred_thousand_needs_no_recursion() -> None:
    many = 100_000
    chain = Graph(tuple(range(many)), {n: frozenset({n + 1}) for n in range(many - 1)})
    assert chain.cycle() is None
    assert list(chain.restricted({0, many - 1}).edges()) == [(0, many - 1)]
