"""What expressions can ask beyond JMESPath: few functions, each total, linear in what it reads, and typed.

A function that would have to judge an empty set, or something that could not be planned, has no answer: an error.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from engine.core.declare import Function
from engine.core.duration import is_duration, seconds
from engine.core.expressions.globs import glob
from engine.core.expressions.model import Scope
from engine.core.expressions.standard import STANDARD, UnanswerableError, member

if TYPE_CHECKING:
    from engine.core.command import Command
    from engine.core.holding import Blocked

_EFFECTIVE = frozenset({"create", "update", "delete", "forget"})


def _matches(text: str, patterns: str | Sequence[str]) -> bool:
    return any(glob(p)(text) for p in ([patterns] if isinstance(patterns, str) else patterns))


def _some(patterns: str | Sequence[str]) -> None:
    if not patterns:
        raise UnanswerableError("there is no pattern to match")


def _glob(_: Scope, text: str, patterns: str | list[str]) -> bool:
    _some(patterns)
    return _matches(text, patterns)


def _is_command(_: Scope, text: str, command: str) -> bool:
    if not command.strip():
        raise UnanswerableError("the command is empty")
    first = text.split("\n", 1)[0].rstrip()
    rest = first.removeprefix(command)
    return first.startswith(command) and (not rest or rest[0] in " \t" or command.endswith(":"))


def _said(scope: Scope, body: str) -> "Command | None":
    """Only a comment that was just written says anything: editing it does not say it again."""
    from engine.core.command import read

    return read(body) if scope["event"].get("action") == "created" else None


def _command(scope: Scope, body: str) -> str:
    said = _said(scope, body)
    return said.word if said else ""


def _argument(scope: Scope, body: str) -> str:
    said = _said(scope, body)
    return said.argument if said else ""


def _epoch(text: str) -> float:
    from datetime import datetime  # 2 ms that few rules need

    if len(text) == 20 and text[10] == "T" and text[19] == "Z":
        try:
            return datetime.fromisoformat(text).timestamp()
        except ValueError:
            pass
    raise UnanswerableError(f"`{text}` is not a time such as 2026-11-23T21:00:00Z")


def _seconds_since(scope: Scope, time: str) -> int:
    return int(_epoch(scope["now"]) - _epoch(time))


def _has_label(scope: Scope, label: str) -> bool:
    return label in scope["labels"]


def _changed(scope: Scope) -> list[str]:
    """Every path that is touched; a renamed file counts at both ends."""
    files = scope["files"]
    if not files:
        raise UnanswerableError("no file is changed")
    return [p for f in files for p in (f["path"], f.get("previous_path")) if p is not None]


def _changed_any(scope: Scope, patterns: str | list[str]) -> bool:
    _some(patterns)
    return any(_matches(path, patterns) for path in _changed(scope))


def _changed_only(scope: Scope, patterns: str | list[str]) -> bool:
    _some(patterns)
    return all(_matches(path, patterns) for path in _changed(scope))


def _changes(scope: Scope) -> Iterator[dict[str, Any]]:
    """Every planned change of every resource; one that could not be planned may hold anything."""
    resources = scope["verdict"]["resources"]
    if not resources:
        raise UnanswerableError("the verdict is about no resource")
    unplanned = [r["path"] for r in resources if r["plan"] is None]
    if unplanned:
        raise UnanswerableError(f"{unplanned[0]} could not be planned")
    return (c for r in resources for c in r["changes"])


def _plan_touches(scope: Scope, patterns: str | list[str]) -> bool:
    _some(patterns)
    changes = _changes(scope)
    return any(_matches(c["type"], patterns) for c in changes if not _EFFECTIVE.isdisjoint(c["actions"]))


def _plan_actions(scope: Scope, action: str) -> list[str]:
    return [c["address"] for c in _changes(scope) if action in c["actions"]]


def _environment(scope: Scope) -> Any:
    return scope["verdict"]["environment"]


def _is_feature_branch(scope: Scope, ref: str) -> bool:
    if ref.startswith("refs/") and not ref.startswith("refs/heads/"):
        return False  # a tag, or a pull request's merge ref
    rules = scope["rules"]
    mapped = {e["branch"] for e in rules["environments"].values()} | {rules["otherwise"]["branch"]}
    return ref.removeprefix("refs/heads/") not in mapped


def _blocked(scope: Scope) -> "tuple[Blocked, ...]":
    verdict, pr = scope["verdict"], scope["pr"]
    if not verdict["resources"]:
        raise UnanswerableError("the verdict is about no resource")
    from engine.core.holding import blocked

    return blocked(pr["base"]["repo"], pr["number"], verdict, scope["merges"], scope["ledger"])


def _locked_by_others(scope: Scope) -> list[str]:
    return [one.key for one in _blocked(scope)]


def _why_locked(scope: Scope) -> str:
    from engine.core.holding import sentence

    return sentence(scope["pr"]["base"]["repo"], _blocked(scope))


def _there(scope: Scope, environment: str) -> list[dict[str, Any]]:
    """What runs there of every resource of the verdict."""
    resources = scope["verdict"]["resources"]
    if not resources:
        raise UnanswerableError("the verdict is about no resource")
    rows = {row["path"]: row for row in scope["elsewhere"] if row["environment"] == environment}
    if unknown := [r["path"] for r in resources if r["path"] not in rows]:
        reason = f"{unknown[0]} was not looked up there" if rows else "it is no environment with an account"
        raise UnanswerableError(f"what runs in `{environment}`: {reason}")
    return [rows[r["path"]] for r in resources]


def _applied_in(scope: Scope, environment: str) -> bool:
    return all(row["applied"] for row in _there(scope, environment))


def _ran_in(scope: Scope, environment: str, duration: str) -> bool:
    if not is_duration(duration):
        raise UnanswerableError(f"`{duration}` is not a span of time such as 24h or 7d")
    since = [row["same_since"] for row in _there(scope, environment)]
    return all(time is not None and _seconds_since(scope, time) >= seconds(duration) for time in since)


_PATTERNS = "string|array[string]"
_ACTIONS = "'create'|'read'|'update'|'delete'|'no-op'|'forget'"
_HOLDING = ("ledger", "merges", "pr", "verdict")
_HELD = ("merges[*].keys", "ledger[*].outcome", "verdict.resources[*].state_key")
_RUNS = ("elsewhere", "verdict")
_OWN = (
    Function(
        "always", lambda _: True, (), "boolean",
        "True: the action's `if` for what must also run after a failure.",
    ),
    Function(
        "applied_in", _applied_in, ("string",), "boolean",
        "Is every resource of the verdict, under the same service and name, applied in that environment? The last "
        "entry of the ledger there has to be `applied`. A name that is no environment with an account is an error.",
        _RUNS, ("elsewhere[*].applied", "verdict.resources[*].path"),
    ),
    Function(
        "argument", _argument, ("string",), "string",
        "What stands after the command that `command()` reads, on its line; empty where there is none.",
        ("event",), ("event.action",),
    ),
    Function(
        "changed_any", _changed_any, (_PATTERNS,), "boolean",
        "Does any changed path match a glob? A renamed file counts at both ends. No changed file at all is an error.",
        ("files",), ("files[*].path",),
    ),
    Function(
        "changed_only", _changed_only, (_PATTERNS,), "boolean",
        "Does every changed path match a glob? A renamed file counts at both ends. No changed file at all is an error.",
        ("files",), ("files[*].path",),
    ),
    Function(
        "command", _command, ("string",), "string",
        "The command that a comment begins with which was just written: `validate` of `/engine validate`. Empty where "
        "there is none, or it is quoted, indented, fenced, an answer to a mail, or holds what nobody sees.",
        ("event",), ("event.action",),
    ),
    Function(
        "environment", _environment, (), "string",
        "The environment that the signed verdict names.",
        ("verdict",), ("verdict.environment",),
    ),
    Function(
        "glob", _glob, ("string", _PATTERNS), "boolean",
        "Does the text match a glob? `*` stays inside a segment, `**` does not, `?` is one character.",
    ),
    Function(
        "has_label", _has_label, ("string",), "boolean",
        "Is the label on the pull request?",
        ("labels",), ("labels",),
    ),
    Function(
        "in", lambda _, value, values: member(value, values), ("any", "array"), "boolean",
        "Is the value one of the list?",
    ),
    Function(
        "is_command", _is_command, ("string", "string"), "boolean",
        "Is the first line of the text this command, alone or with something after it?",
    ),
    Function(
        "is_feature_branch", _is_feature_branch, ("string",), "boolean",
        "Is it a branch, and none that an environment or `otherwise` is mapped to? Takes `refs/heads/x` or `x`.",
        ("rules",), ("rules.environments.*.branch", "rules.otherwise.branch"),
    ),
    Function(
        "locked_by_others", _locked_by_others, (), "array[string]",
        "The state keys of this change that it may not have now: another pull request was merged and holds them until "
        "the ledger says what became of it, or they were not applied and the verdict is not younger than that.",
        _HOLDING, _HELD,
    ),
    Function(
        "plan_actions", _plan_actions, (_ACTIONS,), "array[string]",
        "The Terraform addresses that the verdict's plans do this to. A replacement is a delete and a create.",
        ("verdict",), ("verdict.resources[*].changes[*].actions",),
    ),
    Function(
        "plan_touches", _plan_touches, (_PATTERNS,), "boolean",
        "Do the verdict's plans create, update, delete or forget anything whose Terraform type matches a glob?",
        ("verdict",), ("verdict.resources[*].changes[*].type",),
    ),
    Function(
        "ran_in", _ran_in, ("string", "string"), "boolean",
        "Has every resource of the verdict run in that environment with the values that it has here, but for "
        "`environment`, for at least that long (`24h`, `7d`)? Any try since, whatever came of it, begins it anew.",
        ("now", *_RUNS), ("elsewhere[*].same_since", "verdict.resources[*].path", "now"),
    ),
    Function(
        "seconds_since", _seconds_since, ("string",), "number",
        "Seconds from that time (RFC 3339) until the decision's `now`; negative for the future.",
        ("now",), ("now",),
    ),
    Function(
        "why_locked", _why_locked, (), "string",
        "`Waiting behind #5`, or what else keeps this change from its resources; empty where nothing does.",
        _HOLDING, _HELD,
    ),
)  # fmt: skip

FUNCTIONS: tuple[Function, ...] = tuple(sorted((*_OWN, *STANDARD)))
