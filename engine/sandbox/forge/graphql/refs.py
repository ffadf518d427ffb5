"""Branches and tags, and how one is compared with another."""

from collections.abc import Iterable

from engine.sandbox.forge.graphql.commits import (
    MOST_COMMITS,
    commit_in,
    commit_nodes,
    git_object,
    objects,
    objects_of,
    repository_of,
)
from engine.sandbox.forge.graphql.nodes import Args, Ask, Node
from engine.sandbox.forge.graphql.pages import PAGE, Page, page
from engine.sandbox.forge.graphql.people import Table, column, constant
from engine.sandbox.forge.ids import node_id


def ref_nodes(repository: Node, refs: Iterable[tuple[str, str]]) -> list[Node]:
    """Branches and tags of (full name, object)."""
    number = repository.key
    rows = [(f"{number}:{name}", {"repository": number, "name": name, "target": sha}) for name, sha in refs]
    return repository.ask.group(("Ref", key, row) for key, row in rows)


def refs_below(ask: Ask, repository: int, prefix: str) -> dict[str, str]:
    """All branches (`refs/heads/`) or tags of a repository and where they are, asked once in a request."""
    return ask.once(("refs", repository, prefix), lambda: objects_of(ask, repository).refs(prefix))


def ref_named(repository: Node, name: str) -> Node | None:
    """A branch or tag by its name, full or not."""
    number = repository.key
    assert isinstance(number, int)
    full = name if name.startswith("refs/") else f"refs/heads/{name}"
    sha = refs_below(repository.ask, number, "/".join(full.split("/")[:2]) + "/").get(full)
    return ref_nodes(repository, [(full, sha)])[0] if sha else None


def refs(repository: Node, args: Args) -> Page:
    """`refs(refPrefix)`: by name, or by the date of the commit."""
    number = repository.key
    assert isinstance(number, int)
    order = args.get("orderBy") or {"field": "ALPHABETICAL", "direction": "ASC"}
    prefix = args["refPrefix"]
    keep = (args.get("query") or "").lower()
    where = objects_of(repository.ask, number)
    found = sorted(where.refs(prefix if prefix.endswith("/") else f"{prefix}/").items())
    if order["field"] == "TAG_COMMIT_DATE":
        commits = where.commits(sha for _, sha in found)
        found.sort(key=lambda ref: commits[ref[1]].committer.date if ref[1] in commits else "")
    if order["direction"] == "DESC":
        found.reverse()
    if args.get("direction") == "DESC":
        found.reverse()
    return page(ref_nodes(repository, [ref for ref in found if keep in ref[0][len(prefix) :].lower()]), args)


def _ref_prefix(node: Node, _: Args | None = None) -> str:
    return "/".join(node.row["name"].split("/")[:2]) + "/"


def _target(node: Node, _: Args) -> Node | None:
    if node.row["name"].startswith("refs/tags/"):
        return git_object(repository_of(node), {"oid": node.row["target"]})
    found: Node = commit_in("target")(node, {})
    return found


def _compare(node: Node, args: Args) -> Node | None:
    head = objects(node).resolve(args["headRef"])
    return None if head is None else comparison(node.ask, node.row["repository"], node.row["target"], head)


def comparison(ask: Ask, repository: int, base: str, head: str) -> Node:
    """Of two commits that there are."""
    where = objects_of(ask, repository)
    row = {"repository": repository, "base": base, "head": head}
    row |= {"ahead": where.count(base, head), "behind": where.count(head, base)}
    return ask.alone("Comparison", f"{repository}:{base}...{head}", row)


def _comparison_status(node: Node, _: Args) -> str:
    ahead, behind = bool(node.row["ahead"]), bool(node.row["behind"])
    return {(True, True): "DIVERGED", (True, False): "AHEAD", (False, True): "BEHIND"}.get((ahead, behind), "IDENTICAL")


def _compared(node: Node, args: Args) -> Page:
    log = objects(node).log(node.row["head"], node.row["base"], limit=MOST_COMMITS)
    found = commit_nodes(node.ask, node.row["repository"], [commit.sha for commit in reversed(log)])
    return page(found, args)


TABLE: Table = {
    "Ref": {
        "branchProtectionRule": constant(None),
        "compare(headRef)": _compare,
        "id": lambda node, _: node_id("Ref", node.key),
        "name": lambda node, _: node.row["name"].removeprefix(_ref_prefix(node)),
        "prefix": _ref_prefix,
        "repository": repository_of,
        "target": _target,
    },
    "Comparison": {
        "aheadBy": column("ahead"),
        "baseTarget": commit_in("base"),
        "behindBy": column("behind"),
        f"commits({PAGE})": _compared,
        "headTarget": commit_in("head"),
        "id": lambda node, _: node_id("Comparison", node.key),
        "status": _comparison_status,
    },
}
