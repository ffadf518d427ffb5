"""The table in CONTRIBUTING.md names places that exist."""

import os
import re

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def named_paths():
    with open(os.path.join(ROOT, "CONTRIBUTING.md"), encoding="utf-8") as file:
        rows = [line.split("|")[2] for line in file if line.startswith("|")]
    return sorted({path for row in rows for path in re.findall(r"`([a-z]+/[^`]*)`", row)})


def test_the_table_names_places():
    assert len(named_paths()) > 10


@pytest.mark.parametrize("path", named_paths())
def test_place_exists(path):
    assert os.path.exists(os.path.join(ROOT, path))
