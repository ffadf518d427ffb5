"""What is around an apply fails: the backend's answers, the disk, the provider, the account, the clock.

The backend is the real one, behind a far end that fails as a test says.
"""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from engine.sandbox.emulator import Emulator
from tests.support.applied import came_to, only, path_of
from tests.support.emulator import ask, aws
from tests.support.http import Answer, Asked, Far, passed_on
from tests.support.merged import Machine, Merged, given

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
    return lambda **things: Merged(machine, {f"X/w{os.getpid()}-{tmp_path.name}": things.pop("things", things)})


def lock_of(backend, merged):
    return ask(backend.aws, "HEAD", f"/{backend.aws.bucket}/{merged.resource(path_of(merged)).state_key}.tflock").status


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
    backend._orders.clear()
    assert lock_of(backend, merged) == 404
    merged.machine = merged.machine.elsewhere("there")
    assert came_to(only(merged.apply("r1", "there")))[0] == "applied"
