"""Who had a hand in a change, as a statement says it: by id, or not at all."""

import pytest

from engine.run.actions.verdict import _hands
from tests.support.facts import commit, document, person


def push(name):
    return {"user": person(name)}


@pytest.mark.parametrize(
    ("why", "changes", "authors", "committers", "pushers"),
    [
        ("everybody once, in order", {}, [1, 4], [2], [3]),
        ("whoever opened it is an author", {"commits": [commit("ann", "ann", ())]}, [1, 5], [5], [3]),
        ("several commits", {"commits": [commit(), commit("bob", "cid", ("ann",))]}, [1, 4, 5, 6], [2, 7], [3]),
        ("an address is nobody's id", {"commits": [commit("x@y.z", "x@y.z", ())]}, [1], [], [3]),
        ("somebody whose account is gone", {"pushers": [push(None), push("dan")]}, [1, 4], [2], [8]),
    ],
)
def test_hands(why, changes, authors, committers, pushers):
    made = document(**{"pushers": [push("pusher")], **changes})
    assert _hands(made) == {"authors": authors, "committers": committers, "pushers": pushers}, why


@pytest.mark.parametrize("name", ["pr", "commits", "pushers"])
def test_nobody_knows(name):
    assert _hands(document(failed={name: "HTTP 502"})) is None
    assert _hands(document()._replace(origin="local")) is None
