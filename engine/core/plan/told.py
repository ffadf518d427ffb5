"""What people are told of a plan, as values: `summary` makes them of plans, reports show them."""

from typing import NamedTuple


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
