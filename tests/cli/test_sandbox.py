"""`engine sandbox` as a process: what it says when it is ready, whom it refuses, what outlives it, how it ends."""

import http.client
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import threading
import time
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from engine.cli.main import main
from tests.support.receiver import receiving, said, until
from tests.support.sandbox import ENGINE, Sandbox, refused, sandbox

USERS = {
    "ann": ("write", ["acme/platform"]),
    "bob": ("write", ["acme/platform"]),
    "carol": ("write", ["acme/security"]),
    "dave": ("write", ["acme/security"]),
    "erin": ("write", ["acme/security"]),
    "alice": ("write", []),
    "oscar": ("read", []),
    "olga": ("admin", []),
}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with sandbox("--state", str(tmp_path_factory.mktemp("sandbox") / "state")) as started:
        yield started


def test_the_ready_line(running):
    ready = running.ready
    assert set(ready) == {
        *("url", "api_url", "graphql_url", "git_url", "webhook_secret", "control", "app", "users", "repositories"),
        *("pid", "state"),
    }
    assert ready["pid"] == running.process.pid
    assert {user["login"]: (user["role"], user["teams"]) for user in ready["users"]} == USERS
    assert {key for user in ready["users"] for key in user} == {"login", "id", "email", "token", "teams", "role"}
    assert [(one["full_name"], one["kind"]) for one in ready["repositories"]] == [
        ("acme/dev-deployment", "source"),
        ("acme/controller", "controller"),
    ]
    assert set(ready["app"]) == {"id", "slug", "private_key_file", "installation", "bot"}
    assert os.path.dirname(ready["app"]["private_key_file"]) == ready["state"]
    assert running("GET", "/user", login="ann")[1]["id"] == ready["users"][0]["id"]
    assert running.control("GET", "runs") == (200, [])


def test_git_finds_the_repositories(running, tmp_path):
    token = next(user["token"] for user in running.ready["users"] if user["login"] == "ann")
    url = f"{running.ready['git_url']}/acme/dev-deployment.git".replace("://", f"://x-access-token:{token}@")
    subprocess.run(["git", "clone", "--quiet", url, str(tmp_path / "clone")], check=True, timeout=60)


def test_nobody_else_can_read_what_it_keeps(running):
    state = running.ready["state"]
    assert stat.S_IMODE(os.stat(state).st_mode) == 0o700
    open_ = [
        path
        for folder, folders, files in os.walk(state)
        for path in (os.path.join(folder, name) for name in (*folders, *files))
        if os.lstat(path).st_mode & 0o077 and not os.path.islink(path)
    ]
    assert open_ == []


def test_it_listens_on_loopback_alone(running):
    port = int(running.ready["url"].rpartition(":")[2])
    with open("/proc/net/tcp") as file:
        listening = [row.split()[1] for row in file.read().splitlines()[1:] if row.split()[3] == "0A"]
    assert [row for row in listening if int(row.rpartition(":")[2], 16) == port] == [f"0100007F:{port:04X}"]


def test_one_directory_is_one_sandbox(running):
    code, told = refused("--state", running.ready["state"], "--reset")
    assert (code, "ENG538" in told, str(running.process.pid) in told) == (5, True, True), "least of all it is emptied"
    assert running("GET", "/user")[0] == 200


def test_several_live_side_by_side(running):
    with sandbox() as other:
        assert other.ready["url"] != running.ready["url"]
        assert other.ready["webhook_secret"] != running.ready["webhook_secret"]
        assert other.end() == 0
    assert running("GET", "/user")[0] == 200


