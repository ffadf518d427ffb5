"""Fixtures that several folders of tests use, and one Hypothesis profile for all laws."""

import gc
import os
import signal
import sys
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from engine.sandbox.forge.people import apps
from tests.support import outputs
from tests.support.few import ALL
from tests.support.machine import Machine, Runs

# A shell that starts the tests in the background lets them ignore Ctrl-C, and what they start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A job that runs these tests has an event and outputs of its own: what is tried here must neither read nor write them.
for name in [name for name in os.environ if name.startswith("GITHUB_")]:
    del os.environ[name]

# Bytecode is kept, whatever the shell says: without it each worker rewrites the assertions of all tests in each run,
# and each program that a test starts compiles the engine anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# `check-jsonschema` brings a grammar of IRIs, and each process that imports jsonschema would compile it, for a second.
# No schema asks for one.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]

# No deadlines: neighbours on a shared machine would fail a law.
settings.register_profile(
    "shared", deadline=None, max_examples=100 if ALL else 50, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("shared")


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Thirteen thousand tests and what they import are no garbage before the end: nobody looks for any among them."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With `-m slow` three of four files have nothing to try, and need not be imported by each worker."""
    if config.option.markexpr != "slow" or not collection_path.match("test_*.py"):
        return None
    text = collection_path.read_text()
    return None if "slow" in text or "few" in text else True


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: many tests wait for programs, answers and clocks."""
    return len(os.sched_getaffinity(0)) + 1


@pytest.fixture(scope="session", autouse=True)
def one_app_key():
    """The forges of one worker have one key between them: making one takes longer than all else of a start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(apps, "_new_key", cache(apps._new_key))
        yield


@pytest.fixture(scope="session", autouse=True)
def held_answers():
    """What a command prints as JSON is what the schema of its answers says, in every test that runs one."""
    with outputs.held():
        yield


@pytest.fixture(scope="session", autouse=True)
def unsynced():
    """Nobody pulls the plug on a worker, which would wait for the disk a third of its time; what tests kill syncs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture
def machine(tmp_path):
    """A machine to run the engine on, without any change yet."""
    return Machine(tmp_path)


@pytest.fixture
def engine(machine, monkeypatch, capfd):
    """Runs `engine WORDS…` with the machine's settings; keywords are more environment variables."""
    return Runs(machine, monkeypatch, capfd)
