"""Lists of issues and pull requests."""

from typing import Any

from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.pages import checked
from engine.sandbox.forge.pages.asked import Ask, Page, Shown, paging
from engine.sandbox.forge.pages.written import shown_account
from engine.sandbox.forge.tracker.rows import items

STATES = {
    "open": "i.state = 'open'",
    "merged": "p.merged = 1",
    "closed": "i.state = 'closed' AND NOT coalesce(p.merged, 0)",
    "all": "1",
}


def pulls(ask: Ask) -> Shown:
    """Pull requests of a repository."""
    return _list(ask, "p.id IS NOT NULL", "pulls.html", "Pull requests")


def issues(ask: Ask) -> Shown:
    """Issues of a repository."""
    return _list(ask, "p.id IS NULL", "issues.html", "Issues")


def _list(ask: Ask, kind: str, template: str, title: str) -> Shown:
    kept, repo = ask.forge.kept, ask.repo["id"]
    wanted = ask.query.get("state", "open")
    state = wanted if wanted in STATES else "open"
    label = ask.query.get("label", "")
    where = f"i.repository = ? AND {kind}"
    values: list[object] = [repo]
    if label:
        where += " AND i.id IN (SELECT issue FROM issue_labels x JOIN labels l ON l.id = x.label WHERE l.name = ?)"
        values.append(label)
    source = f"issues i LEFT JOIN pulls p ON p.id = i.id WHERE {where}"
    counts = {
        name: kept.value(f"SELECT count(*) FROM {source} AND {condition}", *values)  # noqa: S608 - all of it is ours
        for name, condition in STATES.items()
    }
    page = paging(ask, counts[state])
    order = f"i.id DESC LIMIT {page.size} OFFSET {page.skip}"
    rows = items(ask.forge, f"{where} AND {STATES[state]}", values, order)
    shown = [
        {
            **row,
            "by": shown_account(ask.forge, row["author"]),
            "labels": labels_of(ask.forge, row["id"]),
            "checks": checked.summary(ask.forge, repo, row["head_sha"]) if row["head_sha"] else None,
        }
        for row in rows
    ]
    values_of: dict[str, Any] = {"rows": shown, "counts": counts, "state": state, "label": label, "paging": page}
    return Shown(template, values_of, f"{title} · {ask.repo['full_name']}")


def labels_of(forge: Forge, issue: int) -> list[Row]:
    """The labels of an issue or pull request, by name."""
    sql = "SELECT l.* FROM labels l JOIN issue_labels x ON x.label = l.id WHERE x.issue = ? ORDER BY l.name"
    return forge.kept.rows(sql, issue)


PAGES = (
    Page("/{owner}/{repo}/pulls", pulls),
    Page("/{owner}/{repo}/issues", issues),
)
