"""Receivers, and hooks that go to them."""

import pytest

from engine.sandbox.forge.hooks.outbox import post
from tests.support.receiver import receiving


@pytest.fixture
def receiver():
    with receiving() as started:
        yield started


@pytest.fixture
def hook(forge):
    """`hook(receiver.url, secret="s")` is the row of a new hook of no repository."""

    def made(url, **columns):
        known = {"repository": 4711, "secret": "s", "events_json": '["*"]', "created_at": "", "updated_at": ""}
        number = forge.kept.insert("hooks", url=url, **{**known, **columns})
        return forge.kept.row("SELECT * FROM hooks WHERE id = ?", number)

    return made


@pytest.fixture
def send(forge):
    """`send(hook, n)` posts deliveries with the bodies `{"n": 0}`, …"""

    def sent(hook, count=1, event="push", first=0, **body):
        for number in range(first, first + count):
            with forge.kept.change():
                post(forge, hook, event, {"n": number, **body})

    return sent
