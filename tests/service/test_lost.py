"""What GitHub could not deliver: what is sent again, when, and how often."""

import os
import socket

import pytest

from engine.adapters.github import deliveries
from engine.adapters.github.deliveries import Sent
from engine.core.moment import later
from engine.sandbox.forge.hooks import manage
from engine.sandbox.forge.serve import running
from engine.service.lost import Found, missing, sweep
from tests.support.receiver import until
from tests.support.webhooks import served

NOW = "2026-01-01T12:00:00Z"


def tried(*statuses: int, ago: int = 1_000, id_: str = "d") -> list[Sent]:
    """Attempts of one delivery, the last so many seconds ago, each a second after the one before."""
    last = len(statuses)
    return [Sent(number, id_, later(NOW, number - last - ago), status, 1) for number, status in enumerate(statuses, 1)][
        ::-1
    ]


@pytest.mark.parametrize(
    ("why", "attempts", "again", "later_", "given_up"),
    [
        ("nobody answered", tried(0), ["d"], [], []),
        ("the disk was full", tried(503), ["d"], [], []),
        ("the secret was another", tried(401), ["d"], [], []),
        ("it was taken, and we have lost it", tried(202), ["d"], [], []),
        ("its body was here under another id", tried(200), [], [], []),
        ("a proxy let nothing through", tried(403), ["d"], [], []),
        ("a proxy let nothing large through", tried(413), ["d"], [], []),
        ("its id has another body", tried(409), [], [], []),
        ("it may be on its way", tried(0, ago=30), [], ["d"], []),
        ("the second time is four minutes later", tried(0, 0, ago=200), [], ["d"], []),
        ("which have passed", tried(0, 0, ago=241), ["d"], [], []),
        ("known once, known for ever", tried(0, 200, 0, ago=9_999), [], [], []),
        ("often enough", tried(0, 0, 0, 0, 0, ago=99_999), [], [], ["d"]),
    ],
)
def test_what_is_done_about_one(why, attempts, again, later_, given_up):
    found = missing(attempts, set(), NOW)
    assert ([one.delivery for one in found.again], found.later, found.given_up) == (again, later_, given_up), why
    assert missing(attempts, {"d"}, NOW) == Found([], [], []), "it is here"


def test_the_last_attempt_is_what_is_sent_again_and_the_oldest_delivery_first():
    attempts = [*tried(0, 0, ago=500, id_="young"), *tried(0, 0, ago=900, id_="old")]
    assert [(one.delivery, one.id) for one in missing(attempts, set(), NOW).again] == [("old", 2), ("young", 2)]


def test_what_strangers_had_refused_takes_nobody_s_turn():
    attempts = [*(one for n in range(150) for one in tried(403, ago=5_000, id_=f"x{n}")), *tried(0, id_="ours")]
    assert missing(attempts, set(), NOW).again[0].delivery == "ours"


def test_a_look_asks_for_so_many_and_leaves_the_rest_to_the_next():
    attempts = [one for n in range(150) for one in tried(0, id_=f"d{n}")]
    found = missing(attempts, set(), NOW)
    assert (len(found.again), len(found.later)) == (100, 50)


@pytest.mark.parametrize(
    ("why", "attempts", "soon"),
    [
        ("its first attempt was a moment ago", tried(503, ago=10), True),
        ("its next one is in four minutes", tried(0, 0, ago=1), True),
        ("its next one is in a quarter of an hour", tried(0, 0, 0, ago=10), False),
        ("strangers can send as much as they like", tried(403, ago=10), False),
        ("it is sent again now", tried(503), False),
        ("nothing is lost", [], False),
    ],
)
def test_what_waits_for_its_turn_is_not_kept_until_the_usual_look(why, attempts, soon):
    assert missing(attempts, set(), NOW).soon is soon, why


@pytest.fixture(scope="module")
def forge(tmp_path_factory):
    with socket.create_server(("127.0.0.1", 0)) as door:
        nobody = door.getsockname()[1]
    with running(str(tmp_path_factory.mktemp("forge")), webhook=f"http://127.0.0.1:{nobody}/webhooks") as started:
        yield started


def as_app(forge):
    key = os.path.join(forge.folder, "app-key.pem")
    return {"GITHUB_API_URL": forge.urls.api, "ENGINE_GITHUB_APP_ID": "1", "ENGINE_GITHUB_APP_KEY_FILE": key}


def test_what_came_while_nobody_listened_is_there_after_a_look(forge, tmp_path):
    client = deliveries.as_app(as_app(forge))
    hook = manage.of_app(forge, 1)
    manage.ping(forge, hook, forge.repository("acme", "dev-deployment"), None)
    until(lambda: [one for one in deliveries.sent(client, "2000-01-01T00:00:00Z") if one.status == 0])
    lost = {one.delivery for one in deliveries.sent(client, "2000-01-01T00:00:00Z")}
    with served(str(tmp_path / "inbox.db"), (hook["secret"].encode(),)) as site:
        manage.send_app_to(forge, 1, f"http://127.0.0.1:{site.port}/webhooks")
        soon = later(forge.now(), 120)
        found = sweep(client, site.inbox, "2000-01-01T00:00:00Z", soon)
        again = {one.delivery for one in found.again}
        assert again >= lost, "others may have come since"
        until(lambda: site.inbox.known(again) == again)
        assert sweep(client, site.inbox, "2000-01-01T00:00:00Z", soon) == Found([], [], [])


def test_a_look_ends_where_it_need_not_look(forge):
    client = deliveries.as_app(as_app(forge))
    assert deliveries.sent(client, "2100-01-01T00:00:00Z") == []
