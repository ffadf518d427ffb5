"""A value that several facts share is looked up once, whatever came of it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from engine.errors import EngineError, failure
from engine.run.facts.once import once


class Asked:
    def __init__(self, answer):
        self.asked, self._answer = 0, answer

    @once
    def value(self):
        self.asked += 1
        return self._answer()


def refused():
    raise failure("ENG351", name="x")


def broken():
    raise RecursionError


@pytest.mark.parametrize(
    ("why", "answer", "code"),
    [
        ("an answer", lambda: None, None),
        ("a refusal", refused, "ENG351"),
        ("what nobody has expected", broken, "ENG563"),
    ],
)
def test_it_is_asked_once(why, answer, code):
    asked = Asked(answer)
    for _ in range(3):
        if code is None:
            assert asked.value is None
        else:
            with pytest.raises(EngineError) as caught:
                _ = asked.value
            assert caught.value.problems[0].code == code, why
    assert asked.asked == 1


def test_threads_wait_for_whoever_is_first():
    start = Barrier(4)
    asked = Asked(object)

    def read(_):
        start.wait()
        return asked.value

    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(read, range(4)))) == 1
    assert asked.asked == 1


def test_each_object_has_its_own():
    assert Asked(lambda: 1).value != Asked(lambda: 2).value
