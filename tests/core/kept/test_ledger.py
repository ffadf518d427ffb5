"""A ledger entry says what can be, or it is none: each way to say something else, one row each."""

from typing import Any

import pytest

from engine.core.canonical import canonical
from engine.core.kept.ledger import (
    ATTEMPTS,
    NOTHING,
    OF_STATE,
    OUTCOMES,
    Entry,
    out_of_place,
    read,
    runs_since,
    state_of,
    statement,
    values_digest,
)  # fmt: skip
from engine.core.signature import sign
from engine.errors import EngineError
from tests.support.ledger import VALUES, entry, keys, person, said, signed, state
from tests.support.merges import DIGEST, KEY, REPO
from tests.support.signing import signer, trusted

T = [f"2026-11-23T{hour:02}:00:00Z" for hour in range(24)]


def code(envelope: bytes, trusted_keys: Any = None) -> str:
    with pytest.raises(EngineError) as refused:
        read(envelope, trusted_keys or keys())
    return refused.value.problems[0].code


def forged(change: Any) -> bytes:
    """Signed by a key of ours, whatever it says."""
    value = statement(said())
    change(value)
    return sign(canonical(value), signer())


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_what_was_signed_is_read(outcome: str) -> None:
    found = read(signed(**said(outcome)), keys())
    assert found.said == said(outcome)
    assert (found.number, found.key, found.outcome) == (1, KEY, outcome)


def _by_people(outcome: str) -> dict[str, Any]:
    wanted = said(outcome)
    return {name: wanted[name] for name in ("why", "people", "after") if name in wanted}


def test_every_outcome_either_ends_a_hold_or_speaks_of_a_state() -> None:
    assert set(ATTEMPTS) | set(OF_STATE) == set(OUTCOMES)
    assert not set(ATTEMPTS) & set(OF_STATE)


def test_its_subject_is_the_commit_and_the_state() -> None:
    assert statement(said())["subject"] == [
        {"name": f"{REPO}#7", "digest": {"gitCommit": "c" * 40}},
        {"name": KEY, "digest": {"sha256": state()["digest"].removeprefix("sha256:")}},
    ]
    assert statement(said("stopped", state=None, pr=None))["subject"] == [
        {"name": REPO, "digest": {"gitCommit": "c" * 40}}
    ]


def test_what_others_are_shown() -> None:
    row = entry().to_row(["d" * 40])
    assert row == {
        "number": 1, "key": KEY, "outcome": "applied", "repository": REPO, "pr": 7, "commit": "c" * 40,
        "contains": ["d" * 40], "time": said()["time"], "run": "r1",
    }  # fmt: skip
    shown = entry().to_json()
    assert list(shown) == [
        "number", "key", "outcome", "repository", "pr", "commit", "verdict", "merge", "serial", "lineage", "addresses",
        "time", "run",
    ]  # fmt: skip
    assert (shown["serial"], shown["lineage"]) == (4, "l-1")
    assert entry(outcome="refused", state=None).to_json()["serial"] is None


@pytest.mark.parametrize(
    ("why", "changes"),
    [
        ("no number", {"number": 0}),
        ("a number that is none", {"number": 1.0}),
        ("yes is no number", {"number": True}),
        ("the first follows one", {"before": DIGEST}),
        ("the second follows none", {"number": 2}),
        ("no state key", {"key": ""}),
        ("an outcome that nobody knows", {"outcome": "superseded"}),
        ("a repository without a number", {"repository": {"id": 0, "name": REPO}}),
        ("no repository", {"repository": {"id": 1, "name": "x"}}),
        ("a pull request without a number", {"pr": 0}),
        ("no commit", {"commit": "HEAD"}),
        ("a merge in it that is no commit", {"contains": ["HEAD"]}),
        ("a verdict without a number", {"verdict": {"sequence": 0, "digest": DIGEST}}),
        ("applied, and never judged", {"verdict": None}),
        ("applied, and never merged", {"merge": None}),
        ("applied, and of no pull request", {"pr": None}),
        ("failed, and never judged", {"outcome": "failed", "verdict": None}),
        ("partial, and never merged", {"outcome": "partial", "merge": None}),
        ("applied, and not of which values", {"values": None}),
        ("destroyed, and given values", {"outcome": "destroyed"}),
        ("destroyed, and never merged", {"outcome": "destroyed", "values": NOTHING, "merge": None}),
        ("a controller that is no commit", {"controller": "main"}),
        ("values that are no digest", {"values": "x"}),
        ("a state without a lineage", {"state": state(lineage="")}),
        ("a state without a digest", {"state": state(digest="x")}),
        ("a serial that is none", {"state": state(serial=-1)}),
        ("a serial that is a float", {"state": {**state(), "serial": 4.0}}),
        ("reconciled with no state", {"outcome": "reconciled", "state": None}),
        ("pushed no state", {"outcome": "pushed", "state": None}),
        ("a change that is done without a keyed digest", {"done": {"a": DIGEST}}),
        ("an outcome of an address in prose", {"addresses": {"a": "It worked!"}}),
        ("a moment that does not exist", {"time": "2026-02-31T00:00:00Z"}),
        ("no run", {"run": ""}),
        ("no environment", {"environment": ""}),
        ("a field more", {"more": 1}),
        ("skipped after nothing", {"outcome": "skipped", "state": None}),
        ("skipped after itself", {"outcome": "skipped", "state": None, "after": said()["key"]}),
        ("applied, and skipped after something", {"after": "IAM/dev/x/terraform.tfstate"}),
        ("released for no reason", {**said("released"), "why": None}),
        ("released by nobody", {**said("released"), "people": []}),
        ("released by one", {**said("released"), "people": [person(1)]}),
        ("released by one who has commented twice", {**said("released"), "people": [person(1), person(1, comment=9)]}),
        ("released by two in one comment", {**said("released"), "people": [person(1), person(2, comment=101)]}),
        ("adopted by one", {**said("adopted"), "people": [person(1)]}),
        ("restored by one", {**said("restored"), "people": [person(1)]}),
        ("of two nobody vouches for one", {**said("restored"), "people": [person(1), person(2, comment=None)]}),
        ("two whom nobody vouches for",
         {**said("restored"), "people": [person(1, id=None, comment=None), person(2, id=None, comment=None)]}),
        ("one with an account, and no comment", {**said("restored"), "people": [person(1, comment=None)]}),
    ],
)  # fmt: skip
def test_what_cannot_be_is_not_signed_and_not_read(why: str, changes: dict[str, Any]) -> None:
    with pytest.raises(EngineError) as refused:
        statement(said() | changes)
    assert refused.value.problems[0].code == "ENG710", why
    assert code(forged(lambda value: value["predicate"].update(changes))) == "ENG710", why


