"""What a receiver gets, in which order, and what is recorded of it."""

import contextlib
import threading
import time

import pytest

from engine.sandbox.forge.hooks import rest, shapes, wire
from engine.sandbox.forge.hooks.outbox import LARGEST, redeliver
from engine.sandbox.forge.hooks.sending import Sender, waiting
from tests.support.receiver import receiving, said, until


def quiet(forge):
    until(lambda: not waiting(forge))


def log(forge, hook):
    """What the list of deliveries says, oldest first."""
    return [shapes.delivery_item(row) for row in reversed(rest.sent(forge, hook, limit=1000))]


def test_headers_are_github_s(forge, receiver, hook, send):
    row = hook(receiver.url)
    send(row)
    (got,) = receiver.wait(1)
    assert got.headers["user-agent"].startswith("GitHub-Hookshot/")
    assert len(got.guid) == 36
    assert {name: value for name, value in got.headers.items() if name.startswith("x-")} == {
        "x-github-delivery": got.guid,
        "x-github-event": "push",
        "x-github-hook-id": str(row["id"]),
        "x-github-hook-installation-target-id": "4711",
        "x-github-hook-installation-target-type": "repository",
        "x-hub-signature": got.headers["x-hub-signature"],
        "x-hub-signature-256": got.headers["x-hub-signature-256"],
    }
    assert got.headers["content-type"] == "application/json"
    assert got.signed_with("s")
    assert not got.signed_with("t")


def test_the_signature_is_that_of_github_s_documentation(hook):
    row = {**hook("http://x"), "secret": "It's a Secret to Everybody"}
    delivery = {"guid": "g", "event": "e", "body": b"Hello, World!"}
    found = wire.request(row, delivery)[0]["X-Hub-Signature-256"]
    assert found == "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


SIGNED = [
    ("JSON is signed as it is sent", {}, b'{"n":0}', "application/json", True),
    ("a form is signed as it is sent", {"content_type": "form"}, b"payload=%7B%22n%22%3A0%7D", "form", True),
    ("without a secret there is nothing to sign with", {"secret": ""}, b'{"n":0}', "application/json", False),
]


@pytest.mark.parametrize(("why", "columns", "data", "kind", "signed"), SIGNED, ids=[row[0] for row in SIGNED])
def test_the_raw_bytes_are_signed(receiver, hook, send, why, columns, data, kind, signed):
    send(hook(receiver.url, **columns))
    (got,) = receiver.wait(1)
    assert got.data == data
    assert kind in got.headers["content-type"]
    assert got.signed_with("s") is signed, why
    assert ("x-hub-signature" in got.headers) is signed


def test_an_app_is_the_target_of_its_own_hook(receiver, hook, send):
    send(hook(receiver.url, repository=None, app=12))
    (got,) = receiver.wait(1)
    assert got.headers["x-github-hook-installation-target-type"] == "integration"
    assert got.headers["x-github-hook-installation-target-id"] == "12"


