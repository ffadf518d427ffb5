"""Things with numbers in a store: each has the next one, and none is ever altered or taken away.

Whoever puts a number first has it. What is missing is an error; only a tail that was cut off, or a store of yesterday,
cannot be told from what never was, unless the bucket keeps what is deleted (`adapters/storage/s3`).
"""

from collections.abc import Callable, Sequence

from engine.adapters.storage.port import Store
from engine.core.kept import keys
from engine.errors import EngineError, failure

TRIES = 20  # to be the first


def last(store: Store, prefix: str, most: int, missing: Callable[[int], EngineError], what: str) -> int:
    """The highest number below `prefix`; 0 where there is none yet. `what` one of them is called.

    Raises:
        EngineError: `missing`, of the first number that is; ENG193 something else stands among them; the store fails.
    """
    found: Sequence[str] = list(store.list(prefix))
    for number, key in enumerate(found, 1):
        if key != keys.numbered(prefix, number):
            if key in {keys.numbered(prefix, later) for later in range(number + 1, most + 1)}:
                raise missing(number)
            raise failure("ENG193", key=key, reason=f"it is no number of {what}", hint="take it out of the store")
    return len(found)
