"""What people are told of a plan, as values: `summary` makes them of plans, reports show them."""

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

Why: TypeAlias = Literal["new", "other", "tainted", "again", "gone"]

WORDS: Mapping[Why, str] = {
    "new": "nobody has approved a change of it",
    "other": "another change of it was approved",
    "tainted": "it was left half made, and would be made anew",
    "again": "it was done, and would be done once more",
    "gone": "it was approved, and is not needed any more: something else has changed the resource",
}


class Summary(NamedTuple):
    """How many Terraform resources a plan would create, update, replace and delete (or forget: nobody manages it)."""

    create: int = 0
    update: int = 0
    replace: int = 0
    delete: int = 0

    def __str__(self) -> str:
        parts = [f"{number} to {verb}" for verb, number in self._asdict().items() if number]
        return ", ".join(parts) or "no changes"


class Line(NamedTuple):
    """One line of a diff: only `values` can hold a secret; the rest is what the change is."""

    lead: str
    values: tuple[str, ...] = ()  # what was and what will be, or the one of them that is
    note: str = ""

    def __str__(self) -> str:
        return f"{self.lead}{' -> '.join(self.values)}{self.note}"
