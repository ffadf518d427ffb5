"""What REST's functions of git ask first: the repository's store, a commit by whatever name, a page of commits."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from engine.sandbox.forge.answer import Call, ForgeError, missing, number
from engine.sandbox.forge.git.bare import Bare, Commit, bare


def store(call: Call) -> Bare:
    """The repository of the path."""
    return bare(call.forge, call.repo["id"])


def filled(call: Call) -> Bare:
    """The same, which has a commit.

    Raises:
        ForgeError: 409, it is empty.
    """
    found = store(call)
    if not found.refs(""):
        raise ForgeError(409, "Git Repository is empty.")
    return found


def commit(call: Call, name: str, refused: ForgeError | None = None) -> Commit:
    """The commit that a branch, tag, ref or id means.

    Raises:
        ForgeError: 409, the repository is empty; `refused`, or 404, there is no such commit.
    """
    found = store(call)
    sha = found.resolve(name)
    known = None if sha is None else found.commit(sha)
    if known is None:
        filled(call)
        raise refused or missing()
    return known


def wants(call: Call, *kinds: str) -> bool:
    """Does the Accept header ask for one of these (`raw`, `diff`, `sha`, …)?"""
    asked = [each.partition(";")[0].strip().lower() for each in call.accept.split(",")]
    forms = {f"application/vnd.github.{version}{kind}" for version in ("", "v3.") for kind in kinds}
    return any(each.removesuffix("+json") in forms for each in asked)


def page(call: Call, size: int, most: int) -> tuple[int, int]:
    """(page, size) as the query wants them."""
    return max(1, number(call.query.get("page"), 1)), min(most, max(1, number(call.query.get("per_page"), size)))


def links(call: Call, at: int, last: int) -> dict[str, str]:
    """GitHub's `Link` of page `at` of `last`."""
    pairs = [("prev", at - 1), ("first", 1)] if at > 1 else []
    pairs += [("next", at + 1), ("last", last)] if at < last else []
    return link(call, [(name, {"page": where}) for name, where in pairs])


def link(call: Call, pairs: Sequence[tuple[str, dict[str, Any]]]) -> dict[str, str]:
    """A `Link` with these names, each with what it changes in the query."""
    said = [f'<{call.url}?{urlencode({**call.query, **change})}>; rel="{name}"' for name, change in pairs]
    return {"Link": ", ".join(said)} if said else {}
