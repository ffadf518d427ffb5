"""What brings on those that a pull request waits behind, and who can."""

from collections.abc import Iterator

from engine.core import holding
from engine.core.decision.document import FactDocument
from engine.core.decision.explain import Missing
from engine.core.rules.model import Rules

FACT = "merges"  # a condition that reads it waits for these
_FACTS = (FACT, "ledger", "pr", "verdict")


def ways_out(document: FactDocument, rules: Rules) -> tuple[Missing, ...]:
    """One row for each way, with the groups that may; none where nobody is ahead."""
    return tuple(dict.fromkeys(_ways(document, rules)))


def _ways(document: FactDocument, rules: Rules) -> Iterator[Missing]:
    if any(document.state(name) for name in _FACTS):
        return
    facts = document.facts
    repo = facts["pr"]["base"]["repo"]
    found = holding.blocked(repo, facts["pr"]["number"], facts["verdict"], facts["merges"], facts["ledger"])
    if any(one.unseen and not one.by for one in found):
        yield Missing("a new validation, which comes by itself")
    for one in found:
        for move in holding.MOVES[one.by.state] if one.by else ():
            rule = rules.commands.get(move.by)
            if move.by == "sweep" or rule:
                lead = "" if move.by == "sweep" else "or "
                people = f", by {rule.need} people" if rule and rule.need > 1 else ""
                assert one.by
                said = move.says.format(hold=one.by.name(repo), key=one.key)
                yield Missing(f"{lead}{said}{people}", rule.groups if rule else ())
