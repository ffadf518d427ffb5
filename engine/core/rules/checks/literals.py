"""Texts in conditions that can equal nothing: what they are held against is known when rules load.

A condition on them is never true, and a gate that it guards is silently never asked. Findings: they warn.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from engine.core.duration import is_duration
from engine.core.expressions.globs import glob
from engine.core.expressions.parse import Node
from engine.core.expressions.snippet import Snippet
from engine.core.rules.checks.globs import odd_glob
from engine.core.rules.checks.looks import ends, known_branches, known_sources, parts
from engine.core.rules.checks.subject import Check, Subject, compared, literal_texts, nodes, tree
from engine.core.rules.draft import Entry
from engine.errors import Place, Problem, problem
from engine.names import closest, either

_BRANCH_PREFIX = "refs/heads/"


class Text(NamedTuple):
    """A literal of an expression, and what it is held against."""

    value: str
    place: Place
    subject: str  # as it is written: `pr.base.ref`
    where: str = ""  # of an argument: the first one


World: TypeAlias = Callable[[Text, Subject], Iterator[Problem]]


def conditions(subject: Subject) -> Iterator[tuple[str, Place, Node]]:
    """Every expression, and every define once, with its tree."""
    texts = [(entry.data, entry.document.place(*entry.path)) for entry in subject.draft.sections["define"]]
    texts += [(expression.text, expression.place) for _, expression in subject.expressions]
    for text, place in texts:
        if (found := tree(text)) is not None:
            yield text, place, found


def literals(subject: Subject) -> Iterator[Problem]:
    """Texts of conditions that are not in the world of what they are held against."""
    for text, place, whole in conditions(subject):
        snippet = Snippet(text, place)
        for node in nodes(whole):
            for value, literal, left in compared(node):
                name, at = text[left.start : left.end], snippet.at(literal.start, literal.end)
                for world in _held_against(name):
                    yield from world(Text(value, at, name), subject)
            if node.kind == "function_expression":
                yield from parts(node, text, snippet, subject)
                for position, argument in enumerate(node.children):
                    asked = _ARGUMENTS.get((node.value, position))
                    for value, literal in literal_texts(argument) if asked is not None else ():
                        at = snippet.at(literal.start, literal.end)
                        assert asked is not None
                        where = text[node.children[0].start : node.children[0].end]
                        yield from asked(Text(value, at, f"what {node.value}() asks", where), subject)


_GROUP = re.compile(r"(?<![\w.])groups\.(\"?)([\w-]+)\1")


def groups(subject: Subject) -> Iterator[Problem]:
    """Groups that conditions name, and the approvers' file does not."""
    known = [entry.name for entry in subject.draft.groups]
    for text, place, _ in conditions(subject):
        for found in _GROUP.finditer(text):
            if found[2] not in known:
                at = Snippet(text, place).at(*found.span(2))
                yield problem("ENG906", at, hint=closest(found[2], known), name=found[2], known=either(known))


def _held_against(name: str) -> Iterator[World]:
    """The worlds of a value, by the end of its path."""
    for end, world in _PATHS.items():
        if ends(name, end):
            yield world
            return


# --- worlds


def _never(text: Text, known: Collection[str], what: str, hint: str = "") -> Iterator[Problem]:
    if text.value not in known:
        hint = hint or closest(text.value, known)
        yield problem(
            "ENG890", text.place, hint=hint, subject=text.subject, value=text.value, what=what, known=either(known)
        )


def _sources(text: Text, subject: Subject) -> Iterator[Problem]:
    yield from _never(text, *known_sources(subject))


def _branches(text: Text, subject: Subject) -> Iterator[Problem]:
    short = text.value.removeprefix(_BRANCH_PREFIX)
    hint = f"write `{short}`: a branch is named without `{_BRANCH_PREFIX}` here" if short != text.value else ""
    environment = next((e for e in subject.draft.sections["environments"] if e.name == short), None)
    if environment is not None:
        hint = hint or f"write `{environment.data['branch']}`, the branch of environment `{short}`"
    yield from _never(text, *known_branches(subject), hint)


def _short_branch(text: Text, _: Subject) -> Iterator[Problem]:
    if text.value.startswith("refs/"):
        short = text.value.removeprefix(_BRANCH_PREFIX)
        yield problem("ENG891", text.place, value=text.value, what="the name of a branch", wanted=f"write `{short}`")


