"""What is around an apply fails: the backend's answers, the disk, the provider, the account, the clock.

The backend is the real one, behind a far end that fails as a test says.
"""

import os
import shutil
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

import engine.data
from engine.adapters.terraform.backend import Backend as Bucket
from engine.adapters.terraform.workspace import prepare
from engine.run.applying.every import apply_all
from engine.sandbox.emulator import Emulator
from tests.support.applied import ASKED, came_to, only, path_of, things
from tests.support.emulator import ask, aws
from tests.support.http import GONE, Answer, Asked, Far, passed_on
from tests.support.merged import Machine, Merged, given, passes
from tests.support.terraform import a_program, a_setup

__all__ = ["aws"]

pytestmark = pytest.mark.terraform


class Backend:
    """Between Terraform and the emulator; `order` says how requests for objects of a suffix fail, and how often."""

    def __init__(self, aws: Emulator) -> None:
        self.aws, self.far = aws, Far(self._answer)
        self._orders: list[tuple[str, str, Callable[[Asked], Answer | None], int]] = []
        self.met: list[str] = []

    def order(self, method: str, suffix: str, how: Callable[[Asked], Answer | None], count: int = 1) -> None:
        self._orders.append((method, suffix, how, count))

    def calm(self) -> None:
        self._orders.clear()

    def _answer(self, asked: Asked) -> Answer:
        path = asked.path.partition("?")[0]
        for number, (method, suffix, how, count) in enumerate(self._orders):
            if count and method in ("*", asked.method) and path.endswith(suffix):
                self._orders[number] = (method, suffix, how, count - 1)
                self.met.append(f"{asked.method} {path}")
                if answer := how(asked):
                    return answer
        return passed_on(asked, self.aws.url)

    def told(self) -> dict[str, Any]:
        """As a machine is told of it."""
        said = given(self.aws)
        return {**said, "url": self.far.url, "credentials": {**said["credentials"], "AWS_ENDPOINT_URL": self.far.url}}


@pytest.fixture
def backend(aws):
    made = Backend(aws)
    with made.far.serving():
        yield made


@pytest.fixture
def merge(backend, tmp_path):
    machine = Machine(tmp_path, backend.told())
    return lambda **made: Merged(machine, {f"X/w{os.getpid()}-{tmp_path.name}": made.pop("things", made)})


def lock_of(backend, merged):
    return ask(backend.aws, "HEAD", f"/{backend.aws.bucket}/{merged.resource(path_of(merged)).state_key}.tflock").status


def release(backend, merged):
    """A person frees the lock of a Terraform that could not."""
    ask(backend.aws, "DELETE", f"/{backend.aws.bucket}/{merged.resource(path_of(merged)).state_key}.tflock")


@pytest.mark.slow
def test_whoever_is_killed_while_planning_leaves_no_lock(backend, merge):
    """It would be nobody's for ever: a runner that is gone cannot say that it is dead."""
    merged = merge(a="1")
    backend.order("HEAD", ".tfstate", lambda _: time.sleep(5), 9)
    process = merged.process("r1")
    while not backend.met:
        time.sleep(0.02)
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{pid}/cwd").startswith(str(merged.machine.root)):
                os.kill(int(pid), signal.SIGKILL)
        except OSError:
            continue
    backend.calm()
    assert lock_of(backend, merged) == 404
    merged.machine = merged.machine.elsewhere("there")
    assert came_to(only(merged.apply("r1", "there")))[0] == "applied"


@pytest.mark.slow
def test_a_clock_that_jumps_back_does_nothing_that_it_could_not_say(merge):
    """The ledger is in the order of its times, so an entry of yesterday could not be written."""
    first = merge(a="1")
    assert came_to(only(first.apply()))[0] == "applied"
    path = path_of(first)
    second = first.next({path: {"a": "1", "b": "2"}})
    row = only(second.apply("r2", now=lambda: "2025-01-01T00:00:00Z"))
    assert came_to(row)[::2] == ("none", "ENG714")
    assert (things(second), second.outcomes(path)) == ({"a": "1"}, ["applied"])
    assert came_to(only(second.apply("r2", "again", now=lambda: "2026-12-01T00:00:00Z")))[0] == "applied"
    assert things(second) == {"a": "1", "b": "2"}


def test_another_account_is_noticed_before_anything_is_written(backend, merge):
    merged = merge(a="1")
    before = len(backend.far.asked)
    targets = [one._replace(job=one.job._replace(account="999999999999")) for one in merged.targets]
    (row,) = apply_all(merged.applying("r1", "me", passes), targets, was={})["resources"]
    assert came_to(row)[::2] == ("failed", "ENG465"), row
    assert not [one for one in backend.far.asked[before:] if one.method in ("PUT", "DELETE")]
    assert merged.outcomes(path_of(merged)) == ["failed"]


