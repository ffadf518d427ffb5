"""The tests of the shipped policies notice every change of them: `engine policy test --mutate --shipped`."""

import json

import pytest

from engine.adapters.policy.mutation.run import mutate
from engine.adapters.policy.port import Terms
from tests.policies.mutated import RECORD, SHARES, SHIPPED, digest, files, is_in_share, survivors
from tests.support.few import ALL

TRIED = json.loads(RECORD.read_text())


@pytest.mark.slow
def test_the_shipped_tests_notice_every_change():
    """A share of them where all have been tried on just these files, else all."""
    now = digest(files())
    share = int(now[:8], 16)
    is_whole = ALL or now != TRIED["digest"]
    judged = mutate(SHIPPED, Terms(), among=lambda mutant: is_whole or is_in_share(mutant, share))
    assert survivors(judged) == [], "tried all" if is_whole else f"tried share {share % SHARES} of {SHARES}"
    whole = TRIED["killed"] + TRIED["equivalent"]
    assert len(judged) > whole / (1.2 if is_whole else 2 * SHARES), "far fewer changes than were written down"


def test_what_was_tried_is_written_down_of_just_these_files():
    now = files()
    assert {"mutation/operators.py", "mutation/worker.py", "data.json"} <= set(now)
    assert any(name.endswith("_test.rego") for name in now)
    others = {name: digest({**now, name: now[name] + b"\n"}) for name in now}
    assert len({digest(now), *others.values()}) == len(now) + 1, "another byte anywhere, and all is tried again"
    assert digest({**now, "new.rego": b""}) != digest(now)
