"""Which resources people have asked to be destroyed: `/engine destroy PATH`, of the present head, by who may say it."""

from collections.abc import Iterator, Mapping
from typing import Any

from engine.core.command import COMMANDS, read, takes
from engine.core.decision.commands import counts
from engine.core.decision.document import FactDocument
from engine.core.decision.people import account, is_bot
from engine.core.rules.model import Rules

FACTS = ("comments", "groups", "permissions", "pr")
_WORD = "destroy"


def claimed(comments: "list[dict[str, Any]]", head: str) -> list[dict[str, Any]]:
    """The comments that say so of this head, whoever wrote them: where there are none, nobody has to be looked up."""
    return [comment for comment in comments if _path(comment) and comment.get("head") == head]


def asked(document: FactDocument, rules: Rules) -> Iterator[Mapping[str, Any]]:
    """The rows of the fact `asked`, oldest first.

    Raises:
        Doubt: whether somebody may have asked cannot be told.
    """
    rule = rules.commands.get(_WORD)
    if rule is None:
        return
    head = document.known("pr")["head"]["sha"]
    for comment in claimed(document.known("comments"), head):
        person = account(comment["user"])
        if person is None or is_bot(person) or comment["edited"] or comment.get("by_email"):
            continue
        if counts(person, rule, document):
            yield {"path": _path(comment), "by": person, "comment": comment["id"], "head": head}


def _path(comment: Mapping[str, Any]) -> str:
    command = read(comment["body"]) if comment["kind"] == "pull_request" else None
    said = command is not None and command.word == _WORD and takes(COMMANDS[_WORD], command.argument)
    return command.argument if said and command else ""
