"""Many processes with one store: one of them wins, nothing is lost, no number is left out."""

import os
import subprocess
import sys
from collections.abc import Iterable

import pytest

from engine.adapters import settings
from engine.adapters.storage.named import opened
from engine.adapters.storage.port import Store
from engine.core.audit import verify
from engine.run import audit_read

_HEAD = """
import sys
from concurrent.futures import ThreadPoolExecutor
from engine.adapters import settings
from engine.adapters.storage.named import opened
store = opened(settings.read().store)
def everywhere(work):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
"""
_NUMBERED = """
def work(thread):
    number = 0
    for _ in range(4):
        while True:
            number += 1
            if store.put_if_absent(f"n/{number:010d}", f"{sys.argv[1]}-{thread}".encode()):
                print(f"{number}\\n", end="", flush=True)  # in one piece: threads share the outlet
                break
everywhere(work)
"""
_ADDED = """
def work(thread):
    for _ in range(3):
        while True:
            item = store.get("count")
            if store.replace("count", str(int(item.data) + 1).encode(), item.version):
                break
everywhere(work)
"""
_DELETED = """
def work(thread):
    for key in list(store.list("d/")):
        item = store.get(key)
        if item and store.delete(key, item.version):
            print(f"{key}\\n", end="", flush=True)
everywhere(work)
"""
_FIRST = "print(store.put_if_absent(f'a/{sys.argv[1]}', b'x') is not None)"


@pytest.fixture(params=["directory", pytest.param("s3", marks=pytest.mark.slow)])
def store(request, tmp_path, monkeypatch) -> Store:
    """One that the environment names, for us and for every process that we start; nobody has opened it before."""
    place = f"dir:{tmp_path / 'store'}"
    if request.param == "s3":
        place = str(request.getfixturevalue("s3"))
    monkeypatch.setenv("ENGINE_STORE", place)
    return opened(settings.read().store)


def _together(program: str, processes: int = 2) -> list[str]:
    """What they have printed."""
    command = [sys.executable, "-c", _HEAD + program]
    return _said(
        subprocess.Popen(
            [*command, str(number)], env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for number in [*range(processes)]
    )


def _said(started: Iterable["subprocess.Popen[str]"]) -> list[str]:
    said = []
    for process in list(started):
        out, err = process.communicate(timeout=600)  # 16 writers of one object: 60 s were seen among busy neighbours
        assert process.returncode == 0, err
        said += out.split()
    return said


def test_two_of_eight_threads_number_without_a_gap(store):
    taken = _together(_NUMBERED)
    assert sorted(map(int, taken)) == list(range(1, 65))
    assert list(store.list("n/")) == [f"n/{number:010d}" for number in range(1, 65)]


def test_two_of_eight_threads_lose_no_replacement(store):
    store.put_if_absent("count", b"0")
    _together(_ADDED)
    item = store.get("count")
    assert item is not None
    assert item.data == b"48"


def test_two_of_eight_threads_delete_each_once(store):
    keys = [f"d/{number}" for number in range(20)]
    for key in keys:
        store.put_if_absent(key, b"x")
    assert sorted(_together(_DELETED)) == sorted(keys)
    assert list(store.list("")) == []


def test_many_may_make_it_at_the_same_time(store):
    assert _together(_FIRST, 4) == ["True"] * 4


_TOLD = """
from engine.core.audit.record import Said
from engine.run.audit import Numbered, Trail
trail = Trail(Numbered(store), sys.argv[1], lambda: "2026-11-23T21:00:00Z")
for number in range(4):
    trail.say(Said("apply", "started", "acme/dev-deployment", 7, "KEY", f"{sys.argv[1]}-{number}"))
print("told", flush=True)
"""


@pytest.mark.slow
def test_what_ten_processes_tell_is_one_chain_without_a_gap(store):
    assert len(_together(_TOLD, 10)) == 10
    checked = verify.verify(audit_read.lines(store), {})
    assert (checked.faults, checked.records) == ((), 40)
    told = [one.said.why for one in audit_read.records(audit_read.lines(store))]
    for name in sorted({why.partition("-")[0] for why in told}):
        assert [why for why in told if why.startswith(f"{name}-")] == [f"{name}-{number}" for number in range(4)]
