"""The door through which all text goes out: to a terminal, a log of GitHub Actions, a pull request's page.

Most of what is said holds names and values of a change. Controls and what nobody sees are shown as escapes, since left
out two names would look alike; then nothing that is left can be a command to the runner. A new line is the only line
end behind the door: terminals, .NET's ReadLine (which is the runner's) and `str.splitlines` know a dozen.
"""

from collections.abc import Callable

from engine import unseen

# What a terminal is told by ourselves: the only escapes that a coloured text keeps.
COLOURS = {"red": "\x1b[31m", "green": "\x1b[32m", "yellow": "\x1b[33m", "dim": "\x1b[2m", "bold": "\x1b[1m"}
PLAIN = "\x1b[0m"


def printable(text: str) -> str:
    """`text` as lines without controls: what redraws, reorders, hides or is no character is an escape."""
    return text if unseen.is_plain(text) else _replaced(text.replace("\r\n", "\n").replace("\r", "\\r"), _escaped)


def in_line(text: str) -> str:
    """`text`, a name or a line of source, where a new line or a tab may not stand either."""
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")


def uncoloured(text: str) -> str:
    """What a program said, without the colours and cursor movements that it meant for a terminal."""
    import re

    return re.sub(r"\x1b\[[0-?]*[ -/]*[@-~]", "", text)


def harmless(text: str, *, coloured: bool = False) -> str:
    """`printable`, and no line of it a command to the runner of GitHub Actions; `coloured` keeps our own colours.

    The runner takes `::…` first in a line (white space of all of Unicode put aside), and `##[…]` anywhere.
    """
    if coloured and PLAIN in text:
        import re

        codes = "|".join(map(re.escape, (PLAIN, *COLOURS.values())))
        parts = re.split(f"({codes})", text)
        text = "".join(part if number % 2 else printable(part) for number, part in enumerate(parts))
    else:
        text = printable(text)
    text = text.replace("##[", "# #[")
    return "\n".join(map(_broken, text.split("\n"))) if text.count(":") > 1 else text


def in_json(text: str) -> str:
    """JSON text that means the same to its readers and nothing to anybody else."""
    import json

    return _replaced(text, lambda c: json.dumps(c)[1:-1]).replace("##[", "#\\u0023[")


def command(kind: str, message: str, **properties: str) -> str:
    """A command to the runner, every part of which is escaped as it wants it.

    https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """
    said = ",".join(f"{key}={_parameter(value, ':,')}" for key, value in properties.items())
    return f"::{kind} {said}::{_parameter(message)}" if said else f"::{kind}::{_parameter(message)}"


def _parameter(text: str, more: str = "") -> str:
    text = printable(text).replace("##[", "# #[").replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    for character in more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def _broken(line: str) -> str:
    bare = line
    for code in (PLAIN, *COLOURS.values()):
        bare = bare.replace(code, "")
    return line.replace(":", ": ", 1) if bare.lstrip().startswith("::") else line


def _replaced(text: str, escape: Callable[[str], str]) -> str:
    """Surrogates are no characters either: PEP 383's stand for bytes that are not UTF-8."""
    pieces, end = [], 0
    for found in unseen.unseen(text):
        pieces += [text[end : found.at], escape(found.character)]
        end = found.at + 1
    text = "".join([*pieces, text[end:]])
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join(escape(c) if "\ud800" <= c <= "\udfff" else c for c in text)
    return text


def _escaped(character: str) -> str:
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()
