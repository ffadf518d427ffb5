"""A program outlives us: whoever comes next finds it running, ended or lost. Real processes, really killed."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.adapters import attached, attached_keeper
from engine.adapters.attached import Ended, Lost, Running
from engine.errors import EngineError
from tests.support.disk import small_disk

SHELL = "/bin/sh"


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path / "kept" / "apply")


@pytest.fixture
def begun(folder, tmp_path):
    """Begins a shell script; what is still there afterwards is ended."""

    def make(script, **env):
        attached.begin(folder, [SHELL, "-c", script], cwd=str(tmp_path), env={"PATH": os.environ["PATH"], **env})
        return folder

    yield make
    one = program(folder) if os.path.isfile(f"{folder}/program") else {}
    for name, born in (("pid", "born"), ("keeper", "keeper_born")):
        if one and attached_keeper.born(one[name]) == one[born]:
            with contextlib.suppress(ProcessLookupError):  # it has ended since then
                os.kill(one[name], signal.SIGKILL)


def program(folder):
    """Who runs there, once that is written."""
    with open(f"{folder}/program", encoding="ascii") as file:
        text = file.read()
    return json.loads(text) if text.strip() else {}


def eventually(condition, what):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def running(folder):
    eventually(lambda: program(folder), "it is started")
    return program(folder)


def heard(folder, **how):
    lines: list[bytes] = []
    return attached.follow(folder, line=lines.append, **how), lines


def elsewhere(folder, code):
    """A process of its own that does something with the folder."""
    script = f"import sys, threading, time\nfrom engine.adapters import attached\nfolder = {folder!r}\n{code}"
    return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)


def refused(call, *arguments, **how):
    with pytest.raises(EngineError) as caught:
        call(*arguments, **how)
    return caught.value.problems[0].code


def test_nothing_begun(folder):
    assert attached.look(folder) is None


@pytest.mark.parametrize(
    ("why", "script", "code", "lines", "said"),
    [
        ("it ends well", "echo one; echo two", 0, [b"one", b"two"], b""),
        ("it fails", "echo one; echo why >&2; exit 3", 3, [b"one"], b"why\n"),
        ("it is killed", "kill -9 $$", -9, [], b""),
        ("it is killed by another signal", "kill -TERM $$", -15, [], b""),
        ("its last line does not end", "printf 'one\\ntwo'", 0, [b"one", b"two"], b""),
        ("it says nothing", "true", 0, [], b""),
        ("empty lines are lines", "echo; echo x", 0, [b"", b"x"], b""),
    ],
)
def test_its_end(begun, why, script, code, lines, said):
    folder = begun(script)
    found, heard_of = heard(folder)
    assert (found.code, heard_of, attached.said(folder, 100)) == (code, lines, said), why
    assert attached.look(folder) == found, "as often as one asks"


def test_a_program_that_is_not_there(folder, tmp_path):
    attached.begin(folder, ["/nowhere/terraform"], cwd=str(tmp_path), env={})
    assert heard(folder)[0].code == 127
    assert attached.said(folder, 100) == b"/nowhere/terraform: No such file or directory\n"


def test_its_environment_is_what_it_was_given(begun, monkeypatch):
    monkeypatch.setenv("ENGINE_SIGNING_KEY", "secret")
    _, lines = heard(begun("/usr/bin/env", ONLY="this"))
    assert {line.split(b"=")[0] for line in lines} - {b"PWD", b"OLDPWD", b"SHLVL", b"_"} == {b"ONLY", b"PATH"}


def test_nothing_of_ours_is_open_in_it_but_its_lock(begun):
    _, lines = heard(begun("for f in /proc/self/fd/*; do readlink $f; done"))
    files = {os.path.basename(line) for line in lines if line.startswith(b"/") and b"/proc/" not in line}
    assert files == {b"lock", b"null", b"stdout", b"stderr"}


def test_nobody_else_can_read_what_it_says(begun):
    folder = begun("true")
    heard(folder)
    assert os.stat(folder).st_mode & 0o777 == 0o700
    assert {os.stat(f"{folder}/{name}").st_mode & 0o777 for name in os.listdir(folder)} == {0o600}


def test_it_is_begun_once(begun):
    folder = begun("echo one; sleep 30")
    assert refused(begun, "echo again") == "ENG463"
    os.kill(running(folder)["pid"], signal.SIGKILL)
    found = heard(folder)
    assert refused(begun, "echo again") == "ENG463", "nor after its end"
    assert heard(folder) == found, "which is still known"


def test_of_many_who_begin_at_once_one_does(folder, tmp_path):
    def begin(number):
        try:
            attached.begin(folder, [SHELL, "-c", f"echo {number} >> {tmp_path}/ran"], cwd="/", env={})
        except EngineError as error:
            return error.problems[0].code
        return "begun"

    with ThreadPoolExecutor(8) as pool:
        found = sorted(pool.map(begin, range(8)))
    heard(folder)
    assert (found, len((tmp_path / "ran").read_text().split())) == (["ENG463"] * 7 + ["begun"], 1)


def test_it_goes_on_when_whoever_began_it_is_killed(folder, tmp_path):
    script = f"trap '' PIPE; while [ ! -e {tmp_path}/go ]; do echo on || exit 9; sleep 0.05; done; echo end"
    process = elsewhere(
        folder, f"attached.begin(folder, ['/bin/sh', '-c', {script!r}], cwd='/', env={{'PATH': '/usr/bin:/bin'}})\n"
        "print('begun', flush=True)\nattached.follow(folder, line=lambda _: None)"
    )  # fmt: skip
    assert process.stdout.readline() == "begun\n"
    process.kill()
    process.communicate()
    assert attached.look(folder) == Running()
    (tmp_path / "go").touch()
    found, lines = heard(folder)
    assert (found.code, lines[-1]) == (0, b"end")


def test_two_processes_follow_at_once(begun, tmp_path):
    folder = begun(f"echo one; while [ ! -e {tmp_path}/go ]; do sleep 0.02; done; echo two; exit 4")
    follow = "print(attached.follow(folder, line=lambda line: print(line.decode(), flush=True)).code)"
    others = [elsewhere(folder, follow) for _ in range(2)]
    assert [other.stdout.readline() for other in others] == ["one\n"] * 2
    (tmp_path / "go").touch()
    assert [other.communicate()[0] for other in others] == ["two\n4\n"] * 2
    assert heard(folder)[1] == [b"one", b"two"]


def test_the_keeper_alone_is_killed(begun, tmp_path):
    """The program goes on; only how it ended nobody will know."""
    folder = begun(f"while [ ! -e {tmp_path}/go ]; do sleep 0.02; done; echo end")
    os.kill(running(folder)["keeper"], signal.SIGKILL)
    assert attached.look(folder) == Running()
    (tmp_path / "go").touch()
    assert heard(folder) == (Lost(), [b"end"])


def test_both_are_killed(begun):
    folder = begun("echo one; exec sleep 30")
    eventually(lambda: os.path.getsize(f"{folder}/stdout"), "it has begun to speak")
    for name in ("keeper", "pid"):
        os.kill(running(folder)[name], signal.SIGKILL)
    assert heard(folder) == (Lost(), [b"one"])


def test_what_a_killed_program_leaves_behind_is_ended(begun, monkeypatch):
    """Plugins wait for a parent that is no more, and hold the lock."""
    folder = begun("sleep 30 & sleep 30 & wait")
    os.kill(running(folder)["pid"], signal.SIGKILL)
    assert heard(folder)[0].code == -9


def test_what_is_left_behind_when_the_keeper_is_killed_too_is_ended(begun, monkeypatch):
    monkeypatch.setattr(attached, "_ORPHANS_S", 0.1)
    folder = begun("sleep 30 & wait")
    number = running(folder)["pid"]
    children = Path(f"/proc/{number}/task/{number}/children")
    eventually(lambda: children.read_text().split(), "its child is there")
    for name in ("keeper", "pid"):
        os.kill(running(folder)[name], signal.SIGKILL)
    assert attached.look(folder) == Running()
    assert heard(folder)[0] == Lost()


def test_processes_of_another_container_are_not_ended(begun, tmp_path, monkeypatch):
    monkeypatch.setattr(attached, "_ORPHANS_S", 0.0)
    monkeypatch.setattr(attached_keeper, "space", lambda: 1)
    monkeypatch.setattr(attached_keeper, "born", lambda _: 0)  # its numbers say nothing here
    folder = begun("echo one; sleep 0.3; echo end")
    assert heard(folder) == (attached.look(folder), [b"one", b"end"])


def test_one_graceful_stop_and_never_a_second(begun, tmp_path):
    """However many ask for it, in this process and in others, before and after it was given."""
    counting = f"trap 'echo stop >> {tmp_path}/stops' INT; echo on; while [ ! -e {tmp_path}/go ]; do sleep 0.02; done"
    folder = begun(counting)
    eventually(lambda: os.path.getsize(f"{folder}/stdout"), "it listens")
    cancel = threading.Event()
    cancel.set()
    assert heard(folder, cancel=cancel, grace_s=0.5)[0] == Running(), "left alone, and not killed"
    assert heard(folder, cancel=cancel, grace_s=0.1)[0] == Running()
    again = "cancel = threading.Event(); cancel.set()\nprint(attached.follow(folder, line=print, cancel=cancel))"
    assert "Running" in elsewhere(folder, again).communicate()[0]
    attached.stop(folder)
    (tmp_path / "go").touch()
    assert heard(folder)[0].code == 0
    assert (tmp_path / "stops").read_text() == "stop\n"


def test_a_stop_that_came_before_the_program_did(folder, tmp_path):
    """Between the keeper's start and the program's: it is heard by the program, or by what will be the program."""
    os.makedirs(folder, mode=0o700)
    for _ in range(3):
        place = f"{folder}/{_}"
        attached.begin(place, [SHELL, "-c", "exec sleep 30"], cwd="/", env={"PATH": os.environ["PATH"]})
        attached.stop(place)
        assert heard(place)[0].code == -signal.SIGINT


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_keeper_does_not_listen(begun, number):
    folder = begun("sleep 0.3; exit 5")
    os.kill(running(folder)["keeper"], number)
    assert heard(folder)[0].code == 5


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE])
def test_the_program_hears_what_it_should_though_we_ignore_it(folder, number):
    code = (
        f"import signal; signal.signal({int(number)}, signal.SIG_IGN)\n"
        "attached.begin(folder, ['/bin/sh', '-c', 'kill -%d $$; exit 1'], cwd='/', env={})" % number
    )
    elsewhere(folder, code).communicate()
    assert heard(folder)[0].code == -number


def test_who_follows_may_break_down(begun, tmp_path):
    folder = begun(f"echo one; while [ ! -e {tmp_path}/go ]; do sleep 0.02; done; echo two")

    def broken(line):
        raise RuntimeError(line)

    with pytest.raises(RuntimeError):
        attached.follow(folder, line=broken)
    (tmp_path / "go").touch()
    assert heard(folder)[1] == [b"one", b"two"]


def test_a_line_without_end_is_passed_over(begun, monkeypatch):
    monkeypatch.setattr(attached, "LONGEST", 1 << 20)
    folder = begun("echo one; head -c 5000000 /dev/zero | tr '\\0' x; echo; echo two")
    assert heard(folder)[1] == [b"one", b"two"]


@pytest.fixture
def small(tmp_path):
    with small_disk(tmp_path / "small", 128) as place:
        yield place


def fill(place):
    with open(place / "filler", "wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 4096):
                pass
        except OSError:
            pass


def test_a_disk_that_fills_meanwhile_does_not_lose_the_exit_code(small, tmp_path):
    folder = str(small / "apply")
    script = f"echo one; while [ ! -e {tmp_path}/go ]; do sleep 0.02; done; echo {'x' * 8000}; exit 6"
    attached.begin(folder, [SHELL, "-c", script], cwd="/", env={"PATH": os.environ["PATH"]})
    eventually(lambda: os.path.getsize(f"{folder}/stdout"), "it has begun to speak")
    fill(small)
    (tmp_path / "go").touch()
    found, lines = heard(folder)
    assert (found.code, lines[0]) == (6, b"one")
    assert b"x" * 8000 not in lines


def test_a_full_disk_begins_nothing(small, tmp_path):
    folder = str(small / "apply")
    os.mkdir(folder, 0o700)
    fill(small)
    assert refused(attached.begin, folder, [SHELL, "-c", f"touch {tmp_path}/ran"], cwd="/", env={}) == "ENG455"
    assert (attached.look(folder), (tmp_path / "ran").exists()) == (None, False)
    (small / "filler").unlink()
    attached.begin(folder, [SHELL, "-c", f": > {tmp_path}/ran"], cwd="/", env={})
    assert isinstance(heard(folder)[0], Ended)
    assert (tmp_path / "ran").exists(), "what a full disk has left behind is not in the way"


def given_away(_, file):
    with open(file, "w", encoding="ascii"):
        os.chown(file, 12345, 12345)


def test_a_full_disk_has_room_for_a_stop(small):
    folder = str(small / "apply")
    attached.begin(folder, [SHELL, "-c", "echo on; exec sleep 30"], cwd="/", env={"PATH": os.environ["PATH"]})
    eventually(lambda: os.path.getsize(f"{folder}/stdout"), "it has begun to speak")
    fill(small)
    attached.stop(folder)
    assert heard(folder)[0].code == -signal.SIGINT


@pytest.mark.parametrize("name", ["begun", "lock", "code", "stdout"])
@pytest.mark.parametrize(
    ("why", "tamper"),
    [
        ("a link to another file", os.symlink),
        ("another name of another file", os.link),
        ("a directory", lambda _, file: os.mkdir(file)),
        ("a pipe", lambda _, file: os.mkfifo(file)),
        ("of another owner", given_away),
    ],
)
def test_what_was_exchanged_is_refused(begun, tmp_path, name, why, tamper):
    if os.geteuid() and "owner" in why:
        pytest.skip("nobody but root can give files away")
    folder = begun("echo one")
    heard(folder)
    (tmp_path / "other").write_text('{"code": 0, "seconds": 0}')
    os.remove(f"{folder}/{name}")
    tamper(str(tmp_path / "other"), f"{folder}/{name}")
    assert refused(heard, folder) == "ENG464", why


@pytest.mark.parametrize(
    ("why", "content"),
    [
        ("half of it", b'{"code": 0, "sec'),
        ("another type", b'{"code": "0", "seconds": 1}'),
        ("no object", b"0"),
        ("true is no number", b'{"code": true, "seconds": 1}'),
        ("nothing", b""),
    ],
)
def test_an_exit_code_that_cannot_be_read_is_none(begun, why, content):
    folder = begun("true")
    heard(folder)
    with open(f"{folder}/code", "wb") as file:
        file.write(content)
    assert attached.look(folder) == Lost(), why


def test_a_folder_that_others_can_read_or_that_is_a_link_is_refused(begun, folder, tmp_path):
    begun("true")
    heard(folder)
    os.symlink(folder, tmp_path / "link")
    assert refused(attached.look, str(tmp_path / "link")) == "ENG464"
    os.chmod(folder, 0o755)
    assert refused(attached.look, folder) == "ENG464"
    os.chmod(folder, 0o777)
    assert refused(attached.begin, folder, ["true"], cwd="/", env={}) == "ENG008"


@pytest.mark.slow
def test_killed_at_any_moment_of_beginning(tmp_path):
    """Whenever its beginner dies: nothing was begun, or it is found running, ended or lost; and it never runs twice."""
    for number in range(30):
        folder = str(tmp_path / str(number))
        script = f"echo ran >> {tmp_path}/{number}.ran"
        process = elsewhere(
            folder, "print('on', flush=True)\n"
            f"attached.begin(folder, ['/bin/sh', '-c', {script!r}], cwd='/', env={{'PATH': '/usr/bin:/bin'}})"
        )  # fmt: skip
        process.stdout.readline()
        time.sleep(number * 0.001)
        process.kill()
        process.communicate()
        if attached.look(folder) is None:
            attached.begin(folder, [SHELL, "-c", script], cwd="/", env={"PATH": os.environ["PATH"]})
        found, _ = heard(folder)
        ran = (tmp_path / f"{number}.ran").exists() and (tmp_path / f"{number}.ran").read_text()
        assert (ran, isinstance(found, Lost)) in (("ran\n", False), (False, True)), number
