"""Console blocks of the pages, as a reader would type them: `$ ` lines, and below each what it prints."""

import itertools
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
_NOTE = re.compile(r"^<!-- (?P<key>not run|slow|in|exit): (?P<value>.+) -->$")
_FILE = re.compile(r"^<!-- file: (\S+) -->\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ENGINE = re.compile(r"engine [^|<>&;$`]*")


class Command(NamedTuple):
    """One command, and what the page says that it prints."""

    line: str
    output: str

    @property
    def words(self) -> list[str] | None:
        """What `engine` is called with; None: it takes a shell."""
        line = self.line.partition(" #")[0].rstrip()
        return shlex.split(line)[1:] if _ENGINE.fullmatch(line) else None


class Block(NamedTuple):
    """One block, with what the comments before it say."""

    page: str
    number: int  # of the line
    commands: tuple[Command, ...]
    not_run: str  # why
    slow: str  # why
    inside: str  # the directory in which it is typed, where the page says it
    exits: int  # code of the last command

    @property
    def directory(self) -> str:
        """Where it is typed alone."""
        return self.inside or "controller"


def blocks() -> Iterator[Block]:
    """All of all pages."""
    for page in PAGES:
        lines = page.read_text(encoding="utf-8").split("\n")
        for number, line in enumerate(lines):
            if line == "```console":
                end = lines.index("```", number)
                yield _block(page, number + 1, lines[number + 1 : end], _notes(lines[:number]))


def typed(page: str, test: str) -> Iterator[tuple[str, str]]:
    """What a reader does in one page, in its order: (file, its text) where one is shown, ("", a command) else.

    Of commands, those that `test` is said to type, and those that are run alone as well.
    """
    text = (ROOT / page).read_text(encoding="utf-8")
    found: list[tuple[int, str, str]] = [
        (text.count("\n", 0, one.start(2)), one[1], one[2]) for one in _FILE.finditer(text)
    ]
    for block in blocks():
        if block.page == page and not block.slow and (not block.not_run or test in block.not_run):
            found += [(block.number, "", command.line) for command in block.commands]
    for _, file, what in sorted(found, key=lambda one: one[0]):
        yield file, what


def rows(page: str, first: str) -> list[list[str]]:
    """The rows of the table whose head begins with `first`, each cell as it is written."""
    lines = (ROOT / page).read_text(encoding="utf-8").split("\n")
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {first} |"))
    found = itertools.takewhile(lambda line: line.startswith("|"), lines[start + 2 :])
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in found]


def _notes(before: list[str]) -> dict[str, str]:
    notes: dict[str, str] = {}
    for line in reversed(before):
        if match := _NOTE.match(line):
            notes[match["key"]] = match["value"]
        elif line.strip():
            break
    return notes


def _block(page: Path, number: int, lines: list[str], notes: dict[str, str]) -> Block:
    found: list[list[str]] = []
    for line in lines:
        if line.startswith("$ "):
            found.append([line[2:]])
        else:
            found[-1].append(line)  # an output before any command is a mistake of the page
    return Block(
        str(page.relative_to(ROOT)),
        number,
        tuple(map(_command, found)),
        notes.get("not run", ""),
        notes.get("slow", ""),
        notes.get("in", ""),
        int(notes.get("exit", 0)),
    )


def _command(lines: list[str]) -> Command:
    line, rest = lines[0], lines[1:]
    while line.endswith("\\"):
        line = f"{line[:-1].rstrip()} {rest.pop(0).strip()}"
    return Command(line, "\n".join(rest))


def agrees(shown: str, printed: str) -> bool:
    """Is it what the page shows? `...` and `…` stand for anything; how lines are broken is the terminal's."""
    parts = re.split(r"\.\.\.|…", " ".join(shown.split()))
    pattern = ".*?".join(re.escape(part.strip()).replace(r"\ ", r"\s+") for part in parts)
    return re.fullmatch(rf"\s*{pattern}\s*", " ".join(printed.split()), re.DOTALL) is not None
