"""A forge that runs, for the tests of a module: each makes what it needs, under names of its own."""

import pytest

from engine.sandbox.forge.serve import running
from tests.support.hosted import Hosted


@pytest.fixture(scope="module")
def hosted(tmp_path_factory):
    with running(str(tmp_path_factory.mktemp("forge"))) as forge:
        yield Hosted(forge, str(tmp_path_factory.mktemp("cache")))
