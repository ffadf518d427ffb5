"""Lines of a journal in a directory, beside bare files that are appended to and synced. Budget: at most twice as long.

Usage: .venv/bin/python benchmarks/journal.py [LINES] [DIRECTORY]
"""

import os
import sys
import time
from tempfile import TemporaryDirectory

from engine.adapters.storage.directory import Directory
from engine.core.kept.journal import Identity
from engine.run.kept.journal import Journal
from engine.run.kept.owner import Owner


def bare(folder: str, lines: int, size: int) -> float:
    """Seconds for `lines` appends of `size` bytes to one file, each on the disk before the next."""
    began = time.perf_counter()
    handle = os.open(os.path.join(folder, "bare"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for _ in range(lines):
        os.write(handle, b"x" * size)
        os.fsync(handle)
    os.close(handle)
    return time.perf_counter() - began


def journal(folder: str, lines: int) -> tuple[float, int]:
    """Seconds for as many lines, and the bytes of one."""
    kept = Journal(
        Directory(os.path.join(folder, "store"), durable=True), Identity("1", "p", "a/b#1"), Owner("o.1", "me"), None
    )
    kept.begin_run({"asked": "", "stance": {}})
    began = time.perf_counter()
    for number in range(lines):
        kept.begin("plan", f"dev/S3/r{number}/terraform.tfstate", inputs="sha256:" + "0" * 64)
    took = time.perf_counter() - began
    return took, len(kept.copy()[-1])


def main() -> None:
    """Measure both, in one directory."""
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as folder:
        ours, size = journal(folder, lines)
        alone = bare(folder, lines, size)
    print(f"{lines} lines: {ours:.2f} s, bare {alone:.2f} s: {ours / alone:.2f}×")


if __name__ == "__main__":
    main()
