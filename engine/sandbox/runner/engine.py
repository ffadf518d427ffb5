"""The runner: each delivery is a row of `runs` before it is answered, and each row a process of its own.

| state | what it says |
|---|---|
| waiting | it is to be started: another of its pull request goes, or every core is taken |
| running | it goes |
| ended | it has said what came of it: `exit_code` |
| superseded | a newer head came while it validated |
| lost | it ended three times more without an outcome; the next tick tries again |

Runs of one pull request go one after another, in the order of their deliveries; those of several side by side. What
had begun when the sandbox ended is started again by the next one: the run's number is its id, so the engine's journal
says what has been done.
"""

import json
import os
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple

from engine.adapters import files
from engine.core.events.envelope import Event, read_event
from engine.errors import EngineError
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.hooks import manage
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.runner import FOLDER
from engine.sandbox.runner.job import Job, Place, Tell
from engine.sandbox.runner.receiver import Received, receiving
from engine.sandbox.runner.ticks import due
from engine.sandbox.stage import Stage, rules_in

AGAIN = 3  # how often what ended without an outcome is started again at once
_AT_ONCE = max(2, os.cpu_count() or 1)
_NO_OUTCOME = frozenset({130})  # interrupted, and not by us
_NOTHING_THERE = "ENG578"  # it was killed before it had written that it began
_PENDING = "state IN ('waiting', 'running')"


class _Going(NamedTuple):
    """One that goes."""

    job: Job
    group: str
    head: str


