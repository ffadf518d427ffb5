"""What a pack proves of the trail and the ledger: the same as `engine audit verify`, and no more than both say."""

import pytest

from engine.adapters.storage.memory import Memory
from engine.core.audit import pack, verify
from engine.core.audit.record import Said
from engine.core.signature import TrustedKey
from engine.run import audit_pack, audit_proof, audit_read
from tests.support.ledger import tell
from tests.support.merges import KEY
from tests.support.signing import LATER, NOW, signer
from tests.support.trail import REPO, said, trail


def known(*keys):
    """Keys for audits; of each: who, and what is another."""
    rows = [TrustedKey(who.id, who.public, ("audit",), LATER, None)._replace(**changes) for who, changes in keys]
    return {row.id: row for row in rows}


def packed(store, trusted):
    return audit_pack.made(store, None, 7, trusted, NOW, None).data


@pytest.mark.parametrize(
    ("why", "changes", "writers", "is_whole"),
    [
        ("one key", {}, (1, 1), True),
        ("a key after another", {}, (1, 2), True),
        ("a revoked key, and one behind it that is not", {"revoked": NOW}, (1, 2), True),
        ("a revoked key behind one that is not", {"revoked": NOW}, (2, 1), False),
        ("nothing but a revoked key", {"revoked": NOW}, (1, 1), False),
        ("a key of another purpose", {"purposes": ("merge",)}, (1, 2), False),
        ("a head without a signature, and one behind it", {}, (None, 2), True),
    ],
)
def test_a_pack_and_the_trail_are_believed_by_the_same_keys(why, changes, writers, is_whole):
    store, trusted = Memory(), known((signer(1), changes), (signer(2), {}))
    for number in writers:
        trail(store, signer=signer(number) if number else None).say(said())
    checked = verify.verify(audit_read.lines(store), trusted)
    proof = audit_proof.proof(packed(store, trusted), trusted, "p")
    assert (not checked.faults, not proof.faults) == (is_whole, is_whole), (why, checked.faults, proof.faults)


def apply(outcome, run="r1"):
    return Said("apply", outcome, REPO, 7, KEY, outcome)


@pytest.fixture
def applied():
    """A resource that was half applied by one run, and wholly by another."""
    store = Memory()
    for run, outcome in (("r1", "partial"), ("r2", "completed")):
        trail(store, run=run, signer=signer()).say(apply("started"), apply(outcome))
    tell(store, "partial", run="r1")
    tell(store, "applied", run="r2")
    return store


def without(number):
    return lambda files: {name: data for name, data in files.items() if not name.endswith(f"/{number:010d}.json")}


@pytest.mark.parametrize(
    ("why", "change"),
    [
        ("all of it", lambda files: {name: data for name, data in files.items() if not name.startswith("ledger/")}),
        ("its end", without(2)),
        ("its beginning", without(1)),
        ("the end is the beginning", lambda files: {**files, **dict.fromkeys(ledger_of(files), first(files))}),
    ],
)
def test_a_ledger_of_which_something_is_left_out_proves_nothing(applied, why, change):
    trusted = known((signer(), {}))
    data = packed(applied, trusted)
    assert audit_proof.proof(data, trusted, "p").faults == ()
    manifest, files = pack.unpacked(data, "p")
    about = {name: value for name, value in manifest.items() if name not in ("files", "version")}
    assert audit_proof.proof(pack.packed(about, change(files)), trusted, "p").faults, why


def ledger_of(files):
    return [name for name in files if name.startswith("ledger/")]


def first(files):
    return files[min(ledger_of(files))]


@pytest.mark.parametrize(
    ("why", "entries"),
    [
        ("one more, of a run that said nothing", [("partial", "r1"), ("applied", "r2"), ("applied", "r3")]),
        ("another outcome", [("partial", "r1"), ("failed", "r2")]),
        ("none of the last run", [("partial", "r1")]),
    ],
)
def test_a_ledger_that_says_another_thing_than_the_trail_proves_nothing(why, entries):
    store, trusted = Memory(), known((signer(), {}))
    for run, outcome in (("r1", "partial"), ("r2", "completed")):
        trail(store, run=run, signer=signer()).say(apply("started"), apply(outcome))
    for outcome, run in entries:
        tell(store, outcome, run=run)
    assert audit_proof.proof(packed(store, trusted), trusted, "p").faults, why


def test_what_was_refused_after_a_person_s_merge_is_in_the_pack():
    store, trusted = Memory(), known((signer(), {}))
    trail(store, run="r1", signer=signer()).say(apply("refused"))
    tell(store, "refused", run="r1", merge=None, verdict=None, state=None, values=None)
    proof = audit_proof.proof(packed(store, trusted), trusted, "p")
    assert (proof.faults, [one for one in proof.holds if "refused (entry 1)" in one]) == (
        (),
        [f"{KEY}: refused (entry 1)"],
    )
