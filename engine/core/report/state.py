"""What a pull request stands at, in one line: the first of the comment, the title of both checks.

The words are a contract with whoever reads them by machine; what follows the colon is for people.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from engine.core import holding
from engine.core.decision.document import FactDocument
from engine.core.decision.explain import Missing
from engine.core.findings import Severity
from engine.core.outcome import Outcome
from engine.core.report import markdown as md
from engine.core.report.model import Gate

_TITLE = 255  # characters of a check's title
_TOLD = 3  # of what is missing


class State(NamedTuple):
    """The line: our own words, then what may hold names that are not ours."""

    words: str
    detail: str = ""

    @property
    def plain(self) -> str:
        """For a check's title, a terminal, a log."""
        line = md.line(self.words + self.detail)
        return line if len(line) <= _TITLE else line[: _TITLE - 1] + "…"

    @property
    def markdown(self) -> str:
        """For a comment."""
        return self.words + md.prose(self.detail)


STALE = State("Stale: validating again")
NOTHING = State("Nothing to validate")
_QUIET = (Outcome.PASS, Outcome.NOT_APPLICABLE)


def merged(branch: str, *, is_unaccounted: bool = False) -> State:
    """Of a pull request that was merged; `is_unaccounted`: by our App, and nothing of ours says why."""
    afresh = ", unaccounted: our App merged it, and no merge decision stands; it is judged afresh before it is applied"
    return State("Merged into ", f"{branch}{afresh if is_unaccounted else ''}")


def refused(why: str) -> State:
    """Of a change that is not even planned, or that a gate says no to."""
    return State("Refused: ", why)


def of(document: FactDocument, merging: Sequence[Gate], is_overridden: bool = False) -> State:
    """Of an open pull request, by the facts and the gates that decide about its merge."""
    facts = document.facts
    discovered = facts.get("resources")
    if discovered is not None and not discovered["resources"] and not discovered["refused"]:
        return NOTHING
    if discovered is not None and discovered["refused"]:
        number = len(discovered["refused"])
        return refused(f"{number} of the changed files cannot be accepted as configuration")
    if "verdict" in document.absent:
        return STALE
    verdict = facts.get("verdict")
    if verdict is None:
        return State("Failed: ", "whether it was validated could not be looked up")
    if (result := _of_result(verdict, is_overridden)) is not None:
        return result
    merge, pr = facts.get("merge"), facts.get("pr")
    if merge is not None and not merge["clean"]:
        return refused("merging into the base as it is now is a conflict")
    if merge is not None and merge["trees"] != verdict["trees"]:
        return STALE
    against = next((gate for gate in merging if gate.outcome in (Outcome.FAIL, Outcome.ERROR)), None)
    if against:
        return refused(against.because)
    freeze = facts.get("freeze")
    if freeze and freeze["active"]:
        return State("Frozen: ", freeze.get("reason") or "nobody says why")
    if pr is not None and "merges" in facts and "ledger" in facts:
        repo = pr["base"]["repo"]
        found = holding.blocked(repo, pr["number"], verdict, facts["merges"], facts["ledger"])
        if found:
            is_held = any(one.by for one in found)
            return State(holding.sentence(repo, found)) if is_held else STALE
    lead = "Failed: overridden, waiting for " if verdict["result"] == "failed" else "Passed: waiting for "
    return State(lead, _missing([gate for gate in merging if gate.outcome not in _QUIET]))


def _of_result(verdict: Mapping[str, Any], is_overridden: bool) -> State | None:
    if verdict["result"] == "error":
        return State("Failed: ", "it could not be judged")
    if verdict["result"] == "passed" or is_overridden:
        return None
    denied = [finding for finding in verdict["findings"] if finding["effect"] == "deny"]
    order = [severity.value for severity in Severity]
    worst = min((finding["severity"] for finding in denied), key=order.index, default="")
    noun = "finding denies" if len(denied) == 1 else "findings deny"
    return State("Failed: ", f"{len(denied)} {noun} it{f', the worst is {worst}' if worst else ''}")


def _missing(waiting: Sequence[Gate]) -> str:
    """What is missing, without who can give it: that stands below."""
    what = list(dict.fromkeys(one.what for gate in waiting for one in gate.missing if not _is_alternative(one)))
    what = what or [gate.name for gate in waiting]
    if not what:
        return "the merge, which comes by itself"
    more = f" and {len(what) - _TOLD} more" if len(what) > _TOLD else ""
    return f"{'; '.join(what[:_TOLD])}{more}"


def _is_alternative(missing: Missing) -> bool:
    return missing.what.startswith("or ")
