"""What holds of every graph, held against a closure that is computed the slow way."""

import graphlib

from hypothesis import given
from hypothesis import strategies as st

from engine.core.schedule.graph import Graph

NODES = tuple(range(8))


@st.composite
def graphs(draw: st.DrawFn) -> Graph[int]:
    edges = draw(st.sets(st.tuples(st.sampled_from(NODES), st.sampled_from(NODES)), max_size=14))
    after = {node: frozenset(b for a, b in edges if a == node) for node in NODES}
    return Graph(tuple(draw(st.permutations(NODES))), {node: others for node, others in after.items() if others})


def _reach(graph: Graph[int], node: int, among: frozenset[int]) -> frozenset[int]:
    """What a node waits for; a way goes on through `among` alone."""
    found: set[int] = set()
    work = list(graph.after.get(node, ()))
    while work:
        one = work.pop()
        if one not in found:
            found.add(one)
            work.extend(graph.after.get(one, ()) if one in among else ())
    return frozenset(found)


@given(graphs())
def test_a_cycle_is_one_and_is_found_wherever_there_is_one(graph: Graph[int]) -> None:
    found = graph.cycle()
    assert (found is None) == all(node not in _reach(graph, node, frozenset(NODES)) for node in NODES)
    if found is not None:
        assert len(set(found)) == len(found)
        assert all(b in graph.after[a] for a, b in zip(found, (*found[1:], found[0]), strict=True))


@given(graphs())
def test_without_a_cycle_there_is_an_order(graph: Graph[int]) -> None:
    if graph.cycle() is None:
        order = list(
            graphlib.TopologicalSorter({node: graph.after.get(node, ()) for node in graph.nodes}).static_order()
        )
        assert all(order.index(other) < order.index(node) for node, other in graph.edges())


@given(graphs(), st.sets(st.sampled_from(NODES)))
def test_a_part_keeps_who_waits_for_whom(graph: Graph[int], kept: set[int]) -> None:
    part = graph.restricted(kept)
    between = frozenset(NODES) - kept
    assert part.nodes == tuple(node for node in graph.nodes if node in kept)
    for node in part.nodes:
        assert part.after.get(node, frozenset()) == _reach(graph, node, between) & kept


@given(graphs())
def test_turned_twice_it_is_itself(graph: Graph[int]) -> None:
    assert list(graph.reversed().reversed().edges()) == list(graph.edges())


@given(graphs())
def test_in_order_each_comes_once_and_after_all_that_does_not_wait_for_it(graph: Graph[int]) -> None:
    found = list(graph.in_order())
    assert sorted(found) == sorted(graph.nodes)
    everything = frozenset(NODES)
    for node, other in graph.edges():
        is_circular = node in _reach(graph, other, everything)
        assert is_circular or found.index(other) < found.index(node)
