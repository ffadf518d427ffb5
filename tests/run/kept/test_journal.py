"""A run's lines in a store: one owner, who is told that there is another, and a store that fails."""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from engine.adapters import files
from engine.adapters.storage.directory import Directory
from engine.adapters.storage.memory import Memory
from engine.core.kept.journal import Identity, line_key
from engine.errors import EngineError, failure
from engine.run.kept.journal import Journal, fill
from engine.run.kept.owner import Owner, owner

RUN = Identity("7-1", "validate", "acme/dev#1")
ME, YOU = Owner("me.1", "me on here, process 1"), Owner("you.2", "you on there, process 2")
DECIDED: dict[str, Any] = {"asked": "sha256:0", "stance": {}}
DONE: dict[str, Any] = {"outputs": {}, "problems": []}


@pytest.fixture(params=["directory", "memory"])
def store(request, tmp_path):
    return Memory() if request.param == "memory" else Directory(str(tmp_path / "store"), durable=True)


def begun(store, by=ME, key=None):
    journal = Journal(store, RUN, by, key)
    journal.begin_run(DECIDED)
    return journal


def code(act):
    with pytest.raises(EngineError) as error:
        act()
    return error.value.problems[0].code


def test_another_process_reads_what_one_has_written(store):
    journal = begun(store)
    journal.begin("plan", "S3/a", inputs="sha256:1")
    journal.end("plan", "S3/a", said=DONE)
    journal.begin("policy", inputs="sha256:2")
    other = Journal(store, RUN, YOU, None)
    assert (other.past("plan", "S3/a").state, other.past("policy").state, other.lines) == ("done", "begun", 4)
    assert other.start
    assert (other.owner, other.start["pipeline"]) == ("me on here, process 1", "validate")


def test_who_was_replaced_loses_at_the_next_line_and_at_each_after_it(store):
    first = begun(store)
    second = Journal(store, RUN, YOU, None)
    second.take("--resume")
    with pytest.raises(EngineError) as error:
        first.begin("plan", inputs="x")
    [problem] = error.value.problems
    assert (problem.code, "you on there" in problem.message) == ("ENG572", True)
    assert code(lambda: first.end("plan", said=DONE)) == "ENG572"
    second.begin("plan", inputs="x")
    assert Journal(store, RUN, ME, None).lines == 3


def test_who_begins_a_run_at_the_same_time_begins_nothing(store):
    first, second = Journal(store, RUN, ME, None), Journal(store, RUN, YOU, None)
    first.begin_run(DECIDED)
    assert code(lambda: second.begin_run(DECIDED)) == "ENG572"


def test_a_takeover_waits_for_the_line_that_is_being_written(store):
    """The old owner has written one more since we have looked: we look again, and take it behind that one."""
    first = begun(store)
    second = Journal(store, RUN, YOU, None)
    first.begin("plan", inputs="x")
    second.take("--resume")
    assert (second.past("plan").state, second.lines) == ("begun", 3)


def test_of_many_who_take_it_the_last_one_has_it(store):
    begun(store)
    journals = [Journal(store, RUN, Owner(f"o{n}.1", f"o{n}"), None) for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda journal: journal.take("--resume"), journals))
    owners = [journal for journal in journals if Journal(store, RUN, ME, None).owner == journal._owner.who]
    for journal in journals:
        if journal in owners:
            journal.begin("plan", inputs="x")
        else:
            assert code(lambda: journal.begin("plan", inputs="x")) == "ENG572"  # noqa: B023 - called at once
    assert len(owners) == 1
    assert Journal(store, RUN, ME, None).lines == 10


def test_threads_of_one_owner_write_whole_lines(store):
    journal = begun(store)

    def work(number):
        journal.begin("plan", f"S3/{number}", inputs="x")
        journal.end("plan", f"S3/{number}", said=DONE)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(40)))
    other = Journal(store, RUN, YOU, None)
    assert other.lines == 81
    assert {other.past("plan", f"S3/{n}").state for n in range(40)} == {"done"}


class Faulty(Memory):
    """A store whose answers get lost, or that has no room; everything else of it is real."""

    def __init__(self, *, writes):
        super().__init__()
        self.writes, self.asked = writes, 0
        self.broken = False

    def put_if_absent(self, key, data):
        self.asked += 1
        if not self.broken:
            return super().put_if_absent(key, data)
        if self.writes:
            super().put_if_absent(key, data)
        raise failure("ENG002", file=key, reason="No space left on device")


