"""The template: a directory that Terraform has initialised once, with its providers checked and installed.

One per Terraform version, module and choice of providers; kept in the cache directory for every later run.
"""

import fcntl
import json
import os
import shlex
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from engine.adapters import process
from engine.adapters.files import fetch, put, read
from engine.adapters.ownership import ours, weak_spot
from engine.adapters.terraform import environment, failures, mirror, program
from engine.adapters.terraform.accounts import Accounts, Profiles
from engine.adapters.terraform.backend import Backend
from engine.core.canonical import digest, digest_bytes
from engine.errors import failure

LOCK_FILE = ".terraform.lock.hcl"
_PROVEN = "providers.json"
INIT_S = 900.0  # a first download of the AWS provider is 150 MB
_IGNORED = (".tfvars", ".tfvars.json", ".tfstate", ".backup")  # Terraform would load or write these by itself


class Setup(NamedTuple):
    """The settings of the machine, as values."""

    module: str  # directory of the universal module
    cache_dir: str
    backend: Backend
    credentials: Mapping[str, str]  # environment variables, see `adapters.settings`
    path: str
    home: str
    program: str = "terraform"
    mirror: str | None = None
    cli_config: str | None = None
    tofu_lock: str | None = None  # takes the place of the module's for OpenTofu
    accounts: Accounts = Profiles()


class Template(NamedTuple):
    """An initialised module, ready to be linked into working directories."""

    program: program.Program
    env: Mapping[str, str]
    path: str
    module_digest: str

    @property
    def module(self) -> str:
        """Where Terraform initialised it."""
        return os.path.join(self.path, "module")

    def record(self, backend: str) -> str:
        """Terraform's record of a kind of backend, once a first working directory has got one."""
        return os.path.join(self.path, f"backend-{backend}.json")


def find_or_make(setup: Setup, cancel: threading.Event | None) -> Template:
    """The template for this machine's Terraform and this module.

    Raises:
        EngineError: no Terraform, an old one, no provider, a broken module.
        OSError: no place to write.
    """
    providers = mirror.choose(setup.mirror, setup.cli_config, setup.home)
    files = files_in_use(setup)
    _own(setup.cache_dir)
    cli_config = providers.file or _own_cli_config(setup.cache_dir, providers.text)
    env = environment.build(setup.path, setup.home, cli_config, setup.credentials)
    found = program.find(setup.program, setup.path, env)
    module_digest = digest_of(files)
    key = digest([found.argv, found.version, providers.text, module_digest]).removeprefix("sha256:")
    template = Template(found, env, os.path.join(setup.cache_dir, key[:32]), module_digest)
    lock = _lock_command(setup, found, providers)
    with _locked(os.path.join(setup.cache_dir, "lock")):
        if not os.path.isdir(template.path):
            _make(template, files, setup, lock, cancel)
        elif not _is_whole(template, files):
            shutil.rmtree(template.path)
            _make(template, files, setup, lock, cancel)
    return template


def files_in_use(setup: Setup) -> dict[str, bytes]:
    """The module's files, with OpenTofu's own lock file where that is the program.

    One lock file cannot serve both: each program refuses what it has no provider for.

    Raises:
        EngineError: ENG001 that file cannot be read; ENG406 there is no module; ENG409 there is no lock file for
            OpenTofu, the module pins its providers, and OpenTofu would take whatever its registry gives it.
    """
    files = module_files(setup.module)
    if not program.is_tofu(setup.program):
        return files
    if setup.tofu_lock:
        return {**files, LOCK_FILE: read(setup.tofu_lock)}
    if LOCK_FILE in files:
        raise failure("ENG409", file=os.path.join(setup.module, LOCK_FILE))
    return files


def _lock_command(setup: Setup, found: program.Program, providers: mirror.Providers) -> str:
    """What adds the installed provider to the lock file, for whoever decides that it is to be believed."""
    program = [found.name] if len(found.argv) == 1 else found.argv
    where = () if found.is_tofu else (f"-chdir={setup.module}",)
    mirrored = (f"-fs-mirror={providers.mirror}",) if providers.mirror else ()
    platform = (f"-platform={found.platform}",) if found.platform else ()
    command = shlex.join([*program, *where, "providers", "lock", *mirrored, *platform])
    return f"{command} in a copy of the module, with {setup.tofu_lock} in it" if found.is_tofu else command


def module_files(module: str) -> dict[str, bytes]:
    """The module's files by relative path, without what Terraform keeps or loads by itself.

    Raises:
        EngineError: there is no module.
    """
    found = {}
    for folder, folders, names in os.walk(module):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            file = os.path.join(folder, name)
            if name == LOCK_FILE or not (name.startswith(".") or name.endswith(_IGNORED)):
                found[os.path.relpath(file, module)] = fetch(file)
    if not any(name.endswith((".tf", ".tf.json")) for name in found):
        raise failure("ENG406", path=module)
    return found


