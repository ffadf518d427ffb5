"""A few of many that ask the same once more: here, and now and then all of them.

`ENGINE_TEST_ALL=1` in the environment asks for all that CI has no time for: every kill, seed, story and change;
`ENGINE_TEST_SEED` for other moments.
"""

import os
from collections.abc import Iterable
from typing import Any

import pytest

ALL = os.environ.get("ENGINE_TEST_ALL") == "1"
SEED = os.environ.get("ENGINE_TEST_SEED", "1")  # of moments that are drawn


def few(rows: Iterable[Any], quick: int = 3) -> list[Any]:
    """Rows for `parametrize`: the first ones as they are, the others marked slow. A tuple has a value for each name."""
    return [
        pytest.param(*(row if isinstance(row, tuple) else (row,)), marks=pytest.mark.slow if at >= quick else ())
        for at, row in enumerate(rows)
    ]


def some(rows: Iterable[Any], first: int) -> list[Any]:
    """The first ones of rows that are alike; all of them when all are asked for."""
    return list(rows)[: None if ALL else first]
