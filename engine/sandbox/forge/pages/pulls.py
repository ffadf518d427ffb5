"""A pull request: its conversation, commits, files and checks; and an issue, which is the first of these alone."""

from typing import Any

from engine.sandbox.forge.git.bare import bare
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.pages import changes, checked, code, deployed
from engine.sandbox.forge.pages.asked import Ask, Page, Shown
from engine.sandbox.forge.pages.conversation import entries, remarks, spoken
from engine.sandbox.forge.pages.items import labels_of
from engine.sandbox.forge.pages.mergebox import box
from engine.sandbox.forge.pages.people import team_of
from engine.sandbox.forge.pages.repository import listed
from engine.sandbox.forge.pages.written import shown_account, text_of
from engine.sandbox.forge.tracker import rows

_LEVELS = {"notice": "Notice", "warning": "Warning", "failure": "Failure"}
_AROUND = 2  # lines of a file shown on each side of an annotation
_NOTES = 200  # annotations of a run on a page


def conversation(ask: Ask) -> Shown:
    """What was said and done, and the merge box."""
    pull = rows.issue_of(ask.forge, ask.repo["id"], ask.path["number"])
    if not pull["pull"]:
        return issue(ask)  # GitHub finds either by both addresses
    shown = common(ask, pull)
    shown |= _said(ask, pull)
    shown["deployments"] = deployed.of_commit(ask, pull["merge_commit_sha"]) if pull["merged"] else []
    shown["box"] = box(ask, pull) if pull["state"] == "open" else None
    shown["branches"] = sorted(ref.removeprefix("refs/heads/") for ref in bare(ask.forge, ask.repo["id"]).refs())
    return Shown("pull.html", shown, title(ask, pull))


def commits(ask: Ask) -> Shown:
    """Its commits, oldest first."""
    pull = rows.pull_of(ask.forge, ask.repo["id"], ask.path["number"])
    here = bare(ask.forge, ask.repo["id"])
    since = _parted(ask, pull)
    history = here.log(pull["head_sha"], since, limit=250)[::-1] if since else []
    return Shown("pull_commits.html", {**common(ask, pull), "commits": listed(ask, history)}, title(ask, pull))


def files(ask: Ask) -> Shown:
    """What it changes since the branches parted, with the annotations of the checks of its head."""
    pull = rows.pull_of(ask.forge, ask.repo["id"], ask.path["number"])
    here = bare(ask.forge, ask.repo["id"])
    since = _parted(ask, pull)
    changed = here.changed(since, pull["head_sha"]) if since else []
    runs = [check.run for check in checked.checks(ask.forge, ask.repo["id"], pull["head_sha"]) if check.run]
    notes = [note for run in runs for note in _annotations(ask, run)]
    values = {**common(ask, pull), "diff": changes.files(ask, changed, notes, remarks(ask, pull)), "remarkable": True}
    return Shown("pull_files.html", values, title(ask, pull))


def _parted(ask: Ask, pull: Row) -> str | None:
    """Where the branches parted; of a merged one, from the base before the merge."""
    here = bare(ask.forge, ask.repo["id"])
    if not here.commit(pull["head_sha"]) or not here.commit(pull["base_sha"]):
        return None
    return here.merge_base(pull["base_sha"], pull["head_sha"])


def checks(ask: Ask) -> Shown:
    """The newest run of each check of its head, with what it says and where."""
    pull = rows.pull_of(ask.forge, ask.repo["id"], ask.path["number"])
    return Shown("pull_checks.html", {**common(ask, pull), **_runs(ask, pull["head_sha"])}, title(ask, pull))


def _runs(ask: Ask, sha: str) -> dict[str, Any]:
    found = checked.checks(ask.forge, ask.repo["id"], sha)
    wanted = ask.query.get("run")
    shown = next((one for one in found if one.run and str(one.run) == wanted), None)
    shown = shown or next((one for one in found if one.run and one.meaning == "bad"), None)
    shown = shown or next((one for one in found if one.run), None)
    return {"checks": found, "chosen": shown, "run": run_of(ask, shown.run) if shown and shown.run else None}


def run_of(ask: Ask, number: int) -> dict[str, Any]:
    """A check run in full."""
    row = ask.forge.kept.row("SELECT * FROM check_runs WHERE id = ?", number) or {}
    notes = _annotations(ask, number)
    return {
        **row,
        "by": checked.app(ask.forge, row["app"]),
        "summary_html": text_of(ask, row["summary"], "summary"),
        "text_html": text_of(ask, row["text"], "text"),
        "notes": [{**note, "lines": _excerpt(ask, row["head_sha"], note)} for note in notes],
    }


