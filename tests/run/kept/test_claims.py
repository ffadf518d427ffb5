"""Claims: one at a time, and none that is left behind stays for ever."""

from threading import Event

import pytest

from engine.adapters.storage.memory import Memory
from engine.core.kept.journal import Identity
from engine.errors import EngineError, failure
from engine.run.kept.claims import claimed, held, is_alive, locked
from engine.run.kept.journal import Journal
from engine.run.kept.owner import Owner

KEY, NOW, LATER = "claims/merge/acme/x/dev", "2026-11-27T09:00:00Z", "2026-11-27T09:29:59Z"
LOST = "2026-11-27T09:30:00Z"


def journal(store, run, owner, *, begun=True):
    found = Journal(store, Identity(run, "merge", "x#1"), Owner(owner, f"{owner} on host"), None)
    if begun and found.start is None:
        found.begin_run({"asked": "", "stance": {}})
    return found


def left(store, by, now=NOW):
    """A claim that its owner has not given back: it was killed."""
    with claimed(store, KEY, by, now, Event()) as claim:
        data = store.get(KEY).data
    assert claim.key == KEY
    assert store.put_if_absent(KEY, data)


def take(store, by, now=NOW):
    stop = Event()
    stop.set()  # it is not waited for here
    with claimed(store, KEY, by, now, stop) as claim:
        claim.check()
        return claim.waited


def same_run(store):
    again = journal(store, "7", "b.2")
    again.take("--resume")
    return again


def ended(store):
    journal(store, "7", "a.1").finish_run({"exit": 0})
    return journal(store, "8", "b.2")


def overtaken(store):
    journal(store, "7", "c.3").take("--resume")
    return journal(store, "8", "b.2")


@pytest.mark.parametrize(
    ("why", "who", "now", "is_taken"),
    [
        ("somebody else may be at work", lambda s: journal(s, "8", "b.2"), NOW, False),
        ("also for long", lambda s: journal(s, "8", "b.2"), LATER, False),
        ("nobody is at work for that long", lambda s: journal(s, "8", "b.2"), LOST, True),
        ("the same run, which goes on in another process", same_run, NOW, True),
        ("the executor that the dead one was", lambda s: journal(s, "8", "a.2"), NOW, True),
        ("its run has ended", ended, NOW, True),
        ("its run is another process's, which will find the claim itself", overtaken, NOW, True),
    ],
)
def test_who_takes_over_what_was_left(why, who, now, is_taken):
    store = Memory()
    left(store, journal(store, "7", "a.1"))
    if is_taken:
        assert take(store, who(store), now), why
        assert store.get(KEY) is None, "and gives it back"
        return
    with pytest.raises(EngineError) as refused:
        take(store, who(store), now)
    assert refused.value.problems[0].code == "ENG620", why
    assert "a.1 on host has it since 2026-11-27T09:00:00Z" in refused.value.problems[0].message


def test_a_claim_is_lost_to_whoever_took_it_over():
    store = Memory()
    with claimed(store, KEY, journal(store, "7", "a.1"), NOW, Event()) as claim:
        assert take(store, journal(store, "8", "b.2"), LOST)
        with pytest.raises(EngineError) as lost:
            claim.check()
        assert lost.value.problems[0].code == "ENG621"
        with claimed(store, KEY, journal(store, "9", "c.3"), NOW, Event()) as another:
            pass
    assert another.waited is False


def test_whoever_wakes_up_late_gives_back_nothing_of_others():
    store = Memory()
    sleeper = claimed(store, KEY, journal(store, "7", "a.1"), NOW, Event())
    sleeper.__enter__()
    with claimed(store, KEY, journal(store, "8", "b.2"), LOST, Event()) as claim:
        sleeper.__exit__(None, None, None)
        claim.check()


def test_a_run_whose_lines_cannot_be_believed_may_be_at_work():
    store = Memory()
    left(store, journal(store, "7", "a.1"))
    run = Identity("7", "merge", "x#1").key
    store.put_if_absent(f"journal/{run}/000002", b"no line")
    with pytest.raises(EngineError):
        take(store, journal(store, "8", "b.2"))


KEYS = ("claims/state/b", "claims/state/a")


def test_several_are_had_together_or_not_at_all():
    store = Memory()
    with claimed(store, KEYS[0], journal(store, "7", "a.1"), NOW, Event()):
        with (
            pytest.raises(EngineError) as refused,
            locked(store, KEYS, journal(store, "8", "b.2"), lambda: NOW),
        ):
            pass
        assert refused.value.problems[0].code == "ENG742"
        assert list(store.list("claims/")) == [KEYS[0]], "the other one was given back"
    with locked(store, KEYS, journal(store, "9", "c.3"), lambda: NOW) as locks:
        assert list(store.list("claims/")) == sorted(KEYS)
        locks.check()
    assert list(store.list("claims/")) == []


def test_what_takes_longer_than_a_claim_lasts_says_that_it_is_alive():
    store, moment = Memory(), [NOW]
    with locked(store, KEYS, journal(store, "7", "a.1"), lambda: moment[0]) as locks:
        moment[0] = LATER
        locks.renew()
        locks.check()
        with pytest.raises(EngineError), locked(store, KEYS, journal(store, "8", "b.2"), lambda: LOST):
            pass
        assert is_alive(store, KEYS[0], LOST)
    assert not is_alive(store, KEYS[0], LOST)


def test_whoever_was_silent_for_too_long_has_lost_them_and_takes_nothing_back():
    store, moment = Memory(), [NOW]
    with locked(store, KEYS, journal(store, "7", "a.1"), lambda: moment[0]) as locks:
        moment[0] = LOST
        with locked(store, KEYS, journal(store, "8", "b.2"), lambda: LOST) as theirs:
            locks.renew()
            with pytest.raises(EngineError) as lost:
                locks.check()
            assert lost.value.problems[0].code == "ENG621"
            theirs.check()


def test_a_store_that_is_away_for_a_while_loses_nothing():
    class Away(Memory):
        away = False

        def replace(self, key, data, version):
            if self.away:
                raise failure("ENG190", store="it", reason="away", action="put")
            return super().replace(key, data, version)

    store = Away()
    with locked(store, KEYS, journal(store, "7", "a.1"), lambda: NOW) as locks:
        store.away = True
        locks.renew()
        store.away = False
        locks.renew()
        locks.check()


def test_what_a_pipeline_has_already_is_not_claimed_again():
    store = Memory()
    mine = journal(store, "7", "a.1")
    with locked(store, [KEY], mine, lambda: NOW) as locks:
        with held(locks, store, KEY, mine, lambda: NOW) as claim:
            claim.check()
            locks.check()
        locks.check()  # it is the pipeline's still
        with held(locks, store, f"{KEY}2", mine, lambda: NOW) as other:
            other.check()
            assert list(store.list("claims/")) == [KEY, f"{KEY}2"]
        assert list(store.list("claims/")) == [KEY]
        with (
            pytest.raises(EngineError, match="ENG742"),
            held(None, store, KEY, journal(store, "8", "b.2"), lambda: NOW),
        ):
            pass


def test_one_that_was_lost_is_found_out_by_itself():
    store = Memory()
    mine = journal(store, "7", "a.1")
    with locked(store, [KEY, f"{KEY}2"], mine, lambda: NOW) as locks:
        item = store.get(KEY)
        assert item
        assert store.delete(KEY, item.version)
        locks.check(f"{KEY}2")
        with pytest.raises(EngineError, match="ENG621"):
            locks.check(KEY)
        with pytest.raises(EngineError, match="ENG621"):
            locks.check()
