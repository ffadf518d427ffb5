"""What becomes of deliveries, by the shipped rules: `start`, `kept` or `refused`, and which are one run's."""

import json
import os
from typing import Any

import pytest

from engine.core.events.envelope import read_event
from engine.core.events.ours import Us
from engine.core.rules.load import load
from engine.run import trusted
from engine.run.catalog import catalog
from engine.service import delivery as deliveries
from engine.service import sifting
from engine.service.bound import Bound
from engine.service.sifting import sift
from tests.support import events

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SOURCES = {"acme/dev-deployment": Bound("acme/dev-deployment", 5, 7, "rules")}
ANN, BOB, BOT = {"id": 1, "type": "User"}, {"id": 2, "type": "User"}, {"id": 99, "type": "Bot"}
US = Us(app=42, bot=99)


@pytest.fixture(scope="module")
def rules():
    return load(dict(trusted.read_rules(ROOT)), catalog())


class Inbox:
    """Deliveries as they came."""

    def __init__(self) -> None:
        self.came: list[tuple[deliveries.Delivery, bytes | None]] = []

    def add(self, name: str, body: dict, **changed: Any) -> str:
        data = json.dumps({"installation": {"id": 7}, **body}).encode()
        number = len(self.came) + 1
        found = deliveries.read(f"d{number}", name, data, "2026-01-01T00:00:00Z")
        self.came.append((found._replace(number=number, **changed), data))
        return found.id


def of_pull(action: str, sender: object = ANN, head: str = events.HEAD, number: int = 7, **more) -> dict:
    body = events.pull_request(action, sender=sender, **more)
    body["pull_request"] = {**body["pull_request"], "number": number, "head": {"sha": head, "ref": "feature"}}
    return body


def said(text: str) -> dict:
    return {**events.comment(), "comment": {"body": text, "id": 1}, "sender": ANN}


def other(body: dict, **repository: object) -> dict:
    return {**body, "repository": {**events.REPOSITORY, **repository}}


@pytest.mark.parametrize(
    ("why", "name", "body", "becomes"),
    [
        ("a pull request is opened", "pull_request", of_pull("opened"), "target"),
        ("it is pushed to", "pull_request", of_pull("synchronize"), "target"),
        ("the same by its older name", "pull_request_target", of_pull("synchronize"), "target"),
        ("a feature branch is pushed", "push", {**events.push(), "sender": ANN}, "open-pr"),
        ("a branch is deleted", "push", {**events.push(after=events.GONE), "sender": ANN}, "kept"),
        ("a command", "issue_comment", said("/engine apply"), "apply"),
        ("a comment on an issue", "issue_comment", {**events.comment(on_pull=False), "sender": ANN}, "kept"),
        ("nobody listens to the action", "pull_request", of_pull("assigned"), "kept"),
        ("nobody listens to the event", "pull_request_review_comment", of_pull("created", comment={}), "kept"),
        ("we know no such event", "star", {"action": "created", "repository": events.REPOSITORY}, "kept"),
        ("it has no repository", "ping", {"zen": "…", "hook_id": 1}, "kept"),
        ("it is of an installation", "installation", {"action": "created", "installation": {"id": 1}}, "kept"),
        ("we did it", "pull_request", of_pull("synchronize", BOT), "kept"),
        ("we opened it, which starts like any other", "pull_request", of_pull("opened", BOT), "target"),
        ("no webhook is a clock", "schedule", {"schedule": "10m", "repository": events.REPOSITORY}, "kept"),
        ("another repository of ours", "push", other(events.push(), id=6, full_name="acme/website"), "kept"),
        (
            "no source of nobody we know",
            "push",
            {**other(events.push(), id=6, full_name="acme/x"), "installation": 1},
            "refused",
        ),
        ("another installation", "push", {**events.push(), "installation": {"id": 8}}, "refused"),
        ("no installation", "push", {**events.push(), "installation": None}, "refused"),
        (
            "no source",
            "push",
            {**other(events.push(), id=6, full_name="mallory/x"), "installation": {"id": 8}},
            "refused",
        ),
        ("a source's name, another repository", "push", other(events.push(), id=6), "refused"),
        ("it does not say which repository", "push", other(events.push(), id=None), "refused"),
        ("the header says another event than it is", "pull_request", events.review(sender=ANN), "kept"),
        ("that of an event which is listened to", "pull_request_review", of_pull("synchronize"), "refused"),
        ("a field is missing", "push", {"ref": "refs/heads/x", "repository": events.REPOSITORY}, "refused"),
        (
            "it speaks of another repository",
            "repository_dispatch",
            other(events.dispatch(events.sent()), id=5),
            "refused",
        ),
    ],
)
def test_what_becomes_of_one(rules, why, name, body, becomes):
    if why == "it speaks of another repository":
        body["client_payload"]["source_repo"] = "acme/other"
    inbox = Inbox()
    inbox.add(name, body)
    found = sift(inbox.came, rules, SOURCES, US)
    kinds = [
        *("kept" for _ in found.kept),
        *("refused" for _ in found.refused),
        *(g.pipelines[0] for g in found.groups),
    ]
    assert kinds == [becomes], (why, found)


