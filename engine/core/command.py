"""`/engine validate`: a command is the first word that a comment says to us, in the open and by itself.

It has to be the very start of a comment as a person typed it. What quotes, indents, fences or hides it, holds what
nobody sees, or looks like the answer to a mail is none: it may be somebody else's word.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

from engine import unseen

PREFIX = "/engine"
_LONGEST = 500  # characters of an argument

When: TypeAlias = Literal["open", "merged", "closed"]  # closed: without a merge
_OPEN: tuple[When, ...] = ("open",)
_MERGED: tuple[When, ...] = ("merged",)
_ALWAYS: tuple[When, ...] = ("open", "merged", "closed")


class Command(NamedTuple):
    """What somebody asks for."""

    word: str  # in lower case; not yet known to be one of ours
    argument: str  # the rest of the line


class Row(NamedTuple):
    """One command that rules may let people say."""

    takes: str  # what stands after it, for a person; empty: nothing may
    when: tuple[When, ...]  # what the pull request has to be
    doc: str
    hands: int = 0  # how many of several people who have to say it may have had a hand in the change


COMMANDS: Mapping[str, Row] = {
    "help": Row("", _ALWAYS, "which commands there are, and who may say them"),
    "status": Row("", _ALWAYS, "what is missing, and who can give it"),
    "why": Row("[GATE]", _ALWAYS, "why a gate, or each, says what it says"),
    "validate": Row("", ("open", "merged"), "plan, judge and sign again"),
    "destroy": Row("PATH", _OPEN, "ask that the resource of that path be destroyed; holds for the present head alone"),
    "replan": Row("", _MERGED, "validate what was merged, as it would be applied now"),
    "apply": Row("", _MERGED, "try again what is merged and not applied"),
    "rollback": Row("[PATH] [COMMIT]", _MERGED, "open a pull request that takes back what this one has applied"),
    "unlock": Row(
        "KEY [LOCK]", _MERGED,
        "give up what was merged and not applied, so that others may go on; or take away Terraform's lock of that id",
        hands=1,
    ),
    "restore": Row("KEY VERSION", _MERGED, "put an earlier state back"),
    "adopt": Row("KEY", _MERGED, "believe the state as it is"),
}  # fmt: skip


OF_TWO = frozenset({"unlock", "restore", "adopt"})  # what they do asks for two people, whatever the rules say

# What other tools call them.
ALIASES: Mapping[str, str] = {
    "check": "validate",
    "delete": "destroy",
    "deploy": "apply",
    "explain": "why",
    "plan": "validate",
    "rerun": "validate",
    "retry": "apply",
    "revert": "rollback",
    "test": "validate",
    "undo": "rollback",
    "usage": "help",
}


def read(body: str) -> Command | None:
    """The command that a comment with this body says; None: it says none."""
    first, *rest = body.replace("\r\n", "\n").split("\n")
    said = first.removeprefix(PREFIX)
    if not first.startswith(PREFIX) or said[:1] not in (" ", "\t") or len(first) > _LONGEST:
        return None
    if any(unseen.unseen(first.replace("\t", " "), ordinary=False)) or any(map(_is_of_a_mail, rest)):
        return None
    word, _, argument = said.strip(" \t").replace("\t", " ").partition(" ")
    if not (word.isascii() and word.replace("-", "").isalpha()):
        return None
    return Command(word.lower(), argument.strip())


def _is_of_a_mail(line: str) -> bool:
    """Lines that mail programs put around an answer; GitHub keeps them where it does not know the language."""
    bare = line.strip().lower()
    return (
        bare.startswith((">", "-----original message", "________________________________", "reply to this email"))
        or (bare.endswith(":") and "<" in bare and "@" in bare)  # On Monday ann <ann@example.com> wrote:
        or (bare.startswith("on ") and bare.endswith("wrote:"))
        or (bare.startswith(("from:", "von:", "de:")) and "@" in bare)
        or "you are receiving this because" in bare
    )


def takes(row: Row, argument: str) -> bool:
    """Is there as much after the command as it takes?"""
    wanted, found = row.takes.split(), argument.split()
    least = sum(not name.startswith("[") for name in wanted)
    return least <= len(found) <= len(wanted)


def usage(word: str) -> str:
    """`/engine destroy PATH`"""
    return f"{PREFIX} {word} {COMMANDS[word].takes}".rstrip()
