"""Bare mirrors of the repositories that runs judge: fetched by exact commit, kept between runs.

Which commits to look at is for others to say; a mirror has them, with all that lies before them, under names of their
own. One fetches at a time, in threads and processes; the lock is git's too, so it lasts until nothing writes there any
more, though we be killed. The token stands in git's environment alone, for one address, and is sent nowhere else. What
is in a mirror commands nobody: git gets settings that we have written, no hooks, no filters, no tags; and whoever reads
it hashes again what it reads. One that is damaged is made anew.
"""

import os
import shutil
import time
from base64 import b64encode
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

from engine.adapters import files
from engine.adapters.git import own
from engine.adapters.git.command import Git
from engine.adapters.pauses import pauses
from engine.adapters.process import ProcessError, last_words
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
_FETCH = ("fetch", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-maintenance", "--quiet")
_CERTIFICATES = {"SSL_CERT_FILE": "GIT_SSL_CAINFO", "SSL_CERT_DIR": "GIT_SSL_CAPATH", "HTTP_PROXY": "http_proxy"}


class Mirrors:
    """Those in a directory of ours. Safe with threads and processes."""

    def __init__(self, directory: str, api_url: str, *, path: str, network: Mapping[str, str] = {}) -> None:
        """`api_url` is GitHub's API, `path` where git is looked for, `network` the `settings.network`."""
        self._base, self._path = _base(api_url), path
        self._above = os.path.join(directory, urlsplit(self._base).netloc.lower().replace(":", "_"))
        self._network = {_CERTIFICATES.get(name, name): value for name, value in network.items()}

    def __call__(self, repo: str, shas: Sequence[str], token: Callable[[], str]) -> str:
        """The directory of a mirror that has these commits and all that lies before them.

        Raises:
            EngineError: ENG600, they cannot be had; ENG601, another fetches for too long; ENG002, ENG008 about the
                directory; ENG450 to ENG456 about git.
        """
        owner, _, name = repo.partition("/")
        if not all(part.strip(".") and _NAMES.issuperset(part) for part in (owner, name)):
            raise failure("ENG600", repo=repo, said="that is no name of a repository")
        for sha in shas:
            if len(sha) not in (40, 64) or not _HEX.issuperset(sha):
                raise failure("ENG600", repo=repo, said=f"`{sha}` is no id of a commit")
        files.make_directory(os.path.dirname(self._above), named=True)
        files.make_directory(self._above)
        place = os.path.join(self._above, f"{owner}~{name}.git".lower())
        with _turn(repo, f"{place}.lock") as lock:
            mirror = _Mirror(place, repo, f"{self._base}/{repo}.git", lock, self._path)
            mirror.prepare()
            if missing := mirror.missing(shas):
                mirror.fetch(missing, token, self._network)
        return place


class _Mirror(NamedTuple):
    """One, while nobody else writes to it."""

    place: str
    repo: str
    url: str
    lock: int
    path: str

    def prepare(self) -> None:
        """A directory with no setting in it that we have not written, and nothing left of one who was killed."""
        begun = os.path.lexists(os.path.join(self.place, _BEGUN))
        with files.failing("ENG002", self.place):
            for name in ("objects/pack", "refs"):
                os.makedirs(os.path.join(self.place, name), mode=0o700, exist_ok=True)
            if begun:
                self._sweep()
            self._put("HEAD", b"ref: refs/heads/none\n")
            self._put("config", f'{own.config()}[remote "origin"]\n\turl = {self.url}\n'.encode())
        if begun:
            self._mend()
            self._ended()

    def missing(self, shas: Sequence[str]) -> list[str]:
        """Those that are not here. Which commit is under a name was looked at when it came."""
        lines = "".join(f"{_name(sha)}\n" for sha in shas).encode()
        told = self._git().run("cat-file", "--batch-check=%(objectname)", stdin=lines).stdout.decode().splitlines()
        return [sha for sha, found in dict(zip(shas, told, strict=True)).items() if found != sha]

    def fetch(self, shas: Collection[str], token: Callable[[], str], network: Mapping[str, str]) -> None:
        """Asked again, as reading can be; and from nothing, where what is here is in the way."""
        waits, is_new = pauses(_TRIES, *_PAUSES), False
        with files.failing("ENG002", self.place):
            self._put(_BEGUN, b"")
        while said := self._ask(shas, token(), network):
            if not is_new and self._mend():
                is_new = True
                continue
            pause = next(waits, None)
            if pause is None:
                raise failure("ENG600", repo=self.repo, said=said)
            time.sleep(pause)
        self._tidy()
        self._ended()

    def _ask(self, shas: Collection[str], token: str, network: Mapping[str, str]) -> str:
        """Has git fetch them; why it did not, or nothing."""
        basic = b64encode(f"x-access-token:{token}".encode()).decode()
        env = {**network, **_settings(self.url, f"Authorization: Basic {basic}")}
        specs = [f"+{sha}:{_name(sha)}" for sha in shas]
        try:
            self._git(env).run(*_FETCH, self.url, *specs, timeout_s=_TIMEOUT_S, largest=_LARGEST, holds=(self.lock,))
        except ProcessError as error:
            if error.problems[0].code != "ENG454" or error.done is None:
                raise
            return last_words(error.done, {**env, "TOKEN": token, "BASIC_TOKEN": basic}) or "git does not say why"
        return ""

    def _mend(self) -> bool:
        """Does something not lie here that a name leads to? Then everything is thrown away. Whoever still reads it gets
        errors: what is damaged has no answers.
        """
        check = ("fsck", "--connectivity-only", "--no-dangling", "--no-progress")
        done = self._git().run(*check, answers=range(256), timeout_s=_TIMEOUT_S, holds=(self.lock,))
        if done.code:
            with files.failing("ENG002", self.place):
                shutil.rmtree(self.place)
            self.prepare()
            self._put(_BEGUN, b"")
        return bool(done.code)

    def _sweep(self) -> None:
        for folder, _, names in os.walk(self.place):
            for name in names:
                if name.endswith(".lock") or name.startswith("tmp_"):
                    os.unlink(os.path.join(folder, name))

    def _tidy(self) -> None:
        """Many small packs become few, and nothing is thrown away that another reads."""
        packs = [name for name in os.listdir(os.path.join(self.place, "objects", "pack")) if name.endswith(".pack")]
        if len(packs) > _PACKS:
            for words in (("repack", "-q", "-d", "--geometric=2"), ("pack-refs", "--all")):
                self._git().run(*words, timeout_s=_TIMEOUT_S, holds=(self.lock,))

    def _put(self, name: str, data: bytes) -> None:
        files.put(os.path.join(self.place, name), data)

    def _ended(self) -> None:
        files.remove(os.path.join(self.place, _BEGUN))

    def _git(self, also: Mapping[str, str] = {}) -> Git:
        return Git(self.place, self.path, also=also)


def _name(sha: str) -> str:
    """Under a name nothing is collected as garbage, and git looks whether all of it has come."""
    return f"refs/interlock/{sha}"


def _settings(url: str, header: str) -> dict[str, str]:
    """What git is told beside our file, in its environment: nobody else sees that."""
    settings = {
        f"http.{url}.extraHeader": header,
        f"protocol.{urlsplit(url).scheme}.allow": "always",
        "http.followRedirects": "false",  # a repository that was renamed is another one, and nobody gets our token
        "http.lowSpeedLimit": "1000",
        "http.lowSpeedTime": "60",
        "fetch.unpackLimit": "1",
    }
    told = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings.items()):
        told |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return told


@contextmanager
def _turn(repo: str, name: str) -> Iterator[int]:
    """The open lock file, for as long as nobody else has it."""
    with files.failing("ENG002", name):
        lock = os.open(name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        if not files.take(lock, _PATIENCE_S):
            raise failure("ENG601", repo=repo, seconds=_PATIENCE_S, lock=name)
        yield lock
    finally:
        os.close(lock)


def _base(api_url: str) -> str:
    """Where git finds repositories: at an Enterprise server's own host; `https://github.com` of its API's."""
    parts = urlsplit(api_url)
    host = parts.netloc.removeprefix("api.") if not parts.path.strip("/") else parts.netloc
    return f"{parts.scheme}://{host}"
