"""Whoever can reach `/webhooks` sends what they like: unsigned, signed by others, old, large, slow, ambiguous."""

import http.client
import json
import logging
import socket
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from engine.core.events.body import LIMIT as LARGEST
from engine.service import inbox, listening, receiver
from tests.support.receiver import until
from tests.support.webhooks import OLD, SECRET, headers, listening_on, pull, served, signature

STRANGER = b"another secret, of at least 32 characters"
BODY = json.dumps(pull()).encode()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with served(str(tmp_path_factory.mktemp("service") / "inbox.db")) as started:
        yield started


@pytest.fixture
def untouched(site):
    """The inbox has as many deliveries afterwards as before, whatever was sent."""
    before = site.inbox.counts()
    yield
    assert site.inbox.counts() == before


def fresh(**more) -> bytes:
    """A body that nobody has sent before."""
    return json.dumps(pull(nonce=str(uuid.uuid4()), **more)).encode()


RIGHT = signature(BODY)


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("there is none", None),
        ("it is empty", ""),
        ("it is another secret's", signature(BODY, STRANGER)),
        ("it is of other bytes", signature(BODY + b" ")),
        ("it is of nothing", signature(b"")),
        ("it is signed by no secret", signature(BODY, b"")),
        ("its last digit is another", RIGHT[:-1] + ("0" if RIGHT[-1] != "0" else "1")),
        ("it is cut off", RIGHT[:-1]),
        ("it is longer", RIGHT + "0"),
        ("it says no algorithm", RIGHT.removeprefix("sha256=")),
        ("it says an older algorithm", "sha1=" + RIGHT.removeprefix("sha256=")),
        ("it is in capitals", RIGHT.upper()),
        ("it is not ASCII", "sha256=" + "é" * 64),
        ("it is not even text", "sha256=" + "\xff\xfe" * 32),
        ("it has something behind it", RIGHT + ", " + RIGHT),
    ],
)
@pytest.mark.usefixtures("untouched")
def test_a_signature_that_is_not_ours(site, why, said):
    answer = site.post(BODY, headers(BODY, x_hub_signature_256=said))
    assert (answer.status, answer.said["code"]) == (401, "ENG744"), why


@pytest.mark.usefixtures("untouched")
def test_a_right_signature_in_the_older_header_is_none(site):
    sent = headers(BODY, x_hub_signature_256=None, x_hub_signature=RIGHT)
    assert site.post(BODY, sent).status == 401


def test_both_secrets_hold_while_they_are_exchanged(site):
    for secret in (SECRET, OLD):
        body = fresh()
        answer = site.post(body, headers(body, x_hub_signature_256=signature(body, secret)))
        assert answer.status == 202


def test_what_is_refused_says_nothing_of_the_secret_or_of_what_was_sent(site):
    body = b'{"<script>": "' + SECRET + b'"}'
    answer = site.post(body, headers(body, event="<script>", id_="<b>"))
    assert answer.status == 400
    told = json.dumps(answer.said)
    assert [text for text in ("script", "<b>", SECRET.decode()) if text in told] == []


def test_what_is_refused_does_not_push_everything_else_out_of_the_log(site, monkeypatch, caplog):
    monkeypatch.setattr(site.receiver, "_quiet_until", {})
    monkeypatch.setattr("engine.service.receiver._QUIET_S", 600)  # a machine may take longer than ten seconds
    monkeypatch.setattr(logging.getLogger("interlock"), "propagate", True)
    for _ in range(20):
        assert site.post(BODY, headers(BODY, x_hub_signature_256=None)).status == 401
    told = [record for record in caplog.records if "not taken" in record.message]
    assert len(told) == 1


def test_one_delivery_sent_twice_is_one(site):
    body = fresh()
    sent, told = headers(body), len(site.came)
    assert [site.post(body, sent).status for _ in range(3)] == [202, 200, 200]
    assert len(site.came) == told + 1, "the worker is woken once"


