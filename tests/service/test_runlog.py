"""The log of a run, whatever its length and whoever is writing it."""

import pytest

from engine.service import runlog
from engine.service.runlog import Line, RunLog


@pytest.fixture
def log(tmp_path, monkeypatch):
    monkeypatch.setattr(runlog, "_PART", 16)
    file = tmp_path / "log"
    file.write_bytes(b"".join(b"t line %d\n" % number for number in range(1, 31)))
    return file


def _numbers(lines):
    return [line.number for line in lines]


CASES = [
    ("all of it", runlog.lines, range(1, 31)),
    ("what follows a line", lambda file: runlog.lines(file, 28), range(29, 31)),
    ("what follows the last", lambda file: runlog.lines(file, 30), ()),
    ("what follows one that is not there", lambda file: runlog.lines(file, 10**9), ()),
    ("its end", lambda file: runlog.tail(file, 3), range(28, 31)),
    ("more of an end than there is", lambda file: runlog.tail(file, 100), range(1, 31)),
    ("some, on from a line", lambda file: RunLog(file, 10).more(5), range(11, 16)),
    ("of a file that is not there", lambda file: runlog.tail(f"{file}-not", 3), ()),
]


@pytest.mark.parametrize(("why", "read", "numbers"), CASES, ids=[row[0] for row in CASES])
def test_what_is_read(log, why, read, numbers):
    found = read(str(log))
    assert _numbers(found) == list(numbers), why
    assert all((line.at, line.text) == ("t", f"line {line.number}") for line in found)


def test_it_reads_on_and_never_again(log):
    read = RunLog(str(log))
    assert _numbers(read.more(20)) == list(range(1, 21))
    assert _numbers(read.more(20)) == list(range(21, 31))
    assert read.more(20) == []
    with log.open("ab") as file:
        file.write(b"t half")
        file.flush()
        assert read.more(20) == [], "it has not ended yet"
        file.write(b" a line\nt \xff\n")
    assert read.more(20) == [Line(31, "t", "half a line"), Line(32, "t", "\ufffd")]


def test_a_line_of_any_length_is_one(log):
    with log.open("ab") as file:
        file.write(b"t " + b"x" * 1_000 + b"\nt after\n")
    assert [len(line.text) for line in runlog.tail(str(log), 2)] == [1_000, 5]
