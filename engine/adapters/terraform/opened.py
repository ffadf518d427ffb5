"""One resource's work directory, kept from the plan until it is known what applying that plan came to.

    kept/<digest of the name>/lock      held by the one process that works in it
                             /1/work    Terraform's directory, with the saved plan, and `errored.tfstate` if need be
                             /1/apply   the apply of that plan (`adapters/attached`), which outlives us
                             /2/…       the next plan, where one had to be made after an apply was begun

A plan that nobody has begun to apply is worth nothing to whoever comes next: it goes. What was begun stays until it is
closed, however old it is; whoever opens the directory again finds what has become of it.
"""

import os
import shutil
import threading
from collections.abc import Callable, Iterator

from engine.adapters import attached, files
from engine.adapters import attached_keeper as keeper
from engine.adapters.attached import Ended, Found, Running
from engine.adapters.process import Done
from engine.adapters.terraform import failures, locks
from engine.adapters.terraform.accounts import Role
from engine.adapters.terraform.applied import Applied, Case, judge, riddle
from engine.adapters.terraform.keeping import attempts, own, remove_old, remove_unbegun
from engine.adapters.terraform.locks import Lock
from engine.adapters.terraform.plan import LIMITS, Attempt, Limits, PlanResult, Shown, result, shown, tried
from engine.adapters.terraform.workspace import SCRATCH, Job, Workspace
from engine.core import state
from engine.core.canonical import digest, digest_bytes
from engine.core.exact import Json
from engine.core.plan import mask
from engine.core.plan.events import Change, Events
from engine.core.plan.form import read
from engine.core.state import State
from engine.errors import EngineError, Place, Problem, failure
from engine.printable import uncoloured

_PLAN = "plan.tfplan"
# What Terraform could write nowhere at all it says, and we write it; its own file may be half of it then.
_DUMPED, _ERRORED = "dumped.tfstate", "errored.tfstate"
_PULL_S = 300.0
_STARTING_S = 60.0  # until it has locked the state, beside waiting for it
_GRACE_S = 60.0  # Terraform waits for calls that are under way; then we leave it alone
_WORDS = 8192  # bytes of what it said at the end


