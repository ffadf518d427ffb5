"""Commits as objects: who made them, and where two histories parted. Every commit that counts was read and hashed.

`rev-list` and `merge-base` are not believed: they follow what an object under a false name says about its parents, and
so could leave an author out, or compare with the wrong commit.
"""

import heapq
import re
from collections.abc import Callable
from typing import NamedTuple

from engine.adapters.git.objects import Objects
from engine.errors import EngineError, failure
from engine.names import listing

AT_MOST = 10_000  # commits that are walked to find where a change began
PEOPLE = 10_000  # co-authors of one change
_SEEN = 10 * AT_MOST  # co-authors of all commits that are walked
_ALONE = 100  # commits that are asked for one by one; after that git is asked for a list of those that may follow
_BATCH = 500
_BASE, _HEAD, _STALE = 1, 2, 4
_COMMON = _BASE | _HEAD
_CO_AUTHOR = b"co-authored-by"
_HEADER = re.compile(rb"tree ([0-9a-f]{40,64})\n((?:parent [0-9a-f]{40,64}\n)*)")


class Person(NamedTuple):
    """Somebody as git knows people; both are empty where a line names nobody."""

    name: str
    email: str


class Commit(NamedTuple):
    """One commit and everybody who had a hand in it."""

    sha: str
    author: Person
    committer: Person
    co_authors: tuple[Person, ...]  # from its Co-authored-by lines, wherever they stand
    tree: str = ""
    parents: tuple[str, ...] = ()
    date: int = 0  # of the committer, as they say


class Parting(NamedTuple):
    """How two histories lie to each other."""

    merge_base: str
    own: tuple[Commit, ...]  # what the head has and the base has not, oldest first


def parse(sha: str, data: bytes) -> Commit:
    """Read a commit object. Takes time in proportion to its size, whatever it holds.

    Raises:
        EngineError: ENG360, it is malformed.
    """
    match = _HEADER.match(data)
    if match is None:
        raise failure("ENG360", id=sha, reason="it is no commit that git would make")
    headers, _, message = data[match.end() :].partition(b"\n\n")
    named: dict[bytes, list[bytes]] = {b"author": [], b"committer": []}
    for line in headers.split(b"\n"):
        key, _, value = line.partition(b" ")
        if key in named:
            named[key].append(value)
    (author, *authors), (committer, *committers) = (named[k] or [b""] for k in (b"author", b"committer"))
    more = [*authors, *committers, *_co_authors(message)]  # a second author is none that git would show
    return Commit(
        sha,
        _person(author),
        _person(committer),
        tuple(map(_person, more)),
        match[1].decode(),
        tuple(line[len(b"parent ") :].decode() for line in match[2].splitlines()),
        _date(committer),
    )


def _co_authors(message: bytes) -> list[bytes]:
    """Only lines that hold the word are looked at: a message may have a million others."""
    text = message.replace(b"\r", b"\n")
    lowered, found, at = text.lower(), [], 0
    while (at := lowered.find(_CO_AUTHOR, at)) >= 0:
        begin, end = text.rfind(b"\n", 0, at) + 1, text.find(b"\n", at)
        key, colon, value = text[begin : end if end >= 0 else None].partition(b":")
        if colon and key.strip().lower() == _CO_AUTHOR:
            found.append(value)
        if end < 0:
            break
        at = end
    return found


def _person(value: bytes) -> Person:
    """`Name <address> …`; whoever has no address is nobody that is known."""
    name, opened, rest = value.partition(b"<")
    address, closed, _ = rest.partition(b">")
    return Person(_text(name), _text(address)) if opened and closed else Person("", "")


def _text(data: bytes) -> str:
    """Other encodings than UTF-8 as escapes: nobody becomes somebody else, or nobody."""
    return data.strip().decode("utf-8", "backslashreplace")


def _date(committer: bytes) -> int:
    words = committer.rpartition(b">")[2].split()
    return int(words[0]) if words and len(words[0]) < 16 and words[0].isdigit() else 0