def test_an_old_body_under_new_ids_is_known(site):
    """The id is in no signature: whoever has recorded one delivery would have work done without end."""
    body = fresh()
    first = site.post(body)
    before = site.inbox.counts()
    again = [site.post(body, headers(body, event=event)) for event in ("pull_request", "push", "issue_comment")]
    assert (first.status, [one.status for one in again]) == (202, [200, 200, 200])
    assert site.inbox.counts() == before


def test_the_same_id_with_another_body_is_refused(site):
    first, other = fresh(), fresh()
    id_ = str(uuid.uuid4())
    assert site.post(first, headers(first, id_)).status == 202
    answer = site.post(other, headers(other, id_))
    assert (answer.status, answer.said["code"]) == (409, "ENG747")
    assert site.inbox.body(id_) == first


def test_twenty_at_once_with_one_id_are_one(site):
    bodies = [fresh() for _ in range(20)]
    id_ = str(uuid.uuid4())
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda body: site.post(body, headers(body, id_)).status, bodies))
    assert sorted(answers) == [202] + [409] * 19


@pytest.mark.parametrize(
    ("why", "status", "changed"),
    [
        ("a form", 415, {"content_type": "application/x-www-form-urlencoded"}),
        ("no type", 415, {"content_type": None}),
        ("another alphabet", 415, {"content_type": "application/json; charset=utf-16"}),
        ("two types in one", 415, {"content_type": "application/json, text/plain"}),
        ("packed", 400, {"content_encoding": "gzip"}),
        ("no id", 400, {"x_github_delivery": None}),
        ("an id that is a path", 400, {"x_github_delivery": "../../etc/passwd"}),
        ("an id of a kilobyte", 400, {"x_github_delivery": "a" * 1024}),
        ("an id that is not ASCII", 400, {"x_github_delivery": "é"}),
        ("no event", 400, {"x_github_event": None}),
        ("an event that is a path", 400, {"x_github_event": "../pull_request"}),
        ("an event in capitals", 400, {"x_github_event": "PULL_REQUEST"}),
    ],
)
@pytest.mark.usefixtures("untouched")
def test_headers_that_are_not_github_s(site, why, status, changed):
    answer = site.post(BODY, headers(BODY, **changed))
    assert (answer.status, answer.said["code"]) == (status, "ENG745"), why


@pytest.mark.parametrize(
    ("why", "body"),
    [
        ("nothing", b""),
        ("no JSON", b"{"),
        ("a list", b"[]"),
        ("a text", b'"text"'),
        ("not UTF-8", b'{"a": "\xff"}'),
        ("UTF-16", '{"a": 1}'.encode("utf-16")),
        ("a hundred thousand levels of lists", b"[" * 100_000),
        ("a hundred thousand levels of objects", b'{"a":' * 100_000),
        ("levels that are closed again", b"[" * 100_000 + b"]" * 100_000),
        ("a number of a million digits", b'{"a": ' + b"9" * 1_000_000 + b"}"),
        ("two million values", b'{"a": [' + b"[]," * 2_000_000 + b"[]]}"),
    ],
)
@pytest.mark.usefixtures("untouched")
def test_signed_rubbish(site, why, body):
    answer = site.post(body)
    assert (answer.status, answer.said["code"]) == (400, "ENG745"), why


def test_a_body_whose_fields_are_anything_is_kept_with_nothing_of_them(site):
    junks: list[object] = [None, [], "x" * 10_000, 1e308, -1, True, {"id": {}}, {"full_name": "../..", "id": "5"}]
    for number, junk in enumerate(junks):
        body = json.dumps(
            {"repository": junk, "installation": junk, "action": junk, "n": number, "after": junk}
        ).encode()
        id_ = str(uuid.uuid4())
        assert site.post(body, headers(body, id_, "push")).status == 202
        found = site.inbox.get(id_)
        assert (found.repo, found.repo_id, found.installation, found.subject, found.head) == ("", None, None, "", "")


