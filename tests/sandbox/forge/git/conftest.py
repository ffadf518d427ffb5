"""Bare repositories with something in them."""

from pathlib import Path

import pytest

from engine.sandbox.forge.git.bare import EMPTY_TREE, Bare, Person
from engine.sandbox.forge.git.storage import make

ANN = Person("Ann", "ann@example.com", "2026-11-27T08:00:00Z")


class Written(Bare):
    """With one line to make a commit in."""

    def add(self, branch: str, files: dict[str, bytes | None], *, onto: str | None = None, message: str = "x") -> str:
        """A commit on `branch` (made where it is not there), on top of it or of `onto`; its id."""
        ref = f"refs/heads/{branch}"
        tip = self.resolve(ref)
        parent = onto or tip
        tree = parent or EMPTY_TREE
        for path, data in files.items():
            tree = self.with_file(tree, path, data)
        made = self.write_commit(tree, [parent] if parent else [], message, ANN, ANN)
        assert self.update(ref, made, tip)
        return made


@pytest.fixture
def repository(tmp_path: Path) -> Written:
    """`main` with a file, on which `feature` has another."""
    path = str(tmp_path / "one.git")
    make(path, path + "/objects")
    found = Written(path)
    first = found.add("main", {"a.txt": b"1\n2\n3\n", "dir/b.txt": b"b\n"}, message="first")
    found.add("feature", {"dir/c.txt": b"c\n"}, onto=first, message="second\n\nwith a body\n")
    return found
