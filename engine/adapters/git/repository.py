"""What a clone says, as far as it can be proven: a range as GitHub compares it, trees and blobs, who made commits.

Git is started on a directory of our own (`own`), so the clone commands nobody; every object is hashed again
(`objects`); refs and the few settings that matter are read as data (`place`).
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property, partial, wraps
from threading import Event, RLock
from typing import Concatenate, NamedTuple, ParamSpec, TypeVar

from engine.adapters.git import place, urls
from engine.adapters.git.command import Git
from engine.adapters.git.commits import AT_MOST, Commit, History, Person
from engine.adapters.git.merging import Merge, Side, merge
from engine.adapters.git.names import Names
from engine.adapters.git.objects import LARGEST, Found, Objects
from engine.adapters.git.own import OwnDirectory
from engine.adapters.git.trees import Lacks, Trees
from engine.adapters.git.updates import updates
from engine.core.resources.tree import Directory, Edit
from engine.errors import EngineError, failure

__all__ = ["Blobs", "Commit", "Merge", "Origin", "Person", "Range", "Repository"]

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")


class Range(NamedTuple):
    """What lies between the common ancestor of base and head, and head."""

    base: str
    head: str
    merge_base: str
    changes: tuple[Edit, ...]
    directories: Mapping[str, Directory]  # at the head: those that changed, and the top
    commits: tuple[Commit, ...]  # what the head has and the base has not, oldest first


class Origin(NamedTuple):
    """Where a clone came from."""

    name: str | None  # owner/name; None where there is no origin, or its URL has no such name
    is_local: bool  # a path of this machine, which anybody can call as they like; or nothing at all


class Blobs(NamedTuple):
    """Blobs by id: their bytes, or how many these are where they are too many to be configuration."""

    read: dict[str, bytes]
    oversized: dict[str, int]


def _in_turn(
    question: "Callable[Concatenate[Repository, Asked], Answer]",
) -> "Callable[Concatenate[Repository, Asked], Answer]":
    """One question at a time: a single git answers them all, and all count into the same caps."""

    @wraps(question)
    def asked(self: "Repository", /, *args: Asked.args, **options: Asked.kwargs) -> Answer:
        with self._turn:
            return question(self, *args, **options)

    return asked


class Repository:
    """A clone, bare or not. Nothing in it is changed, obeyed or believed without proof. Thread-safe."""

    def __init__(self, directory: str, *, path: str, cancel: Event | None = None) -> None:
        """`path` is where git is looked for; once `cancel` is set, it is not waited for."""
        self._directory, self._path, self._cancel = directory, path, cancel
        self._turn = RLock()

    def anew(self) -> "Repository":
        """The same clone as it is now: nothing is remembered of what was read."""
        return Repository(self._directory, path=self._path)

    @cached_property
    def _place(self) -> place.Place:
        return place.find(self._directory)

    @cached_property
    def _own(self) -> OwnDirectory:
        return OwnDirectory(self._place.objects)

    @cached_property
    def _git(self) -> Git:
        return Git(self._own.path, self._path, self._cancel)

    @cached_property
    def _settings(self) -> place.Settings:
        file = place.config_file(self._place)
        listed = b""
        if file is not None:
            done = self._git.run("config", "--file", file, "--no-includes", "--null", "--list", answers=range(256))
            if done.code:
                raise failure("ENG356", said=done.stderr.decode("utf-8", "replace").strip()[-500:])
            listed = done.stdout
        found = place.settings(listed)
        if found.object_format not in place.ID_BYTES:
            raise failure("ENG361", path=self._directory, what="its objects", found=found.object_format[:40])
        self._own.speak(found.object_format)
        return found

    @cached_property
    def _objects(self) -> Objects:
        return Objects(self._git, self._settings.object_format)

    @cached_property
    def _lacks(self) -> Lacks:
        return partial(_lacks, self._place)  # not a method: a cycle would keep the directory of our own alive

    @cached_property
    def _trees(self) -> Trees:
        return Trees(self._objects, self._settings.id_bytes, self._lacks)

    @cached_property
    def _history(self) -> History:
        git = self._git

        def ahead(sha: str) -> list[str]:
            done = git.run("rev-list", f"--max-count={AT_MOST}", sha, answers=range(256))
            return done.stdout.decode("ascii", "replace").split()  # as far as it came

        return History(self._objects, self._lacks, ahead)

    @cached_property
    def _names(self) -> Names:
        return Names(self._directory, self._place, self._settings, self._objects, self._history)

    @_in_turn
    def close(self) -> None:
        """End its git and remove the directory of our own; the same happens when nobody refers to it any more."""
        if "_objects" in self.__dict__:
            self._objects.close()
        if "_own" in self.__dict__:
            self._own.close()

    @_in_turn
    def resolve(self, revision: str) -> str:
        """The commit that a name stands for: a branch, a tag, an id or its beginning, and `~` or `^` behind it.

        Raises:
            EngineError: not a revision, not known here, ambiguous, or this is no repository.
        """
        return self._names.resolve(revision)

    @_in_turn
    def ref(self, name: str) -> str | None:
        """The commit that a ref of this full name leads to; None where there is none.

        Raises:
            EngineError: the ref names no commit that is here.
        """
        return self._names.ref(name)

    @_in_turn
    def branch(self, name: str) -> str | None:
        """Where a branch of the source was when it was last fetched.

        In a work tree `refs/heads` are somebody's own branches and may be old. Only a mirror, and a clone of nothing,
        have no other.
        """
        tip = self.ref(f"refs/remotes/origin/{name}")
        if tip is None and (self._is_mirror or not self._settings.remotes):
            tip = self.ref(f"refs/heads/{name}")
        return tip

    @property
    def _is_mirror(self) -> bool:
        """The `.git` of somebody's work tree is none, though it looks like one from within."""
        return self._place.is_bare and self._settings.is_bare

    @_in_turn
    def range(self, base: str, head: str) -> Range:
        """The changes that `head` makes since it left `base`.

        Raises:
            EngineError: an unknown revision, a commit that is missing, or histories that have nothing in common.
        """
        base_sha, head_sha = self.resolve(base), self.resolve(head)
        parting = self._history.part(base_sha, head_sha)
        if parting is None:
            raise failure("ENG354", base=base, head=head)
        old, new = (self._history.commit(sha).tree for sha in (parting.merge_base, head_sha))
        compared = self._trees.compare(old, new)
        return Range(base_sha, head_sha, parting.merge_base, *compared, parting.own)

    @_in_turn
    def merge(self, found: Range) -> Merge:
        """What merging the head of a range into its base would change in the base. The clone stays as it is.

        Raises:
            EngineError: git cannot merge them, or an object cannot be believed.
        """
        if found.base == found.merge_base:
            old, new = (self._history.commit(sha).tree for sha in (found.base, found.head))
            return Merge(found.changes, found.directories, tree=new, before=old)
        base, head = (Side(sha, self._history.commit(sha).tree) for sha in (found.base, found.head))
        return merge(self._git, self._objects, self._trees, base, head, found.changes)

    @contextmanager
    def _apart(self) -> Iterator[tuple[Objects, Trees]]:
        """Under caps of their own: what looking around or merging again costs must not be missing for the change."""
        objects = Objects(self._git, self._settings.object_format)
        try:
            yield objects, Trees(objects, self._settings.id_bytes, self._lacks)
        finally:
            objects.close()

    @_in_turn
    def updates(self, found: Range) -> frozenset[str]:
        """The commits of a range that only merge its base into it, as far as that can be told.

        Raises:
            EngineError: a commit of the base cannot be believed.
        """
        with self._apart() as (objects, trees):

            def again(base: str, head: str) -> str | None:
                parting = self._history.part(base, head)
                if parting is None:
                    return None
                theirs, ours, old = (self._history.commit(sha).tree for sha in (base, head, parting.merge_base))
                if parting.merge_base == base:
                    return ours
                changes = trees.compare(old, ours).changes
                return merge(self._git, objects, trees, Side(base, theirs), Side(head, ours), changes).tree or None

            return updates(found.base, found.head, found.commits, self._history, again)

    @_in_turn
    def landed(self, commit: str) -> Merge:
        """What a commit changed in the branch that it was made on: a merge, or a squashed one.

        Raises:
            EngineError: ENG351 it is not known, or nothing lies before it; ENG353, ENG355 what lies there is missing.
        """
        before, after = (self._history.commit(self.resolve(name)).tree for name in (f"{commit}^1", commit))
        return Merge(*self._trees.compare(before, after), tree=after, before=before)

    @_in_turn
    def message(self, commit: str) -> str:
        """What a commit says of itself. For people, and to find again what we have written; no gate reads it.

        Raises:
            EngineError: ENG351, it is not known.
        """
        sha = self.resolve(commit)
        return self._objects.read([sha], "commit")[sha].partition(b"\n\n")[2].decode("utf-8", "replace")

    @_in_turn
    def contains(self, tip: str, commit: str) -> bool:
        """Is `commit` the commit `tip` or an ancestor of it?

        Raises:
            EngineError: a commit is missing, or there are too many to tell.
        """
        if self._objects.about([commit]) == [None]:
            return False
        return self._history.reaches(tip, commit)

    @_in_turn
    def is_trunk(self, tip: str, commit: str) -> bool:
        """Was the branch that is at `tip` at `commit` itself? Not so what only came in by a merge.

        Raises:
            EngineError: a commit is missing, or there are too many to tell.
        """
        return self._objects.about([commit]) != [None] and self._history.is_trunk(tip, commit)

    @_in_turn
    def is_replay(self, commit: str, of: Collection[str]) -> bool:
        """Is it one of these commits, or made anew from one as a rebase does it: same author, same moment, same words?

        Raises:
            EngineError: a commit is missing.
        """
        found = self._objects.read([commit, *of], "commit")
        return _words(found[commit]) in [_words(found[sha]) for sha in of]

    @_in_turn
    def directories(self, ids: Collection[str]) -> dict[str, Directory]:
        """Directories by the id of their tree.

        Raises:
            EngineError: one is missing, cannot be believed, or there is too much.
        """
        return self._trees.look(ids)

    @_in_turn
    def tree(self, revision: str) -> dict[str, Directory]:
        """All directories of a commit, by path; the top is `""`.

        Raises:
            EngineError: an unknown revision; ENG363.
        """
        return self._trees.everything(self._history.commit(self.resolve(revision)).tree)

    @_in_turn
    def blobs(self, ids: Collection[str]) -> Blobs:
        """The content of blobs by id.

        Raises:
            EngineError: one is missing, as in a partial clone, or cannot be believed.
        """
        return self._blobs(ids, self._objects)

    def _blobs(self, ids: Collection[str], objects: Objects) -> Blobs:
        wanted = sorted(ids)
        sizes: dict[str, Found] = {}
        for name, about in zip(wanted, objects.about(wanted), strict=True):
            if about is None:
                raise self._lacks(name, None)
            sizes[name] = about
        oversized = {name: about.size for name, about in sizes.items() if about.size > LARGEST["blob"]}
        return Blobs(objects.read([name for name in wanted if name not in oversized], "blob"), oversized)

    @_in_turn
    def whole(self, tree: str, wanted: Callable[[Mapping[str, Directory]], Collection[str]]) -> Blobs:
        """Of a whole tree the blobs that somebody wants who has seen all its directories.

        Raises:
            EngineError: as `tree` and `blobs`.
        """
        with self._apart() as (objects, trees):
            return self._blobs(wanted(trees.everything(tree)), objects)

    @_in_turn
    def tree_of(self, revision: str) -> str:
        """The id of a commit's tree.

        Raises:
            EngineError: an unknown revision.
        """
        return self._history.commit(self.resolve(revision)).tree

    @_in_turn
    def origin(self) -> Origin:
        """What the remote `origin` says of where this was cloned from."""
        origins = [urls.parse(url) for url in self._settings.origin]
        names = list({origin.name.casefold(): origin.name for origin in origins}.values())
        is_local = not any(origin.host for origin in origins)
        if len(names) > 1:
            return Origin(" and ".join(name or "one without a name" for name in names), False)
        return Origin(names[0] or None if names else None, is_local)

    @_in_turn
    def has(self, ref: str) -> bool:
        """Is there a ref of this full name?

        Raises:
            EngineError: it holds something else than an id.
        """
        return self._names.has(ref)


def _words(data: bytes) -> tuple[list[bytes], bytes]:
    """Who says that they wrote a commit, when, and what they say of it."""
    headers, _, message = data.partition(b"\n\n")
    return [line for line in headers.split(b"\n") if line.startswith(b"author ")], message.strip()


def _lacks(where: place.Place, name: str, child: str | None) -> EngineError:
    """Why an object is not here, judged by what is missing: a shallow clone may have all that is needed."""
    if child in place.cut_off(where):
        return failure("ENG353", reason=f"it ends at {child:.12}, and {name:.12} is needed")
    return failure("ENG355", id=name)
