"""A store of small values under keys: five methods, which S3 has and a directory can have.

There is no transaction and no blind write. Order is made by numbers in keys: whoever puts n+1 first has it, so that one
mechanism gives a sequence, a fence and the proof that nothing is missing. A lost race is an answer, a failure an error.
A write whose answer was lost is read back: what is kept says whose it is.
"""

from collections.abc import Iterator
from typing import NamedTuple, Protocol, TypeAlias

from engine.errors import EngineError, failure

Version: TypeAlias = str  # opaque: equal versions of a key are equal data

LONGEST = 900  # characters of a key; S3 takes 1,024 bytes, with the prefix of a store
LONGEST_PART = 200  # between two `/`; file systems take 255 bytes
LARGEST = 32 * 1024 * 1024  # bytes of what stands under a key
MARK = ".interlock-store"  # no key: it says that this is a store, and of which form
FORM = b"interlock store 1\n"
_PART = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._-")  # not even a file system without capitals confuses these


class Item(NamedTuple):
    """What stands under a key."""

    key: str
    data: bytes
    version: Version


class Store(Protocol):
    """Safe to use from any number of threads and processes. All methods raise EngineError when the store fails.

    Keys are parts of a-z, 0-9, `.`, `_` and `-` with `/` between them; no part begins with a `.`. Another is a
    ValueError: keys are made by us.
    """

    durable: bool  # will another machine, and the next run, see what is put here?

    def get(self, key: str) -> Item | None:
        """What stands there, whole; None: nothing does."""

    def list(self, prefix: str, after: str = "") -> Iterator[str]:
        """The keys that begin with `prefix` and come after `after`, in the order of their characters.

        A key that is put or deleted meanwhile may be among them or not; no other is left out.
        """

    def put_if_absent(self, key: str, data: bytes) -> Version | None:
        """Put it where nothing stands. None: something does."""

    def replace(self, key: str, data: bytes, version: Version) -> Version | None:
        """Put it in the place of that version. None: there is another by now, or none."""

    def delete(self, key: str, version: Version) -> bool:
        """Delete that version. False: there is another by now, or none."""


def check_size(key: str, size: int) -> None:
    """Nothing, if so many bytes can be read again.

    Raises:
        EngineError: ENG196.
    """
    if size > LARGEST:
        raise failure("ENG196", key=key, limit=LARGEST)


def is_key(text: str) -> bool:
    """Is it one? What is none was put there by others."""
    try:
        return bool(checked(text))
    except ValueError:
        return False


def newer(store: object, found: bytes) -> EngineError:
    """ENG191: `found` stands where `FORM` is expected."""
    said = found[:40].decode("ascii", "backslashreplace").strip()
    return failure("ENG191", store=store, found=said, known=FORM.decode().strip())


def checked(key: str) -> str:
    """`key`, if it is one.

    Raises:
        ValueError: it is none.
    """
    parts = key.split("/")
    if len(key) > LONGEST or not all(part and len(part) <= LONGEST_PART and part[0] != "." for part in parts):
        raise ValueError(f"no key: {key!r}")
    if not _PART.issuperset("".join(parts)):
        raise ValueError(f"no key: {key!r}")
    return key
