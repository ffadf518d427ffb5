"""Runs git on a directory of our own, in an environment of our own: no setting of anybody else is ever read."""

import os
import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from threading import Event

from engine.adapters import process
from engine.adapters.process import Done
from engine.adapters.session import Session
from engine.errors import failure

TIMEOUT_S = 120.0
MEMORY = 512 * 1024 * 1024  # bytes of data; packs are mapped, and do not count
OUTPUT = 64 * 1024 * 1024  # bytes that one command may print
INSTALL = "install git 2.38 or later"

# `cat-file --batch-command` came with 2.36, `merge-tree --write-tree` with 2.38. Both are safe as we use them in any
# later version: the holes of 2.38.0 (CVE-2022-23521, CVE-2022-41903) are in attributes and in `log --format`, which are
# not used here, and lazy fetching, which 2.39.4 can switch off, needs a remote, which our directory has not.
_OLDEST = (2, 38)
_WHY = "before 2.38 it cannot merge without a checkout that obeys the clone's settings"
_VERSION = re.compile(r"git version ((\d+)\.(\d+)[^\s]*)")


def environment(path: str, directory: str) -> Mapping[str, str]:
    """The whole environment of a git process that works in `directory`."""
    return {
        "PATH": path,
        "HOME": os.devnull,
        "LC_ALL": "C",
        "GIT_DIR": directory,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
    }


@lru_cache(maxsize=4)
def version(path: str) -> str:
    """The version of the git on `path`; asked once.

    Raises:
        EngineError: ENG369 it is too old, ENG450 there is none.
    """
    said = _run(["git", "version"], os.sep, environment(path, os.devnull)).stdout.decode("ascii", "replace")
    match = _VERSION.match(said)
    if match is None:
        raise failure("ENG369", found=said[:40].strip(), reason="its version cannot be told")
    if (int(match[2]), int(match[3])) < _OLDEST:
        raise failure("ENG369", found=match[1], reason=_WHY)
    return match[1]


class Git:
    """git in one directory of our own (see `own`)."""

    def __init__(self, directory: str, path: str, cancel: Event | None = None, *, also: Mapping[str, str] = {}) -> None:
        """`also` is added to its environment."""
        version(path)
        self._directory, self._env, self._cancel = directory, {**environment(path, directory), **also}, cancel

    def run(
        self,
        *arguments: str,
        stdin: bytes | None = None,
        answers: Collection[int] = (0,),
        timeout_s: float = TIMEOUT_S,
        largest: int | None = None,
        holds: Collection[int] = (),
    ) -> Done:
        """One git command; the last three are those of `process.run`.

        Raises:
            ProcessError: git is not there, hangs, says too much, or ends with another code than `answers`.
        """
        argv = ["git", *arguments]
        return _run(argv, self._directory, self._env, stdin, answers, self._cancel, timeout_s, largest, holds)

    def session(self, *arguments: str) -> Session:
        """A git command that stays and answers.

        Raises:
            ProcessError: git is not there.
        """
        return Session(
            ["git", *arguments],
            cwd=self._directory,
            env=self._env,
            timeout_s=TIMEOUT_S,
            install=INSTALL,
            memory=MEMORY,
            cancel=self._cancel,
        )


def _run(
    argv: list[str],
    cwd: str,
    env: Mapping[str, str],
    stdin: bytes | None = None,
    answers: Collection[int] = (0,),
    cancel: Event | None = None,
    timeout_s: float = TIMEOUT_S,
    largest: int | None = None,
    holds: Collection[int] = (),
) -> Done:
    return process.run(
        argv,
        cwd=cwd,
        env=env,
        timeout_s=timeout_s,
        answers=answers,
        stdin=stdin,
        cancel=cancel,
        install=INSTALL,
        limit=OUTPUT,
        memory=MEMORY,
        largest=largest,
        holds=holds,
    )
