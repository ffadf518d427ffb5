"""The message of a merge: what was merged, why it was allowed, and by whom. For people; nothing ever decides by it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from engine.core.report.quoted import quoted

_TITLE, _REASON = 120, 300
_RESOURCES = 50


class Message(NamedTuple):
    """As GitHub wants it."""

    title: str
    body: str


def render(said: Mapping[str, Any], title: str, author: str, environment: str) -> Message:
    """The message about a merge decision (`core/kept/merge`); `commit` in it is not read, as there is none yet.

    `title` and `author` (a login) are the pull request's.
    """
    number, branch = said["pr"], said["base"]["ref"]
    paths = sorted(said["trees"])
    verdict, repository = said["verdict"], said["repository"]["name"]
    lead = f"Merge pull request {number} into {branch}: "
    lines = [
        f"By {quoted(author, 60)}, for {quoted(environment, 80)}. Verdict {verdict['sequence']}: {verdict['result']}.",
        "",
        *(f"- {quoted(path, 200)}" for path in paths[:_RESOURCES]),
        *([f"- and {len(paths) - _RESOURCES} more"] if len(paths) > _RESOURCES else []),
        "",
        f"Interlock-Run: {quoted(said['run'], 100)}",
        f"Interlock-Verdict: {verdict['sequence']} {verdict['digest']}",
        *dict.fromkeys(f"Approved-by: {quoted(one['login'], 60)} ({one['id']})" for one in said["people"]),
        *(
            f"Overridden-by: {quoted(one['login'], 60)} ({one['id']}): {quoted(one['reason'], _REASON)}"
            for one in said["overrides"]
        ),
        f"Pull-request: {repository}#{number}",
    ]
    return Message(lead + quoted(title, _TITLE), "\n".join(lines) + "\n")
