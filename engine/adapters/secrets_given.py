"""Secrets that this process was given while it works, such as keys of a role: hidden in whatever it says from then on.

One list for the process, since what is told passes through many hands, and none of them knows who asked for what.
"""

_given: set[str] = set()


def add(*secrets: str) -> None:
    """Have them hidden. They are never taken out again: what was valid a minute ago may still be in a text."""
    _given.update(secrets)


def all_of_them() -> frozenset[str]:
    """Those so far."""
    return frozenset(_given.copy())
