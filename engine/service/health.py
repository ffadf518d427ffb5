"""The parts that a service stands on, and how each of them is: looked at now and then, never once for each page."""

from typing import Any, Literal, NamedTuple, TypeAlias

How: TypeAlias = Literal["well", "warned", "broken", "absent", "unknown"]


class Component(NamedTuple):
    """One part."""

    name: str  # store, queue, schedule, GitHub, Terraform, policy engine, keys
    how: How
    said: str  # what was found, or what is wrong
    remedy: str = ""
    at: str = ""  # when it was looked at

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return self._asdict()
