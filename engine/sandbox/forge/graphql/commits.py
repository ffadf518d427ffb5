"""What git holds, as GraphQL shows it: commits and who made them, trees, files, tags, branches, comparisons."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from engine.sandbox.forge.git import web
from engine.sandbox.forge.git.bare import EMPTY_TREE, Bare, Commit, Person, bare
from engine.sandbox.forge.git.names import SHA, is_path
from engine.sandbox.forge.graphql.nodes import Args, Ask, Node, unknown
from engine.sandbox.forge.graphql.pages import PAGE, Page, page
from engine.sandbox.forge.graphql.people import Resolver, Table, account_by, column, constant, kind_of, path_of
from engine.sandbox.forge.ids import node_id
from engine.sandbox.forge.people import accounts

MOST_COMMITS = 250  # of a pull request, as GitHub has it
MOST_HISTORY = 10_000
_CO_AUTHOR = re.compile(r"^co-authored-by:\s*([^<>\n]*?)\s*<([^<>\n]+)>\s*$", re.IGNORECASE | re.MULTILINE)


def objects(node: Node) -> Bare:
    """The repository that the node's row names; counted, for git is about to run."""
    return objects_of(node.ask, node.row["repository"])


def objects_of(ask: Ask, repository: int) -> Bare:
    """The same by id."""
    ask.git()
    return bare(ask.forge, repository)


def repository_of(node: Node, _: Args | None = None) -> Node:
    """The repository that the node's row names.

    Raises:
        QueryError: the viewer does not see it.
    """
    found = node.ask.repository(node.row["repository"])
    if found is None:
        raise unknown("a Repository")
    return found


def page_url(node: Node, *parts: object) -> str:
    """A page below the node's repository."""
    return node.ask.urls.page(*repository_of(node).row["full_name"].split("/"), *parts)


def commit_nodes(ask: Ask, repository: int, shas: Iterable[str]) -> list[Node]:
    """Commits, each the others' peer."""
    return ask.group(
        ("Commit", f"{repository}:{sha}", {"repository": repository, "oid": sha}) for sha in dict.fromkeys(shas)
    )


def commit_in(name: str) -> Resolver:
    """The commit whose id is in a column, for all peers at once; None where the column has none."""

    def read(ask: Ask, peers: Sequence[Node]) -> dict[tuple[int, str], Node]:
        found = {(peer.row["repository"], peer.row[name]) for peer in peers if peer.row[name]}
        rows = [("Commit", f"{at}:{sha}", {"repository": at, "oid": sha}) for at, sha in sorted(found)]
        return {(node.row["repository"], node.row["oid"]): node for node in ask.group(rows)}

    return lambda node, _: node.batch(f"commit {name}", read).get((node.row["repository"], node.row[name]))


def facts(node: Node) -> Commit:
    """What git knows of a commit, read for all its peers at once."""

    def read(ask: Ask, peers: Sequence[Node]) -> dict[tuple[int, str], Commit]:
        wanted: dict[int, list[str]] = {}
        for peer in peers:
            wanted.setdefault(peer.row["repository"], []).append(peer.row["oid"])
        return {
            (at, sha): commit
            for at, shas in wanted.items()
            for sha, commit in objects_of(ask, at).commits(shas).items()
        }

    found: Commit | None = node.batch("facts", read).get((node.row["repository"], node.row["oid"]))
    if found is None:
        raise unknown(f"a Commit with the oid '{node.row['oid']}'")
    return found


def _git_actors(node: Node, people: Iterable[Person]) -> list[Node]:
    """Each person once, by address."""
    once = {person.email.lower(): person for person in reversed(list(people))}
    return node.ask.group(("GitActor", email, person._asdict()) for email, person in reversed(once.items()))


def _authors(node: Node, args: Args) -> Page:
    author, message = facts(node).author, facts(node).message
    trailers = message.rstrip().rpartition("\n\n")[2]
    others = [Person(name, email, author.date) for name, email in _CO_AUTHOR.findall(trailers)]
    return page(_git_actors(node, [author, *others]), args)


def _user(node: Node, _: Args) -> Node | None:
    """The account that the address is linked to."""
    ask, email = node.ask, node.row["email"]
    found = ask.once(("email", email), lambda: accounts.by_email(ask.forge, email))
    return ask.row("accounts", found["id"], kind_of) if found is not None and found["kind"] == "User" else None


