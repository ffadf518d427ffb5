"""A forge at the far end, and a private repository in it."""

import pytest

from engine.sandbox.forge.serve import running
from tests.support import plain_git


@pytest.fixture(scope="module")
def forge(tmp_path_factory):
    """One for the tests of a module: each makes what it needs, under names of its own."""
    with running(str(tmp_path_factory.mktemp("forge"))) as started:
        yield started


@pytest.fixture
def source(forge, tmp_path):
    """(row, clone) of a private repository whose branch `main` has a commit."""
    row = plain_git.repository(forge)
    return row, plain_git.begun(tmp_path, plain_git.address(forge, row, "ann"))
