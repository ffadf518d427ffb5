"""What a run that goes on compares: what its actions stand on, and nothing that is another each time."""

import pytest

from engine.core.decision.decided import Decision, PipelineResult
from engine.core.decision.document import freeze
from engine.core.decision.gates import GateResult
from engine.core.decision.stance import difference, stance
from engine.core.outcome import Outcome
from tests.support.decision import event

GATES = {"open": "pass", "reviewed": "pass"}
THEN = {"rules": "sha256:1", "policy": None, "head": "a" * 40, "gates": GATES}


@pytest.mark.parametrize(
    ("why", "now", "said"),
    [
        ("the same", {}, None),
        ("other rules", {"rules": "sha256:2"}, "`rules` is sha256:2, and was sha256:1"),
        ("something that was not there", {"policy": "sha256:3"}, "`policy` is sha256:3, and was nothing"),
        ("a gate says no", {"gates": {"open": "pass", "reviewed": "fail"}}, "of its gates, `reviewed` is fail"),
        ("a gate more", {"gates": {**GATES, "frozen": "pass"}}, "of its gates, `frozen` is pass"),
        ("gates of another form", {"gates": "pass"}, "`gates` is pass"),
        ("something that was not compared then", {"module": "sha256:4"}, "`module` is sha256:4, and was nothing"),
        ("what is long is cut", {"head": "b" * 40}, f"`head` is {'b' * 20}…, and was {'a' * 20}…"),
    ],
)
def test_what_differs(why, now, said):
    found = difference(THEN, {**THEN, **now})
    assert found == said if said is None else said in (found or ""), why


def test_what_is_no_longer_compared_differs_too():
    assert difference(THEN, {name: value for name, value in THEN.items() if name != "rules"})


def test_a_gate_that_is_not_asked_for_by_now_is_as_good_as_one_that_holds():
    """Whoever has accounted for a merge finds other gates applying when it goes on, and goes on."""

    def of(outcome):
        gate = GateResult("free-by-hand", outcome, "", (), (), None, None)
        result = PipelineResult("apply", Outcome.PASS, "", (), (gate,), (), (), None, None)
        return stance(result, Decision(event(), "sha256:1", freeze({}), frozenset(), (result,), ()), {})

    assert difference(of(Outcome.PASS), of(Outcome.NOT_APPLICABLE)) is None
    assert difference(of(Outcome.PASS), of(Outcome.PENDING)) == "of its gates, `free-by-hand` is pending, and was pass"
