"""Reading a trail: from a store, or from a file of lines."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from engine.adapters import files
from engine.core.audit import chain, record
from engine.core.audit.chain import Head
from engine.core.audit.record import Record
from engine.core.kept import keys
from engine.errors import failure

if TYPE_CHECKING:
    from engine.adapters.storage.port import Store

_AT_ONCE = 16  # requests: a bucket answers each after some milliseconds


def batches(store: "Store") -> Iterator[bytes]:
    """The batches that there are, in the order of their keys."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        waiting: list[str] = []
        for key in store.list(keys.AUDIT):
            waiting.append(key)
            if len(waiting) == 4 * _AT_ONCE:
                yield from _read(store, pool, waiting)
                waiting = []
        yield from _read(store, pool, waiting)


def _read(store: "Store", pool: ThreadPoolExecutor, found: Iterable[str]) -> Iterator[bytes]:
    yield from (item.data for item in pool.map(store.get, found) if item is not None)


def lines(store: "Store") -> Iterator[bytes]:
    """The lines of all batches, each with its end."""
    for data in batches(store):
        yield from _split(data)


def _split(data: bytes) -> Iterator[bytes]:
    """At line ends alone."""
    *whole, rest = data.split(b"\n")
    yield from (line + b"\n" for line in whole)
    if rest:
        yield rest


def of_file(file: str) -> Iterator[bytes]:
    """The lines of a file, each with its end.

    Raises:
        EngineError: ENG001, it cannot be read.
    """
    with files.failing("ENG001", file), open(file, "rb") as handle:
        yield from handle


def records(found: Iterable[bytes]) -> Iterator[Record]:
    """The records among the lines.

    Raises:
        EngineError: ENG721, a line is neither a record nor a head.
    """
    seen = 0
    for line in found:
        data = line.removesuffix(b"\n")
        try:
            if chain.is_head(data):
                chain.head(data)
                continue
            one = record.read(data)
        except (ValueError, RecursionError) as error:
            raise failure("ENG721", key=f"the line behind record {seen}", reason=error) from None
        seen = one.seq
        yield one


def heads(found: Iterable[bytes]) -> Iterator[tuple[Head, bytes]]:
    """Each batch: its head, and all of its bytes.

    Raises:
        EngineError: ENG721, one has no head that can be read.
    """
    for data in found:
        try:
            yield chain.last(data), data
        except (ValueError, RecursionError) as error:
            raise failure("ENG721", key="a batch", reason=error) from None