class Opened:
    """A resource's work directory, ours alone while it is open. `with` leaves it as it is; `close` deletes it."""

    def __init__(self, job: Job, workspace: Workspace, folder: str, held: int) -> None:
        """Use `opened`."""
        self.folder = folder
        self._job, self._workspace, self._held = job, workspace, held
        self._limits = LIMITS
        self._number = 0  # of the attempt that we are at
        self._saved: str | None = None  # digest of its plan, if it was made and shown by us
        self._ready = False  # is its work directory initialised?
        for number in attempts(folder):  # what was begun: is it still ours alone?
            self._number, self._ready = number, True
            for place in (os.path.join(folder, str(number)), self._work, self._apply):
                files.make_directory(place)

    def __enter__(self) -> "Opened":
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    @property
    def begun(self) -> Found | None:
        """What has become of the apply; None: none was begun since the last plan."""
        return attached.look(self._apply) if self._number else None

    @property
    def errored(self) -> str | None:
        """A state that Terraform could not write where it belongs, and that was not pushed yet."""
        return next(self._unwritten(), None)

    def plan(
        self, limits: Limits = LIMITS, cancel: threading.Event | None = None, *, locked: bool = True
    ) -> PlanResult:
        """As `terraform.plan` gives it; the saved plan stays, for `apply`, which always has the lock.

        Not `locked` where nobody can be at work on the state, or does so in vain. Fails while an apply is at work
        (ENG462), and as long as there is a state to be pushed (ENG468).
        """
        self._limits, self._saved = limits, None

        def once(attempt: Attempt) -> Shown:
            self._at_rest()
            if self._number == 0 or self.begun is not None:
                self._number += 1
            place = self._filled(cancel, again=attempt.again)
            answer = shown(self._job, self._workspace, place, _PLAN, limits, cancel, attempt, locked)
            self._saved = digest_bytes(files.read(os.path.join(place, _PLAN)))
            return answer

        return result(self._job, once, limits, cancel)

    def state(self, cancel: threading.Event | None = None) -> State | None:
        """The state as it is now, wherever it is kept; None: none yet. A failure that time may heal is tried again.

        Raises:
            EngineError: it cannot be read (`TerraformError`), or is none (ENG467).
        """
        self._prepared(cancel)

        def pulled(attempt: Attempt) -> bytes:
            if attempt.again:
                self._filled(cancel, again=True)
            done = self._asked(["state", "pull"], cancel)
            if done.code:
                raise self._failed(done)
            return done.stdout

        data = tried(pulled, self._limits, cancel)
        try:
            return state.read(data)
        except ValueError as error:
            raise failure("ENG467", self._place, resource=self._job.path, reason=error) from error

    def secrets(self, cancel: threading.Event | None = None) -> frozenset[str]:
        """All that is secret in the saved plan, and in the state as it is now: what an apply's words may quote.

        Raises:
            EngineError: that cannot be told.
        """
        self._prepared(cancel)
        env, found = self._workspace.env(self._job, self._work), dict[str, dict[str, Json]]()
        for name, what in (("plan", [_PLAN]), ("prior_state", [])):
            if what and not os.path.lexists(os.path.join(self._work, _PLAN)):
                continue
            done = self._workspace.show(what, self._work, _PULL_S, cancel, env)
            if done.code:
                raise self._failed(done)
            found[name] = read(done.stdout, lambda why: failure("ENG416", resource=self._job.path, reason=why))
        return mask.secrets(found.get("plan", {})) | mask.secrets({"prior_state": found["prior_state"]})

    def apply(self, watch: Callable[[Change], None], cancel: threading.Event | None = None) -> Applied:
        """Apply the saved plan; one that was begun before is only waited for. Never twice.

        `watch` hears of each address that comes on, from the first one. What it raises ends our waiting and nothing
        else; an `EngineError` of its is the problem of an outcome that is `unknown`.
        """
        try:
            begun = self.begun
        except EngineError as error:
            return self._unknown(error.problems[0])
        try:
            if begun is None:
                if cancel is not None and cancel.is_set():
                    raise failure("ENG452", program=self._program)
                self._begin()
            return self._followed(watch, cancel)
        except EngineError as error:
            if begun is None and not self._has_begun():
                return Applied("failed", {}, 0.0, self._placed(error.problems[0]), self.errored)
            return self._unknown(error.problems[0])

    def push(self, what: str | bytes, cancel: threading.Event | None = None, lock_s: int | None = None) -> None:
        """Write a state: a file of it (`errored`), or its bytes. Terraform refuses another lineage and an older one.

        `lock_s`: it waits so long for the state's lock; as the last plan did, unless said.

        Raises:
            EngineError: it was not written (`TerraformError`); ENG470, nobody knows.
        """
        ours = os.path.join(self.folder, "push.tfstate")
        file = what if isinstance(what, str) else ours
        if isinstance(what, bytes):
            files.write(file, what, sync=True)
        self._prepared(cancel)
        folder = self._pushed()
        shutil.rmtree(folder, ignore_errors=True)  # to push the same once more changes nothing
        wait = self._limits.lock_s if lock_s is None else lock_s
        self._attach(folder, ["state", "push", f"-lock-timeout={wait}s", file])
        found = attached.follow(folder, line=lambda _: None, cancel=cancel, grace_s=_GRACE_S)
        if not isinstance(found, Ended) or found.code < 0:
            raise EngineError(riddle(self._job.path, self._program, found))
        if found.code:
            done = Done(found.code, b"", attached.said(folder, _WORDS), found.seconds)
            raise self._failed(done)
        for one in [ours] if file == ours else [*self._unwritten()] if file == self.errored else []:
            files.remove(one)

    def left(self, lock: Lock) -> bool:
        """Is it the lock of an apply that was begun here and is at work no more? Then nobody has it."""
        found = self.begun
        if found is None or isinstance(found, Running):
            return False
        began = os.stat(os.path.join(self._apply, attached.BEGUN)).st_mtime
        lived = self._limits.lock_s + _STARTING_S
        if isinstance(found, Ended):  # to the moment when its end was noted: what it took to be started counts, too
            lived = os.stat(os.path.join(self._apply, keeper.CODE)).st_mtime - began
        return lock.is_of_an_apply(locks.me(), began, lived)

    def unlock(self, lock: Lock, cancel: threading.Event | None = None) -> None:
        """Take a lock away; whose it is, and that it is nobody's any more, the caller knows (`left`).

        Raises:
            TerraformError: it is not there, or another one is.
        """
        self._prepared(cancel)
        done = self._asked(["force-unlock", "-force", lock.id], cancel, "apply")
        if done.code:
            raise self._failed(done)

    def lock(self, cancel: threading.Event | None = None) -> Lock | None:
        """Who has the state's lock; None: nobody. Terraform tells when it is to give back one that nobody has.

        Raises:
            TerraformError: nobody can tell.
        """
        self._prepared(cancel)
        done = self._asked(["force-unlock", "-force", locks.NOBODYS], cancel)
        said = uncoloured(done.stderr.decode(errors="replace"))
        found = locks.read([said], self._workspace.redactor)
        if found is None and not (done.code and locks.NONE.search(said)):
            raise self._failed(done)
        return found

    def discard(self, cancel: threading.Event | None = None) -> None:
        """Delete the scratch state, and its lock: whoever is here has the claim of its key, so nobody works with it.

        Raises:
            TerraformError: it may be there still.
        """
        assert self._job.scratch
        self._pushed()
        if left := self.lock(cancel):
            self.unlock(left, cancel)
        job = self._job._replace(scratch=False)
        with self._workspace.directory(job, cancel) as place:
            arguments = ["workspace", "delete", "-force", "-lock=false", SCRATCH]
            done = self._asked(arguments, cancel, "apply", place)
        if done.code and b"doesn't exist" not in done.stderr:
            raise self._failed(done)

    def leave(self) -> None:
        """Let others open it."""
        if self._held >= 0:
            os.close(self._held)
            self._held = -1

    def close(self) -> None:
        """Delete it: the outcome is known, and noted.

        Raises:
            EngineError: ENG462, ENG468: it cannot be.
        """
        self._at_rest()
        shutil.rmtree(self.folder, ignore_errors=True)  # the lock, too: whoever waits for it looks whether it is there
        self.leave()

    def _asked(
        self, arguments: list[str], cancel: threading.Event | None, role: Role = "plan", place: str = ""
    ) -> Done:
        """What Terraform says to this, in the work directory or in `place`; 1 is an answer, too."""
        place = place or self._work
        env = self._workspace.env(self._job, place, role)
        return self._workspace.command(arguments, place, _PULL_S, (0, 1), cancel, env)

    def _failed(self, done: Done) -> EngineError:
        return failures.of_resource(self._job.path, done, self._workspace.redactor)

    def _pushed(self) -> str:
        """The folder of the last push, which may be a killed one's, and has ended by now."""
        folder = os.path.join(self.folder, "push")
        if isinstance(attached.look(folder), Running):
            attached.follow(folder, line=lambda _: None)
        return folder

    @property
    def _place(self) -> Place:
        return Place(self._job.path)

    @property
    def _program(self) -> str:
        return self._workspace.template.program.name

    @property
    def _work(self) -> str:
        return os.path.join(self.folder, str(self._number), "work")

    @property
    def _apply(self) -> str:
        return os.path.join(self.folder, str(self._number), "apply")

    def _at_rest(self) -> None:
        if isinstance(self.begun, Running):
            raise failure("ENG462", self._place, program=self._program, resource=self._job.path)
        if errored := self.errored:
            raise failure("ENG468", self._place, resource=self._job.path, file=errored)

    def _unwritten(self) -> Iterator[str]:
        """States that are not where they belong, the best one first."""
        for number in attempts(self.folder):
            found = (os.path.join(self.folder, str(number), "work", name) for name in (_DUMPED, _ERRORED))
            yield from filter(os.path.lexists, found)

    def _prepared(self, cancel: threading.Event | None) -> None:
        if not self._ready:
            self._number = self._number or 1
            self._filled(cancel)

    def _filled(self, cancel: threading.Event | None, *, again: bool = False) -> str:
        """The attempt's work directory, made anew."""
        self._ready = False
        try:
            shutil.rmtree(self._work, ignore_errors=True)
            files.make_directory(self._work)
            self._workspace.fill(self._work, self._job, cancel, again=again)
        except OSError as error:
            raise failure("ENG418", reason=f"{error.strerror or error} ({error.filename or self.folder})") from error
        self._ready = True
        return self._work

    def _begin(self) -> None:
        """Of the very plan that was shown.

        Raises:
            EngineError: nothing was begun.
        """
        plan = os.path.join(self._work, _PLAN)
        if self._saved is None or digest_bytes(files.read(plan)) != self._saved:
            reason = "it was changed" if self._saved else "nobody has shown it in this process"
            raise failure("ENG471", self._place, resource=self._job.path, reason=reason)
        lock = f"-lock-timeout={self._limits.lock_s}s"
        self._attach(self._apply, ["apply", "-input=false", "-json", lock, _PLAN])

    def _attach(self, folder: str, arguments: list[str]) -> None:
        program = self._workspace.template.program
        env = self._workspace.env(self._job, self._work, "apply")
        attached.begin(folder, [*program.argv, *arguments], cwd=self._work, env=env, called=program.name)

    def _has_begun(self) -> bool:
        try:
            return self.begun is not None
        except EngineError:  # something is there, and we do not believe it
            return True

    def _followed(self, watch: Callable[[Change], None], cancel: threading.Event | None) -> Applied:
        events = Events()

        def line(one: bytes) -> None:
            if change := events.read(one):
                watch(change._replace(error=self._hidden(change.error)))

        found = attached.follow(self._apply, line=line, cancel=cancel, grace_s=_GRACE_S)
        errored = self._dumped(events) or self.errored
        words = attached.said(self._apply, _WORDS)
        case = Case(self._job.path, self._program, found, events, words, errored)
        outcome, why = judge(case, self._workspace.redactor)
        addresses = {name: one._replace(error=self._hidden(one.error)) for name, one in events.addresses.items()}
        return Applied(outcome, addresses, found.seconds if isinstance(found, Ended) else 0.0, why, errored)

    def _dumped(self, events: Events) -> str | None:
        """A state that Terraform could write nowhere but into its own words."""
        if events.dumped is None:
            return None
        file = os.path.join(self._work, _DUMPED)
        files.write(file, events.dumped.encode(), sync=True)
        return file

    def _unknown(self, why: Problem) -> Applied:
        return Applied("unknown", {}, 0.0, self._placed(why), self.errored)

    def _placed(self, why: Problem) -> Problem:
        return why if why.place else why._replace(place=self._place)

    def _hidden(self, text: str) -> str:
        return self._workspace.redactor.text(text) if text else ""


def opened(job: Job, workspace: Workspace, name: str) -> Opened:
    """The work directory of `job` by the name of what is done with it: the run and the state key, say.

    A job that has no account is none for this: nothing of it is ever applied.

    Raises:
        EngineError: ENG466, another process has it open; ENG008, ENG464, somebody else could have; ENG002, ENG418.
    """
    if job.nowhere:
        raise ValueError(f"{job.path} has no account")
    files.make_directory(workspace.kept)
    remove_old(workspace.kept)
    folder = os.path.join(workspace.kept, digest(name).removeprefix("sha256:")[:32])
    with files.failing("ENG418", folder):
        held = own(folder)
        if held is None:
            raise failure("ENG466", Place(job.path), resource=job.path, folder=folder)
        try:
            remove_unbegun(folder)
            return Opened(job, workspace, folder, held)
        except BaseException:
            os.close(held)
            raise
