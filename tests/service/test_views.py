"""What is read of board, trail, inbox and runs: by whose turn it is, and with whatever does not answer."""

from typing import Any

import pytest

from engine.adapters.storage.memory import Memory
from engine.core.kept import keys
from engine.errors import failure
from engine.run.kept import board, comments
from engine.service import views
from engine.service.shown import LANES, Asked
from engine.service.timeline import Trail
from tests.support.board import NOW, entry
from tests.support.life import REPO, everything
from tests.support.serving import scene as a_scene


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    with a_scene(tmp_path_factory.mktemp("views")) as made:
        everything(made)
        yield made


@pytest.fixture(scope="module")
def sources(scene):
    return scene.sources._replace(web="https://github.example")


def a_pull(sources: views.Sources, repo: str, pr: int) -> Any:
    return views.pull(sources, repo, pr)


def of(store):
    return views.Sources(store, board.Board(store, fresh_s=0), Trail(store), lambda: NOW)


def test_every_turn_has_a_lane_and_they_come_in_the_order_in_which_somebody_is_needed(sources):
    found = views.pulls(sources)
    assert [lane.turn for lane in found.lanes] == [lane.turn for lane in LANES]
    assert {lane.turn: [one.pr for one in lane.entries] for lane in found.lanes} == {
        "apply": [14], "operator": [11], "people": [7], "author": [8], "behind": [9], "frozen": [12], "person": [13],
        "engine": [10, 15],
    }  # fmt: skip
    assert (found.total, found.shown) == (9, 9)


@pytest.mark.parametrize(
    ("why", "asked", "prs"),
    [
        ("all of them", {}, {7, 8, 9, 10, 11, 12, 13, 14, 15}),
        ("who can bring it on, in any case", {"who": "ANN"}, {7}),
        ("a reviewer brings nothing on that is denied", {"who": "bob"}, {7}),
        ("the author does", {"who": "alice"}, {8}),
        ("a group", {"who": "reviewers"}, {14}),
        ("nobody of that name", {"who": "an"}, set()),
        ("a repository, in any case", {"repo": "ACME/dev-deployment", "turn": "people"}, {7}),
        ("another repository", {"repo": "acme/dev"}, set()),
        ("part of the title", {"text": "QUEUE"}, {9}),
        ("part of the name", {"text": "deployment#1"}, {10, 11, 12, 13, 14, 15}),
        ("a turn that there is not", {"turn": "x"}, set()),
    ],
)
def test_what_is_asked_for(sources, why, asked, prs):
    found = views.pulls(sources, Asked(**asked))
    assert {one.pr for lane in found.lanes for one in lane.entries} == prs, why
    assert (found.total, found.shown) == (9, len(prs))


def test_who_can_unblock_how_many_is_counted_over_all(sources):
    counted = {one.name: one.number for one in views.pulls(sources, Asked(turn="people")).who}
    assert counted == dict.fromkeys(("alice", "ann", "bob", "dave", "erin", "reviewers", "sam", "steve", "sue"), 1)


def test_one_pull_request_has_all_that_its_page_shows(sources):
    found = a_pull(sources, "ACME/dev-deployment", 7)
    assert found.url == "https://github.example/acme/dev-deployment/pull/7"
    assert [gate["name"] for gate in found.gates][:2] == ["policy", "reviewed"]
    [row] = found.report.rows
    assert [diff.address for diff in row.diffs] == ['aws_s3_bucket.this["x"]']
    assert [one.effect.value for one in found.report.findings] == ["deny", "warn"]
    assert found.report.signature.sequence == 1
    assert [(one.kind, one.outcome) for one in found.timeline.events] == [
        ("plan", "planned"), ("decision", "pending"), ("approval", "counted"), ("page", ""),
    ]  # fmt: skip
    assert found.problem is None


def test_one_that_has_ended_is_still_told(sources, scene):
    board.keep(scene.store, entry(99, repo=REPO, stage="ended", words="Closed", detail=", not merged", waits=()), [])
    assert a_pull(sources, REPO, 99).entry.turn == "nobody"
    assert views.pulls(sources).total == 9
    assert views.pull(sources, REPO, 100) is None


@pytest.mark.parametrize(
    ("why", "outputs"),
    [
        ("counts of another form", {"terraform.plan": {"resources": [{"path": "x", "counts": {"more": 1}}]}}),
        ("resources are a text", {"terraform.plan": {"resources": "x"}}),
        ("a verdict without fields", {"terraform.plan": {"resources": []}, "verdict.sign": {"verdict": {}}}),
        ("an action is a list", {"terraform.plan": []}),
    ],
)
def test_what_a_validation_found_and_cannot_be_shown_takes_nothing_else_with_it(why, outputs):
    store = Memory()
    board.keep(store, entry(), [])
    comments.put_found(store, entry().repo, 7, "gh-1", 1, outputs)
    found = a_pull(of(store), entry().repo, 7)
    assert found.entry.pr == 7, why
    assert found.report is None or not found.report.rows, why


class Down(Memory):
    def list(self, prefix, after=""):
        raise failure("ENG001", file="store", reason="down")

    get = list


