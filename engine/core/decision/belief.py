"""A verdict that does not hold any more is no verdict: it is absent, with the reason.

The fetcher believes only what is signed; here is checked, for the pull request as it is now and without trusting the
fetcher, that the verdict is about this. Every decision passes through it, a replayed one too.
"""

from engine.core.decision.document import FactDocument, freeze
from engine.core.rules.model import Rules
from engine.core.verdict.about import IDENTITY, MADE_WITH, SURROUNDINGS, Wanted, ahead, differs, expired

# What a verdict is compared with: whoever reads `verdict` needs these facts too.
COMPARED_WITH = ("now", "pr", "rules")


def believe(document: FactDocument, rules: Rules) -> FactDocument:
    """`document` with its verdict where it belongs: among the facts, the absent or the failed."""
    verdict = document.facts.get("verdict")
    if verdict is None:
        return document
    if unknown := [state[1] for name in COMPARED_WITH if (state := document.state(name))]:
        return _without(document, failed=f"it cannot be checked, as {'; '.join(unknown)}")
    pr, now, today = (document.facts[name] for name in ("pr", "now", "rules"))
    wanted = Wanted(
        repo=pr["base"]["repo"],
        pr=pr["number"],
        head_sha=pr["head"]["sha"],
        base_ref=pr["base"]["ref"],
        rules=rules.digest,  # of the rules in force: what was recorded may be of others
        origin=document.origin,
        **{name: today.get(name) for name in MADE_WITH},
    )
    if other := differs((*IDENTITY, *SURROUNDINGS), verdict, wanted):
        return _without(document, absent=f"the last one {other}")
    try:
        if ahead(verdict, now):
            return _without(document, absent=f"the last one was signed in the future, at {verdict['signed_at']}")
    except ValueError as error:
        return _without(document, failed=f"it cannot be checked, as `now` is no moment: {error}")
    if expired(verdict, now):
        return _without(document, absent=f"the last one expired at {verdict['expires_at']}")
    return document


def _without(document: FactDocument, *, absent: str = "", failed: str = "") -> FactDocument:
    facts = {name: value for name, value in document.facts.items() if name != "verdict"}
    return freeze(
        facts,
        {**document.absent, **({"verdict": absent} if absent else {})},
        {**document.failed, **({"verdict": failed} if failed else {})},
        document.origin,
    )
