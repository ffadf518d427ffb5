"""Several resources of a merge: in which order, what one takes along that is not applied, and what brings that on."""

from itertools import pairwise

import pytest

from engine.core.kept import keys
from engine.core.kept.journal import Identity
from engine.core.report.progress import Step
from engine.run.kept import durations
from engine.run.kept.claims import locked
from engine.run.kept.journal import Journal
from engine.run.kept.owner import Owner
from engine.run.rolling.automatic import undo
from tests.support.applied import ASKED, came_to, left_behind, state_of
from tests.support.merged import passes
from tests.support.signing import NOW
from tests.support.trail import told

pytestmark = pytest.mark.terraform


def several(merge, number=3):
    """A merge of so many resources, and their paths; each waits for the one before it, and the last one for nobody."""
    merged = merge(*({"a": "1"} for _ in range(number)))
    paths = list(merged.resources)
    merged.after = {later: [earlier] for earlier, later in pairwise(paths[:-1])}
    return merged, paths


def denies(*paths):
    """Policies that deny these."""

    def judge(rows):
        about = [{"rule": "R-1", "resource": path, "address": "x", "effect": "deny"} for path in paths]
        return {**passes(rows), "findings": about}

    return judge


def outcomes(rows):
    return [came_to(row) for row in rows.values()]


@pytest.mark.slow
def test_each_begins_when_what_it_comes_after_has_ended(merge):
    merged = merge(*({"a": "1"} for _ in range(3)))
    first, second, third = merged.resources
    merged.after = {first: [third], second: [first, third]}
    seen: list[Step] = []
    work = merged.applying("r1", "me", passes).work._replace(watch=seen.append)
    assert outcomes(merged.apply(work=work)) == [("applied", None, None)] * 3
    steps = [(one.path, one.state) for one in seen if one.phase == "apply"]
    assert steps == [(path, state) for path in (third, first, second) for state in ("begun", "applied")]
    keys_of = {merged.resource(path).state_key: path for path in merged.resources}
    order = [(keys_of[one["key"]], one["outcome"]) for one in told(merged.machine.store) if one["what"] == "apply"]
    assert order == [(path, word) for path in (third, first, second) for word in ("started", "completed")]
    known = durations.known(merged.machine.store, "acme/dev-deployment")
    assert {key for key in keys_of if known.guess("apply", key) > 0} == set(known.ms["apply"])


def test_what_hangs_on_one_that_is_not_applied_is_skipped_and_comes_by_itself_when_that_is(merge):
    merged, (first, second, third, _) = several(merge, 4)
    rows = merged.apply(judge=denies(first))
    skipped = ("skipped", None, "ENG825")
    assert outcomes(rows) == [("stopped", None, "ENG732"), skipped, skipped, ("applied", None, None)]
    assert first in rows[second]["problem"]["message"]
    for path in (second, third):
        (entry,) = merged.entries(path)
        assert (entry.outcome, entry.said["after"]) == ("skipped", merged.resource(first).state_key)
        assert (entry.said["state"], state_of(merged, path)) == (None, b"")
    assert left_behind(merged) == []
    # Somebody runs it once more: what was stopped is for people, and nothing is said twice.
    assert outcomes(merged.apply("r2")) == [("stopped", None, None), skipped, skipped, ("applied", None, None)]
    assert merged.outcomes(second) == ["skipped"]
    # A person has it tried: everything that hung on it goes on, in the same run, and nobody had to ask for that.
    merged.changes["asked"] = ASKED
    assert outcomes(merged.apply("r3")) == [("applied", None, None)] * 4
    assert merged.outcomes(second) == ["skipped", "applied"]


@pytest.mark.slow
def test_it_comes_when_a_newer_merge_has_applied_what_it_hangs_on(merge):
    merged, (first, second, _) = several(merge)
    merged.apply(judge=denies(first))
    assert merged.outcomes(second) == ["skipped"]
    mended = merged.next({first: {"a": "2"}})
    assert outcomes(mended.apply("r2")) == [("applied", None, None)]
    rows = merged.apply("r3")
    assert came_to(rows[first]) == ("none", "older", "ENG733"), "a newer one is there"
    assert came_to(rows[second]) == ("applied", None, None)


@pytest.mark.slow
def test_what_hangs_on_one_that_waits_waits_and_the_ledger_says_nothing(merge, place):
    merged, (first, second, _) = several(merge)
    other = Journal(place.store, Identity("other", "apply", "acme/dev#8"), Owner("them.1", "them"), None)
    with locked(place.store, [keys.alone(merged.resource(first).state_key)], other, lambda: NOW):
        rows = merged.apply()
    assert outcomes(rows) == [("none", "another", "ENG742"), ("none", "upstream", "ENG825"), ("applied", None, None)]
    assert (merged.outcomes(first), merged.outcomes(second)) == ([], [])
    assert outcomes(merged.apply("r2")) == [("applied", None, None)] * 3


