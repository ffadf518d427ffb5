"""The kinds of event that rules may listen to: one row each, with what must be in it and what it is about.

A new event is a row in `ROWS` and its shape in `schemas/event.schema.json`. Facts are fetched afresh for the subject,
so a row asks for no more of a payload than it takes to find that subject.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

from engine.core.declare import EventKind
from engine.core.events.body import Body, shown

SubjectKind: TypeAlias = Literal["pull_request", "ref", "none"]


class Subject(NamedTuple):
    """What a decision is about."""

    kind: SubjectKind
    repo: str = ""  # empty only for `none`
    number: int | None = None
    ref: str | None = None  # refs/heads/feature

    def __str__(self) -> str:
        return {"pull_request": f"{self.repo}#{self.number}", "ref": f"{self.repo}@{self.ref}"}.get(self.kind, "none")


class Check(NamedTuple):
    """What a value of the payload must be."""

    wanted: str  # for a sentence: "expected …"
    holds: Callable[[object], bool]


def _matches(pattern: str, limit: int) -> Callable[[object], bool]:
    # Compiled by `re` when first used: one event needs half of them.
    return lambda v: isinstance(v, str) and len(v) <= limit and re.fullmatch(pattern, v) is not None


# GitHub's alphabet; nothing that could pass for an option or a path upwards.
REPO = Check("owner/name", _matches(r"[A-Za-z0-9_][A-Za-z0-9_.-]*/(?!\.{1,2}$)[A-Za-z0-9_.-]+", 140))
SHA = Check("a full commit sha", _matches(r"[0-9a-f]{40}|[0-9a-f]{64}", 64))
# git-check-ref-format, less its rarer rules: enough that no name can pass for an option, a range or a path upwards.
_NAME = r"(?![-/.])(?!.*(?:\.\.|//|@\{|/\.|\.lock(?:/|$)))[^\x00-\x20\x7f~^:?*\[\\]+(?<![/.])"
BRANCH = Check("a branch name", _matches(_NAME, 255))
REF = Check("a full ref such as refs/heads/main", _matches(r"refs/(?:heads|tags)/" + _NAME, 266))
NUMBER = Check("a whole number from 1", lambda v: type(v) is int and 1 <= v < 2**53)
WORD = Check("a word such as `opened`", _matches(r"[A-Za-z0-9_.:/ -]+", 100))
TEXT = Check("a string", lambda v: isinstance(v, str) and v != "")
FLAG = Check("true or false", lambda v: isinstance(v, bool))
OBJECT = Check("an object", lambda v: isinstance(v, dict))
_DIGITS = Check("a whole number from 1, as text", _matches("[1-9][0-9]*", 10))


def _inputs(value: object) -> bool:
    """A pull request is named in full or not at all: half a name is a slip. Inputs arrive as text, mostly."""
    if not isinstance(value, dict) or not {"source_repo", "pr_number"} & value.keys():
        return value is None or isinstance(value, dict)
    number = value.get("pr_number")
    return REPO.holds(value.get("source_repo")) and (NUMBER.holds(number) or _DIGITS.holds(number))


INPUTS = Check("an object, whose source_repo and pr_number name a pull request together, or null", _inputs)

Fields: TypeAlias = Mapping[str, Check]


class Row(NamedTuple):
    """One kind of event."""

    kind: EventKind
    fields: Fields  # dotted path → what must be there
    marks: tuple[str, ...]  # top-level keys that give the kind away when its name was not given
    subject: Callable[[Body], Subject]


def _pull_request(body: Body) -> Subject:
    return Subject("pull_request", body["repository"]["full_name"], body["pull_request"]["number"])


def _comment(body: Body) -> Subject:
    if not isinstance(body["issue"].get("pull_request"), dict):
        return Subject("none", body["repository"]["full_name"])
    return Subject("pull_request", body["repository"]["full_name"], body["issue"]["number"])


def _push(body: Body) -> Subject:
    return Subject("ref", body["repository"]["full_name"], ref=body["ref"])


def _merge_group(body: Body) -> Subject:
    return Subject("ref", body["repository"]["full_name"], ref=body["merge_group"]["head_ref"])


def _checked(key: str) -> Callable[[Body], Subject]:
    """The one pull request that a check belongs to; GitHub lists none for forks and several for a shared head."""

    def subject(body: Body) -> Subject:
        repo, check = body["repository"]["full_name"], body[key]
        listed = check.get("pull_requests")
        here = [p for p in listed if _of(p, body["repository"])] if isinstance(listed, list) else []
        numbers = {p["number"] for p in here if NUMBER.holds(p.get("number"))}
        if len(numbers) == 1:
            return Subject("pull_request", repo, numbers.pop())
        suite = check.get("check_suite")  # a run names the branch in its suite
        branch = suite.get("head_branch") if isinstance(suite, dict) else check.get("head_branch")
        if BRANCH.holds(branch):
            return Subject("ref", repo, ref=f"refs/heads/{branch}")
        return Subject("none", repo)

    return subject


def _of(pull: object, repository: Body) -> bool:
    """Is it a pull request of this repository? A commit shared with a fork lists those of the fork as well."""
    if not isinstance(pull, dict):
        return False
    value: object = pull
    for key in ("base", "repo", "id"):
        if not isinstance(value, dict) or key not in value:
            return True
        value = value[key]
    return value == repository.get("id")


def _by_hand(body: Body) -> Subject:
    """A person who starts a workflow may name a pull request."""
    inputs = body["inputs"] or {}
    if "pr_number" in inputs:
        return Subject("pull_request", inputs["source_repo"], int(inputs["pr_number"]))
    return Subject("none", body["repository"]["full_name"])


def _dispatched(body: Body) -> Subject:
    """Of one subject only where the contract of dispatches has named it: another's payload says nothing to us."""
    asked, nothing = body.get("client_payload"), _nothing(body)
    at = asked if isinstance(asked, dict) and body["action"] == "look" else {}
    if NUMBER.holds(at.get("pr_number")):
        return Subject("pull_request", nothing.repo, at["pr_number"])
    return Subject("ref", nothing.repo, ref=at["ref"]) if REF.holds(at.get("ref")) else nothing


