"""From deliveries to turns, and from what came of a turn to what is next. The queue here is a list, and who carries
runs out says what the test wants; inbox and rows are the real ones."""

import itertools
import json
import threading
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.core.moment import later
from engine.errors import ExitCode, failure
from engine.service import delivery as deliveries
from engine.service.carrier import End, Live
from engine.service.dispatch import FAILURES, POISON, Dispatcher, Places
from engine.service.inbox import Inbox
from engine.service.runs import FILE, Run, Runs
from engine.service.sifting import Group, Sifted
from tests.support import events

NOW = "2026-01-01T00:00:00Z"
DONE = End("done", 0)
HEADS = {name: name * 40 for name in "abcdef"}


class Turns:
    """A queue whose turns the test takes, as DBOS does: each key once, one of a group at a time."""

    def __init__(self) -> None:
        self.waiting: list[tuple[str, str]] = []
        self.seen: set[str] = set()
        self.going: dict[str, str] = {}

    def enqueue(self, key: str, group: str) -> None:
        if key not in self.seen:
            self.seen.add(key)
            self.waiting.append((key, group))

    def pending(self) -> set[str]:
        return {key for key, _ in self.waiting} | set(self.going)

    def take(self) -> str | None:
        found = next((one for one in self.waiting if one[1] not in self.going.values()), None)
        if found is None:
            return None
        self.waiting.remove(found)
        self.going[found[0]] = found[1]
        return found[0]


class Hands:
    """Who carries runs out: tells what it was given, answers as it is told."""

    def __init__(self) -> None:
        self.ends: dict[str, list[End]] = {}  # by delivery; the last one again and again
        self.carried: list[str] = []
        self.lives: list[Live] = []
        self.most = 0

    def live(self) -> list[Live]:
        return list(self.lives)

    def carry(self, run) -> End:
        self.carried.append(run.engine)
        ends = self.ends.get(run.delivery, [DONE])
        return ends.pop(0) if len(ends) > 1 else ends[0]


class Scene:
    """One dispatcher with everything around it. `again` is the next process on the same files."""

    def __init__(self, folder, parallelism: int = 2) -> None:
        self.folder, self.parallelism, self.now, self.per_hour = str(folder), parallelism, NOW, 1000
        self.inbox, self.runs = Inbox(f"{folder}/{FILE}"), Runs(str(folder))
        self.number = 0
        self.turns = Turns()
        self.again()

    def again(self, turns: Turns | None = None) -> None:
        self.hands, self.turns = Hands(), turns or self.turns
        places = Places(
            self.inbox, self.runs, self.hands, self._sift, self.parallelism, lambda: self.now, self.per_hour
        )
        self.dispatcher = Dispatcher(places)
        self.dispatcher.begin(self.turns)

    def close(self) -> None:
        self.inbox.close()
        self.runs.close()

    def came(self, repo="o/r", pr=1, head="a", event="pull_request", action="synchronize", at=NOW) -> str:
        self.number += 1
        body = {**events.pull_request(action), "n": self.number, "number": pr}
        body["repository"] = {**body["repository"], "full_name": repo, "id": sum(repo.encode())}
        body["pull_request"] = {**body["pull_request"], "number": pr, "head": {"sha": HEADS[head], "ref": "feature"}}
        body["pull_request"]["updated_at"] = at
        found = deliveries.read(f"d{self.number}", event, json.dumps(body).encode(), NOW)
        assert self.inbox.put(found, json.dumps(body).encode()) == "new"
        return found.id

    def _sift(self, waiting) -> Sifted:
        return Sifted(tuple(Group(one, (), ("validate",)) for one, _ in waiting), {}, {}, {})

    def work(self, most: int = 10_000) -> int:
        """Take turns until none is left; how many there were."""
        for number in range(most):
            self.dispatcher.step()
            key = self.turns.take()
            if key is None:
                return number
            self.dispatcher.work(key)
            del self.turns.going[key]
        return most

    def run(self, id_: str):
        return self.runs.get(f"gh-{id_}")

    def states(self, id_: str):
        return self.run(id_).state, self.inbox.get(id_).state  # type: ignore[union-attr] # it came


@pytest.fixture
def scene(tmp_path):
    found = Scene(tmp_path)
    yield found
    found.close()


def test_a_delivery_becomes_one_run_and_ends_with_it(scene):
    id_ = scene.came()
    assert scene.work() == 1
    assert scene.states(id_) == ("done", "done")
    assert (scene.hands.carried, scene.work()) == ([f"gh-{id_}"], 0)


