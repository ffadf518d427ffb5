"""Tables whose rows all ask the same once more: a few of them quickly, every one in the slow tests."""

from collections.abc import Iterable
from typing import Any

import pytest


def few(rows: Iterable[Any], quick: int = 3) -> list[Any]:
    """Rows for `parametrize`: the first ones as they are, the others marked slow. A tuple has a value for each name."""
    return [
        pytest.param(*(row if isinstance(row, tuple) else (row,)), marks=pytest.mark.slow if at >= quick else ())
        for at, row in enumerate(rows)
    ]
