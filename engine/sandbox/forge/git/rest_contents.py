"""REST of files by their path: read, written, taken away."""

from collections.abc import Mapping
from typing import Any

from engine.sandbox.forge.answer import Answer, Call, ForgeError, Route, missing, text
from engine.sandbox.forge.git import asked, protection, pushes, shapes, web
from engine.sandbox.forge.git.bare import EMPTY_TREE, Bare, Entry
from engine.sandbox.forge.git.names import is_branch, is_path
from engine.sandbox.forge.git.rest_objects import lines, person, unpacked
from engine.sandbox.forge.git.storage import MAX_BLOB

_INLINE = 1024 * 1024  # bytes; more is only given raw
_LINKS = 8  # that one may lead to another
_KINDS = {"040000": "dir", "120000": "symlink", "160000": "submodule"}


def get_contents(call: Call) -> Answer:
    """A file or a directory, of the default branch or `ref`; as JSON, raw, or as an object with entries."""
    path = call.path.get("path", "").strip("/")
    ref = call.query.get("ref") or call.repo["default_branch"]
    store = asked.store(call)
    sha = store.resolve(ref)
    tip = None if sha is None else store.commit(sha)
    if tip is None:
        raise missing(f"No commit found for the ref {ref}" if store.refs("") else "This repository is empty.")
    entry = _entry(store, tip.tree, path)
    if entry is None:
        raise missing()
    if entry.kind == "tree":
        rows = [_shape(call, ref, _below(path, each)) for each in store.entries(entry.sha, recursive=False)]
        if asked.wants(call, "object"):
            return Answer({**_shape(call, ref, entry), "entries": rows})
        return Answer(rows)
    return _file(call, store, ref, tip.tree, entry)


def put_contents(call: Call) -> Answer:
    """Write a file in a commit of its own."""
    store, path, branch, tip = _place(call)
    message = text(call, "message", "Commit", required=True) or ""
    data = unpacked(text(call, "content", "Commit", required=True, limit=MAX_BLOB) or "")
    there = None if tip is None else _entry(store, tip, path)
    _is_known(call, path, there, needed=there is not None)
    made = _written(call, store, branch, tip, path, data, message)
    now = _entry(store, made, path)
    assert now is not None
    return Answer({"content": _shape(call, branch, now), "commit": _commit(call, store, made)}, 200 if there else 201)


def delete_contents(call: Call) -> Answer:
    """Take a file away in a commit of its own."""
    store, path, branch, tip = _place(call)
    message = text(call, "message", "Commit", required=True) or ""
    there = None if tip is None else _entry(store, tip, path)
    if there is None or there.kind != "blob":
        raise missing()
    _is_known(call, path, there, needed=True)
    made = _written(call, store, branch, tip, path, None, message)
    return Answer({"content": None, "commit": _commit(call, store, made)})


def _place(call: Call) -> tuple[Bare, str, str, str | None]:
    """(store, path, branch, its tip) of what is to be written.

    Raises:
        ForgeError: 404, no such branch; 422, no path of a file.
    """
    path = call.path.get("path", "")
    branch = text(call, "branch", "Commit") or call.repo["default_branch"]
    store = asked.store(call)
    tip = store.refs(f"refs/heads/{branch}").get(f"refs/heads/{branch}") if is_branch(branch) else None
    if tip is None and (store.refs() or not is_branch(branch)):
        raise missing(f"Branch {branch} not found")
    if not is_path(path):
        raise ForgeError(422, "path contains a malformed path component")
    return store, path, branch, tip


