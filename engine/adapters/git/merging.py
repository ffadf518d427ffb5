"""Merges two commits in the directory of our own, and believes the result as far as it follows from both sides.

Git merges objects without hashing them, and pairs renamed files by likeness, each version in its own way. So the
result is compared with what was hashed: a path has what the side has that changed it; where both did, what git made of
both; and anything else is no clean merge.
"""

from collections.abc import Mapping
from typing import NamedTuple

from engine.adapters.git.command import Git
from engine.adapters.git.objects import LARGEST, Objects
from engine.adapters.git.trees import Comparison, Trees
from engine.core.resources.tree import Directory, Edit, Entry


class Merge(NamedTuple):
    """What merging a head into a base changes in the base. With conflicts there is nothing else."""

    changes: tuple[Edit, ...]
    directories: Mapping[str, Directory]  # after the merge: those that changed, and the top
    conflicts: tuple[str, ...] = ()  # paths
    tree: str = ""  # that it makes; empty where there are conflicts
    before: str = ""  # the tree that it changes


class Side(NamedTuple):
    """One of the two: its commit, and its tree."""

    commit: str
    tree: str


def merge(git: Git, objects: Objects, trees: Trees, base: Side, head: Side, changes: tuple[Edit, ...]) -> Merge:
    """The merge of `head` into `base`; `changes` are those of `head` since the two parted.

    Raises:
        EngineError: git cannot merge them, or an object cannot be believed.
    """
    arguments = ("--write-tree", "--name-only", "-z", "--no-messages", base.commit, head.commit)
    done = git.run("merge-tree", *arguments, answers=(0, 1))
    tree, *paths = done.stdout.decode("utf-8", "surrogateescape").rstrip("\0").split("\0")
    if done.code:
        return Merge((), {}, tuple(sorted(set(paths))))
    compared = trees.compare(base.tree, tree)
    odd = _Followed(objects, trees, base, changes).odd(compared)
    return Merge((), {}, odd) if odd else Merge(*compared, tree=tree, before=base.tree)


class _Followed:
    """Does the result follow from both sides?"""

    def __init__(self, objects: Objects, trees: Trees, base: Side, changes: tuple[Edit, ...]) -> None:
        self._objects = objects
        self._parted = {path: (old, new) for path, old, new in _single(changes)}  # when they parted, and at the head
        self._base = trees.at(base.tree, self._parted)

    def odd(self, compared: Comparison) -> tuple[str, ...]:
        """The paths at which it does not."""
        merged = {path: new for path, _, new in _single(compared.changes)}
        outside = merged.keys() - self._parted.keys()  # nobody changed these; git followed a renamed file, perhaps
        return tuple(sorted(outside | {path for path in self._parted if not self._follows(path, merged)}))

    def _follows(self, path: str, merged: Mapping[str, Entry | None]) -> bool:
        old, head = self._parted[path]
        base = self._base.get(path)
        result = merged.get(path, base)
        if base in (old, head):
            return result == head
        whole = [entry.id for entry in (old, base, head, result) if entry is not None and entry.is_file]
        small = {found.id for found in self._objects.about(whole) if found and found.size <= LARGEST["blob"]}
        made_of = [entry.id for entry in (old, base, head) if entry is not None and entry.is_file]
        self._objects.read([name for name in made_of if name in small], "blob")  # hashed
        # What is too large to be hashed may lie; so may what was made of it, unless that is too large to be read.
        return small.issuperset(made_of) or result is None or result.id not in small


def _single(changes: tuple[Edit, ...]) -> list[tuple[str, Entry | None, Entry | None]]:
    """Each path by itself: a renamed file is one that went and one that came."""
    rows: list[tuple[str, Entry | None, Entry | None]] = []
    for change in changes:
        if change.old_path is None:
            rows.append((change.path, change.old, change.new))
        else:
            rows += [(change.old_path, change.old, None), (change.path, None, change.new)]
    return rows
