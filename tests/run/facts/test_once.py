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


def test_nobody_waits_for_another_object():
    """As two runs in one process would: each answer comes only when the other one is being looked for, too."""
    both = Barrier(2, timeout=60)
    objects = [Asked(both.wait) for _ in range(2)]
    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(lambda asked: asked.value, objects)) == [0, 1]


def test_nobody_waits_for_another_value_of_the_same_object():
    both = Barrier(2, timeout=60)

    class Two:
        @once
        def first(self):
            return both.wait()

        @once
        def second(self):
            return both.wait()

    two = Two()
    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(lambda name: getattr(two, name), ["first", "second"])) == [0, 1]


def test_one_that_leads_to_another_and_a_failure_in_threads():
    start = Barrier(8)

    class Chain:
        asked = 0

        @once
        def first(self):
            self.asked += 1
            raise failure("ENG351", name="x")

        @once
        def second(self):
            return self.first

    chain = Chain()

    def read(name):
        start.wait()
        try:
            return getattr(chain, name)
        except EngineError as error:
            return error.problems[0].code

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(read, ["first", "second"] * 4)) == ["ENG351"] * 8
    assert chain.asked == 1