def _is_known(call: Call, path: str, there: Entry | None, *, needed: bool) -> None:
    """Whoever writes says which version they have seen."""
    sha = text(call, "sha", "Commit")
    if needed and sha is None:
        raise ForgeError(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
    if sha is not None and (there is None or there.sha != sha):
        raise ForgeError(409, f"{path} does not match {sha}")


def _written(call: Call, store: Bare, branch: str, tip: str | None, path: str, data: bytes | None, message: str) -> str:
    """A commit on top of the branch, as whoever asks, by `web-flow`."""
    forge, viewer, ref = call.forge, call.viewer, f"refs/heads/{branch}"
    account = forge.account(viewer.account)
    assert account is not None  # nobody writes without a token
    try:
        tree = store.with_file(tip or EMPTY_TREE, path, data)
    except ValueError as error:
        raise ForgeError(422, f"path contains a malformed path component: {error}") from None
    parents = [] if tip is None else [tip]
    author = person(call, "author") or person(call, "committer") or web.person(account, forge.now())
    committer = person(call, "committer")
    if committer is None:
        made = web.write(forge, store, tree, parents, message, author)
    else:
        made = store.write_commit(tree, parents, message, author, committer)
    refused = protection.refusal(forge, call.repo, viewer.account, viewer.app, ref, tip, made)
    if refused is not None:
        raise pushes.violation(409, refused)
    begun = pushes.begin(forge, call.repo, viewer, ref, tip, made)
    if not store.update(ref, made, tip):
        pushes.end(forge, begun)
        raise ForgeError(409, f"{branch} is no longer at {tip}")
    pushes.moved(forge, call.repo, viewer.account, ref, tip, made, app=viewer.app, begun=begun)
    return made


def _file(call: Call, store: Bare, ref: str, tree: str, entry: Entry) -> Answer:
    if entry.mode == "120000":
        leads = _followed(store, tree, entry)
        if leads is None:
            target = (store.blob(entry.sha) or b"").decode(errors="replace")
            return Answer({**_shape(call, ref, entry), "target": target})
        entry = leads._replace(path=entry.path)
    if entry.kind == "commit":
        return Answer({**_shape(call, ref, entry), "submodule_git_url": None})
    data = store.blob(entry.sha) or b""
    if asked.wants(call, "raw"):
        return Answer(raw=data, headers={"Content-Type": "application/vnd.github.raw; charset=utf-8"})
    inline = len(data) <= _INLINE
    content = {"encoding": "base64", "content": lines(data)} if inline else {"encoding": "none", "content": ""}
    return Answer({**_shape(call, ref, entry), **content})


def _followed(store: Bare, tree: str, entry: Entry) -> Entry | None:
    """The file that a link in the repository leads to in the end; None: elsewhere, to nothing, or round and round."""
    for _ in range(_LINKS):
        target = (store.blob(entry.sha) or b"").decode(errors="replace")
        parts = [] if target.startswith("/") else entry.path.split("/")[:-1]
        for part in target.split("/"):
            if part == ".." and not parts:
                return None
            parts = parts[:-1] if part == ".." else parts + ([] if part in ("", ".") else [part])
        found = None if target.startswith("/") else _entry(store, tree, "/".join(parts))
        if found is None or found.kind != "blob" or found.mode != "120000":
            return found if found is not None and found.kind == "blob" else None
        entry = found
    return None


def _entry(store: Bare, tree: str, path: str) -> Entry | None:
    """What is at this path; the tree itself at none."""
    if not path:
        commit = store.commit(tree)
        return Entry("", "040000", "tree", tree if commit is None else commit.tree, None)
    return store.at(tree, path) if is_path(path) else None


def _below(path: str, entry: Entry) -> Entry:
    return entry._replace(path=f"{path}/{entry.path}" if path else entry.path)


def _shape(call: Call, ref: str, entry: Entry) -> dict[str, Any]:
    """What every kind of content has."""
    kind, parts = _KINDS.get(entry.mode, "file"), entry.path.split("/")
    urls, full_name = call.urls, call.repo["full_name"]
    url = f"{urls.repo(full_name, 'contents', *parts)}?ref={ref}"
    below = {"dir": "trees", "submodule": None}.get(kind, "blobs")
    git = None if below is None else urls.repo(full_name, "git", below, entry.sha)
    owner, name = call.repo["owner_login"], call.repo["name"]
    page = urls.page(owner, name, "tree" if kind == "dir" else "blob", *ref.split("/"), *parts)
    raw = None if kind in ("dir", "submodule") else urls.page(owner, name, "raw", *ref.split("/"), *parts)
    return {
        "type": kind,
        "size": entry.size or 0,
        "name": parts[-1],
        "path": entry.path,
        "sha": entry.sha,
        "url": url,
        "git_url": git,
        "html_url": page,
        "download_url": raw,
        "_links": {"self": url, "git": git, "html": page},
    }


def _commit(call: Call, store: Bare, sha: str) -> Mapping[str, Any]:
    found = store.commit(sha)
    assert found is not None
    return shapes.git_commit(call.forge, call.urls, call.repo, found)


_R = "/repos/{owner}/{repo}/contents/{path}"
ROUTES: tuple[Route, ...] = (
    Route("GET", _R, get_contents, grant="contents:read", slashes="path"),
    Route("PUT", _R, put_contents, "write", "contents:write", slashes="path"),
    Route("DELETE", _R, delete_contents, "write", "contents:write", slashes="path"),
)
