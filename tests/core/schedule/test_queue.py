"""What may begin next, and what is skipped."""

import pytest

from engine.core.schedule.graph import Graph
from engine.core.schedule.queue import Ready, critical


def graph(nodes, **after):
    return Graph(tuple(nodes), {node: frozenset(others) for node, others in after.items()})


def taken(ready):
    found = []
    while (node := ready.take()) is not None:
        found.append(node)
    return found


@pytest.mark.parametrize(
    ("why", "of", "weights", "first"),
    [
        ("nobody waits: in the order of the graph", graph("abc"), {}, ["a", "b", "c"]),
        ("the longer one first", graph("abc"), {"b": 3, "c": 2}, ["b", "c", "a"]),
        ("a short one on which a long one hangs", graph("abc", c="a"), {"a": 1, "b": 3, "c": 5}, ["a", "b"]),
        ("a way of many short ones", graph("abcde", c="b", d="c", e="d"), {"a": 3}, ["b", "a"]),
    ],
)
def test_what_the_longest_way_hangs_on_comes_first(why, of, weights, first):
    assert taken(Ready(of, lambda node: weights.get(node, 1))) == first, why


DIAMOND = graph("abcdx", b="a", c="a", d="bc")


@pytest.mark.parametrize(
    ("why", "fails", "skipped", "begun"),
    [
        ("the first one", "a", {"a": ("b", "c", "d")}, {"a", "x"}),
        ("one of two sides", "b", {"b": ("d",)}, {"a", "b", "c", "x"}),
        ("both sides: it was skipped for the first", "bc", {"b": ("d",), "c": ()}, {"a", "b", "c", "x"}),
        ("the last one", "d", {"d": ()}, set("abcdx")),
        ("one that stands alone", "x", {"x": ()}, set("abcdx")),
        ("none", "", {}, set("abcdx")),
    ],
)
def test_what_fails_takes_along_what_waits_for_it_and_nothing_else(why, fails, skipped, begun):
    ready, told, seen = Ready(DIAMOND), {}, set()
    while (node := ready.take()) is not None:
        seen.add(node)
        gone = ready.done(node, ok=node not in fails)
        if node in fails:
            told[node] = gone
        else:
            assert gone == ()
    assert (told, seen) == (skipped, begun), why


def test_what_may_not_begin_now_keeps_its_place():
    ready = Ready(graph("abc"), lambda node: {"a": 3, "b": 2}.get(node, 1))
    assert ready.take(lambda node: node == "c") == "c"
    assert ready.take(lambda _: False) is None
    assert taken(ready) == ["a", "b"]


def test_stopping_skips_what_has_not_begun_and_nothing_else():
    ready = Ready(graph("abcd", c="a"))
    assert ready.take() == "a"
    assert ready.stop() == ("b", "c", "d")
    assert ready.done("a", ok=True) == ()
    assert ready.done("a", ok=False) == ()
    assert ready.take() is None


@pytest.mark.parametrize("of", [graph("a", a="a"), graph("abc", b="c", c="b"), graph("abcd", a="d", d="cb", c="a")])
def test_what_waits_for_itself_is_no_order(of):
    with pytest.raises(ValueError, match="wait for each other"):
        Ready(of)


def test_the_critical_path_is_that_of_the_seconds_that_were_taken():
    assert critical(DIAMOND, {"a": 1, "b": 1, "c": 4, "d": 1, "x": 5}) == ("a", "c", "d")
    assert critical(DIAMOND, {"a": 1, "b": 1, "c": 4, "d": 1, "x": 7}) == ("x",)
    assert critical(graph(""), {}) == ()


def test_a_chain_of_ten_thousand_needs_no_recursion():
    names = range(10_000)
    chain = Graph(tuple(names), {node: frozenset([node - 1]) for node in names if node})
    ready = Ready(chain)
    assert ready.take() == 0
    assert len(ready.done(0, ok=False)) == 9_999
    assert critical(chain, dict.fromkeys(names, 1.0)) == tuple(names)
