"""Deployments as pages show them: on a page of their own, and on that of the pull request that they are of."""

from typing import Any

from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.pages import checked
from engine.sandbox.forge.pages.asked import Ask
from engine.sandbox.forge.pages.written import shown_account

_STATUSES = "SELECT * FROM deployment_statuses WHERE deployment = ? ORDER BY id DESC"
_MEANINGS = {"success": "good", "failure": "bad", "error": "bad", "inactive": "neutral"}


def shown(ask: Ask, row: Row) -> dict[str, Any]:
    """A deployment with its statuses, newest first, and what the newest one means."""
    statuses = ask.forge.kept.rows(_STATUSES, row["id"])
    state = statuses[0]["state"] if statuses else "created"
    return {
        **row,
        "by": shown_account(ask.forge, row["creator"]),
        "app_row": checked.app(ask.forge, row["app"]),
        "statuses": statuses,
        "state": state.replace("_", " "),
        "meaning": _MEANINGS.get(state, "waiting"),
    }


def of_commit(ask: Ask, sha: str | None) -> list[dict[str, Any]]:
    """Those of a commit, oldest first."""
    sql = "SELECT * FROM deployments WHERE repository = ? AND sha = ? ORDER BY id"
    return [shown(ask, row) for row in ask.forge.kept.rows(sql, ask.repo["id"], sha)] if sha else []