def _nothing(body: Body) -> Subject:
    repository = body.get("repository")
    repo = repository.get("full_name") if isinstance(repository, dict) else None
    return Subject("none", repo if isinstance(repo, str) and REPO.holds(repo) else "")


_IN_REPO: dict[str, Check] = {"repository.full_name": REPO}
_ON_PULL: dict[str, Check] = {
    **_IN_REPO,
    "action": WORD,
    "pull_request.number": NUMBER,
    "pull_request.head.sha": SHA,
    "pull_request.head.ref": BRANCH,
    "pull_request.base.ref": BRANCH,
}

ROWS: tuple[Row, ...] = (
    Row(
        EventKind("push", (), "Commits reached a branch or tag, or it was deleted.", "ref"),
        {**_IN_REPO, "ref": REF, "before": SHA, "after": SHA, "deleted": FLAG},
        ("ref", "before", "after", "deleted"),
        _push,
    ),
    Row(
        EventKind(
            "pull_request",
            (
                "assigned",
                "auto_merge_disabled",
                "auto_merge_enabled",
                "closed",
                "converted_to_draft",
                "demilestoned",
                "dequeued",
                "edited",
                "enqueued",
                "labeled",
                "locked",
                "milestoned",
                "opened",
                "ready_for_review",
                "reopened",
                "review_request_removed",
                "review_requested",
                "synchronize",
                "unassigned",
                "unlabeled",
                "unlocked",
            ),
            "A pull request was opened, changed, retargeted, labelled or closed.",
            "pull_request",
        ),
        _ON_PULL,
        ("action", "pull_request"),
        _pull_request,
    ),
    Row(
        EventKind(
            "pull_request_review",
            ("dismissed", "edited", "submitted"),
            "A review was given or taken back.",
            "pull_request",
        ),
        _ON_PULL,
        ("action", "pull_request", "review"),
        _pull_request,
    ),
    Row(
        EventKind(
            "pull_request_review_comment",
            ("created", "deleted", "edited"),
            "A comment on a line of a pull request.",
            "pull_request",
        ),
        _ON_PULL,
        ("action", "pull_request", "comment"),
        _pull_request,
    ),
    Row(
        EventKind("issue_comment", ("created", "deleted", "edited"), "A comment on a pull request or an issue."),
        {**_IN_REPO, "action": WORD, "issue.number": NUMBER, "comment": OBJECT},
        ("action", "issue", "comment"),
        _comment,
    ),
    Row(
        EventKind(
            "check_run", ("completed", "created", "requested_action", "rerequested"), "A check started or ended."
        ),
        {**_IN_REPO, "action": WORD, "check_run.head_sha": SHA},
        ("action", "check_run", "repository"),
        _checked("check_run"),
    ),
    Row(
        EventKind("check_suite", ("completed", "requested", "rerequested"), "All checks of one app on a commit."),
        {**_IN_REPO, "action": WORD, "check_suite.head_sha": SHA},
        ("action", "check_suite", "repository"),
        _checked("check_suite"),
    ),
    Row(
        EventKind("merge_group", ("checks_requested", "destroyed"), "The merge queue asks for checks.", "ref"),
        {**_IN_REPO, "action": WORD, "merge_group.head_sha": SHA, "merge_group.head_ref": REF},
        ("action", "merge_group"),
        _merge_group,
    ),
    Row(
        EventKind(
            "repository_dispatch",
            (),
            "Another program asked; its own word for what is in `event.action`, of the contract `look` or `sweep`.",
        ),
        {**_IN_REPO, "action": WORD},
        ("action", "client_payload"),
        _dispatched,
    ),
    Row(
        EventKind("workflow_dispatch", (), "A person started the workflow; what they filled in is in `event.inputs`."),
        {**_IN_REPO, "ref": REF, "inputs": INPUTS},
        ("inputs", "ref", "workflow"),
        _by_hand,
    ),
    Row(
        EventKind("schedule", (), "The clock.", "none"),
        {"schedule": TEXT},
        ("schedule",),
        _nothing,
    ),
)

EVENTS: tuple[EventKind, ...] = tuple(row.kind for row in ROWS)
BY_NAME: Mapping[str, Row] = {row.kind.name: row for row in ROWS}
# Same payload, other name: GitHub Actions runs the second in the base repository's context.
ALIASES: Mapping[str, str] = {"pull_request_target": "pull_request"}

# Keys of kinds that are not in the table, but carry a check run or a pull request along.
_FOREIGN = frozenset({"deployment", "thread"})


def recognise(body: Body) -> str | None:
    """The one kind that this payload can be, judged by its top-level keys; None when none or several fit."""
    if not _FOREIGN.isdisjoint(body):
        return None
    fits = [row for row in ROWS if all(mark in body for mark in row.marks)]
    fits = [row for row in fits if not any(set(row.marks) < set(other.marks) for other in fits)]
    return fits[0].kind.name if len(fits) == 1 else None


def wrong(body: Any, fields: Fields) -> tuple[str, str] | None:
    """The first of `fields` that is not as it must be: its path, and what is wrong with it."""
    for path, check in fields.items():
        value = body
        for key in path.split("."):
            if not isinstance(value, dict) or key not in value:
                return path, f"it is missing (expected {check.wanted})"
            value = value[key]
        if not check.holds(value):
            return path, f"expected {check.wanted}, found {shown(value)}"
    return None
