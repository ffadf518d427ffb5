"""A disk that is small, so that it can be full; as only root can make one."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(place: Path, kib: int) -> Iterator[Path]:
    """A file system of that size at `place`, which is made; skips the test where it cannot be."""
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={kib}k,mode=0700", "tmpfs", str(place)]
    if subprocess.run(words, check=False).returncode:
        pytest.skip("nobody but root can make a small disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def fill(place: Path, *, free: int = 0) -> None:
    """Leave so many bytes of it."""
    (place / "filler").write_bytes(b"\0" * (os.statvfs(place).f_bavail * 4096 - free))
