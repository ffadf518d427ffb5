"""Files that only their owner can read: variables, plans and backend records may hold secrets."""

import os
import threading


def read(path: str) -> bytes:
    """The file's bytes."""
    with open(path, "rb") as file:
        return file.read()


def write(path: str, data: bytes) -> None:
    """Write the file with mode 0600, also where it existed with another."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)
        file.write(data)


def replace(path: str, data: bytes) -> None:
    """The same, atomically: a reader sees the old file or the new one."""
    new = f"{path}.{os.getpid()}.{threading.get_ident()}"
    write(new, data)
    os.replace(new, path)
