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
    """A property of an object that is computed when it is first read, by whichever thread comes first."""

    def __init__(self, look: Callable[[Any], Value]) -> None:
        self.__doc__ = look.__doc__
        self._look, self._lock = look, RLock()

    def __set_name__(self, _: type, name: str) -> None:
        self._name = name
        self._kept = f"{name} (once)"

    def __get__(self, instance: Any, _: type) -> Value:
        with self._lock:
            kept = instance.__dict__
            if self._kept not in kept:
                try:
                    with alone(self._name):
                        kept[self._kept] = self._look(instance)
                except EngineError as error:
                    kept[self._kept] = error
            found: Value | EngineError = kept[self._kept]
        if isinstance(found, EngineError):
            raise EngineError(*found.problems)
        return found
