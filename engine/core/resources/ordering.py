"""A discovery with its order: what waits for what, what is odd about it, and what cannot be."""

from collections.abc import Iterable
from itertools import islice

from engine.core.resources.doubts import Doubts, circles, left_behind
from engine.core.resources.index import Index
from engine.core.resources.model import Discovery, Resource
from engine.core.resources.order import Order, order, with_destroyed
from engine.core.resources.services import Services
from engine.core.resources.survey import Survey, with_resources
from engine.core.rules.model import Rules
from engine.errors import Errors, Problem

_MOST = 20  # warnings of one resource, and wishes of it that are refused

NOTHING = Survey({})


class Around:
    """What a discovery lies in: its source at the head, and where something is destroyed, before it.

    `here` is None where nobody could see it: then there is the order among what was discovered, and no doubts.
    """

    def __init__(self, services: Services, rules: Rules, here: Survey | None, before: Survey = NOTHING) -> None:
        self._services, self._rules, self._here, self._before = services, rules, here, before

    def ordered(self, discovery: Discovery, *, has_past: bool = True) -> Discovery:
        """The same discovery, with order, warnings and refusals. `has_past`: is it told what was there before?"""
        here = with_resources(self._here or NOTHING, discovery.resources, self._services)
        touched = {one.state_key: one for one in discovery.resources}
        new = {key for key, one in touched.items() if one.change in ("added", "moved")} if has_past else set[str]()
        index = Index(here, self._services, self._rules)
        made = order(here, index, new, touched)
        errors = Errors()
        warned: dict[str, list[Problem]] = {key: [] for key in touched}
        refused: set[str] = set()
        for resource, problem, is_hard in circles(made, touched):
            if is_hard:
                errors.extend([problem])
            else:
                warned[resource.state_key].append(problem)
        refused.update(key for circle in made.hard for key in circle if key in touched)
        doubts = Doubts(here, index, new, alone=len(self._rules.sources) == 1)
        destroyed = {key: one for key, one in touched.items() if one.change == "deleted"}
        for key, resource in touched.items():
            if key not in destroyed and self._here is not None:
                part = here.parts[resource.path]
                cannot = tuple(islice(doubts.waiting(resource, part), _MOST))
                errors.extend(cannot)
                refused |= {key} if cannot else set()
                warned[key] += islice(doubts.naming(resource, part), _MOST)
        if destroyed:
            before = order(self._before, Index(self._before, self._services, self._rules))
            for key, problem in left_behind(destroyed, before, here):
                warned[key] += [problem] if len(warned[key]) < _MOST else []
            made = with_destroyed(made, before, destroyed)
        kept = (one for one in discovery.resources if one.state_key not in refused)
        return discovery._replace(
            resources=tuple(_warned(one, warned[one.state_key]) for one in kept),
            refused=(*discovery.refused, *errors.problems),
            order=made.graph,
        )


def _warned(resource: Resource, problems: Iterable[Problem]) -> Resource:
    return resource._replace(warned=(*resource.warned, *problems))


def whole(survey: Survey, services: Services, rules: Rules) -> Order:
    """The order of everything in a source, with why."""
    return order(survey, Index(survey, services, rules))
