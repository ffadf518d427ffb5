"""Files are read with a limit, and written whole, private, or not at all."""

import os
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.adapters import files
from engine.errors import EngineError


@pytest.mark.parametrize(
    ("why", "act", "code"),
    [
        ("nothing there", lambda d: files.read(f"{d}/nowhere"), "ENG001"),
        ("a directory", lambda d: files.read(str(d)), "ENG001"),
        ("a name that no file can have", lambda d: files.read("a\0b"), "ENG001"),
        ("no room for a name", lambda d: files.write(f"{d}/{'x' * 300}", b""), "ENG002"),
        ("no such directory", lambda d: files.write(f"{d}/nowhere/x", b""), "ENG002"),
        ("a directory in the way", lambda d: files.write(str(d), b""), "ENG002"),
        ("a pipe in the way, or a device", lambda d: files.write(f"{d}/pipe", b""), "ENG002"),
        ("a link to one, such as /dev/stdout", lambda d: files.write(f"{d}/link", b""), "ENG002"),
        ("a file in the way", lambda d: files.make_directory(f"{d}/file/x"), "ENG002"),
        ("nor is one removed", lambda d: files.remove(f"{d}/pipe"), "ENG002"),
        ("nobody waits for a pipe's reader", lambda d: files.append(f"{d}/pipe", b""), "ENG002"),
        ("a directory is not removed", lambda d: files.remove(str(d)), "ENG002"),
    ],
)
def test_failures_name_the_file(tmp_path, why, act, code):
    (tmp_path / "file").write_text("x")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    with pytest.raises(EngineError) as refused:
        act(tmp_path)
    assert refused.value.problems[0].code == code, why
    assert sorted(os.listdir(tmp_path)) == ["file", "link", "pipe"], "and nothing half-made stays behind"
    assert (tmp_path / "pipe").is_fifo()
    assert (tmp_path / "link").is_symlink()


def test_no_more_than_one_byte_over_the_limit_is_read():
    assert files.read("/dev/zero", 10) == b"\0" * 11


def test_what_is_written_is_private_and_replaces_what_was_there(tmp_path):
    file, elsewhere = tmp_path / "file", tmp_path / "elsewhere"
    elsewhere.write_text("untouched")
    file.symlink_to(elsewhere)
    files.write(str(file), b"new")
    assert (file.read_bytes(), file.is_symlink(), elsewhere.read_text()) == (b"new", False, "untouched")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_comes_in_pieces_is_written_whole_or_not_at_all(tmp_path):
    def pieces():
        yield b"new"
        raise RuntimeError

    file = tmp_path / "file"
    files.write(str(file), (piece for piece in (b"o", b"ld")))
    with pytest.raises(RuntimeError):
        files.write(str(file), pieces())
    assert (file.read_bytes(), os.listdir(tmp_path)) == (b"old", ["file"])


def test_a_directory_is_private(tmp_path):
    files.make_directory(str(tmp_path / "a"))
    files.make_directory(str(tmp_path / "a"))
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o700


def test_nothing_is_there_afterwards(tmp_path):
    (tmp_path / "a").write_text("x")
    files.remove(str(tmp_path / "a"))
    files.remove(str(tmp_path / "a"))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("sync", [False, True])
def test_many_may_write_one_file_at_once(tmp_path, sync):
    file = str(tmp_path / "file")
    contents = [bytes([number]) * 5000 for number in range(4)]

    def often(data):
        for _ in range(100 if sync else 400):
            files.write(file, data, sync=sync)
            assert files.read(file) in contents

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(often, contents))
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize(("sync", "expected"), [(False, []), (True, ["file", "directory"])])
def test_what_is_asked_for_is_on_the_disk_with_its_name(tmp_path, monkeypatch, sync, expected):
    flushed, real = list[str](), os.fsync

    def noted(handle):
        flushed.append("directory" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        real(handle)

    monkeypatch.setattr(os, "fsync", noted)
    files.write(str(tmp_path / "a"), b"1", sync=sync)
    assert flushed == expected


def test_what_has_to_be_new_replaces_nothing(tmp_path):
    files.put(str(tmp_path / "a"), b"1", new=True)
    (tmp_path / "b").symlink_to("nowhere")
    for name in ("a", "b"):
        with pytest.raises(FileExistsError):
            files.put(str(tmp_path / name), b"2", new=True)
    assert (files.read(str(tmp_path / "a")), sorted(os.listdir(tmp_path))) == (b"1", ["a", "b"])


def test_an_interruption_leaves_nothing(tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        files.write(str(tmp_path / "a"), b"1")
    assert os.listdir(tmp_path) == []


def test_directories_above_are_private_too(tmp_path):
    umask = os.umask(0)
    try:
        files.make_directory(str(tmp_path / "a" / "b" / "c"))
    finally:
        os.umask(umask)
    assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a", "a/b", "a/b/c")} == {0o700}


LOCKS = [
    ("nobody is waited for", 0, "read _", False),
    ("whoever stays is waited for as long as is said", 0.05, "read _", False),
    ("what was forked and is not yet a program is waited for", None, "sleep 0.1; exit", True),
]


@pytest.mark.parametrize(("why", "wait_s", "child", "taken"), LOCKS, ids=[row[0] for row in LOCKS])
def test_locks_of_those_who_have_ended(tmp_path, why, wait_s, child, taken):
    """Whoever had it has closed it, and what they were just starting has a copy of all that they had open."""
    first, then = (os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT) for _ in range(2))
    assert files.take(first, 0)
    with subprocess.Popen(["sh", "-c", child], stdin=subprocess.PIPE, pass_fds=[first]):
        os.close(first)
        assert files.take(then, wait_s) == taken, why
    assert files.take(then)
    os.close(then)
