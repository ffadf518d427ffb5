"""Examples of errors are what the tests' own tables bring about: run `make docs` after changing one, or a message."""

import json

import pytest

from engine.cli.error import examples
from engine.errors import TABLE
from tools.error_examples import FILE, written


@pytest.mark.slow
def test_they_are_current():
    assert FILE.read_text(encoding="utf-8") == written(), "run `make docs`"


def test_each_is_of_a_code_that_there_is_and_mends_what_is_bad():
    found = json.loads(FILE.read_text(encoding="utf-8"))
    assert found.keys() <= TABLE.keys()
    assert len(found) > 100
    assert all(one.bad != one.mended and one.message for one in examples().values())
    assert sum(bool(one.mended) for one in examples().values()) > 40
