"""Keys that other tools have, and keys of ours in another place: what there is here instead.

A mapping is told by a key that only it knows. What is said must be right whoever reads it, so a row names the place and
the key, and never a value that somebody could have meant otherwise.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from engine.core.schema.failure import Failure
from engine.names import choice

_STEP, _TRIGGER, _PIPELINE, _GATE = "uses", "event", "actions", "reject"
_TOP, _SOURCE, _ENVIRONMENT, _LIMITS = "sources", "owns", "region", "parallelism"

_CONDITION = "say it in `when`: {example}"
_ROW = "what starts it is a row of `events:` in deployment-rules.yaml: `{event: …, run: PIPELINE}`"
_NO_NAME = "leave it out: a comment says what it is for"
_OF_PEOPLE = 'who approves is said by a gate\'s `approvals:`, of one environment by its `when: "environment() == …"`'
_BASE = "say it in `when`: `event.pull_request.base.ref == …`, or of a push `event.ref == 'refs/heads/…'`"
_OFF = "leave it out: what is not to count is made a comment, with `# ` before it"
_PATHS = _CONDITION.replace("{example}", "`changed_any('…/**')`")
_CLOCK = "a clock has `every: 10m` in the place of `event`"
_RUNNER = "leave it out: actions run where the engine does"

_HERE: Mapping[str, Mapping[str, str]] = {
    _STEP: {
        "continue-on-error": 'leave it out, and write `if: "always()"` on what is to run all the same',
        "continue_on_error": 'leave it out, and write `if: "always()"` on what is to run all the same',
        "depends_on": "leave it out: actions run one after the other, as they stand",
        "description": _NO_NAME,
        "enabled": 'leave it out, or write a condition in `if`',
        "env": "what an action is given stands under `with:`",
        "gates": "gates are the pipeline's, beside `actions:`, or the action's, in `protect:` of deployment-rules.yaml",
        "name": "leave it out: `id` is its name",
        "needs": "leave it out: actions run one after the other, as they stand",
        "outputs": "leave it out: what it leaves is `${outputs.ID.…}` for those after it",
        "permissions": "permissions are the pipeline's: write them beside `actions:`",
        "runs-on": _RUNNER,
    },
    _TRIGGER: {
        **dict.fromkeys(("cron", "frequency", "interval", "schedule"), _CLOCK),
        "enabled": _OFF,
        "disabled": _OFF,
        "base": _BASE,
        "branch": _BASE,
        "branches": _BASE,
        "branches-ignore": _BASE,
        "comment": "say it in `when`: `command(event.comment.body) == …`",
        "description": _NO_NAME,
        "else": "what follows is said by the pipeline: `else:` beside its `actions:`",
        "environment": "an event has none: say it in a gate's `when`: `environment() == …`",
        "gates": "gates are asked by the pipeline: name them in its `gates:`",
        "name": _NO_NAME,
        "paths": "say it in a gate's `when`: `changed_any('…/**')`",
        "then": "what follows is said by the pipeline: `then:` beside its `actions:`",
    },
    _PIPELINE: {
        "after": "what comes first says it: `then: PIPELINE` in that one's file",
        **dict.fromkeys(
            ("approvals", "commands", "define", "environments", "include", "limits", "overrides", "protect", "sources"),
            "it belongs in deployment-rules.yaml",
        ),
        "concurrency": "`locks:` says which states are this run's alone",
        "condition": "say it in `when` of the row of `events:` that starts it, or in a gate",
        "depends_on": "what comes first says it: `then: PIPELINE` in that one's file",
        "event": _ROW,
        "events": _ROW,
        "if": "say it in `when` of the row of `events:` that starts it, or in a gate",
        "needs": "facts are needed by gates; what comes first says `then: PIPELINE` in its own file",
        "on": _ROW,
        "on_failure": '`else:` is for gates that do not hold, `if: "always()"` for actions after one that failed',
        "runs-on": _RUNNER,
        "schedule": "a clock is a row of `events:` in deployment-rules.yaml: `{every: 10m, run: PIPELINE}`",
        "timeout": "each action has its own: write it beside `uses`",
        "triggers": _ROW,
        "version": "leave it out: only deployment-rules.yaml has one",
        "when": "say it in `when` of the row of `events:` that starts it, or in a gate",
        "with": "what an action is given is written beside its `uses`",
    },
    _LIMITS: {
        "timeouts": "each has a name of its own: `plan_timeout`, `policy_timeout`, `lock_timeout`",
        "apply_timeout": "an action has its own: `timeout: …` beside `uses: terraform.apply`"},
    _GATE: {
        "enabled": _OFF,
        "disabled": _OFF,
        "branch": _CONDITION.replace("{example}", "`pr.base.ref == …`"),
        "branches": _CONDITION.replace("{example}", "`pr.base.ref == …`"),
        "environment": _CONDITION.replace("{example}", "`environment() == …`"),
        "environments": _CONDITION.replace("{example}", "`environment() == …`"),
        "id": "leave it out: the key above is its name",
        "name": "leave it out: the key above is its name",
        "paths": _PATHS,
        "severity": "leave it out: `unmet` says what it comes to",
        "touches": _CONDITION.replace("{example}", "`plan_touches('aws_…')`"),
    },
    _TOP: {
        "auto_merge": "leave it out: a pipeline merges by the action `github.merge`",
        "automerge": "leave it out: a pipeline merges by the action `github.merge`",
        "approvers": "people stand in approvers-config.yaml, under `groups:`",
        "description": _NO_NAME,
        "groups": "people stand in approvers-config.yaml, under `groups:`",
        "name": _NO_NAME,
        "permissions": "permissions are a pipeline's: write them beside its `actions:`",
        "policies": "leave it out: the policies are the files of `policies/`",
        "policy": "leave it out: the policies are the files of `policies/`",
        "reviewers": "people stand in approvers-config.yaml, under `groups:`",
        "teams": "people stand in approvers-config.yaml, under `groups:`",
        "users": "people stand in approvers-config.yaml, under `groups:`",
    },
    _ENVIRONMENT: {
        "approvals": _OF_PEOPLE,
        "approvers": _OF_PEOPLE,
        "count": _OF_PEOPLE,
        "gates": _OF_PEOPLE,
        "name": "leave it out: the key above is its name",
        "required_reviewers": _OF_PEOPLE,
        "reviewers": _OF_PEOPLE,
    },
    _SOURCE: {
        "owner": "leave it out: `repo` has both, as OWNER/NAME",
        "organization": "leave it out: `repo` has both, as OWNER/NAME",
        "branch": "leave it out: the environment that a tfvars names has the branch",
        "branches": "leave it out: the environment that a tfvars names has the branch",
        "environment": "leave it out: each tfvars names its own",
        "environments": "leave it out: each tfvars names its own",
    },
}  # fmt: skip


def remark(error: Failure, name: str) -> str:
    """What there is instead of a key of another tool; empty where nothing certain can be said."""
    known = error.schema.get("properties", {})
    return next((rows[name] for own, rows in _HERE.items() if own in known and name in rows), "")


def elsewhere(error: Failure, name: str) -> str:
    """Where a key belongs that is known in another mapping of the same file."""
    places = list(dict.fromkeys(_places(error, error.root, name, "", 0)))
    return f"it belongs in {choice(places)}" if 0 < len(places) <= _MOST_PLACES else ""


_MOST_PLACES = 3
_DEPTH = 6
_CALLED = {"actions": "an action", "gates": "a gate", "pipelines": "a pipeline"}


def _places(error: Failure, schema: Mapping[str, Any], name: str, where: str, depth: int) -> Iterator[str]:
    """How the mappings are called that have such a key."""
    schema = error.resolved(schema)
    if depth > _DEPTH:
        return
    for key, part in schema.get("properties", {}).items():
        if key == name and where:
            yield where
        resolved = error.resolved(part)
        inner, of = f"`{key}:`", f" of {where}" if where else ""
        if isinstance(resolved.get("additionalProperties"), dict):
            called = _CALLED.get(key, f"an entry of {inner}{of}")
            yield from _places(error, resolved["additionalProperties"], name, called, depth + 1)
        elif "items" in resolved and key not in ("any", "all"):
            yield from _places(error, resolved["items"], name, _CALLED.get(key, f"a row of {inner}{of}"), depth + 1)
        elif resolved.get("properties"):
            yield from _places(error, resolved, name, f"{inner}{of}", depth + 1)
