"""The trail is one chain without a gap, whoever writes, and whatever ends them."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import pytest

from engine.adapters.storage.directory import Directory
from engine.adapters.storage.memory import Memory
from engine.core.audit import chain, record
from engine.core.kept import keys
from engine.errors import EngineError, failure
from engine.run import audit
from engine.run.audit import Numbered, Trail
from engine.run.audit_file import File
from tests.support.signing import NOW, signer, trusted
from tests.support.trail import said, trail

AUDITED = trusted(purposes=("audit",))


def lines(store) -> bytes:
    return b"".join(store.get(key).data for key in store.list(keys.AUDIT))


def whole(data: bytes) -> list[record.Record]:
    """The records of a trail that is one chain from its beginning."""
    tip, found = chain.START, []
    batch = b""
    for line in data.splitlines(keepends=True):
        batch += line
        if chain.is_head(line):
            records, head = chain.opened(batch, tip)
            found += [record.read(one) for one in records]
            tip, batch = head.tip, b""
    assert not batch
    return found


def test_what_is_said_is_there_when_say_returns():
    store = Memory()
    trail(store).say(said("one"), said("two", pr=None))
    trail(store, run="run-2").say(said("three"))
    assert [(one.seq, one.run, one.said.why) for one in whole(lines(store))] == [
        (1, "run-1", "one"),
        (2, "run-1", "two"),
        (3, "run-2", "three"),
    ]


def test_nothing_said_is_nothing_written():
    store = Memory()
    trail(store).say()
    assert not lines(store)
    assert trail(store).head() is None


def test_secrets_are_hidden_before_anything_is_hashed():
    store = Memory()
    quiet = Trail(Numbered(store), "run-1", lambda: NOW, hide=lambda text: text.replace("hunter2", "(sensitive)"))
    quiet.say(said("it says hunter2", details={"a": ["hunter2"], "hunter2": 1}, key="hunter2", outcome="hunter2"))
    assert b"hunter2" not in lines(store)
    assert whole(lines(store))[0].said.details == {"a": ["(sensitive)"], "(sensitive)": 1}


@pytest.mark.parametrize(
    ("why", "text"),
    [
        ("a line separator", "a\u2028b\u2029c\x85d"),
        ("controls and line ends", "a\nb\rc\0d\x1b[31m"),
        ("half a surrogate pair", "a\ud800b"),
        ("megabytes", "x" * 3_000_000),
        ("what would end the JSON", '"}\n{"after":"' + "0" * 64),
    ],
)
def test_foreign_text_stays_in_its_line(why, text):
    store = Memory()
    trail(store).say(said(text, outcome=text, details={text: text}))
    [one] = whole(lines(store))
    assert one.said.why == (text if len(text) <= record.LONGEST else text[: record.LONGEST] + "…"), why
    assert len(lines(store).splitlines()) == 2
    assert len(lines(store)) < 2 * record.LARGEST


def test_details_that_are_too_large_become_their_digest():
    store = Memory()
    trail(store).say(said(details={str(n): "x" * 400 for n in range(50)}))
    [one] = whole(lines(store))
    assert one.said.details.keys() == {"cut"}


def test_more_than_a_batch_takes_is_several():
    store = Memory()
    trail(store).say(*(said(str(n)) for n in range(2 * chain.MOST + 1)))
    assert [one.said.why for one in whole(lines(store))] == [str(n) for n in range(2 * chain.MOST + 1)]
    assert len(list(store.list(keys.AUDIT))) == 3


def test_threads_share_batches_and_none_is_lost():
    store = Memory()
    one = trail(store)
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda n: one.say(said(str(n)), said(f"{n}b")), range(60)))
    found = [each.said.why for each in whole(lines(store))]
    assert sorted(found) == sorted([f"{n}{b}" for n in range(60) for b in ("", "b")])
    assert all(found[found.index(str(n)) + 1] == f"{n}b" for n in range(60))


def _speaks(path: str, name: str, times: int) -> None:
    store = Directory(path, durable=True)
    mine = trail(store, run=name, signer=signer())
    for n in range(times):
        mine.say(said(f"{name}-{n}"))


def test_ten_processes_at_once_form_one_chain(tmp_path):
    path = str(tmp_path / "store")
    Directory(path, durable=True)
    # Forked of a process without threads: what one of ours has locked stays so in a copy of us, and Go hangs there.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    processes = [context.Process(target=_speaks, args=(path, f"p{n}", 8)) for n in range(10)]
    for one in processes:
        one.start()
    for one in processes:
        one.join(180)
        assert one.exitcode == 0
    found = [each.said.why for each in whole(lines(Directory(path, durable=True)))]
    assert len(found) == 80
    for n in range(10):
        assert [why for why in found if why.startswith(f"p{n}-")] == [f"p{n}-{k}" for k in range(8)]


class Greedy(Memory):
    """Somebody else is always quicker, so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def put_if_absent(self, key, data):
        if self.times > 0:
            self.times -= 1
            other, self.times, left = trail(self, run="other"), 0, self.times
            other.say(said("quicker"))
            self.times = left
        return super().put_if_absent(key, data)


