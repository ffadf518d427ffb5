"""Isolated working directories, one per resource, made in a millisecond from the template.

`terraform init` costs a second of CPU, and a lock file with hashes half a second in every later command (it reads the
700 MB provider). So working directories share the template's providers by symbolic link; their lock file has no hashes,
which were checked when the template was made; their backend record is filled in by us. A record that Terraform does not
understand it refuses ("Backend initialization required") without touching anything; then it initialises that directory.
"""

import contextlib
import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from engine.adapters import process
from engine.adapters.files import fetch, put
from engine.adapters.terraform import environment, failures, nowhere
from engine.adapters.terraform.accounts import Role
from engine.adapters.terraform.backend import Value
from engine.adapters.terraform.providers import Providers
from engine.adapters.terraform.template import INIT_S, LOCK_FILE, Setup, Template, find_or_make, without_hashes
from engine.core.canonical import digest_bytes
from engine.core.exact import Json
from engine.core.redact import Redactor
from engine.errors import failure

VARIABLES = "resource.tfvars.json"
SCRATCH = "interlock-rehearsal"  # the workspace, as Terraform calls it, that scratch states are in
OLD_S = 24 * 3600.0  # no plan takes so long
GRACE_S = 30.0  # Terraform waits for calls that are under way


class Job(NamedTuple):
    """One resource to be planned."""

    path: str
    state_key: str
    variables: Mapping[str, Json]
    environment: str
    account: str
    region: str
    nowhere: bool = False  # without an account and its state, see `nowhere`
    scratch: bool = False  # of a state beside the one of its key, which is nobody's: see `opened.Opened.discard`