@pytest.mark.parametrize(
    ("why", "changes"),
    [
        ("a destroyed resource has no values", {"values": values_digest({"environment": "development"})}),
        ("there was nothing to do, and no state yet", {"state": None}),
        ("a gate says no: Terraform was not started", {"outcome": "refused", "verdict": None, "merge": None}),
        ("skipped", {"outcome": "skipped", "state": None, "after": "IAM/dev/x/terraform.tfstate"}),
        ("stopped before it began", {"outcome": "stopped", "state": None}),
        ("adopted without a pull request",
         {**said("adopted"), "pr": None, "verdict": None, "merge": None, "values": None}),
        ("given up at a store of one's own",
         {**said("released"), "people": [person(1, id=None, login="unverified", comment=None)]}),
        ("three people", {**said("released"), "people": [person(1), person(2), person(3)]}),
    ],
)  # fmt: skip
def test_what_can_be(why: str, changes: dict[str, Any]) -> None:
    wanted = said() | changes
    assert read(sign(canonical(statement(wanted)), signer()), keys()).said == wanted, why


@pytest.mark.parametrize(
    ("why", "envelope", "trusted_keys", "expected"),
    [
        ("a key of verdicts", signed(), trusted(), "ENG274"),
        ("a key of merges", signed(), trusted(purposes=("merge",)), "ENG274"),
        ("a key of nobody", signed(), trusted(signer(2), purposes=("audit",)), "ENG271"),
        ("altered", signed().replace(b'"payload":"e', b'"payload":"f'), keys(), "ENG275"),
        ("its subject is another", forged(lambda v: v["subject"][0].update(name=f"{REPO}#8")), keys(), "ENG710"),
        ("another state in its subject", forged(lambda v: v["subject"].pop()), keys(), "ENG710"),
        ("a merge decision", forged(lambda v: v.update(predicateType="urn:interlock:merge:1")), keys(), "ENG710"),
        ("of a newer form", forged(lambda v: v.update(predicateType="urn:interlock:ledger:2")), keys(), "ENG710"),
        ("no object", sign(b"[]", signer()), keys(), "ENG710"),
        ("no JSON", sign(b"\xff", signer()), keys(), "ENG270"),
    ],
)
def test_who_is_not_believed(why: str, envelope: bytes, trusted_keys: Any, expected: str) -> None:
    assert code(envelope, trusted_keys) == expected, why


# --- one after another


def following(earlier: Entry | None, /, **changes: Any) -> Entry:
    number = earlier.number + 1 if earlier else 1
    return entry(**{"number": number, "before": earlier.digest if earlier else None, **changes})


FIRST = following(None, time=T[10])


