"""Which repository a directory belongs to, read as data: nothing in it is run or obeyed, and no git is started.

Whoever wrote a clone's files can hide what it is. This finds out what a person has named by mistake; what keeps a pull
request's own files out is that nothing of a checkout is read unless it was named.
"""

import os
from collections.abc import Iterator
from typing import NamedTuple

from engine.adapters.git import urls

_BARE = ("HEAD", "objects", "refs")  # what a repository without a checkout consists of
_LARGEST = 1 << 20


class Whose(NamedTuple):
    """The repository of a directory."""

    top: str  # of the work tree, or the bare repository; the directory itself where it belongs to none
    common: str  # the git directory that all work trees of the repository share; empty where it belongs to none
    origins: frozenset[str]  # `owner/name` of what it was cloned from, in small letters
    hosted: bool = False  # one of them is a host's, and so a name that everybody knows it by

    def shares(self, other: "Whose") -> bool:
        """Are the two one repository: one checkout, two work trees, a submodule of the other, two clones of one? Or
        does this one belong to no repository, and lie in the other? Then it is the other's files.
        """
        submodule = bool(other.common) and self.common.startswith(os.path.join(other.common, ""))
        same = self.top == other.top or (bool(self.common) and self.common == other.common)
        inside = not self.common and self.top.startswith(os.path.join(other.top, ""))
        return same or submodule or inside or bool(self.origins & other.origins)


def whose(directory: str, *, bare: bool = True) -> Whose:
    """The repository that `directory` lies in.

    Not `bare`: a directory that only looks like a repository without a checkout counts as what it lies in. A branch
    can hold such a one, but nothing that is called `.git`.
    """
    start = folder = os.path.realpath(directory)
    while not (is_checkout(folder) or (bare and is_bare(folder))):
        if folder == (folder := os.path.dirname(folder)):
            return Whose(start, "", frozenset())
    common = _common(os.path.join(folder, ".git")) if is_checkout(folder) else folder
    origins = [urls.parse(url) for url in _origins(os.path.join(common, "config"))]
    names = frozenset(filter(None, map(_called, origins)))
    return Whose(folder, common, names, any(origin.host for origin in origins))


def is_checkout(folder: str) -> bool:
    """Does a work tree begin here?"""
    return os.path.lexists(os.path.join(folder, ".git"))


def is_bare(folder: str) -> bool:
    """Does it look like a repository without a checkout?"""
    return all(os.path.lexists(os.path.join(folder, mark)) for mark in _BARE)


def _common(git: str) -> str:
    """gitrepository-layout(5): `.git` may be a file that names the directory, which may name the one that it shares."""
    if os.path.isfile(git):
        git = os.path.join(os.path.dirname(git), _text(git).strip().removeprefix("gitdir:").strip())
    return os.path.realpath(os.path.join(git, _text(os.path.join(git, "commondir")).strip()))


def _origins(config: str) -> Iterator[str]:
    """Each `url` under `[remote "origin"]`, as git-config(1) writes it; includes are not followed."""
    here = False
    for line in _text(config).splitlines():
        text = line.strip()
        if text.startswith("["):
            header, _, text = text.partition("]")
            here = "".join(header.split()).casefold() == '[remote"origin"'
        name, _, value = text.partition("=")
        url = value.partition(" #")[0].partition(" ;")[0].strip().strip('"')
        if here and name.strip().casefold() == "url":
            yield url


def _called(origin: urls.Url) -> str:
    """`owner/name` in small letters; of a server that keeps repositories without owners, server and name."""
    return (origin.name or (origin.host and f"{origin.host.rpartition('@')[2]}/{origin.path.strip('/')}")).casefold()


def _text(file: str) -> str:
    """What is in the file; nothing where there is none, or where reading could wait for ever."""
    if not os.path.isfile(file):
        return ""
    try:
        with open(file, encoding="utf-8", errors="surrogateescape") as handle:
            return handle.read(_LARGEST).replace("\0", "")
    except OSError:
        return ""
