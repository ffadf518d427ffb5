"""The inbox: what was said to be kept is kept, each once, and in turn."""

import os
import resource
import signal
import sqlite3
import subprocess
import sys
from typing import Any

import pytest

from engine.errors import EngineError
from engine.service import database, inbox
from engine.service.delivery import ENDED, STATES, Delivery
from engine.service.inbox import Inbox

AT = "2026-01-01T00:00:00Z"


def one(id_: str, digest: str = "", repo_id: int | None = 1, **changed: Any) -> Delivery:
    """A delivery with another body than all others, unless `digest` says which."""
    found = Delivery(id_, "push", "", repo_id, f"acme/r{repo_id}", 7, digest or f"of {id_}", f"acme/r{repo_id}", "", AT)
    return found._replace(**changed)


@pytest.fixture
def box(tmp_path):
    kept = Inbox(str(tmp_path / "inbox.db"), now=lambda: AT)
    yield kept
    kept.close()


def ids(found):
    return [each.id for each in found]


def test_what_was_put_is_there_byte_by_byte(box):
    for number, body in enumerate([b"", b"{}", bytes(range(256)) * 300, b"\0" * 1_000_000]):
        assert box.put(one(f"d{number}"), body) == "new"
        assert box.body(f"d{number}") == body
    assert box.get("d1") == one("d1", number=2)
    assert (box.get("no"), box.body("no")) == (None, None)


@pytest.mark.parametrize(
    ("why", "second", "answer"),
    [
        ("it came again", one("a", "x"), "known"),
        ("its body came under another id", one("b", "x"), "known"),
        ("its id came with another body", one("a", "y"), "other_body"),
        ("it is another", one("b", "y"), "new"),
    ],
)
def test_doubles(box, why, second, answer):
    assert box.put(one("a", "x"), b"1") == "new"
    assert box.put(second, b"2") == answer, why
    assert box.body("a") == b"1"


def test_a_dispatch_may_say_the_same_again_a_minute_later(tmp_path):
    moments = iter(["2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z", "2026-01-01T00:01:01Z", "2026-01-01T00:01:02Z"])
    box = Inbox(str(tmp_path / "inbox.db"), now=lambda: next(moments))
    told = [box.put(one(id_, "x", event="repository_dispatch"), b"{}") for id_ in "abcd"]
    assert told == ["new", "known", "new", "known"]
    box.close()


def test_what_was_put_aside_is_taken_when_it_comes_again_and_its_source_is_one(box):
    for state in ("refused", "kept"):
        aside = one(state, state=state, reason="no source")
        assert [box.put(aside, b""), box.put(aside, b"")] == ["new", "known"]
        assert box.put(one(state), b"{}") == "new"
        assert (box.get(state).state, box.body(state)) == ("waiting", b"{}")
        assert box.put(one(state), b"{}") == "known"
        box.mark([state], state)  # by the rules, and with its body
        assert box.put(one(state), b"{}") == "known"
        assert box.put(one(state, "other", state=state), b"") == "other_body"


def test_large_ones_are_looked_at_one_by_one(box, monkeypatch):
    monkeypatch.setattr(inbox, "_LOOKED_AT", 100)
    for name, size in (("a", 1_000), ("b", 60), ("c", 40), ("d", 1)):
        box.put(one(name), b"x" * size)
    assert ids(box.waiting(9)) == ["a"]
    box.mark(["a"], "kept")
    assert ids(box.waiting(9)) == ["b", "c"]


def test_sources_take_turns_whoever_sends_more(box):
    for number in range(6):
        box.put(one(f"many{number}", repo_id=1), b"")
    for number in range(2):
        box.put(one(f"few{number}", repo_id=2), b"")
    box.put(one("none", repo_id=None), b"")
    assert ids(box.waiting(6)) == ["many0", "few0", "none", "many1", "few1", "many2"]
    box.mark(["many0", "few0"], "queued", run="r")
    assert ids(box.waiting(3)) == ["many1", "few1", "none"]


