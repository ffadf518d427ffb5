"""Files that a person has named, or that a run keeps: read with a limit, written whole or not at all, for nobody else.

Every failure says which file and why (ENG001, ENG002). No `tempfile` here: `explain` loads this module.
"""

import os

from engine.errors import EngineError, failure


def read(file: str, limit: int | None = None) -> bytes:
    """The bytes of `file`, at most one more than `limit`: whoever refuses it for its size need not load all of it.

    Raises:
        EngineError: ENG001.
    """
    try:
        with open(file, "rb") as handle:
            return handle.read(-1 if limit is None else limit + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the name
        raise _failed("ENG001", file, error) from error


def write(file: str, data: bytes) -> None:
    """Write `file` with mode 0600; whoever reads it sees the old content, or all of the new one.

    Raises:
        EngineError: ENG002.
    """
    new = f"{file}.{os.getpid()}.new"
    try:
        try:
            with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as handle:
                handle.write(data)
            os.replace(new, file)
        except OSError:
            remove(new)
            raise
    except OSError as error:
        raise _failed("ENG002", file, error) from error


def remove(file: str) -> None:
    """Nothing is there afterwards.

    Raises:
        EngineError: ENG002.
    """
    try:
        os.unlink(file)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise _failed("ENG002", file, error) from error


def make_directory(directory: str) -> None:
    """A directory for its owner alone, unless it is there.

    Raises:
        EngineError: ENG002.
    """
    try:
        os.makedirs(directory, mode=0o700, exist_ok=True)
    except (OSError, ValueError) as error:
        raise _failed("ENG002", directory, error) from error


def _failed(code: str, file: str, error: OSError | ValueError) -> EngineError:
    return failure(code, file=file, reason=getattr(error, "strerror", None) or str(error))
