"""Everything that rules may name, collected from the tables where each row stands beside its code."""

import json
from functools import lru_cache
from typing import Any

from engine import data
from engine.core.declare import Action, Catalog, Fact
from engine.core.events.kinds import EVENTS
from engine.core.expressions.functions import FUNCTIONS
from engine.run.actions import (
    apply,
    github,
    mending,
    policy,
    refusal,
    report,
    rollback,
    sweep,
    terraform,
    tidying,
    verdict,
)

ACTIONS: tuple[Action, ...] = (
    *terraform.ACTIONS,
    *policy.ACTIONS,
    *verdict.ACTIONS,
    *report.ACTIONS,
    *github.ACTIONS,
    *sweep.ACTIONS,
    *refusal.ACTIONS,
    *apply.ACTIONS,
    *mending.ACTIONS,
    *rollback.ACTIONS,
    *tidying.ACTIONS,
)


@lru_cache(maxsize=1)
def catalog() -> Catalog:
    """The rows by name, with the schemas that paths in expressions are checked against."""
    fact_schema, event_schema = _schema("facts"), _schema("event")
    facts = fact_schema["properties"]["facts"]["properties"]
    return Catalog(
        events={row.name: row for row in EVENTS},
        facts={name: Fact(name, row.get("description", "")) for name, row in facts.items()},
        actions={row.name: row for row in ACTIONS},
        functions={row.name: row for row in FUNCTIONS},
        event_schema=event_schema,
        fact_schema=fact_schema,
    )


def _schema(name: str) -> Any:
    with open(f"{data.path('schemas')}/{name}.schema.json", "rb") as file:
        return json.load(file)