def test_what_was_cut_off_before_the_inbox_knew_of_the_run_is_one_run(scene):
    id_ = scene.came()
    scene.dispatcher.step()
    scene.inbox.mark([id_], "waiting")  # as if the process had ended between the two writes
    scene.again()
    assert scene.work() == 1
    assert scene.states(id_) == ("done", "done")
    scene.inbox.mark([id_], "waiting")  # and as late as that
    assert scene.work() == 0
    assert scene.states(id_) == ("done", "done")


@pytest.mark.parametrize(
    ("why", "end", "run", "delivery", "turns"),
    [
        ("it came to its end, whatever that says", End("done", int(ExitCode.NEGATIVE)), "done", "done", 1),
        ("nobody can do anything about it", End("failed", int(ExitCode.CONFIG), "ENG201 no"), "failed", "failed", 1),
        ("its head has moved on", End("superseded", int(ExitCode.STALE)), "superseded", "superseded", 1),
        ("somebody has ended it", End("cancelled", int(ExitCode.STALE)), "cancelled", "done", 1),
        ("GitHub fails for a moment", End(None, 3, "ENG596", "failed"), "done", "done", 2),
        ("somebody else is at work", End(None, 5, "ENG742", "locked"), "done", "done", 2),
        ("the process ends in order", End(None, None, "ENG786", "handed over"), "done", "done", 2),
    ],
)
def test_what_came_of_a_turn(scene, why, end, run, delivery, turns):
    id_ = scene.came()
    scene.hands.ends[id_] = [end, DONE]
    taken = scene.work()
    if taken < turns:
        assert scene.states(id_) == ("queued", "queued"), why
        assert scene.run(id_).not_before > scene.now, why
        scene.now = scene.run(id_).not_before
        taken += scene.work()
    assert (taken, *scene.states(id_)) == (turns, run, delivery), why


def test_a_run_that_met_a_lock_is_another_run_to_the_store(scene):
    id_ = scene.came()
    scene.hands.ends[id_] = [End(None, 5, "", "locked"), End(None, 3, "", "failed"), End(None, 5, "", "locked"), DONE]
    for _ in range(4):
        scene.work()
        scene.now = later(scene.now, 3600)
    assert scene.hands.carried == [f"gh-{id_}", f"gh-{id_}~2", f"gh-{id_}~2", f"gh-{id_}~3"]


def test_locks_are_waited_for_a_day_and_then_left_to_sweep(scene):
    id_ = scene.came()
    scene.hands.ends[id_] = [End(None, 5, "ENG742", "locked")]
    scene.work()
    for at, state in ((later(NOW, 86_390), "queued"), (later(NOW, 86_400), "done")):
        scene.runs.set(f"gh-{id_}", not_before="", locks=300)
        scene.now = at
        assert scene.work() == 1
        assert scene.run(id_).state == state
    assert scene.states(id_) == ("done", "done")


def test_github_may_be_down_for_an_hour(scene):
    id_ = scene.came()
    scene.hands.ends[id_] = [End(None, 3, "ENG596", "failed")]
    while later(NOW, 3600) > scene.now:
        scene.work()
        assert scene.run(id_).state == "queued"
        scene.now = scene.run(id_).not_before
    scene.hands.ends[id_] = [DONE]
    scene.work()
    assert scene.states(id_) == ("done", "done")


def test_what_fails_for_ever_ends_as_failed(scene):
    id_ = scene.came()
    scene.hands.ends[id_] = [End(None, 3, "ENG596", "failed")]
    turns = 0
    while scene.run(id_) is None or scene.run(id_).state == "queued":
        turns += scene.work()
        scene.now = scene.run(id_).not_before or scene.now
    assert (turns, *scene.states(id_)) == (FAILURES, "failed", "failed")


class Died(BaseException):
    """The process has ended in the middle of a turn."""


def killed_while(scene, key: str) -> None:
    """The process dies in this turn; the next one finds it as DBOS gives it back: waiting."""

    def carry(run):
        raise Died

    scene.hands.carry = carry
    with pytest.raises(Died):
        scene.dispatcher.work(key)
    group = scene.turns.going.pop(key)
    scene.turns.waiting.insert(0, (key, group))
    scene.again()


def test_what_a_killed_process_had_in_hand_goes_on(scene):
    id_ = scene.came()
    scene.dispatcher.step()
    killed_while(scene, scene.turns.take())
    assert scene.run(id_).state == "running"
    scene.work()
    assert scene.states(id_) == ("done", "done")
    assert scene.run(id_).tries == 0


