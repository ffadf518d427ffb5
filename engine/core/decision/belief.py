"""A verdict that does not hold any more is no verdict: it is absent, with the reason.

The fetcher believes only what is signed; here is checked, for the pull request as it is now and without trusting the
fetcher, that the verdict is about this. Every decision passes through it, a replayed one too.
"""

from functools import reduce

from engine.core.decision.document import FactDocument, freeze
from engine.core.rules.model import Rules

# What a verdict is compared with: whoever reads `verdict` needs these facts too.
COMPARED_WITH = ("now", "pr")

# (field of the verdict, where its equal is, what is said when they differ)
_SAME = (
    ("repo", ("pr", "base", "repo"), "the last one is of another repository, {repo}"),
    ("pr", ("pr", "number"), "the last one is of another pull request"),
    ("head_sha", ("pr", "head", "sha"), "the last one is of another head, {head_sha:.7}"),
    ("base_ref", ("pr", "base", "ref"), "the last one is of another base, {base_ref}"),
    ("rules", ("rules", "digest"), "the last one was given under other rules"),
)
_LOCAL = "the last one is of a local run, which nobody else believes"
_EXPIRED = "the last one expired at {expires_at}"


def believe(document: FactDocument, rules: Rules) -> FactDocument:
    """`document` with its verdict where it belongs: among the facts, the absent or the failed."""
    verdict = document.facts.get("verdict")
    if verdict is None:
        return document
    if unknown := [state[1] for name in COMPARED_WITH if (state := document.state(name))]:
        return _without(document, failed=f"it cannot be checked, as {'; '.join(unknown)}")
    today = {**document.facts, "rules": {"digest": rules.digest}}
    wrong = [why for field, path, why in _SAME if verdict.get(field) != reduce(lambda at, key: at[key], path, today)]
    if verdict["origin"] == "local":
        wrong.insert(0, _LOCAL)
    if document.facts["now"] >= verdict["expires_at"]:
        wrong.append(_EXPIRED)
    return _without(document, absent=wrong[0].format(**verdict)) if wrong else document


def _without(document: FactDocument, *, absent: str = "", failed: str = "") -> FactDocument:
    facts = {name: value for name, value in document.facts.items() if name != "verdict"}
    return freeze(
        facts,
        {**document.absent, **({"verdict": absent} if absent else {})},
        {**document.failed, **({"verdict": failed} if failed else {})},
    )