def test_what_another_reader_reads_otherwise_is_refused(rules):
    """The receiver takes the last of two keys; whoever acts on it refuses both."""
    body = json.dumps(of_pull("opened", installation={"id": 7}))[:-1].encode() + b', "action": "opened"}'
    found = sift([(deliveries.read("d", "pull_request", body, ""), body)], rules, SOURCES, US)
    assert [why.split()[0] for why in found.refused] == ["ENG153"]


def test_a_body_that_is_not_kept_starts_nothing(rules):
    inbox = Inbox()
    inbox.add("pull_request", of_pull("opened"))
    found = sift([(inbox.came[0][0], None)], rules, SOURCES, US)
    assert (found.groups, [*found.refused.values()]) == ((), [("d1",)])


OTHER = "b" * 40


@pytest.mark.parametrize(
    ("why", "first", "second", "runs"),
    [
        (
            "the same of the same head",
            ("pull_request", of_pull("synchronize")),
            ("pull_request", of_pull("synchronize")),
            1,
        ),
        ("two labels at once", *[("pull_request", of_pull("labeled", label={"name": n})) for n in "ab"], 1),
        ("another head", *[("pull_request", of_pull("synchronize", head=h)) for h in (events.HEAD, OTHER)], 2),
        ("another pull request", *[("pull_request", of_pull("synchronize", number=n)) for n in (7, 8)], 2),
        ("somebody else did it", *[("pull_request", of_pull("labeled", who)) for who in (ANN, BOB)], 2),
        ("nobody says who did it", *[("pull_request", of_pull("labeled", {"type": "User"}))] * 2, 2),
        ("another action", *[("pull_request", of_pull(what)) for what in ("opened", "synchronize")], 2),
        ("two words", *[("issue_comment", said("/engine apply"))] * 2, 2),
    ],
)
def test_which_are_one_run(rules, why, first, second, runs):
    inbox = Inbox()
    inbox.add(*first)
    inbox.add(*second)
    found = sift(inbox.came, rules, SOURCES, US)
    assert len(found.groups) == runs, (why, found)
    assert sum(1 + len(group.others) for group in found.groups) == 2


def test_the_newest_leads_whatever_the_order_in_which_they_are_looked_at(rules):
    inbox = Inbox()
    for _ in range(3):
        inbox.add("pull_request", of_pull("synchronize"))
    group = sift(inbox.came[::-1], rules, SOURCES, US).groups[0]
    assert (group.leader.id, [one.id for one in group.others]) == ("d3", ["d1", "d2"])


def test_one_that_nobody_can_look_at_keeps_no_other_waiting(rules, monkeypatch):
    inbox = Inbox()
    bad, good = inbox.add("push", {**events.push(), "sender": ANN}), inbox.add("pull_request", of_pull("opened"))

    def breaks(body, name, id_):
        if id_ == bad:
            raise RecursionError
        return read_event(body, name, id_)

    monkeypatch.setattr(sifting, "read_event", breaks)
    found = sift(inbox.came, rules, SOURCES, US)
    assert list(found.failed.items()) == [("ENG999 a bug in the engine: RecursionError", (bad,))]
    assert [group.leader.id for group in found.groups] == [good]


@pytest.mark.parametrize("number", [2**53, 10**400], ids=["as a double", "as a column"])
def test_a_number_that_no_table_holds_names_no_pull_request(number):
    """Whoever may write to a source sends a dispatch with any number in it."""
    body = {**events.dispatch({"source_repo": "acme/dev-deployment", "pr_number": number}), "action": "look"}
    assert "#" not in deliveries.read("d", "repository_dispatch", json.dumps(body).encode(), "").subject