def digest_of(files: Mapping[str, bytes]) -> str:
    """The digest of a module that consists of these files."""
    return digest({name: digest_bytes(data) for name, data in files.items()})


def _make(
    template: Template, files: Mapping[str, bytes], setup: Setup, lock: str, cancel: threading.Event | None
) -> None:
    """Let Terraform check and install the providers; the directory gets its name only when all is well."""
    with tempfile.TemporaryDirectory(prefix="new-", dir=setup.cache_dir, ignore_cleanup_errors=True) as building:
        module = os.path.join(building, "made", "module")
        for name, data in files.items():
            file = os.path.join(module, name)
            os.makedirs(os.path.dirname(file), mode=0o700, exist_ok=True)
            put(file, data)
        plugins = os.path.join(setup.cache_dir, "providers")
        os.makedirs(plugins, mode=0o700, exist_ok=True)
        cache = {"TF_PLUGIN_CACHE_DIR": plugins, "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE": "1"}
        init = ["init", "-input=false", "-backend=false", "-json"]
        # From an unpacked mirror `init` installs what has none of the lock file's hashes, if those are of archives
        # only; `validate` reads them all before it starts a provider. Working directories have no hashes any more.
        commands = [[*init, "-lockfile=readonly"], ["validate", "-json"]] if LOCK_FILE in files else [init]
        for command in commands:
            done = process.run(
                [*template.program.argv, *command],
                cwd=module,
                env={**template.env, **cache},
                timeout_s=INIT_S,
                answers=(0, 1),
                cancel=cancel,
            )
            if done.code:
                raise failures.of_module(setup.module, done, environment.redactor(setup.credentials), lock)
        os.makedirs(os.path.join(module, ".terraform"), exist_ok=True)  # a module without providers gets none,
        with open(os.path.join(module, LOCK_FILE), "ab"):  # and no lock file
            pass
        put(os.path.join(building, "made", _PROVEN), _installed(module))
        os.rename(os.path.join(building, "made"), template.path)


def without_hashes(lock_file: bytes) -> bytes:
    """The lock file's text without its `hashes = […]` arguments (an empty list would be an error)."""
    kept, skipping = [], False
    for line in lock_file.splitlines(keepends=True):
        text = line.strip()
        skipping = skipping or text.startswith(b"hashes")
        if not skipping:
            kept.append(line)
        elif text.endswith(b"]"):
            skipping = False
    return b"".join(kept)


def _own(cache_dir: str) -> None:
    """The cache holds programs that we start: whoever can write there runs code with our credentials.

    Raises:
        EngineError: others may write there, or to what leads there.
    """
    os.makedirs(cache_dir, mode=0o700, exist_ok=True)
    if reason := weak_spot(cache_dir, ours()):
        raise failure("ENG407", path=cache_dir, reason=reason)


def _is_whole(template: Template, files: Mapping[str, bytes]) -> bool:
    """Does it hold the controller's module and nothing else? A cache that was restored or edited is not believed."""
    try:
        found = {name: fetch(os.path.join(template.module, name)) for name in _names(template.module)}
        if fetch(os.path.join(template.path, _PROVEN)) != _installed(template.module):
            return False
    except OSError:
        return False
    lock_file = found.get(LOCK_FILE)
    return lock_file is not None and found == {LOCK_FILE: lock_file, **files}


def _installed(module: str) -> bytes:
    """The providers as they were when they were proven. Only the system sets the time of a file's last change."""
    top = os.path.join(module, ".terraform", "providers")
    files = [os.path.join(folder, name) for folder, _, names in os.walk(top, followlinks=True) for name in names]
    rows = [(os.path.relpath(file, top), *_seen(os.stat(file))) for file in sorted(files)]
    return json.dumps(rows).encode()


def _seen(file: os.stat_result) -> tuple[int, int, int, int]:
    return file.st_dev, file.st_ino, file.st_size, file.st_ctime_ns


def _names(module: str) -> Iterator[str]:
    """Everything in the template's module but Terraform's own directory: to hash its providers takes half a second."""
    for folder, folders, names in os.walk(module):
        if folder == module and ".terraform" in folders:
            folders.remove(".terraform")
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        yield from (os.path.relpath(os.path.join(folder, name), module) for name in (*names, *links))


def _own_cli_config(cache_dir: str, text: str) -> str:
    data = text.encode()
    path = os.path.join(cache_dir, f"cli-{digest_bytes(data)[7:19]}.tfrc")
    try:
        same = fetch(path) == data
    except FileNotFoundError:
        same = False
    if not same:
        put(path, data)
    return path


@contextmanager
def _locked(path: str) -> Iterator[None]:
    """Only one process at a time fills the cache: Terraform's plugin cache does not allow more."""
    with open(path, "ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
