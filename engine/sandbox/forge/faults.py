"""What goes wrong on purpose: faults and disturbed deliveries, each ordered by somebody or drawn from a seed.

A draw depends on the seed, on what it is for (`POST /repos/…/pulls`, `push`) and on how often that was drawn before; on
no clock and on nothing that happens beside it. So one seed tells the same story to everybody who asks the same.
"""

import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar


class Fault(NamedTuple):
    """What is answered instead, or what happens to the answer."""

    status: int = 0  # 0: the right answer, only late or cut
    message: str = ""
    headers: Mapping[str, str] = {}
    after_effect: bool = False  # it happens, and the answer is lost, or, where it is the right one, late
    delay_s: float = 0
    cut: bool = False  # half of the answer, then the connection ends
    limited: bool = False  # the hour's requests are used up, for a moment
    expired: bool = False  # the token that asks is expired from now on, if it is an installation's


class _Ordered(NamedTuple):
    """So many more times."""

    what: tuple[str, str]  # path and method, event and action; "" is any
    how: Fault | str
    left: int


HOWS = ("lose", "double", "late", "reorder")
_SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
_Drawn = TypeVar("_Drawn")
# How probable each is for one request below /api.
ANSWERS: Sequence[tuple[float, Fault]] = (
    (0.010, Fault(500, "Server Error")),
    (0.010, Fault(500, "Server Error", after_effect=True)),
    (0.010, Fault(502, "Bad Gateway")),
    (0.010, Fault(502, "Bad Gateway", after_effect=True)),
    (0.020, Fault(delay_s=1.5)),
    (0.015, Fault(cut=True)),
    (0.005, Fault(403, "API rate limit exceeded.", limited=True)),
    (0.005, Fault(403, _SECONDARY, {"Retry-After": "1"})),
    (0.005, Fault(429, _SECONDARY, {"Retry-After": "1"})),
    (0.010, Fault(expired=True)),
)
# How probable each is for one delivery.
DELIVERIES: Sequence[tuple[float, str]] = ((0.04, "lose"), (0.06, "double"), (0.06, "late"), (0.06, "reorder"))


class Faults:
    """What was ordered goes first; then the seed, if there is one. Thread-safe; a restart forgets orders and counts."""

    def __init__(self, seed: str | None = None) -> None:
        self._seed = seed
        self._lock = threading.Lock()
        self._drawn: Counter[str] = Counter()
        self._answers: list[_Ordered] = []
        self._deliveries: list[_Ordered] = []

    def order_answer(self, path: str, method: str, fault: Fault, count: int) -> None:
        """The next `count` requests that fit are answered so; 0 takes back what was ordered for this path and method.

        A path is REST's (`/repos/acme/x/pulls/{number}/merge`) or a whole one; `{…}` is one part of it, `*` any parts.
        """
        self._order(self._answers, (path, method.upper()), fault, count)

    def order_delivery(self, event: str, action: str, how: str, count: int) -> None:
        """The next `count` deliveries of it are disturbed so, `how` of HOWS; 0 takes that back."""
        self._order(self._deliveries, (event, action), how, count)

    def answer(self, method: str, path: str) -> Fault | None:
        """What is to happen to this request; asking uses it up."""
        rest = path.removeprefix("/api/v3")

        def fits(what: tuple[str, str]) -> bool:
            return what[1] in ("", method) and any(matches(what[0], said) for said in (rest, path))

        with self._lock:
            found = self._use(self._answers, fits)
            if isinstance(found, Fault):
                return found
            return self._draw(f"{method} {rest}", ANSWERS) if path.startswith("/api/") else None

    @property
    def left(self) -> int:
        """How many answers will still be as they were ordered."""
        with self._lock:
            return sum(order.left for order in self._answers)

    def delivery(self, event: str, action: str | None) -> str:
        """One of HOWS, or nothing; asking uses it up."""

        def fits(what: tuple[str, str]) -> bool:
            return what[0] in ("", event) and what[1] in ("", action)

        with self._lock:
            found = self._use(self._deliveries, fits)
            return found if isinstance(found, str) else self._draw(event, DELIVERIES) or ""

    def _order(self, orders: list[_Ordered], what: tuple[str, str], how: Fault | str, count: int) -> None:
        with self._lock:
            if count:
                orders.append(_Ordered(what, how, count))
            else:
                orders[:] = [order for order in orders if order.what != what]

    def _use(self, orders: list[_Ordered], fits: Callable[[tuple[str, str]], bool]) -> Fault | str | None:
        for at, order in enumerate(orders):
            if fits(order.what):
                orders[at : at + 1] = [order._replace(left=order.left - 1)] if order.left > 1 else []
                return order.how
        return None

    def _draw(self, kind: str, table: Sequence[tuple[float, _Drawn]]) -> _Drawn | None:
        if self._seed is None:
            return None
        number = self._drawn[kind]
        self._drawn[kind] += 1
        digest = hashlib.sha256(f"{self._seed}\n{kind}\n{number}".encode()).digest()
        drawn = int.from_bytes(digest[:8], "big") / 2**64
        for probability, what in table:
            drawn -= probability
            if drawn < 0:
                return what
        return None


def matches(pattern: str, path: str) -> bool:
    """Does a path fit an order's? Part by part, in steps that are at most the product of both."""
    parts = path.split("/")
    reached = {0}  # how many parts of the path what we have seen of the pattern may stand for
    for wanted in pattern.split("/"):
        if wanted == "*":
            reached = set(range(min(reached, default=len(parts) + 1), len(parts) + 1))
        else:
            reached = {at + 1 for at in reached if at < len(parts) and _is(wanted, parts[at])}
    return len(parts) in reached


def _is(wanted: str, part: str) -> bool:
    return bool(part) if wanted[:1] == "{" and wanted[-1:] == "}" else wanted == part
