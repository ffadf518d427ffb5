"""A repository: its branches, commits and files, as git has them."""

import posixpath
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from engine.sandbox.forge.answer import missing
from engine.sandbox.forge.git.bare import bare
from engine.sandbox.forge.pages import code
from engine.sandbox.forge.pages.asked import Ask, Page, Shown, paging, within
from engine.sandbox.forge.pages.names import Place, place
from engine.sandbox.forge.pages.written import by, text_of

if TYPE_CHECKING:
    from engine.sandbox.forge.git.bare import Bare, Commit, Entry

SIZE_LIMIT = 1024 * 1024  # bytes of a file that is shown
README_LIMIT = 64 * 1024
COMMITS = 50  # on a page
ENTRIES = 1000  # of a directory


def overview(ask: Ask) -> Shown:
    """The default branch's top directory, and its README."""
    here = bare(ask.forge, ask.repo["id"])
    branch = ask.repo["default_branch"]
    sha = here.resolve(f"refs/heads/{branch}")
    if sha is None:
        return Shown("empty.html", {"branches": len(here.refs())}, ask.repo["full_name"])
    return _directory(ask, here, Place(branch, sha, ""), ask.repo["full_name"])


def tree(ask: Ask) -> Shown:
    """A directory of a commit."""
    here = bare(ask.forge, ask.repo["id"])
    found = place(ask, here)
    return _directory(ask, here, found, f"{found.path or found.ref} · {ask.repo['full_name']}")


def _directory(ask: Ask, here: "Bare", found: Place, title: str) -> Shown:
    entry = _entry(here, found)
    if entry is not None and entry.kind != "tree":
        raise missing()
    entries = here.entries(entry.sha if entry else found.sha, recursive=False)
    entries.sort(key=lambda one: (one.kind != "tree", one.path))
    readme = next((one for one in entries if one.path.lower() in ("readme.md", "readme")), None)
    values = {
        "place": found,
        "entries": entries[:ENTRIES],
        "hidden": len(entries) - ENTRIES,
        "crumbs": crumbs(found),
        "branches": sorted(name.removeprefix("refs/heads/") for name in here.refs()),
        "last": _last(ask, here, found),
        "readme": _readme(ask, here, found, readme),
    }
    return Shown("tree.html", values, title)


def _readme(ask: Ask, here: "Bare", found: Place, entry: "Entry | None") -> Any:
    if entry is None or entry.kind != "blob" or entry.mode == "120000" or (entry.size or 0) > README_LIMIT:
        return None
    text = (here.blob(entry.sha) or b"").decode(errors="replace")
    file = within(ask.repo, "blob", found.ref, posixpath.join(found.path, entry.path))
    return {"name": entry.path, "html": text_of(ask, text, "readme", file=file)}


def _entry(here: "Bare", found: Place) -> "Entry | None":
    """The line of the tree that a path names; None for the top.

    Raises:
        ForgeError: 404.
    """
    sha, entry = found.sha, None
    for part in found.path.split("/") if found.path else ():
        entry = next((one for one in here.entries(sha, recursive=False) if one.path == part), None)
        if entry is None:
            raise missing()
        sha = entry.sha
        if entry.kind != "tree" and not found.path.endswith(part):
            raise missing()
    return entry


def crumbs(found: Place) -> list[tuple[str, str]]:
    """Each directory on the way: (name, path)."""
    parts = found.path.split("/") if found.path else []
    return [(part, "/".join(parts[: number + 1])) for number, part in enumerate(parts)]


def _last(ask: Ask, here: "Bare", found: Place) -> Mapping[str, Any] | None:
    [*commits] = here.log(found.sha, limit=1, path=found.path or None)
    return listed(ask, commits)[0] if commits else None