@pytest.mark.parametrize(
    ("why", "second", "said_why"),
    [
        ("the next one", following(FIRST, time=T[10]), ""),
        ("of another resource", following(FIRST, key="S3/dev/logs/terraform.tfstate", time=T[11]), "signed as number"),
        ("the first one again", FIRST, "signed as number 1"),
        ("a number left out", following(FIRST, number=3, time=T[11]), "signed as number 3"),
        ("it follows another first one", following(FIRST, before=DIGEST, time=T[11]), "to follow another"),
        ("it is older", following(FIRST, time=T[9]), "older than the one before"),
    ],
)
def test_the_next_one(why: str, second: Entry, said_why: str) -> None:
    found = out_of_place(second, KEY, FIRST)
    assert said_why in found, why
    assert bool(found) == bool(said_why)


def test_a_thief_who_writes_a_date_far_ahead_does_not_close_the_ledger() -> None:
    stolen = FIRST._replace(said={**FIRST.said, "time": "2099-01-01T00:00:00Z"}, revoked=True)
    assert out_of_place(following(stolen, time=T[11]), KEY, stolen) == ""


# --- which state is ours, and since when something runs


def series(*rows: tuple[str, dict[str, Any]]) -> list[Entry]:
    found: list[Entry] = []
    for hour, (outcome, changes) in enumerate(rows, 1):
        said_of = {"time": T[hour], **_by_people(outcome), **changes}
        found.append(following(found[-1] if found else None, outcome=outcome, **said_of))
    return found


@pytest.mark.parametrize(
    ("why", "rows", "serial"),
    [
        ("nothing was ever applied", [], None),
        ("it was refused: nothing is said of a state", [("refused", {"state": None})], None),
        ("it was applied", [("applied", {})], 4),
        ("it failed since, without a word of the state", [("applied", {}), ("failed", {"state": None})], 4),
        ("half of it was applied since", [("applied", {}), ("partial", {"state": state(5)})], 5),
        ("two people have restored an older one", [("applied", {}), ("restored", {"state": state(3)})], 3),
        ("and it was given up", [("adopted", {"state": state(9)}), ("released", {"state": None})], 9),
    ],
)
def test_the_state_that_is_ours(why: str, rows: Any, serial: int | None) -> None:
    found = state_of(series(*rows))
    assert (found and found["serial"]) == serial, why


def test_a_state_by_the_word_of_a_revoked_key_is_nobodys() -> None:
    first, last = series(("applied", {}), ("adopted", {"state": state(9)}))
    with pytest.raises(EngineError) as refused:
        state_of([first, last._replace(revoked=True)])
    assert refused.value.problems[0].code == "ENG715"
    found = state_of([first._replace(revoked=True), last])
    assert found is not None, "somebody who is believed has said so since"
    assert found["serial"] == 9


def test_what_a_revoked_key_calls_applied_is_not() -> None:
    withdrawn = read(signed(), keys(revoked=T[1]))
    assert withdrawn.outcome == "refused"
    assert withdrawn.to_row([])["outcome"] == "refused"
    assert read(signed(outcome="failed"), keys(revoked=T[1])).outcome == "failed"


def test_what_a_key_has_signed_before_it_expired_stays_and_it_signs_no_more() -> None:
    after = "2026-11-23T21:00:01Z"
    assert said()["time"] < after
    assert read(signed(), keys(expires=after)).outcome == "applied"
    assert code(signed(time=after), keys(expires=after)) == "ENG273", "whoever has found an old key"


OTHER = "sha256:" + "7" * 64


@pytest.mark.parametrize(
    ("why", "rows", "since"),
    [
        ("nothing was applied", [], None),
        ("just now", [("applied", {})], T[1]),
        ("other values", [("applied", {"values": OTHER})], None),
        ("the same twice: since the first", [("applied", {}), ("applied", {})], T[1]),
        ("others in between: since they came back",
         [("applied", {}), ("applied", {"values": OTHER}), ("applied", {})], T[3]),
        ("others since", [("applied", {}), ("applied", {"values": OTHER})], None),
        ("a try since, whatever came of it", [("applied", {}), ("stopped", {"state": None})], None),
        ("a try in between", [("applied", {}), ("partial", {}), ("applied", {})], T[3]),
        ("an older state was restored", [("applied", {}), ("restored", {})], None),
        ("its state was reconciled, and it was applied then", [("reconciled", {}), ("applied", {})], T[2]),
    ],
)  # fmt: skip
def test_since_when_the_same_values_run(why: str, rows: Any, since: str | None) -> None:
    assert runs_since(series(*rows), VALUES) == since, why


def test_nothing_runs_by_the_word_of_a_revoked_key() -> None:
    first, last = series(("applied", {}), ("applied", {}))
    assert runs_since([first, last._replace(revoked=True)], VALUES) is None
    assert runs_since([first._replace(revoked=True), last], VALUES) == T[2]


def test_values_are_the_same_in_every_environment() -> None:
    here = values_digest({"environment": "development", "buckets": {"lake": {"versioning": True}}})
    assert here == values_digest({"environment": "production", "buckets": {"lake": {"versioning": True}}})
    assert here != values_digest({"environment": "production", "buckets": {"lake": {"versioning": False}}})
    assert values_digest({"environment": "x"}) == values_digest({})
