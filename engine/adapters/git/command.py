"""Runs git in an environment of its own: no setting of a user, system or repository may start a program."""

import os
from collections.abc import Collection, Mapping, Sequence

from engine.adapters import process
from engine.adapters.process import Done

TIMEOUT_S = 120.0
INSTALL = "install git 2.38 or later"

# What a repository's own .git/config could make git start (it belongs to whoever made the directory), switched off.
_SAFE = (
    "-c", "safe.directory=*",  # read-only plumbing; the directory is the caller's choice, in containers another user's
    "-c", "core.fsmonitor=false",
    "-c", "core.hooksPath=/dev/null",
    "-c", "core.quotePath=false",
    "-c", "protocol.allow=never",  # a partial clone must not fetch behind our back
    "--no-replace-objects",
    "--literal-pathspecs",
)  # fmt: skip


def environment(path: str, home: str) -> Mapping[str, str]:
    """The whole environment of a git process."""
    return {
        "PATH": path,
        "HOME": home,
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ATTR_NOSYSTEM": "1",
    }


class Git:
    """git in one directory."""

    def __init__(self, directory: str, env: Mapping[str, str], timeout_s: float = TIMEOUT_S) -> None:
        self.directory = directory
        self._env, self._timeout_s = env, timeout_s

    def run(self, *arguments: str, stdin: bytes | None = None, answers: Collection[int] = (0,)) -> Done:
        """One git command.

        Raises:
            ProcessError: git is not there, hangs, or ends with another code than `answers`.
        """
        argv: Sequence[str] = ("git", *_SAFE, *arguments)
        return process.run(
            argv,
            cwd=self.directory,
            env=self._env,
            timeout_s=self._timeout_s,
            answers=answers,
            stdin=stdin,
            install=INSTALL,
        )
