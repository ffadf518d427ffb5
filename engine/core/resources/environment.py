"""Which environment a change is for: the value of `environment`, compared with what the rules declare.

A name that is not declared goes to `otherwise`, where nothing is applied; so `prodution` would be merged and silently
never deployed. Hence a near miss is a typo and refused.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from engine.core.resources.services import COMMON
from engine.core.resources.tfvars import Json
from engine.core.rules.model import Rules
from engine.errors import Errors, Place
from engine.names import distance, either, listing

_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")  # as the module's variable has it
_SHORTEST_PREFIX = 3


class Target(NamedTuple):
    """An environment's name and the branch its changes are merged to."""

    name: str
    branch: str
    applies: bool  # False: there is no account, so it is merged and nothing else


class Environments:
    """Judges the environments of one change."""

    def __init__(self, rules: Rules, errors: Errors) -> None:
        self._rules, self._errors = rules, errors
        self._seen: dict[Target, Place] = {}

    def of(self, value: Json, find: Callable[[], Place]) -> Target | None:
        """Where one resource's value leads; None when it is refused. `find` tells the value's place, if need be."""
        near = near_miss(value, self._rules) if isinstance(value, str) else None
        if isinstance(value, str) and near is None and _NAME.fullmatch(value):
            to = self._rules.environments.get(value, self._rules.otherwise)
            target = Target(value, to.branch, to.applies)
            if target not in self._seen:
                self._seen[target] = find()
            return target
        known = either(self._rules.environments)
        if value is None:
            self._errors.add("ENG340", find(), known=known)
        elif near is not None:
            self._errors.add("ENG341", find(), value=value, near=near)
        else:
            found, remedy = f"`{value}`" if isinstance(value, str) else "another value", f"declared: {known}"
            self._errors.add("ENG335", find(), name=COMMON, expected="a lower case name", found=found, remedy=remedy)
        return None

    def one(self, everything: bool) -> Target | None:
        """The environment of the whole change: a repository may hold several, a change may not."""
        if len(self._seen) == 1:
            return next(iter(self._seen))
        if not everything:
            names = listing(to.name for to in self._seen)
            for place in list(self._seen.values())[1:]:
                self._errors.add("ENG342", place, names=names)
        return None


def near_miss(value: str, rules: Rules) -> str | None:
    """The declared name that a value was probably meant to be; None when it is declared, or like none of them."""
    if value in rules.environments:
        return None
    folded = value.strip().casefold()
    for name, environment in rules.environments.items():
        declared = name.casefold()
        if folded in (declared, environment.branch.casefold()):
            return name
        if len(folded) >= _SHORTEST_PREFIX and (declared.startswith(folded) or folded.startswith(declared)):
            return name
        if distance(folded, declared) <= (2 if len(declared) > 5 else 1):
            return name
    return None
