"""How a bare repository lies on the disk. Those of one network (a repository and its forks) share one object store, as
GitHub's do, so that a pull request from a fork needs no copying; a store outlives the repository that it began with.
"""

import os

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


def _write(path: str, name: str, text: str) -> None:
    part = os.path.join(path, f"{name}.new")
    with open(part, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(part, os.path.join(path, name))
