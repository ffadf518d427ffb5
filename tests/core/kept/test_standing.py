"""What the entries of a resource mean for whoever is about to apply a merge to it."""

import pytest

from engine.core.kept.ledger import Entry
from engine.core.kept.standing import Merge, another, denied, done, standing, unexplained, void
from engine.core.state import State
from tests.support.ledger import said, state

OLD, MINE, NEW = "b" * 40, "c" * 40, "d" * 40
VERDICT, OTHER = "sha256:" + "1" * 64, "sha256:" + "8" * 64
ME = Merge("acme/dev-deployment", 7, MINE, VERDICT, None)
EARLY, LATE = "2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z"


def entry(outcome="applied", revoked=False, verdict=VERDICT, **changes):
    changes = {"commit": MINE, **changes}
    return Entry(said(outcome, verdict={"sequence": 3, "digest": verdict}, **changes), "key", "sha256:0", revoked)


def stands(*entries, asked=None, merge=ME):
    return standing(entries, merge._replace(asked=asked), lambda commit: commit in (OLD, MINE)).what


TABLE = [
    ("nothing was ever tried", (), {}, "try"),
    ("an older one was applied", (entry(commit=OLD),), {}, "try"),
    ("this one was applied", (entry(),), {}, "known"),
    ("this one was applied, and somebody asks again", (entry(),), {"asked": LATE}, "known"),
    ("it was applied before it was superseded", (entry(), entry(commit=NEW)), {}, "known"),
    ("a newer one was applied", (entry(commit=NEW),), {}, "older"),
    ("a newer one was half applied", (entry("partial", commit=NEW),), {}, "older"),
    ("a newer one was reconciled", (entry("reconciled", commit=NEW),), {}, "older"),
    ("a newer one was stopped before anything", (entry("stopped", commit=NEW),), {}, "try"),
    ("a commit of another repository", (entry(repository={"id": 1, "name": "acme/x"}, commit=OLD),), {}, "foreign"),
    ("it has failed, and nobody asks", (entry("failed"),), {}, "known"),
    ("it has failed, and was asked for before", (entry("failed"),), {"asked": EARLY}, "known"),
    ("it has failed, and is asked for since", (entry("failed"),), {"asked": LATE}, "try"),
    ("it was stopped, and there is another verdict", (entry("stopped", verdict=OTHER),), {}, "try"),
    ("it was skipped, which nobody has to ask for", (entry("skipped", after="k"),), {}, "try"),
    (
        "... although it had failed before, since it was to be tried",
        (entry("failed"), entry("skipped", after="k")),
        {},
        "try",
    ),
    ("it failed after it was skipped", (entry("skipped", after="k"), entry("failed")), {}, "known"),
    ("a thief says that it was skipped", (entry("skipped", after="k", revoked=True),), {}, "known"),
    ("it was skipped, and a newer one was applied", (entry("skipped", after="k"), entry(commit=NEW)), {}, "older"),
    ("given up by two people", (entry("released"),), {}, "known"),
    ("given up, and asked for since", (entry("released"),), {"asked": LATE}, "try"),
    ("a thief says that it was applied", (entry(revoked=True),), {}, "known"),
    ("a state alone was spoken of", (entry("reconciled"),), {}, "try"),
    ("it was applied before an older state was brought back", (entry(), entry("restored")), {}, "try"),
    ("... and is applied again since", (entry(), entry("restored"), entry()), {}, "known"),
    (
        "a newer one was applied before an older state was brought back",
        (entry(commit=NEW), entry("restored")),
        {},
        "older",
    ),
]


@pytest.mark.parametrize(("why", "entries", "more", "what"), TABLE)
def test_whether_it_is_tried(why, entries, more, what):
    assert stands(*entries, **more) == what, why


def test_what_a_thief_says_is_no_success():
    found = standing([entry(revoked=True)], ME, lambda _: True)
    assert found.entry is not None
    assert found.entry.outcome == "refused"


def test_done_is_what_was_done_under_this_verdict_for_this_commit():
    entries = [
        entry("partial", done={"a": "hmac-sha256:1"}),
        entry("reconciled", done={"b": "hmac-sha256:2"}),
        entry("partial", done={"c": "hmac-sha256:3"}, verdict=OTHER),
        entry("partial", done={"d": "hmac-sha256:4"}, commit=OLD),
        entry("partial", done={"e": "hmac-sha256:5"}, revoked=True),
    ]
    assert done(entries, MINE, VERDICT) == {"a": "hmac-sha256:1", "b": "hmac-sha256:2"}