def _full_ref(text: Text, _: Subject) -> Iterator[Problem]:
    if not text.value.startswith("refs/"):
        wanted = f"write `{_BRANCH_PREFIX}{text.value}`, or compare with `is_feature_branch(…)`"
        yield problem("ENG891", text.place, value=text.value, what="a ref in full", wanted=wanted)
    elif not text.value.startswith((_BRANCH_PREFIX, "refs/tags/", "refs/pull/")):
        name = text.value.rpartition("/")[2]
        wanted = f"write `{_BRANCH_PREFIX}{name}`, or `refs/tags/…` for a tag"
        yield problem("ENG891", text.place, value=text.value, what="the ref of a branch or a tag", wanted=wanted)


def _login(text: Text, _: Subject) -> Iterator[Problem]:
    if not re.fullmatch(r"[A-Za-z0-9](?:-?[A-Za-z0-9_]){0,100}(?:\[bot\])?", text.value):
        bare = text.value.removeprefix("@")
        wanted = f"write `{bare}`" if bare != text.value else "a login has letters, digits and `-` only"
        yield problem("ENG891", text.place, value=text.value, what="a GitHub login", wanted=wanted)


def _applied(text: Text, subject: Subject) -> Iterator[Problem]:
    known = [e.name for e in subject.draft.sections["environments"] if "account" in e.data]
    yield from _never(text, known, "environment with an account")


def _span(text: Text, _: Subject) -> Iterator[Problem]:
    if not is_duration(text.value):
        yield problem(
            "ENG891", text.place, value=text.value, what="a span of time", wanted="write it as 30m, 24h or 7d"
        )


def _time(text: Text, _: Subject) -> Iterator[Problem]:
    if epoch(text.value) is None:
        whole = f"{text.value}T00:00:00Z"
        whole = f"{text.value}Z" if epoch(f"{text.value}Z") is not None else whole
        whole = whole if epoch(whole) is not None else _as_utc(text.value)
        wanted = f"write `{whole}`" if whole else "write a day that there is, the time and UTC, as 2026-12-20T00:00:00Z"
        yield problem("ENG891", text.place, value=text.value, what="a time", wanted=wanted)


def _as_utc(text: str) -> str:
    """A time of another zone or with other signs, as it is written here; empty where it is none."""
    from datetime import UTC, datetime

    # Not 12/20/2026, which is another day elsewhere.
    day = re.fullmatch(r"(\d{4})[/.](\d\d)[/.](\d\d)|(\d\d)\.(\d\d)\.(\d{4})", text)
    if day:
        text = "-".join(day.group(1, 2, 3) if day[1] else day.group(6, 5, 4))
    try:
        found = datetime.fromisoformat(text.upper())
    except ValueError:
        return ""
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return found.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def epoch(text: str) -> float | None:
    """Seconds of a time as `seconds_since` reads it; None: it is none."""
    from datetime import datetime

    if len(text) != 20 or text[10] != "T" or text[19] != "Z":
        return None
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


def _type(text: Text, _: Subject) -> Iterator[Problem]:
    """A resource type, or a glob over types."""
    hint = type_meant(text.value)
    if hint is not None:
        several = _SEVERAL.fullmatch(text.value)
        begin, listed, rest = several.groups() if several else ("", text.value, "")
        parts = [f"{begin}{part.strip()}{rest}" for part in _BETWEEN.split(listed) if part.strip()]
        if len(parts) > 1 and all(type_meant(part) is None for part in parts):
            hint = f"these are several: write `[{', '.join(map(repr, parts))}]`"
        elif "|" in text.value:
            hint = "a glob is no regular expression: write a list of types, `['aws_kms_*', 'aws_iam_*']`"
        yield problem("ENG892", text.place, hint=hint, value=text.value, subject=text.subject)


def type_meant(pattern: str) -> str | None:
    """A guess at what was meant (maybe empty) where no type is so called; None: some are.

    Only AWS's are known: of a provider that goes by another name, nothing.
    """
    from engine.core.rules.generated.aws_types import TYPES

    if any(map(glob(pattern), TYPES)) or pattern.startswith(_OTHER_PROVIDERS):
        return None
    small = re.sub(r"[^a-z0-9_*?]+", "_", pattern.partition(".")[0].lower()).strip(
        "_"
    )  # `AWS::IAM::Role`, `aws_iam_role.x`
    for guess in (f"aws_{pattern}", small, f"aws_{small}", f"{small}_*", f"aws_{small}_*"):
        if small and any(map(glob(guess), TYPES)):
            return f"did you mean `{guess}`?"
    return _meant(pattern, TYPES)


