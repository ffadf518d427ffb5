"""REST of commits: listed, one with its files, and two compared."""

from collections.abc import Sequence
from typing import Any

from engine.sandbox.forge.answer import Answer, Call, ForgeError, Route, missing
from engine.sandbox.forge.git import asked, shapes
from engine.sandbox.forge.git.bare import EMPTY_TREE, Bare, Changed, Commit
from engine.sandbox.forge.git.names import is_path
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.people import access
from engine.sandbox.forge.people.accounts import by_email

FILES = 300  # on a page; of a comparison on the first page only
MOST_FILES = 3000
COMMITS = 250
_SEARCHED = 10_000  # commits among which somebody's are looked for


def list_commits(call: Call) -> Answer:
    """Newest first: from `sha`, of a `path`, by an `author` or `committer`, `since` and `until`."""
    name = call.query.get("sha") or call.repo["default_branch"]
    tip, store = asked.commit(call, name), asked.store(call)
    path = call.query.get("path", "").strip("/")
    if path and not is_path(path):
        return Answer([])  # nothing can be there
    times = [f"--{word}={call.query[word]}" for word in ("since", "until") if call.query.get(word)]
    said = store.git("rev-list", f"-n{_SEARCHED}", *times, tip.sha, "--", *([path] if path else [])).stdout
    shas = said.decode().split()
    for role in ("author", "committer"):
        if call.query.get(role):
            known = store.commits(shas)
            shas = [sha for sha in shas if _is(call, known[sha], role, call.query[role])]
    at, size = asked.page(call, 30, 100)
    shown = shas[(at - 1) * size : at * size]
    known = store.commits(shown)
    found = [shapes.commit(call.forge, call.urls, call.repo, known[sha]) for sha in shown]
    return Answer(found, headers=asked.links(call, at, max(1, -(-len(shas) // size))))


def get_commit(call: Call) -> Answer:
    """One with what it changed, as JSON, a diff, a patch, or only its id."""
    name = call.path["ref"]
    found = asked.commit(call, name, ForgeError(422, f"No commit found for SHA: {name}"))
    store = asked.store(call)
    if asked.wants(call, "sha"):
        return _text(found.sha.encode(), "sha")
    base = found.parents[0] if found.parents else EMPTY_TREE
    if asked.wants(call, "diff", "patch"):
        return difference(call, store, base, found.sha, [found])
    changed = store.changed(base, found.sha)
    at, size = asked.page(call, FILES, FILES)
    files = changed[:MOST_FILES]
    body = shapes.commit(call.forge, call.urls, call.repo, found)
    body["stats"] = _stats(changed)
    body["files"] = [
        shapes.diff_entry(call.urls, call.repo, found.sha, change) for change in files[(at - 1) * size : at * size]
    ]
    return Answer(body, headers=asked.links(call, at, max(1, -(-len(files) // size))))


def get_git_commit(call: Call) -> Answer:
    """One, as git has it."""
    sha = call.path["commit_sha"]
    found = asked.filled(call).commit(sha)
    if found is None:
        raise missing()
    return Answer(shapes.git_commit(call.forge, call.urls, call.repo, found))


def compare(call: Call) -> Answer:
    """`BASE...HEAD`, each a ref or `OWNER:REF` of this network: what HEAD has since the two parted."""
    base_name, dots, head_name = call.path["basehead"].partition("...")
    if not dots:
        raise missing()
    base, head = _side(call, base_name), _side(call, head_name)
    store = asked.store(call)
    ancestor = store.merge_base(base.sha, head.sha)
    if ancestor is None:
        raise missing(f"No common ancestor between {base_name} and {head_name}.")
    commits = store.log(head.sha, base.sha, limit=_SEARCHED)[::-1]
    if asked.wants(call, "diff", "patch"):
        return difference(call, store, ancestor, head.sha, commits)
    ahead, behind = store.count(base.sha, head.sha), store.count(head.sha, base.sha)
    at, size = asked.page(call, COMMITS, COMMITS)

    def shape(commit: Commit) -> dict[str, Any]:
        return shapes.commit(call.forge, call.urls, call.repo, commit)

    url = call.urls.repo(call.repo["full_name"], "compare", f"{base_name}...{head_name}")
    page = call.urls.page(call.repo["owner_login"], call.repo["name"], "compare")
    owner = call.repo["owner_login"]
    status = ("diverged" if behind else "ahead") if ahead else ("behind" if behind else "identical")
    merge_base = store.commit(ancestor)
    assert merge_base is not None
    files = store.changed(ancestor, head.sha)[:FILES] if at == 1 else []
    body = {
        "url": url,
        "html_url": f"{page}/{base_name}...{head_name}",
        "permalink_url": f"{page}/{owner}:{base.sha[:7]}...{owner}:{head.sha[:7]}",
        "diff_url": f"{page}/{base_name}...{head_name}.diff",
        "patch_url": f"{page}/{base_name}...{head_name}.patch",
        "base_commit": shape(base),
        "merge_base_commit": shape(merge_base),
        "status": status,
        "ahead_by": ahead,
        "behind_by": behind,
        "total_commits": ahead,
        "commits": [shape(commit) for commit in commits[(at - 1) * size : at * size]],
        "files": [shapes.diff_entry(call.urls, call.repo, head.sha, change) for change in files],
    }
    return Answer(body, headers=asked.links(call, at, max(1, -(-len(commits) // size))))


def _side(call: Call, name: str) -> Commit:
    """One side of a comparison; that of another owner in a repository of the same network that the viewer may see."""
    owner, colon, ref = name.rpartition(":")
    if not colon:
        return asked.commit(call, name)
    for row in _network(call, call.repo):
        if owner.lower() in (row["owner_login"].lower(), row["full_name"].replace("/", ":").lower()):
            if not access.sees(call.forge, call.viewer, row):
                break
            return asked.commit(call._replace(repo=row), ref)
    raise missing()


def _network(call: Call, row: Row) -> list[Row]:
    """This repository first, and then all that one of its ancestors was forked into."""
    root = row
    while (above := call.forge.repository_of(root["fork_of"])) is not None:
        root = above
    found = [root]
    for each in found:
        sql = "SELECT id FROM repositories WHERE fork_of = ? AND NOT deleted ORDER BY id"
        rows = [call.forge.repository_of(fork["id"]) for fork in call.forge.kept.rows(sql, each["id"])]
        found += [fork for fork in rows if fork is not None]
    return [row, *(each for each in found if each["id"] != row["id"] and not each["deleted"])]


def difference(call: Call, store: Bare, base: str, head: str, commits: Sequence[Commit]) -> Answer:
    """The two as a diff, or these commits as patches: whichever the request wants."""
    how = ("--no-ext-diff", "--no-textconv", "--no-color")
    if asked.wants(call, "diff"):
        return _text(store.git("diff-tree", "-r", "-p", "-M", *how, base, head).stdout, "diff")
    parts = [
        store.git("format-patch", "--stdout", "-1", "-M", *how, commit.sha).stdout
        for commit in commits[:COMMITS]
        if len(commit.parents) < 2
    ]
    return _text(b"".join(parts), "patch")


def _text(data: bytes, kind: str) -> Answer:
    return Answer(raw=data, headers={"Content-Type": f"application/vnd.github.{kind}; charset=utf-8"})


def _stats(changed: Sequence[Changed]) -> dict[str, int]:
    additions, deletions = sum(each.additions for each in changed), sum(each.deletions for each in changed)
    return {"total": additions + deletions, "additions": additions, "deletions": deletions}


def _is(call: Call, commit: Commit, role: str, who: str) -> bool:
    email = commit.author.email if role == "author" else commit.committer.email
    linked = by_email(call.forge, email)
    return email.lower() == who.lower() or (linked is not None and linked["login"].lower() == who.lower())


_R = "/repos/{owner}/{repo}"
ROUTES: tuple[Route, ...] = (
    Route("GET", f"{_R}/commits", list_commits, grant="contents:read"),
    Route("GET", f"{_R}/commits/{{ref}}", get_commit, grant="contents:read", slashes="ref"),
    Route("GET", f"{_R}/git/commits/{{commit_sha}}", get_git_commit, grant="contents:read"),
    Route("GET", f"{_R}/compare/{{basehead}}", compare, grant="contents:read", slashes="basehead"),
)
