"""A git directory of our own that sees a clone's objects, and nothing else of the clone.

What a clone brings can start programs (hooks, `gpg.program`, merge drivers) or lie (grafts, replace refs, attributes,
commit-graphs, `.gitmodules`). A directory that has none of it cannot be told any of it. Merges can be made in it, too.
"""

import os
import shutil
import weakref

from engine.adapters import files

# The caches of files beside the objects can lie about them; windows into packs are bounded, because mapped memory is
# all that the limit of `command` does not count; and what is large is handed on in pieces instead of being held.
_CONFIG = """[core]
\trepositoryformatversion = {version}
\tbare = true
\tcommitGraph = false
\tmultiPackIndex = false
\tpackedGitWindowSize = 16m
\tpackedGitLimit = 128m
\tdeltaBaseCacheLimit = 32m
\tbigFileThreshold = 16m
\tfsmonitor = false
\thooksPath = /dev/null
\tattributesFile = /dev/null
[protocol]
\tallow = never
[gc]
\tauto = 0
[extensions]
\tobjectFormat = {object_format}
"""
_CLONE = "clone"  # the link to the clone's objects


def config(object_format: str = "sha1") -> str:
    """Everything that git is told in a directory that we have made."""
    version = 0 if object_format == "sha1" else 1
    text = _CONFIG.format(version=version, object_format=object_format)
    return text if version else text.partition("[extensions]")[0]


class OwnDirectory:
    """Mode 0700, empty but for the link. It is removed by `close`, and at the latest when nobody refers to it."""

    def __init__(self, objects: str) -> None:
        """Make one that sees `objects`, the object directory of a clone.

        Raises:
            EngineError: ENG002, there is no room for it.
        """
        from tempfile import gettempdir, mkdtemp

        with files.failing("ENG002", gettempdir()):
            self.path = mkdtemp(prefix="interlock-git-")
        self.close = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)
        for name in ("objects", "objects/info", "refs"):
            os.mkdir(os.path.join(self.path, name))
        # Always by a link: in `alternates` itself a path with a quote, a line end or `#` would mean something else.
        os.symlink(os.path.abspath(objects), os.path.join(self.path, _CLONE))
        self._write("HEAD", "ref: refs/heads/none\n")
        self._write("objects/info/alternates", f"../{_CLONE}\n")
        self.speak("sha1")

    def speak(self, object_format: str) -> None:
        """Set the object format: `sha1` or `sha256`."""
        self._write("config", config(object_format))

    def _write(self, name: str, text: str) -> None:
        with open(os.path.join(self.path, name), "w", encoding="ascii") as file:
            file.write(text)
