"""`idle` answers when nothing waits and nothing runs, and not before."""

import threading

from engine.sandbox.forge import control
from tests.support.receiver import said


def test_idle_waits_for_deliveries_and_not_for_late_ones(forge, as_, receiver, hook, send):
    def door(word, **body):
        headers = {"Authorization": f"Bearer {control.token(forge)}"}
        return as_(None)("POST", f"{forge.urls.base}/control/{word}", body, **headers)

    free = threading.Event()
    receiver.answer = lambda handler, got: said(handler, 200, after=lambda: free.wait(60))
    row = hook(receiver.url)
    forge.faults.order_delivery("ping", "", "late", 1)
    send(row, event="ping")
    send(row, event="push")
    late = door("idle", timeout_s=0)
    assert (late.status, late.body["idle"], late.body["deliveries"]) == (408, False, 1)
    free.set()
    assert door("idle", timeout_s=60).body == {"idle": True}
    assert [got.headers["x-github-event"] for got in receiver.got] == ["push"]
    door("tick")
    assert door("idle").status == 200
    assert [got.headers["x-github-event"] for got in receiver.got] == ["push", "ping"]