def test_what_ends_the_process_again_and_again_is_poisoned_and_shown(scene):
    id_, other = scene.came(pr=1), scene.came(pr=2)
    scene.dispatcher.step()
    for _ in range(POISON):
        key = scene.turns.take()
        assert key.startswith(f"gh-{id_}.")
        killed_while(scene, key)
    scene.work()
    assert scene.states(id_) == ("poisoned", "poisoned")
    assert scene.states(other) == ("done", "done")
    assert scene.hands.carried == [f"gh-{other}"]
    scene.runs.resume(f"gh-{id_}", "ann")
    scene.work()
    assert scene.states(id_) == ("done", "done")


def test_an_orderly_end_counts_against_nobody(scene):
    id_ = scene.came()
    scene.dispatcher.step()
    for _ in range(POISON + 2):
        scene.dispatcher.step()
        key = scene.turns.take()
        scene.hands.lives = [Live(scene.run(id_))]
        scene.hands.carry = lambda run: (scene.dispatcher.abandon(), (_ for _ in ()).throw(Died))[0]
        with pytest.raises(Died):
            scene.dispatcher.work(key)
        scene.turns.waiting.insert(0, (key, scene.turns.going.pop(key)))
        scene.again()
    scene.work()
    assert scene.states(id_) == ("done", "done")


@pytest.mark.parametrize("tries", [(2, 2), (2, 0), (0, 2)], ids=["both may be", "who comes later", "who goes"])
def test_one_that_may_be_poison_goes_alone(scene, tries):
    """Who has ended the process twice while others went is not begun beside anybody: an apply that is long would be
    thought to be the poison of each that ends the process while it goes."""
    ids = [scene.came(pr=1), scene.came(pr=2)]
    scene.dispatcher.step()
    for id_, many in zip(ids, tries, strict=True):
        scene.runs.set(f"gh-{id_}", tries=many)
    began, go_on = threading.Semaphore(0), threading.Event()

    def carry(run):
        scene.hands.carried.append(run.run)
        began.release()
        assert go_on.wait(60)
        return DONE

    scene.hands.carry = carry
    keys = [scene.turns.take(), scene.turns.take()]
    threads = [threading.Thread(target=scene.dispatcher.work, args=(key,)) for key in keys]
    threads[0].start()
    assert began.acquire(timeout=60)
    threads[1].start()
    assert not began.acquire(timeout=0.1)
    assert scene.run(ids[1]).tries == tries[1], "it has not begun"
    go_on.set()
    for thread in threads:
        thread.join(60)
    assert len(scene.hands.carried) == 2


def test_what_the_queue_has_lost_is_handed_to_it_again(scene):
    waiting, went = scene.came(pr=1), scene.came(pr=2)
    scene.dispatcher.step()
    key = next(key for key, _ in scene.turns.waiting if key.startswith(f"gh-{went}."))
    scene.turns.waiting = [one for one in scene.turns.waiting if one[0] != key]
    scene.turns.going[key] = "x"
    killed_while(scene, key)
    scene.again(Turns())  # queue.db is gone
    scene.work()
    for id_ in (waiting, went):
        assert scene.states(id_) == ("done", "done")
    assert scene.hands.carried.count(f"gh-{went}") == 1


def test_a_turn_that_could_not_be_begun_is_handed_out_again(scene):
    id_ = scene.came()
    scene.dispatcher.step()
    key = scene.turns.take()
    del scene.turns.going[key]  # the disk was full when it was its turn: the queue has done with it
    scene.work()
    assert scene.states(id_) == ("done", "done")


def test_a_run_that_goes_in_nobody_s_hand_is_handed_out_again(scene):
    """The queue has done with its turn, and what the row was to say of it could not be read or written."""
    id_ = scene.came()
    scene.dispatcher.step()
    key = scene.turns.take()
    scene.runs.set(f"gh-{id_}", state="running")
    assert scene.dispatcher.step() == 0
    assert scene.run(id_).turn == 1, "the queue has it yet"
    del scene.turns.going[key]
    scene.work()
    assert scene.states(id_) == ("done", "done")
    assert scene.run(id_).turn == 2


