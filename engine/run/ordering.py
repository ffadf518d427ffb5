"""In which order a run's resources go: what each of them waits for, by state key."""

from typing import TYPE_CHECKING

from engine.core.schedule.graph import Graph

if TYPE_CHECKING:
    from engine.core.resources.model import Discovery


def graph_of(discovery: "Discovery") -> Graph[str]:
    """State keys of the resources of a discovery: each waits for those that it refers to, directly or through others.

    What is destroyed waits for whatever referred to it. There is no cycle in it: discovery refuses one.
    """
    return discovery.graph
