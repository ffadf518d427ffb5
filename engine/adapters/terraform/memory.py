"""How many Terraforms fit into this machine at once: each needs 0.9 GB with the AWS provider (measured, GOGC=400).

With ten at once on a small runner the kernel would kill one in the middle; `run/orchestrator/room` begins no more.
"""

import os

_EACH = 900 * 1024 * 1024
_CGROUP = "/sys/fs/cgroup/memory.max"  # version 2; a number, or `max`


def slots() -> int:
    """At least one."""
    return max(1, _memory() // _EACH)


def _memory() -> int:
    """Bytes that this process and its children may use."""
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        with open(_CGROUP, encoding="ascii") as file:
            limit = file.read().strip()
    except OSError:  # not Linux, or no limit of its own
        return physical
    return min(physical, int(limit)) if limit.isdigit() else physical
