"""How a bare repository lies on the disk. Those of one network (a repository and its forks) share one object store, as
GitHub's do, so that a pull request from a fork needs no copying; a store outlives the repository that it began with.
"""

import os
import shutil
from collections.abc import Iterator, Sequence

from engine import data
from engine.sandbox.forge.clock import seconds
from engine.sandbox.forge.git.bare import Bare, Person

MAX_INPUT = 64 * 1024 * 1024  # bytes of one pushed pack
MAX_BLOB = 100 * 1024 * 1024  # bytes of one file, as GitHub has it (GH001)

_CONFIG = f"""[core]
\trepositoryformatversion = 0
\tbare = true
\tfilemode = true
\tlogAllRefUpdates = false
\thooksPath = {os.devnull}
\tattributesFile = {os.devnull}
\tprotectHFS = true
\tprotectNTFS = true
\tbigFileThreshold = 16m
\tpackedGitWindowSize = 16m
\tpackedGitLimit = 128m
[gc]
\tauto = 0
[http]
\treceivepack = true
[receive]
\tfsckObjects = true
\tmaxInputSize = {MAX_INPUT}
\thideRefs = refs/pull
\tadvertiseAtomic = true
\tadvertisePushOptions = true
[transfer]
\tfsckObjects = true
[uploadpack]
\tallowAnySHA1InWant = true
\tallowFilter = true
"""


def make(path: str, objects: str, head: str = "main") -> None:
    """A repository without refs in `path`, with the object store `objects`, which is made where it is its own."""
    os.makedirs(os.path.join(path, "refs", "heads"), mode=0o700)
    own = os.path.join(path, "objects")
    if os.path.abspath(objects) == os.path.abspath(own):
        for name in ("pack", "info"):
            os.makedirs(os.path.join(own, name))
    else:
        os.symlink(os.path.relpath(os.path.realpath(objects), path), own)
    _write(path, "config", _CONFIG)
    set_head(path, head)


def set_head(path: str, branch: str) -> None:
    """Which branch a clone begins with."""
    _write(path, "HEAD", f"ref: refs/heads/{branch}\n")


def tidy(path: str) -> None:
    """Remove what was under way when we were killed."""
    for folder, prefix in ((os.path.join(path, "objects"), "incoming-"), (path, "index-")):
        for name in os.listdir(folder):
            if name.startswith(prefix):
                shutil.rmtree(os.path.join(folder, name), ignore_errors=True)
    locks = [os.path.join(path, name) for name in os.listdir(path)]
    locks += [os.path.join(folder, name) for folder, _, names in os.walk(os.path.join(path, "refs")) for name in names]
    for name in locks:
        if name.endswith(".lock"):
            os.unlink(name)


def fill(store: Bare, branches: Sequence[str], files: Sequence[str], author: Person, message: str) -> None:
    """One commit of these shipped files (a folder's own files on top), on each of the branches."""
    who = f"{author.name} <{author.email}> {int(seconds(author.date))} +0000"
    said = [f"commit refs/heads/{branches[0]}\nmark :1\ncommitter {who}\n".encode(), _data(message.encode())]
    for path, name in sorted(_shipped(files)):
        with open(name, "rb") as file:
            said.append(f"M 100644 inline {path}\n".encode() + _data(file.read()))
    said += [f"reset refs/heads/{branch}\nfrom :1\n".encode() for branch in branches[1:]]
    store.git("fast-import", "--quiet", stdin=b"".join(said))


def _shipped(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        shipped, _, below = name.partition("/")
        start = os.path.join(data.path(shipped), below) if below else data.path(shipped)
        top = start if below else os.path.dirname(start)
        if os.path.isfile(start):
            yield shipped, start
        for folder, folders, found in os.walk(start):
            folders[:] = [each for each in folders if not each.startswith((".", "__"))]
            for each in found:
                path = os.path.join(folder, each)
                yield os.path.relpath(path, top), path


def _data(text: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(text), text)


def _write(path: str, name: str, text: str) -> None:
    part = os.path.join(path, f"{name}.new")
    with open(part, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(part, os.path.join(path, name))
