"""In which order a run's resources go: what each of them waits for, by state key, seen over their whole source."""

from typing import TYPE_CHECKING

from engine.core.schedule.graph import Graph
from engine.errors import EngineError, Place, problem

if TYPE_CHECKING:
    from engine.adapters.git.repository import Repository
    from engine.core.resources.model import Discovery
    from engine.core.resources.services import Services
    from engine.core.resources.survey import Cache, Survey
    from engine.core.rules.model import Rules

_CACHE: "Cache" = {}  # of this process: what a resource says depends on its bytes alone


def graph_of(discovery: "Discovery") -> Graph[str]:
    """State keys of the resources of a discovery: each waits for those that it refers to, directly or through others.

    What is destroyed waits for whatever referred to it. There is no cycle in it: discovery refuses one.
    """
    return discovery.graph


def ordered(
    discovery: "Discovery", repository: "Repository", tree: str, before: str, services: "Services", rules: "Rules"
) -> "Discovery":
    """A discovery with its order. `tree` and `before`: ids of the source's trees after the change and before it.

    A source that cannot be looked at as a whole costs no more than the order through what did not change: literal
    values are planned whatever there is, and AWS refuses what is missing.
    """
    from engine.core.resources.ordering import NOTHING, Around

    if not discovery.resources:
        return discovery
    destroys = any(one.change == "deleted" for one in discovery.resources)
    try:
        here = _survey(repository, tree, services, rules)
        past = _survey(repository, before, services, rules) if destroys else NOTHING
    except EngineError as error:
        return unseen(discovery, error, services, rules)
    return Around(services, rules, here, past).ordered(discovery)


def unseen(discovery: "Discovery", error: EngineError, services: "Services", rules: "Rules") -> "Discovery":
    """A discovery with the order among its resources alone, and why."""
    from engine.core.resources.ordering import Around

    first, *others = discovery.resources
    odd = problem("ENG820", Place(first.path), reason=error.problems[0].message)
    told = discovery._replace(resources=(first._replace(warned=(*first.warned, odd)), *others))
    return Around(services, rules, None).ordered(told)


def _survey(repository: "Repository", tree: str, services: "Services", rules: "Rules") -> "Survey":
    from engine.adapters.git import contents
    from engine.core.resources.survey import MOST

    if len(_CACHE) > MOST:
        _CACHE.clear()
    return contents.survey(repository, tree, services, rules, _CACHE)
