"""A sweep drops old backups as the rules say: of whom, of how many at once, and what is in the way of one alone."""

import os
from threading import Event

import pytest

from engine import data
from engine.adapters import settings
from engine.adapters.keys import Keyring
from engine.adapters.sealed import new_key
from engine.adapters.storage.memory import Memory
from engine.core.decision.decide import decide
from engine.core.decision.document import freeze
from engine.core.events.envelope import read_event
from engine.core.kept import keys
from engine.core.kept.journal import Identity
from engine.core.moment import later
from engine.core.rules.load import load
from engine.core.rules.model import Kept
from engine.core.signature import TrustedKey
from engine.core.state import State
from engine.core.verdict.trust import entry
from engine.run.actions import tidying
from engine.run.catalog import catalog
from engine.run.context import Context, Controller, Work
from engine.run.kept import backups
from engine.run.kept.claims import locked
from engine.run.kept.journal import Journal
from engine.run.kept.owner import Owner
from engine.run.ports import Ports
from engine.run.trusted import read_rules
from tests.support.facts import NOW
from tests.support.signing import signer
from tests.support.trail import told, trail

RULES = load(read_rules(data.ROOT), catalog())
EVENT = read_event(b'{"schedule": "6h"}')
KEYS = [f"S3/dev/{name}/terraform.tfstate" for name in ("a", "b", "c")]


class Sweep:
    """A store in which each state has three backups, a day apart."""

    def __init__(self, folder, kept):
        self.store, self.ring = Memory(), Keyring({"ENGINE_BACKUP_KEY": new_key()})
        file = folder / "trusted-keys.yaml"
        file.write_text(entry(TrustedKey(signer().id, signer().public, ("audit",), "2029-01-01T00:00:00Z", None)))
        environ = {"HOME": "/h", "PATH": os.environ["PATH"], "ENGINE_TRUSTED_KEYS": str(file)}
        document = freeze({}, origin="github")
        rules = RULES._replace(limits=RULES.limits._replace(backups=kept))
        now, journal = (lambda: later(NOW, 40 * 86_400)), self.journal("r")
        self.context = Context(
            event=EVENT, document=document, rules=rules, controller=Controller.at(data.ROOT),
            discovery=None,  # type: ignore[arg-type]  # a sweep is about no change
            settings=settings.read(environ),
            ports=Ports(self.store, self.ring, now, trail(self.store), None),
            work=Work("/nowhere", lambda _: None, lambda _: None, Event()),
            result=decide(EVENT, document, RULES, "tidy").pipelines[0], decision="", now=NOW, run="r",
            check_head=lambda: None, journal=journal,
        )  # fmt: skip
        for key in KEYS:
            for number in range(3):
                state = State("l-1", number + 1, "sha256:" + "0" * 64, b'{"lineage": "l-1"}')
                moment = later(NOW, number * 86_400)
                backups.keep(self.store, self.ring.backup_keys()[0], "1" * 12, key, state, "r0", moment)

    def journal(self, run, owner="a.1"):
        return Journal(self.store, Identity(run, "sweep", "none"), Owner(owner, "me"), None)

    def __call__(self, run="r"):
        return tidying.tidy(self.context._replace(run=run))

    def left(self):
        return {key: [one.number for one in backups.listed(self.store, key) if not one.dropped] for key in KEYS}


@pytest.fixture
def sweep(tmp_path):
    return lambda kept=Kept(1, 86_400): Sweep(tmp_path, kept)  # noqa: B008 - a value


def test_what_the_rules_do_not_keep_is_dropped_and_said(sweep):
    one = sweep()
    assert one() == {"dropped": {key: [1, 2] for key in KEYS}, "failed": {}}
    assert one.left() == {key: [3] for key in KEYS}
    said = [row for row in told(one.store) if row["outcome"] == "dropping"]
    assert [(row["what"], row["actor"], row["why"]) for row in said] == [
        ("backup", None, "as the rules say how many are kept")
    ] * 3
    assert one() == {"dropped": {}, "failed": {}}


def test_where_the_rules_keep_all_nothing_is_looked_at(sweep):
    one = sweep(None)
    assert one() == {"dropped": {}, "failed": {}}
    assert one.left() == {key: [1, 2, 3] for key in KEYS}


def test_a_few_states_at_once_and_each_has_its_turn(sweep, monkeypatch):
    monkeypatch.setattr(tidying, "MOST", 1)
    one = sweep()
    runs = [one(f"r{n}")["dropped"] for n in range(30)]
    assert {len(dropped) for dropped in runs} == {0, 1}
    assert one.left() == {key: [3] for key in KEYS}


def test_a_state_that_somebody_works_on_and_one_that_cannot_be_opened_are_left_alone(sweep):
    one = sweep()
    other = sweep()
    place = keys.numbered(keys.backups(KEYS[1]), 1)
    item, there = other.store.get(place), one.store.get(place)
    assert item
    assert there
    one.store.replace(place, item.data, there.version)  # sealed with a key that we do not have
    works = one.journal("other", "b.2")
    works.begin_run({"asked": "sha256:" + "0" * 64, "stance": {}})
    with locked(one.store, [keys.alone(KEYS[0])], works, one.context.ports.now):
        found = one()
    assert found["dropped"] == {KEYS[2]: [1, 2]}
    assert found["failed"] == {KEYS[0]: "ENG742", KEYS[1]: "ENG717"}
    assert one.left() == {KEYS[0]: [1, 2, 3], KEYS[1]: [1, 2, 3], KEYS[2]: [3]}
