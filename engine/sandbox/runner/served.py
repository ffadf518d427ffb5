"""`engine serve` on the sandbox's forge: one process behind the App's webhooks, as somebody runs it for a team.

It is started again whenever it ends and nobody wanted that, as a system's supervisor does. What it does is read where
its own pages read it: in its directory of state.
"""

import json
import os
import socket
import threading
import time
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

from engine.adapters import clock, files
from engine.errors import failure
from engine.sandbox.forge import ports
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.hooks import manage
from engine.sandbox.runner.job import Job, Place, Tell
from engine.sandbox.runner.ticks import due
from engine.sandbox.stage import Stage
from engine.service import access
from engine.service.carrier import EVENT
from engine.service.delivery import State
from engine.service.inbox import Inbox
from engine.service.receiver import PATH
from engine.service.runs import FILE, PENDING, Run, Runs
from engine.service.ticks import EVENT as STRUCK
from engine.service.worker import AHEAD, ALIVE

FOLDER = "serve"  # of the sandbox's directory: what it has said, and `state`
_PORT = "engine_port"  # setting of the forge: webhooks and bookmarks find it there after a restart
_SECRET, _TOKENS, _TOKEN = "webhook.secret", "tokens", "operator.token"
_OPERATOR = "operator"
_UNDER_WAY: tuple[State, ...] = ("waiting", "queued", "running")
_MOST = 10_000  # runs that the control door tells of
_READY_S = 120.0
_LOOK_S = 0.05
_PAUSE_S = 1.0  # before it is started again
_SHOWN = 256 * 1024  # characters of a run's log


class Served:
    """A `Runner` that is `engine serve` of this stage."""

    def __init__(self, forge: Forge, stage: Stage, keys: str) -> None:
        """Start it, and have webhooks sent there, once it takes them; it goes on with what waited. `keys`: a directory.

        Raises:
            EngineError: ENG810, the engine ends before it listens.
        """
        self._forge, self._stage, self._keys = forge, stage, keys
        self._app = forge.kept.value("SELECT id FROM apps ORDER BY id")
        self._place = Place(os.path.join(forge.folder, FOLDER))
        self._state = os.path.join(self._place.folder, "state")
        for folder in (self._place.folder, self._state):
            files.make_directory(folder)
        self._said, self._codes = "", list[int]()
        self._stopping = threading.Event()
        self._port = _port(int(forge.setting(_PORT, "0")))
        self.pages = f"http://127.0.0.1:{self._port}"
        self.token = self._write_secrets()
        self.advanced()
        self._job: Job | None = None
        self._lock = threading.Lock()
        self._keeper = threading.Thread(target=self._keep, name="serve", daemon=True)
        self._keeper.start()
        try:
            self._until_ready()
        except BaseException:
            self.stop()
            raise
        self._inbox = Inbox(os.path.join(self._state, FILE))
        self._runs = Runs(self._state)
        with forge.kept.change():
            forge.set_setting(_PORT, str(self._port))
            manage.send_here(forge, self._app, self.pages + PATH)

    def going(self) -> int:
        """Deliveries that have led to nothing yet, and runs that have not ended."""
        counts, runs = self._inbox.counts(), self._runs.counts()
        return sum(counts[state] for state in _UNDER_WAY) + sum(runs.get(state, 0) for state in PENDING)

    def runs(self) -> Sequence[Mapping[str, Any]]:
        """Its rows, in the words that the control door has for them."""
        worker = self._worker()
        return [
            {
                "id": run.row, "run": run.run, "delivery": run.delivery or None, "event": run.event,
                "repository": run.repo, "number": run.number, "pid": worker if run.state == "running" else None,
                "state": run.state, "exit_code": run.exit_code, "tries": run.tries,
                "failures": run.failures, "reason": run.reason,
                "log": "".join(f"{line.text}\n" for line in self._runs.log(run.run))[-_SHOWN:],
                "started_at": run.started_at or None, "ended_at": run.ended_at or None,
            }
            for run in reversed(self._runs.find(limit=_MOST))
        ]  # fmt: skip

    def advanced(self) -> None:
        """Its next runs, and its clock, are as far ahead."""
        files.write(os.path.join(self._state, AHEAD), str(self._forge.clock.ahead_s).encode())

    def tick(self) -> int:
        """Start every `every:` row now, for each source, unless it still goes."""
        started = 0
        for payload in due(self._forge, self._stage.controller):
            repo, pipeline = payload["repository"]["full_name"], payload["pipeline"]
            if any((one.event, one.action) == (STRUCK, pipeline) for one in self._runs.find(PENDING, repo=repo)):
                continue
            run = Run(f"tick-{os.urandom(8).hex()}", "", STRUCK, pipeline, repo, None, repo, "", clock.now())
            folder = self._runs.folder(run.run)
            files.make_directory(folder)
            files.write(os.path.join(folder, EVENT), json.dumps(payload).encode())
            self._runs.add(run)
            started += 1
        return started

    def stop(self) -> None:
        """End it within a moment; what it has kept is for the next one."""
        self._stopping.set()
        with self._lock:
            if self._job is not None:
                self._job.kill()
        self._keeper.join(20)

    def _keep(self) -> None:
        """Start it, again and again."""
        words = ["serve", "--rules", self._stage.controller, "--state", self._state, "--port", str(self._port)]
        words += ["--tokens", os.path.join(self._keys, _TOKENS)]
        while not self._stopping.is_set():
            with self._lock:
                if self._stopping.is_set():
                    return
                self._job = Job(words, self._place, self._environ())
            self._codes.append(self._job.follow(Tell(lambda _: None, self._hear)))
            self._stopping.wait(_PAUSE_S)

    def _hear(self, said: str) -> None:
        self._said = said

    def _until_ready(self) -> None:
        until = time.monotonic() + _READY_S
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while time.monotonic() < until and not self._codes:
            try:
                with opener.open(f"{self.pages}/healthz", timeout=5):
                    return
            except OSError:
                time.sleep(_LOOK_S)
        said = self._said.strip().rsplit("\n", 3)[-3:]
        raise failure("ENG810", reason=" ".join(said) or "it says nothing")

    def _environ(self) -> dict[str, str]:
        return {
            **self._stage.surroundings,
            **self._stage.environ,
            "ENGINE_WEBHOOK_SECRET_FILE": os.path.join(self._keys, _SECRET),
            "NO_COLOR": "1",
        }

    def _write_secrets(self) -> str:
        """What webhooks are signed with, and who may do something on the pages; the operator's token."""
        secret = str(manage.of_app(self._forge, self._app)["secret"])
        files.write(os.path.join(self._keys, _SECRET), secret.encode())
        kept = os.path.join(self._keys, _TOKEN)
        if not os.path.exists(kept):
            token, line = access.new(_OPERATOR)
            files.write(os.path.join(self._keys, _TOKENS), f"{line}\n".encode())
            files.write(kept, token.encode())
        return files.read(kept).decode()

    def _worker(self) -> int | None:
        """The number of the process in which runs go."""
        try:
            found: int = json.loads(files.fetch(os.path.join(self._state, ALIVE)))["pid"]
        except (OSError, ValueError, KeyError):
            return None
        return found


def _port(last: int) -> int:
    """That of last time, if nobody listens there, or a free one."""
    with socket.socket() as listener:
        try:
            ports.bind(listener, last)
        except OSError as error:
            raise failure("ENG539", port=last, reason=error.strerror or str(error)) from error
        found: int = listener.getsockname()[1]
        return found