@pytest.mark.usefixtures("untouched")
def test_25_mb_that_are_signed_by_nobody_are_refused_and_what_they_took_is_free_again(site):
    body = b" " * LARGEST
    for _ in range(5):  # together more than there is room for
        assert site.post(body, headers(body, x_hub_signature_256=RIGHT)).status == 401
    assert site.post(BODY, headers(BODY, x_hub_signature_256=RIGHT[:-2] + "00")).status == 401


def test_25_mb_that_are_signed_are_taken(site):
    body = b'{"a": "' + b"x" * (LARGEST - 9) + b'"}'
    assert site.post(body).status == 202


@pytest.mark.slow
def test_large_ones_that_are_slow_to_read_keep_nobody_waiting(site):
    value = b'{"a":1,"b":[1,2,3]},'
    body = b'{"many": [' + value * 160_000 + b"{}]}"
    with ThreadPoolExecutor(1) as pool:
        large = pool.submit(site.post, body)
        answered = 0
        while not large.done():
            assert site.post(fresh()).status == 202
            answered += 1
        assert large.result().status == 202
    assert answered > 1


@pytest.mark.usefixtures("untouched")
def test_100_mb_are_refused_before_they_are_sent(site):
    head = [f"{name}: {value}" for name, value in headers(b"").items()]
    lines = ["POST /webhooks HTTP/1.1", "Host: x", f"Content-Length: {100 * 1024 * 1024}", *head]
    answer = site.raw("\r\n".join([*lines, "", ""]).encode())
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"ENG746" in answer


@pytest.mark.usefixtures("untouched")
def test_large_ones_that_come_together_take_no_room_from_small_ones(site):
    """Nobody needs a secret to begin to send: who holds places for large bodies keeps no delivery out."""
    head = "\r\n".join(f"{name}: {value}" for name, value in headers(b"").items())
    begun = f"POST /webhooks HTTP/1.1\r\nHost: x\r\nContent-Length: {LARGEST}\r\n{head}\r\n\r\n".encode()
    doors = [socket.create_connection(("127.0.0.1", site.port), timeout=60) for _ in range(3)]
    try:
        for door in doors[:2]:
            door.sendall(begun + b"x")
        until(lambda: site.receiver.room < LARGEST)
        doors[2].sendall(begun)
        assert doors[2].recv(100).startswith(b"HTTP/1.1 503 ")
        assert site.post(BODY, headers(BODY, x_github_event=None)).status == 400  # signed, and read to its end
    finally:
        for door in doors:
            door.close()
    until(lambda: site.receiver.room == receiver.ROOM)


HEADERS = "\r\n".join(f"{name}: {value}" for name, value in headers(BODY).items())
LENGTH = f"Content-Length: {len(BODY)}"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    ("why", "lines", "body"),
    [
        ("two lengths", f"{LENGTH}\r\nContent-Length: {len(BODY) + 5}", BODY),
        ("the same length twice in one", f"Content-Length: {len(BODY)}, {len(BODY) + 1}", BODY),
        ("a length and pieces", f"{LENGTH}\r\nTransfer-Encoding: chunked", b"0\r\n\r\n" + SMUGGLED),
        ("pieces and a length", f"Transfer-Encoding: chunked\r\n{LENGTH}", b"0\r\n\r\n" + SMUGGLED),
        ("pieces alone", "Transfer-Encoding: chunked", b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)),
        ("pieces of another name", "Transfer-Encoding: xchunked", BODY),
        ("a name with a blank behind it", f"Content-Length : {len(BODY)}", BODY),
        ("a signed length", f"Content-Length: +{len(BODY)}", BODY),
        ("a length in another base", f"Content-Length: 0x{len(BODY):x}", BODY),
        ("no length", "X-Nothing: 1", b""),
        ("two signatures", f"{LENGTH}\r\nX-Hub-Signature-256: {RIGHT}", BODY),
        ("two ids", f"{LENGTH}\r\nX-GitHub-Delivery: another", BODY),
        ("two events", f"{LENGTH}\r\nX-GitHub-Event: push", BODY),
        ("two hosts", f"{LENGTH}\r\nHost: y", BODY),
        ("a header of a megabyte", f"{LENGTH}\r\nX-Long: " + "x" * 1_000_000, BODY),
        ("ten thousand headers", LENGTH + "".join(f"\r\nX-{n}: 1" for n in range(10_000)), BODY),
        ("a header with a NUL", f"{LENGTH}\r\nX-Odd: \0", BODY),
        ("a line that ends with CR alone", f"{LENGTH}\rX-Odd: 1", BODY),
    ],
)
@pytest.mark.usefixtures("untouched")
def test_a_request_that_two_readers_could_cut_in_two_ways(site, why, lines, body):
    sent = f"POST /webhooks HTTP/1.1\r\nHost: x\r\n{HEADERS}\r\n{lines}\r\n\r\n".encode() + body
    answer = site.raw(sent)
    assert answer.count(b"HTTP/1.1 ") == 1, why  # what stands behind it is no request
    assert answer.split()[1][:1] == b"4", (why, answer)


