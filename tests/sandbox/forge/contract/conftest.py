"""The forge as a stranger meets it: with the ready line and nothing else."""

from typing import Any

import pytest

from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.ready import ready


@pytest.fixture(scope="module")
def told(forge: Forge) -> Any:
    """What `engine sandbox --json` prints."""
    return ready(forge)


@pytest.fixture(scope="module")
def token(told: Any) -> Any:
    """`token("ann")`."""
    return {user["login"]: user["token"] for user in told["users"]}.__getitem__