def test_upstream_applied_and_downstream_refused(merge):
    merged, (_, second, _) = several(merge)
    rows = merged.apply(judge=denies(second))
    assert outcomes(rows) == [("applied", None, None), ("stopped", None, "ENG732"), ("applied", None, None)]
    assert [merged.outcomes(path) for path in merged.resources] == [["applied"], ["stopped"], ["applied"]]


@pytest.mark.slow
def test_after_the_first_failure_nothing_begins_where_that_was_asked(merge):
    merged, (first, _, free) = several(merge)
    work = merged.applying("r0", "me", passes).work._replace(fail_fast=True)
    rows = merged.apply(judge=denies(first), work=work)
    assert outcomes(rows)[:2] == [("stopped", None, "ENG732"), ("skipped", None, "ENG825")]
    # What stands beside it may have begun already.
    assert came_to(rows[free]) in (("skipped", None, "ENG826"), ("applied", None, None))


@pytest.mark.slow
def test_what_cannot_be_skipped_in_the_ledger_waits(merge, monkeypatch):
    """The store fails: the row does not say what nobody has signed."""
    from engine.errors import failure
    from engine.run.kept import ledger

    merged, (first, second, _) = several(merge)
    add = ledger.add

    def put(store, signer, trusted, make, key):
        if make(1, ())["outcome"] == "skipped":
            raise failure("ENG590", store="x", reason="it is down")
        return add(store, signer, trusted, make, key)

    monkeypatch.setattr(ledger, "add", put)
    rows = merged.apply(judge=denies(first))
    assert came_to(rows[second]) == ("none", "store", "ENG590")
    assert merged.outcomes(second) == []


def gone(merged, paths, **more):
    """The next merge: the files of these are gone."""
    nothing = {path: {"environment": "development"} for path in paths}
    return merged.next({path: {} for path in paths}, variables=nothing, **more)


@pytest.mark.slow
def test_what_is_destroyed_goes_after_whatever_has_referred_to_it_and_stays_where_that_stays(merge):
    merged, (first, second, _) = several(merge)
    assert outcomes(merged.apply()) == [("applied", None, None)] * 3
    both = gone(merged, [first, second], after={first: [second]})
    before = state_of(both, first)
    rows = both.apply("r2", judge=denies(second))
    assert outcomes(rows) == [("skipped", None, "ENG825"), ("stopped", None, "ENG732")]
    assert state_of(both, first) == before, "what is still referred to is there"
    assert both.entries(first)[-1].said["after"] == both.resource(second).state_key
    both.changes["asked"] = ASKED
    assert outcomes(both.apply("r3", now=lambda: ASKED)) == [("destroyed", None, None)] * 2
    assert both.outcomes(first) == ["applied", "skipped", "destroyed"]
    keys_of = {merged.resource(path).state_key: path for path in merged.resources}
    applied = [(keys_of[one["key"]], one["outcome"]) for one in told(both.machine.store) if one["what"] == "apply"]
    assert applied[-4:] == [(path, word) for path in (second, first) for word in ("started", "completed")]


@pytest.mark.slow
def test_what_comes_after_something_destroyed_goes_on_when_that_is_gone(merge):
    """A newer merge destroys what it hung on: it is done there, so what hangs on it is tried, and fails alone."""
    merged, (first, second, _) = several(merge)
    merged.apply(judge=denies(first))
    assert merged.outcomes(second) == ["skipped"]
    newer = gone(merged, [first])
    assert outcomes(newer.apply("r2")) == [("destroyed", None, None)]
    rows = merged.apply("r3")
    assert came_to(rows[first]) == ("none", "older", "ENG733")
    assert came_to(rows[second]) == ("applied", None, None)


@pytest.mark.slow
def test_what_was_taken_back_by_itself_holds_up_what_comes_after_it(merge):
    """It is not applied, whatever it is called by now."""
    fails = {"input": "9", "run": "false"}
    merged, (first, second, _) = several(merge)
    assert outcomes(merged.apply()) == [("applied", None, None)] * 3
    newer = merged.next({first: {"a": "1", "b": fails}, second: {"a": "1", "b": "2"}}, after={second: [first]})
    row, other = newer.apply("r2").values()
    assert row["outcome"] in ("partial", "failed")
    assert came_to(other) == ("skipped", None, "ENG825")
    applying = newer.applying("r2", "me", passes)
    target = next(one for one in merged.targets if one.resource.path == first)
    assert undo(applying, row, lambda _: target)["outcome"] == "rolled_back"
    assert outcomes(newer.apply("r3")) == [(row["outcome"], None, None), ("skipped", None, "ENG825")]
    assert newer.outcomes(second) == ["applied", "skipped"], "said once"
    # Somebody takes the other half of it back, too: a merge of what was there before brings everything on.
    back = newer.next({first: {"a": "1"}, second: {"a": "1"}}, after={second: [first]})
    assert outcomes(back.apply("r4")) == [("applied", None, None)] * 2
    assert came_to(newer.apply("r5")[second]) == ("none", "older", "ENG733")
