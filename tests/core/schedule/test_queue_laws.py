"""Laws of the ready queue, over graphs that nobody thought of."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.schedule.graph import Graph
from engine.core.schedule.queue import Ready, critical, longest


@st.composite
def graphs(draw):
    size = draw(st.integers(0, 12))
    order = draw(st.permutations(range(size)))
    after = {
        node: frozenset(draw(st.sets(st.sampled_from(order[:place])))) if place else frozenset()
        for place, node in enumerate(order)
    }
    return Graph(tuple(range(size)), {node: others for node, others in after.items() if others})


def played(graph, fails, workers, weight=lambda _: 1.0):
    """What begins and what is skipped for what, in order, by so many workers who end in the order they began."""
    ready, begun = Ready(graph, weight), []
    skipped: dict[int, int] = {}
    running: list[int] = []
    while True:
        while len(running) < workers and (node := ready.take()) is not None:
            begun.append(node)
            running.append(node)
        if not running:
            return begun, skipped
        node = running.pop(0)
        skipped |= dict.fromkeys(ready.done(node, ok=node not in fails), node)


@given(graphs(), st.sets(st.integers(0, 11)), st.integers(1, 4))
def test_everything_begins_once_or_is_skipped_for_something_that_it_waits_for(graph, fails, workers):
    begun, skipped = played(graph, fails, workers)
    assert sorted([*begun, *skipped]) == list(graph.nodes)
    for node, because in skipped.items():
        assert because in fails
        assert because in before(graph, node)


@given(graphs(), st.sets(st.integers(0, 11)), st.integers(1, 4))
def test_nothing_begins_before_all_that_it_waits_for_has_ended_well(graph, fails, workers):
    begun, _ = played(graph, fails, workers)
    for node in begun:
        assert not before(graph, node) & fails
        assert before(graph, node) <= set(begun[: begun.index(node)])


@given(graphs(), st.sets(st.integers(0, 11)), st.integers(1, 4))
def test_what_waits_for_nothing_that_fails_is_begun_whatever_else_fails(graph, fails, workers):
    begun, _ = played(graph, fails, workers)
    assert {node for node in graph.nodes if not before(graph, node) & fails} == set(begun)


@given(graphs(), st.lists(st.floats(0, 100), min_size=12, max_size=12))
def test_the_critical_path_is_a_way_and_none_is_longer(graph, seconds):
    taken = dict(zip(graph.nodes, seconds, strict=False))
    way, rest = critical(graph, taken), longest(graph, taken.__getitem__)
    assert all(earlier in graph.after[later] for earlier, later in pairwise(way))
    if way:
        assert not graph.after.get(way[0])
        assert sum(taken[node] for node in way) == pytest.approx(max(rest.values()))


@given(graphs(), st.integers(1, 4))
def test_the_answer_does_not_hang_on_the_order_in_which_edges_are_written(graph, workers):
    other = Graph(graph.nodes, dict(reversed(graph.after.items())))
    assert played(graph, set(), workers) == played(other, set(), workers)


def before(graph, node):
    """All that it waits for, however far."""
    found, todo = set(), [node]
    while todo:
        for other in graph.after.get(todo.pop(), ()):
            if other not in found:
                found.add(other)
                todo.append(other)
    return found