def test_what_came_of_a_run_is_not_lost_while_its_row_cannot_be_read(scene, monkeypatch):
    id_ = scene.came()
    scene.dispatcher.step()
    key, reads = scene.turns.take(), []
    get = scene.runs.get

    def failing(run):
        reads.append(run)
        if len(reads) == 1:
            raise failure("ENG788", file=FILE, reason="disk I/O error")
        return get(run)

    def carry(run):
        monkeypatch.setattr(scene.runs, "get", failing)
        return DONE

    scene.hands.carry = carry
    scene.dispatcher.work(key)
    assert scene.states(id_) == ("done", "done")


def test_of_one_pull_request_one_goes_at_a_time_in_the_order_they_came(scene):
    first, second = scene.came(action="opened"), scene.came(action="closed")
    scene.dispatcher.step()
    key = scene.turns.take()
    for _ in range(3):
        scene.dispatcher.step()
    assert scene.turns.take() is None
    scene.dispatcher.work(key)
    del scene.turns.going[key]
    scene.work()
    assert scene.hands.carried == [f"gh-{first}", f"gh-{second}"]


def test_a_source_with_a_thousand_does_not_keep_one_with_three_waiting(scene):
    for pr in range(20):
        scene.came("o/big", pr + 1)
    few = [scene.came("o/small", pr + 1) for pr in range(3)]
    scene.work(8)
    assert all(scene.states(id_) == ("done", "done") for id_ in few)


def test_a_source_begins_so_many_runs_in_an_hour_and_the_others_are_not_kept(scene):
    """Whoever may comment has a run begun by each: bodies and ids are new, and all are as they should be."""
    scene.per_hour = 5
    scene.again()
    many = [scene.came("o/Flooded", pr + 1) for pr in range(20)]
    few = scene.came("o/calm", 1)
    scene.dispatcher.add(Run("every-1", "", "schedule", "sweep", "o/flooded", None, "o/flooded", "", NOW), b"{}")
    done = [0]
    while done[-1] < len(many):
        scene.work()
        assert {scene.run(few).state, scene.runs.get("every-1").state} == {"done"}
        done.append(sum(scene.run(id_).state == "done" for id_ in many))
        scene.now = later(scene.now, 3600)
    handed_out = scene.parallelism * 2
    assert len(done) > 3
    assert all(now - before <= scene.per_hour + handed_out for before, now in itertools.pairwise(done))


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(["o/a", "o/b", "o/c"]), st.integers(1, 3)), min_size=1, max_size=12),
    st.integers(1, 4),
)
def test_each_is_carried_out_once_whatever_comes(tmp_path_factory, came, parallelism):
    scene = Scene(tmp_path_factory.mktemp("state"), parallelism)
    ids = [scene.came(repo, pr, action="labeled") for repo, pr in came]
    scene.work()
    assert sorted(scene.hands.carried) == sorted(f"gh-{id_}" for id_ in ids)
    for repo, pr in came:
        of = [f"gh-{id_}" for id_, one in zip(ids, came, strict=True) if one == (repo, pr)]
        assert [run for run in scene.hands.carried if run in of] == of
    scene.close()


def going(scene, id_: str, *uses: str) -> Any:
    """It goes, and has decided that, if `uses` says so."""
    live: Any = Live(scene.run(id_))
    if uses:
        live.decided(uses)
    scene.hands.lives.append(live)
    return live


@pytest.mark.parametrize(
    ("why", "head", "uses", "code"),
    [
        ("it plans an older head", "a", ["github.comment", "terraform.plan"], "ENG789"),
        ("it has not decided yet", "a", [], "ENG789"),
        ("it plans the very head", "b", ["terraform.plan"], None),
        ("it applies", "a", ["terraform.plan", "terraform.apply"], None),
        ("it merges", "a", ["github.merge"], None),
        ("it writes, and plans nothing", "a", ["github.comment"], None),
    ],
)
def test_a_newer_head_ends_what_validates_an_older_one(scene, why, head, uses, code):
    older = scene.came(head=head, action="opened")
    scene.dispatcher.step()
    live = going(scene, older, *uses)
    scene.came(head="b")
    scene.dispatcher.step()
    scene.dispatcher.step()
    assert (live.stop.why and live.stop.why.problems[0].code) == code, why


@pytest.mark.parametrize("goes", [True, False], ids=["what goes", "what waits"])
def test_what_was_lost_and_comes_late_ends_nothing_that_is_newer(scene, goes):
    """It is sent again a minute later: the head of now would have been validated by nobody."""
    newer = scene.came(head="b", at=later(NOW, 60))
    scene.dispatcher.step()
    live = going(scene, newer, "terraform.plan") if goes else None
    scene.came(head="a", at=NOW)
    scene.dispatcher.step()
    scene.dispatcher.step()
    assert scene.run(newer).state == "queued"
    assert live is None or live.stop.why is None