def test_a_store_that_is_down_is_shown_as_that():
    found: Any = views.overview(of(Down()))
    assert found.pulls.problem.code == "ENG001"
    frozen: Any = views.freeze(of(Down()))
    assert frozen.problem.code == "ENG001"


def test_a_freeze_that_cannot_be_read_is_shown_as_that():
    store = Memory()
    store.put_if_absent(keys.freeze("production"), b"{}")
    found: Any = views.freeze(of(store))
    assert (found.frozen, found.problem.code) == ((), "ENG193")


def test_where_nothing_is_served_the_store_alone_is_shown():
    store = Memory()
    board.keep(store, entry(), [])
    sources = of(store)
    assert views.overview(sources).pulls.total == 1
    assert (views.runs(sources).runs, views.deliveries(sources).deliveries) == ((), ())
    assert views.queue(sources).running == ()
    assert views.run(sources, "gh-1") is None


def test_lists_are_read_page_by_page(scene, sources, monkeypatch):
    monkeypatch.setattr(views, "PAGE", 2)
    seen, more = [], None
    while True:
        found = views.runs(sources, before=more)
        seen += [run.run for run in found.runs]
        more = found.more
        if more is None:
            break
    assert seen == [run.run for run in scene.runs.find()]
    first = views.deliveries(sources)
    second = views.deliveries(sources, before=first.more)
    assert not {one.id for one in first.deliveries} & {one.id for one in second.deliveries}
    assert [run.run for run in views.runs(sources, state="poisoned").runs] == ["gh-d3"]


def test_the_log_of_a_run_is_read_on(sources):
    found: Any = views.run(sources, "gh-d1")
    assert [line.text for line in found.lines] == ["validate: 1 resource", "  planning S3/data-lake"]
    rest: Any = views.run(sources, "gh-d1", 1)
    assert ([line.number for line in rest.lines], rest.after) == ([2], 1)


def test_of_a_long_log_its_end_is_shown_and_how_much_came_before(sources, monkeypatch):
    monkeypatch.setattr(views, "LINES", 1)
    found: Any = views.run(sources, "gh-d1")
    assert ([line.text for line in found.lines], found.after) == (["  planning S3/data-lake"], 1)
    first: Any = views.run(sources, "gh-d1", 0)
    assert ([line.text for line in first.lines], first.after) == (["validate: 1 resource"], 0)


@pytest.mark.parametrize(
    ("text", "number"),
    [("7", 7), ("", None), ("-1", None), ("1e3", None), ("٣", None), ("9" * 16, None), ("x", None)],
)
def test_a_number_is_one(text, number):
    assert views.number(text) == number


def test_reading_takes_no_library_of_the_service():
    """`engine status` works where `engine serve` is not installed."""
    import subprocess
    import sys

    look = (
        "import sys, engine.cli.status, engine.service.views; print({'starlette', 'jinja2', 'dbos'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_a_queue_of_hundreds_is_counted_and_the_next_in_it_are_shown(tmp_path, monkeypatch):
    monkeypatch.setattr(views, "PAGE", 2)
    with a_scene(tmp_path) as scene:
        for number in range(5):
            scene.ran(f"q{number}", "queued")
            scene.delivered(f"w{number}", "waiting")
        found = views.queue(scene.sources)
        assert [run.run for run in found.queued] == ["gh-q0", "gh-q1"]
        assert (found.runs["queued"], len(found.waiting), found.counts["waiting"]) == (5, 2, 5)
        page = scene.ask("GET", "/queue", ("Accept", "text/html")).text
        assert page.count("The first 2 of 5.") == 2
        assert 'worked on <span class="count">5</span>' in page


def test_a_freeze_since_the_last_look_is_on_the_page_of_what_it_holds_back(tmp_path):
    """The record says who has to approve; that nothing is merged all the same, nobody would see."""
    from engine.run.kept import freezes

    with a_scene(tmp_path) as scene:
        board.keep(scene.store, entry(7, environment="production", repo=REPO), [])
        board.keep(scene.store, entry(8, environment="development", repo=REPO), [])
        freezes.say(scene.store, freezes.Said("r", "production", True, "olga", NOW, "the auditors are here"))
        shown = {pr: scene.ask("GET", f"/pulls/{REPO}/{pr}", ("Accept", "text/html")).text for pr in (7, 8)}
        assert ["the auditors are here" in shown[pr] for pr in (7, 8)] == [True, False]
        assert a_pull(scene.sources, REPO, 7).to_json()["frozen"][0]["by"] == "olga"


def test_what_is_under_way_is_said_beside_what_may_change_by_it(tmp_path):
    with a_scene(tmp_path) as scene:
        scene.pull(5)
        scene.ran("r", "running")
        scene.delivered("d-1", "kept", pull_request={"number": 5})
        page = scene.ask("GET", "/pulls/acme/infra/5", ("Accept", "text/html")).text
        assert "A run is at work on it, so this may change" in page
        told = [event.kind for event in a_pull(scene.sources, "acme/infra", 5).timeline.events]
        assert told == ["page"], "a delivery that has led to nothing has not happened to it"
