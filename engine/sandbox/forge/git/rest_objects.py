"""REST of git's objects: trees, blobs, and commits made of them."""

import base64
import binascii
import re
from typing import Any

from engine.sandbox.forge.answer import Answer, Call, ForgeError, Route, invalid, missing, text
from engine.sandbox.forge.git import asked, shapes, web
from engine.sandbox.forge.git.bare import EMPTY_TREE, Bare, Person
from engine.sandbox.forge.git.names import SHA
from engine.sandbox.forge.git.storage import MAX_BLOB
from engine.sandbox.forge.ids import node_id

MOST_ENTRIES = 100_000  # of a recursive tree, and then it is `truncated`
MOST_TREE_BYTES = 7 * 1024 * 1024
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)\Z")
_MODES = ("100644", "100755", "120000", "160000")


def get_tree(call: Call) -> Answer:
    """By its id, or that of a commit or ref; with any `recursive` everything below."""
    store, name = asked.filled(call), call.path["tree_sha"]
    found = store.resolve(name)
    commit = None if found is None else store.commit(found)
    sha = name if commit is None else commit.tree
    if store.kinds([sha]).get(sha) != "tree":
        raise missing()
    entries = store.entries(sha, recursive="recursive" in call.query)
    size = 0
    for count, entry in enumerate(entries):
        size += len(entry.path) + 100
        if count >= MOST_ENTRIES or size > MOST_TREE_BYTES:
            return Answer(shapes.tree(call.urls, call.repo, sha, entries[:count], truncated=True))
    return Answer(shapes.tree(call.urls, call.repo, sha, entries, truncated=False))


def create_tree(call: Call) -> Answer:
    """`tree`: files by path, each with `sha` or `content` (no `sha`: null takes it away), on top of `base_tree`."""
    store, rows = asked.store(call), call.body.get("tree")
    base = text(call, "base_tree", "Tree")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ForgeError(422, "Invalid tree info")
    under = EMPTY_TREE if base is None else base
    if not SHA.match(under) or (base is not None and store.kinds([base]).get(base) not in ("tree", "commit")):
        raise ForgeError(422, "base_tree is not a valid tree oid")
    files: dict[str, tuple[str | None, str] | None] = {}
    for row in rows:
        files[str(row.get("path", ""))] = _file(store, row)
    try:
        made = store.with_files(under, files)
    except ValueError as error:
        raise ForgeError(422, f"tree.path contains a malformed path component: {error}") from None
    return Answer(shapes.tree(call.urls, call.repo, made, store.entries(made, recursive=False), truncated=False), 201)


def get_blob(call: Call) -> Answer:
    """A file by its id, in base64 or raw."""
    sha = call.path["file_sha"]
    data = asked.filled(call).blob(sha)
    if data is None:
        raise missing()
    if asked.wants(call, "raw"):
        return Answer(raw=data, headers={"Content-Type": "application/vnd.github.raw; charset=utf-8"})
    return Answer(
        {
            "sha": sha,
            "node_id": node_id("Blob", f"{call.repo['id']}:{sha}"),
            "size": len(data),
            "url": call.urls.repo(call.repo["full_name"], "git", "blobs", sha),
            "content": lines(data),
            "encoding": "base64",
        }
    )


def create_blob(call: Call) -> Answer:
    """Keep a file, given as text or base64."""
    content = text(call, "content", "Blob", required=True, limit=MAX_BLOB) or ""
    encoding = call.body.get("encoding", "utf-8")
    if encoding not in ("utf-8", "base64"):
        raise invalid("Blob", "encoding")
    sha = asked.store(call).write_blob(content.encode() if encoding == "utf-8" else unpacked(content))
    return Answer({"sha": sha, "url": call.urls.repo(call.repo["full_name"], "git", "blobs", sha)}, 201)


def create_commit(call: Call) -> Answer:
    """A commit of a tree, on no branch yet. An App's own is signed."""
    store = asked.store(call)
    message = text(call, "message", "Commit", required=True) or ""
    tree, parents = call.body.get("tree"), call.body.get("parents", [])
    if not isinstance(tree, str) or (tree != EMPTY_TREE and store.kinds([tree]).get(tree) != "tree"):
        raise ForgeError(422, "Tree SHA does not exist")
    if not isinstance(parents, list) or not all(isinstance(sha, str) and store.commit(sha) for sha in parents):
        raise ForgeError(422, "Parent SHA does not exist or is not a commit object")
    author = person(call, "author") or person(call, "committer") or _viewer(call)
    committer = person(call, "committer") or person(call, "author")
    if committer is None and call.viewer.kind == "installation":
        made = web.write(call.forge, store, tree, parents, message, author)
    else:
        made = store.write_commit(tree, parents, message, author, committer or _viewer(call))
    found = store.commit(made)
    assert found is not None
    return Answer(shapes.git_commit(call.forge, call.urls, call.repo, found), 201)


def person(call: Call, role: str) -> Person | None:
    """`author` or `committer` of the body.

    Raises:
        ForgeError: 422, they have no name, address or time.
    """
    said = call.body.get(role)
    if said is None:
        return None
    if not isinstance(said, dict) or not isinstance(said.get("name"), str) or not isinstance(said.get("email"), str):
        raise invalid("Commit", role)
    date = said.get("date", call.forge.now())
    if not isinstance(date, str) or not _TIME.match(date):
        raise invalid("Commit", "date")
    return Person(said["name"], said["email"], date)


def unpacked(content: str) -> bytes:
    """What base64 says, line ends or not.

    Raises:
        ForgeError: 422, it is no base64.
    """
    try:
        return base64.b64decode("".join(content.split()), validate=True)
    except (binascii.Error, ValueError):
        raise ForgeError(422, "content is not valid Base64") from None


def lines(data: bytes) -> str:
    """Base64 as GitHub writes it: 60 characters a line."""
    packed = base64.b64encode(data).decode()
    return "".join(f"{packed[at : at + 60]}\n" for at in range(0, len(packed), 60))


def _viewer(call: Call) -> Person:
    account = call.forge.account(call.viewer.account)
    assert account is not None  # nobody writes without a token
    return web.person(account, call.forge.now())


def _file(store: Bare, row: dict[str, Any]) -> tuple[str | None, str] | None:
    if "sha" in row and row["sha"] is None:
        return None
    mode, sha = row.get("mode", "100644"), row.get("sha")
    if sha is None and isinstance(row.get("content"), str):
        sha = store.write_blob(row["content"].encode())
    if mode not in _MODES or not isinstance(sha, str) or not SHA.match(sha):
        raise ForgeError(422, "Invalid tree info")
    if mode != "160000" and store.kinds([sha]).get(sha) != "blob":
        raise ForgeError(422, f"tree.sha {sha} is not a valid blob")
    return mode, sha


_R = "/repos/{owner}/{repo}/git"
ROUTES: tuple[Route, ...] = (
    Route("GET", f"{_R}/trees/{{tree_sha}}", get_tree, grant="contents:read", slashes="tree_sha"),
    Route("POST", f"{_R}/trees", create_tree, "write", "contents:write"),
    Route("GET", f"{_R}/blobs/{{file_sha}}", get_blob, grant="contents:read"),
    Route("POST", f"{_R}/blobs", create_blob, "write", "contents:write"),
    Route("POST", f"{_R}/commits", create_commit, "write", "contents:write"),
)