def test_what_somebody_wants_again_is_next_in_its_source_and_a_run_of_its_own(box):
    for number in range(3):
        box.put(one(f"d{number}"), b"{}")
    box.mark(["d0"], "running", run="gh-d0", tried=True)
    with pytest.raises(EngineError, match="it is running"):
        box.again("d0", "ann")
    box.mark(["d0"], "failed", reason="ENG002")
    found = box.again("d0", "ann")
    assert (found.state, found.tries, found.run_id, found.reason) == ("waiting", 0, "gh-d0-2", "ann wants it again")
    box.mark(["d2"], "kept")
    box.again("d2", "ann")
    assert ids(box.waiting(3)) == ["d0", "d2", "d1"]


@pytest.mark.parametrize("state", sorted(set(STATES) - ENDED))
def test_what_has_not_ended_cannot_be_had_again(box, state):
    box.put(one("d"), b"{}")
    box.mark(["d"], state)
    with pytest.raises(EngineError, match="ENG784"):
        box.again("d", "ann")


def test_what_was_refused_cannot_be_had_again(box):
    box.put(one("d", state="refused", reason="no source"), b"{}")
    assert box.body("d") is None
    for id_ in ("d", "nobody's"):
        with pytest.raises(EngineError, match="ENG784"):
            box.again(id_, "ann")


def test_marks_are_of_all_or_of_none(box):
    for number in range(3):
        box.put(one(f"d{number}"), b"")
    box.mark((f"d{number}" for number in range(3)), "queued", run="r1", tried=True)
    box.mark(["d1"], "done")
    assert [(d.state, d.run, d.tries) for d in box.find()] == [
        ("queued", "r1", 1),
        ("done", "r1", 1),
        ("queued", "r1", 1),
    ]
    with pytest.raises(ValueError, match="no state"):
        box.mark(["d1"], "waitng")
    assert {state: n for state, n in box.counts().items() if n} == {"queued": 2, "done": 1}


def test_they_are_found_by_what_they_are_newest_first_and_page_by_page(box):
    for number in range(5):
        box.put(one(f"d{number}", repo_id=number % 2), b"")
    assert ids(box.find(repo="acme/r0")) == ["d4", "d2", "d0"]
    assert ids(box.find(repo="acme/r0", state="waiting", subject="acme/r0", limit=1)) == ["d4"]
    first = box.find(limit=2)
    assert ids(box.find(before=first[-1].number, limit=2)) == ["d2", "d1"]
    assert box.find(repo="' OR 1 --") == []
    assert box.known(["d1", "d9", "'"]) == {"d1"}


def test_what_has_ended_long_ago_is_removed_and_its_body_still_known(box, monkeypatch):
    monkeypatch.setattr(inbox, "_REMOVED", 1)  # in one go
    box.put(one("old", received_at="2025-01-01T00:00:00Z"), b"{}")
    box.put(one("older", received_at="2024-01-01T00:00:00Z"), b"{}")
    box.put(one("open", received_at="2025-01-01T00:00:00Z"), b"{}")
    box.put(one("new"), b"{}")
    box.mark(["old", "older", "new"], "done")
    assert box.prune("2025-06-01T00:00:00Z", "2025-06-01T00:00:00Z") == 2
    assert ids(box.find()) == ["new", "open"]
    assert box.database.rows("SELECT count(*) FROM bodies")[0][0] == 2
    assert box.put(one("again", "of old"), b"{}") == "known"
    assert box.prune("2025-06-01T00:00:00Z", "2027-01-01T00:00:00Z") == 0
    assert box.put(one("again", "of old"), b"{}") == "new"


