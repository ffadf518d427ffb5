"""How the forge runs git: on one repository, told nothing by the machine, its user, or what was pushed."""

import os
from collections.abc import Collection, Mapping

from engine.adapters import process
from engine.adapters.settings import search_path

TIMEOUT_S = 60.0
MEMORY = 1024**3  # bytes; what a pack unpacks to is for whoever pushes it to choose


def environment(**more: str) -> dict[str, str]:
    """All that git may know of the machine, and `more`."""
    return {
        "PATH": search_path(),
        "HOME": os.devnull,
        "LC_ALL": "C",
        "TZ": "UTC",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",  # anybody who can push could say that one commit is another
        **more,
    }


def git(
    git_dir: str,
    *arguments: str,
    stdin: bytes | None = None,
    answers: Collection[int] = (0,),
    env: Mapping[str, str] | None = None,
) -> process.Done:
    """Run git on the bare repository.

    Raises:
        ProcessError: another exit code than `answers`, too slow, or too much output.
    """
    return process.run(
        ["git", f"--git-dir={git_dir}", *arguments],
        cwd=git_dir,
        env=environment(**(env or {})),
        timeout_s=TIMEOUT_S,
        answers=answers,
        stdin=stdin,
        memory=MEMORY,
        grace_s=1,
    )
