"""`Depends-On: #5` in the body of a pull request: it is not merged before #5 is, and is applied where anything is.

The body as it is now says it, one line each; `Depends-On: acme/other#5` is one of another source of the rules. Whoever
writes there can keep their own pull request back, and nobody's else; what cannot be read, or can never come about,
fails with the way out instead of waiting for ever.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from engine.core.decision.document import FactDocument
from engine.core.decision.explain import Cause, Doubt, Judgement, Missing
from engine.core.outcome import ALL, Outcome, combine
from engine.core.repository import same_repository

Pull: TypeAlias = int | str  # a number in the repository of the one that is judged; elsewhere `acme/other#5`

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

    on: tuple[Pull, ...]
    wrong: str = ""  # why it cannot be followed; it quotes nothing


def parse(body: str, repo: str, sources: Collection[str] = (), own: str = "") -> Named:
    """The pull requests that a body of a pull request of `repo` names, in its order, each once.

    Args:
        body: of one that is judged, or of one that it waits for.
        repo: of which `#5` is.
        sources: the repositories that may be named, as the rules spell them.
        own: the repository of the one that is judged; empty: `repo`.
    """
    on: dict[Pull, None] = {}
    for number, line in _lines(body):
        if not line.lower().startswith(_WORD):
            continue
        found = re.fullmatch(_NAMED, line[len(_WORD) :].strip(), re.ASCII)
        if found is None:
            return Named((), f"line {number} of the body is not `Depends-On: #5`, with one number to a line{_AGAIN}")
        where = found[1] or repo
        source = next((one for one in sources if same_repository(one, where)), None)
        if same_repository(where, own or repo):
            on[int(found[2])] = None
        elif source:
            on[f"{source}#{found[2]}"] = None
        else:
            why = "names a pull request of another repository, which is none of the `sources` of the rules"
            return Named((), f"line {number} of the body {why}{_AGAIN}")
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


def place(pull: Pull, own: str) -> tuple[str, int]:
    """Its repository and its number there."""
    if isinstance(pull, int):
        return own, pull
    repo, _, number = pull.rpartition("#")
    return repo, int(number)


def _name(pull: Pull) -> str:
    return f"#{pull}" if isinstance(pull, int) else pull


def is_out_of_sight(depends: Mapping[str, Any]) -> bool:
    """Does it wait for what a list of the open pull requests of its repository does not tell?"""
    return any(
        pull is not None and not _through(pull) and (pull["merged"] or "#" in name)
        for name, pull in depends["pulls"].items()
    )


def _through(pull: Mapping[str, Any]) -> bool:
    done: bool = pull["merged"] and (pull["applied"] is True or (pull["decided"] and pull["applied"] is None))
    return done


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


def _one(other: Pull, pulls: Mapping[str, Any]) -> Judgement:
    pull, name = _known(other, pulls), _name(other)
    if pull is None:
        where = "this" if isinstance(other, int) else "that"
        return _no(f"{name} is no pull request of {where} repository{_AGAIN}")
    if pull["state"] == "closed" and not pull["merged"]:
        return _no(f"{name} was closed without a merge; have it reopened, or take the line out of the body")
    if not pull["merged"]:
        return _wait(f"it depends on {name}, which is not merged", f"{name} merged")
    if _through(pull):
        text = f"{name}, which it depends on, is {'applied' if pull['applied'] else 'merged'}"
        return Judgement(Outcome.PASS, text, (Cause(Outcome.PASS, text),))
    if pull["decided"]:
        return _wait(f"it depends on {name}, which is merged and not applied", f"{name} applied")
    text = f"it depends on {name}, which was merged without a decision of ours"
    return _wait(text, f"{name} applied, or the line taken out of the body")


def _known(pull: Pull, pulls: Mapping[str, Any]) -> Any:
    if str(pull) not in pulls:
        raise Doubt(f"{_name(pull)}, which it depends on, was not looked up")
    return pulls[str(pull)]


def _round(own: int, depends: Mapping[str, Any]) -> str:
    """Why what it depends on can never all come about: it goes round in a circle, or on and on."""
    pulls = depends["pulls"]
    path: list[Pull] = [own]
    stack: list[Iterator[Pull]] = [iter(depends["on"])]
    done: set[Pull] = set()
    while stack:
        pull = next(stack[-1], None)
        if pull is None:
            stack.pop()
            done.add(path.pop())
        elif pull in path:
            circle = [*path[path.index(pull) :], pull]
            return f"these wait for one another: {' → '.join(map(_name, circle))}; take one of the lines out"
        elif pull not in done:
            if len(done) + len(path) > MOST_REACHED:
                return f"more than {MOST_REACHED} pull requests wait for one another{_AGAIN}"
            path.append(pull)
            stack.append(iter(_follow(_known(pull, pulls))))
    return ""


def _follow(pull: Any) -> Sequence[Pull]:
    """What is merged waits for nothing any more."""
    found: Sequence[Pull] = () if pull is None or pull["merged"] else pull["on"]
    return found


def _no(why: str) -> Judgement:
    return Judgement(Outcome.FAIL, why, (Cause(Outcome.FAIL, why),))


def _wait(why: str, what: str) -> Judgement:
    return Judgement(Outcome.PENDING, why, (Cause(Outcome.PENDING, why),), (Missing(what),))
