"""The facts of one decision as one frozen document: recorded with it, so that it can be replayed byte for byte.

A fact is there, absent (it does not exist yet: pending), failed (its lookup did: error) or was never fetched (error).
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from engine.core.canonical import canonical, digest
from engine.core.decision.explain import Doubt, Json
from engine.core.outcome import Outcome
from engine.errors import EngineError, Errors, Problem, problem

if TYPE_CHECKING:
    from engine.core.schema.failures import Mistake

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
    from engine.core.schema import check
    from engine.core.source import load_json

    document = load_json(data, file)
    if found := check("facts", document):
        raise EngineError(*_told(found))
    value = document.data
    facts, absent, failed = value["facts"], value.get("absent", {}), value.get("failed", {})
    errors = Errors()
    for name in sorted((facts.keys() & absent.keys()) | ((facts.keys() | absent.keys()) & failed.keys())):
        errors.add("ENG200", document.place("facts"), name=name)
    errors.check()
    return freeze(facts, absent, failed, value.get("origin", "github"))


def _told(found: "Sequence[Mistake]") -> Iterator[Problem]:
    """The problems of a recorded document: what one of its facts lacks is one mistake, and a reason is asked for."""
    lacking: dict[tuple[str | int, ...], list[str]] = {}
    for one in found:
        if one.problem.code == "ENG041":
            lacking.setdefault(one.path, []).append(one.problem.message.split("`")[1])
    for one in found:
        told, several = one.problem, lacking.get(one.path, [])
        if told.code == "ENG041" and len(several) > 1:
            if told.message.split("`")[1] == several[0]:
                yield problem("ENG041", told.place, hint="add them", name="`, `".join(several), about="")
        elif told.code == "ENG040" and not one.path and told.message.split("`")[1] in _names():
            name = told.message.split("`")[1]
            yield told._replace(hint=f'a fact stands under `facts`: `{{"version": 1, "facts": {{"{name}": …}}}}`')
        elif told.code == "ENG042" and one.path[:1] in (("absent",), ("failed",)) and len(one.path) == 2:
            yield told._replace(hint=f'say why, in a text: `"{one.path[1]}": "why"`')
        else:
            yield told


def _names() -> Mapping[str, Any]:
    import json

    from engine.core.schema.generated.facts import SCHEMA

    known: Mapping[str, Any] = json.loads(SCHEMA)["properties"]["facts"]["properties"]
    return known
