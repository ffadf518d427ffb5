"""One calm scene and visitors for the tests of a module."""

from collections.abc import Callable, Iterator

import pytest

from engine.sandbox.forge.serve import running
from tests.support.forge_scene import Scene, build
from tests.support.visitor import Visitor

Visits = Callable[[str | None], Visitor]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Tests that change it use what they make themselves."""
    with running(str(tmp_path_factory.mktemp("scene"))) as forge:
        yield build(forge)


@pytest.fixture(scope="module")
def visit(scene: Scene) -> Visits:
    """`visit("ann").get("/")`; `visit(None)` is not signed in."""
    return lambda login: Visitor(scene.forge, login)
