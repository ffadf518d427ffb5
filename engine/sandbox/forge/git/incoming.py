"""Objects that somebody pushes: apart until git has looked at each of them, then with the others, or gone.

Git itself unpacks and checks them (its fsck); nothing that was pushed is run, and a pack that unpacks to more than is
allowed runs into a limit of memory, time or size.
"""

import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping

from engine.adapters.process import ProcessError
from engine.sandbox.forge.git.bare import Bare
from engine.sandbox.forge.git.storage import MAX_BLOB, MAX_INPUT

_LOOSE = 100  # a pack of fewer objects is not kept as one: each pack makes finding the others slower
_LOOSE_BYTES = 1024 * 1024


class RefusedError(Exception):
    """What git is told behind `unpack`; `said` is for people."""

    def __init__(self, why: str, said: str = "") -> None:
        super().__init__(why)
        self.said = said


class Incoming:
    """A folder beside the objects of `store`, which sees them; the end of the block removes what is in it."""

    def __init__(self, store: Bare) -> None:
        self.store = store
        self.objects = os.path.realpath(os.path.join(store.path, "objects"))
        self.folder = tempfile.mkdtemp(prefix="incoming-", dir=self.objects)
        os.mkdir(os.path.join(self.folder, "pack"))
        self.env: Mapping[str, str] = {
            "GIT_OBJECT_DIRECTORY": self.folder,
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": self.objects,
        }

    def __enter__(self) -> "Incoming":
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def unpack(self, pack: bytes) -> None:
        """Take the pack apart.

        Raises:
            RefusedError: it is too large, broken, or has what fsck refuses.
        """
        if len(pack) > MAX_INPUT:
            raise RefusedError("pack exceeds maximum allowed size")
        few = len(pack) < _LOOSE_BYTES and int.from_bytes(pack[8:12], "big") < _LOOSE
        how = ["unpack-objects", "-q"] if few else ["index-pack", "--stdin", "--fix-thin"]
        try:
            done = self.store.git(*how, "--strict", stdin=pack, answers=(0, 1, 128), **self.env)
        except ProcessError:  # time, memory, or a signal
            raise RefusedError("unpack took too much") from None
        if done.code:
            said = done.stderr.decode(errors="replace")[-2000:]
            raise RefusedError(f"{how[0]} abnormal exit", said)
        self._sizes()

    def complete(self, shas: Iterable[str]) -> bool:
        """Is everything here that these objects need, with what the repository's own refs reach?"""
        lines = "".join(f"{sha}\n" for sha in shas)
        arguments = ("rev-list", "--objects", "--stdin", "--not", "--all", "--quiet")
        try:
            return self.store.git(*arguments, stdin=lines.encode(), answers=(0, 1, 128), **self.env).code == 0
        except ProcessError:
            return False

    def keep(self) -> None:
        """Put them among the others; an index comes after its pack."""
        for folder, _, names in os.walk(self.folder):
            to = os.path.join(self.objects, os.path.relpath(folder, self.folder))
            os.makedirs(to, exist_ok=True)
            for name in sorted(names, key=lambda name: name.endswith(".idx")):
                os.replace(os.path.join(folder, name), os.path.join(to, name))

    def _sizes(self) -> None:
        form = "--batch-check=%(objecttype) %(objectsize) %(objectname)"
        arguments = ("cat-file", "--batch-all-objects", "--unordered", form)
        said = self.store.git(*arguments, GIT_OBJECT_DIRECTORY=self.folder).stdout.decode()
        for line in said.splitlines():
            kind, size, sha = line.split()
            if int(size) > MAX_BLOB:
                text = f"error: GH001: {kind} {sha} is {int(size) // 1024**2} MB; this exceeds the limit of 100.00 MB\n"
                raise RefusedError("pre-receive hook declined", text)
