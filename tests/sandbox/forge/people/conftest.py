"""Organisations and repositories for tests of who may do what."""

from typing import Any

import pytest

from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git.repositories import create_repository
from engine.sandbox.forge.people import accounts, organizations


@pytest.fixture
def person(forge: Forge) -> Any:
    """`person("zoe")`: a new account with a token; its number."""

    def make(login: str, **columns: Any) -> int:
        number = accounts.create(forge, login, **columns)
        accounts.personal_token(forge, number)
        return number

    return make


@pytest.fixture
def acme(forge: Forge) -> int:
    found = organizations.by_login(forge, "acme")
    assert found is not None
    return int(found["id"])


@pytest.fixture
def made(forge: Forge) -> Any:
    """`made(owner, "name", private=False)`: a new repository; its number."""

    def make(owner: int, name: str, **columns: Any) -> int:
        return create_repository(forge, owner, name, **columns)

    return make
