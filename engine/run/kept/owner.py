"""Who carries out a run: a process, and the executor that it is, if somebody has said so.

A process has a name that no other has. An executor (a service that is started again, a runner of one's own) is a file
that it holds locked for as long as it lives: whoever holds it knows that nobody else of that name is at work, so it
goes on with what an earlier process of its own has begun. The system lets go of the lock when its holder ends, however
it ends; no clock is asked.
"""

import errno
import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from engine.adapters import files
from engine.errors import failure


class Owner(NamedTuple):
    """One process."""

    id: str  # `<executor>.<process>`, both random
    who: str  # for a person: the account, the machine, the process

    def is_executor_of(self, owner: str) -> bool:
        """Is `owner`, another process's id, of the same executor?"""
        return owner.partition(".")[0] == self.id.partition(".")[0]


@contextmanager
def owner(executor: str | None) -> Iterator[Owner]:
    """This process; `executor` names the file of the one that it is.

    Raises:
        EngineError: ENG579, another process holds it; ENG002, it cannot be written, is no
            file, or others can write to it.
    """
    if executor is None:
        yield _owner(_random())
        return
    with files.failing("ENG002", executor):
        handle = os.open(executor, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with files.failing("ENG002", executor):
            me = _id(handle) if files.take(handle) else None
        if me is None:
            needed = f"a file that no other process holds: {executor}"
            raise failure("ENG579", option="ENGINE_EXECUTOR", needed=needed)
        yield _owner(me)
    finally:
        os.close(handle)


def _id(handle: int) -> str:
    """The executor's id, which stands in its file; one that was cut off while it was written is written anew.

    Raises:
        OSError: it is no file, or cannot be written.
    """
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is no file")
    if mode & 0o022:  # who writes the id of another executor into it makes this one take over what that one has
        raise OSError(errno.EPERM, "others can write to it")
    found = os.pread(handle, 64, 0).decode("ascii", "replace").strip()
    if len(found) == 32 and found.isalnum():
        return found
    made = _random()
    os.ftruncate(handle, 0)
    os.pwrite(handle, made.encode(), 0)
    os.fsync(handle)
    return made


def _owner(executor: str) -> Owner:
    return Owner(f"{executor}.{_random()}", f"{_account()} on {os.uname().nodename}, process {os.getpid()}")


def _account() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # an account without a name, as containers have
        return f"user {os.getuid()}"


def _random() -> str:
    return os.urandom(16).hex()
