"""All that can be said about rules: what keeps them from loading, and what only looks wrong.

Each question is a row and a function in `checks/`; its code in the table of errors says which of the two it is: exit
code 2 does not load, exit code 1 is a finding. Findings are looked for in whatever could be read, but never where an
error may be their cause: an unused gate means nothing while a pipeline could not be read.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping

from engine.core.declare import Catalog
from engine.core.rules import load
from engine.core.rules.checks import globs, hygiene, literals, messages, order, people, sent, starts, truth
from engine.core.rules.checks.subject import Check
from engine.core.rules.draft import ENTRY, LISTED, NAMED, Draft
from engine.core.rules.ignored import passed_over
from engine.core.source import Document
from engine.errors import Errors, Place, Problem

_OF_VALUES = (*literals.CHECKS, *globs.CHECKS, *messages.CHECKS, *sent.CHECKS)
FINDINGS = (*hygiene.CHECKS, *people.CHECKS, *starts.CHECKS, *order.CHECKS, *_OF_VALUES, *truth.CHECKS)
CHECKS = (*load.CHECKS, *FINDINGS)


def lint(files: Mapping[str, bytes], catalog: Catalog, entry: str = ENTRY) -> tuple[Problem, ...]:
    """Every problem of every file, in the order of their places."""
    errors = Errors()
    subject = load.judge(files, catalog, entry, errors).subject
    wrong = errors.problems
    units = _Units(subject.draft)
    bad = {units.of(one.place) for one in wrong if one.place}
    asked = (check for check in FINDINGS if _is_clear(check, subject.draft, wrong))
    found = [one for check in asked for one in check.find(subject)]
    told = [one for one in found if not one.place or units.of(one.place) not in bad]
    # A comment beside which nothing is found may have had something to ignore.
    errors.extend(one for one in passed_over(told, files) if not wrong or one.code != "ENG898")
    return errors.problems


def _is_clear(check: Check, draft: Draft, wrong: tuple[Problem, ...]) -> bool:
    """Is nothing wrong with what this question looks at?"""
    return draft.incomplete.isdisjoint(check.reads) and not any(one.code.startswith(check.after) for one in wrong)


class _Units:
    """Which unit of the rules a place is in: where one is wrong, what else looks odd in it may follow from that."""

    def __init__(self, draft: Draft) -> None:
        self._lines: dict[str, list[int]] = {}
        for document, path in _parts(draft):
            self._lines.setdefault(document.file, []).append(document.place(*path, key=True).line)
        for lines in self._lines.values():
            lines.sort()

    def of(self, place: Place) -> tuple[str, int]:
        """A unit's file, and its number in that file."""
        return place.file, bisect_right(self._lines.get(place.file, []), place.line)


def _parts(draft: Draft) -> Iterator[tuple[Document, tuple[str | int, ...]]]:
    """The beginning of each unit, sound or not, in the order of its file."""
    if draft.entry and isinstance(draft.entry.data, dict):
        for section, held in draft.entry.data.items():
            yield draft.entry, (section,)
            rows = list(held) if isinstance(held, dict) else range(len(held)) if isinstance(held, list) else ()
            yield from ((draft.entry, (section, row)) for row in rows if section in (*NAMED, *LISTED))
    yield from ((group.document, group.path) for group in draft.groups)
    yield from ((step.document, step.path) for pipeline in draft.pipelines for step in pipeline.steps)
