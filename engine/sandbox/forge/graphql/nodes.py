"""What GraphQL walks through: nodes that know who was listed with them, so that a batch is read once for all of them.

A query of a hundred pull requests with their labels asks for the labels of each pull request alone. A `Node` therefore
remembers its `peers`, the nodes that were made together with it: whatever one of them lacks is read for all.
"""

import json
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from engine.sandbox.forge.answer import Viewer
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.people import access
from engine.sandbox.forge.tracker.rows import ITEM
from engine.sandbox.forge.urls import Urls

Args = Mapping[str, Any]
T = TypeVar("T")
LISTED = "(SELECT value FROM json_each(?))"
MOST_NODES = 100_000  # made for one answer; GitHub gives up after ten seconds instead
MOST_GIT = 300  # gits started for one answer


class Ask:
    """One request: who asks, for which address, and what has been read so far."""

    def __init__(self, forge: Forge, viewer: Viewer, urls: Urls) -> None:
        self.forge, self.viewer, self.urls = forge, viewer, urls
        self.cost: Mapping[str, Any] = {}  # `rateLimit`
        self._made = self._gits = 0
        self.forget()

    def forget(self) -> None:
        """Read everything again: a mutation has changed it."""
        self._known: dict[tuple[str, Hashable], Node | None] = {}
        self._levels: dict[int, str | None] = {}
        self._once: dict[Hashable, Any] = {}

    def once(self, key: Hashable, read: Callable[[], T]) -> T:
        """What `read` says, asked once in this request."""
        if key not in self._once:
            self._once[key] = read()
        found: T = self._once[key]
        return found

    def group(self, rows: Iterable[tuple[str, Hashable, Row]]) -> list["Node"]:
        """Nodes of (kind, key, row), those of a kind each others' peers."""
        peers: dict[str, Peers] = {}
        nodes = [Node(self, peers.setdefault(kind, Peers()), kind, key, row) for kind, key, row in rows]
        for node in nodes:
            node.peers.nodes.append(node)
        self._made += len(nodes)
        if self._made > MOST_NODES:
            raise exceeded()
        return nodes

    def alone(self, kind: str, key: Hashable, row: Row) -> "Node":
        """A node that nothing was listed with."""
        return self.group([(kind, key, row)])[0]

    def rows(self, table: str, keys: Iterable[Hashable], kind: Callable[[Row], str]) -> dict[Hashable, "Node | None"]:
        """Nodes of rows of `table` by id, those that were read before from memory."""
        wanted = list(dict.fromkeys(key for key in keys if key is not None))
        unread = [key for key in wanted if (table, key) not in self._known]
        if unread:
            source = _SOURCES.get(table, f"SELECT * FROM {table} WHERE id IN")  # noqa: S608 - names of tables are ours
            found = self.forge.kept.rows(f"{source} {LISTED}", json.dumps(unread))
            self._known |= {(table, key): None for key in unread}
            for node in self.group((kind(row), row["id"], row) for row in found):
                self._known[table, node.key] = node
        return {key: self._known[table, key] for key in wanted}

    def keep(self, table: str, node: "Node") -> "Node":
        """The node, which is the one of its row from now on, unless there is one already."""
        return self._known.setdefault((table, node.key), node) or node

    def row(self, table: str, key: Hashable, kind: Callable[[Row], str]) -> "Node | None":
        """The same for one."""
        return None if key is None else self.rows(table, [key], kind)[key]

    def level(self, repository: Row) -> str | None:
        """The viewer's permission (access.LEVELS); None: may not know that the repository exists."""
        number = repository["id"]
        if number not in self._levels:
            seen = not repository["deleted"] and access.sees(self.forge, self.viewer, repository)
            account = self.viewer.account
            self._levels[number] = access.permission(self.forge, account, repository) if seen else None
        return self._levels[number]

    def repository(self, number: int | None) -> "Node | None":
        """A repository that the viewer sees."""
        node = self.row("repositories", number, lambda _: "Repository")
        return None if node is None or self.level(node.row) is None else node

    def may(self, repository: Row, level: str) -> bool:
        """Has the viewer at least `level` there? An App's installation has what it was granted instead."""
        if self.viewer.kind == "installation":
            return self.level(repository) is not None
        return access.at_least(self.level(repository) or "none", level)

    def granted(self, grant: str) -> None:
        """Refuse an App's installation that was not granted `issues:read` or the like.

        Raises:
            ForgeError: 403.
        """
        if self.viewer.kind == "installation":
            access.granted(self.viewer, grant)

    def git(self) -> None:
        """Count one start of git.

        Raises:
            QueryError: the request has started too many.
        """
        self._gits += 1
        if self._gits > MOST_GIT:
            raise exceeded()


