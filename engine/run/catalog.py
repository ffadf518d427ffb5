"""Everything that rules may name, collected from the tables where each row stands beside its code."""

import json
from collections.abc import Iterable
from typing import Any, Protocol, TypeVar

from engine import data
from engine.core.declare import Action, Catalog, Fact
from engine.core.events.kinds import EVENTS
from engine.core.expressions.functions import FUNCTIONS
from engine.run.actions import policy, report, terraform, verdict

ACTIONS: tuple[Action, ...] = (*terraform.ACTIONS, *policy.ACTIONS, *verdict.ACTIONS, *report.ACTIONS)


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_Row = TypeVar("_Row", bound=_Named)


def catalog() -> Catalog:
    """The rows by name, with the schemas that paths in expressions are checked against."""
    fact_schema, event_schema = _schema("facts"), _schema("event")
    facts = fact_schema["properties"]["facts"]["properties"]
    return Catalog(
        events=_by_name(EVENTS),
        facts={name: Fact(name, row.get("description", "")) for name, row in facts.items()},
        actions=_by_name(ACTIONS),
        functions=_by_name(FUNCTIONS),
        event_schema=event_schema,
        fact_schema=fact_schema,
    )


def _by_name(rows: Iterable[_Row]) -> dict[str, _Row]:
    return {row.name: row for row in rows}


def _schema(name: str) -> Any:
    with open(f"{data.path('schemas')}/{name}.schema.json", "rb") as file:
        return json.load(file)
