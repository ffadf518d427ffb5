"""A bare mirror of a source on this machine, so that a run fetches only what is new.

It is as GitHub has it whenever `fetch` has returned: its branches, none that are gone, the head of one pull request.
One fetches at a time, in threads and processes; the lock is git's too, so it lasts until nothing writes there any more,
though we be killed. The token stands in git's environment alone, for this one address, and is sent nowhere else. What
is in the mirror commands nobody: git gets settings that we have written, no hooks, no filters, no tags, no submodules;
and whoever reads it hashes again what it reads. One that is damaged is made anew.
"""

import fcntl
import os
import shutil
import time
from base64 import b64encode
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from threading import Event
from urllib.parse import urlsplit

from engine.adapters import files
from engine.adapters.git import own
from engine.adapters.git.command import Git
from engine.adapters.pauses import pauses
from engine.adapters.process import TICK_S, ProcessError, last_words
from engine.errors import failure

_TIMEOUT_S = 600.0  # of a whole repository, too
_PATIENCE_S = 900.0  # for another who fetches it
_LARGEST = 4 * 1024**3  # bytes of one pack
_PACKS = 20  # more are put together
_TRIES = 3
_PAUSES = (1.0, 8.0)
_NAMES = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
_HEX = frozenset("0123456789abcdef")
_BEGUN = "interlock-fetching"  # stands in a mirror while it may be half of one
_NOTHING_ELSE = ("--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-maintenance", "--quiet")
_CERTIFICATES = {"SSL_CERT_FILE": "GIT_SSL_CAINFO", "SSL_CERT_DIR": "GIT_SSL_CAPATH", "HTTP_PROXY": "http_proxy"}


