"""The rows of runs: what may be asked of which, in what order they come, and what they have said."""

import itertools

import pytest

from engine.errors import EngineError
from engine.service.runs import AGAIN, HELD, PENDING, Run, Runs, of_delivery

STATES = ("queued", "running", "done", "failed", "superseded", "cancelled", "poisoned")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    found = Runs(str(tmp_path_factory.mktemp("state")))
    yield found
    found.close()


_names = itertools.count()


def added(runs, **values) -> Run:
    name = f"n{next(_names)}"
    runs.add(of_delivery(name, event="push", action="", repo="o/r", number=None, subject="o/r@refs/heads/x", head=""))
    if values:
        runs.set(f"gh-{name}", ("queued",), **values)
    found: Run | None = runs.get(f"gh-{name}")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("state", "cancels", "resumes"),
    [(state, state in PENDING, state in AGAIN) for state in STATES],
)
def test_what_may_be_asked_of_a_run(runs, state, cancels, resumes):
    run = added(runs, state=state)
    for ask, may in ((runs.ask_cancel, cancels), (runs.resume, resumes)):
        if may:
            assert ask(run.run, "ann").asked_by == "ann"
        else:
            with pytest.raises(EngineError) as refused:
                ask(run.run, "ann")
            assert refused.value.problems[0].code == "ENG791"
            assert runs.get(run.run).state == state


def test_nothing_is_asked_of_a_run_that_is_not_there(runs):
    for ask in (runs.ask_cancel, runs.resume):
        with pytest.raises(EngineError) as refused:
            ask("gh-nobody", "ann")
        assert refused.value.problems[0].code == "ENG790"


def test_a_run_that_is_resumed_has_another_turn_and_begins_to_count_anew(runs):
    run = added(runs, state="poisoned", tries=4, failures=3, ended_at="2026-01-01T00:00:00Z", not_before="2099")
    again = runs.resume(run.run, "ann")
    assert (again.state, again.turn, again.tries, again.failures) == ("queued", run.turn + 1, 0, 0)
    assert (again.resume, again.ended_at, again.not_before) == (1, "", "")


def test_an_end_stands(runs):
    run = added(runs, state="running")
    assert runs.end(run.run, "done", 0)
    assert not runs.end(run.run, "failed", 3)
    found = runs.get(run.run)
    assert (found.state, found.outcome, found.exit_code) == ("done", "done", 0)


def test_a_row_that_is_there_stays(runs):
    run = added(runs, state="running")
    runs.add(run._replace(state="queued", head="other"))
    assert runs.get(run.run) == run


def test_the_newest_come_first_and_are_paged_by_their_row(tmp_path):
    runs = Runs(str(tmp_path))
    made = [added(runs).run for _ in range(5)]
    first = runs.find(limit=2)
    assert [one.run for one in first] == made[:2:-1]
    assert [one.run for one in runs.find(before=first[-1].row)] == made[2::-1]
    assert [one.run for one in runs.due("2099-01-01T00:00:00Z")] == made


def test_what_it_is_to_the_store_is_another_run_once_it_has_ended_before_a_lock(runs):
    run = added(runs)
    assert (run.engine, run._replace(locks=1).engine, run._replace(locks=2).engine) == (
        run.run, f"{run.run}~2", f"{run.run}~3",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["gh-../../etc", "gh-a/b", "gh-" + "x" * 300, "gh-\n", "", "..", "gh-é", "gh-a\0b"])
def test_no_name_of_a_run_leads_out_of_their_directory(runs, name):
    folder = runs.folder(name)
    above, own = folder.rsplit("/", 1)
    assert above == runs.folder("gh-1").rsplit("/", 1)[0]
    assert own.startswith("x-")
    assert own.isprintable()


def test_a_log_is_read_on_from_a_line_and_never_half_a_line(runs, tmp_path):
    import os

    run = added(runs)
    assert runs.log(run.run) == []
    os.makedirs(runs.folder(run.run))
    with open(os.path.join(runs.folder(run.run), "log"), "w") as file:
        file.write("2026-01-01T00:00:00Z one\n2026-01-01T00:00:01Z two words\n2026-01-01T00:00:02Z hal")
    assert [(line.number, line.text) for line in runs.log(run.run)] == [(1, "one"), (2, "two words")]
    assert [line.text for line in runs.log(run.run, after=1)] == ["two words"]


def test_what_goes_is_never_forgotten(tmp_path):
    runs = Runs(str(tmp_path))
    old = {"ended_at": "2020-01-01T00:00:00Z"}
    names = {state: added(runs, state=state, **old).run for state in STATES}
    assert set(runs.prune("2021-01-01T00:00:00Z")) == {names[state] for state in STATES if state not in PENDING}
    assert {one.run for one in runs.find()} == {names[state] for state in PENDING}


@pytest.mark.parametrize(
    ("why", "not_before", "is_due"),
    [
        ("its time has come", "2026-01-01T00:00:00Z", True),
        ("it is to wait", "2026-01-01T00:15:00Z", False),
        ("a clock that was wrong has told it to wait for a year", "2027-01-01T00:00:00Z", True),
        ("it is held", HELD, False),
    ],
)
def test_when_a_run_is_due(tmp_path, why, not_before, is_due):
    rows = Runs(str(tmp_path))
    rows.add(of_delivery("d", event="push", action="", repo="o/r", number=None, subject="", head=""))
    rows.set("gh-d", not_before=not_before)
    assert bool(rows.due("2026-01-01T00:00:00Z")) == is_due, why
    rows.close()
