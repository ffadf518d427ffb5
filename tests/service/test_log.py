"""Lines of the log: whole JSON with the ids of what they are about, nothing secret, and never a reason to stop."""

import json
import os
import subprocess
import sys
import threading

import pytest

from engine.errors import failure
from engine.service import log

PEM = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIHh4eHh4eHh4eHh4eHh4\n-----END PRIVATE KEY-----\n"


@pytest.fixture
def lines(tmp_path):
    """Starts the log and tells what it has by now."""
    key = tmp_path / "key.pem"
    key.write_text(PEM)
    environ = {
        "ENGINE_SIGNING_KEY_FILE": str(key),
        "AWS_SECRET_ACCESS_KEY": "Zm9vYmFyYmF6cXV4",
        "HTTPS_PROXY": "http://u:pa55word@proxy:3128",
    }
    log.start(str(tmp_path), "worker", environ, level="debug", readable=False, secrets=["w" * 40])
    yield lambda: [json.loads(line) for line in (tmp_path / "log" / "serve.log").read_text().splitlines()]
    log.stop()


def test_a_line_has_the_ids_of_what_it_is_about(lines):
    log.info("before")
    with log.about(run="gh-1", delivery="d1"), log.about(request="r1"):
        log.warning("inside", seconds=1.5, nothing=None)
    log.error("after", reason=failure("ENG786"))
    before, inside, after = lines()
    assert {"level": "info", "process": "worker", "message": "before"}.items() <= before.items()
    assert not {"run", "delivery", "request"} & before.keys()
    said = {"level": "warning", "run": "gh-1", "delivery": "d1", "request": "r1", "seconds": 1.5, "nothing": None}
    assert said.items() <= inside.items()
    assert "run" not in after
    assert after["reason"].startswith("ENG786 ")


def test_ids_are_of_one_thread(lines):
    inside, go_on = threading.Event(), threading.Event()

    def other():
        with log.about(run="theirs"):
            inside.set()
            go_on.wait(60)

    thread = threading.Thread(target=other)
    thread.start()
    inside.wait(60)
    log.info("mine")
    go_on.set()
    thread.join()
    assert "run" not in lines()[0]


@pytest.mark.parametrize(
    ("why", "secret"),
    [
        ("a key of the environment", "Zm9vYmFyYmF6cXV4"),
        ("a password of a proxy", "pa55word"),
        ("a webhook's secret", "w" * 40),
        ("a line of a key's file", "MC4CAQAwBQYDK2VwBCIEIHh4eHh4eHh4eHh4eHh4"),
        ("another key as a text", "-----BEGIN RSA PRIVATE KEY-----\nabcdefgh\n-----END RSA PRIVATE KEY-----"),
        ("a token of an installation", "ghs_16C7e42F292c6912E7710c838347Ae178B4a"),
        ("a person's token", "github_pat_11ABCDEFG0123456789_abcdefghijklmnop"),
        ("an App's own", "eyJhbGciOiJSUzI1NiJ9.eyJpYXQiOjE3MDAwMDAwMDB9.c2lnbmF0dXJlLXNpZ25hdHVyZQ"),
        ("what a header has", "Bearer abcdefghijklmnopqrstuvwxyz"),
        ("what git sends", "Basic eC1hY2Nlc3MtdG9rZW46Z2hzX2FiY2RlZmdo"),
        ("a token of an installation, as they are to be", "ghs_4242_c29tZSBvdGhlciBmb3Jt.c2lnbmF0dXJl"),
        ("a token of an AWS session", "IQoJb3JpZ2luX2VjEPX//////////wEaCXVzLWVhc3QtMSJHMEUCIQ"),
        ("an AWS key's id", "AKIAIOSFODNN7EXAMPLE"),
        ("a token of our pages", "interlock_abcdefghijklmnopqrstuvwxyz012345"),
    ],
)
def test_nothing_secret_gets_into_a_line(lines, tmp_path, capsys, why, secret):
    with log.about(run=f"gh-{secret}"):
        log.info(f"it said {secret}!", field=secret, of=failure("ENG002", file="f", reason=f"no {secret}"))
        try:
            raise ValueError(f"refused: {secret}")
        except ValueError:
            log.error("it broke")
    raw = (tmp_path / "log" / "serve.log").read_text() + capsys.readouterr().err
    hidden = secret.removeprefix("Bearer ")
    assert all(part not in raw for part in hidden.split("\n") if not part.startswith("-----")), why
    assert lines()[0]["message"].startswith("it said "), "the words around it stay"
    assert "ValueError" in lines()[1]["traceback"]