def blob(ask: Ask) -> Shown:
    """A file of a commit, with its lines numbered and coloured; Markdown as it reads, too."""
    here = bare(ask.forge, ask.repo["id"])
    found = place(ask, here)
    entry = _entry(here, found)
    if entry is None or entry.kind != "blob":
        raise missing()
    data = (here.blob(entry.sha) or b"") if (entry.size or 0) <= SIZE_LIMIT else None
    why, html = "", None
    lines: Sequence[Markup] = ()
    if data is None:
        why = "This file is too large to be shown."
    elif b"\0" in data[:8000]:
        why = "This file is binary."
    else:
        text = data.decode(errors="replace")
        lines = code.lines(text, found.path)
        if found.path.lower().endswith(".md") and "source" not in ask.query:
            html = text_of(ask, text, "file", file=within(ask.repo, "blob", found.ref, found.path))
    values = {
        "place": found,
        "entry": entry,
        "crumbs": crumbs(found),
        "last": _last(ask, here, found),
        "why": why,
        "lines": lines,
        "html": html,
        "is_markdown": found.path.lower().endswith(".md"),
    }
    return Shown("blob.html", values, f"{found.path} · {ask.repo['full_name']}")


def raw(ask: Ask) -> Shown:
    """A file's own bytes would be a page of somebody else's making on this origin: its page is shown instead."""
    return blob(ask)


def commits(ask: Ask) -> Shown:
    """The history of a branch, or of a file in it."""
    here = bare(ask.forge, ask.repo["id"])
    if "rest" in ask.path:
        found = place(ask, here)
    else:
        sha = here.resolve(f"refs/heads/{ask.repo['default_branch']}")
        if sha is None:
            raise missing()
        found = Place(ask.repo["default_branch"], sha, "")
    page = paging(ask, 20 * COMMITS, COMMITS)
    history = here.log(found.sha, limit=page.skip + COMMITS + 1, path=found.path or None)
    shown = history[page.skip : page.skip + COMMITS]
    values = {
        "place": found,
        "crumbs": crumbs(found),
        "commits": listed(ask, shown),
        "page": page.page,
        "more": len(history) > page.skip + COMMITS,
    }
    return Shown("commits.html", values, f"Commits · {ask.repo['full_name']}")


def branches(ask: Ask) -> Shown:
    """Every branch with its tip, and who pushed last."""
    here = bare(ask.forge, ask.repo["id"])
    names = sorted(here.refs().items())
    page = paging(ask, len(names), 50)
    made = []
    for name, sha in names[page.skip : page.skip + page.size]:
        tip = here.commit(sha)
        made.append({"name": name.removeprefix("refs/heads/"), "tip": listed(ask, [tip])[0] if tip else None})
    made.sort(key=lambda branch: branch["name"] != ask.repo["default_branch"])
    return Shown("branches.html", {"branches": made, "paging": page}, f"Branches · {ask.repo['full_name']}")


def activity(ask: Ask) -> Shown:
    """Who pushed what when."""
    total = ask.forge.kept.value("SELECT count(*) FROM activity WHERE repository = ?", ask.repo["id"])
    page = paging(ask, total, 50)
    sql = """SELECT v.*, a.login, a.deleted FROM activity v LEFT JOIN accounts a ON a.id = v.actor
      WHERE repository = ? ORDER BY v.id DESC LIMIT ? OFFSET ?"""
    rows = ask.forge.kept.rows(sql, ask.repo["id"], page.size, page.skip)
    return Shown("activity.html", {"rows": rows, "paging": page}, f"Activity · {ask.repo['full_name']}")


def listed(ask: Ask, shown: "list[Commit]") -> list[dict[str, Any]]:
    """Commits for a list: title, the rest of the message, and the account of the author's address if one has it."""
    made = []
    for commit in shown:
        title, _, rest = commit.message.partition("\n")
        made.append({"commit": commit, "title": title, "rest": rest.strip(), "author": by(ask.forge, commit.author)})
    return made


PAGES = (
    Page("/{owner}/{repo}", overview),
    Page("/{owner}/{repo}/tree/{rest:rest}", tree),
    Page("/{owner}/{repo}/blob/{rest:rest}", blob),
    Page("/{owner}/{repo}/raw/{rest:rest}", raw),
    Page("/{owner}/{repo}/commits", commits),
    Page("/{owner}/{repo}/commits/{rest:rest}", commits),
    Page("/{owner}/{repo}/branches", branches),
    Page("/{owner}/{repo}/activity", activity),
)