def _signed_at(node: Node) -> str | None:
    """When the forge signed a commit that it made itself; it knows no other keys."""

    def read(ask: Ask, peers: Sequence[Node]) -> dict[str, str]:
        sql = "SELECT * FROM web_commits WHERE sha IN (SELECT value FROM json_each(?))"
        return {row["sha"]: row["at"] for row in ask.forge.kept.rows(sql, json.dumps([p.row["oid"] for p in peers]))}

    found: str | None = node.batch("signed", read).get(node.row["oid"])
    return found


def _signature(node: Node, _: Args) -> Node | None:
    at = _signed_at(node)
    return None if at is None else node.ask.alone("GpgSignature", node.key, {"at": at, "commit": facts(node)})


def _signer(node: Node, _: Args) -> Node | None:
    return account_by(node.ask, "web-flow", "User")


def _history(node: Node, args: Args) -> Page:
    path = args.get("path")

    def read() -> list[Commit]:
        there = path is None or is_path(path)
        return objects(node).log(node.row["oid"], limit=MOST_HISTORY, path=path) if there else []

    log = node.ask.once(("history", node.key, path), read)
    return page(commit_nodes(node.ask, node.row["repository"], [commit.sha for commit in log]), args)


def _commit_url(node: Node, _: Args) -> str:
    return page_url(node, "commit", node.row["oid"])


def _file(node: Node, args: Args) -> Node | None:
    return next((entry for entry in _entries(node, args["path"])), None)


def _entries(node: Node, path: str = "") -> list[Node]:
    """What a tree holds, or the one file or folder of `path`."""
    where, _, name = path.strip("/").rpartition("/")
    tree = node.row["oid"]
    for part in where.split("/") if where else ():
        below = {entry.path: entry for entry in objects(node).entries(tree, recursive=False)}
        if part not in below or below[part].kind != "tree":
            return []
        tree = below[part].sha
    above = node.row.get("path", "")
    found = [each for each in objects(node).entries(tree, recursive=False) if not name or each.path == name]
    rows: list[tuple[str, str, dict[str, Any]]] = []
    for each in found:
        full = "/".join(filter(None, (above, where, each.path)))
        rows.append(("TreeEntry", full, {**each._asdict(), "repository": node.row["repository"], "full": full}))
    return node.ask.group(rows)


def _entry_object(node: Node, _: Args) -> Node | None:
    kind = {"blob": "Blob", "tree": "Tree"}.get(node.row["kind"])
    return None if kind is None else _object(node, kind, node.row["sha"], path=node.row["full"], size=node.row["size"])


def _object(node: Node, kind: str, sha: str, **more: Any) -> Node:
    return node.ask.alone(kind, f"{node.row['repository']}:{sha}", {**node.row, "oid": sha, **more})


def git_object(repository: Node, args: Args) -> Node | None:
    """`object(expression, oid)`: a commit, tree, file or tag by id, by `main` or by `main:path`."""
    number = repository.key
    assert isinstance(number, int)
    expression = args.get("oid") or args.get("expression") or ""
    name, colon, path = expression.partition(":")
    path = path.strip("/")
    if not name or "\n" in expression or "\0" in name or (path and not is_path(path)):
        return None
    asked = f"{_name(repository, name)}{colon}{path}\n".encode()
    said = objects_of(repository.ask, number).git("cat-file", "--batch-check", stdin=asked, answers=(0, 128)).stdout
    sha, kind, size = (*said.decode(errors="replace").split(), "", "", "")[:3]
    if kind not in _KINDS or not size.isdigit() or not SHA.match(sha):
        return None  # `… missing`, `… ambiguous`
    row = {"repository": number, "oid": sha, "path": path if kind == "tree" else "", "size": None}
    return repository.ask.alone(_KINDS[kind], f"{number}:{sha}", row)


def _name(repository: Node, name: str) -> str:
    """What git calls a revision that a person may call `HEAD`."""
    return f"refs/heads/{repository.row['default_branch']}" if name == "HEAD" else name


_KINDS = {"commit": "Commit", "tree": "Tree", "blob": "Blob", "tag": "Tag"}
_TEXT_LIMIT = 512_000  # bytes of a file that `text` shows


def _data(node: Node) -> bytes:
    return node.ask.once(("data", node.key), lambda: objects(node).blob(node.row["oid"]) or b"")


def _text(node: Node, _: Args) -> str | None:
    data = _data(node)
    return None if b"\0" in data[:8000] else data[:_TEXT_LIMIT].decode(errors="replace")


