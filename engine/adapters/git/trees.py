"""Trees, compared level by level over objects that were hashed, and never further than the caps.

A dozen objects can stand for ten million files: `diff-tree -r` and `ls-tree -r` list them all before anybody counts.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple, TypeAlias

from engine.adapters.git.objects import LARGEST, Objects
from engine.core.resources import renames
from engine.core.resources.tree import DIRECTORY, Directory, Edit, Entry
from engine.errors import EngineError, failure

CHANGES = 30_000  # changed paths, directories among them: ten thousand resources with a document each
ENTRIES = 500_000  # rows of the trees that are looked into
DEPTH = 100  # directories in one another; a path of 800 characters is refused anyway
_RENAMED_BYTES = 32 * 1024**2  # of files that may be renamed ones; beyond that only equal files are paired

Lacks: TypeAlias = Callable[[str, str | None], EngineError]  # an object that is not there, its child → why


class Comparison(NamedTuple):
    """What differs between two trees."""

    changes: tuple[Edit, ...]  # by path
    directories: Mapping[str, Directory]  # at the head: those that changed, and the top


class Trees:
    """The trees of a clone. `lacks` makes the error of one that is not there."""

    def __init__(self, objects: Objects, id_bytes: int, lacks: Lacks) -> None:
        self._objects, self._id_bytes, self._lacks = objects, id_bytes, lacks
        self._room = ENTRIES

    def look(self, ids: Iterable[str]) -> dict[str, Directory]:
        """Directories by the id of their tree, in one question.

        Raises:
            EngineError: ENG355 one is missing, ENG360 it cannot be believed, ENG363 there is too much.
        """
        return {name: self._parse(name, data) for name, data in self._read(ids).items()}

    def _read(self, ids: Iterable[str]) -> dict[str, bytes]:
        wanted = set(ids)
        found = self._objects.read(sorted(wanted), "tree")
        if missing := sorted(wanted - found.keys()):
            raise self._lacks(missing[0], None)
        return found

    def _parse(self, name: str, data: bytes) -> Directory:
        with _believed(name):
            found = Directory.parse(data, self._id_bytes)
        self._room -= len(found)
        if self._room < 0:
            raise failure("ENG363", limit=ENTRIES, what="entries in its directories")
        return found

    def everything(self, tree: str) -> dict[str, Directory]:
        """All directories below a tree, by path; the top is `""`.

        Raises:
            EngineError: as `look`; ENG363.
        """
        found: dict[str, Directory] = {}
        level = {"": tree}
        room = ENTRIES
        for _ in range(DEPTH):
            seen = self.look(level.values())
            below: dict[str, str] = {}
            for path, name in level.items():
                found[path] = directory = seen[name]
                room -= len(directory)
                if room < 0:  # one tree may stand in many places
                    raise failure("ENG363", limit=ENTRIES, what="files")
                below |= {_join(path, name): child for name, child in directory.subdirectories.items()}
            if not below:
                return found
            level = below
        raise failure("ENG363", limit=DEPTH, what="directories in one another")

    def at(self, tree: str, paths: Iterable[str]) -> dict[str, Entry]:
        """What lies at these paths of a tree, files and links; those where there is none are left out.

        Raises:
            EngineError: as `look`.
        """
        found: dict[str, Entry] = {}
        level: dict[str, list[tuple[str, list[str]]]] = {tree: [(path, path.split("/")) for path in paths]}
        while level:
            below: dict[str, list[tuple[str, list[str]]]] = {}
            for name, directory in self.look(level).items():
                for path, (step, *rest) in level[name]:
                    entry = directory.get(step)
                    if entry is None or (entry.mode == DIRECTORY) != bool(rest):
                        continue
                    if rest:
                        below.setdefault(entry.id, []).append((path, rest))
                    else:
                        found[path] = entry
            level = below
        return found

    def compare(self, old: str, new: str) -> Comparison:
        """What differs between two trees, renamed files paired.

        Raises:
            EngineError: as `look`; ENG363.
        """
        changes: dict[str, Edit] = {}
        directories: dict[str, Directory] = {}
        level: dict[str, tuple[str | None, str | None]] = {"": (old, new)}
        counted = 0
        for _ in range(DEPTH):
            read = self._read(name for pair in level.values() for name in pair if name is not None)
            heads = {name: self._parse(name, read[name]) for _, name in set(level.values()) if name is not None}
            # Each once: one tree may stand in many places.
            parted = {pair: self._parted(pair, read) for pair in set(level.values())}
            below: dict[str, tuple[str | None, str | None]] = {}
            for path, pair in level.items():
                if pair[1] is not None:
                    directories[path] = heads[pair[1]]
                olds, news = parted[pair]
                differing = olds.keys() | news.keys()
                counted += len(differing)
                if counted > CHANGES:
                    raise failure("ENG363", limit=CHANGES, what="changed paths")
                for name in differing:
                    _sort(_join(path, name), olds.get(name), news.get(name), changes, below)
            if not below:
                return Comparison(self._paired(changes), directories)
            level = below
        raise failure("ENG363", limit=DEPTH, what="directories in one another")

    def _parted(self, pair: tuple[str | None, str | None], read: Mapping[str, bytes]) -> tuple[Directory, Directory]:
        with _believed(" or ".join(name for name in pair if name is not None)):
            old, new = (b"" if name is None else read[name] for name in pair)
            return Directory.parted(old, new, self._id_bytes)

    def _paired(self, changes: dict[str, Edit]) -> tuple[Edit, ...]:
        removed = {c.path: c.old for c in changes.values() if c.old is not None and c.new is None}
        added = {c.path: c.new for c in changes.values() if c.new is not None and c.old is None}
        pairs = renames.equal(removed, added)
        taken = set(pairs.values())
        olds = {path: entry for path, entry in removed.items() if path not in taken and entry.is_file}
        news = {path: entry for path, entry in added.items() if path not in pairs and entry.is_file}
        pairs |= self._alike(olds, news)
        for path, old in pairs.items():
            changes[path] = changes[path]._replace(old=removed[old], old_path=old)
            del changes[old]
        return tuple(change for _, change in sorted(changes.items()))

    def _alike(self, removed: Mapping[str, Entry], added: Mapping[str, Entry]) -> dict[str, str]:
        if not removed or not added or max(len(removed), len(added)) > renames.FILES:
            return {}
        ids = sorted({e.id for e in (*removed.values(), *added.values())})
        sizes = {f.id: f.size for f in self._objects.about(ids) if f is not None and 0 < f.size <= LARGEST["blob"]}
        if sum(sizes.values()) > _RENAMED_BYTES:
            return {}
        blobs = self._objects.read(list(sizes), "blob")
        olds, news = ({p: blobs[e.id] for p, e in side.items() if e.id in blobs} for side in (removed, added))
        return renames.alike(olds, news)


def _sort(
    path: str,
    old: Entry | None,
    new: Entry | None,
    changes: dict[str, Edit],
    below: dict[str, tuple[str | None, str | None]],
) -> None:
    """A differing name is a changed file, a directory to look into, or one that took the other's place."""
    trees = tuple(e.id if e is not None and e.mode == DIRECTORY else None for e in (old, new))
    old, new = (e if e is not None and e.mode != DIRECTORY else None for e in (old, new))
    if trees != (None, None):
        below[path] = (trees[0], trees[1])
    if old is not None or new is not None:
        changes[path] = Edit(path, old, new)


@contextmanager
def _believed(name: str) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise failure("ENG360", id=name, reason=str(error)) from None


def _join(above: str, name: str) -> str:
    return f"{above}/{name}" if above else name
