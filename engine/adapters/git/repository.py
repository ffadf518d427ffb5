"""What a repository says: a range as GitHub compares it, trees and blobs in batch, who made commits."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from engine.adapters.git.command import Git, environment
from engine.adapters.process import ProcessError
from engine.core.resources.tree import DIRECTORY, Change, Directory, Entry
from engine.errors import failure

# Similarity from which a removed and an added file are one renamed file. Git's own 50 % pairs any two small resources
# that were made from one template.
_RENAME = "-M90%"
_RENAMES_AT_MOST = "-l1000"

# What no ref may contain (git-check-ref-format), and no option, exclusion or path: the rest git judges itself.
_REVISION = re.compile(r"[^-^:?*\[\\\s\0-\x1f\x7f][^:?*\[\\\s\0-\x1f\x7f]*")
_SCP = re.compile(r"(?:[^@/]+@)?[^:/]+:(?!//)(.+)")
_CO_AUTHOR = re.compile(r"([^<>]*+)<([^<>]*+)>\s*+")


class Range(NamedTuple):
    """What lies between the common ancestor of base and head, and head."""

    base: str
    head: str
    merge_base: str
    changes: tuple[Change, ...]
    trees: Mapping[str, str]  # changed directory → its tree at the head


class Person(NamedTuple):
    """Somebody as git knows people."""

    name: str
    email: str


class Commit(NamedTuple):
    """One commit and everybody who had a hand in it."""

    sha: str
    author: Person
    committer: Person
    co_authors: tuple[Person, ...]  # from its Co-authored-by trailers


class Object(NamedTuple):
    """One object as `cat-file` prints it."""

    id: str
    kind: str
    data: bytes


class Repository:
    """A clone, bare or not. Nothing in it is changed."""

    def __init__(self, directory: str, *, path: str, home: str) -> None:
        self._git = Git(directory, environment(path, home))
        self._directory = directory

    def resolve(self, revision: str) -> str:
        """The commit that a name stands for.

        Raises:
            EngineError: not a revision, not known here, or this is no repository.
        """
        _check(revision)
        arguments = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        done = self._ask(*arguments, answers=(0, 1, 128))
        if done.code:
            raise failure("ENG351", name=revision)
        return done.text.strip()

    def range(self, base: str, head: str) -> Range:
        """The changes that `head` makes since it left `base`.

        Raises:
            EngineError: an unknown revision, a shallow clone, or histories that have nothing in common.
        """
        _check(base)
        _check(head)
        shape = f"{base}^{{commit}}...{head}^{{commit}}"
        done = self._ask("rev-parse", "--is-shallow-repository", shape, answers=(0, 128))
        if done.code:
            self.resolve(base)
            self.resolve(head)
            raise failure("ENG356", said=done.said)
        shallow, head_sha, base_sha, *ancestors = done.text.split()
        if shallow == "true":
            raise failure("ENG353", reason="where the branches parted cannot be told")
        if not ancestors:
            raise failure("ENG354", base=base, head=head)
        merge_base = ancestors[0].removeprefix("^")
        changes, trees = self._compare(merge_base, head_sha)
        return Range(base_sha, head_sha, merge_base, changes, trees)

    def _compare(self, old: str, new: str) -> tuple[tuple[Change, ...], Mapping[str, str]]:
        plumbing = ("diff-tree", "-r", "-t", "-z", "--raw", "--no-ext-diff", "--no-textconv", _RENAME, _RENAMES_AT_MOST)
        changes: list[Change] = []
        trees: dict[str, str] = {}
        fields = iter(self._ask(*plumbing, old, new).stdout.split(b"\0"))
        for header in fields:
            if not header:
                break
            old_mode, new_mode, old_id, new_id, status = header[1:].decode().split()
            old_path = _path(next(fields)) if status[0] == "R" else None
            path = _path(next(fields))
            if new_mode == DIRECTORY:
                trees[path] = new_id
            elif old_mode != DIRECTORY:
                before = Entry(old_mode, old_id) if status[0] != "A" else None
                after = Entry(new_mode, new_id) if status[0] != "D" else None
                changes.append(Change(path, before, after, old_path))
        return tuple(changes), trees

    def objects(self, names: Sequence[str]) -> list[Object | None]:
        """Objects by id or by `<tree>:<path>`, in order, in one process; None for what is not there."""
        if not names:
            return []
        output = self._ask("cat-file", "--batch", stdin="\n".join([*names, ""]).encode()).stdout
        return list(_batch(output))

    def blobs(self, ids: Collection[str]) -> dict[str, bytes]:
        """The content of blobs by id.

        Raises:
            EngineError: one is missing, as in a partial clone.
        """
        wanted = sorted(ids)
        found: dict[str, bytes] = {}
        for name, one in zip(wanted, self.objects(wanted), strict=True):
            if one is None:
                raise failure("ENG355", id=name)
            found[name] = one.data
        return found

    def tree(self, revision: str) -> dict[str, Directory]:
        """All directories of a commit or tree, by path; the top is `""`."""
        _check(revision)
        rows: dict[str, dict[str, tuple[bytes, bytes, bytes]]] = {"": {}}
        for row in self._ask("ls-tree", "-r", "-t", "-z", "--full-tree", revision).stdout.split(b"\0")[:-1]:
            about, _, name = row.partition(b"\t")
            mode, _, object_id = about.split(b" ")
            above, _, last = _path(name).rpartition("/")
            rows[above][last] = (mode, b"", bytes.fromhex(object_id.decode()))
            if mode == DIRECTORY.encode():
                rows[_path(name)] = {}
        return {path: Directory(entries) for path, entries in rows.items()}

    def commits(self, found: Range) -> tuple[Commit, ...]:
        """The commits of a range, oldest first."""
        trailers = "%(trailers:key=Co-authored-by,valueonly,unfold,separator=%x1e)"
        form = "%x1f".join(("%H", "%an", "%ae", "%cn", "%ce", trailers))
        done = self._ask(
            "log", "-z", "--reverse", "--no-mailmap", f"--format={form}", f"{found.merge_base}..{found.head}"
        )
        return tuple(_commit(row) for row in done.text.split("\0") if row)

    def origin(self) -> str | None:
        """`owner/name` of the remote `origin`; None when there is none."""
        done = self._ask("config", "--get", "remote.origin.url", answers=(0, 1))
        return repository_name(done.text.strip()) if done.code == 0 else None

    def _ask(self, *arguments: str, stdin: bytes | None = None, answers: Collection[int] = (0,)) -> "_Answer":
        try:
            done = self._git.run(*arguments, stdin=stdin, answers={*answers, 128})
        except ProcessError as error:
            if error.problems[0].code == "ENG455":  # the directory is not there
                raise failure("ENG350", path=self._directory) from error
            raise
        answer = _Answer(done.code, done.stdout, done.stderr)
        if done.code == 128 and b"not a git repository" in done.stderr:
            raise failure("ENG350", path=self._directory)
        if done.code not in answers:
            raise failure("ENG356", said=answer.said)
        return answer


class _Answer(NamedTuple):
    code: int
    stdout: bytes
    stderr: bytes

    @property
    def text(self) -> str:
        return self.stdout.decode("utf-8", "replace")

    @property
    def said(self) -> str:
        return self.stderr.decode("utf-8", "replace").strip()[-500:]


def repository_name(url: str) -> str | None:
    """`acme/dev-deployment` from any form of a remote's URL."""
    match = _SCP.fullmatch(url)
    path = match[1] if match and "://" not in url else url.partition("://")[2].partition("/")[2] or url
    parts = path.removesuffix("/").removesuffix(".git").strip("/").split("/")
    return "/".join(parts[-2:]) if len(parts) >= 2 and all(parts[-2:]) else None


def _check(revision: str) -> None:
    """Refuse what git would read as an option, a range or a path."""
    if not _REVISION.fullmatch(revision) or ".." in revision:
        raise failure("ENG352", name=revision)


def _path(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def _batch(output: bytes) -> Iterator[Object | None]:
    at = 0
    while at < len(output):
        end = output.index(b"\n", at)
        words = output[at:end].decode("utf-8", "replace").rsplit(" ", 2)
        if words[-1] in ("missing", "ambiguous"):
            at = end + 1
            yield None
            continue
        size = int(words[2])
        yield Object(words[0], words[1], output[end + 1 : end + 1 + size])
        at = end + size + 2


def _commit(row: str) -> Commit:
    sha, author, author_email, committer, committer_email, trailers = row.strip("\n").split("\x1f")
    people = (_CO_AUTHOR.fullmatch(t) for t in trailers.split("\x1e") if t.strip())
    return Commit(
        sha,
        Person(author, author_email),
        Person(committer, committer_email),
        tuple(Person(p[1].strip(), p[2]) if p else Person("", "") for p in people),
    )