def test_a_line_whose_answer_was_lost_is_ones_own():
    store = Faulty(writes=True)
    journal = begun(store)
    store.broken = True
    journal.begin("plan", inputs="x")
    store.broken = False
    journal.end("plan", said=DONE)
    assert Journal(store, RUN, YOU, None).past("plan").state == "done"


def test_after_a_line_that_could_not_be_written_there_is_no_other():
    """The disk has room again a moment later: what is missing is missing."""
    store = Faulty(writes=False)
    journal = begun(store)
    journal.begin("plan", inputs="x")
    store.broken = True
    assert code(lambda: journal.end("plan", said=DONE)) == "ENG002"
    store.broken = False
    asked = store.asked
    assert code(lambda: journal.begin("policy", inputs="x")) == "ENG002"
    assert store.asked == asked, "nobody asks the store again"
    assert Journal(store, RUN, YOU, None).past("plan").state == "begun"


def test_one_line_is_one_write():
    store = Faulty(writes=True)
    journal = begun(store)
    for number in range(10):
        journal.begin("plan", str(number), inputs="x")
    assert store.asked == 11


@pytest.mark.parametrize(
    ("why", "attack"),
    [
        ("altered", lambda line: line.write_bytes(line.read_bytes().replace(b'"by":"me.', b'"by":"my.'))),
        ("removed", lambda line: line.unlink()),
        ("renumbered", lambda line: line.rename(line.with_name("000009="))),
        ("emptied by a crash of the machine", lambda line: line.write_bytes(b"")),
    ],
)
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_line_that_somebody_else_has_touched(tmp_path, why, attack, number):
    store = Directory(str(tmp_path / "store"), durable=True)
    journal = begun(store)
    journal.begin("policy", inputs="x")
    journal.end("policy", said=DONE)
    journal.begin("verdict", inputs="x")
    attack(tmp_path / "store" / f"{line_key(RUN.key, number)}=")
    assert code(lambda: Journal(store, RUN, YOU, None)) == "ENG573", why


def test_a_directory_that_is_gone(tmp_path):
    journal = begun(Directory(str(tmp_path / "store"), durable=True))
    (tmp_path / "store").rename(tmp_path / "elsewhere")
    assert code(lambda: journal.begin("plan", inputs="x")) in ("ENG001", "ENG002")
    (tmp_path / "store").mkdir()  # the mount point of a volume that has gone away
    assert code(lambda: journal.begin("plan", inputs="x")) in ("ENG001", "ENG002")
    assert code(lambda: Journal(journal._store, RUN, YOU, None)) == "ENG190"


def test_a_hand_over_brings_the_lines(store):
    lines = begun(Memory()).copy()
    fill(store, RUN.key, lines)
    fill(store, RUN.key, lines)
    Journal(store, RUN, YOU, None).take("--resume")
    assert code(lambda: fill(store, RUN.key, lines)) == "ENG576", "the run has gone on: it is an old one"


def test_a_hand_over_of_another_beginning(store):
    begun(store)
    assert code(lambda: fill(store, RUN.key, begun(Memory(), YOU).copy())) == "ENG576"


def test_an_executor_is_the_file_that_it_holds(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "ENDED_S", 0)
    file = str(tmp_path / "executor")
    with owner(file) as first:
        assert code(lambda: owner(file).__enter__()) == "ENG579"
        with owner(None) as other:
            assert not other.is_executor_of(first.id)
    with owner(file) as again:
        assert again.id != first.id, "another process of it"
        assert again.is_executor_of(first.id)
    with owner(None) as one, owner(None) as two:
        assert not one.is_executor_of(two.id)


@pytest.mark.parametrize("half", ["", "0123", "x" * 64])
def test_an_executor_whose_file_was_cut_off_is_a_new_one(tmp_path, half):
    file = tmp_path / "executor"
    file.write_text(half)
    file.chmod(0o600)
    with owner(str(file)) as me:
        assert me.id.partition(".")[0] == file.read_text()


@pytest.mark.parametrize(
    ("why", "make"),
    [
        ("a pipe has no content", os.mkfifo),
        ("a directory", lambda file: file.mkdir()),
        ("a link may lead anywhere", lambda file: file.symlink_to("elsewhere")),
        ("others could make it another executor", lambda file: (file.touch(), file.chmod(0o622))),
        ("a device", lambda file: file.symlink_to("/dev/null")),
    ],
)
def test_what_is_no_executor(tmp_path, why, make):
    make(tmp_path / "executor")
    assert code(lambda: owner(str(tmp_path / "executor")).__enter__()) == "ENG002", why
