"""The reference is what the tables say: run `make docs` after changing one."""

import os

import pytest

from tools.reference import DIRECTORY, pages

PAGES = pages()


@pytest.mark.parametrize("name", sorted(PAGES))
def test_page_is_current(name):
    with open(os.path.join(DIRECTORY, name), encoding="utf-8") as file:
        assert file.read() == PAGES[name], "run `make docs`"


def test_every_page_is_generated():
    assert set(os.listdir(DIRECTORY)) == set(PAGES)