def _tag(node: Node) -> dict[str, str]:
    """An annotated tag's own lines: object, tagger, and its message."""
    raw = objects(node).git("cat-file", "tag", node.row["oid"]).stdout.decode(errors="replace")
    head, _, message = raw.partition("\n\n")
    return {**dict(line.split(" ", 1) for line in head.splitlines() if " " in line), "message": message.rstrip("\n")}


def _parents(node: Node, args: Args) -> Page:
    def read(ask: Ask, peers: Sequence[Node]) -> dict[str, Node]:
        shas = [parent for peer in peers for parent in facts(peer).parents]
        return {parent.row["oid"]: parent for parent in commit_nodes(ask, peers[0].row["repository"], shas)}

    known = node.batch("parents", read)
    return page([known[sha] for sha in facts(node).parents], args)


def _subject(message: str) -> str:
    return message.partition("\n")[0]


_OBJECT: dict[str, Resolver] = {
    "abbreviatedOid": lambda node, _: node.row["oid"][:7],
    "commitResourcePath": path_of(_commit_url),
    "commitUrl": _commit_url,
    "id": lambda node, _: node_id(node.kind, node.key),
    "oid": column("oid"),
    "repository": repository_of,
}

TABLE: Table = {
    "Commit": {
        **_OBJECT,
        "additions": lambda node, _: _changes(node)[1],
        "author": lambda node, _: _git_actors(node, [facts(node).author])[0],
        "authoredByCommitter": lambda node, _: facts(node).author[:2] == facts(node).committer[:2],
        "authoredDate": lambda node, _: facts(node).author.date,
        f"authors({PAGE})": _authors,
        "changedFilesIfAvailable": lambda node, _: _changes(node)[0],
        "committedDate": lambda node, _: facts(node).committer.date,
        "committedViaWeb": lambda node, _: _signed_at(node) is not None,
        "committer": lambda node, _: _git_actors(node, [facts(node).committer])[0],
        "deletions": lambda node, _: _changes(node)[2],
        "file(path)": _file,
        f"history({PAGE}, path)": _history,
        "message": lambda node, _: facts(node).message,
        "messageBody": lambda node, _: facts(node).message.partition("\n")[2].strip("\n"),
        "messageHeadline": lambda node, _: _subject(facts(node).message),
        f"parents({PAGE})": _parents,
        "resourcePath": path_of(_commit_url),
        "signature": _signature,
        "tree": lambda node, _: _object(node, "Tree", facts(node).tree, path=""),
        "url": _commit_url,
    },
    "GitActor": {
        "date": column("date"),
        "email": column("email"),
        "name": column("name"),
        "user": _user,
    },
    "GpgSignature": {
        "email": lambda node, _: node.row["commit"].committer.email,
        "isValid": constant(True),
        "payload": lambda node, _: web.payload(node.row["commit"]),
        "signature": lambda node, _: web.signature(web.payload(node.row["commit"])),
        "signer": _signer,
        "state": constant("VALID"),
        "verifiedAt": column("at"),
        "wasSignedByGitHub": constant(True),
    },
    "Tree": {**_OBJECT, "entries": lambda node, _: _entries(node)},
    "TreeEntry": {
        "mode": lambda node, _: int(node.row["mode"], 8),
        "name": column("path"),
        "object": _entry_object,
        "oid": column("sha"),
        "path": column("full"),
        "repository": repository_of,
        "size": lambda node, _: node.row["size"] or 0,
        "type": column("kind"),
    },
    "Blob": {
        **_OBJECT,
        "byteSize": lambda node, _: len(_data(node)) if node.row["size"] is None else node.row["size"],
        "isBinary": lambda node, _: b"\0" in _data(node)[:8000],
        "isTruncated": lambda node, _: len(_data(node)) > _TEXT_LIMIT,
        "text": _text,
    },
    "Tag": {
        **_OBJECT,
        "message": lambda node, _: _tag(node)["message"],
        "name": lambda node, _: _tag(node)["tag"],
        "target": lambda node, _: git_object(repository_of(node), {"oid": _tag(node)["object"]}),
    },
}


def _changes(node: Node) -> tuple[int, int, int]:
    """Files, additions and deletions against the first parent."""
    parents = facts(node).parents
    found = objects(node).changed(parents[0] if parents else EMPTY_TREE, node.row["oid"], patches=False)
    return len(found), sum(file.additions for file in found), sum(file.deletions for file in found)
