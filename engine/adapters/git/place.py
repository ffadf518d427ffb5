"""What a clone's own files say, read as data: where its objects lie, its refs, its settings, where it was cut off.

Nothing here is obeyed. A ref says where a branch is, and nothing but `refs`, `HEAD` and `packed-refs` may say it;
links, pipes and files without end are no answer.
"""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from engine.adapters.files import failed
from engine.errors import failure

_MARKS = ("HEAD", "objects", "refs")  # what every git directory has
_LINE = 64 * 1024  # bytes of a file that holds one line
_PACKED = 64 * 1024 * 1024  # bytes of packed-refs: half a million branches
_SETTINGS = 1024 * 1024
_HOPS = 5  # symbolic refs that lead to one another; git follows as many
_ID = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_YES = ("true", "yes", "on", "1")
_SHARED = "refs/"
ID_BYTES = {"sha1": 20, "sha256": 32}  # by the format of objects
OWN = ("HEAD", "FETCH_HEAD", "ORIG_HEAD")  # what each work tree has for itself


class Place(NamedTuple):
    """The directories of a clone."""

    own: str  # of this work tree: HEAD
    common: str  # of all work trees: objects, refs, config
    is_bare: bool

    @property
    def objects(self) -> str:
        """Where its objects lie."""
        return os.path.join(self.common, "objects")


def find(directory: str) -> Place:
    """The repository that `directory` belongs to, as git finds it: here, or above.

    Raises:
        EngineError: ENG350.
    """
    folder = os.path.realpath(directory)
    found = None
    while found is None and os.path.isdir(folder):
        marker = os.path.join(folder, ".git")
        has_marker = os.path.lexists(marker)
        found = _place(_behind(marker, folder), False) if has_marker else _place(folder, True)
        if has_marker or folder == (folder := os.path.dirname(folder)):
            break
    if found is None:
        raise failure("ENG350", path=directory)
    return found


def _behind(marker: str, folder: str) -> str:
    """The git directory of a work tree; a file `.git` names it."""
    if os.path.isdir(marker):
        return marker
    text = os.fsdecode(read(marker, _LINE) or b"").removesuffix("\n")
    return os.path.join(folder, text.removeprefix("gitdir: ")) if text.startswith("gitdir: ") else marker


def _place(own: str, is_bare: bool) -> Place | None:
    above = os.fsdecode(read(os.path.join(own, "commondir"), _LINE) or b"").removesuffix("\n")
    common = os.path.normpath(os.path.join(own, above)) if above else own
    there = os.path.lexists(os.path.join(own, "HEAD")) and all(
        os.path.lexists(os.path.join(common, mark)) for mark in _MARKS
    )
    return Place(own, common, is_bare) if there else None


def read(file: str, limit: int) -> bytes | None:
    """The bytes of a file; None where there is no such file, or something that is none.

    Raises:
        EngineError: ENG001, it is larger than `limit` or cannot be read.
    """
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise failed("ENG001", file, error) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        return None
    with open(handle, "rb") as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise failure("ENG001", file=file, reason=f"it has more than {limit} bytes")
    return data


class Refs:
    """The refs of a clone, by full name."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def tip(self, name: str) -> str | None:
        """The object that a ref names, if there is one; symbolic refs are followed, a few steps.

        Raises:
            EngineError: ENG360, it holds something else; ENG001.
        """
        for _ in range(_HOPS + 1):
            data = self._loose(name)
            if data is None:
                return self._packed(name)
            first, _, rest = data.strip().partition(b"\n")[0].replace(b"\t", b" ").partition(b" ")
            if _ID.fullmatch(first):  # FETCH_HEAD goes on with where it came from
                return first.decode()
            name = os.fsdecode(rest.strip())
            if first != b"ref:" or not is_name(name):
                break
        raise failure("ENG360", id=name, reason="this ref names no object")

    def branches(self) -> frozenset[str]:
        """The names of branches, as one types them (`dev`, `origin/dev`); of very many, some."""
        found = {one[len(above) :] for above in _BRANCHES for one in self._below(above)}
        return frozenset(one for one in found if not one.endswith("/HEAD"))

    def _below(self, above: str) -> Iterator[str]:
        """Full names of the refs below `refs/…/`, loose and packed."""
        for line in self._all_packed.split(b"\n")[:_MOST_NAMES]:
            name = os.fsdecode(line.partition(b" ")[2])
            if name.startswith(above):
                yield name
        walk = os.walk(os.path.join(self._place.common, above))
        loose = (os.path.join(root, one) for root, _, names in walk for one in names)
        for path in islice(loose, _MOST_NAMES):
            yield os.path.relpath(path, self._place.common)

    def _loose(self, name: str) -> bytes | None:
        above = self._place.common if name.startswith(_SHARED) else self._place.own
        return read(os.path.join(above, name), _LINE)

    def _packed(self, name: str) -> str | None:
        data = self._all_packed
        end = data.find(b" " + os.fsencode(name) + b"\n")
        line = data[data.rfind(b"\n", 0, max(end, 0)) + 1 : end] if end >= 0 else b""
        return line.decode() if _ID.fullmatch(line) else None

    @cached_property
    def _all_packed(self) -> bytes:
        return read(os.path.join(self._place.common, "packed-refs"), _PACKED) or b""


_BRANCHES = ("refs/heads/", "refs/remotes/")
_MOST_NAMES = 10_000  # refs that are looked at for one that was meant
_BAD = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|//|@\{|(?:^|/)\.|\.lock(?:/|$)|[/.]$")


def is_name(name: str) -> bool:
    """Can it be the full name of a ref (git-check-ref-format)? Then it leads nowhere but into `refs`."""
    return (name.startswith(_SHARED) or name in OWN) and len(name) < 4096 and not _BAD.search(name)


def cut_off(place: Place) -> frozenset[str]:
    """The commits at which a shallow clone ends."""
    data = read(os.path.join(place.common, "shallow"), _PACKED) or b""
    return frozenset(line.decode() for line in data.split(b"\n") if _ID.fullmatch(line))


class Settings(NamedTuple):
    """The few settings of a clone that say what it is; none of them does anything."""

    object_format: str
    ref_storage: str
    remotes: frozenset[str]
    origin: tuple[str, ...]  # its URLs
    is_bare: bool  # it says so

    @property
    def id_bytes(self) -> int:
        """Of an object's id, in a format that we know."""
        return ID_BYTES[self.object_format]


def settings(listed: bytes) -> Settings:
    """From what `git config --list --null` prints of its file."""
    found: dict[str, list[str]] = {}
    for row in listed.split(b"\0"):
        key, _, value = row.partition(b"\n")
        found.setdefault(os.fsdecode(key), []).append(os.fsdecode(value))
    remotes = [key for key in found if key.startswith("remote.") and key.count(".") > 1]
    return Settings(
        _last(found, "extensions.objectformat", "sha1"),
        _last(found, "extensions.refstorage", "files"),
        frozenset(key[len("remote.") : key.rindex(".")] for key in remotes),
        tuple(dict.fromkeys(found.get("remote.origin.url", ()))),
        _last(found, "core.bare", "false") in _YES,
    )


def _last(found: Mapping[str, list[str]], key: str, otherwise: str) -> str:
    return found[key][-1].casefold() if key in found else otherwise


def config_file(place: Place) -> str | None:
    """The clone's settings, if it has any and they are a file of a sensible size.

    Raises:
        EngineError: ENG001.
    """
    file = os.path.join(place.common, "config")
    return None if read(file, _SETTINGS) is None else file