def test_whoever_loses_a_number_takes_the_next_one():
    store = Greedy(30)
    trail(store).say(said("at last"))
    assert [one.said.why for one in whole(lines(store))] == ["quicker"] * 30 + ["at last"]


def test_whoever_never_gets_a_turn_says_so(monkeypatch):
    monkeypatch.setattr(audit, "PATIENCE_S", -1.0)
    with pytest.raises(EngineError) as caught:
        trail(Greedy(3)).say(said())
    assert [one.code for one in caught.value.problems] == ["ENG720", "ENG722"]


class Down(Memory):
    """A store that fails: before it has done anything, or afterwards."""

    def __init__(self, *, lost: bool) -> None:
        super().__init__()
        self.lost, self.is_down = lost, True

    def put_if_absent(self, key, data):
        if not self.is_down:
            return super().put_if_absent(key, data)
        if self.lost:
            super().put_if_absent(key, data)
        raise failure("ENG002", file="store", reason="no space left on device")


def test_what_cannot_be_written_was_not_said_and_the_next_word_stands():
    store = Down(lost=False)
    one = trail(store)
    with pytest.raises(EngineError) as caught:
        one.say(said("lost"))
    assert [each.code for each in caught.value.problems] == ["ENG720", "ENG002"]
    store.is_down = False
    one.say(said("kept"))
    assert [each.said.why for each in whole(lines(store))] == ["kept"]


def test_an_answer_that_was_lost_is_read_back():
    store = Down(lost=True)
    one = trail(store)
    one.say(said("a"))
    one.say(said("b"))
    assert [each.said.why for each in whole(lines(store))] == ["a", "b"]


def test_one_thread_cannot_keep_what_another_can():
    store = Memory()
    one = trail(store)
    with pytest.raises(TypeError):
        one.say(said(details={"a": object()}))
    one.say(said("still"))
    assert [each.said.why for each in whole(lines(store))] == ["still"]


def test_the_end_of_a_long_trail_is_found_without_listing_it(monkeypatch):
    monkeypatch.setattr(keys, "AUDIT_FOLDER", 4)
    store = Memory()
    for n in range(30):
        trail(store, run=str(n)).say(said(str(n)))
    assert len(whole(lines(store))) == 30

    listed: list[str] = []
    monkeypatch.setattr(store, "list", lambda prefix, after="": iter(listed_in(store, prefix, after, listed)))
    head = trail(store).head()
    assert head
    assert head.number == 30
    assert len(listed) <= 4


def listed_in(store, prefix, after, listed):
    found = list(Memory.list(store, prefix, after))
    listed += found
    return found


@pytest.mark.parametrize("number", [1, 2, 4, 5, 7])
def test_nobody_writes_behind_a_gap(monkeypatch, number):
    monkeypatch.setattr(keys, "AUDIT_FOLDER", 3)
    store = Memory()
    for n in range(8):
        trail(store).say(said(str(n)))
    item = store.get(keys.audit(number))
    assert item
    assert store.delete(item.key, item.version)
    with pytest.raises(EngineError) if number in (4, 7) else nullcontext():  # others are for `engine audit verify`
        trail(store).say(said("on"))
        assert store.get(keys.audit(9)), "it stands behind the last one, and fills no gap"
    assert store.get(keys.audit(number)) is None


