"""What several facts are made of is looked up once: an answer, and a failure too, stands for all of them.

`functools.cached_property` keeps no failure, so that each fact would pay for the same bomb, and has no lock.
"""

from collections.abc import Callable
from threading import RLock
from typing import Any, Generic, TypeVar

from engine.core.alone import alone
from engine.errors import EngineError

Value = TypeVar("Value")


class once(Generic[Value]):  # noqa: N801 - used like `property`
    """A property of an object that is computed when it is first read, by whichever thread comes first.

    Whoever comes later waits, for this object's own only. What one `once` reads of another must not lead back to it.
    """

    def __init__(self, look: Callable[[Any], Value]) -> None:
        self.__doc__ = look.__doc__
        self._look = look

    def __set_name__(self, _: type, name: str) -> None:
        self._name = name
        self._kept, self._lock = f"{name} (once)", f"{name} (lock)"

    def __get__(self, instance: Any, _: type) -> Value:
        kept = instance.__dict__
        if self._kept not in kept:
            with kept.setdefault(self._lock, RLock()):  # `setdefault` of a dict is one step: there is one lock
                if self._kept not in kept:
                    kept[self._kept] = self._found(instance)
        found: Value | EngineError = kept[self._kept]
        if isinstance(found, EngineError):
            raise EngineError(*found.problems)
        return found

    def _found(self, instance: Any) -> Value | EngineError:
        try:
            with alone(self._name):
                return self._look(instance)
        except EngineError as error:
            return error