def test_what_comes_after_a_newer_head_is_not_older_than_it(scene):
    """A label that tells of a head before the push of it has come."""
    scene.came(head="a", action="opened")
    scene.dispatcher.step()
    scene.came(head="b", at=later(NOW, 1))
    scene.dispatcher.step()
    labelled = scene.came(head="c", action="labeled", at=later(NOW, 2))
    scene.dispatcher.step()
    live = going(scene, labelled, "terraform.plan")
    scene.dispatcher.step()
    assert live.stop.why is None


def test_of_another_pull_request_nothing_is_ended(scene):
    older = scene.came(pr=2)
    scene.dispatcher.step()
    live = going(scene, older, "terraform.plan")
    scene.came(pr=1, head="b")
    scene.dispatcher.step()
    scene.dispatcher.step()
    assert live.stop.why is None


def test_what_writes_first_and_validates_then_is_ended_then(scene):
    older = scene.came()
    scene.dispatcher.step()
    live = going(scene, older, "github.retarget")
    scene.came(head="b")
    scene.dispatcher.step()
    scene.dispatcher.step()
    assert live.stop.why is None
    live.decided(["terraform.plan"])
    scene.dispatcher.step()
    assert live.stop.why is not None


def test_what_waits_of_an_older_head_is_not_begun(scene):
    older, opened = scene.came(), scene.came(action="opened", head="a")
    newer = scene.came(head="b")
    scene.work()
    assert scene.states(older) == ("superseded", "superseded")
    assert [scene.states(id_) for id_ in (opened, newer)] == [("done", "done")] * 2


def test_cancelling_what_waits_and_what_goes(scene):
    waits, goes = scene.came(pr=1), scene.came(pr=2)
    scene.dispatcher.step()
    live = going(scene, goes, "terraform.apply")
    for id_ in (waits, goes):
        scene.runs.ask_cancel(f"gh-{id_}", "ann")
    scene.dispatcher.step()
    assert scene.states(waits) == ("cancelled", "done")
    assert live.stop.why.problems[0].code == "ENG785"
    assert "ann" in live.stop.why.problems[0].message
    scene.hands.lives.clear()
    scene.hands.ends[goes] = [End("cancelled", 5, "ann has cancelled it")]
    scene.work()
    assert scene.states(goes) == ("cancelled", "done")
    assert f"gh-{waits}" not in scene.hands.carried


def test_what_is_cancelled_between_its_turn_and_its_beginning_is_not_carried_out(scene):
    """The dispatcher ends it in one thread, while another one of the queue's is about to begin it."""
    id_ = scene.came()
    scene.dispatcher.step()
    key = scene.turns.take()
    turn = scene.dispatcher._turn

    def cancelled_meanwhile(key):
        found = turn(key)
        scene.runs.ask_cancel(f"gh-{id_}", "ann")
        scene.dispatcher.step()
        return found

    scene.dispatcher._turn = cancelled_meanwhile
    scene.dispatcher.work(key)
    assert scene.hands.carried == []
    assert scene.states(id_) == ("cancelled", "done")


def test_when_it_ends_nothing_begins_and_what_waits_is_for_the_next_one(scene):
    id_ = scene.came()
    scene.dispatcher.step()
    key = scene.turns.take()
    live = going(scene, id_)
    scene.dispatcher.end(failure("ENG786"))
    assert live.stop.why.problems[0].code == "ENG786"
    scene.dispatcher.work(key)
    scene.dispatcher.step()
    assert scene.hands.carried == []
    assert scene.states(id_) == ("queued", "queued")
    del scene.turns.going[key]
    scene.again()
    scene.work()
    assert scene.states(id_) == ("done", "done")


def test_where_the_rules_do_not_load_everything_waits(scene):
    id_ = scene.came()

    def refuses(waiting):
        raise failure("ENG004", name="x", reason="y")

    scene.dispatcher._intake._sift = refuses
    with pytest.raises(Exception, match="ENG004"):
        scene.dispatcher.step()
    assert scene.inbox.get(id_).state == "waiting"
    scene.again()
    scene.work()
    assert scene.states(id_) == ("done", "done")


