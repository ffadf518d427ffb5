"""What GraphQL can change: each mutation calls what REST calls."""

import base64
import binascii
from collections.abc import Callable
from typing import Any

from engine.sandbox.forge.graphql.lookup import node_of
from engine.sandbox.forge.graphql.nodes import Args, Ask, Node, Refused, unknown
from engine.sandbox.forge.graphql.pages import Edge, page
from engine.sandbox.forge.graphql.people import Resolver, Table, kind_of, repository_named
from engine.sandbox.forge.kept import Row

Payload = dict[str, Any]


def _repository(node: Node) -> Row:
    """The repository of an issue, a pull request, a label; of a comment or review that of what it is about."""
    row = node.row
    if "repository" not in row:
        row = node.ask.rows("items", [row["issue"]], kind_of_item)[row["issue"]].row  # type: ignore[union-attr]
    found = node.ask.repository(row["repository"])
    if found is None:
        raise unknown("a Repository")
    return found.row