def test_a_throttled_backend_is_asked_again(backend, merge):
    merged = merge(a="1")
    slow = Answer(503, b"<Error><Code>SlowDown</Code><Message>Reduce your request rate</Message></Error>")
    for method, suffix in (("PUT", ".tflock"), ("PUT", ".tfstate"), ("GET", ".tfstate"), ("DELETE", ".tflock")):
        backend.order(method, suffix, lambda _: slow)
    assert came_to(only(merged.apply()))[0] == "applied"
    assert len(backend.met) == 4, backend.met
    assert lock_of(backend, merged) == 404


def test_a_disk_that_is_full_while_terraform_speaks(backend, merge, tmp_path):
    """Its words are cut off; the next run finds out what it has done. A limit stands in for the disk."""
    merged = merge(things={name: {"input": "x" * 200, "run": f"echo {name} >> {tmp_path}/log"} for name in "abcdef"})
    real = shutil.which("terraform")
    limited = a_program(tmp_path / "bin", f'[ "$1" = apply ] && {{ trap "" XFSZ; ulimit -f 1; }}\nexec {real} "$@"')
    free, machine = merged.machine.workspace, merged.machine
    told = backend.told()
    setup = a_setup(
        None,
        module=machine.module,
        cache_dir=str(tmp_path / "cache"),
        backend=Bucket(told["bucket"], emulator=True),
        credentials=told["credentials"],
        path=f"{limited.parent}:{os.environ['PATH']}",
    )
    machine.workspace = prepare(setup)
    assert came_to(only(merged.apply()))[:2] == ("none", "unknown")
    assert merged.outcomes(path_of(merged)) == []
    machine.workspace = free
    assert came_to(only(merged.apply("r1", "again")))[0] == "applied"
    assert sorted((tmp_path / "log").read_text().split()) == list("abcdef"), "each was made once"


@pytest.mark.slow
def test_a_provider_that_dies_in_the_middle(backend, tmp_path):
    machine = Machine(tmp_path, backend.told(), module=engine.data.path("terraform"))
    path = f"SNS/dies-{os.getpid()}"
    merged = Merged(machine, {path: {}}, variables={path: {"sns_topics": {"dies": {}}}})

    def dies(asked):
        if b"CreateTopic" not in asked.body:
            return None
        for pid in filter(str.isdecimal, os.listdir("/proc")):
            with suppress(OSError):
                inside = os.readlink(f"/proc/{pid}/cwd").startswith(str(tmp_path))
                if inside and "provider-aws" in os.readlink(f"/proc/{pid}/exe"):
                    os.kill(int(pid), signal.SIGKILL)
        return GONE

    backend.order("POST", "/", dies, 99)
    row = only(merged.apply())
    assert came_to(row)[0] in ("failed", "partial"), row
    assert lock_of(backend, merged) == 404
    backend.calm()
    merged.changes["asked"] = ASKED
    row = only(merged.apply("r2"))
    assert came_to(row)[::2] in (("applied", None), ("stopped", "ENG730")), "what is left tainted is replanned"


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "during", "after"])
def test_a_backend_that_is_down(backend, merge, tmp_path, when):
    merged = merge(things={"a": {"input": "1", "run": f"echo x >> {tmp_path}/log"}})
    down = Answer(503, b"<Error><Code>ServiceUnavailable</Code><Message>down</Message></Error>")
    put = []

    def how(asked):
        is_state = asked.path.partition("?")[0].endswith(".tfstate")
        if asked.method == "PUT" and is_state:
            put.append(asked)
        done = when == "after" and asked.method == "PUT" and is_state
        return down if when == "before" or (put and not done) else None

    backend.order("*", "", how, 10_000)
    row = only(merged.apply())
    assert came_to(row)[:2] == ("none", "backend"), row
    assert merged.outcomes(path_of(merged)) == []
    backend.calm()
    merged.changes["asked"] = ASKED
    row = only(merged.apply("r1", "again"))
    if row["outcome"] != "applied":  # what it could not do at its end is an error of its: people ask for the rest
        assert merged.outcomes(path_of(merged)) == {"during": ["pushed", "partial"], "after": ["partial"]}[when], row[
            "problem"
        ]
        if when == "after":
            release(backend, merged)
        row = only(merged.apply("r2"))
    assert came_to(row)[0] == "applied", row
    assert (tmp_path / "log").read_text() == "x\n", "it was made once"


@pytest.mark.slow
def test_two_processes_that_race_for_one_merge(merge, tmp_path):
    merged = merge(things={"a": {"input": "1", "run": f"sleep 0.3; echo x >> {tmp_path}/log"}})
    runs = [merged.process(name) for name in ("r1", "r2")]
    said = [run.communicate(timeout=120)[0].splitlines()[-1] for run in runs]
    assert sorted(one.split()[2] for one in said) in (["applied", "applied"], ["applied", "none"]), said
    assert (tmp_path / "log").read_text() == "x\n"
    assert merged.outcomes(path_of(merged)) == ["applied"]
