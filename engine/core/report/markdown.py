"""Pieces of GitHub Markdown around text that is not ours.

Names and messages come from whoever opened the pull request. None of them may end a table, a code span or a
`<details>`, call people (`@team`), refer to issues, start a formula (`$…$`) or become a link.
"""

import re

from engine.printable import harmless

_LONGEST = 500  # characters of one piece of text; messages of policies have some 100
_INVISIBLE = "\u200b"  # between the halves of what GitHub would turn into a link or a call

# As entities, which CommonMark never reads as syntax (https://spec.commonmark.org/0.31.2/#entity-references).
_SYNTAX = str.maketrans({char: f"&#{ord(char)};" for char in "&<>|`*_[]\\~$#!{}^"})
_CALLS = re.compile(r"@|#(?=\w)|(?<=:)//|www(?=\.)|\b(?:GH|gh)(?=-[0-9])", re.ASCII)
# Expressions are quoted with their literals: `length(x) == `0``.
_QUOTED = re.compile(r"`(?!\s*`)([^`]*(?:`[^`\s]+`[^`]*)*)`")
_PLAIN = re.compile(r"[^`|\\$\n]+")


def line(value: str) -> str:
    """`value` as one line of bounded length, without controls."""
    flat = " ".join(harmless(value).split())
    return flat if len(flat) <= _LONGEST else flat[: _LONGEST - 1] + "…"


def text(value: str) -> str:
    """`value` as running text of one line."""
    return _escaped(line(value))


def prose(value: str) -> str:
    """A message whose `quoted` words become code, as our own errors and policies write them."""
    parts = _QUOTED.split(line(value))  # text, quoted, text, …
    return "".join(code(part) if number % 2 else _escaped(part) for number, part in enumerate(parts))


def _escaped(flat: str) -> str:
    apart = _CALLS.sub(lambda m: f"{_INVISIBLE}{m[0]}{_INVISIBLE}", flat)  # on both sides: `root@` is half an address
    return apart.translate(_SYNTAX)


def code(value: str) -> str:
    """`value` in a code span, where nothing calls or links."""
    flat = line(value)
    if not flat:
        return ""
    # A backslash before a pipe ends a cell in one parser and not in the other: then entities in an element.
    # Nothing foreign begins what looks like a comment of HTML, wherever it stands: ours end with one.
    return f"`{flat}`" if _PLAIN.fullmatch(flat) and "<!" not in flat else f"<code>{flat.translate(_SYNTAX)}</code>"


def link(piece: str, url: str) -> str:
    """A ready piece as a link, where there is something to link to; `url` is ours and escaped."""
    return f"[{piece}]({url})" if url else piece


def fence(value: str, language: str) -> str:
    """`value` as a block of code, behind a fence that it cannot close."""
    body = harmless(value).rstrip("\n")
    longest = max((len(run) for run in re.findall(r"`+", body)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{language}\n{body}\n{ticks}"


def details(summary: str, body: str) -> str:
    """A block that is closed until it is clicked; `summary` is Markdown-free HTML, as `text` and `code` make it."""
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"


def table(head: tuple[str, ...], rows: list[str]) -> str:
    """A table of ready rows (see `row`)."""
    return "\n".join([row(*head), "|" + "---|" * len(head), *rows])


def row(*cells: str) -> str:
    """One row; the cells are pieces that `text` or `code` made."""
    return f"| {' | '.join(cells)} |"