def test_a_hook_s_deliveries_arrive_in_their_order(forge, receiver, hook, send):
    row = hook(receiver.url)
    makers = [threading.Thread(target=send, args=(row, 20), kwargs={"first": 100 * i}) for i in range(4)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    numbers = [got.body["n"] for got in receiver.wait(80)]
    assert len(set(numbers)) == len(numbers) == 80
    quiet(forge)
    bodies = forge.kept.rows("SELECT body FROM deliveries WHERE hook = ? ORDER BY id", row["id"])
    assert [f'{{"n":{number}}}'.encode() for number in numbers] == [one["body"] for one in bodies]


def test_no_hook_waits_for_another_s_slow_answer(forge, receiver, hook, send):
    free = threading.Event()
    with receiving() as slow:
        slow.answer = lambda handler, got: said(handler, 200, after=lambda: free.wait(20))
        send(hook(slow.url), 2)
        slow.wait(1)
        send(hook(receiver.url), 5)
        assert len(receiver.wait(5)) == 5
        assert len(slow.got) == 1, "the second waits for the answer to the first"
        free.set()
        assert [got.body["n"] for got in slow.wait(2)] == [0, 1]
        quiet(forge)


def _hang_up(handler, _):
    handler.connection.close()


def _drip(handler, _):
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the other side has had enough
        for byte in b"HTTP/1.1 200 OK\r\n" + b"X-Long: y\r\n" * 1000:
            handler.wfile.write(bytes([byte]))
            time.sleep(0.02)


ANSWERS = [
    ("accepted", lambda handler, got: said(handler, 202), 202, "OK"),
    ("an error of the receiver's", lambda handler, got: said(handler, 500), 500, "Invalid HTTP Response: 500"),
    ("a redirect is not followed", lambda h, _: said(h, 302, Location="/x"), 302, "Invalid HTTP Response: 302"),
    ("no answer", _hang_up, 0, "failed to connect to host"),
    ("an answer that comes byte by byte, for ever", _drip, 0, "timed out"),
    ("no answer in time", lambda handler, got: time.sleep(1), 0, "timed out"),
]


@pytest.mark.parametrize(("why", "answer", "code", "status"), ANSWERS, ids=[row[0] for row in ANSWERS])
def test_an_answer_is_recorded_and_nothing_tried_again(
    forge, receiver, hook, send, monkeypatch, why, answer, code, status
):
    monkeypatch.setattr(wire, "TIMEOUT_S", 0.3 if status == "timed out" else wire.TIMEOUT_S)
    receiver.answer = answer
    row = hook(receiver.url)
    send(row, 2)
    receiver.wait(2)
    quiet(forge)
    assert [(one["status_code"], one["status"][: len(status)]) for one in log(forge, row)] == [(code, status)] * 2, why
    assert len(receiver.got) == 2, "GitHub tries nothing again"


def test_nobody_there_is_recorded_too(forge, hook, send):
    row = hook("http://127.0.0.1:9/nobody")
    send(row)
    quiet(forge)
    (one,) = log(forge, row)
    assert (one["status_code"], one["status"][:25]) == (0, "failed to connect to host")


def test_the_answer_is_kept_up_to_a_limit(forge, receiver, hook, send):
    receiver.answer = lambda handler, got: said(handler, 200, "y" * (wire.SHOWN + 1000))
    row = hook(receiver.url)
    send(row)
    quiet(forge)
    kept = forge.kept.row("SELECT * FROM deliveries WHERE hook = ?", row["id"])
    assert len(shapes.delivery(kept, "")["response"]["payload"]) == wire.SHOWN


def test_what_is_larger_than_25_mb_is_never_sent(forge, receiver, hook, send):
    row = hook(receiver.url)
    send(row, text="x" * LARGEST)
    send(row)
    receiver.wait(1)
    quiet(forge)
    assert [got.body for got in receiver.got] == [{"n": 0}]


def test_a_redelivery_has_the_guid_and_a_new_id(forge, receiver, hook, send):
    row = hook(receiver.url)
    send(row)
    receiver.wait(1)
    quiet(forge)
    number = redeliver(forge, forge.kept.row("SELECT * FROM deliveries WHERE hook = ?", row["id"]))
    first, again = receiver.wait(2)
    assert (first.guid, first.data) == (again.guid, again.data)
    assert again.signed_with("s")
    quiet(forge)
    one, other = log(forge, row)
    assert [one["redelivery"], other["redelivery"]] == [False, True]
    assert other["id"] == number > one["id"]


def test_a_hook_that_is_gone_sends_nothing_more(forge, receiver, hook, send):
    free = threading.Event()
    receiver.answer = lambda handler, got: said(handler, 200, after=lambda: free.wait(20))
    row = hook(receiver.url)
    send(row, 3)
    receiver.wait(1)
    forge.kept.run("DELETE FROM hooks WHERE id = ?", row["id"])
    free.set()
    quiet(forge)
    assert len(receiver.got) == 1


def test_what_was_under_way_is_sent_again_by_the_next_sender(forge, receiver, hook, send, monkeypatch):
    monkeypatch.setattr(wire, "TIMEOUT_S", 300)
    sender = Sender(forge)
    held = threading.Event()
    receiver.answer = lambda handler, got: held.wait(60)
    row = hook(receiver.url)
    before = forge.wake
    try:
        forge.wake = lambda: None  # the forge's own sender hears nothing: ours is the one that ends
        send(row, 2)
        sender.start()
        receiver.wait(1)
        began = time.monotonic()
        sender.stop()
        assert time.monotonic() - began < 50, "it does not wait for the receiver"
        assert waiting(forge) == 2
    finally:
        forge.wake = before
        held.set()
    receiver.answer = lambda handler, got: said(handler, 200)
    forge.wake()
    quiet(forge)
    first, again, second = receiver.wait(3)
    assert first.guid == again.guid
    assert [got.body["n"] for got in (first, again, second)] == [0, 0, 1]


CHAOS = [
    ("lost: it never comes", [("lose", 1)], 3, [1, 2]),
    ("doubled: it comes twice", [("double", 1)], 3, [0, 0, 1, 2]),
    ("late: not before the clock ticks", [("late", 1)], 3, [1, 2]),
    ("reordered: after the next one", [("reorder", 1)], 3, [1, 0, 2]),
    ("both reordered: the other way round", [("reorder", 2)], 2, [1, 0]),
    ("reordered with none after it: it comes all the same", [("reorder", 1)], 1, [0]),
    ("two orders: one after the other", [("lose", 2), ("double", 1)], 4, [2, 2, 3]),
]


@pytest.mark.parametrize(("why", "orders", "count", "numbers"), CHAOS, ids=[row[0] for row in CHAOS])
def test_chaos(forge, receiver, hook, send, why, orders, count, numbers):
    row = hook(receiver.url)
    for how, often in orders:
        forge.faults.order_delivery("push", "", how, often)
    with forge.kept.change():  # they are all there before the first is sent
        send(row, count)
    quiet(forge)
    assert [got.body["n"] for got in receiver.got] == numbers, why
    assert len({got.guid for got in receiver.got}) == len(set(numbers)), "a doubled one has one guid"
    assert len(log(forge, row)) == len(numbers), "what was lost is in no list"


def test_a_late_delivery_comes_with_the_next_tick(forge, receiver, hook, send):
    from engine.sandbox.forge.runner import tick

    row = hook(receiver.url)
    forge.faults.order_delivery("push", "", "late", 1)
    send(row, 2)
    quiet(forge)
    assert [got.body["n"] for got in receiver.got] == [1]
    tick(forge)
    assert [got.body["n"] for got in receiver.wait(2)] == [1, 0]
