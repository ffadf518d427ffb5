"""Who defines what in a source: names, as they stand in one environment's account, to resources."""

import re
from collections.abc import Iterator
from functools import cached_property
from itertools import islice

from engine.core.resources.naming import Form, Name
from engine.core.resources.references import Reference, is_pattern
from engine.core.resources.services import Services
from engine.core.resources.survey import Part, Survey
from engine.core.rules.model import Rules

_WILD = ("*", "?", "${")
_PARTS = re.compile(r"[/:]")
_DEEPEST = 64  # parts of a name, from its beginning, below which something is looked for
_SAME = 10  # resources that define the same name; AWS has one of each, so the others are a mistake


class Index:
    """Looks names up. Everything costs what it finds, however large the source is."""

    def __init__(self, survey: Survey, services: Services, rules: Rules) -> None:
        self._survey, self._services, self._rules = survey, services, rules
        self._exact: dict[Name, list[Part]] = {}
        self._above: dict[Name, list[Part]] = {}
        self._others: dict[Name, list[str]] = {}
        for part in survey.parts.values():
            where = self._where(part)
            for name, below in part.said.defines if part.said else ():
                at = name.at(*where)
                self._exact.setdefault(at, []).append(part)
                if below:
                    self._above.setdefault(at, []).append(part)

    def _where(self, part: Part) -> tuple[str, str]:
        """Region and account; none where nothing is applied."""
        to = self._rules.environments.get(part.environment, self._rules.otherwise)
        return to.region or "", to.account or ""

    def name(self, reference: Reference, part: Part) -> Name:
        """What a reference of a resource names."""
        return reference.name.at(*self._where(part))

    def defining(self, name: Name, part: Part) -> tuple[Part, ...]:
        """The resources that define what one of them names: those of its own environment, where there are any."""
        found = self._exact.get(name) or self._around(name)
        own = tuple(one for one in found if one.environment == part.environment)
        return (own or tuple(found))[:_SAME]

    def _around(self, name: Name) -> list[Part]:
        """Whoever defines what a name lies below."""
        text = name.resource
        if is_pattern(name):
            text = text[: min(at for wild in _WILD if (at := text.find(wild)) >= 0)]
            if not text.endswith(("/", ":")):
                return []
            text = text[:-1]
            if found := self._above.get(name._replace(resource=text)):
                return found
        beginnings = (text[: match.start()] for match in islice(_PARTS.finditer(text), _DEEPEST))
        nearest: list[Part] = []
        for beginning in beginnings:
            nearest = self._above.get(name._replace(resource=beginning), nearest)
        return nearest

    def twins(self, name: Name, part: Part) -> Iterator[Part]:
        """Whoever defines the same thing, where both are applied."""
        for one in self._exact.get(name.at(*self._where(part)), ())[:_SAME]:
            if one.state_key != part.state_key and all(self._where(each)[1] for each in (one, part)):
                yield one

    def is_here(self, name: Name, part: Part) -> bool:
        """Would it be in the account and region of a resource, and of a service whose things this source may define?"""
        where = self._where(part)
        return any(form.name.at(*where)[:3] == name[:3] for form in self._forms)

    def family(self, name: Name, part: Part) -> Name | None:
        """How the names begin of what this name would be one of; None where no resource could define it."""
        where = self._where(part)
        forms = (form.begins.at(*where) for form in self._forms if form.name.service == name.service)
        return next((one for one in forms if name[:3] == one[:3] and name.resource.startswith(one.resource)), None)

    @cached_property
    def _forms(self) -> tuple[Form, ...]:
        return tuple(form for forms in self._services.defines.values() for form in forms)

    def others(self, family: Name) -> list[str]:
        """What is defined of a family, without what all of them begin with."""
        if family not in self._others:
            self._others[family] = [
                name.resource[len(family.resource) :].lstrip("/")
                for name in self._exact
                if name[:3] == family[:3] and name.resource.startswith(family.resource)
            ]
        return self._others[family]
