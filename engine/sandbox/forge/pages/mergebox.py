"""The box at a pull request's end: what is missing before it may be merged, and who may."""

import json
from typing import Any

from engine.sandbox.forge.answer import Viewer
from engine.sandbox.forge.git import protection
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.pages import checked
from engine.sandbox.forge.pages.asked import Ask
from engine.sandbox.forge.pages.written import shown_account
from engine.sandbox.forge.people import access
from engine.sandbox.forge.work import rows, trial

METHODS = {
    "merge": "Merge with a merge commit",
    "squash": "Squash into one commit",
    "rebase": "Rebase its commits",
}
_OPINIONS = ("APPROVED", "CHANGES_REQUESTED")
_BYPASSES = {"OrganizationAdmin": "owners of the organisation", "DeployKey": "deploy keys"}


def box(ask: Ask, pull: Row) -> dict[str, Any]:
    """Everything that `merge_box.html` shows of an open pull request."""
    rules = protection.rules_of(ask.forge, ask.repo, pull["base_ref"])
    if trial.tried(pull) is None:  # REST says that it is not known yet; whoever looks at a page would have to ask again
        trial.attempt(ask.forge, pull)
        pull = rows.item(ask.forge, pull["id"])
    mergeable, state = trial.known(ask.forge, pull)
    missing = protection.unmet(ask.forge, pull, Viewer())
    found = checked.checks(ask.forge, pull["repository"], pull["head_sha"])
    return {
        "mergeable": mergeable,
        "state": state,
        "conflict": mergeable is False,
        "checks": checked.with_rules(ask.forge, found, rules),
        "opinions": opinions(ask, pull),
        "required_reviews": max((_reviews(rule) for rule in rules), default=0),
        "unmet": missing,
        "passes": bool(missing) and ask.may("write") and not protection.unmet(ask.forge, pull, ask.viewer),
        "rules": rules,
        "bypass": bypass(ask, rules),
        "methods": [(name, METHODS[name]) for name in ask.repo["merge_methods"].split() if name in METHODS],
        "may_merge": ask.may("write"),
    }


def _reviews(rule: Any) -> int:
    given = rule.get("parameters") or {} if rule["type"] == "pull_request" else {}
    return int(given.get("required_approving_review_count") or 0)


def opinions(ask: Ask, pull: Row) -> list[dict[str, Any]]:
    """The newest approval or request for changes of each, and whether it is of another commit than the head."""
    newest: dict[int | None, Row] = {}
    for row in ask.forge.kept.rows("SELECT * FROM reviews WHERE pull = ? ORDER BY id", pull["id"]):
        if row["state"] in _OPINIONS:
            newest[row["author"]] = row
        elif row["state"] == "DISMISSED":
            newest.pop(row["author"], None)
    return [
        {
            "by": shown_account(ask.forge, row["author"]),
            "approved": row["state"] == "APPROVED",
            "old": row["commit_sha"] != pull["head_sha"],
            "writer": access.at_least(access.permission(ask.forge, row["author"], ask.repo), "write"),
            "id": row["id"],
        }
        for row in newest.values()
    ]


def bypass(ask: Ask, rules: list[dict[str, Any]]) -> list[str]:
    """Who may pass these rules, in words."""
    said: list[str] = []
    for number in {rule.get("ruleset_id") for rule in rules}:
        row = ask.forge.kept.row("SELECT * FROM rulesets WHERE id = ?", number)
        said += [actor(ask, one) for one in (json.loads(row["bypass_json"]) if row else [])]
    return sorted(set(said))


def actor(ask: Ask, one: Any) -> str:
    """One of a ruleset's bypass actors, in words."""
    kept, kind, number = ask.forge.kept, one.get("actor_type"), one.get("actor_id")
    if kind == "Integration":
        name = kept.value("SELECT name FROM apps WHERE id = ?", number)
        return f"the App {name}"
    if kind == "Team":
        slug = kept.value("SELECT slug FROM teams WHERE id = ?", number)
        return f"the team {slug}"
    if kind == "User":
        return str(shown_account(ask.forge, number)["login"])
    if kind == "RepositoryRole":
        return {5: "admins of the repository", 4: "writers", 2: "maintainers"}.get(number, f"role {number}")
    return _BYPASSES.get(kind, str(kind))
