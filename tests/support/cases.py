"""Tables of cases: the files in `tests/cases`."""

from pathlib import Path
from typing import Any

import yaml

_CASES = Path(__file__).parent.parent / "cases"


def cases(name: str) -> Any:
    """What stands in a file there, `.yaml` left out.

    Each worker reads them all to collect the tests. In C, where PyYAML was built with it, that takes a tenth of the
    time; it refuses escapes that are half of a character, which some attacks are made of.
    """
    text = (_CASES / f"{name}.yaml").read_bytes()
    try:
        return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError:
        return yaml.safe_load(text)
