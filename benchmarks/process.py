"""What starting a program costs through `engine.adapters.process`, `subprocess` alone and the `sh` library.

The reason why `sh` starts programs in a process of its own only (see `adapters/process.py`).

    python benchmarks/process.py [CALLS]
"""

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from engine.adapters import process

ENV = {"PATH": "/usr/bin:/bin", "HOME": "/tmp"}
ARGV = ["git", "--version"]
HELD = 600_000_000
THREADS = 8


def main(calls: int = 50) -> int:
    """Print milliseconds; measures, and has no budget of its own."""
    ways: dict[str, Callable[[], object]] = {"ours": ours, "subprocess": bare, "sh": with_sh()}
    rows = {name: [median(way, calls)] for name, way in ways.items()}
    held = bytearray(HELD)
    held[::4096] = b"x" * len(held[::4096])  # touch every page: what an engine that holds plans looks like
    for name, way in ways.items():
        rows[name].append(median(way, calls))
    del held
    for name, way in ways.items():
        rows[name].append(threaded(way, calls))
    print(f"{'ms per `git --version`':24}{'alone':>8}{'600 MB held':>14}{'8 threads':>12}")
    for name, (alone, full, busy) in rows.items():
        print(f"{name:24}{alone:8.2f}{full:14.2f}{busy:12.2f}")
    return 0


def ours() -> object:
    """The engine's door."""
    return process.run(ARGV, cwd="/", env=ENV, timeout_s=10)


def bare() -> object:
    """The standard library."""
    return subprocess.run(ARGV, cwd="/", env=ENV, capture_output=True, start_new_session=True, check=True)


def with_sh() -> Callable[[], object]:
    """The library that the design names."""
    import sh

    git = sh.Command("git")

    def call() -> object:
        done = git("--version", _env=ENV, _cwd="/", _tty_out=False, _new_session=True, _return_cmd=True)
        return done.stdout

    return call


def median(work: Callable[[], object], calls: int) -> float:
    """Milliseconds of one call."""
    times = []
    for _ in range(calls):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def threaded(work: Callable[[], object], calls: int) -> float:
    """Milliseconds per call with `THREADS` threads calling."""
    threads = [threading.Thread(target=lambda: [work() for _ in range(calls)]) for _ in range(THREADS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return (time.perf_counter() - began) * 1000 / (THREADS * calls)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
