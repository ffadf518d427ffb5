"""Rulesets: which rules hold for a branch, who may pass them, and what a push or a merge lacks."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from engine.sandbox.forge.answer import Viewer
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git.bare import bare
from engine.sandbox.forge.git.globs import matches
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.people import access

_GOOD = ("success", "neutral", "skipped")
_ROLES = {1: "read", 2: "maintain", 3: "triage", 4: "write", 5: "admin"}  # GitHub's numbers of the roles that it has

# What GitHub puts where a rule of a ruleset does not say it.
DEFAULTS: Mapping[str, dict[str, Any]] = {
    "update": {"update_allows_fetch_and_merge": False},
    "pull_request": {
        "required_approving_review_count": 0,
        "dismiss_stale_reviews_on_push": False,
        "require_code_owner_review": False,
        "require_last_push_approval": False,
        "required_review_thread_resolution": False,
        "allowed_merge_methods": ["merge", "squash", "rebase"],
    },
    "required_status_checks": {"strict_required_status_checks_policy": False, "required_status_checks": []},
}


class Actor(NamedTuple):
    """Who pushes or merges."""

    account: int | None
    app: int | None


def rules_of(forge: Forge, repository: Row, branch: str) -> list[dict[str, Any]]:
    """The rules of a branch as GitHub lists them, each with the ruleset it is from."""
    source = {"ruleset_source_type": "Repository", "ruleset_source": repository["full_name"]}
    return [
        {**rule, **source, "ruleset_id": ruleset["id"]}
        for ruleset in _rulesets(forge, repository, f"refs/heads/{branch}")
        for rule in json.loads(ruleset["rules_json"])
    ]


def refusal(
    forge: Forge, repository: Row, account: int | None, app: int | None, ref: str, before: str | None, after: str | None
) -> str | None:
    """What GitHub tells whoever may not move `ref` so, one rule a line; None: it may move."""
    actor = Actor(account, app)
    broken: list[str] = []
    for ruleset in _rulesets(forge, repository, ref):
        if not _passes(forge, repository, ruleset, actor, ("always", "exempt")):
            broken += _broken(forge, repository, ruleset, before, after)
    return "\n".join(dict.fromkeys(broken)) or None


def passed_over(
    forge: Forge, repository: Row, account: int | None, app: int | None, ref: str, before: str | None, after: str | None
) -> str | None:
    """What `refusal` would have said to somebody who may not pass rules, where this one may."""
    actor = Actor(account, app)
    broken: list[str] = []
    for ruleset in _rulesets(forge, repository, ref):
        if _passes(forge, repository, ruleset, actor, ("always",)):  # `exempt` is told nothing
            broken += _broken(forge, repository, ruleset, before, after)
    return "\n".join(dict.fromkeys(broken)) or None


def unmet(forge: Forge, pull: Row, viewer: Viewer | None) -> list[str]:
    """What the rules of its base still want before this viewer may merge it; nothing from those who may pass. Nobody
    (None) may.
    """
    actor = Actor(None, None) if viewer is None else Actor(viewer.account, viewer.app)
    repository = forge.repository_of(pull["repository"])
    if repository is None:
        return []
    found: list[str] = []
    for ruleset in _rulesets(forge, repository, f"refs/heads/{pull['base_ref']}"):
        if _passes(forge, repository, ruleset, actor, ("always", "pull_request", "exempt")):
            continue
        for rule in json.loads(ruleset["rules_json"]):
            wants = rule.get("parameters") or {}
            if rule["type"] == "required_status_checks":
                found += _checks(forge, repository, pull["head_sha"], wants)
                found += _strict(forge, repository, pull, wants)
            elif rule["type"] == "pull_request":
                found += _reviews(forge, repository, pull, wants)
            elif rule["type"] == "update":
                found.append("Cannot update this protected ref.")
    return list(dict.fromkeys(found))


def decision(forge: Forge, repository: Row, pull: Row) -> str | None:
    """GitHub's `reviewDecision`; None where nobody needs to review and nobody has."""
    standing = _standing(forge, repository, pull)
    if any(review["state"] == "CHANGES_REQUESTED" for review in standing):
        return "CHANGES_REQUESTED"
    for wants in parameters(forge, repository, pull["base_ref"], "pull_request"):
        if _approvals(forge, pull, standing, wants) < wants.get("required_approving_review_count", 0):
            return "REVIEW_REQUIRED"
    return "APPROVED" if any(review["state"] == "APPROVED" for review in standing) else None


