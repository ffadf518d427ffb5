"""What sweep finds among merges: what nobody has applied yet, and nothing that has failed or was refused."""

import os

import pytest

from engine import data
from engine.adapters import settings
from engine.core.kept import keys
from engine.core.kept.journal import Identity
from engine.core.moment import later
from engine.run.kept import merges, swept
from engine.run.kept.claims import locked
from engine.run.kept.journal import Journal
from engine.run.kept.owner import Owner
from tests.run.actions import test_sweep
from tests.run.actions.test_sweep import AFTER, BEFORE, GitHub, Swept, _merged
from tests.support import ledger
from tests.support import merges as decisions
from tests.support.facts import NOW, REPO
from tests.support.hosted import Hosted

WHY = "it is merged and not applied; nobody has decided it yet"
KEY, COMMIT = decisions.KEY, "c" * 40


@pytest.fixture
def run(tmp_path, monkeypatch):
    file = Hosted.trusted_file(str(tmp_path), ("verdict", "merge", "audit"))
    values = settings.read({"HOME": "/h", "PATH": os.environ["PATH"], "ENGINE_TRUSTED_KEYS": file})
    monkeypatch.setattr(test_sweep, "SETTINGS", values)
    assert data.ROOT
    made = Swept(GitHub(0))
    made.github.merged = [_merged(7)]
    return made


def merged(run, **changes):
    """Merged by us, and accounted for."""
    return merges.put(run.store, "r1", decisions.signed(**changes), decisions.keys())


def test_ours_is_found_until_the_ledger_speaks_of_it(run):
    merged(run)
    assert run() == {"#7": WHY}
    ledger.tell(run.store, "applied")
    assert run() == {}
    assert list(swept.unapplied(run.store, REPO)) == [], "nobody looks at it any more"


@pytest.mark.parametrize("outcome", ["failed", "partial", "stopped", "refused", "released"])
def test_what_has_come_to_an_end_is_for_people(run, outcome):
    merged(run)
    ledger.tell(run.store, outcome)
    assert run() == {}, outcome


@pytest.mark.parametrize(
    ("why", "then", "found"),
    [
        ("what it comes after is not applied", [], {}),
        ("... and was tried again", [("failed", {})], {}),
        ("it was applied since", [("applied", {})], {"#7": WHY}),
        ("by a newer merge", [("applied", {"pr": 9, "commit": "d" * 40, "contains": [COMMIT]})], {"#7": WHY}),
        ("by one that has nothing of it", [("applied", {"pr": 9, "commit": "d" * 40})], {}),
    ],
)
def test_what_was_skipped_rests_until_what_it_comes_after_is_applied(run, why, then, found):
    merged(run, keys=sorted([KEY, ledger.AFTER]), trees={"S3/data-lake": decisions.TREE, "KMS/lake": decisions.TREE})
    ledger.tell(run.store, "failed", key=ledger.AFTER)
    ledger.tell(run.store, "skipped")
    assert run() == {}, "nothing was mended yet"
    for outcome, changes in then:
        ledger.tell(run.store, outcome, key=ledger.AFTER, **changes)
    assert run() == found, why
    assert list(swept.unapplied(run.store, REPO)) == [7], "somebody still looks at it"
    ledger.tell(run.store, "applied")
    assert run() == {}, "it was applied itself"
    if found:
        assert list(swept.unapplied(run.store, REPO)) == [], why


def test_what_only_says_which_state_is_ours_is_no_end(run):
    merged(run)
    ledger.tell(run.store, "adopted")
    assert run() == {"#7": WHY}


def test_what_holds_nothing_is_never_looked_at(run):
    merged(run, keys=[])
    assert (run(), list(swept.unapplied(run.store, REPO))) == ({}, [])


def test_one_that_lies_in_what_was_applied_is_done(run):
    merged(run)
    ledger.tell(run.store, "applied", pr=9, commit="d" * 40, contains=[COMMIT])
    assert run() == {}


def test_one_that_lies_in_what_was_refused_is_not_refused_with_it(run):
    merged(run)
    ledger.tell(run.store, "refused", pr=9, commit="d" * 40, contains=[COMMIT], merge=None, verdict=None)
    assert run() == {"#7": WHY}


def test_nobody_disturbs_a_run_that_is_at_work_on_it(run):
    merged(run)
    other = Journal(run.store, Identity("8", "apply", "none"), Owner("you.1", "you"), None)
    other.begin_run({"asked": "", "stance": {}})
    with locked(run.store, [keys.working("apply", REPO, 7, COMMIT)], other, lambda: NOW):
        assert run() == {}
        assert run(now=later(NOW, 1799)) == {}
        assert run(now=later(NOW, 1800)) == {"#7": WHY}, "whoever it was is gone"


def test_what_pends_is_looked_at_when_something_of_it_is_another(run):
    merged(run)
    run.decided(7, base_sha=None, updated_at=BEFORE)
    assert run() == {}
    run.github.merged = [_merged(7, at=NOW)]
    assert run() == {"#7": "it is merged and not applied; something was said or done on it"}


def test_what_could_not_be_applied_is_tried_again_at_once(run):
    merged(run)
    run.decided(7, until=NOW, base_sha=None, updated_at=BEFORE)
    assert list(run()) == ["#7"]


def test_a_persons_merge_is_found_from_the_second_sweep_on(run):
    run.github.merged = [_merged(5, "olga", "User", at=later(NOW, -86_400))]
    assert run() == {}, "what was merged before anybody looked is nobody's wish to apply"
    run.github.merged.insert(0, _merged(6, "olga", "User", at=AFTER))
    assert run(now=AFTER) == {"#6": WHY}
    ledger.tell(run.store, "refused", pr=6, commit="e" * 40, merge=None, verdict=None, state=None)
    assert run(now=AFTER) == {}, "it was refused, and is for people"


def test_one_whose_ledger_is_not_believed_keeps_no_other_waiting(run):
    """Whoever could write one byte of it would stop the sweep of everything."""
    merged(run)
    other = {"pr": 8, "keys": ["S3/dev/other/terraform.tfstate"], "trees": {"S3/other": "sha256:" + "2" * 64}}
    merged(run, **other)
    run.github.merged.append(_merged(8))
    assert run.store.put_if_absent(keys.numbered(keys.ledger(KEY), 1), b"rubbish")
    assert run() == {"#7": WHY, "#8": WHY}
