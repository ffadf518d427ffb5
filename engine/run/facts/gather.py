"""Fetch what the expressions of the matched pipelines name: each fact once, and a failed lookup is recorded as one."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

from engine.core.alone import alone
from engine.core.canonical import canonical
from engine.core.decision.document import FactDocument, freeze
from engine.errors import EngineError


class Absent(NamedTuple):
    """A fact that does not exist yet, and why: a gate that `needs` it is pending."""

    reason: str


Fetch: TypeAlias = Callable[[], "Any | Absent"]  # a JSON value; EngineError when the lookup fails


def gather(needs: Iterable[str], fetchers: Mapping[str, Fetch], otherwise: str) -> FactDocument:
    """The fact document of one decision.

    A fact that nobody here can fetch has failed, with `otherwise` as the reason: reading it is an error, not a null.
    So has one whose lookup breaks, and one that no document could hold: the others are there.
    """
    facts: dict[str, Any] = {}
    absent: dict[str, str] = {}
    failed: dict[str, str] = {}
    for name in sorted(set(needs)):
        if name not in fetchers:
            failed[name] = otherwise
            continue
        try:
            with alone(f"the fact `{name}`"):
                value = fetchers[name]()
                if not isinstance(value, Absent):
                    canonical(value)
        except EngineError as error:
            # With the way out: the gate that needs the fact is all that people see of it.
            failed[name] = "; ".join(f"{p.message} ({p.hint})" if p.hint else p.message for p in error.problems)
            continue
        if isinstance(value, Absent):
            absent[name] = value.reason
        else:
            facts[name] = value
    return freeze(facts, absent, failed)