def parameters(forge: Forge, repository: Row, branch: str, kind: str) -> Iterator[Mapping[str, Any]]:
    """What each rule of this kind (`pull_request`, …) says about the branch."""
    for rule in rules_of(forge, repository, branch):
        if rule["type"] == kind:
            yield rule.get("parameters") or {}


def dismisses(forge: Forge, repository: Row, branch: str) -> bool:
    """Does a push take away the approvals of a pull request into the branch?"""
    return any(
        wants.get("dismiss_stale_reviews_on_push") for wants in parameters(forge, repository, branch, "pull_request")
    )


def last_pusher(forge: Forge, pull: Row) -> int | None:
    """Whose push its head branch is as it is; None, where nobody's is known."""
    found: int | None = forge.kept.value(
        "SELECT actor FROM activity WHERE repository = ? AND ref = ? ORDER BY id DESC",
        *(pull["head_repository"], f"refs/heads/{pull['head_ref']}"),
    )
    return found


def methods(forge: Forge, repository: Row, branch: str) -> list[str]:
    """How a pull request into the branch may be merged: `merge`, `squash`, `rebase`."""
    found: list[str] = repository["merge_methods"].split()
    for wants in parameters(forge, repository, branch, "pull_request"):
        found = [method for method in found if method in wants.get("allowed_merge_methods", found)]
    linear = any(rule["type"] == "required_linear_history" for rule in rules_of(forge, repository, branch))
    return [method for method in found if method != "merge"] if linear else found


def may_pass(forge: Forge, repository: Row, ruleset: Row, viewer: Viewer) -> str:
    """GitHub's `current_user_can_bypass`."""
    actor = Actor(viewer.account, viewer.app)
    for mode, word in (("exempt", "exempt"), ("always", "always"), ("pull_request", "pull_requests_only")):
        if _passes(forge, repository, ruleset, actor, (mode,)):
            return word
    return "never"


def _rulesets(forge: Forge, repository: Row, ref: str) -> list[Row]:
    target = {"refs/heads": "branch", "refs/tags": "tag"}.get(ref[: ref.find("/", 5)])
    sql = "SELECT * FROM rulesets WHERE repository = ? AND target = ? AND enforcement = 'active' ORDER BY id"
    return [
        row
        for row in forge.kept.rows(sql, repository["id"], target)
        if any(matches(each, ref, repository["default_branch"]) for each in json.loads(row["include_json"]))
        and not any(matches(each, ref, repository["default_branch"]) for each in json.loads(row["exclude_json"]))
    ]


def _passes(forge: Forge, repository: Row, ruleset: Row, actor: Actor, modes: tuple[str, ...]) -> bool:
    return any(
        row.get("bypass_mode", "always") in modes and _is(forge, repository, row["actor_type"], row["actor_id"], actor)
        for row in json.loads(ruleset["bypass_json"])
    )


def _is(forge: Forge, repository: Row, kind: str, number: int | None, actor: Actor) -> bool:
    """Is the actor the one, or one of those, that a row of a ruleset's bypass list names?"""
    if actor.app is not None or kind == "Integration":
        return kind == "Integration" and actor.app is not None and actor.app == number
    if actor.account is None:
        return False
    if kind == "User":
        return actor.account == number
    if kind == "Team":
        return forge.kept.value(_IN_TEAM, number, actor.account) is not None
    if kind == "OrganizationAdmin":
        sql = "SELECT role FROM members WHERE organization = ? AND account = ?"
        return bool(forge.kept.value(sql, repository["owner"], actor.account) == "admin")
    level = _ROLES.get(number or 0)
    has = access.permission(forge, actor.account, repository)
    return kind == "RepositoryRole" and level is not None and access.at_least(has, level)


_IN_TEAM = """WITH RECURSIVE below (id) AS (
    SELECT ? UNION SELECT t.id FROM teams t JOIN below ON t.parent = below.id)
  SELECT 1 FROM team_members WHERE team IN below AND account = ?"""


