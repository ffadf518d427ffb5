"""A repository is written whole or not at all, and through no link."""

import json
import os
import signal
import subprocess
import sys

import pytest

from engine.errors import EngineError
from engine.setup import place

OLD = {"a": b"old", "deep/er/b": b"old", "gone": b"old"}
NEW = {"a": b"new", "deep/er/b": b"new", "deep/c": b"new"}


def _there(top):
    found = {}
    for folder, _, names in os.walk(top):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, top)] = file.read()
    return found


def test_all_of_it_is_there_and_nothing_else(tmp_path):
    place.write(str(tmp_path), OLD)
    assert _there(tmp_path) == OLD
    place.write(str(tmp_path), NEW, ["gone", "never-there"])
    assert _there(tmp_path) == NEW
    assert not (tmp_path / ".engine").exists()
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o666 & ~place._umask()


_DIES = """
import os, signal, sys
from engine.setup import place
left = int(sys.argv[2])
def counted(call):
    def once(*args, **options):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*args, **options)
    return once
for name in ("rename", "replace", "unlink", "mkdir", "open", "rmdir"):
    setattr(os, name, counted(getattr(os, name)))
place.write(sys.argv[1], {"a": b"new", "deep/er/b": b"new", "deep/c": b"new"}, ["gone"])
print("whole")
"""


@pytest.mark.slow
def test_killed_at_any_call_it_is_the_old_or_the_new_one(tmp_path):
    seen = set()
    for calls in range(0, 400, 7):
        top = tmp_path / str(calls)
        top.mkdir()
        place.write(str(top), OLD)
        words = [sys.executable, "-c", _DIES, str(top), str(calls)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
        carried = place.settle(str(top))
        there = _there(top)
        assert there in (OLD, NEW), f"killed at call {calls}"
        assert (there == NEW) is (carried or "whole" in done.stdout)
        seen.add((there == NEW, carried))
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
    assert seen >= {(False, False), (True, True), (True, False)}


def test_what_was_killed_before_it_counted_is_forgotten(tmp_path):
    (tmp_path / ".engine/coming").mkdir(parents=True)
    (tmp_path / ".engine/coming/00000").write_bytes(b"half")
    (tmp_path / ".engine/coming/draft").write_bytes(b'{"gone":[],"put":["a"]}')
    assert place.settle(str(tmp_path)) is False
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("where", ["a", "deep", "deep/er", ".engine", ".engine/coming"])
def test_nothing_is_written_through_a_link(tmp_path, where):
    top, outside = tmp_path / "top", tmp_path / "outside"
    (top / where).parent.mkdir(parents=True)
    outside.mkdir()
    (outside / "a").write_bytes(b"theirs")
    (top / where).symlink_to(outside / "a" if where == "a" else outside)
    with pytest.raises(EngineError) as caught:
        place.write(str(top), NEW)
    assert caught.value.problems[0].code in ("ENG934", "ENG002")
    assert _there(outside) == {"a": b"theirs"}


@pytest.mark.parametrize(
    "path",
    [
        "/etc/x",
        "../x",
        "a/../../x",
        "a//b",
        "",
        ".",
        "a/.",
        ".git/hooks/pre-commit",
        "a/.GIT/config",
        ".git./x",
        "a\\b",
        "a\0b",
    ],
)
def test_names_that_are_none_of_the_repository(tmp_path, path):
    assert not place.is_inside(path)
    (tmp_path / ".engine/coming").mkdir(parents=True)
    said = {"put": [], "gone": [path]}
    (tmp_path / ".engine/coming/now").write_text(json.dumps(said))
    with pytest.raises(EngineError) as caught:
        place.settle(str(tmp_path))
    assert caught.value.problems[0].code == "ENG933"


@pytest.mark.parametrize(
    "said", ["[]", "{}", '{"put": 1, "gone": []}', '{"put": [1], "gone": []}', '{"put": [], "gone": {}}']
)
def test_what_says_how_to_go_on_is_believed_only_as_it_is_written(tmp_path, said):
    (tmp_path / ".engine/coming").mkdir(parents=True)
    (tmp_path / ".engine/coming/now").write_text(said)
    with pytest.raises(EngineError) as caught:
        place.settle(str(tmp_path))
    assert caught.value.problems[0].code == "ENG933"


def test_what_is_no_file_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder", "pipe/x"):
        with pytest.raises(EngineError) as caught:
            place.read(str(tmp_path), name)
        assert caught.value.problems[0].code == "ENG934", name
