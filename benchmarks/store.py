"""What it costs to append a line to a journal in a directory store, beside a bare append with fsync.

A line is a file of its own that has to be on the disk under its name: its content is synced, then its folder. A bare
append syncs once, and nobody who appends at the same time is told that they were second.

    python benchmarks/store.py [LINES]
"""

import os
import sys
import tempfile
import time

from engine.adapters.storage.directory import Directory

LINE = b"x" * 400
BUDGET = 2.0


def main(lines: int = 10_000) -> int:
    """Print microseconds per line and the ratio; 1 if it is over the budget."""
    with tempfile.TemporaryDirectory(dir=os.curdir) as folder:
        bare, ours = _bare(os.path.join(folder, "log"), lines), _store(os.path.join(folder, "store"), lines)
    print(f"bare {bare * 1e6 / lines:8.0f} us\nstore {ours * 1e6 / lines:7.0f} us\nratio {ours / bare:7.2f}")
    return int(ours / bare > BUDGET)


def _bare(file: str, lines: int) -> float:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    began = time.perf_counter()
    for _ in range(lines):
        os.write(handle, LINE)
        os.fsync(handle)
    os.close(handle)
    return time.perf_counter() - began


def _store(directory: str, lines: int) -> float:
    store = Directory(directory, durable=True)
    began = time.perf_counter()
    for number in range(1, lines + 1):
        store.put_if_absent(f"journal/run/{number:06}", LINE)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))