def test_many_that_wait_are_one_transaction(box, tmp_path):
    box.put(one("first"), b"")
    with sqlite3.connect(tmp_path / "inbox.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        told = [box.put_soon(one(f"d{n}"), b"{}") for n in range(200)]
        before = other.execute("PRAGMA data_version").fetchone()[0]
        other.execute("ROLLBACK")
        assert [future.result() for future in told] == ["new"] * 200
        seen = other.execute("PRAGMA data_version").fetchone()[0]
    assert seen - before <= 3


def test_whoever_cannot_be_written_is_told(box, tmp_path, monkeypatch):
    monkeypatch.setattr(database, "_WAIT_S", 0.1)
    with sqlite3.connect(tmp_path / "inbox.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(EngineError, match=r"ENG749.*locked"):
            box.put(one("d"), b"")
        other.execute("ROLLBACK")
    assert box.put(one("d"), b"") == "new"  # and the next one is taken again


def test_whoever_waits_no_longer_stops_nobody(box, tmp_path):
    with sqlite3.connect(tmp_path / "inbox.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        told = [box.put_soon(one(f"d{n}"), b"{}") for n in range(20)]
        gone = [future for future in told[5:15] if future.cancel()]
        other.execute("ROLLBACK")
    assert [future.result() for future in told if future not in gone] == ["new"] * (20 - len(gone))
    assert (len(gone) > 0, box.counts()["waiting"]) == (True, 20 - len(gone))
    assert box.put(one("next"), b"") == "new"


def test_more_than_can_be_written_are_told_to_come_again(box, tmp_path, monkeypatch):
    with sqlite3.connect(tmp_path / "inbox.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        told = [box.put_soon(one(f"d{n}"), b"{}") for n in range(inbox._PENDING + inbox._GROUP + 10)]
        other.execute("ROLLBACK")
    refused = [future for future in told if future.exception(timeout=60)]
    assert 0 < len(refused) <= inbox._GROUP + 10
    assert box.counts()["waiting"] == len(told) - len(refused)


def test_a_full_disk_is_told_and_what_was_there_stays(tmp_path):
    path = str(tmp_path / "inbox.db")
    program = f"""
import resource, signal, os
from engine.errors import EngineError
from engine.service.inbox import Inbox
from tests.service.test_inbox import one
box = Inbox({path!r})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
kept = 0
try:
    while True:
        box.put(one(f"d{{kept}}"), os.urandom(20_000))
        kept += 1
except EngineError as error:
    print(kept, error.problems[0].code, flush=True)
os._exit(0)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    kept, code = done.stdout.split()
    assert code == "ENG749"
    box = Inbox(path)
    assert (int(kept) > 3, box.counts()["waiting"]) == (True, int(kept))
    box.close()


def test_nothing_that_was_answered_is_lost_when_the_process_is_killed(tmp_path):
    path = str(tmp_path / "inbox.db")
    program = f"""
import os, threading
from engine.service.inbox import Inbox
from tests.service.test_inbox import one
box = Inbox({path!r})
def send(who):
    for number in range(100_000):
        assert box.put(one(f"{{who}}-{{number}}"), b"{{}}" * 1000) == "new"
        os.write(1, f"{{who}}-{{number}}\\n".encode())  # one line at once, whoever else writes
for who in range(4):
    threading.Thread(target=send, args=[who]).start()
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        said = [running.stdout.readline().strip() for _ in range(60)]
        os.kill(running.pid, signal.SIGKILL)
        said += running.stdout.read().split()
    box = Inbox(path)
    assert [each for each in said if box.body(each) != b"{}" * 1000] == []
    box.close()


def test_processes_at_once_keep_one_delivery_once(tmp_path):
    path = str(tmp_path / "inbox.db")
    program = f"""
from engine.service.inbox import Inbox
from tests.service.test_inbox import one
box = Inbox({path!r})
told = [box.put_soon(one(f"d{{n}}"), b"{{}}") for n in range(100)]
print(sum(each.result() == "new" for each in told))
"""
    started = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert sum(int(each.communicate()[0]) for each in started) == 100


@pytest.mark.parametrize(
    ("why", "made"),
    [
        ("no database", lambda path: path.write_bytes(b"something else, longer than a header" * 10)),
        ("a newer engine's", lambda path: sqlite3.connect(path).execute("PRAGMA user_version = 9").connection.close()),
    ],
)
def test_another_file_is_not_used(tmp_path, why, made):
    path = tmp_path / "inbox.db"
    made(path)
    with pytest.raises(EngineError, match="ENG781"):
        Inbox(str(path))
    assert b"deliveries" not in path.read_bytes(), why


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "inbox.db").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EngineError, match="ENG002"):
        Inbox(str(tmp_path / "inbox.db"))
    assert not (tmp_path / "elsewhere").exists()


def test_nobody_else_reads_it(box, tmp_path):
    box.put(one("d"), b"{}")
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert set(modes.values()) == {0o600}, modes


def test_connections_of_ended_threads_are_closed(box):
    import gc
    import threading

    for _ in range(20):
        thread = threading.Thread(target=box.counts)
        thread.start()
        thread.join()
    gc.collect()
    assert len(box.database._all) <= 3
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 20
