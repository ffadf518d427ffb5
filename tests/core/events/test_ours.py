"""What we did ourselves starts nothing, but what we open and what we merge; who it was is told by ids alone."""

from typing import Any

import pytest

from engine.core.events.envelope import Event
from engine.core.events.kinds import Subject
from engine.core.events.ours import Us, is_ours, sent_by_bot

APP, BOT = 1, 900
US = Us(APP, BOT)
OURS = {"id": BOT, "login": "interlock[bot]", "type": "Bot"}
OTHERS = {"id": 901, "login": "renovate[bot]", "type": "Bot"}
ANN = {"id": 4, "login": "ann", "type": "User"}
LIKE_US = {"id": 5, "login": "interlock[bot]", "type": "User"}


def event(name: str, action: str | None = None, **payload: Any) -> Event:
    return Event(name, action, "d", payload, Subject("none"), None)


@pytest.mark.parametrize(
    ("why", "what", "us", "ours"),
    [
        ("we label", event("pull_request", "labeled", sender=OURS), US, True),
        ("we retarget", event("pull_request", "edited", sender=OURS), US, True),
        ("we open: it is targeted", event("pull_request", "opened", sender=OURS), US, False),
        ("we merge: it is told of", event("pull_request", "closed", sender=OURS), US, False),
        ("we push", event("push", sender=OURS), US, True),
        ("we comment", event("issue_comment", "created", sender=OURS), US, True),
        ("a person edits our comment", event("issue_comment", "edited", sender=ANN, comment={"user": OURS}), US, False),
        ("another App labels", event("pull_request", "labeled", sender=OTHERS), US, False),
        ("somebody with a name like ours", event("issue_comment", "created", sender=LIKE_US), US, False),
        ("nobody says who", event("schedule"), US, False),
        ("a sender that is none", event("push", sender="interlock"), US, False),
        ("no setting says who we are", event("pull_request", "labeled", sender=OURS), Us(), False),
        (
            "our check, whoever is named", event("check_run", "completed", sender=ANN, check_run={"app": {"id": APP}}),
            Us(APP), True,
        ),
        ("another App's check", event("check_run", "completed", check_run={"app": {"id": 2}}), US, False),
        ("a check of nobody", event("check_run", "completed", check_run={"app": None}), US, False),
        (
            "a person has our check run again",
            event("check_run", "rerequested", sender=ANN, check_run={"app": {"id": APP}}), US, False,
        ),
        (
            "our comment, known by the App alone",
            event("issue_comment", "created", sender=OURS, comment={"performed_via_github_app": {"id": APP}}),
            Us(APP), True,
        ),
        (
            "a person by way of our App",
            event("issue_comment", "created", sender=ANN, comment={"performed_via_github_app": {"id": APP}}), US, False,
        ),
        (
            "a person edits what came by our App",
            event("issue_comment", "edited", sender=ANN, comment={"performed_via_github_app": {"id": APP}}), US, False,
        ),
    ],
)  # fmt: skip
def test_whose_doing_it_is(why: str, what: Event, us: Us, ours: bool) -> None:
    assert is_ours(what, us) is ours, why


@pytest.mark.parametrize(
    ("why", "what", "login"),
    [
        ("an App", event("pull_request", "labeled", sender=OURS), "interlock[bot]"),
        ("a person of that name", event("pull_request", "labeled", sender=LIKE_US), None),
        ("an App that opens one", event("pull_request", "opened", sender=OURS), None),
        ("nobody", event("push"), None),
        ("an App without a name", event("push", sender={"type": "Bot"}), None),
    ],
)
def test_which_app_may_be_us(why: str, what: Event, login: str | None) -> None:
    assert sent_by_bot(what) == login, why
