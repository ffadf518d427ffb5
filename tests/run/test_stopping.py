"""A run that is ended by whoever carries it out, in any thread, and another one that goes on with it."""

import json
import os
import threading

import pytest

from engine.adapters import settings
from engine.errors import EngineError, ExitCode, failure
from engine.run import opening, results
from engine.run.handle import handle
from engine.run.handled import exit_code
from engine.run.request import Asked, Going, Request, Watcher
from engine.run.stopping import Stop
from tests.support.machine import good

CANCELLED, HANDED_OVER = failure("ENG785", reason="ann has cancelled it"), failure("ENG786")


class Carried:
    """Runs of one machine, in this process and in whatever thread asks; `at` is told every word of a run."""

    def __init__(self, machine) -> None:
        self.machine = machine
        self.environ = {**os.environ, **machine.environ, "ENGINE_STORE": f"dir:{machine.root / 'store'}"}
        self.values = settings.read(self.environ)

    def run(self, name="7", stop=None, at=lambda _: None, **going):
        root = self.machine.root
        executor = str(root / f"executor-{name}")
        with results.directory(str(root / f"out-{name}")) as out:
            request = Request(
                (root / "event.json").read_bytes(), "event.json", None, str(root / "source"), str(root / "controller"),
                out, None, Asked(), Going(name, executor=executor, **going),
            )  # fmt: skip
            ports = opening.ports(self.values, name, out, None, self.environ)
            watcher = Watcher(lambda _: at("decided"), at, lambda _: at("shown"), lambda _: None, stop or Stop())
            return exit_code(handle(request, self.values, ports, watcher))

    def kinds(self):
        files = sorted((self.machine.root / "store" / "journal").glob("*/*"))
        found = [json.loads(file.read_bytes()) for file in files]
        return [(one["kind"], one["said"].get("action")) for one in found]

    def report(self, name="7"):
        return json.loads((self.machine.root / f"out-{name}" / "report.json").read_bytes())


@pytest.fixture
def carried(machine):
    machine.change({"S3/a.tfvars": good()})
    return Carried(machine)


def stopped(carried, word, why, *, now=False):
    """It is asked to end at the first word of it like that."""
    stop = Stop()

    def at(said):
        if word in said:
            stop.ask(why, now=now)

    with pytest.raises(EngineError) as raised:
        carried.run(stop=stop, at=at)
    return raised.value.problems[0]


@pytest.mark.parametrize(
    ("why", "word", "now"),
    [(CANCELLED, "decided", True), (HANDED_OVER, "planned", False), (CANCELLED, "planned", True)],
    ids=["cancelled before it began", "handed over behind its plans", "cancelled behind its plans"],
)
def test_a_run_ends_between_two_actions_and_goes_on_to_the_same_outcome(carried, word, why, now):
    assert stopped(carried, word, why, now=now) == why.problems[0]
    kinds = carried.kinds()
    assert ("finish", None) not in kinds
    assert ("begin", "policy") not in kinds, "nothing more was begun"
    assert carried.run() == ExitCode.DONE
    assert carried.kinds().count(("finish", None)) == 1
    assert carried.report()["result"] == "passed"


def test_what_stopped_because_it_was_to_is_not_written_down_as_failed(carried):
    """A plan that is cut off by us would be told as a broken one for ever."""
    carried.machine.program(plan="echo . >> $A/planned; exec sleep 30")
    stop, planned = Stop(), carried.machine.answers / "planned"

    def ask():
        while not planned.exists():
            threading.Event().wait(0.02)
        stop.ask(HANDED_OVER, now=True)

    threading.Thread(target=ask).start()
    with pytest.raises(EngineError, match="ENG786"):
        carried.run(stop=stop)
    assert [kind for kind in carried.kinds() if kind == ("end", "plan")] in ([], [("end", "plan")])
    carried.machine.program()
    assert carried.run() == ExitCode.DONE
    assert carried.report()["result"] == "passed"


def test_the_report_of_who_was_cancelled_says_so_and_of_who_was_handed_over_says_nothing(carried):
    stopped(carried, "decided", HANDED_OVER)
    assert not (carried.machine.root / "out-7" / "report.json").exists()
    stopped(carried, "decided", CANCELLED)
    assert "ann has cancelled it" in json.dumps(carried.report())


def test_what_was_cancelled_is_nobodys_and_what_was_handed_over_is_the_executors(carried):
    stopped(carried, "planned", HANDED_OVER)
    os.unlink(carried.machine.root / "executor-7")  # another executor
    with pytest.raises(EngineError, match="ENG571"):
        carried.run()
    assert carried.run(resume=True) == ExitCode.DONE


def test_a_stop_that_comes_too_late_changes_nothing(carried):
    stop = Stop()
    assert carried.run(stop=stop) == ExitCode.DONE
    stop.ask(CANCELLED, now=True)
    assert carried.run() == ExitCode.DONE


def test_the_first_reason_stands_and_a_flag_is_reached_only_in_its_block():
    stop, inside, outside = Stop(), threading.Event(), threading.Event()
    with stop.reaches(outside):
        pass
    with stop.reaches(inside):
        stop.ask(HANDED_OVER)
        assert not inside.is_set(), "what is under way goes on"
        stop.ask(CANCELLED, now=True)
        assert inside.is_set()
    assert (outside.is_set(), stop.why) == (False, HANDED_OVER)
    late = threading.Event()
    with stop.reaches(late):
        assert late.is_set()


def test_several_runs_in_threads_of_one_process_do_not_get_into_each_other(carried):
    """Each has its own executor, directory and journal; cache, store and rules are everybody's."""
    codes: dict[str, int] = {}
    names = ["1", "2", "3"]
    threads = [threading.Thread(target=lambda n=name: codes.__setitem__(n, carried.run(n))) for name in names]
    before = os.getcwd(), dict(os.environ)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert codes == dict.fromkeys(names, ExitCode.DONE)
    assert (os.getcwd(), dict(os.environ)) == before
    assert [carried.report(name)["result"] for name in names] == ["passed"] * 3
    assert carried.kinds().count(("finish", None)) == 3
