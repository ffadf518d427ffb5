"""One bare repository: what is in it, and what it can be made to hold. Every other part asks git through this.

What is asked of commits and trees by their ids never changes, so answers of the frequent questions are kept.
"""

import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from engine.adapters.process import Done
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git import command, said
from engine.sandbox.forge.git.names import ABSENT, SHA, SHORT, is_path, is_ref
from engine.sandbox.forge.git.said import Changed, Commit, Entry, Person

__all__ = ["EMPTY_TREE", "Bare", "Changed", "Commit", "Entry", "Person", "bare", "create"]
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"  # git knows it in every repository
_KEPT = 20_000  # answers per repository
_KEPT_BYTES = 100_000  # about, of a difference; larger ones are asked for again
_T = TypeVar("_T")


class Bare:
    """Thread-safe; each method runs git."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._answers: dict[tuple[object, ...], Any] = {}

    def git(self, *arguments: str, stdin: bytes | None = None, answers: Sequence[int] = (0,), **env: str) -> Done:
        """Run any other git command here.

        Raises:
            ProcessError: another exit code than `answers`.
        """
        return command.git(self.path, *arguments, stdin=stdin, answers=answers, env=env)

    def resolve(self, name: str) -> str | None:
        """The commit that a full ref, a branch, a tag or a (shortened) commit id means; None if none."""
        if SHA.match(name):
            return name if self.commit(name) else None
        tried = [name] if name.startswith("refs/") else [f"refs/heads/{name}", f"refs/tags/{name}", f"refs/{name}"]
        tried = [ref for ref in tried if is_ref(ref)] + ([name] if name == "HEAD" or SHORT.match(name) else [])
        lines = "".join(f"{ref}^{{commit}}\n" for ref in tried)
        told = self.git("cat-file", "--batch-check", stdin=lines.encode()).stdout.decode().splitlines()
        return next((line[:40] for line in told if line[40:].startswith(" commit ")), None)

    def refs(self, prefix: str = "refs/heads/") -> dict[str, str]:
        """Full names below `prefix`, each with the object it points to (an annotated tag: the tag)."""
        folder = prefix[: prefix.rfind("/")]  # git matches whole parts of names only
        if folder not in ("", "refs") and not is_ref(f"{folder}/x"):
            return {}
        told = self.git("for-each-ref", "--format=%(objectname) %(refname)", folder or "refs").stdout
        found = [line.partition(" ") for line in told.decode(errors="replace").splitlines()]
        return {ref: sha for sha, _, ref in found if ref.startswith(prefix)}

    def update(self, ref: str, new: str | None, old: str | None) -> bool:
        """Set the ref to `new` if it is `old` now (None: absent). False: it is not, or git will not have it."""
        return is_ref(ref) and self.move({ref: (old, new)}) is None

    def move(self, refs: Mapping[str, tuple[str | None, str | None]]) -> str | None:
        """Set them all, each from what it is to what it will be, or none; what git says against it."""
        lines = ["start\0"]
        for ref, (old, new) in refs.items():
            before = ABSENT if old is None else old
            lines.append(f"delete {ref}\0{before}\0" if new is None else f"update {ref}\0{new}\0{before}\0")
        stdin = "".join([*lines, "prepare\0commit\0"]).encode()
        done = self.git("update-ref", "-z", "--stdin", stdin=stdin, answers=(0, 1, 128))
        told = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        return None if done.code == 0 else told.partition(": ")[2].removeprefix("prepare: ") or "failed to update ref"

    def commit(self, sha: str) -> Commit | None:
        """The commit with this id; None if there is none."""
        return self._kept(("commit", sha), lambda: self._commit(sha)) if SHA.match(sha) else None

    def commits(self, shas: Iterable[str]) -> dict[str, Commit]:
        """Those of the commits that there are, by id: one git for all."""
        found: dict[str, Commit | None] = {sha: self._answers.get(("commit", sha)) for sha in shas if SHA.match(sha)}
        unread = "".join(f"{sha}\n" for sha, commit in found.items() if commit is None)
        if unread:
            for commit in self._log(["--no-walk=unsorted", "--ignore-missing", "--stdin", "--"], unread.encode()):
                if commit.sha in found:  # git logs HEAD where nothing is left to log
                    found[commit.sha] = self._keep(("commit", commit.sha), commit)
        return {sha: commit for sha, commit in found.items() if commit is not None}

    def between(self, base: str, heads: Iterable[str], *, limit: int = 250) -> dict[str, Sequence[Commit]]:
        """`log(head, base)` of several heads, by head: one git for all, unless together they have too many."""
        key = ("between", base, limit)
        found: dict[str, Sequence[Commit] | None] = {head: self._answers.get((*key, head)) for head in heads}
        unread = [head for head, commits in found.items() if commits is None]
        if unread:
            most = limit * len(unread)
            lines = "".join(f"{_sha(head)}\n" for head in unread) + f"^{_sha(base)}\n"
            # One head may be another's parent: it must still come after it, where both are of the same second.
            log = self._log([f"-n{most}", "--date-order", "--stdin", "--"], lines.encode())
            known = {commit.sha: self._keep(("commit", commit.sha), commit) for commit in log}
            for head in unread:
                own = _reached(head, known)
                commits = (
                    [commit for commit in log if commit.sha in own]
                    if len(log) < most
                    else self.log(head, base, limit=limit)
                )
                found[head] = self._keep((*key, head), tuple(commits[:limit]))
        return {head: commits or () for head, commits in found.items()}

    def log(self, head: str, base: str | None = None, *, limit: int = 250, path: str | None = None) -> list[Commit]:
        """Commits that `head` reaches (and `base` does not), newest first; those that touch `path`."""
        between = [_sha(head)] + ([f"^{_sha(base)}"] if base else [])
        return self._log([f"-n{limit}", *between, "--", *([path] if path else [])])

    def count(self, base: str, head: str) -> int:
        """How many commits `head` reaches that `base` does not."""
        arguments = ("rev-list", "--count", _sha(head), f"^{_sha(base)}", "--")
        return self._kept(("count", base, head), lambda: int(self.git(*arguments).stdout))

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor; None if there is none."""
        arguments = ("merge-base", _sha(one), _sha(other))
        return self._kept(arguments, lambda: self.git(*arguments, answers=(0, 1)).stdout.decode().strip()) or None

    def is_ancestor(self, one: str, other: str) -> bool:
        """Does `other` reach `one`? Each commit reaches itself."""
        arguments = ("merge-base", "--is-ancestor", _sha(one), _sha(other))
        return self._kept(arguments, lambda: self.git(*arguments, answers=(0, 1)).code == 0)

    def changed(self, base: str, head: str, *, patches: bool = True) -> list[Changed]:
        """How the tree of `head` differs from that of `base` (commits or trees), with renames, by path."""
        key = ("changed", base, head, patches)
        found: list[Changed] = self._answers.get(key) or self._changed(base, head, patches)
        if sum(len(each.patch or "") + 200 for each in found) < _KEPT_BYTES:
            self._keep(key, found)
        return list(found)

    def entries(self, tree: str, *, recursive: bool) -> list[Entry]:
        """What the tree (or commit) has; `recursive`: all below, directories too."""
        arguments = ["ls-tree", "-z", "-l", "--full-tree", *(("-r", "-t") if recursive else ()), _sha(tree)]
        return [said.read_entry(line) for line in said.split(self.git(*arguments).stdout)]

    def at(self, tree: str, path: str) -> Entry | None:
        """What the tree (or commit) has at this path; None if nothing."""
        told = self.git("ls-tree", "-z", "-l", "--full-tree", "--", _sha(tree), path).stdout
        return next((entry for entry in map(said.read_entry, said.split(told)) if entry.path == path), None)

    def kinds(self, shas: Iterable[str]) -> dict[str, str]:
        """`commit`, `tree`, `blob` or `tag` of each object; those that are not there are left out."""
        lines = "".join(f"{sha}\n" for sha in shas if SHA.match(sha))
        told = self.git("cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=lines.encode()).stdout.decode()
        rows = (line.split(" ") for line in told.splitlines())
        return {sha: kind for sha, kind in rows if kind != "missing"}

    def blob(self, sha: str) -> bytes | None:
        """The bytes of a file by its id; None if there is none."""
        if not SHA.match(sha):
            return None
        head, _, data = self.git("cat-file", "--batch", stdin=f"{sha}\n".encode()).stdout.partition(b"\n")
        return data[:-1] if head.split(b" ")[1:2] == [b"blob"] else None

    def merge_tree(self, base: str, head: str) -> str | None:
        """The tree of merging commit `head` into commit `base`; None: they conflict, or have nothing in common."""
        if self.merge_base(base, head) is None:
            return None
        return self._merged(base, head)

    def pick(self, onto: str, commit: str) -> str | None:
        """The tree of `onto` with what `commit` changed against its first parent; None: they conflict."""
        found = self.commit(commit)
        if found is None or not found.parents:
            return None
        nobody = Person("x", "x@x", "1970-01-01T00:00:00Z")
        parent = self._tree(found.parents[0])
        root = self.write_commit(parent, (), "", nobody, nobody)  # git 2.39 cannot be told an ancestor; it finds this
        ours = self.write_commit(self._tree(onto), (root,), "", nobody, nobody)
        return self._merged(ours, self.write_commit(found.tree, (root,), "", nobody, nobody))

    def write_commit(self, tree: str, parents: Sequence[str], message: str, author: Person, committer: Person) -> str:
        """Make a commit, on no branch yet; its id."""
        lines = [f"tree {_sha(tree)}", *(f"parent {_sha(parent)}" for parent in parents)]
        lines += [
            f"author {said.signature(author)}",
            f"committer {said.signature(committer)}",
            "",
            message.replace("\0", ""),
        ]
        data = "\n".join(lines).encode(errors="replace")
        return self.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=data).stdout.decode().strip()

    def write_blob(self, data: bytes) -> str:
        """Keep a file; its id."""
        return self.git("hash-object", "-t", "blob", "-w", "--stdin", stdin=data).stdout.decode().strip()

    def with_file(self, tree: str, path: str, data: bytes | None) -> str:
        """The id of `tree` (or a commit's) with this file, mode as it was; `data` None: without it.

        Raises:
            ValueError: no path of a file, or another file stands in its way.
        """
        return self.with_files(tree, {path: None if data is None else (None, self.write_blob(data))})

    def with_files(self, tree: str, files: dict[str, tuple[str | None, str] | None]) -> str:
        """The same of several, each (mode or None, blob), or None to leave it out.

        Raises:
            ValueError: as `with_file`.
        """
        written = {path: file for path, file in files.items() if file is not None}
        if not all(is_path(path) for path in files):
            raise ValueError("this is no path of a file")
        above = {path[:at] for path in written for at, letter in enumerate(path) if letter == "/"}
        asked = self.git("ls-tree", "-z", "-l", "--full-tree", "--", _sha(tree), *above, *written).stdout
        there = {entry.path: entry for entry in map(said.read_entry, said.split(asked))}
        if any(path in there and (there[path].kind == "tree") == (path not in above) for path in {*above, *written}):
            raise ValueError("another file stands in the way")
        lines = [f"0 {ABSENT}\t{path}" for path in files if path not in written]
        for path, (mode, blob) in written.items():
            lines.append(f"{mode or (there[path].mode if path in there else '100644')} {_sha(blob)}\t{path}")
        with tempfile.TemporaryDirectory(prefix="index-", dir=self.path) as folder:
            index = os.path.join(folder, "index")
            self.git("read-tree", _sha(tree), GIT_INDEX_FILE=index)
            stdin = "".join(f"{line}\0" for line in lines).encode()
            if self.git("update-index", "-z", "--index-info", stdin=stdin, GIT_INDEX_FILE=index).stderr:
                raise ValueError("this is no path of a file")  # git says that it passes it over
            return self.git("write-tree", GIT_INDEX_FILE=index).stdout.decode().strip()

    def _kept(self, key: tuple[object, ...], ask: Callable[[], _T]) -> _T:
        if key not in self._answers:
            answer = ask()
            if answer is None:  # it may still come
                return answer
            return self._keep(key, answer)
        found: _T = self._answers[key]
        return found

    def _keep(self, key: tuple[object, ...], answer: _T) -> _T:
        if len(self._answers) >= _KEPT:
            self._answers.clear()
        self._answers[key] = answer
        return answer

    def _commit(self, sha: str) -> Commit | None:
        told = self.git("cat-file", "--batch-check", stdin=f"{sha}\n".encode()).stdout
        if told.split()[1:2] != [b"commit"]:
            return None
        return self._log(["-n1", sha, "--"])[0]

    def _log(self, arguments: Sequence[str], stdin: bytes | None = None) -> list[Commit]:
        how = ("-c", "i18n.logOutputEncoding=UTF-8", "log", "-z", "--no-show-signature", said.LOG)
        fields = said.split(self.git(*how, *arguments, stdin=stdin).stdout, said.FIELDS)
        return [said.read_commit(fields[at : at + said.FIELDS]) for at in range(0, len(fields), said.FIELDS)]

    def _tree(self, name: str) -> str:
        found = self.commit(name)
        return found.tree if found else _sha(name)

    def _merged(self, base: str, head: str) -> str | None:
        done = self.git("merge-tree", "--write-tree", "--no-messages", _sha(base), _sha(head), answers=(0, 1))
        return done.stdout.decode().split("\n", 1)[0] if done.code == 0 else None

    def _changed(self, base: str, head: str, patches: bool) -> list[Changed]:
        how = ["diff-tree", "-r", "-M", "-l2000", "--no-ext-diff", "--no-textconv", "--no-color"]
        told = said.split(self.git(*how, "-z", "--raw", "--numstat", "--no-abbrev", _sha(base), _sha(head)).stdout)
        found, counts = said.read_raw(told)
        texts = said.read_patches(self.git(*how, "-p", _sha(base), _sha(head)).stdout) if patches else []
        rows = []
        for change in found:
            patch = texts.pop(0) if texts else None
            if change.status == "changed" and texts:  # another kind of thing: git says it as one gone and one come
                patch = "\n".join(text for text in (patch, texts.pop(0)) if text) or None
            additions, deletions = counts.get(change.path, (0, 0))
            rows.append(change._replace(additions=additions, deletions=deletions, patch=patch))
        return rows


def bare(forge: Forge, repository: int) -> Bare:
    """The bare repository of this id."""
    found: Bare = forge.opened.setdefault(repository, Bare(forge.git_dir(repository)))
    return found


def create(forge: Forge, repository: int) -> Bare:
    """Make an empty one."""
    from engine.sandbox.forge.git.storage import make

    make(forge.git_dir(repository), forge.git_dir(repository) + "/objects")
    return bare(forge, repository)


def _reached(head: str, known: Mapping[str, Commit]) -> set[str]:
    """What `head` reaches among the commits that are known."""
    seen, ahead = set(), [head]
    while ahead:
        sha = ahead.pop()
        if sha in known and sha not in seen:
            seen.add(sha)
            ahead += known[sha].parents
    return seen


def _sha(text: str) -> str:
    if not SHA.match(text):
        raise ValueError(f"not the id of an object: {text!r}")
    return text
