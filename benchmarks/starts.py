"""Whole processes, started in turns so that they see the same neighbours: what one costs, as a multiple of another.

Processor time of the child, not the clock's: a machine that others use as well would measure them. The first runs only
write bytecode, as installing a package does, and are not counted.
"""

import os
import resource
import subprocess
import sys
from collections.abc import Mapping, Sequence
from statistics import median

BARE = (sys.executable, "-c", "pass")
ENGINE = os.path.join(os.path.dirname(sys.executable), "engine")


def compared(
    name: str,
    command: Sequence[str],
    budget: float,
    pairs: int,
    directory: str,
    environ: Mapping[str, str] = os.environ,
    against: Sequence[str] = BARE,
) -> int:
    """Print the median of the pairs' ratios; 1 when it is above the budget."""
    environment = {**environ, "PYTHONPYCACHEPREFIX": os.path.join(directory, "bytecode")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    for _ in range(3):
        seconds(against, environment)
        seconds(command, environment)
    measured = [(seconds(against, environment), seconds(command, environment)) for _ in range(pairs)]
    ratio = median(ours / theirs for theirs, ours in measured)
    print(f"{' '.join(against[1:]):28}{median(theirs for theirs, _ in measured) * 1e3:7.1f} ms")
    print(f"{name:28}{median(ours for _, ours in measured) * 1e3:7.1f} ms   {ratio:.2f}x (budget {budget:g}x)")
    return int(ratio > budget)


def seconds(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """Of one process and those it has waited for."""
    before = used()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return used() - before


def used() -> float:
    """Processor time of all children that have ended, and of theirs."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime
