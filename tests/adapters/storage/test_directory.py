"""A store in a directory when things go wrong: others in it, links, a full disk, a killed writer, another release."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from typing import IO

import pytest

from engine.adapters.storage import directory as adapter
from engine.adapters.storage.directory import Directory
from engine.adapters.storage.port import FORM, MARK
from engine.errors import EngineError


@pytest.fixture
def store(tmp_path) -> Directory:
    return Directory(str(tmp_path / "store"), durable=True)


def _refused(code: str, act) -> str:
    with pytest.raises(EngineError) as refused:
        act()
    (problem,) = refused.value.problems
    assert problem.code == code, problem.text()
    return problem.message


_HEAD = """
import sys
from engine.adapters.storage.directory import Directory
store = Directory(sys.argv[1], durable=True)
"""


def _run(program: str, *words: str) -> subprocess.Popen[str]:
    """A process that has the store as `store`; its standard output is a pipe."""
    command = [sys.executable, "-c", _HEAD + program, *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _stdout(process: subprocess.Popen[str]) -> IO[str]:
    assert process.stdout
    return process.stdout


def _data(store: Directory, key: str) -> bytes:
    item = store.get(key)
    assert item is not None
    return item.data


def _said(processes: Iterable[subprocess.Popen[str]]) -> list[str]:
    said = []
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        said += out.split()
    return said


# --- writers that end in the middle

_FOREVER = """
import itertools
for number in itertools.count(1):
    data = str(number).encode() * 20_000
    item = store.get("a")
    assert store.replace("a", data, item.version)
    assert store.put_if_absent(f"n/{number:010d}", data)
    print(number, flush=True)
"""


@pytest.mark.parametrize("milliseconds", [3, 17, 40])
def test_what_a_killed_writer_leaves_is_whole(store, tmp_path, milliseconds):
    store.put_if_absent("a", b"0")
    writer = _run(_FOREVER, str(tmp_path / "store"))
    first = _stdout(writer).readline()
    time.sleep(milliseconds / 1000)
    writer.kill()
    told = [first, *_stdout(writer).read().splitlines()]
    writer.wait()
    last = int([line for line in told if line.strip()][-1])
    keys = list(store.list("n/"))
    assert len(keys) in (last, last + 1), "each that was told of is there, and at most the one that was under way"
    for number, key in enumerate(keys, 1):
        assert _data(store, key) == str(number).encode() * 20_000
    item = store.get("a")
    assert item.data in [str(number).encode() * 20_000 for number in (last, last + 1)]
    assert store.replace("a", b"next", item.version), "the dead hold no lock"


_HELD = """
import fcntl, os, time
fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(60)
"""


def test_who_waits_for_a_writer_that_is_stopped_is_told(store, tmp_path, monkeypatch):
    monkeypatch.setattr(adapter, "PATIENCE", 0.05)
    version = store.put_if_absent("a", b"x")
    holder = _run(_HELD, str(tmp_path / "store"))
    assert _stdout(holder).readline() == "held\n"
    holder.send_signal(signal.SIGSTOP)
    try:
        assert "`a`" in _refused("ENG192", lambda: store.replace("a", b"y", version))
        assert "`a`" in _refused("ENG192", lambda: store.delete("a", version))
        assert _data(store, "a") == b"x"
        assert store.put_if_absent("b", b"y"), "who only adds waits for nobody"
    finally:
        holder.kill()
        holder.communicate()
    assert store.replace("a", b"y", version)


# --- disks

_FULL = """
import resource, signal
from engine.errors import EngineError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
version = store.put_if_absent("a", b"small")
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
for act in (lambda: store.put_if_absent("b/c", b"x" * 5000), lambda: store.replace("a", b"x" * 5000, version)):
    try:
        act()
    except EngineError as error:
        print(error.problems[0].code)
"""


def test_what_does_not_fit_leaves_nothing(store, tmp_path):
    assert _said([_run(_FULL, str(tmp_path / "store"))]) == ["ENG002", "ENG002"]
    assert list(store.list("")) == ["a"]
    assert _data(store, "a") == b"small"
    left = [name for _, _, names in os.walk(tmp_path / "store") for name in names]
    assert sorted(left) == [MARK, "a="]


def test_it_is_on_the_disk_before_anybody_is_told(store, monkeypatch):
    synced: list[str] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{handle}").rpartition("/")[2].partition(".")[0] or "file")
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    version = store.put_if_absent("one/two/a", b"x")
    assert synced == ["store", "one", "file", "two"], "each new folder in the one above, the file, its name"
    synced.clear()
    assert store.put_if_absent("one/two/a", b"x") is None
    assert synced[-1] == "two", "the other's name too, before we say that somebody was first"
    synced.clear()
    version = store.replace("one/two/a", b"y", version)
    assert synced == ["file", "two"]
    synced.clear()
    assert store.delete("one/two/a", version)
    assert synced == ["two"]


@pytest.mark.parametrize("code", ["ENG001", "ENG190"], ids=["removed", "empty"])
def test_a_directory_that_is_lost_is_not_an_empty_store(store, tmp_path, code):
    version = store.put_if_absent("a", b"x")
    os.rename(tmp_path / "store", tmp_path / "elsewhere")
    if code == "ENG190":  # what is left of a volume that is no longer mounted
        os.mkdir(tmp_path / "store")
    writing = "ENG002" if code == "ENG001" else code
    _refused(code, lambda: store.get("a"))
    _refused(code, lambda: list(store.list("")))
    _refused(writing, lambda: store.put_if_absent("b", b"x"))
    _refused(writing, lambda: store.replace("a", b"y", version))
    _refused(writing, lambda: store.delete("a", version))
    assert os.listdir(tmp_path / "elsewhere") != []


# --- others


def test_a_store_of_a_newer_release_is_left_alone(store, tmp_path):
    store.put_if_absent("a", b"x")
    (tmp_path / "store" / MARK).write_bytes(b"interlock store 2\n")
    for act in (
        lambda: store.get("a"),
        lambda: store.put_if_absent("b", b"x"),
        lambda: Directory(str(tmp_path / "store"), durable=True),
    ):
        assert "`interlock store 2`" in _refused("ENG191", act)
    assert FORM == b"interlock store 1\n"
    assert sorted(os.listdir(tmp_path / "store")) == [MARK, "a="]


def test_a_directory_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("dear")
    assert "letter.txt" in _refused("ENG190", lambda: Directory(str(tmp_path / "home"), durable=True))
    assert os.listdir(tmp_path / "home") == ["letter.txt"]


def test_a_new_volume_is_empty(tmp_path):
    (tmp_path / "volume" / "lost+found").mkdir(parents=True)
    assert list(Directory(str(tmp_path / "volume"), durable=True).list("")) == []


def test_a_directory_that_others_may_change_is_none(tmp_path):
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    _refused("ENG008", lambda: Directory(str(tmp_path / "open"), durable=True))


def test_what_is_not_ours_is_passed_over(store, tmp_path):
    store.put_if_absent("a/b", b"x")
    for name in ("README", ".DS_Store", "A=", "b==", "c d=", ".x.new", "ä="):
        (tmp_path / "store" / "a" / name).write_text("foreign")
    (tmp_path / "store" / "B").mkdir()
    assert list(store.list("")) == ["a/b"]
    assert _data(Directory(str(tmp_path / "store"), durable=True), "a/b") == b"x"


@pytest.mark.parametrize("kind", ["link", "dangling link", "directory", "pipe", "socket"])
def test_what_is_no_file_is_refused_and_not_read(store, tmp_path, kind):
    (tmp_path / "secret").write_bytes(b"secret")
    store.put_if_absent("a/b", b"x")
    place = tmp_path / "store" / "a" / "c="
    if kind == "link":
        place.symlink_to(tmp_path / "secret")
    elif kind == "dangling link":
        place.symlink_to(tmp_path / "nowhere")
    elif kind == "directory":
        place.mkdir()
    elif kind == "pipe":
        os.mkfifo(place)
    else:
        import socket

        here = os.getcwd()
        os.chdir(tmp_path / "store" / "a")  # the path of a socket may have 107 bytes
        try:
            socket.socket(socket.AF_UNIX).bind("c=")
        finally:
            os.chdir(here)
    _refused("ENG001", lambda: store.get("a/c"))
    assert store.put_if_absent("a/c", b"y") is None, "something stands there"
    _refused("ENG002", lambda: store.replace("a/c", b"y", "v"))
    _refused("ENG002", lambda: store.delete("a/c", "v"))
    assert list(store.list("")) == ["a/b", "a/c"], "and it is no secret that something stands there"
    assert not (tmp_path / "nowhere").exists()
    assert (tmp_path / "secret").read_bytes() == b"secret"


def test_a_folder_that_is_a_link_is_not_followed(store, tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "b=").write_bytes(b"secret")
    (tmp_path / "store" / "a").symlink_to(tmp_path / "outside")
    _refused("ENG001", lambda: store.get("a/b"))
    _refused("ENG002", lambda: store.put_if_absent("a/c", b"x"))
    _refused("ENG001", lambda: list(store.list("a/")))
    assert list(store.list("")) == []
    assert os.listdir(tmp_path / "outside") == ["b="]


def test_a_mark_that_is_a_link_is_none(store, tmp_path):
    (tmp_path / "store" / MARK).rename(tmp_path / "mark")
    (tmp_path / "store" / MARK).symlink_to(tmp_path / "mark")
    _refused("ENG001", lambda: store.get("a"))


def test_nobody_else_can_read_it(store, tmp_path):
    before = os.umask(0)
    try:
        store.put_if_absent("a/b", b"x")
    finally:
        os.umask(before)
    modes = {
        os.stat(os.path.join(at, name)).st_mode & 0o777
        for at, folders, names in os.walk(tmp_path / "store")
        for name in folders + names
    }
    assert modes == {0o700, 0o600}


def test_it_leaves_no_handle_open(store):
    store.put_if_absent("a/b", b"x")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        item = store.get("a/b")
        store.replace("a/b", b"y", item.version)
        store.put_if_absent("a/b", b"z")
        store.delete("a/b", "none")
        next(store.list(""))
        store.get("nothing/there")
    assert len(os.listdir("/proc/self/fd")) == before