def test_what_was_done_before_an_older_state_was_brought_back_is_not_done():
    entries = [
        entry("partial", done={"a": "hmac-sha256:1"}),
        entry("restored", done={}),
        entry("partial", done={"b": "hmac-sha256:2"}),
    ]
    assert done(entries, MINE, VERDICT) == {"b": "hmac-sha256:2"}


@pytest.mark.parametrize(
    ("why", "entries", "confirmed_at", "is_void"),
    [
        ("nothing was brought back", (entry(),), EARLY, False),
        ("given before", (entry("restored", time="2026-11-23T12:00:00Z"),), "2026-11-23T11:00:00Z", True),
        ("given in that second", (entry("restored", time="2026-11-23T12:00:00Z"),), "2026-11-23T12:00:00Z", True),
        ("given since", (entry("restored", time="2026-11-23T12:00:00Z"),), "2026-11-23T12:00:01Z", False),
        ("applied since", (entry("restored", time="2026-11-23T12:00:00Z"), entry()), "2026-11-23T11:00:00Z", True),
        ("only adopted", (entry("adopted", time="2026-11-23T12:00:00Z"),), "2026-11-23T11:00:00Z", False),
    ],
)
def test_a_verdict_is_void_once_an_older_state_was_brought_back(why, entries, confirmed_at, is_void):
    assert bool(void(entries, confirmed_at)) is is_void, why


def a_state(serial=4, lineage="l-1", digest=None, data=b'{"resources": [{}]}'):
    return State(lineage, serial, digest or state(serial)["digest"], data)


STATES = [
    ("the very state", state(), a_state(), "", "same serial"),
    ("none yet, and none", None, None, "", ""),
    ("one where there was none", None, a_state(), "nothing was ever applied", ""),
    ("an empty one where there was none", None, a_state(1, data=b'{"resources": [], "outputs": {}}'), "", ""),
    ("one that has outputs only", None, a_state(1, data=b'{"outputs": {"x": {}}}'), "nothing was ever applied", ""),
    ("an empty one where something was", state(), a_state(5, data=b'{"resources": []}'), "newer", ""),
    ("gone", state(), None, "none any more", "none any more"),
    ("another lineage", state(), a_state(lineage="l-2"), "lineage", "lineage"),
    ("rolled back", state(), a_state(3), "older", "older"),
    ("written since", state(), a_state(5), "newer", ""),
    ("exchanged under its serial", state(), a_state(digest="sha256:x"), "exchanged", "exchanged"),
]


@pytest.mark.parametrize(("why", "ours", "found", "is_another", "is_unexplained"), STATES)
def test_whose_state_it_is(why, ours, found, is_another, is_unexplained):
    assert is_another in another(ours, found), why
    assert bool(another(ours, found)) is bool(is_another), why
    if another(ours, found):
        assert is_unexplained in unexplained(ours, found), why
        assert bool(unexplained(ours, found)) is bool(is_unexplained), why


def finding(rule="R-1", effect="deny", **changes):
    return {"rule": rule, "resource": "S3/a", "address": "x", "effect": effect, **changes}


DENIALS = [
    ("nothing is found", [], [], [], []),
    ("a new denial", [finding()], [], [], ["R-1"]),
    ("a warning", [finding(effect="warn")], [], [], []),
    ("of another resource", [finding(resource="S3/b")], [], [], []),
    ("it was found, and overridden", [finding()], [finding()], [finding()], []),
    ("it was found, and nobody overrode it", [finding()], [finding()], [], ["R-1"]),
    ("overridden, and never found", [finding()], [], [finding()], ["R-1"]),
    ("another address was overridden", [finding()], [finding(address="y")], [finding(address="y")], ["R-1"]),
    ("it was a warning then", [finding()], [finding(effect="warn")], [finding()], ["R-1"]),
    ("one of two", [finding(), finding("R-2")], [finding()], [finding()], ["R-2"]),
]


@pytest.mark.parametrize(("why", "now", "then", "overridden", "rules"), DENIALS)
def test_what_the_policies_of_today_deny(why, now, then, overridden, rules):
    assert denied(now, "S3/a", {"findings": then}, overridden) == rules, why
