"""Where the shipped data is: a checkout's top level, or `engine/_data/` of a wheel. Nothing else builds such a path."""

import os

_HERE = os.path.dirname(os.path.abspath(__file__))
_WHEEL = os.path.join(_HERE, "_data")
ROOT = _WHEEL if os.path.isdir(_WHEEL) else os.path.dirname(_HERE)

NAMES = (
    *("specs", "schemas", "policies", "terraform", "examples", "tests/specs"),
    *("deployment-rules.yaml", "approvers-config.yaml"),
)


def path(name: str) -> str:
    """Absolute path of one of `NAMES`.

    Raises:
        KeyError: `name` is not shipped data.
    """
    if name not in NAMES:
        raise KeyError(name)
    return os.path.join(ROOT, name)
