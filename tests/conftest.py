"""Fixtures that several folders of tests use."""

import pytest

from tests.support.machine import Machine, Runs


@pytest.fixture
def machine(tmp_path):
    """A machine to run the engine on, without any change yet."""
    return Machine(tmp_path)


@pytest.fixture
def engine(machine, monkeypatch, capfd):
    """Runs `engine WORDS…` with the machine's settings; keywords are more environment variables."""
    return Runs(machine, monkeypatch, capfd)