def test_a_source_that_nobody_can_tell_waits_alone(scene):
    """Its record in the store is broken: the others go on, it is named, and it goes on when somebody has mended it."""
    broken, other = scene.came(repo="o/broken"), scene.came(repo="o/r")
    sift, looks = scene.dispatcher._intake._sift, []

    def sifted(waiting):
        looks.append([one.id for one, _ in waiting])
        stuck = {("o/broken", "ENG193 not believed"): tuple(one.id for one, _ in waiting if one.id == broken)}
        found = sift([pair for pair in waiting if pair[0].id != broken])
        return found._replace(waits={about: ids for about, ids in stuck.items() if ids})

    scene.dispatcher._intake._sift = sifted
    scene.work()
    assert scene.states(other) == ("done", "done")
    assert (scene.inbox.get(broken).state, scene.runs.get(f"gh-{broken}")) == ("waiting", None)
    assert scene.dispatcher.stuck == {"o/broken": "ENG193 not believed"}
    assert scene.dispatcher.step() == 0, "there is nothing to do: whoever asks may rest"
    assert looks == [[broken, other]], "and it is not looked at again at once"
    scene.dispatcher._intake._stuck_until = 0.0
    scene.dispatcher._intake._sift = sift
    scene.work()
    assert scene.states(broken) == ("done", "done")
    assert scene.dispatcher.stuck == {}


@pytest.mark.parametrize("branch", ["fix#5", "fix#²", "fix#" + "9" * 40, "#", "a#b#٣"])
def test_a_branch_may_have_a_number_in_its_name_and_is_no_pull_request(scene, branch):
    """Whoever may push chooses its name: one that SQLite or `int` refuses kept every source waiting, for ever."""
    body = json.dumps({**events.push(ref=f"refs/heads/{branch}"), "sender": {"id": 1}}).encode()
    assert scene.inbox.put(deliveries.read("pushed", "push", body, NOW), body) == "new"
    id_ = scene.came()
    scene.work()
    assert [scene.states(one) for one in ("pushed", id_)] == [("done", "done")] * 2
    assert (scene.run("pushed").number, scene.run("pushed").group) == (None, f"acme/dev-deployment@refs/heads/{branch}")


def test_one_that_nobody_can_make_a_run_of_keeps_no_other_waiting(scene, monkeypatch):
    bad, good = scene.came(pr=1), scene.came(pr=2)
    add = scene.dispatcher._intake.add

    def refuses(run, body):
        if run.delivery == bad:
            raise OverflowError("a number that no column holds")
        add(run, body)

    monkeypatch.setattr(scene.dispatcher._intake, "add", refuses)
    scene.work()
    assert (scene.inbox.get(bad).state, scene.states(good)) == ("failed", ("done", "done"))
    assert "OverflowError" in scene.inbox.get(bad).reason
    monkeypatch.undo()
    scene.inbox.again(bad, "ann")
    scene.work()
    assert scene.inbox.get(bad).state == "done"


def test_a_body_that_a_disk_has_changed_is_lost_alone(scene):
    scene.came()
    with scene.inbox.database.writing() as tables:
        tables.execute("UPDATE bodies SET body = x'00ff'")
    assert scene.inbox.body("d1") is None


def test_a_turn_that_a_bug_ended_has_another_and_is_poison_in_the_end(scene):
    """Nobody but the next start would have looked at it again."""
    bad, good = scene.came(pr=1), scene.came(pr=2)

    def carry(run):
        if run.delivery == bad:
            raise LookupError
        return DONE

    scene.hands.carry = carry
    scene.work()
    assert (scene.states(bad), scene.states(good)) == (("poisoned", "poisoned"), ("done", "done"))


def test_what_came_of_a_run_is_written_once_the_disk_has_room_again(scene, tmp_path):
    """SQLite's own error of a full disk, while the turn ends."""
    id_ = scene.came()
    scene.dispatcher.step()
    key = scene.turns.take()
    tables = scene.runs._database._connection()

    def carry(run):
        tables.execute("PRAGMA max_page_count = 1")  # it is larger by now: nothing more fits
        used = tables.execute("PRAGMA page_count").fetchone()[0]
        tables.execute(f"PRAGMA max_page_count = {used}")
        threading.Timer(0.3, lambda: tables.execute("PRAGMA max_page_count = 1000000")).start()
        return End("done", 0, "x" * 20_000)

    scene.hands.carry = carry
    scene.dispatcher.work(key)
    assert scene.states(id_) == ("done", "done")
    assert scene.run(id_).reason == "x" * 20_000