class Workspace:
    """Makes working directories from a template and runs Terraform in them. Thread-safe."""

    def __init__(self, setup: Setup, template: Template) -> None:
        self.template = template
        self.backend = setup.backend
        self.accounts = setup.accounts
        self._credentials = setup.credentials
        self.scratch = os.path.join(setup.cache_dir, "work")
        self.kept = os.path.join(setup.cache_dir, "kept")  # see `opened`
        os.makedirs(self.scratch, mode=0o700, exist_ok=True)
        _remove_old(self.scratch)
        self._recording = threading.Lock()
        self._providers = Providers(template.module, template.env["PATH"])
        self._lock_file = fetch(os.path.join(template.module, LOCK_FILE))
        self.lock_digest = digest_bytes(self._lock_file)

    @property
    def redactor(self) -> Redactor:
        """Hides what Terraform was given so far."""
        return environment.redactor(self._credentials)

    @contextmanager
    def directory(self, job: Job, cancel: threading.Event | None = None, *, again: bool = False) -> Iterator[str]:
        """A working directory for `job`, removed afterwards; `again`: initialised by Terraform in any case.

        Raises:
            EngineError: the disk is full or read-only, or Terraform cannot initialise it (`TerraformError`); ENG442,
                there is no account, and the module asks for one.
        """
        try:
            with tempfile.TemporaryDirectory(prefix="plan-", dir=self.scratch, ignore_cleanup_errors=True) as place:
                self.fill(place, job, cancel, again=again)
                yield place
        except OSError as error:
            raise failure("ENG418", reason=f"{error.strerror or error} ({error.filename or self.scratch})") from error

    def fill(self, place: str, job: Job, cancel: threading.Event | None = None, *, again: bool = False) -> None:
        """Make a working directory for `job` of an empty one.

        Raises:
            EngineError: as `directory`.
            OSError: the disk is full or read-only.
        """
        self._link(place)
        put(os.path.join(place, VARIABLES), self._variables(job))
        if job.nowhere:
            put(os.path.join(place, nowhere.OVERRIDE), nowhere.override(self.template.module, job.path))
        self._initialise(place, job, cancel, again)

    def command(
        self,
        arguments: list[str],
        cwd: str,
        timeout_s: float,
        answers: tuple[int, ...],
        cancel: threading.Event | None,
        env: Mapping[str, str] | None = None,
    ) -> process.Done:
        """Run Terraform; `env` instead of the template's. Whether there is memory for one more, the caller knows."""
        return process.run(
            [*self.template.program.argv, *arguments],
            cwd=cwd,
            env=self.template.env if env is None else env,
            timeout_s=timeout_s,
            answers=answers,
            cancel=cancel,
            grace_s=GRACE_S,
        )

    def show(
        self,
        what: Sequence[str],
        cwd: str,
        timeout_s: float,
        cancel: threading.Event | None,
        env: Mapping[str, str],
    ) -> process.Done:
        """`terraform show -json`: of a file, or of the state. It asks no provider for more than its schemas."""
        arguments = ["show", "-json", *what]
        if shared := self._providers.env():
            done = self.command(arguments, cwd, timeout_s, (0, 1), cancel, {**env, **shared})
            if not done.code:
                return done
            self._providers.give_up()
        return self.command(arguments, cwd, timeout_s, (0, 1), cancel, env)

    def stand_alone(self) -> None:
        """Nothing, if the module can be planned without an account.

        Raises:
            EngineError: ENG442.
        """
        nowhere.override(self.template.module, "terraform")

    def env(self, job: Job, place: str, role: Role = "plan") -> Mapping[str, str]:
        """The environment of Terraform in the working directory of `job`, for what it does there."""
        if job.nowhere:
            return nowhere.surroundings(self.template.env, place)
        env = self.accounts.env(self.template.env, job.environment, job.account, role)
        return {**env, "TF_WORKSPACE": SCRATCH} if job.scratch else env

    def _variables(self, job: Job) -> bytes:
        wiring: dict[str, Json] = {
            "environment": job.environment,
            "account": job.account,
            "region": job.region,
            "emulator": self.backend.emulator and not job.nowhere,
        }
        return json.dumps({**job.variables, **wiring}).encode()

    def _link(self, place: str) -> None:
        os.mkdir(os.path.join(place, ".terraform"), 0o700)
        for folder, left_out in (("", (".terraform", LOCK_FILE)), (".terraform", ())):
            source = os.path.join(self.template.module, folder)
            for name in os.listdir(source):
                if name not in left_out:
                    os.symlink(os.path.join(source, name), os.path.join(place, folder, name))

    def _initialise(self, place: str, job: Job, cancel: threading.Event | None, again: bool) -> None:
        settings = {} if job.nowhere else self.backend.settings(job.state_key, job.account, job.region)
        record = self.template.record("local" if job.nowhere else "s3")
        if again:
            self._init(place, job, settings, record, cancel)
        elif not self._use_record(place, record, settings):
            with self._recording:  # the first job makes the record, the others wait for it
                if not self._use_record(place, record, settings):
                    self._init(place, job, settings, record, cancel)
        put(os.path.join(place, LOCK_FILE), without_hashes(self._lock_file))

    def _use_record(self, place: str, file: str, settings: Mapping[str, Value]) -> bool:
        """Fill the backend's record in; False where there is none yet, or one that cannot hold `settings`."""
        try:
            record = json.loads(fetch(file))
            known = record["backend"]["config"].keys()
        except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
            return False
        if not settings.keys() <= known:
            return False
        record["backend"]["config"] = {**dict.fromkeys(known), **settings}  # nothing stays of the job that made it
        put(os.path.join(place, ".terraform", "terraform.tfstate"), json.dumps(record, indent=2).encode())
        return True

    def _init(
        self,
        place: str,
        job: Job,
        settings: Mapping[str, Value],
        record: str,
        cancel: threading.Event | None,
    ) -> None:
        put(os.path.join(place, LOCK_FILE), self._lock_file)
        options = [f"-backend-config={name}={_literal(value)}" for name, value in settings.items()]
        arguments = ["init", "-input=false", "-json", "-lockfile=readonly", "-reconfigure", *options]
        done = self.command(arguments, place, INIT_S, (0, 1), cancel, self.env(job, place))
        if done.code:
            raise failures.of_resource(job.path, done, self.redactor)
        put(record, fetch(os.path.join(place, ".terraform", "terraform.tfstate")))


def prepare(setup: Setup, cancel: threading.Event | None = None) -> Workspace:
    """Find Terraform and its providers, and initialise the template unless that was done before.

    Raises:
        EngineError: no Terraform, an old one, no provider, a broken module, no place to write.
    """
    try:
        return Workspace(setup, find_or_make(setup, cancel))
    except OSError as error:
        raise failure("ENG418", reason=f"{error.strerror or error} ({error.filename or setup.cache_dir})") from error


def _remove_old(scratch: str) -> None:
    """Working directories of runs that were killed: they hold variables and plans. What is kept lies elsewhere."""
    for entry in os.scandir(scratch):
        with contextlib.suppress(FileNotFoundError):  # another run removes it, too
            if entry.stat(follow_symlinks=False).st_mtime < time.time() - OLD_S:
                shutil.rmtree(entry.path, ignore_errors=True)


def _literal(value: Value) -> str:
    return value if isinstance(value, str) else json.dumps(value)
