"""What is told while it goes: the newest, with a pause between, and nobody waits for it."""

from threading import Event

import pytest

from engine.errors import problem
from engine.run.actions.github.deployment import _ended
from engine.run.actions.github.newest import PAUSE_S, Newest
from engine.run.actions.github.telling import APPLY
from engine.run.runner import Ran


def test_only_the_newest_is_handed_on():
    told, first = [], Event()

    def tell(value):
        told.append(value)
        first.set()

    newest = Newest(tell, 0.05)
    for number in range(1000):
        newest.hear(number)
    assert first.wait(60)
    newest.end()
    assert told[0] == 999
    assert len(told) == 1


def test_nothing_is_handed_on_after_its_end_and_its_end_waits_for_what_goes():
    told, began, go_on = [], Event(), Event()

    def tell(value):
        began.set()
        assert go_on.wait(10)
        told.append(value)

    newest = Newest(tell, 0.01)
    newest.hear("one")
    assert began.wait(60)
    newest.hear("two")
    go_on.set()
    newest.end()
    newest.hear("three")
    assert told == ["one"]


def test_who_speaks_is_not_kept_waiting_and_a_short_apply_is_not_told_of_at_all():
    told: list[str] = []
    newest = Newest(told.append, PAUSE_S)
    newest.hear("soon over")
    newest.end()
    assert told == []
    assert PAUSE_S >= 5  # seconds; GitHub slows down who writes faster


def rows(*outcomes):
    return {"resources": [{"outcome": outcome} for outcome in outcomes]}


@pytest.mark.parametrize(("why", "ran", "state"), [
    ("nothing was tried", [], None),
    ("it was passed over", [Ran("apply", APPLY, "skipped", {})], None),
    ("all is applied", [Ran("apply", APPLY, "done", rows("applied", "applied"))], "success"),
    ("one has failed", [Ran("apply", APPLY, "done", rows("applied", "failed"))], "failure"),
    ("half of one", [Ran("apply", APPLY, "done", rows("partial"))], "failure"),
    ("stopped", [Ran("apply", APPLY, "done", rows("stopped", "none"))], "failure"),
    ("refused", [Ran("apply", APPLY, "done", rows("refused"))], "failure"),
    ("one waits", [Ran("apply", APPLY, "done", rows("applied", "none"))], "in_progress"),
    ("it broke down", [Ran("apply", APPLY, "failed", {}, (problem("ENG733", commit="c", resource="r", reason="x"),))],
     "failure"),
    ("another run is at it", [Ran("apply", APPLY, "failed", {},
                                  (problem("ENG742", what="w", who="w", since="s"),))], None),
])  # fmt: skip
def test_how_a_deployment_went(why, ran, state):
    assert _ended(ran) == state, why
