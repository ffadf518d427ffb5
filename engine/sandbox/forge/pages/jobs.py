"""What the engine did about a pull request: each of its jobs, with the summary and the log that CI would show."""

from typing import Any

from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.pages.asked import Ask, Page, Shown, paging
from engine.sandbox.forge.pages.machinery import SHOWN
from engine.sandbox.forge.pages.pulls import common, title
from engine.sandbox.forge.pages.written import text_of
from engine.sandbox.forge.tracker import rows

_SIZE = 20
_IDLE = "Nothing starts on this event"  # what the summary of most jobs says, and no more than that


def jobs(ask: Ask) -> Shown:
    """Newest first."""
    pull = rows.pull_of(ask.forge, ask.repo["id"], ask.path["number"])
    of = (ask.repo["full_name"], pull["number"])
    page = paging(ask, ask.forge.kept.value(f"SELECT count(*) FROM runs WHERE {_OF}", *of), _SIZE)  # noqa: S608 - ours
    sql = f"SELECT * FROM runs WHERE {_OF} ORDER BY id DESC LIMIT ? OFFSET ?"  # noqa: S608 - ours
    shown = [_job(ask, row) for row in ask.forge.kept.rows(sql, *of, page.size, page.skip)]
    return Shown("pull_jobs.html", {**common(ask, pull), "jobs": shown, "paging": page}, title(ask, pull))


_OF = "repository = ? AND number = ?"


def _job(ask: Ask, row: Row) -> dict[str, Any]:
    log = row["log"] or ""
    return {
        **row,
        "log": log[-SHOWN:],
        "started_nothing": _IDLE in (row["summary"] or "")[:100],
        "summary_html": text_of(ask, row["summary"], f"job-{row['id']}") if row["summary"] else "",
    }


PAGES = (Page("/{owner}/{repo}/pull/{number}/jobs", jobs),)
