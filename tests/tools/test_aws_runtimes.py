"""The table of runtimes is what its tool makes of the installed packages."""

import json
import re
from importlib.metadata import version

import pytest

from tools import aws_runtimes

with open(aws_runtimes.FILE, encoding="utf-8") as _handle:
    KEPT = json.load(_handle)


def test_the_table_is_the_packages():
    if any(version(name) != release for name, release in KEPT["sources"].items()):
        pytest.skip("another release is installed")
    assert aws_runtimes.document(KEPT["dated"]) == KEPT


def test_its_days_can_be_compared():
    rows = KEPT["known"].values()
    days = [row[key] for row in rows for key in ("deprecated", "create_block") if key in row]
    assert len(days) > 80
    assert [day for day in (KEPT["dated"], *days) if not re.fullmatch(r"20\d\d-[01]\d-[0-3]\d", day)] == []
