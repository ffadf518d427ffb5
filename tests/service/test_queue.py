"""DBOS as we use it: each key once, of a group one at a time, and what a killed process had begun begins again."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import pytest

from engine.service import queue as service_queue
from engine.service.queue import Queue
from tests.support.receiver import until

pytestmark = pytest.mark.slow  # its own start takes more than a second


class Work:
    """What the queue starts; tells how many went at once."""

    def __init__(self) -> None:
        self.lock, self.ended = threading.Lock(), threading.Semaphore(0)
        self.meeting = threading.Barrier(3)
        self.going: list[str] = []
        self.order: list[str] = []
        self.most, self.most_of_one = 0, 0

    def __call__(self, key: str) -> None:
        group = key.partition("-")[0]
        with self.lock:
            self.order.append(key)
            self.going.append(group)
            self.most = max(self.most, len(self.going))
            self.most_of_one = max(self.most_of_one, self.going.count(group))
        time.sleep(0.05)
        if key.endswith("meets"):
            with contextlib.suppress(threading.BrokenBarrierError):
                self.meeting.wait(110)
        with self.lock:
            self.going.remove(group)
        self.ended.release()
        if key.endswith("breaks"):
            raise ValueError("a bug")

    def wait(self, many: int) -> None:
        for _ in range(many):
            assert self.ended.acquire(timeout=120)


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    work = Work()
    queue = Queue(str(tmp_path_factory.mktemp("state")), 3, work)
    yield queue, work
    queue.stop()


def test_several_groups_go_side_by_side(begun):
    queue, work = begun
    for group in "pqr":
        queue.enqueue(f"{group}-meets", group)
    work.wait(3)
    assert not work.meeting.broken, "none would have ended without the others"


def test_of_a_group_one_goes_at_a_time_and_no_more_than_there_are_places(begun):
    queue, work = begun
    keys = [f"{group}-{number}" for number in range(4) for group in "abcde"]
    for key in keys:
        queue.enqueue(key, key[0])
    work.wait(len(keys))
    assert sorted(set(keys) & set(work.order)) == sorted(keys)
    assert len(work.order) == len(set(work.order))
    assert work.most_of_one == 1
    assert work.most <= 3
    for group in "abcde":
        assert [key for key in work.order if key[0] == group] == [key for key in keys if key[0] == group]


def test_a_key_is_begun_once_whoever_says_it_and_however_often(begun):
    queue, work = begun
    before = len(work.order)
    threads = [threading.Thread(target=queue.enqueue, args=("x-once", "x")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work.wait(1)
    queue.enqueue("x-once", "x")
    queue.enqueue("x-then", "x")
    work.wait(1)
    assert work.order[before:] == ["x-once", "x-then"]


def test_what_breaks_is_over_and_keeps_nobody(begun):
    queue, work = begun
    queue.enqueue("y-breaks", "y")
    queue.enqueue("y-next", "y")
    work.wait(2)
    until(lambda: not queue.pending())


def test_what_goes_by_the_file_alone_keeps_no_place(begun, monkeypatch):
    """The disk was full when its end was to be written: nobody would write it later."""
    queue, work = begun
    keys = {"ghost-1", "phantom-1", "spectre-1"}
    for key in keys:
        queue.enqueue(key, key.partition("-")[0])
    work.wait(3)
    until(lambda: not queue.pending())
    with contextlib.closing(sqlite3.connect(queue._path)) as file, file:
        file.execute(
            "UPDATE workflow_status SET status = 'PENDING', completed_at = NULL WHERE workflow_uuid IN (?, ?, ?)",
            sorted(keys),
        )
    queue.enqueue("ghost-2", "ghost")
    assert queue.pending() == keys | {"ghost-2"}, "who looks at once may be too early"
    assert not work.ended.acquire(timeout=1)
    monkeypatch.setattr(service_queue, "_NOBODYS_S", 0)
    assert queue.pending() == {"ghost-2"}
    work.wait(1)
    until(lambda: not queue.pending())


def test_what_has_ended_is_forgotten_and_nothing_else(begun):
    queue, work = begun
    assert queue.forget("2000-01-01T00:00:00Z") == 0
    assert queue.forget("2099-01-01T00:00:00Z") > 0
    queue.enqueue("z-after", "z")
    work.wait(1)


_PROCESS = """
import json, sys, time
from engine.service.queue import Queue
def work(key):
    with open(sys.argv[2], "a") as file:
        file.write(key + chr(10))
    if len(sys.argv) > 3:
        print(key + chr(10), end="", flush=True)  # in one piece: two of them share the outlet
        time.sleep(60)
queue = Queue(sys.argv[1], 2, work)
for key in ("a-1", "a-2", "b-1"):
    queue.enqueue(key, key[0])
end = time.monotonic() + 120
while queue.pending() and time.monotonic() < end:
    time.sleep(0.05)
print(json.dumps(sorted(queue.pending())), flush=True)
"""


def test_what_a_killed_process_had_begun_begins_again_in_the_next_one(tmp_path):
    log = tmp_path / "log"
    words = [sys.executable, "-c", _PROCESS, str(tmp_path), str(log)]
    first = subprocess.Popen([*words, "hold"], stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None
    begun = {first.stdout.readline().strip() for _ in range(2)}
    assert begun == {"a-1", "b-1"}
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    first.stdout.close()
    second = subprocess.run(words, capture_output=True, text=True, timeout=180, check=True)
    assert json.loads(second.stdout) == []
    assert sorted(log.read_text().split()) == ["a-1", "a-1", "a-2", "b-1", "b-1"]


def damaged(path) -> None:
    """A page of it is another's."""
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA journal_mode=WAL")
        file.execute("CREATE TABLE one (value TEXT)")
        file.executemany("INSERT INTO one VALUES (?)", [("x" * 3000,)] * 50)
        file.commit()
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with open(path, "r+b") as file:
        file.seek(4096)
        file.write(os.urandom(8192))


@pytest.mark.parametrize("why", ["it is another kind of file", "a page of it was lost", "it was cut off"])
def test_a_file_that_is_damaged_is_put_aside_and_made_anew(tmp_path, why):
    path = tmp_path / "queue.db"
    if why == "it is another kind of file":
        path.write_bytes(b"no database" * 1000)
    else:
        damaged(path)
    if why == "it was cut off":
        os.truncate(path, 40_000)
    before = (tmp_path / "queue.db").read_bytes()
    words = [sys.executable, "-c", _PROCESS, str(tmp_path), str(tmp_path / "log")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=180, check=True)
    assert json.loads(done.stdout) == [], why
    assert (tmp_path / "queue.db.damaged").read_bytes() == before


def test_what_it_writes_is_the_next_release_s_too_and_is_read_by_no_pickle(begun):
    """A version that is a digest of sources, or an executor by another name, would leave what was begun to nobody."""
    queue, work = begun
    queue.enqueue("v-1", "v")
    work.wait(1)
    with contextlib.closing(sqlite3.connect(queue._path)) as file:
        file.row_factory = sqlite3.Row
        row = file.execute("SELECT * FROM workflow_status WHERE workflow_uuid = 'v-1'").fetchone()
    assert (row["application_version"], row["executor_id"]) == ("1", "worker")
    assert row["serialization"] == "portable_json"


def test_nobody_else_reads_the_file(begun):
    queue, _ = begun
    assert os.stat(queue._path).st_mode & 0o077 == 0
