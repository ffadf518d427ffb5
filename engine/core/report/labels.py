"""Which of our labels have to stand on a pull request. They are for people; no gate believes one alone."""

from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple, TypeAlias

PASSED, FAILED, OVERRIDE, READY = "opa-passed", "opa-failed", "opa-override", "ready-for-review"


class Look(NamedTuple):
    """What a label is like when we make it; afterwards it is whatever people make of it."""

    colour: str  # six hexadecimal digits
    description: str  # up to 100 characters


LOOKS: Mapping[str, Look] = {
    PASSED: Look("2da44e", "The newest validation of this head has passed"),
    FAILED: Look("cf222e", "The newest validation of this head has failed, or could not be made"),
    OVERRIDE: Look("bf8700", "Merged by an override: its findings are still to be settled"),
    READY: Look("0969da", "Opened for a pushed branch, to be validated and reviewed"),
}

Validation: TypeAlias = Literal[
    "passed",  # the newest validation of the present head
    "failed",
    "error",
    "refused",  # it was not even planned: files that are no configuration, a conflict
    "running",
    "nothing",  # no resource is changed
    "unknown",  # nobody can tell: then nothing is touched
]
_FAILED = ("failed", "error", "refused")


class Swap(NamedTuple):
    """What has to change."""

    add: tuple[str, ...]
    remove: tuple[str, ...]


def swap(validation: Validation, is_overridden: bool, present: Collection[str]) -> Swap:
    """What makes the labels right, whoever has put them on or taken them off. An override's label stays for ever."""
    if validation == "unknown":
        return Swap((), ())
    wanted = {PASSED} if validation == "passed" else {FAILED} if validation in _FAILED else set[str]()
    add = [label for label in (PASSED, FAILED) if label in wanted and label not in present]
    if is_overridden and OVERRIDE not in present:
        add.append(OVERRIDE)
    return Swap(tuple(add), tuple(label for label in (PASSED, FAILED) if label in present and label not in wanted))
