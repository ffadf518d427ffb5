"""Bare mirrors of the repositories that runs judge: fetched by exact commit, kept between runs, nothing secret in them.

The token goes to git by its environment: it stands in no argument and in no file.
"""

import fcntl
import os
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit

from engine.adapters import process
from engine.adapters.github.failures import unanswered
from engine.errors import EngineError

_TIMEOUT_S = 600.0


class Mirrors:
    """Those in a directory of ours. Safe with threads and processes."""

    def __init__(self, directory: str, api_url: str, *, path: str) -> None:
        """`path` is where git is looked for."""
        self._directory, self._base, self._path = directory, _base(api_url), path

    def __call__(self, repo: str, shas: Sequence[str], token: Callable[[], str]) -> str:
        """The mirror that has these commits and all that lies before them.

        Raises:
            EngineError: ENG596, they cannot be had; git is not there.
        """
        owner, _, name = repo.lower().partition("/")
        place = os.path.join(self._directory, str(urlsplit(self._base).netloc), owner, f"{name}.git")
        os.makedirs(place, mode=0o700, exist_ok=True)
        with _locked(f"{place}/interlock.lock"):
            if not os.path.exists(os.path.join(place, "HEAD")):
                self._git(place, "init", "--bare", "--quiet", place)
            missing = [sha for sha in dict.fromkeys(shas) if not self._has(place, sha)]
            if missing:
                header = b64encode(f"x-access-token:{token()}".encode()).decode()
                secret = {
                    "GIT_CONFIG_COUNT": "1",
                    "GIT_CONFIG_KEY_0": "http.extraHeader",
                    "GIT_CONFIG_VALUE_0": f"Authorization: Basic {header}",
                }
                # Under names of their own, so that nothing that was fetched is ever collected as garbage.
                specs = [f"{sha}:refs/interlock/{sha}" for sha in missing]
                url = f"{self._base}/{repo}.git"
                try:
                    self._git(place, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", url, *specs, **secret)
                except EngineError as error:
                    raise unanswered(f"the commits of {repo}", error.problems[0].message) from None
        return place

    def _has(self, place: str, sha: str) -> bool:
        asked = ("rev-parse", "--quiet", "--verify", f"refs/interlock/{sha}")
        return self._run(place, asked, {}, (0, 1)).code == 0

    def _git(self, place: str, *words: str, **secret: str) -> None:
        self._run(place, words, secret, (0,))

    def _run(self, place: str, words: Sequence[str], secret: dict[str, str], answers: Sequence[int]) -> process.Done:
        env = {
            "PATH": self._path,
            "HOME": os.devnull,
            "LC_ALL": "C",
            "GIT_DIR": place,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            **secret,
        }
        return process.run(["git", *words], cwd=place, env=env, timeout_s=_TIMEOUT_S, answers=answers)


@contextmanager
def _locked(file: str) -> Iterator[None]:
    with open(file, "ab") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _base(api_url: str) -> str:
    """Where git finds repositories."""
    parts = urlsplit(api_url)
    host = parts.netloc.removeprefix("api.") if parts.path in ("", "/") else parts.netloc
    return f"{parts.scheme}://{host}"
