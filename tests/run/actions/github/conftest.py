"""A forge for the tests of a module; each test makes pull requests of its own."""

import pytest

from engine.sandbox.forge.serve import running
from tests.support.page import Page


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    with running(str(folder / "forge")) as forge:
        yield Page(forge, folder)