class Mirror:
    """The mirror of one repository. Safe with threads and processes."""

    def __init__(
        self,
        cache_dir: str,
        api_url: str,
        repo: str,
        token: Callable[[], str],
        *,
        path: str,
        network: Mapping[str, str] = {},
        cancel: Event | None = None,
    ) -> None:
        """Fetches nothing yet.

        Args:
            cache_dir: `Settings.cache_dir`.
            api_url: GitHub's API; git is at the same host.
            repo: `owner/name`.
            token: one that may read its contents; asked for each fetch.
            path: where git is looked for.
            network: `settings.network`.
            cancel: once it is set, nothing is waited for.

        Raises:
            EngineError: ENG600, that is no name of a repository.
        """
        owner, _, name = repo.partition("/")
        if not all(part.strip(".") and _NAMES.issuperset(part) for part in (owner, name)):
            raise failure("ENG600", repo=repo, said="that is no name of a repository")
        host = git_url(api_url)
        self._repo, self._url, self._token = repo, f"{host}/{repo}.git", token
        self._search, self._cancel = path, cancel
        self._network = {_CERTIFICATES.get(key, key): value for key, value in network.items()}
        self._above = os.path.join(cache_dir, "git", urlsplit(host).netloc.lower().replace(":", "_"))
        self.path = os.path.join(self._above, f"{owner}~{name}.git".lower())

    def fetch(self, shas: Collection[str] = (), number: int | None = None) -> str:
        """The directory of the mirror, as GitHub has it now, with these commits and the head of that pull request.

        Raises:
            EngineError: ENG600 to ENG602; ENG601 where a commit is nowhere any more; ENG002, ENG008 about the cache;
                ENG450 to ENG456 about git.
        """
        odd = next((sha for sha in shas if not (len(sha) in (40, 64) and _HEX.issuperset(sha))), None)
        if odd is not None:
            raise failure("ENG601", repo=self._repo, sha=odd, said="that is no id of a commit")
        wanted = ["+refs/heads/*:refs/heads/*"]
        wanted += [f"+refs/pull/{number}/head:refs/pull/{number}/head"] if number is not None else []
        with self._turn() as lock:
            self._prepare(lock)
            self._fetch(lock, "--prune", *wanted)
            for sha in self._missing(shas):  # no branch has it any more
                if said := self._ask(lock, sha):
                    raise failure("ENG601", repo=self._repo, sha=sha, said=said)
            self._tidy(lock)
            files.remove(os.path.join(self.path, _BEGUN))
        return self.path

    @contextmanager
    def _turn(self) -> Iterator[int]:
        """The open lock file, for as long as nobody else has it."""
        files.make_directory(os.path.dirname(os.path.dirname(self._above)), named=True)
        files.make_directory(self._above)
        name, end = f"{self.path}.lock", time.monotonic() + _PATIENCE_S
        with files.failing("ENG002", name):
            lock = os.open(name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            while not _taken(lock):
                if self._cancel is not None and self._cancel.is_set():
                    raise failure("ENG452", program="git")
                if time.monotonic() > end:
                    raise failure("ENG602", repo=self._repo, seconds=_PATIENCE_S, lock=name)
                time.sleep(TICK_S)
            yield lock
        finally:
            os.close(lock)

    def _prepare(self, lock: int) -> None:
        """A directory with nothing in it that we have not written, and nothing left of somebody who was killed."""
        begun = os.path.lexists(os.path.join(self.path, _BEGUN))
        with files.failing("ENG002", self.path):
            for name in ("objects/pack", "refs"):
                os.makedirs(os.path.join(self.path, name), mode=0o700, exist_ok=True)
            for folder, _, names in os.walk(self.path):
                for name in names:
                    if name.endswith(".lock") or name.startswith("tmp_"):
                        os.unlink(os.path.join(folder, name))
            files.put(os.path.join(self.path, "HEAD"), b"ref: refs/heads/none\n")
            files.put(os.path.join(self.path, "config"), self._config())
            files.put(os.path.join(self.path, _BEGUN), b"")
        if begun and not self._is_whole(lock):
            self._anew()
            self._prepare(lock)

    def _config(self) -> bytes:
        return f'{own.config()}[remote "origin"]\n\turl = {self._url}\n'.encode()

    def _anew(self) -> None:
        """Whoever still reads the old one gets errors: what is damaged has no answers."""
        with files.failing("ENG002", self.path):
            shutil.rmtree(self.path)

    def _fetch(self, lock: int, *wanted: str) -> None:
        """Tried again, as reading can be; and from nothing, where what is here is in the way."""
        waits, is_new = pauses(_TRIES, *_PAUSES), False
        while said := self._ask(lock, "--prune", *wanted):
            if not is_new and not self._is_whole(lock):
                is_new = True
                self._anew()
                self._prepare(lock)
                continue
            pause = next(waits, None)
            if pause is None:
                raise failure("ENG600", repo=self._repo, said=said)
            if (self._cancel or Event()).wait(pause):
                raise failure("ENG452", program="git")

    def _ask(self, lock: int, *wanted: str) -> str:
        """Has git fetch it; why it did not, or nothing."""
        token = self._token()
        env, secrets = self._environment(token)
        git = Git(self.path, self._search, self._cancel, also=env)
        options = [*_NOTHING_ELSE, *(word for word in wanted if word.startswith("--"))]
        specs = [word for word in wanted if not word.startswith("--")]
        try:
            git.run("fetch", *options, self._url, *specs, timeout_s=_TIMEOUT_S, largest=_LARGEST, holds=(lock,))
        except ProcessError as error:
            if error.problems[0].code != "ENG454" or error.done is None:
                raise
            return last_words(error.done, {**env, **secrets}) or "git does not say why"
        return ""

    def _environment(self, token: str) -> tuple[dict[str, str], dict[str, str]]:
        """(what git gets beside the rest, secrets in it that must not be shown)."""
        basic = b64encode(f"x-access-token:{token}".encode()).decode()
        settings = {
            f"http.{self._url}.extraHeader": f"Authorization: Basic {basic}",
            f"protocol.{urlsplit(self._url).scheme}.allow": "always",
            "http.followRedirects": "false",  # a repository that was renamed is another name, and nobody gets our token
            "http.lowSpeedLimit": "1000",
            "http.lowSpeedTime": "60",
            "fetch.unpackLimit": "1",
        }
        env = {"GIT_CONFIG_COUNT": str(len(settings)), **self._network}
        for number, (key, value) in enumerate(settings.items()):
            env |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        return env, {"TOKEN": token, "BASIC_TOKEN": basic}

    def _missing(self, shas: Collection[str]) -> list[str]:
        lines = "".join(f"{sha}^{{commit}}\n" for sha in shas).encode()
        told = Git(self.path, self._search, self._cancel).run("cat-file", "--batch-check", stdin=lines).stdout
        found = {line.partition(" ")[0] for line in told.decode().splitlines() if not line.endswith(" missing")}
        return [sha for sha in dict.fromkeys(shas) if sha not in found]

    def _is_whole(self, lock: int) -> bool:
        """Does everything that a ref leads to lie here?"""
        check = ("fsck", "--connectivity-only", "--no-dangling", "--no-progress")
        done = Git(self.path, self._search, self._cancel).run(
            *check, answers=range(256), timeout_s=_TIMEOUT_S, holds=(lock,)
        )
        return done.code == 0

    def _tidy(self, lock: int) -> None:
        """Many small packs become few, and nothing is thrown away that another reads."""
        packs = [name for name in os.listdir(os.path.join(self.path, "objects", "pack")) if name.endswith(".pack")]
        if len(packs) > _PACKS:
            git = Git(self.path, self._search, self._cancel)
            git.run("repack", "-q", "-d", "--geometric=2", timeout_s=_TIMEOUT_S, holds=(lock,))


def git_url(api_url: str) -> str:
    """Where git is: `https://github.com` of `https://api.github.com`, and an Enterprise server's own host."""
    parts = urlsplit(api_url)
    host = parts.netloc.removeprefix("api.") if not parts.path.strip("/") else parts.netloc
    return f"{parts.scheme}://{host}"


def _taken(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
