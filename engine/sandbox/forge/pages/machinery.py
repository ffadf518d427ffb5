"""What goes on behind the pages: deployments, webhook deliveries, the engine's runs, the rules of branches."""

import glob
import json
import os
from typing import Any

from engine.adapters import files
from engine.sandbox.forge.answer import missing
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.pages import checked, deployed
from engine.sandbox.forge.pages.asked import Ask, Page, Shown, paging
from engine.sandbox.forge.pages.mergebox import METHODS, actor
from engine.sandbox.forge.pages.people import repositories
from engine.sandbox.forge.pages.written import text_of
from engine.sandbox.forge.people import access
from engine.sandbox.forge.runner import FOLDER

SHOWN = 200_000  # characters of a body or a log
_APPLY_LOG = "apply.log"


def deployments(ask: Ask) -> Shown:
    """Deployments with their statuses, newest first."""
    kept, repo = ask.forge.kept, ask.repo["id"]
    page = paging(ask, kept.value("SELECT count(*) FROM deployments WHERE repository = ?", repo))
    sql = "SELECT * FROM deployments WHERE repository = ? ORDER BY id DESC LIMIT ? OFFSET ?"
    shown = [deployed.shown(ask, row) for row in kept.rows(sql, repo, page.size, page.skip)]
    return Shown("deployments.html", {"rows": shown, "paging": page}, f"Deployments · {ask.repo['full_name']}")


def deliveries(ask: Ask) -> Shown:
    """Webhook deliveries about repositories in which one may write, newest first."""
    ids = json.dumps(_writable(ask))
    where = "repository IS NULL OR repository IN (SELECT value FROM json_each(?))"
    total = ask.forge.kept.value(f"SELECT count(*) FROM deliveries WHERE {where}", ids)  # noqa: S608 - ours
    page = paging(ask, total, 50)
    rows = ask.forge.kept.rows(
        "SELECT id, guid, repository, event, action, number, redelivery, state, sent_at, due_at, duration, status_code "  # noqa: S608 - ours
        f"FROM deliveries WHERE {where} ORDER BY id DESC LIMIT ? OFFSET ?",
        ids,
        page.size,
        page.skip,
    )
    shown = [{**row, "repo": ask.forge.repository_of(row["repository"])} for row in rows]
    return Shown("deliveries.html", {"rows": shown, "paging": page}, "Webhook deliveries")


def _writable(ask: Ask) -> list[int]:
    found = repositories(ask.forge, ask.viewer)
    levels = ((row["id"], access.permission(ask.forge, ask.viewer.account, row)) for row in found)
    return [number for number, level in levels if access.at_least(level, "write")]


def delivery_of(ask: Ask) -> tuple[Row, bool]:
    """The delivery that the path names, and whether the viewer may send it again (admins may).

    Raises:
        ForgeError: 404, also where one may not write.
    """
    row = ask.forge.kept.row("SELECT * FROM deliveries WHERE id = ?", ask.number())
    repo = ask.forge.repository_of(row["repository"]) if row else None
    if row is None or (row["repository"] is not None and (repo is None or repo["id"] not in _writable(ask))):
        raise missing()
    if repo is not None:
        return row, access.at_least(access.permission(ask.forge, ask.viewer.account, repo), "admin")
    owns = "SELECT 1 FROM members WHERE account = ? AND role = 'admin'"
    return row, bool(ask.forge.kept.row(owns, ask.viewer.account))


def delivery(ask: Ask) -> Shown:
    """One delivery: what was sent and what came back."""
    row, may_redeliver = delivery_of(ask)
    values = {
        "row": row,
        "repo": ask.forge.repository_of(row["repository"]),
        "hook": ask.forge.kept.row("SELECT id, url, events_json, active FROM hooks WHERE id = ?", row["hook"]),
        "headers": list(json.loads(row["request_json"] or "{}").items()),
        "response": _answer(row["response_json"]),
        "body": _pretty(bytes(row["body"]).decode(errors="replace")),
        "again": ask.forge.kept.rows("SELECT * FROM deliveries WHERE guid = ? ORDER BY id", row["guid"]),
        "runs": ask.forge.kept.rows("SELECT * FROM runs WHERE delivery = ? ORDER BY id", row["id"]),
        "may_redeliver": may_redeliver,
    }
    return Shown("delivery.html", values, f"Delivery {row['guid']}")


def _answer(text: str | None) -> Any:
    """What came back: headers and body, or why nothing did."""
    said = json.loads(text) if text else {}
    headers = (said.get("headers") or {}).items()
    return {"headers": list(headers), "body": _pretty(said.get("payload") or ""), "failure": said.get("failure") or ""}


def _pretty(text: str) -> str:
    try:
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        pass
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}\n… {len(text) - SHOWN:,} more characters"