def _broken(forge: Forge, repository: Row, ruleset: Row, before: str | None, after: str | None) -> list[str]:
    rules = {rule["type"]: rule.get("parameters") or {} for rule in json.loads(ruleset["rules_json"])}
    if after is None:
        return ["Cannot delete this branch"] if "deletion" in rules else []
    if before is None:
        return ["Cannot create ref due to creations being restricted."] if "creation" in rules else []
    found = []
    store = bare(forge, repository["id"])
    if "non_fast_forward" in rules and not store.is_ancestor(before, after):
        found.append("Cannot force-push to this branch")
    if "update" in rules:
        found.append("Cannot update this protected ref.")
    if "pull_request" in rules:
        found.append("Changes must be made through a pull request.")
    if "required_linear_history" in rules and any(len(c.parents) > 1 for c in store.log(after, before, limit=2048)):
        found.append("This branch must not contain merge commits.")
    if "required_status_checks" in rules:
        found += _checks(forge, repository, after, rules["required_status_checks"])
    return found


def _checks(forge: Forge, repository: Row, sha: str, wants: Mapping[str, Any]) -> list[str]:
    found = []
    for check in wants.get("required_status_checks", ()):
        state = _state(forge, repository, sha, check["context"], check.get("integration_id"))
        if state != "fine":
            found.append(f'Required status check "{check["context"]}" is {state}.')
    return found


def _state(forge: Forge, repository: Row, sha: str, name: str, app: int | None) -> str:
    """The newest check run of the name (of the App, where one is named), or else the newest status."""
    bound, values = ("", ()) if app is None else (" AND app = ?", (app,))
    run = forge.kept.row(
        f"SELECT * FROM check_runs WHERE repository = ? AND head_sha = ? AND name = ?{bound} ORDER BY id DESC",  # noqa: S608 - no text of anybody's
        *(repository["id"], sha, name, *values),
    )
    if run is not None:
        done = "fine" if run["conclusion"] in _GOOD else "failing"
        return done if run["status"] == "completed" else str(run["status"]).replace("_", " ")
    status = forge.kept.row(
        f"SELECT * FROM statuses WHERE repository = ? AND sha = ? AND context = ?{bound} ORDER BY id DESC",  # noqa: S608
        *(repository["id"], sha, name, *values),
    )
    known = {"success": "fine", "pending": "pending", "failure": "failing", "error": "failing"}
    return "expected" if status is None else known[status["state"]]


def _strict(forge: Forge, repository: Row, pull: Row, wants: Mapping[str, Any]) -> list[str]:
    if not wants.get("strict_required_status_checks_policy"):
        return []
    store = bare(forge, repository["id"])
    tip = store.resolve(f"refs/heads/{pull['base_ref']}")
    behind = tip is not None and not store.is_ancestor(tip, pull["head_sha"])
    return ["The head branch is not up to date with the base branch."] if behind else []


def _reviews(forge: Forge, repository: Row, pull: Row, wants: Mapping[str, Any]) -> list[str]:
    count = wants.get("required_approving_review_count", 0)
    standing = _standing(forge, repository, pull)
    found = []
    if count and any(review["state"] == "CHANGES_REQUESTED" for review in standing):
        found.append("Changes were requested by a reviewer with write access.")
    if _approvals(forge, pull, standing, wants) < count:
        reviews = "approving review is" if count == 1 else "approving reviews are"
        found.append(f"At least {count} {reviews} required by reviewers with write access.")
    return found


def _standing(forge: Forge, repository: Row, pull: Row) -> list[Row]:
    """The last opinion of each reviewer who may write."""
    latest: dict[int, Row] = {}
    sql = "SELECT * FROM reviews WHERE pull = ? AND state IN ('APPROVED', 'CHANGES_REQUESTED', 'DISMISSED') ORDER BY id"
    for review in forge.kept.rows(sql, pull["id"]):
        latest[review["author"]] = review
    return [
        review
        for author, review in latest.items()
        if access.at_least(access.permission(forge, author, repository), "write")
    ]


def _approvals(forge: Forge, pull: Row, standing: Sequence[Row], wants: Mapping[str, Any]) -> int:
    approvals = [review for review in standing if review["state"] == "APPROVED"]
    if wants.get("require_last_push_approval"):
        pusher = last_pusher(forge, pull)
        approvals = [review for review in approvals if review["author"] != pusher]
    return len(approvals)