@pytest.mark.parametrize(
    "path",
    [
        *("/webhooks/", "//webhooks", "/./webhooks", "/x/../webhooks", "/%77ebhooks", "/webhooks%2f", "/WEBHOOKS"),
        *("/webhooks?x=1", "/webhooks;x", "/webhooks%00", "/webhooks/..", "/../webhooks", "/x/webhooks", "*"),
    ],
)
@pytest.mark.usefixtures("untouched")
def test_another_spelling_of_the_path_is_another_path(site, path):
    body = fresh()
    head = "\r\n".join(f"{name}: {value}" for name, value in headers(body).items())
    lines = f"Host: evil.example\r\nConnection: close\r\nContent-Length: {len(body)}\r\n{head}"
    sent = f"POST {path} HTTP/1.1\r\n{lines}\r\n\r\n"
    answer = site.raw(sent.encode() + body)
    assert answer.split()[1] in (b"404", b"400"), answer
    assert b"evil.example" not in answer  # nobody is sent elsewhere


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])
@pytest.mark.usefixtures("untouched")
def test_nothing_but_post(site, method):
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
    connection.request(method, "/webhooks", BODY, headers(BODY))
    assert connection.getresponse().status == 405
    connection.close()


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("why", "begun"),
    [
        ("not a byte", b""),
        ("half a head", b"POST /webhooks HTTP/1.1\r\nHost: x\r\n"),
        ("half a body", f"POST /webhooks HTTP/1.1\r\nHost: x\r\n{HEADERS}\r\n{LENGTH}\r\n\r\n{{".encode()),
    ],
)
def test_who_is_slow_is_cut_off_though_bytes_trickle_in(site, monkeypatch, why, begun):
    monkeypatch.setattr(listening, "_HEAD_S", 0.2)
    monkeypatch.setattr(receiver, "_BODY_S", 0.2)
    with socket.create_connection(("127.0.0.1", site.port), timeout=60) as door:
        door.sendall(begun)
        ends = time.monotonic() + 60
        closed = False
        while not closed and time.monotonic() < ends:
            try:
                if begun:
                    door.sendall(b"x")
                door.settimeout(0.05)
                closed = door.recv(4096) == b""
            except TimeoutError:
                pass
            except OSError:
                closed = True
        assert closed, why


def test_who_answers_nothing_takes_no_place_from_others(site, monkeypatch):
    monkeypatch.setattr(listening, "_PLACES", 20)
    doors = [socket.create_connection(("127.0.0.1", site.port), timeout=60) for _ in range(60)]
    try:
        for _ in range(5):
            assert site.post(fresh()).status == 202
    finally:
        for door in doors:
            door.close()


def test_who_begins_a_body_and_does_not_end_it_takes_no_place_from_others(site, monkeypatch):
    """Each is a request under way, as long as it may be; there are as many as somebody likes."""
    monkeypatch.setattr(listening, "_PLACES", 20)
    begun = f"POST /webhooks HTTP/1.1\r\nHost: x\r\n{HEADERS}\r\n{LENGTH}\r\n\r\n{{".encode()
    doors = [socket.create_connection(("127.0.0.1", site.port), timeout=60) for _ in range(60)]
    try:
        for door in doors:
            with suppress(OSError):
                door.sendall(begun)
        for _ in range(5):
            assert site.post(fresh()).status == 202
    finally:
        for door in doors:
            door.close()


