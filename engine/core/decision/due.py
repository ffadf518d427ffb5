"""Is a pull request to be decided again? Only where something that its last decision read is another by now.

A decision leaves its marks: short texts of what it was made from, as far as a list of all pull requests and a look into
the store tell them. Sweep makes the same marks of today and compares. What a decision has itself written on the pull
request makes it look touched, so it is looked at once more, and then it rests.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from engine.core.canonical import digest
from engine.core.decision import depends as order
from engine.core.decision.decided import PipelineResult
from engine.core.decision.document import FactDocument
from engine.core.decision.explain import Doubt
from engine.core.expressions.model import Expression
from engine.core.moment import later
from engine.core.rules.model import Gate, Rules
from engine.core.verdict.about import MADE_WITH

Marks: TypeAlias = Mapping[str, str]

# GitHub calls a check that is in progress stale after 14 days.
_SHOWN_S = 13 * 86_400
# What is said of a mark that is another one by now.
WORDS: Mapping[str, str] = {
    "head": "it was pushed to",
    "base": "its base is another one, or has moved on",
    "updated": "something was said or done on it",
    # GitHub's moments are whole seconds, and what is said within that of the last look is known by its number alone.
    "comments": "a comment was written or removed",
    "reviews": "it was reviewed",
    "made_with": "rules, policies, module or engine are others",
    "frozen": "what is frozen is another",
    "holders": "others were merged that hold its resources, or hold them no more",
    "depends": "one that it depends on is no longer open",
}
_SAID = ("comments", "reviews")  # not of every decision, nor of one that no list has


class Last(NamedTuple):
    """What the last decision has left of itself."""

    marks: Marks
    keys: tuple[str, ...]  # state keys of its resources, whose holders are among the marks
    depends: tuple[int, ...]  # those that were open of the pull requests that it depends on
    until: str | None  # at that moment it says something else, though nobody did anything


class Seen(NamedTuple):
    """One pull request as a list of all has it."""

    head: str  # sha
    base_ref: str
    base_sha: str | None
    updated_at: str
    said: Mapping[str, tuple[int, int]] = {}  # comments, reviews: how many there are, and the newest one's id


def marks(
    seen: Seen,
    *,
    made_with: str,
    frozen: Iterable[str],
    holders: Iterable[tuple[str, int]],
    depends: Iterable[int],
) -> Marks:
    """`made_with`: digest of what decides, besides facts; `frozen`: environments and why; `holders`: whose merges may
    hold its resources; `depends`: those that are open of what it depends on.
    """
    return {
        "head": seen.head,
        "base": f"{seen.base_ref}@{seen.base_sha}",
        "updated": seen.updated_at,
        **{name: f"{count}:{newest}" for name, (count, newest) in seen.said.items()},
        "made_with": made_with,
        "frozen": digest(sorted(frozen)),
        "holders": digest(sorted([repo.lower(), pr] for repo, pr in holders)),
        "depends": digest(sorted(depends)),
    }


def due(last: Last | None, now: Marks, moment: str) -> str:
    """Why it is to be decided again, as a sentence; empty: it is not."""
    if last is None:
        return "nobody has decided it yet"
    for name in WORDS:
        if name in _SAID and not (name in last.marks and name in now):
            continue
        if last.marks.get(name) != now.get(name):
            return WORDS[name]
    if last.until is not None and moment >= last.until:
        return f"what was decided holds until {last.until}"
    return ""


def made_with(rules: Rules, engine: str, today: Mapping[str, str | None]) -> str:
    """Digest of what decides, besides facts; `today`: digests of policies, module and lock file."""
    return digest([rules.whole, engine, *(today.get(name) for name in MADE_WITH)])


def state_keys(document: FactDocument) -> tuple[str, ...]:
    """Those of the verdict's resources; none where there is no verdict."""
    verdict = document.facts.get("verdict") or {"resources": ()}
    return tuple(sorted(resource["state_key"] for resource in verdict["resources"]))


def said(document: FactDocument) -> Mapping[str, tuple[int, int]]:
    """What it has read of what was said, as `Seen` has it."""
    rows = {name: document.facts[name] for name in _SAID if name in document.facts}
    return {name: (len(found), max((row["id"] for row in found), default=0)) for name, found in rows.items()}


def still_open(document: FactDocument) -> tuple[int, ...]:
    """Those that are open of all that it depends on in its own repository."""
    open_ = {name for name, pull in _depends(document)["pulls"].items() if pull and pull["state"] == "open"}
    return tuple(sorted(int(name) for name in open_ if "#" not in name))


def _depends(document: FactDocument) -> Mapping[str, Any]:
    return document.facts.get("depends") or {"pulls": {}}


def until(result: PipelineResult, document: FactDocument, rules: Rules) -> str:
    """When a decision is to be made again, though nothing of what it read is another by then.

    Raises:
        Doubt: it is not known when it was made.
    """
    now: str = document.known("now")
    return min(_ends(result, document, rules, now))


def _ends(result: PipelineResult, document: FactDocument, rules: Rules, now: str) -> Iterator[str]:
    try:
        yield later(now, _SHOWN_S)
    except ValueError as error:
        raise Doubt(f"{now} is no moment: {error}") from error
    # A lookup that failed, or a list that does not hold everything yet, says nothing of the pull request.
    if document.failed or document.absent.keys() - {"merged", "verdict"}:
        yield now
    if order.is_out_of_sight(_depends(document)):
        yield now
    if any(_reads_the_clock(rules.gates[gate.name]) for gate in result.gates if gate.name in rules.gates):
        yield now
    if verdict := document.facts.get("verdict"):
        yield verdict["expires_at"]
    # One that had expired when it was looked at counts by what was signed of the merge.
    ends = (gate.override.expires_at for gate in result.gates if gate.override)
    yield from (end for end in ends if end > now)


def _reads_the_clock(gate: Gate) -> bool:
    """Nobody can tell when a condition will say something else that reads the time itself."""
    stated: Sequence[Expression | None] = (gate.when, gate.require, gate.reject)
    return any("now" in expression.needs for expression in stated if expression)
