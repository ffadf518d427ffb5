"""Which overrides are still owed: from merge decisions and the statements that they lean on, both in the store."""

from typing import TYPE_CHECKING

from engine.core.kept.debts import Debt, Settled, debts, finding_of
from engine.run.facts.teller import GITHUB
from engine.run.kept import merges, statements

if TYPE_CHECKING:
    from engine.adapters.storage.port import Store
    from engine.core.signature import TrustedKeys


def owed(store: "Store", trusted: "TrustedKeys") -> tuple[Debt, ...]:
    """Every override that was used and whose findings are still there, the oldest first.

    Raises:
        EngineError: a decision, or a statement that one leans on, cannot be believed; the store fails.
    """
    found = []
    for merged in merges.every(store, trusted):
        said = merged.said
        series = statements.Series(GITHUB, said["repository"]["name"], said["pr"])
        verdict = statements.one(store, series, said["verdict"]["sequence"], trusted).verdict
        denied = frozenset(finding_of(row) for row in verdict["findings"] if row["effect"] == "deny")
        found.append(Settled(said, denied))
    return debts(found)