def has_open(port, other):
    """Is the connection from the port `other` to ours open, as our side of it sees it?"""
    with open("/proc/net/tcp", encoding="ascii") as file:
        rows = [row.split()[1:4] for row in file.read().splitlines()[1:]]
    ends = [f"0100007F:{port:04X}", f"0100007F:{other:04X}", "01"]
    return ends in rows


def test_a_reader_that_does_not_read_is_cut_off(site, monkeypatch):
    """Answers of the pages are large; a hundred readers that stop would hold them for ever."""
    monkeypatch.setattr(listening, "_STUCK_S", 0.2)
    page = Response(b"x" * 50_000_000)
    with (
        listening_on(Starlette(routes=[Route("/", lambda request: page)])) as port,
        socket.create_connection(("127.0.0.1", port), timeout=60) as door,
    ):
        door.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        until(lambda: not has_open(port, door.getsockname()[1]))
        found = 0
        with suppress(ConnectionResetError):
            while piece := door.recv(1_000_000):
                found += len(piece)
        assert found < 50_000_000


def bound(site, *rows):
    with site.inbox.database.writing() as tables:
        tables.execute("DELETE FROM sources")
        tables.executemany("INSERT INTO sources VALUES (?, ?, ?, 'rules')", rows)


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("it is no source", {"repo": "mallory/network", "installation": 8}),
        ("it has the name of one, and is another", {"repo_id": 12}),
        ("it does not say which it is", {"repo_id": None}),
        ("another installation", {"installation": 8}),
        ("no installation", {"installation": None}),
        ("the name in capitals does not help", {"repo": "ACME/Network", "repo_id": 12}),
    ],
)
def test_signed_by_our_secret_and_not_from_a_source(site, why, said):
    """The App's secret signs for whoever installs it; and a name that somebody gave up, others may take."""
    bound(site, ("acme/network", 11, 7))
    try:
        body, id_ = fresh(**said), str(uuid.uuid4())
        answer = site.post(body, headers(body, id_))
        found = site.inbox.get(id_)
        kept = site.inbox.body(id_)
        ours = site.post(fresh()).status
    finally:
        bound(site)
    assert (answer.status, answer.said["code"]) == (403, "ENG748"), why
    assert (found.state, bool(found.reason), kept) == ("refused", True, None)
    assert ours == 202


def test_another_repository_of_our_own_installation_is_seen_and_starts_nothing(site):
    bound(site, ("acme/network", 11, 7))
    try:
        body, id_ = fresh(repo="acme/website", repo_id=99), str(uuid.uuid4())
        answer = site.post(body, headers(body, id_))
    finally:
        bound(site)
    found = site.inbox.get(id_)
    assert (answer.status, found.state, site.inbox.body(id_)) == (200, "kept", None)


def test_what_is_of_no_repository_is_seen_and_takes_no_room(site):
    """Whoever may install the App can have such sent, as many as they like."""
    bound(site, ("acme/network", 11, 7))
    try:
        body, id_ = json.dumps({"action": "created", "installation": {"id": 8}}).encode(), str(uuid.uuid4())
        answer = site.post(body, headers(body, id_, "installation"))
    finally:
        bound(site)
    assert (answer.status, site.inbox.get(id_).state, site.inbox.body(id_)) == (200, "kept", None)


def test_strangers_cannot_fill_the_disk(site, monkeypatch):
    monkeypatch.setattr(inbox, "_ASIDE", 5)
    bound(site, ("acme/network", 11, 7))
    try:
        for _ in range(12):
            assert site.post(fresh(repo="mallory/x", installation=8)).status == 403
    finally:
        bound(site)
    assert site.inbox.counts()["refused"] == 5
