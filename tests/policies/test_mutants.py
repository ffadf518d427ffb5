"""The tests of the shipped policies notice every change of them: `engine policy test --mutate --shipped`."""

import json

import pytest

from engine.adapters.policy.mutation.run import mutate
from engine.adapters.policy.port import Terms
from tests.policies.mutated import IS_WHOLE, RECORD, SHARES, SHIPPED, among, digest, files, survivors

TRIED = json.loads(RECORD.read_text())


@pytest.mark.slow
def test_the_shipped_tests_notice_every_change():
    """A share of them where all have been tried on just these files, else all."""
    judged = mutate(SHIPPED, Terms(timeout_s=600), among=among)
    assert survivors(judged) == []
    tried = TRIED["killed"] + TRIED["equivalent"]
    assert len(judged) > tried / (1.2 if IS_WHOLE else 2 * SHARES), "far fewer changes than were written down"


def test_what_was_tried_is_written_down_of_just_these_files():
    now = files()
    assert {"mutation/operators.py", "mutation/worker.py", "data.json"} <= set(now)
    assert any(name.endswith("_test.rego") for name in now)
    others = {name: digest({**now, name: now[name] + b"\n"}) for name in now}
    assert len({digest(now), *others.values()}) == len(now) + 1, "another byte anywhere, and all is tried again"
    assert digest({**now, "new.rego": b""}) != digest(now)
