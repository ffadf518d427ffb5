"""Files are read with a limit, and written whole, private, or not at all."""

import os
import stat

import pytest

from engine.adapters import files
from engine.errors import EngineError


@pytest.mark.parametrize(
    ("why", "act", "code"),
    [
        ("nothing there", lambda d: files.read(f"{d}/nowhere"), "ENG001"),
        ("a directory", lambda d: files.read(str(d)), "ENG001"),
        ("a name that no file can have", lambda d: files.read("a\0b"), "ENG001"),
        ("no such directory", lambda d: files.write(f"{d}/nowhere/x", b""), "ENG002"),
        ("a directory in the way", lambda d: files.write(str(d), b""), "ENG002"),
        ("a file in the way", lambda d: files.make_directory(f"{d}/file/x"), "ENG002"),
        ("a directory is not removed", lambda d: files.remove(str(d)), "ENG002"),
    ],
)
def test_failures_name_the_file(tmp_path, why, act, code):
    (tmp_path / "file").write_text("x")
    with pytest.raises(EngineError) as refused:
        act(tmp_path)
    assert refused.value.problems[0].code == code, why
    assert sorted(os.listdir(tmp_path)) == ["file"], "and nothing half-made stays behind"


def test_no_more_than_one_byte_over_the_limit_is_read():
    assert files.read("/dev/zero", 10) == b"\0" * 11


def test_what_is_written_is_private_and_replaces_what_was_there(tmp_path):
    file, elsewhere = tmp_path / "file", tmp_path / "elsewhere"
    elsewhere.write_text("untouched")
    file.symlink_to(elsewhere)
    files.write(str(file), b"new")
    assert (file.read_bytes(), file.is_symlink(), elsewhere.read_text()) == (b"new", False, "untouched")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_directory_is_private(tmp_path):
    files.make_directory(str(tmp_path / "a"))
    files.make_directory(str(tmp_path / "a"))
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o700


def test_nothing_is_there_afterwards(tmp_path):
    (tmp_path / "a").write_text("x")
    files.remove(str(tmp_path / "a"))
    files.remove(str(tmp_path / "a"))
    assert os.listdir(tmp_path) == []