def _annotations(ask: Ask, run: int) -> list[dict[str, Any]]:
    sql = "SELECT * FROM annotations WHERE run = ? ORDER BY path, start_line, id LIMIT ?"
    found = ask.forge.kept.rows(sql, run, _NOTES)
    return [{**row, "word": _LEVELS.get(row["level"], row["level"])} for row in found]


def _excerpt(ask: Ask, sha: str, note: Row) -> list[tuple[int, Any, bool]]:
    """The lines that an annotation is about: (number, text, is one of them)."""
    here = bare(ask.forge, ask.repo["id"])
    if not here.commit(sha):
        return []
    entry = next((one for one in here.entries(sha, recursive=True) if one.path == note["path"]), None)
    if entry is None or entry.kind != "blob" or (entry.size or 0) > code.LIMIT:
        return []
    lines = code.lines((here.blob(entry.sha) or b"").decode(errors="replace"), note["path"])
    first = max(1, note["start_line"] - _AROUND)
    last = min(len(lines), note["end_line"] + _AROUND, first + 20)
    return [(at, lines[at - 1], note["start_line"] <= at <= note["end_line"]) for at in range(first, last + 1)]


def run(ask: Ask) -> Shown:
    """One check run by its id, as its `html_url` names it."""
    from engine.sandbox.forge.answer import missing

    sql = "SELECT head_sha, name FROM check_runs WHERE id = ? AND repository = ?"
    row = ask.forge.kept.row(sql, ask.number("run"), ask.repo["id"])
    if row is None:
        raise missing()
    return Shown("run.html", {"run": run_of(ask, ask.number("run")), "sha": row["head_sha"]}, row["name"])


def issue(ask: Ask) -> Shown:
    """An issue's conversation."""
    found = rows.issue_of(ask.forge, ask.repo["id"], ask.path["number"])
    if found["pull"]:
        return conversation(ask)
    return Shown("issue.html", {**common(ask, found), **_said(ask, found)}, title(ask, found))


def new_issue(ask: Ask) -> Shown:
    """The form for a new issue."""
    return Shown("new_issue.html", {}, f"New issue · {ask.repo['full_name']}")


def common(ask: Ask, item: Row) -> dict[str, Any]:
    """What stands on each page of an issue or pull request."""
    mine = ask.me is not None and item["author"] == ask.me["id"]
    requests = ask.forge.kept.rows("SELECT * FROM review_requests WHERE pull = ?", item["id"]) if item["pull"] else []
    fork = ask.forge.repository_of(item["head_repository"]) if item["pull"] else None
    return {
        "item": item,
        "by": shown_account(ask.forge, item["author"]),
        "mine": mine,
        "may_edit": mine or ask.may("write"),
        "labels": labels_of(ask.forge, item["id"]),
        "reviewers": [shown_account(ask.forge, row["account"]) for row in requests if row["account"]],
        "review_teams": [_team(ask, row["team"]) for row in requests if row["team"]],
        "assignees": [
            shown_account(ask.forge, row["account"])
            for row in ask.forge.kept.rows("SELECT account FROM assignees WHERE issue = ?", item["id"])
        ],
        "merged_by": shown_account(ask.forge, item["merged_by"]) if item["merged"] else None,
        "fork": fork if fork and fork["id"] != ask.repo["id"] else None,
        "checks_sum": checked.summary(ask.forge, ask.repo["id"], item["head_sha"]) if item["pull"] else None,
    }


def _team(ask: Ask, number: int) -> Row:
    return team_of(ask.forge, number) or {"organization_login": "", "slug": "a team that is gone"}


def _said(ask: Ask, item: Row) -> dict[str, Any]:
    first = spoken(ask, item, "Issue", f"issue-{item['id']}")
    every = ask.forge.kept.rows("SELECT * FROM labels WHERE repository = ? ORDER BY name", ask.repo["id"])
    return {"first": first, "entries": entries(ask, item), "every_label": every}


def title(ask: Ask, item: Row) -> str:
    """Of the page of an issue or pull request."""
    kind = "Pull request" if item["pull"] else "Issue"
    return f"{item['title']} · {kind} #{item['number']} · {ask.repo['full_name']}"


PAGES = (
    Page("/{owner}/{repo}/pull/{number}", conversation),
    Page("/{owner}/{repo}/pull/{number}/commits", commits),
    Page("/{owner}/{repo}/pull/{number}/files", files),
    Page("/{owner}/{repo}/pull/{number}/checks", checks),
    Page("/{owner}/{repo}/runs/{run}", run),
    Page("/{owner}/{repo}/issues/new", new_issue),
    Page("/{owner}/{repo}/issues/{number}", issue),
)
