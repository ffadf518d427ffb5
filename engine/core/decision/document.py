"""The facts of one decision as one frozen document: recorded with it, so that it can be replayed byte for byte.

A fact is there, absent (it does not exist yet: pending), failed (its lookup did: error) or was never fetched (error).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeAlias

from engine.core.canonical import canonical, digest
from engine.core.decision.explain import Doubt, Json
from engine.core.outcome import Outcome
from engine.errors import Errors

Origin: TypeAlias = Literal["local", "github"]

_NONE: Mapping[str, str] = MappingProxyType({})


class FactDocument(NamedTuple):
    """What a decision is made from. Build one with `freeze` or `from_json`, which share nothing with the caller."""

    facts: Mapping[str, Any]
    absent: Mapping[str, str] = _NONE  # name → why there is none
    failed: Mapping[str, str] = _NONE  # name → why the lookup failed
    origin: Origin = "github"  # of the run that looked them up: `local` where a clone and an event told

    def to_json(self) -> Json:
        """The form of `schemas/facts.schema.json`."""
        return {
            "version": 1,
            "origin": self.origin,
            "facts": dict(self.facts),
            "absent": dict(self.absent),
            "failed": dict(self.failed),
        }

    @property
    def digest(self) -> str:
        """Equal for documents that say the same, whatever the order of their keys."""
        return digest(self.to_json())

    def state(self, name: str) -> tuple[Outcome, str] | None:
        """Why the fact `name` cannot be read; None when it can."""
        if name in self.facts:
            return None
        if name in self.failed:
            return Outcome.ERROR, f"{name} could not be fetched: {self.failed[name]}"
        if name in self.absent:
            return Outcome.PENDING, f"there is no {name} yet: {self.absent[name]}"
        return Outcome.ERROR, f"{name} was not fetched"

    def known(self, name: str) -> Any:
        """The fact `name`, which the reader cannot do without.

        Raises:
            Doubt: it is absent, failed or was not fetched.
        """
        if state := self.state(name):
            raise Doubt(state[1])
        return self.facts[name]


def freeze(
    facts: Mapping[str, Any],
    absent: Mapping[str, str] = _NONE,
    failed: Mapping[str, str] = _NONE,
    origin: Origin = "github",
) -> FactDocument:
    """A document that nothing outside can change any more.

    Raises:
        TypeError, ValueError: a fact is not JSON; a bug in its fetcher.
    """
    import json

    copy = json.loads(canonical(facts))
    return FactDocument(MappingProxyType(copy), MappingProxyType(dict(absent)), MappingProxyType(dict(failed)), origin)


def from_json(data: bytes, file: str = "facts") -> FactDocument:
    """A recorded document, checked against its schema.

    Raises:
        EngineError: not JSON, or not of the form of `schemas/facts.schema.json` (all problems at once).
    """
    from engine.core.schema import validate
    from engine.core.source import load_json

    document = load_json(data, file)
    validate("facts", document)
    value = document.data
    facts, absent, failed = value["facts"], value.get("absent", {}), value.get("failed", {})
    errors = Errors()
    for name in sorted((facts.keys() & absent.keys()) | ((facts.keys() | absent.keys()) & failed.keys())):
        errors.add("ENG200", document.place("facts"), name=name)
    errors.check()
    return freeze(facts, absent, failed, value.get("origin", "github"))
