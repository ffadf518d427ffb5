"""Organisations and repositories for tests of who may do what."""

from typing import Any

import pytest

from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.people import accounts


def id_of(forge: Forge, login: str) -> int:
    return int(forge.kept.value("SELECT id FROM accounts WHERE login = ? AND NOT deleted", login))


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
    return id_of(forge, "acme")
