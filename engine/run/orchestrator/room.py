"""Room for what a machine does at once: memory for so many Terraforms, and in one account so many callers of its API.

There is one for the whole process, whatever runs are under way in it: two runs of ten are not twenty. It is asked
before a resource is given to a thread, so that nobody sits in a thread and waits while others could be done.
"""

from collections import Counter
from collections.abc import Callable, Hashable
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Generic, NamedTuple

from engine.core.schedule.graph import Node

if TYPE_CHECKING:
    from engine.core.rules.model import Limits


class Room:
    """Safe to use from any number of threads."""

    def __init__(self, places: int) -> None:
        self._lock, self._left, self._taken = Lock(), places, Counter[Hashable]()

    def enter(self, account: Hashable, most: int) -> bool:
        """Take a place, if there is one, and less than `most` have one in this account. Whoever has one leaves."""
        with self._lock:
            if not self._left or self._taken[account] >= most:
                return False
            self._left -= 1
            self._taken[account] += 1
            return True

    def leave(self, account: Hashable) -> None:
        """Give it back."""
        with self._lock:
            self._left += 1
            self._taken[account] -= 1


class Share(NamedTuple, Generic[Node]):
    """What one run may take of it."""

    room: Room
    account: Callable[[Node], Hashable]
    most: int  # in one account

    def enter(self, node: Node) -> bool:
        """As `Room.enter`."""
        return self.room.enter(self.account(node), self.most)

    def leave(self, node: Node) -> None:
        """As `Room.leave`."""
        self.room.leave(self.account(node))


def share(account: Callable[[Node], Hashable], limits: "Limits") -> Share[Node]:
    """What the rules let a run take of the room of this process."""
    return Share(of_machine(), account, limits.per_account or limits.parallelism)


@cache
def of_machine() -> Room:
    """The room of this process."""
    from engine.adapters.terraform import memory

    return Room(memory.slots())
