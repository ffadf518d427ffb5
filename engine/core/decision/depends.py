"""`Depends-On: #5` in the body of a pull request: it is not merged before #5 is, and is applied where anything is.

The body as it is now says it, one line each. Whoever writes there can keep their own pull request back, and nobody's
else; what cannot be read, or can never come about, fails with the way out instead of waiting for ever.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from engine.core.decision.document import FactDocument
from engine.core.decision.explain import Cause, Doubt, Judgement, Missing
from engine.core.outcome import ALL, Outcome, combine
from engine.core.repository import same_repository

FACTS = frozenset({"depends", "pr"})
MOST = 10  # of one pull request
MOST_REACHED = 100  # of those that it depends on, and so on
_AGAIN = "; edit the body"

_WORD = "depends-on:"
# Texts: `re` compiles them when a body is read, which is not on the way of a decision.
_NAMED = r"(?:(?:https?://[^/\s]{1,253}+/)?([\w.-]{1,39}+/[\w.-]{1,100}+)(?:#|/pull/)|#)([1-9][0-9]{0,9})"
_COMMENT = r"<!--(?:(?!-->).)*+(?:-->)?"
_FENCE = r" {0,3}(`{3,}|~{3,})"


class Named(NamedTuple):
    """What a body says."""

    on: tuple[int, ...]
    wrong: str = ""  # why it cannot be followed; it quotes nothing


def parse(body: str, repo: str) -> Named:
    """The pull requests that a body of a pull request of `repo` names, in its order, each once."""
    on: dict[int, None] = {}
    for number, line in _lines(body):
        if not line.lower().startswith(_WORD):
            continue
        found = re.fullmatch(_NAMED, line[len(_WORD) :].strip(), re.ASCII)
        if found is None:
            return Named((), f"line {number} of the body is not `Depends-On: #5`, with one number to a line{_AGAIN}")
        if found[1] and not same_repository(found[1], repo):
            return Named((), f"line {number} of the body names a pull request of another repository{_AGAIN}")
        on[int(found[2])] = None
    if len(on) > MOST:
        return Named((), f"the body names {len(on)} pull requests; {MOST} are the most{_AGAIN}")
    return Named(tuple(on))


def _lines(body: str) -> Iterator[tuple[int, str]]:
    """The lines that are the author's own words: not what they quote, show as code or hide; without bullets."""
    fence = ""
    # What is hidden keeps its line ends, so that lines are counted as in the editor.
    visible = re.sub(_COMMENT, lambda hidden: "\n" * hidden[0].count("\n"), body.replace("\r\n", "\n"), flags=re.DOTALL)
    for number, line in enumerate(visible.split("\n"), 1):
        mark = re.match(_FENCE, line)
        if fence:
            if mark and mark[1].startswith(fence) and not line[mark.end() :].strip():
                fence = ""
        elif mark:
            fence = mark[1]
        else:
            yield number, line.strip(" \t-*+")


def judge(document: FactDocument) -> Judgement:
    """Are those that it depends on through?

    Raises:
        Doubt: what it depends on, or what became of that, is not known.
    """
    depends, number = document.known("depends"), document.known("pr")["number"]
    if depends["wrong"]:
        return _no(depends["wrong"])
    if not depends["on"]:
        return Judgement(Outcome.PASS, "it depends on no other pull request")
    if why := _round(number, depends):
        return _no(why)
    each = [_one(other, depends["pulls"]) for other in depends["on"]]
    outcome = combine(ALL, (one.outcome for one in each))
    return Judgement(
        outcome,
        "; ".join(one.because for one in each if one.outcome is outcome),
        tuple(cause for one in each for cause in one.causes),
        tuple(missing for one in each for missing in one.missing),
    )


def _one(number: int, pulls: Mapping[str, Any]) -> Judgement:
    pull = _known(number, pulls)
    if pull is None:
        return _no(f"#{number} is no pull request of this repository{_AGAIN}")
    if pull["state"] == "closed" and not pull["merged"]:
        return _no(f"#{number} was closed without a merge; have it reopened, or take the line out of the body")
    if not pull["merged"]:
        return _wait(f"it depends on #{number}, which is not merged", f"#{number} merged")
    if pull["applied"] is True or (pull["decided"] and pull["applied"] is None):
        text = f"#{number}, which it depends on, is {'applied' if pull['applied'] else 'merged'}"
        return Judgement(Outcome.PASS, text, (Cause(Outcome.PASS, text),))
    if pull["decided"]:
        return _wait(f"it depends on #{number}, which is merged and not applied", f"#{number} applied")
    text = f"it depends on #{number}, which was merged without a decision of ours"
    return _wait(text, f"#{number} applied, or the line taken out of the body")


def _known(number: int, pulls: Mapping[str, Any]) -> Any:
    if str(number) not in pulls:
        raise Doubt(f"#{number}, which it depends on, was not looked up")
    return pulls[str(number)]


def _round(own: int, depends: Mapping[str, Any]) -> str:
    """Why what it depends on can never all come about: it goes round in a circle, or on and on."""
    pulls = depends["pulls"]
    path: list[int] = [own]
    stack: list[Iterator[int]] = [iter(depends["on"])]
    done: set[int] = set()
    while stack:
        number = next(stack[-1], None)
        if number is None:
            stack.pop()
            done.add(path.pop())
        elif number in path:
            circle = [*path[path.index(number) :], number]
            return f"these wait for one another: {' → '.join(f'#{n}' for n in circle)}; take one of the lines out"
        elif number not in done:
            if len(done) + len(path) > MOST_REACHED:
                return f"more than {MOST_REACHED} pull requests wait for one another{_AGAIN}"
            path.append(number)
            stack.append(iter(_follow(_known(number, pulls))))
    return ""


def _follow(pull: Any) -> Sequence[int]:
    """What is merged waits for nothing any more."""
    found: Sequence[int] = () if pull is None or pull["merged"] else pull["on"]
    return found


def _no(why: str) -> Judgement:
    return Judgement(Outcome.FAIL, why, (Cause(Outcome.FAIL, why),))


def _wait(why: str, what: str) -> Judgement:
    return Judgement(Outcome.PENDING, why, (Cause(Outcome.PENDING, why),), (Missing(what),))