@pytest.mark.parametrize("text", ["two\nlines", "\x1b[31mred", "\u202eturned", "::error::x", "\x00", "x" * 100_000])
def test_whatever_it_says_a_line_is_one_line_that_can_be_shown(lines, tmp_path, text):
    log.info(text, also=text)
    raw = (tmp_path / "log" / "serve.log").read_text()
    assert raw.count("\n") == 1
    assert len(raw) < 20_000
    assert raw.strip().isprintable()
    assert lines()[0]["also"]


def test_a_program_reads_the_same_lines_on_standard_error(tmp_path, capsys):
    log.start(str(tmp_path), "web", {}, readable=False)
    log.info("one")
    log.info("two")
    log.stop()
    err = capsys.readouterr().err
    assert [json.loads(line)["message"] for line in err.splitlines()] == ["one", "two"]
    assert err == (tmp_path / "log" / "serve.log").read_text()


def test_a_person_reads_a_line_at_a_glance(tmp_path, capsys):
    log.start(str(tmp_path), "worker", {}, readable=True)
    log.warning("a run is\nslow", run="gh-1")
    log.debug("not asked for")
    log.stop()
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said[8:].startswith(" ")
    assert "warning" in said
    assert said.rstrip().endswith("worker a run is⏎ slow  run=gh-1")


def test_a_full_disk_loses_lines_and_nothing_else(tmp_path):
    """The system refuses to write one byte more into any file."""
    program = """
import resource, signal, sys
from engine.service import log
log.start(sys.argv[1], "web", {}, readable=False)
log.info("first")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200, resource.RLIM_INFINITY))
for number in range(20):
    log.info("lost" * 50)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
log.info("last")
print("went on")
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout.strip(), done.returncode) == ("went on", 0), done.stderr
    assert "Traceback" not in done.stderr
    last = (tmp_path / "log" / "serve.log").read_text().splitlines()[-1]
    assert last.endswith('"message": "last"}')


@pytest.mark.slow
def test_two_processes_write_and_rotate_one_log_and_lose_nothing(tmp_path):
    program = """
import sys
from engine.service import log
log._MOST_BYTES = 40_000
log.start(sys.argv[1], sys.argv[2], {}, readable=False)
for number in range(1000):
    log.info("x" * 100, number=number)
"""
    both = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path), name], stderr=subprocess.DEVNULL)
        for name in ("web", "worker")
    ]
    assert [one.wait(120) for one in both] == [0, 0]
    found = [
        json.loads(line) for file in (tmp_path / "log").glob("serve.log*") for line in file.read_text().splitlines()
    ]
    assert len(list((tmp_path / "log").glob("serve.log.*"))) <= 10
    newest = {name: max(one["number"] for one in found if one["process"] == name) for name in ("web", "worker")}
    assert set(newest.values()) == {999}
    assert len({(one["process"], one["number"]) for one in found}) == len(found)
    for name in ("web", "worker"):
        numbers = sorted(one["number"] for one in found if one["process"] == name)
        assert numbers == list(range(numbers[0], 1000)), "only the oldest are gone"


def test_nobody_else_reads_it(lines, tmp_path):
    log.info("x")
    assert os.stat(tmp_path / "log" / "serve.log").st_mode & 0o077 == 0
    assert os.stat(tmp_path / "log").st_mode & 0o077 == 0


@pytest.mark.parametrize("before", [0, 3_990, 4_000, 99_990])
def test_a_secret_is_not_cut_in_two(lines, before):
    """Half of it is known to nobody, and says nearly all."""
    log.error("x" * before + "Zm9vYmFyYmF6cXV4" + "x" * 200_000)
    log.error("x" * 200_000 + "Zm9vYmFyYmF6cXV4" + "x" * before)
    for line in lines():
        assert not any(part in line["message"] for part in ("Zm9v", "YmF6", "cXV4", "m9vYm")), before
        assert len(line["message"]) < 8_100


def test_a_thread_that_ends_by_a_bug_tells_no_secret_either(lines, capsys):
    def breaks():
        raise ValueError("Zm9vYmFyYmF6cXV4")

    thread = threading.Thread(target=breaks, name="breaks")
    thread.start()
    thread.join()
    (line,) = lines()
    assert (line["level"], line["thread"], "ValueError" in line["traceback"]) == ("error", "breaks", True)
    assert "Zm9vYmFyYmF6cXV4" not in json.dumps(line) + capsys.readouterr().err