_SEVERAL = re.compile(r"\^?([\w*?]*)[({]([\w*?,| ]+)[)}]([\w*?]*)\$?")  # `aws_{kms,iam}_*`
_BETWEEN = re.compile(r"[\s,|;]")
_OTHER_PROVIDERS = (
    "archive_",
    "awscc_",
    "external_",
    "github_",
    "http_",
    "local_",
    "null_",
    "random_",
    "time_",
    "tls_",
)


def _planned_type(text: Text, subject: Subject) -> Iterator[Problem]:
    """`type` is a field of many things; whoever compares one with a name of AWS's means a resource's."""
    if text.value.startswith("aws"):
        yield from _type(text, subject)


def _meant(pattern: str, types: Collection[str]) -> str:
    """A guess: the closest type, or, of `aws_kmss_*`, the closest beginning of some."""
    begin, star, rest = pattern.partition("*")
    size = begin.count("_")
    known = {"_".join(one.split("_")[:size]) + "_" for one in types if one.count("_") >= size} if star else types
    guess = closest(begin, [one for one in known if abs(len(one) - len(begin)) <= 2 and one[:5] == begin[:5]])
    return guess.replace("`?", f"{star}{rest}`?") if star else guess


def _in_labels(text: Text, subject: Subject) -> Iterator[Problem]:
    """`contains(labels, 'opa-passed')`"""
    if text.where.endswith("labels"):
        yield from _label(text, subject)


def _glob(text: Text, subject: Subject) -> Iterator[Problem]:
    """A glob of paths; one that is a directory in which somebody owns files matches none of them."""
    yield from odd_glob(text.value, text.place)
    owned = [glob_ for entry in subject.draft.sections["sources"] for glob_ in entry.data["owns"]]
    if any(one.startswith(f"{text.value}/") for one in owned):
        way = f"write `{text.value}/**`"
        yield problem("ENG893", text.place, glob=text.value, reason="a directory is no changed file", way=way)


def _label(text: Text, subject: Subject) -> Iterator[Problem]:
    """People have labels of their own: only what is nearly one of ours was meant to be it."""
    own = [e.data["label"] for e in subject.draft.sections["overrides"] if "label" in e.data]
    known = sorted({"opa-passed", "opa-failed", "opa-override", *own})
    if text.value not in known and closest(text.value, known):
        yield from _never(text, known, "label of ours")


_ARGUMENTS: Mapping[tuple[str, int], World] = {
    ("plan_touches", 0): _type,
    ("has_label", 0): _label,
    ("contains", 1): _in_labels,
    ("seconds_since", 0): _time,
    ("applied_in", 0): _applied,
    ("ran_in", 0): _applied,
    ("ran_in", 1): _span,
    ("changed_any", 0): _glob,
    ("changed_only", 0): _glob,
}
_PATHS: Mapping[str, World] = {
    "source.repo": _sources,
    "verdict.repo": _sources,
    "base.repo": _sources,
    "base.ref": _branches,
    "verdict.branch": _branches,
    "resources.branch": _branches,
    "base_ref": _branches,
    "ref.branch": _short_branch,
    "head.ref": _short_branch,
    "event.ref": _full_ref,
    "ref.name": _full_ref,
    "login": _login,
    "type": _planned_type,
}


# --- names of the rules themselves


def branches(subject: Subject) -> Iterator[Problem]:
    """Branches that are written as refs, or that git takes for none."""
    document = subject.draft.entry
    mapped = [(e.data["branch"], e.place("branch")) for e in subject.draft.sections["environments"]]
    if document and "otherwise" in subject.draft.settings:
        mapped.append((subject.draft.settings["otherwise"]["branch"], document.place("otherwise", "branch")))
    for branch, place in mapped:
        for begin in (_BRANCH_PREFIX, "heads/", "refs/", "origin/"):
            if branch.startswith(begin):
                yield problem("ENG894", place, branch=branch, way=f"write `{branch.removeprefix(begin)}`")
                break
        else:
            if branch.endswith(".lock") or branch == "HEAD" or ".lock/" in branch:
                yield problem("ENG894", place, branch=branch, way="git makes no branch of that name: choose another")


def cases(subject: Subject) -> Iterator[Problem]:
    """Environments in capitals: a tfvars that says `uat` where the rules say `UAT` is refused."""

    def odd(entry: Entry) -> bool:
        return entry.name != entry.name.lower()

    for entry in filter(odd, subject.draft.sections["environments"]):
        yield problem("ENG895", entry.place(), name=entry.name, small=entry.name.lower())


CHECKS = (
    Check("ENG890", literals, ("sources", "environments", "otherwise", "overrides"), ("ENG061",)),
    Check("ENG906", groups, ("groups",)),
    Check("ENG894", branches),
    Check("ENG895", cases),
)
