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
from engine.sandbox.forge.tracker import rows, trial

METHODS = {
    "merge": "Merge with a merge commit",
    "squash": "Squash into one commit",
    "rebase": "Rebase its commits",
}
_OPINIONS = ("APPROVED", "CHANGES_REQUESTED")
_BYPASSES = {"DeployKey": "deploy keys"}
_NAMED = 8  # people named in one place


def box(ask: Ask, pull: Row) -> dict[str, Any]:
    """Everything that `merge_box.html` shows of an open pull request."""
    rules = protection.rules_of(ask.forge, ask.repo, pull["base_ref"])
    if trial.tried(pull) is None:  # REST says that it is not known yet; whoever looks at a page would have to ask again
        trial.attempt(ask.forge, pull)
        pull = rows.item(ask.forge, pull["id"])
    mergeable, state = trial.known(ask.forge, pull)
    missing = protection.unmet(ask.forge, pull, Viewer())
    given = opinions(ask, pull)
    wanted = max((_reviews(rule) for rule in rules), default=0)
    approvals = sum(one["approved"] and one["writer"] for one in given)
    found = checked.checks(ask.forge, pull["repository"], pull["head_sha"])
    return {
        "mergeable": mergeable,
        "state": state,
        "conflict": mergeable is False,
        "checks": checked.with_rules(ask.forge, found, rules),
        "opinions": given,
        "required_reviews": wanted,
        "approvers": approvers(ask, pull, rules, given) if approvals < wanted else [],
        "unmet": missing,
        "passes": bool(missing) and ask.may("write") and not protection.unmet(ask.forge, pull, ask.viewer),
        "rules": rules,
        "bypass": bypass(ask, rules),
        "methods": [(name, METHODS[name]) for name in protection.methods(ask.forge, ask.repo, pull["base_ref"])],
        "may_merge": ask.may("write"),
    }


def _reviews(rule: Any) -> int:
    given = rule.get("parameters") or {} if rule["type"] == "pull_request" else {}
    return int(given.get("required_approving_review_count") or 0)


def approvers(ask: Ask, pull: Row, rules: list[dict[str, Any]], given: list[dict[str, Any]]) -> list[Row]:
    """Some of those whose approval is missing and would count."""
    void = {pull["author"], *(one["by"]["id"] for one in given if one["approved"])}
    if any((rule.get("parameters") or {}).get("require_last_push_approval") for rule in rules):
        void.add(protection.last_pusher(ask.forge, pull))
    found: list[Row] = []
    for row in ask.forge.kept.rows("SELECT id FROM accounts WHERE kind = 'User' AND NOT deleted ORDER BY id"):
        if row["id"] not in void and access.at_least(access.permission(ask.forge, row["id"], ask.repo), "write"):
            found.append(shown_account(ask.forge, row["id"]))
            if len(found) == _NAMED:
                break
    return found


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
    if kind == "OrganizationAdmin":
        owners = kept.rows(_OWNERS, ask.repo["owner"], _NAMED)
        return f"owners of the organisation ({', '.join(row['login'] for row in owners)})"
    if kind == "RepositoryRole":
        return {5: "admins of the repository", 4: "writers", 2: "maintainers"}.get(number, f"role {number}")
    return _BYPASSES.get(kind, str(kind))


_OWNERS = """SELECT a.login FROM members m JOIN accounts a ON a.id = m.account
  WHERE m.organization = ? AND m.role = 'admin' AND NOT a.deleted ORDER BY a.id LIMIT ?"""
