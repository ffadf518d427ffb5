"""Differences: of a commit, between two branches, of a pull request."""

from typing import TYPE_CHECKING, Any, NamedTuple

from engine.sandbox.forge.answer import missing
from engine.sandbox.forge.git.bare import EMPTY_TREE, bare
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.pages import diffs
from engine.sandbox.forge.pages.asked import Ask, Page, Shown
from engine.sandbox.forge.pages.repository import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from engine.sandbox.forge.git.bare import Bare, Changed

FILES = 100  # on a page
ROWS = 20_000  # on a page, over all files


class File(NamedTuple):
    """One changed file, ready to show; `number` names it on the page."""

    number: int
    changed: "Changed"
    lines: "Sequence[diffs.Line]"
    pairs: "Sequence[diffs.Pair]"
    why: str  # why there are no lines
    notes: dict[int, list[Row]]  # annotations by the line of the new side that they end at
    elsewhere: list[Row]  # annotations of lines that are not in the patch
    remarks: "Mapping[tuple[str, int | None], list[Any]]"  # comments of reviews by side and line

    def said(self, left: diffs.Line | None, right: diffs.Line | None) -> list[Any]:
        """The comments at a row of the difference, the old side's first."""
        old = self.remarks.get(("LEFT", left.old), []) if left else []
        return old + (self.remarks.get(("RIGHT", right.new), []) if right else [])


def files(
    ask: Ask, changed: "Sequence[Changed]", annotations: "Iterable[Row]" = (), remarks: "Iterable[Any]" = ()
) -> dict[str, Any]:
    """What `diff.html` shows of a difference: sums, one page of its files, unified or split.

    `remarks` are comments of reviews as `conversation.spoken` gives them, with their path, side and line.
    """
    beside = ask.query.get("diff") == "split"
    by_path: dict[str, list[Row]] = {}
    for row in annotations:
        by_path.setdefault(row["path"], []).append(row)
    said: dict[str, dict[tuple[str, int | None], list[Any]]] = {}
    for one in remarks:
        said.setdefault(one["path"], {}).setdefault((one["side"], one["line"]), []).append(one)
    wanted = ask.query.get("file")
    listed_files = [one for one in changed if wanted in (None, one.path)]
    left, made = ROWS, []
    for number, one in enumerate(listed_files[:FILES], 1):
        large = wanted is None and one.additions + one.deletions > diffs.LARGE
        most = min(left, diffs.MOST) if wanted is None else ROWS
        lines = diffs.rows(one.patch, most) if one.patch and not large else []
        left = max(0, left - len(lines))
        file = _file(number, one, lines, by_path.get(one.path, []), beside)
        made.append(file._replace(remarks=said.get(one.path, {})))
    return {
        "files": made,
        "beside": beside,
        "total": len(changed),
        "hidden": max(0, len(listed_files) - FILES),
        "additions": sum(one.additions for one in changed),
        "deletions": sum(one.deletions for one in changed),
    }


def _file(number: int, one: "Changed", lines: "list[diffs.Line]", rows: list[Row], beside: bool) -> File:
    shown = {line.new for line in lines if line.new is not None}
    notes: dict[int, list[Row]] = {}
    elsewhere = []
    for row in rows:
        if row["end_line"] in shown:
            notes.setdefault(row["end_line"], []).append(row)
        else:
            elsewhere.append(row)
    pairs = diffs.split(lines) if beside else []
    return File(number, one, lines, pairs, _why(one), notes, elsewhere, {})


def _why(one: "Changed") -> str:
    if one.patch:
        return ""
    if one.mode == "160000":
        return "A submodule."
    if one.status == "renamed" and not one.additions + one.deletions:
        return "Renamed without changes."
    if one.additions + one.deletions:
        return "Too many changes to show."
    if one.status == "added" and one.blob == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391":
        return "An empty file."
    return "A binary file, or nothing but its mode was changed."


def commit(ask: Ask) -> Shown:
    """What a commit changes against its first parent."""
    here = bare(ask.forge, ask.repo["id"])
    found = here.commit(ask.path["sha"]) or here.commit(here.resolve(ask.path["sha"]) or "")
    if found is None or ask.path["sha"].startswith("refs"):
        raise missing()
    changed = here.changed(found.parents[0] if found.parents else EMPTY_TREE, found.sha)
    sql = "SELECT n.* FROM annotations n JOIN check_runs c ON c.id = n.run WHERE c.repository = ? AND c.head_sha = ?"
    notes = ask.forge.kept.rows(sql, ask.repo["id"], found.sha)
    [one] = listed(ask, [found])
    return Shown("commit.html", {"one": one, "diff": files(ask, changed, notes)}, one["title"])


def compare(ask: Ask) -> Shown:
    """Two branches, and the form that opens a pull request of them."""
    here = bare(ask.forge, ask.repo["id"])
    names = sorted(name.removeprefix("refs/heads/") for name in here.refs())
    base, dots, head = ask.path.get("rest", "").partition("...")
    if not dots:  # one branch is compared with the default one
        base, head = "", base
    base = ask.query.get("base") or base or ask.repo["default_branch"]
    head = ask.query.get("head") or head
    values: dict[str, Any] = {"base": base, "head": head, "branches": names, "diff": None, "commits": [], "why": ""}
    if not head:
        values["why"] = "Choose the branch that has the change."
        return Shown("compare.html", values, "Compare branches")
    one, other = here.resolve(f"refs/heads/{base}"), _head(ask, here, head)
    if one is None or other is None:
        values["why"] = f"There is no branch {base if one is None else head}."
        return Shown("compare.html", values, "Compare branches")
    parted = here.merge_base(one, other)
    if parted is None:
        values["why"] = "These branches have no commit in common."
    elif parted == other:
        values["why"] = f"{base} has everything that {head} has."
    else:
        history = here.log(other, one, limit=250)
        values |= {"diff": files(ask, here.changed(parted, other)), "commits": listed(ask, history[::-1])}
    return Shown("compare.html", values, f"{base} … {head}")


def _head(ask: Ask, here: "Bare", name: str) -> str | None:
    """A branch of this repository, or `owner:branch` of a fork whose commits are here as well."""
    owner, colon, branch = name.partition(":")
    if not colon or owner.lower() == ask.repo["owner_login"].lower():
        return here.resolve(f"refs/heads/{branch or name}")
    sql = """SELECT r.id FROM repositories r JOIN accounts a ON a.id = r.owner
      WHERE r.fork_of = ? AND lower(a.login) = lower(?) AND NOT r.deleted"""
    fork = ask.forge.kept.value(sql, ask.repo["id"], owner)
    sha = bare(ask.forge, fork).resolve(f"refs/heads/{branch}") if fork else None
    return sha if sha and here.commit(sha) else None


PAGES = (
    Page("/{owner}/{repo}/commit/{sha}", commit),
    Page("/{owner}/{repo}/compare", compare),
    Page("/{owner}/{repo}/compare/{rest:rest}", compare),
    Page("/{owner}/{repo}/pull/new/{rest:rest}", compare),
)
