"""Server-sent events over real HTTP: that something has changed, and what a run says."""

import http.client
import os

import pytest
from starlette.requests import Request

from engine.service import live, runlog
from engine.service.access import Who
from engine.service.address import Address
from engine.service.guard import Visit
from engine.service.health import Component
from tests.support.serving import listening

VISIT = Visit(None, "", "", "/", lambda: True, Address("http://127.0.0.1", "80", is_alone=True), "")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with pytest.MonkeyPatch.context() as quicker:
        quicker.setattr(live, "_LOOK_S", 0.05)
        quicker.setattr(live, "_BOARD_S", 0.05)
        with listening(tmp_path_factory.mktemp("live")) as one:
            yield one


@pytest.fixture
def look(made):
    """Opens streams, and closes them."""
    opened = []

    def look(path, **headers):
        opened.append(Stream(made, path, **headers))
        return opened[-1]

    yield look
    for stream in opened:
        stream.close()


class Stream:
    def __init__(self, made, path, **headers):
        self.connection = http.client.HTTPConnection("127.0.0.1", made.port, timeout=60)
        self.connection.request("GET", path, headers=headers)
        self.answer = self.connection.getresponse()

    def close(self):
        self.answer.close()
        self.connection.close()

    def event(self):
        """(name, data) of the next one; None: there is no more."""
        name = data = ""
        while line := self.answer.readline().decode():
            if line == "\n" and name:
                return name, data
            key, _, value = line.rstrip("\n").partition(": ")
            name, data = (value if key == "event" else name), (value if key == "data" else data)
        return None


def _log(made, run, text, mode="a"):
    os.makedirs(made.runs.folder(run), exist_ok=True)
    with open(os.path.join(made.runs.folder(run), "log"), mode, encoding="utf-8") as file:
        file.write(text)


def test_a_change_is_told_whatever_it_is(made, look):
    stream = look("/live")
    assert stream.answer.headers["content-type"].startswith("text/event-stream")
    assert stream.answer.headers["cache-control"] == "no-store"
    assert stream.event() == ("hello", "{}")
    for change in (lambda: made.delivered("d-live"), lambda: made.ran("live", "running"), lambda: made.pull(77)):
        change()
        assert stream.event() == ("changed", "{}"), "and no more than that"


def test_what_a_run_says_comes_as_it_says_it_until_it_ends(made, look):
    made.ran("told", "running")
    _log(made, "gh-told", "2026-11-27T14:00:00Z planning\n")
    stream = look("/runs/gh-told/live")
    assert stream.event() == ("lines", '[{"number": 1, "at": "2026-11-27T14:00:00Z", "text": "planning"}]')
    _log(made, "gh-told", "2026-11-27T14:00:01Z \u2028event: end\\ndata: <script>\n")
    name, data = stream.event()
    assert (name, "\u2028" in data, data.count("\n")) == ("lines", False, 0)
    made.runs.set("gh-told", state="done")
    assert stream.event() == ("end", "{}")
    assert stream.event() is None


def test_that_a_resource_has_come_on_is_a_change(made, look):
    made.ran("stepped", "running")
    _log(made, "gh-stepped", "t one\n")
    stream = look("/runs/gh-stepped/live")
    assert stream.event()[0] == "lines"
    with open(made.runs.steps_file("gh-stepped"), "a", encoding="utf-8") as file:
        file.write("2026-11-27T14:00:00Z {}\n")
    assert stream.event() == ("changed", "{}")


def test_who_comes_back_is_told_what_follows(made, look):
    made.ran("back", "done")
    _log(made, "gh-back", "t one\nt two\nt three\n", "w")
    assert '"text": "three"' in look("/runs/gh-back/live", **{"Last-Event-ID": "2"}).event()[1]
    assert '"number": 2' in look("/runs/gh-back/live?after=1").event()[1]
    assert '"number": 1' in look("/runs/gh-back/live?after=x").event()[1]


def test_a_run_that_nobody_knows(made, look):
    assert look("/runs/gh-nobody/live").answer.status == 404


def test_a_stream_ends_when_its_token_is_taken_away(made, look):
    token = made.give("passing", "read")
    stream = look("/live", Authorization=f"Bearer {token}")
    assert stream.event() == ("hello", "{}")
    made.take("passing")
    assert stream.event() is None


def test_so_many_look_on_and_no_more(made, look, monkeypatch):
    monkeypatch.setattr(live, "MOST", 2)
    for _ in range(5_000):  # who looked on before has gone, and that has been noticed
        streams = [look("/live") for _ in range(2)]
        if [stream.answer.status for stream in streams] == [200, 200]:
            break
        for stream in streams:
            stream.close()
    assert [stream.event() for stream in streams] == [("hello", "{}")] * 2
    assert look("/live").answer.status == 503
    for stream in streams:
        stream.close()
    for _ in range(5_000):
        again = look("/live")
        if again.answer.status == 200:
            break
    assert again.event() == ("hello", "{}"), "who has gone makes room"


def test_no_crowd_gets_in_at_once_and_nobody_takes_all_places(made, monkeypatch):
    """Each is counted when it is let in, and not when it first has something to say."""
    monkeypatch.setattr(live, "MOST", 3)
    monkeypatch.setattr(live, "EACH", 2)
    watching = live.Live(made.sources, made.serving.at("inbox.db"))

    def opened(name):
        who = Who(name, ("read",), "token")
        asked = {"type": "http", "method": "GET", "headers": [], "state": {"visit": VISIT._replace(who=who)}}
        return watching._stream(Request(asked), lambda: pytest.fail("nobody has begun"))

    assert [opened(name).status_code for name in ("ann", "ann", "ann", "bob", "cid")] == [200, 200, 503, 200, 503]


def test_a_stream_reads_of_a_log_what_is_new_in_it(made, look, monkeypatch):
    """Whoever looks on at a long log would else have it read from its beginning every second."""
    made.ran("long", "running")
    _log(made, "gh-long", "".join(f"t {number}\n" for number in range(40_000)))
    read = []
    plain = runlog._read

    def counted(file, offset, size):
        read.append(offset)
        return plain(file, offset, size)

    monkeypatch.setattr(runlog, "_read", counted)
    stream = look("/runs/gh-long/live?after=39999")
    assert '"number": 40000' in stream.event()[1]
    read.clear()
    _log(made, "gh-long", "t more\n")
    assert '"number": 40001' in stream.event()[1]
    assert min(read) > 200_000


def test_how_the_parts_are_is_a_change_too(made):
    """What is being looked at when a page is made would stand there until something else happened."""
    parts = [Component("keys", "unknown", "being looked at")]
    sources = made.sources._replace(health=lambda: tuple(parts))
    watching = live.Live(sources, made.serving.at("inbox.db"))
    before = watching._look()
    parts[:] = [Component("keys", "well", "all there")]
    watching._read = 0.0
    assert watching._look() != before