def test_a_port_that_is_taken(running, tmp_path):
    code, told = refused("--port", running.ready["url"].rpartition(":")[2], "--state", str(tmp_path))
    assert (code, "ENG539" in told, "--port" in told) == (3, True, True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_well_and_leaves_nothing(number):
    with sandbox() as started:
        state = started.ready["state"]
        assert os.path.isdir(state)
        assert started.end(number) == 0
        assert not os.path.exists(state), "its own directory is removed"


@pytest.fixture
def hanging_git(tmp_path):
    """A PATH whose git never ends when it is asked for a clone, and the file with that one's number."""
    program, number = tmp_path / "git", tmp_path / "number"
    asked = f"*http-backend*) echo $$ > {number}.new; mv {number}.new {number}; exec sleep 100;;"
    program.write_text(f'#!/bin/sh\ncase "$*" in {asked} esac\nexec {shutil.which("git")} "$@"\n')
    program.chmod(0o755)
    return f"{tmp_path}:{os.environ['PATH']}", number


def test_what_it_started_ends_with_it(hanging_git):
    path, number = hanging_git
    with sandbox(PATH=path) as started:
        token = started.ready["users"][0]["token"]
        url = f"{started.ready['git_url']}/acme/controller.git".replace("://", f"://x-access-token:{token}@")
        with subprocess.Popen(["git", "ls-remote", url], stderr=subprocess.DEVNULL) as asking:
            until(number.exists)
            assert started.end() == 0
            until(lambda: not os.path.exists(f"/proc/{int(number.read_text())}"))  # killed, and soon gone
            asking.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_whoever_waits_does_not_hold_it_up(number):
    command = [ENGINE, "sandbox", "--json", "--without-engine"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        ready = json.loads(process.stdout.readline())
        box = Sandbox(process, ready)
        address = urlsplit(ready["control"]["url"])
        with receiving() as receiver, closing(http.client.HTTPConnection(address.netloc, timeout=180)) as waits:
            free = threading.Event()
            receiver.answer = lambda handler, got: free.wait(60)
            a_hook(box, receiver)
            receiver.wait(1)
            headers = {"Authorization": f"Bearer {ready['control']['token']}", "Content-Type": "application/json"}
            waits.request("POST", f"{address.path}/idle", json.dumps({"timeout_s": 600}), headers)
            assert box("GET", "/user")[0] == 200  # who came first waits by now
            assert box.end(number) == 0
            free.set()
            answer = waits.getresponse()
            assert (answer.status, json.loads(answer.read())) == (503, {"message": "the sandbox ends"})
        assert process.stderr.read() == "the sandbox ends\n"


def test_what_is_said_to_people():
    with subprocess.Popen([ENGINE, "sandbox", "--without-engine"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        text = ""
        while "Ctrl-C ends it." not in text:
            text += process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    assert "git clone http://x-access-token:ghp_" in text
    assert all(login in text for login in USERS)


def secrets(ready):
    return {name: ready[name] for name in ready if name != "pid"}


def test_everything_outlives_a_kill(tmp_path):
    with receiving() as receiver, sandbox("--state", str(tmp_path / "s"), "--webhook", receiver.url) as first:
        assert receiver.wait(1)[0].signed_with(first.ready["webhook_secret"]), "a new address is pinged"
        first.control("POST", "clock", advance_s=3600)
        first.end(signal.SIGKILL)
        with sandbox("--state", str(tmp_path / "s")) as again:
            assert secrets(again.ready) == secrets(first.ready), "port, tokens, people and secrets are the same"
            assert again.control("POST", "clock", advance_s=0)[1]["ahead_s"] == 3600
            again.control("POST", "idle")
            assert len(receiver.got) == 1, "an old address is not pinged"


def test_the_port_of_last_time_only_if_it_is_free(tmp_path):
    with sandbox("--state", str(tmp_path)) as first:
        first.end()
    port = int(first.ready["url"].rpartition(":")[2])
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        with sandbox("--state", str(tmp_path)) as again:
            assert again.ready["url"] != first.ready["url"]
            assert again.ready["users"] == first.ready["users"]


def test_reset_forgets_everything(tmp_path):
    with sandbox("--state", str(tmp_path)) as first:
        first("POST", "/repos/acme/dev-deployment/hooks", {"config": {"url": "http://127.0.0.1:9/"}})
        first.end(signal.SIGKILL)
    with sandbox("--state", str(tmp_path), "--reset") as again:
        assert again("GET", "/repos/acme/dev-deployment/hooks") == (200, [])
        assert again.ready["webhook_secret"] != first.ready["webhook_secret"]


def a_hook(box, receiver, **config):
    body = {"config": {"url": receiver.url, "content_type": "json", **config}, "events": ["push"]}
    return box("POST", "/repos/acme/dev-deployment/hooks", body)[1]["id"]


def ping(box, hook, times):
    for _ in range(times):
        assert box("POST", f"/repos/acme/dev-deployment/hooks/{hook}/pings")[0] == 204


def killed_while_sending(state, receiver, after, count):
    """Kill it when so many have arrived, start it again, and let everything arrive."""
    with sandbox("--state", state) as first:
        receiver.answer = lambda handler, got: said(handler, 200, after=lambda: time.sleep(0.05))
        hook = a_hook(first, receiver)
        ping(first, hook, count - 1)  # one came when it was made
        receiver.wait(after)
        first.end(signal.SIGKILL)
    with sandbox("--state", state) as again:
        assert again.control("POST", "idle")[0] == 200
        sent = again("GET", f"/repos/acme/dev-deployment/hooks/{hook}/deliveries?per_page=100")[1]
    guids = [got.guid for got in receiver.got]
    assert list(dict.fromkeys(guids)) == [one["guid"] for one in reversed(sent)], "all of them, in their order"
    assert len(sent) == count
    assert len(guids) - count <= 1, "only what was under way comes twice"
    assert all(one["status_code"] == 200 for one in sent)


def test_what_waits_when_it_is_killed_arrives_after_the_restart(tmp_path):
    with receiving() as receiver:
        killed_while_sending(str(tmp_path), receiver, after=2, count=8)


@pytest.mark.slow
@pytest.mark.parametrize("after", range(1, 12))
def test_whenever_it_is_killed_everything_arrives(tmp_path, after):
    with receiving() as receiver:
        killed_while_sending(str(tmp_path), receiver, after, count=12)


@pytest.mark.slow
@pytest.mark.parametrize("delay", [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0])
def test_one_that_was_killed_while_it_began_begins_again(tmp_path, delay):
    command = [ENGINE, "sandbox", "--json", "--without-engine", "--state", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    time.sleep(delay)
    process.kill()
    process.wait()
    with sandbox("--state", str(tmp_path)) as again:
        assert {user["login"]: (user["role"], user["teams"]) for user in again.ready["users"]} == USERS
        names = [one["name"] for one in again("GET", "/repos/acme/dev-deployment/branches")[1]]
        assert sorted(names) == ["dev", "main", "prod", "stage"]


def test_one_that_was_killed_while_it_was_emptied_begins_anew(tmp_path):
    with sandbox("--state", str(tmp_path)) as first:
        first.end()
    (tmp_path / "forge.db").unlink()  # the rows go first
    with sandbox("--state", str(tmp_path)) as again:
        assert {user["login"] for user in again.ready["users"]} == set(USERS)
        assert again("GET", "/repos/acme/dev-deployment/branches/dev")[0] == 200


@pytest.mark.slow
def test_chaos_with_one_seed_is_one_story():
    def story(seed):
        with receiving() as receiver, sandbox("--chaos", seed) as box:
            answers: list[object] = []
            hook = None
            while hook is None:  # some are refused; the same ones each time
                status, made = box(
                    "POST",
                    "/repos/acme/dev-deployment/hooks",
                    {"config": {"url": receiver.url, "content_type": "json"}, "events": ["push"]},
                )
                answers.append(status)
                hook = made.get("id") if status == 201 else None
            for _ in range(60):
                try:
                    answers.append(box("GET", "/repos/acme/dev-deployment")[0])
                except (OSError, ValueError, http.client.HTTPException) as error:
                    answers.append(type(error).__name__)
            box.control("POST", "idle")
            return answers, len(receiver.got)

    first = story("7")
    assert first == story("7")
    assert first != story("8")
    assert set(first[0]) - {200, 201}, "something went wrong"


def without_git(tmp_path):
    return {"PATH": str(tmp_path)}


def with_old_git(tmp_path):
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\necho git version 2.30.1\n")
    program.chmod(0o755)
    return {"PATH": f"{tmp_path}:/usr/bin:/bin"}


MACHINES = [
    ("no git", without_git, "ENG450", "install git 2.38"),
    ("a git that is too old", with_old_git, "ENG369", "install git 2.38"),
]


@pytest.mark.parametrize(("why", "environ", "code", "remedy"), MACHINES, ids=[row[0] for row in MACHINES])
def test_what_the_machine_lacks(tmp_path, why, environ, code, remedy):
    status, told = refused(**environ(tmp_path))
    assert status == 3, why
    assert code in told
    assert remedy in told


def test_the_extra_is_not_installed(monkeypatch, capsys):
    import importlib.util

    plain = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "jinja2" else plain(name))
    assert main(["sandbox"]) == 3
    told = capsys.readouterr().err
    assert "ENG543" in told
    assert "pip install 'interlock-engine[sandbox]'" in told


@pytest.mark.parametrize("blocks", [1, 64, 600])
def test_a_full_disk(tmp_path, blocks):
    """A limit of the size of files fails as a full disk does: at the first table, and while people are written."""
    command = f"ulimit -f {blocks}; exec {ENGINE} sandbox --without-engine --json --state {tmp_path}/s"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, json.loads(done.stdout)["problems"][0]["code"]) == (3, "ENG002")
    assert "ENG002" in done.stderr


def test_a_damaged_state(tmp_path):
    with sandbox("--state", str(tmp_path)) as first:
        first.end()
    (tmp_path / "forge.db").write_bytes(b"this is no database, and never was" * 1000)
    for name in ("forge.db-wal", "forge.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    code, told = refused("--state", str(tmp_path))
    assert (code, "ENG545" in told, "--reset" in told) == (2, True, True)
    with sandbox("--state", str(tmp_path), "--reset") as again:
        assert again("GET", "/user")[0] == 200


OPTIONS = [
    ("a port that is none", ["--port", "65536"]),
    ("a port in words", ["--port", "http"]),
    ("a clock that never stops", ["--tick", "0"]),
    ("a clock that is none", ["--tick", "nan"]),
    ("a webhook without an address", ["--webhook", "localhost:80"]),
    ("a webhook to a file", ["--webhook", "file:///etc/passwd"]),
]


@pytest.mark.parametrize(("why", "words"), OPTIONS, ids=[row[0] for row in OPTIONS])
def test_options_that_are_wrong(capsys, why, words):
    assert main(["sandbox", *words]) == 2, why
    assert "usage: engine sandbox" in capsys.readouterr().err


def test_nothing_to_forget(capsys):
    assert main(["sandbox", "--reset"]) == 2
    assert "ENG544" in capsys.readouterr().err