class History:
    """The commits of a clone, each read once.

    `lacks` makes the error of one that is not there, given its child. `ahead` lists what may be below a commit: it only
    saves questions, for nothing is taken from such a list but names to read, and to hash.
    """

    def __init__(
        self, objects: Objects, lacks: Callable[[str, str | None], EngineError], ahead: Callable[[str], list[str]]
    ) -> None:
        self._objects, self.lacks, self._ahead = objects, lacks, ahead
        self._known: dict[str, Commit] = {}
        self._unread: list[str] | None = None  # the list, last first
        self._read: dict[str, bytes] = {}
        self._room = _SEEN

    def commit(self, sha: str, child: str | None = None) -> Commit:
        """The commit of this id.

        Raises:
            EngineError: it is not there, or no commit that can be believed.
        """
        found = self.look(sha)
        if found is None:
            raise self.lacks(sha, child)
        return found

    def look(self, sha: str) -> Commit | None:
        """The commit of this id, if it is there.

        Raises:
            EngineError: ENG360 it cannot be believed, ENG363 there are too many.
        """
        if sha not in self._known:
            if sha not in self._read:
                self._read |= self._objects.read(self._batch(sha), "commit")
            data = self._read.pop(sha, None)
            if data is None:
                return None
            if len(self._known) >= AT_MOST:
                hint = "merge the base branch into this one, so that they part later"
                raise failure("ENG363", hint=hint, limit=AT_MOST, what="commits since the branches parted")
            self._known[sha] = found = parse(sha, data)
            self._room -= len(found.co_authors)
            if self._room < 0:
                raise failure("ENG363", limit=_SEEN, what="co-authors since the branches parted")
        return self._known[sha]

    @property
    def has_room(self) -> bool:
        """May more commits be read?"""
        return len(self._known) < AT_MOST

    def _batch(self, sha: str) -> list[str]:
        if len(self._known) < _ALONE:
            return [sha]
        if self._unread is None:
            self._unread = self._ahead(sha)[::-1]
        batch = {sha: None}
        while self._unread and len(batch) < _BATCH:
            name = self._unread.pop()
            if name not in self._known and name not in self._read:
                batch[name] = None
        return list(batch)

    def part(self, base: str, head: str) -> Parting | None:
        """Where `head` left `base`; None where they have no commit in common.

        Raises:
            EngineError: a commit is missing, there are too many, or they parted in several places (ENG367).
        """
        walk = _Walk(self, base, head)
        walk.until_common()
        best = walk.best()
        if len(best) > 1:
            raise failure("ENG367", base=base, head=head, commits=listing(best))
        own = tuple(self._known[sha] for sha in reversed(walk.order) if walk.marks[sha] & _COMMON == _HEAD)
        if sum(len(commit.co_authors) for commit in own) > PEOPLE:
            raise failure("ENG363", limit=PEOPLE, what="co-authors")
        return Parting(best[0], own) if best else None

    def reaches(self, tip: str, commit: str) -> bool:
        """Is `commit` the commit `tip`, or an ancestor of it?

        Raises:
            EngineError: a commit is missing, or there are too many.
        """
        walk = _Walk(self, commit, tip)
        walk.until_common()
        return walk.marks[commit] & _COMMON == _COMMON

    def is_trunk(self, tip: str, commit: str) -> bool:
        """Is `commit` the commit `tip`, or a first parent of one that is? So are those that a branch was at itself.

        Raises:
            EngineError: a commit is missing, or there are too many.
        """
        walk = _Walk(self, commit, tip)
        walk.until_common()
        at = tip
        while not walk.marks[at] & _BASE:  # not yet `commit` or older
            parents = self.commit(at).parents
            if not parents:
                return False
            at = parents[0]
        return at == commit


class _Walk:
    """Marks what base and head reach, newest first, until all that is left to visit is reached by both.

    Dates only decide how soon that is. A mark comes to a commit along commits that were hashed, and by no other way;
    every common commit that no other one reaches is found; and of those that dates out of order make look like one,
    `best` finds out.
    """

    def __init__(self, history: History, base: str, head: str) -> None:
        self._history = history
        self.marks: dict[str, int] = {}
        self.order: list[str] = []
        self._queue: list[tuple[int, int, str]] = []
        self._queued: set[str] = set()
        self._live = self._pushed = 0
        self._common: list[str] = []
        self._cut: tuple[str, str] | None = None  # a missing ancestor of what is common, and its child
        self._mark(base, _BASE, None)
        self._mark(head, _HEAD, None)

    def until_common(self) -> None:
        """Visit until nothing is left that only one side reaches."""
        while self._live:
            self._visit()

    def best(self) -> list[str]:
        """The common commits that no other common commit reaches."""
        while len(best := [sha for sha in self._common if not self.marks[sha] & _STALE]) > 1 and self._queue:
            self._visit()
        if len(best) > 1 and self._cut is not None:
            raise self._history.lacks(*self._cut)
        return best

    def _visit(self) -> None:
        sha = heapq.heappop(self._queue)[2]
        self._queued.remove(sha)
        mark = self.marks[sha]
        self._live -= not mark & _STALE
        if mark & (_COMMON | _STALE) == _COMMON:
            self._common.append(sha)
        if mark & _COMMON == _COMMON:
            mark |= _STALE
        self.order.append(sha)
        for parent in self._history.commit(sha).parents:
            self._mark(parent, mark, sha)

    def _mark(self, sha: str, mark: int, child: str | None) -> None:
        had = self.marks.get(sha, 0)
        if had | mark == had:
            return
        if mark & _STALE and self._history.look(sha) is None:
            self._cut = (sha, child or sha)  # whatever lies beyond is common
            return
        date = self._history.commit(sha, child).date
        self.marks[sha] = had | mark
        if sha in self._queued:
            self._live -= (not had & _STALE) and bool(mark & _STALE)
            return
        self._queued.add(sha)
        self._live += not (had | mark) & _STALE
        self._pushed += 1
        heapq.heappush(self._queue, (-date, self._pushed, sha))
