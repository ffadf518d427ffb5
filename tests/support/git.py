"""Real git repositories, made by real git."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.adapters.git.repository import Repository

_ENV = {
    **{name: os.environ[name] for name in ("PATH",)},
    "HOME": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TEMPLATE_DIR": "",  # no sample hooks: 13 files for each repository
    # A commit starts one process more, which finds that there is nothing to tidy up.
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "maintenance.auto",
    "GIT_CONFIG_VALUE_0": "false",
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@example.com",
    "GIT_COMMITTER_NAME": "Bob",
    "GIT_COMMITTER_EMAIL": "bob@example.com",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
}


class Clone:
    """A working repository on branch `dev`."""

    def __init__(self, directory: str | os.PathLike[str], object_format: str = "sha1") -> None:
        self.directory = os.fspath(directory)
        os.makedirs(self.directory, exist_ok=True)
        self.git("init", "-q", "-b", "dev", f"--object-format={object_format}")

    def git(self, *arguments: str, stdin: bytes | None = None) -> str:
        """Run git here; its output."""
        done = subprocess.run(
            ["git", *arguments], cwd=self.directory, env=_ENV, input=stdin, check=True, capture_output=True
        )
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def write(self, files: Mapping[str, str | bytes | None]) -> None:
        """Write files; None removes one."""
        for name, text in files.items():
            path = os.path.join(self.directory, name)
            if text is None:
                os.remove(path)
                continue
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(os.fsencode(path), "wb") as file:
                file.write(text if isinstance(text, bytes) else text.encode())

    def commit(self, files: Mapping[str, str | bytes | None] | None = None, message: str = "change") -> str:
        """Commit everything that is there, and `files`; the commit's id."""
        self.write(files or {})
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self._tip("HEAD")

    def _tip(self, name: str) -> str:
        """Read where git has just written it: of each three programs that a commit takes one would only tell this."""
        with open(os.path.join(self.directory, ".git", name), encoding="ascii") as file:
            said = file.read().strip()
        return self._tip(said.removeprefix("ref: ")) if said.startswith("ref: ") else said

    def import_commit(self, branch: str, files: Mapping[str, Any], parent: str | None = None) -> None:
        """A commit of exactly these files, whatever their names and modes; text, or {mode: …, text: …}."""
        stream = b"commit refs/heads/%s\ncommitter A <a@example.com> 0 +0000\ndata 0\n" % branch.encode()
        stream += b"from refs/heads/%s\ndeleteall\n" % parent.encode() if parent else b""
        for path, file in files.items():
            mode, text = (
                (file.get("mode", "100644"), file.get("text", "")) if isinstance(file, Mapping) else ("100644", file)
            )
            name = b'"%s"' % path.encode("utf-8", "surrogateescape").replace(b"\n", b"\\n")
            if mode == "160000":
                stream += b"M 160000 %s %s\n" % (b"1" * 40, name)
                continue
            data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
            stream += b"M %s inline %s\ndata %d\n%s\n" % (mode.encode(), name, len(data), data)
        self.git("fast-import", "--quiet", "--force", stdin=stream)

    def branch(self, name: str) -> None:
        """Make a branch here and go to it."""
        self.git("checkout", "-q", "-b", name)

    def open(self) -> Repository:
        """As the product sees it."""
        return Repository(self.directory, path=_ENV["PATH"])


class Counted:
    """A `path` on which git counts how often it is started, and can be made to hang."""

    def __init__(self, folder: Path, *, hangs: str = "nothing") -> None:
        """`hangs`: the command that reads its questions and never answers."""
        folder.mkdir()
        real = shutil.which("git", path=_ENV["PATH"])
        self.path, self._log = os.pathsep.join((os.fspath(folder), _ENV["PATH"])), folder / "log"
        self._log.touch()
        (folder / "git").write_text(
            f'#!/bin/sh\necho "$1" >> \'{self._log}\'\n[ "$1" = {hangs} ] && exec sleep 600\nexec {real} "$@"\n'
        )
        (folder / "git").chmod(0o755)

    @property
    def started(self) -> list[str]:
        """The commands, in order."""
        return self._log.read_text().split()