class Engine:
    """A `Runner` that starts `engine run` of this stage."""

    pages = ""

    def __init__(self, forge: Forge, stage: Stage) -> None:
        """Begin to receive; with what waited, and what went, when the last process ended."""
        self._forge, self._kept, self._stage = forge, forge.kept, stage
        self._folder = os.path.join(forge.folder, FOLDER)
        self._lock = threading.Lock()
        self._going: dict[int, _Going] = {}
        self._superseded: set[int] = set()
        self._threads: set[threading.Thread] = set()
        self._stopping = threading.Event()
        self._looks = threading.Event()
        self._ending = ExitStack()
        files.make_directory(self._folder)
        self._kept.run("UPDATE runs SET state = 'waiting', pid = NULL WHERE state = 'running'")
        self._listen()
        self._watch = threading.Thread(target=self._look, name="runs", daemon=True)
        self._watch.start()
        self._looks.set()

    def going(self) -> int:
        """How many runs have not ended."""
        found: int = self._kept.value(f"SELECT count(*) FROM runs WHERE {_PENDING}")  # noqa: S608 - ours
        return found

    def runs(self) -> Sequence[Mapping[str, Any]]:
        """As rows of the forge, whose pages show them."""
        return self._kept.rows(
            "SELECT r.id, d.guid AS delivery, r.event, r.repository, r.number, r.pid, r.state, r.exit_code, r.log,"
            " r.tries, r.started_at, r.ended_at FROM runs r LEFT JOIN deliveries d ON d.id = r.delivery ORDER BY r.id"
        )

    def advanced(self) -> None:
        """Each run is told when it starts."""

    def tick(self) -> int:
        """Start every `every:` row now, for each source, unless it still goes; and what was lost, once more."""
        with self._kept.change():
            self._kept.run("UPDATE runs SET state = 'waiting' WHERE state = 'lost'")
            started = 0
            for payload in due(self._forge, self._stage.controller):
                body = json.dumps(payload).encode()
                if not self._goes_already(payload):
                    self._add(None, "schedule", body, payload["repository"]["full_name"], None)
                    started += 1
            self._kept.afterwards(self._looks.set)
        return started

    def stop(self) -> None:
        """End what was started, within a moment; its rows stay as they are, for the next one."""
        self._stopping.set()
        self._looks.set()
        self._ending.close()
        self._watch.join()
        with self._lock:
            for one in self._going.values():
                one.job.kill()
            threads = list(self._threads)
        for thread in threads:
            thread.join(10)

    def _listen(self) -> None:
        app = self._kept.value("SELECT id FROM apps ORDER BY id")
        url = self._ending.enter_context(receiving(lambda: str(manage.of_app(self._forge, app)["secret"]), self._take))
        manage.send_here(self._forge, app, url)

    def _take(self, received: Received) -> None:
        """A delivery: a run, unless it has one already or is of no kind that a workflow could listen to."""
        try:
            event = read_event(received.body, received.event)
        except EngineError:
            return
        sql = "SELECT * FROM deliveries WHERE guid = ? AND state = 'waiting' ORDER BY id"
        with self._kept.change():
            delivery = self._kept.row(sql, received.guid)
            if delivery is None or self._kept.row("SELECT 1 FROM runs WHERE delivery = ?", delivery["id"]):
                return
            number = event.subject.number or self._pull_of(event)
            self._add(delivery["id"], event.name, received.body, event.source_repo, number)
            self._kept.afterwards(self._looks.set)
        self._supersede(event)

    def _add(self, delivery: int | None, event: str, body: bytes, repository: str | None, number: int | None) -> None:
        row = self._kept.insert(
            "runs", delivery=delivery, event=event, repository=repository, number=number, state="waiting"
        )
        place = self._place(row)
        files.make_directory(place.folder)
        files.put(place.event, body)

    def _pull_of(self, event: Event) -> int | None:
        """A push belongs to the open pull request of its branch."""
        repository = self._forge.repository(*(event.subject.repo or "/").split("/", 1))
        if repository is None or not event.subject.ref:
            return None
        sql = """SELECT p.number FROM pulls p JOIN issues i ON i.id = p.id
          WHERE p.head_repository = ? AND p.head_ref = ? AND i.state = 'open' ORDER BY p.number DESC"""
        found: int | None = self._kept.value(sql, repository["id"], event.subject.ref.removeprefix("refs/heads/"))
        return found

    def _goes_already(self, payload: Mapping[str, Any]) -> bool:
        sql = f"SELECT id FROM runs WHERE event = 'schedule' AND repository = ? AND {_PENDING}"  # noqa: S608 - ours
        rows = self._kept.rows(sql, payload["repository"]["full_name"])
        return any(json.loads(files.fetch(self._place(row["id"]).event)) == payload for row in rows)

    def _supersede(self, event: Event) -> None:
        """End what validates an older head: what it would find, nobody asks any more."""
        if (event.name, event.action) != ("pull_request", "synchronize"):
            return
        head, group = event.payload["pull_request"]["head"]["sha"], _group(event.subject.repo, event.subject.number, "")
        with self._lock:
            older = [(number, one) for number, one in self._going.items() if one.group == group and one.head != head]
        for number, one in older:
            if self._validates(number):
                self._superseded.add(number)
                one.job.end()

    def _validates(self, number: int) -> bool:
        """Does it plan, or has it not decided yet? What acts on the pull request is never broken off."""
        out = self._place(number).out
        decided = [
            os.path.join(folder, "decision.json") for folder, _, names in os.walk(out) if "decision.json" in names
        ]
        try:
            rules = rules_in(self._stage.controller)
            newest = max(decided, key=os.path.getmtime, default=None)
            said = {"pipelines": []} if newest is None else json.loads(files.fetch(newest))
            steps = [step.uses for one in said["pipelines"] for step in rules.pipelines[one["name"]].steps]
        except (EngineError, OSError, ValueError, KeyError):
            return False
        return newest is None or "terraform.plan" in steps

    def _look(self) -> None:
        while True:
            self._looks.wait()
            self._looks.clear()
            if self._stopping.is_set():
                return
            rows = self._kept.rows("SELECT * FROM runs WHERE state = 'waiting' ORDER BY id")
            taken: set[str] = set()
            for row in rows:
                group = _group(row["repository"], row["number"], f"{row['event']} {row['id']}")
                with self._lock:
                    taken |= {one.group for one in self._going.values()}
                    is_full = len(self._going) >= _AT_ONCE
                if is_full or self._stopping.is_set():
                    break
                if group not in taken:
                    self._start(row, group)
                taken.add(group)

    def _start(self, row: Row, group: str) -> None:
        now = self._forge.now()
        self._kept.update("runs", row["id"], state="running", started_at=row["started_at"] or now)
        place = self._place(row["id"])
        try:
            head = json.loads(files.fetch(place.event)).get("pull_request", {}).get("head", {}).get("sha", "")
            resume = place.is_begun()
            words = ["run", "--rules", self._stage.controller, "--out", place.out]
            job = Job([*words, "--resume"] if resume else words, place, self._environ(row, place))
        except (EngineError, OSError) as error:
            self._kept.update("runs", row["id"], state="lost", log=f"{row['log'] or ''}{error}\n", ended_at=now)
            return
        with self._lock:
            self._going[row["id"]] = _Going(job, group, head)
            thread = threading.Thread(target=self._follow, args=(row, job, place, resume), daemon=True)
            self._threads.add(thread)
        thread.start()

    def _follow(self, row: Row, job: Job, place: Place, resume: bool) -> None:
        number, kept = row["id"], self._kept
        before = f"{row['log'] or ''}\n── started again{', --resume' if resume else ''}\n" if row["started_at"] else ""
        tell = Tell(lambda pid: kept.update("runs", number, pid=pid), lambda log: kept.update("runs", number, log=log))
        code = job.follow(tell, before)
        with kept.change():
            self._ended(row, code, place, resume)
            kept.afterwards(self._looks.set)
        with self._lock:
            del self._going[number]
            self._threads.discard(threading.current_thread())
        self._looks.set()

    def _ended(self, row: Row, code: int, place: Place, resume: bool) -> None:
        number, said = row["id"], {"summary": place.summed_up(), "ended_at": self._forge.now()}
        log = self._kept.value("SELECT log FROM runs WHERE id = ?", number) or ""
        if number in self._superseded:
            self._kept.update("runs", number, state="superseded", exit_code=code, **said)
        elif self._stopping.is_set():
            return  # the next one goes on with it
        elif resume and code == 2 and _NOTHING_THERE in log[-4000:]:
            files.remove(os.path.join(place.out, "decision.json"))
            self._kept.update("runs", number, state="waiting")
        elif code >= 0 and code not in _NO_OUTCOME:
            self._kept.update("runs", number, state="ended", exit_code=code, **said)
        else:
            again = row["tries"] < AGAIN
            tries = row["tries"] + 1 if again else AGAIN
            self._kept.update("runs", number, state="waiting" if again else "lost", tries=tries, **said)

    def _environ(self, row: Row, place: Place) -> dict[str, str]:
        """What GitHub Actions tells a job, beside what this one lives on."""
        return {
            **self._stage.surroundings,
            **self._stage.environ,
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": row["event"],
            "GITHUB_EVENT_PATH": place.event,
            "GITHUB_REPOSITORY": row["repository"] or "",
            "GITHUB_RUN_ID": str(row["id"]),
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_STEP_SUMMARY": place.summary,
            "GITHUB_OUTPUT": place.output,
            "ENGINE_EXECUTOR": place.executor,
            "ENGINE_CLOCK_AHEAD_S": str(self._forge.clock.ahead_s),
            "NO_COLOR": "1",
        }

    def _place(self, number: int) -> Place:
        return Place(os.path.join(self._folder, str(number)))


def _group(repository: str | None, number: int | None, other: str) -> str:
    """What goes one after another: all of one pull request. What is of none waits for nobody."""
    return f"{repository}#{number}" if number else other