@pytest.mark.parametrize(
    ("why", "change"),
    [
        ("no line", lambda data: b"nonsense"),
        ("its head is gone", lambda data: data.splitlines(keepends=True)[0]),
        ("a record was changed", lambda data: data.replace(b"original", b"0riginal")),
        ("its signature is another's", lambda data: data[:-10] + (b"A" if data[-10:-9] != b"A" else b"B") + data[-9:]),
        ("empty", lambda data: b""),
    ],
)
def test_nobody_writes_behind_what_is_not_right(why, change):
    store = Memory()
    trail(store, signer=signer()).say(said("original"))
    item = store.get(keys.audit(1))
    assert item
    assert store.replace(item.key, change(item.data), item.version)
    with pytest.raises(EngineError) as caught:
        Trail(Numbered(store), "run-2", lambda: NOW, trusted=lambda: AUDITED).say(said())
    assert [each.code for each in caught.value.problems] == ["ENG720", "ENG721"], why


def test_a_file_is_a_trail_too_and_goes_on(tmp_path):
    path = str(tmp_path / "audit.jsonl")
    Trail(File(path), "a", lambda: NOW).say(said("one"))
    Trail(File(path), "b", lambda: NOW).say(*(said(str(n) * 300) for n in range(chain.MOST)))
    Trail(File(path), "c", lambda: NOW).say(said("last"))
    assert len(whole(Path(path).read_bytes())) == chain.MOST + 2
    assert os.stat(path).st_mode & 0o777 == 0o600


@pytest.mark.parametrize("cut", [1, 20, 200, 500])
def test_what_a_killed_writer_left_behind_the_last_head_is_taken_off(tmp_path, cut):
    path = tmp_path / "audit.jsonl"
    Trail(File(str(path)), "a", lambda: NOW).say(said("one"))
    before = path.read_bytes()
    Trail(File(str(path)), "a", lambda: NOW).say(said("two"), said("three"))
    path.write_bytes(path.read_bytes()[:-cut])
    Trail(File(str(path)), "b", lambda: NOW).say(said("four"))
    assert path.read_bytes().startswith(before)
    assert [each.said.why for each in whole(path.read_bytes())] == ["one", "four"]


def test_another_file_is_never_taken_for_a_trail(tmp_path):
    path = tmp_path / "audit.jsonl"
    path.write_text("precious\n")
    with pytest.raises(EngineError):
        Trail(File(str(path)), "a", lambda: NOW).say(said())
    assert path.read_text() == "precious\n"


KILLED = """
import sys
from engine.adapters.storage.directory import Directory
from engine.run.audit import Numbered, Trail
from engine.run.audit_file import File
from tests.support.trail import said
place = File(sys.argv[2]) if sys.argv[1] == "file" else Numbered(Directory(sys.argv[2], durable=True))
one = Trail(place, "run", lambda: "2026-01-01T00:00:00Z")
for n in range(1_000_000):
    one.say(said(str(n)), said("x" * 400))
    print(n, flush=True)
"""


@pytest.mark.parametrize("kind", ["file", "store"])
def test_what_was_said_outlives_a_kill_at_any_moment(tmp_path, kind):
    path = tmp_path / "trail"
    for attempt in range(3):
        process = subprocess.Popen([sys.executable, "-c", KILLED, kind, str(path)], stdout=subprocess.PIPE)
        assert process.stdout
        assert process.stdout.readline() == b"0\n"
        time.sleep(0.01 * attempt)
        process.send_signal(signal.SIGKILL)
        told = [b"0", *process.communicate()[0].split(b"\n")[:-1]]
        if kind == "file":
            data = path.read_bytes()
            heads = [line for line in data.splitlines(keepends=True) if chain.is_head(line)]
            found = whole(data[: data.rindex(heads[-1]) + len(heads[-1])])
        else:
            found = whole(lines(Directory(str(path), durable=True)))
        mine = [each.said.why for each in found if len(each.said.why) < 400]
        last = mine[len(mine) - 1 - mine[::-1].index("0") :]
        assert [*map(str.encode, last)][: len(told)] == told


def test_a_full_disk_is_told_and_what_was_there_stays(tmp_path):
    path = tmp_path / "audit.jsonl"
    Trail(File(str(path)), "a", lambda: NOW).say(said("one"))
    before = path.read_bytes()
    code = (
        "import resource, signal, sys\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({len(before) + 100}, {len(before) + 100}))\n"
        "from engine.run.audit import Trail\nfrom engine.run.audit_file import File\n"
        "from engine.errors import EngineError\nfrom tests.support.trail import said\n"
        "try: Trail(File(sys.argv[1]), 'b', lambda: '').say(said())\n"
        "except EngineError as error: print(*(p.code for p in error.problems))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout == "ENG720 ENG002\n"
    assert path.read_bytes() == before