def runs(ask: Ask) -> Shown:
    """Jobs that deliveries and the clock have started, newest first."""
    names = json.dumps([row["full_name"] for row in repositories(ask.forge, ask.viewer)])
    where = "repository IS NULL OR repository IN (SELECT value FROM json_each(?))"
    total = ask.forge.kept.value(f"SELECT count(*) FROM runs WHERE {where}", names)  # noqa: S608 - ours
    page = paging(ask, total, 50)
    sql = f"SELECT * FROM runs WHERE {where} ORDER BY id DESC LIMIT ? OFFSET ?"  # noqa: S608 - ours
    return Shown("runs.html", {"rows": ask.forge.kept.rows(sql, names, page.size, page.skip), "paging": page}, "Jobs")


def job(ask: Ask) -> Shown:
    """A job's log."""
    row = ask.forge.kept.row("SELECT * FROM runs WHERE id = ?", ask.number())
    seen = {found["full_name"] for found in repositories(ask.forge, ask.viewer)}
    if row is None or (row["repository"] is not None and row["repository"] not in seen):
        raise missing()
    log = row["log"] or ""
    values = {
        "row": row,
        "log": log[-SHOWN:],
        "cut": max(0, len(log) - SHOWN),
        "summary_html": _summary(ask, row),
        "applied": _applied(ask, row["id"]),
    }
    return Shown("job.html", values, f"Job {row['id']}")


def _applied(ask: Ask, run: int) -> str:
    """The log of what was applied, as the run has kept it; empty where it has applied nothing."""
    found = sorted(glob.glob(os.path.join(glob.escape(ask.forge.folder), FOLDER, str(run), "out", "**", _APPLY_LOG),
                             recursive=True))  # fmt: skip
    try:
        return "\n".join(files.fetch(file, SHOWN).decode(errors="replace") for file in found)
    except OSError:
        return ""


def _summary(ask: Ask, row: Row) -> Any:
    """As it is shown where it belongs: in its repository."""
    repo = ask.forge.repository(*row["repository"].split("/", 1)) if row["repository"] else None
    return text_of(ask._replace(repo=repo), row["summary"], "summary") if repo else ""


def rules(ask: Ask) -> Shown:
    """The rules of branches, and what else is set about a repository."""
    shown = [
        {
            **row,
            "include": json.loads(row["include_json"]),
            "rules": [_rule(ask, rule) for rule in json.loads(row["rules_json"])],
            "bypass": [(actor(ask, one), one.get("bypass_mode", "always")) for one in json.loads(row["bypass_json"])],
        }
        for row in ask.forge.kept.rows("SELECT * FROM rulesets WHERE repository = ? ORDER BY id", ask.repo["id"])
    ]
    people = """SELECT a.*, c.permission FROM collaborators c JOIN accounts a ON a.id = c.account
      WHERE c.repository = ? AND NOT a.deleted ORDER BY a.id"""
    teams = """SELECT t.*, a.login AS organization_login, x.permission FROM team_repositories x
      JOIN teams t ON t.id = x.team JOIN accounts a ON a.id = t.organization WHERE x.repository = ? ORDER BY t.slug"""
    values = {
        "rulesets": shown,
        "people": ask.forge.kept.rows(people, ask.repo["id"]),
        "teams": ask.forge.kept.rows(teams, ask.repo["id"]),
        "methods": [METHODS.get(name, name) for name in ask.repo["merge_methods"].split()],
    }
    return Shown("rules.html", values, f"Rules · {ask.repo['full_name']}")


_RULES = {
    "creation": "Nobody may create it.",
    "deletion": "Nobody may delete it.",
    "non_fast_forward": "No force-push.",
    "update": "Nobody may push to it.",
    "required_linear_history": "No merge commits.",
    "required_signatures": "Commits must be signed.",
    "pull_request": "Changes come by pull request only.",
    "required_status_checks": "These checks must pass:",
}


def _rule(ask: Ask, rule: Any) -> dict[str, Any]:
    given = rule.get("parameters") or {}
    required = [
        {"name": one["context"], "app": checked.app(ask.forge, one.get("integration_id"))}
        for one in given.get("required_status_checks", ())
    ]
    more = [
        f"{name.replace('_', ' ')}: {_value(value)}"
        for name, value in sorted(given.items())
        if name != "required_status_checks" and value
    ]
    return {"words": _RULES.get(rule["type"], rule["type"]), "checks": required, "more": more}


def _value(value: Any) -> str:
    return "yes" if value is True else ", ".join(map(str, value)) if isinstance(value, list) else str(value)


PAGES = (
    Page("/deliveries", deliveries),
    Page("/deliveries/{number}", delivery),
    Page("/runs", runs),
    Page("/runs/{number}", job),
    Page("/{owner}/{repo}/actions/runs/{number}", job),
    Page("/{owner}/{repo}/deployments", deployments),
    Page("/{owner}/{repo}/rules", rules),
    Page("/{owner}/{repo}/rules/{number}", rules),
)
