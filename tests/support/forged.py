"""Clones that lie: objects under another's name, trees that stand for millions of files, histories of any shape."""

import hashlib
import os
import zlib
from collections.abc import Sequence

from tests.support.git import Clone


def raw(clone: Clone, kind: str, data: bytes) -> str:
    """Write an object of any content, as no git command would; its id."""
    text = f"{kind} {len(data)}\0".encode() + data
    name = hashlib.sha1(text, usedforsecurity=False).hexdigest()
    write(clone, name, text)
    return name


def lie(clone: Clone, name: str, kind: str, data: bytes) -> None:
    """Store an object under the name of another."""
    write(clone, name, f"{kind} {len(data)}\0".encode() + data)


def write(clone: Clone, name: str, text: bytes) -> None:
    """Store any text as a loose object of any name."""
    file = os.path.join(clone.directory, ".git", "objects", name[:2], name[2:])
    os.makedirs(os.path.dirname(file), exist_ok=True)
    if os.path.exists(file):
        os.chmod(file, 0o600)
    with open(file, "wb") as stream:
        stream.write(zlib.compress(text))


def read(clone: Clone, name: str) -> bytes:
    """The content of an object."""
    import subprocess

    kind = clone.git("cat-file", "-t", name)
    return subprocess.run(["git", "cat-file", kind, name], cwd=clone.directory, check=True, capture_output=True).stdout


def tree(clone: Clone, rows: Sequence[tuple[str, str, str]]) -> str:
    """A tree of (mode, name, id), in this order and unchecked."""
    data = b"".join(f"{mode} {name}\0".encode() + bytes.fromhex(object_id) for mode, name, object_id in rows)
    return raw(clone, "tree", data)


def commit(
    clone: Clone,
    files: str,
    parents: Sequence[str] = (),
    *,
    author: bytes = b"Ann <ann@example.com> 1700000000 +0000",
    committer: bytes = b"Ann <ann@example.com> 1700000000 +0000",
    headers: bytes = b"",
    message: bytes = b"m\n",
) -> str:
    """A commit of a tree, of any content; its id."""
    lines = [f"tree {files}".encode(), *(f"parent {p}".encode() for p in parents)]
    lines += [b"author " + author, b"committer " + committer]
    return raw(clone, "commit", b"\n".join(lines) + b"\n" + headers + b"\n" + message)
