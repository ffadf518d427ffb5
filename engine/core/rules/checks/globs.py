"""Globs that say something else than they look like: those of other languages, and regular expressions."""

import re
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from engine.core.rules.checks.subject import Check, Subject
from engine.errors import Place, Problem, problem

Odd: TypeAlias = tuple[re.Pattern[str], str, str]  # a mark, what it is here, and what to write


def odd_glob(pattern: str, place: Place) -> Iterator[Problem]:
    """What a glob of paths says in another language, and ours takes as it is written."""
    for mark, reason, way in _ODD:
        if mark.search(pattern):
            yield problem("ENG893", place, glob=pattern, reason=reason, way=way)
            return


_ENDS = re.compile(r"^\^|\$$")
_REGULAR = re.compile(r"^\^|\$$|(?:^|/)\.[*+]|\.\+|[|\\{}]|\[[^\]]*\]")  # marks of one in what is no path
_OF_SEVERAL = re.compile(r"\(?([\w./-]+(?:\|[\w./-]+)+)\)?")


def regular_expression(pattern: str, place: Place) -> Iterator[Problem]:
    """A regular expression where a glob of a text is wanted, which is no path: a file may begin with `.`."""
    if _REGULAR.search(pattern):
        mended = _as_glob(pattern)
        way = f"write `{mended}`" if mended else "write `*` for anything within a segment, `**` for anything at all"
        yield problem("ENG893", place, glob=pattern, reason="a glob is no regular expression", way=way)


def _as_glob(pattern: str) -> str:
    """The glob that a simple regular expression was meant to be; empty where it says more than a glob can."""
    bare = _ENDS.sub("", pattern)
    if several := _OF_SEVERAL.fullmatch(bare):
        return str(several[1].split("|"))
    found = re.sub(r"\.[*+]\??", "**", bare).replace("\\/", "/").replace("\\.", ".").replace("\\-", "-")
    return "" if re.search(r"[\\^$|()\[\]{}+]", found) else f"'{found}'"


_ODD: Sequence[Odd] = (
    (_ENDS, "a glob is of the whole path", "leave `^` and `$` out"),
    (re.compile(r"[\[\]]"), "`[` stands for itself", "write one glob for each, or `?` for one character"),
    (re.compile(r"[{}]"), "`{` stands for itself", "write one glob for each alternative"),
    (re.compile(r"^!"), "`!` stands for itself", "name what is meant: nothing is taken away again"),
    (re.compile(r"\\"), "a path has `/`", "write `/`"),
    (
        re.compile(r"^/|^\./|(^|/)\.\.(/|$)"),
        "a path begins at the top of the repository",
        "leave `/`, `./` and `..` out",
    ),
    (re.compile(r"/$"), "a path of a file never ends with `/`", "add `**`: all that is in it"),
    (re.compile(r"^[A-Za-z]:"), "a path of a repository has no drive", "begin with a directory of the repository"),
    (re.compile(r"//"), "no path has `//`", "write `/` once"),
)


def globs(subject: Subject) -> Iterator[Problem]:
    """Globs of `owns` that can match no path."""
    for entry in subject.draft.sections["sources"]:
        for index, pattern in enumerate(entry.data["owns"]):
            yield from odd_glob(pattern, entry.place("owns", index))


CHECKS = (Check("ENG893", globs),)