class Peers:
    """Nodes that were made together, and what was read for all of them."""

    __slots__ = ("nodes", "read")

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.read: dict[str, Any] = {}


class Node:
    """An object of GraphQL: its type's name, a key that is its own within the type, and what is kept of it."""

    __slots__ = ("ask", "key", "kind", "peers", "row")

    def __init__(self, ask: Ask, peers: Peers, kind: str, key: Hashable, row: Row) -> None:
        self.ask, self.peers, self.kind, self.key, self.row = ask, peers, kind, key, row

    def batch(self, name: str, read: Callable[[Ask, Sequence["Node"]], Any]) -> Any:
        """What `read` found for all peers, read once."""
        if name not in self.peers.read:
            self.peers.read[name] = read(self.ask, self.peers.nodes)
        return self.peers.read[name]

    def many(self, name: str, kind: str | Callable[[Row], str], sql: str) -> list["Node"]:
        """Rows that belong to this node: `sql` selects them for `(ids)` as JSON, with a column `parent`."""

        def read(ask: Ask, peers: Sequence[Node]) -> dict[Hashable, list[Node]]:
            found = ask.forge.kept.rows(sql, json.dumps([node.key for node in peers]))
            named = kind if callable(kind) else (lambda _: kind)
            below: dict[Hashable, list[Node]] = {node.key: [] for node in peers}
            for child in ask.group((named(row), row["id"], row) for row in found):
                below[child.row["parent"]].append(child)
            return below

        found: list[Node] = self.batch(name, read)[self.key]
        return found

    def one(self, table: str, column: str, kind: Callable[[Row], str]) -> "Node | None":
        """The row of `table` whose id is in `column`."""
        if self.row[column] is None:
            return None

        def read(ask: Ask, peers: Sequence[Node]) -> dict[Hashable, Node | None]:
            return ask.rows(table, [peer.row[column] for peer in peers], kind)

        found: Node | None = self.batch(f"{table}.{column}", read)[self.row[column]]
        return found

    def actor(self, column: str) -> "Node | None":
        """The account in `column`; None for nobody and for one that is deleted (pages say `ghost`)."""
        found = self.one("accounts", column, lambda row: str(row["kind"]))
        return None if found is None or found.row["deleted"] else found


class QueryError(Exception):
    """An error of GraphQL with its `type`: NOT_FOUND, FORBIDDEN, UNPROCESSABLE, …"""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind, self.message = kind, message


def unknown(what: str) -> QueryError:
    """It is not there, or not for this viewer."""
    return QueryError("NOT_FOUND", f"Could not resolve to {what}.")


def exceeded() -> QueryError:
    """The query asks for more than one answer may take."""
    return QueryError("RESOURCE_LIMITS_EXCEEDED", "Resource limits for this query exceeded.")


_SOURCES = {
    "items": f"{ITEM} WHERE i.id IN",
    "reviews": "SELECT r.*, i.repository FROM reviews r JOIN issues i ON i.id = r.pull WHERE r.id IN",
    "review_comments": "SELECT c.*, i.repository FROM review_comments c JOIN issues i ON i.id = c.pull WHERE c.id IN",
    "review_requests": "SELECT rowid AS id, * FROM review_requests WHERE rowid IN",
    "repositories": "SELECT r.*, a.login AS owner_login, a.login || '/' || r.name AS full_name"
    " FROM repositories r JOIN accounts a ON a.id = r.owner WHERE r.id IN",
}
