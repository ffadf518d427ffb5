"""`make demo`: the main job on the shipped example, from nothing, on a laptop.

Starts an AWS emulator, makes a git repository with a pull request's two sides, makes keys, and runs the very command
that CI runs. Whatever it started is stopped and whatever it made is removed at the end. A policy that fails is part of
the story: the demo ends well if the verdict is the one it tells about.
"""

import json
import os
import shutil
import sys
import tempfile
from contextlib import chdir, redirect_stdout
from typing import TextIO

from engine import data
from engine.adapters import process
from engine.adapters.settings import search_path
from engine.cli.main import main as engine
from engine.errors import EngineError, ExitCode
from engine.sandbox.emulator import emulator

_ACCOUNT = "111111111111"  # of `development` in the shipped rules
_REPO = "acme/dev-deployment"
_BRANCH = "analytics-buckets"
_WHO = {
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@example.com",
    "GIT_COMMITTER_NAME": "Ann",
    "GIT_COMMITTER_EMAIL": "ann@example.com",
}


def main() -> int:
    """Tell the story; the exit code is 0 when it went as told."""
    with tempfile.TemporaryDirectory(prefix="interlock-demo-") as folder, chdir(folder), emulator(_ACCOUNT) as aws:
        os.symlink(data.ROOT, "controller")
        base, head = _repository(os.path.join(folder, "dev-deployment"))
        with open("event.json", "w", encoding="utf-8") as file:
            json.dump(_pull_request(base, head), file)
        os.environ.update(aws.credentials)
        os.environ.update(
            ENGINE_EMULATOR="1",
            ENGINE_STATE_BUCKET=aws.bucket,
            ENGINE_SIGNING_KEY_FILE="signing-key.pem",
            ENGINE_DIGEST_KEY=os.urandom(32).hex(),
        )
        _say("1. A key signs verdicts; whoever is to believe them gets its public half")
        with open("trusted-keys.yaml", "w", encoding="utf-8") as file:
            _engine("keys new --out signing-key.pem", file)
        _say("2. Ann opens a pull request with two buckets, and CI hands GitHub's event to the engine")
        code = _engine("run --event event.json --repo dev-deployment --controller controller --out out")
        _say("3. Whoever has the public key can check the verdict, offline")
        verified = _engine("verify out/statement.json --keys trusted-keys.yaml")
    told = (code, verified) == (ExitCode.NEGATIVE, ExitCode.DONE)
    _say("One bucket passed, one did not: that is the story." if told else "This is not how the story goes.")
    return ExitCode.DONE if told else ExitCode.BUG


def _say(text: str) -> None:
    sys.stdout.write(f"\n── {text}\n\n")
    sys.stdout.flush()


def _engine(line: str, file: TextIO | None = None) -> int:
    """Run one command as a person would, its output redirected to `file` where one is given."""
    sys.stdout.write(f"$ engine {line}{f' > {file.name}' if file else ''}\n")
    sys.stdout.flush()
    with redirect_stdout(file or sys.stdout):
        return engine(line.split())


def _repository(path: str) -> tuple[str, str]:
    """A repository with the example on `dev` and the change on a branch of its own; the two commits."""
    examples = os.path.join(data.ROOT, "examples")
    shutil.copytree(os.path.join(examples, "dev-deployment"), path)
    _git(path, "init", "--quiet", "--initial-branch=dev")
    base = _commit(path, "Everything as it is")
    _git(path, "switch", "--quiet", "--create", _BRANCH)
    shutil.copytree(os.path.join(examples, "change"), path, dirs_exist_ok=True)
    return base, _commit(path, "Two buckets for analytics")


def _commit(path: str, message: str) -> str:
    _git(path, "add", "--all")
    _git(path, "commit", "--quiet", f"--message={message}")
    return _git(path, "rev-parse", "HEAD")


def _git(path: str, *words: str) -> str:
    environment = {"PATH": search_path(), "HOME": path, "GIT_CONFIG_NOSYSTEM": "1", **_WHO}
    done = process.run(["git", *words], cwd=path, env=environment, timeout_s=60, install="install git")
    return done.stdout.decode().strip()


def _pull_request(base: str, head: str) -> dict[str, object]:
    """The part of GitHub's `pull_request` event that says where to look."""
    repository = {"full_name": _REPO}
    return {
        "action": "opened",
        "number": 7,
        "repository": repository,
        "pull_request": {
            "number": 7,
            "title": "Two buckets for analytics",
            "state": "open",
            "draft": False,
            "merged": False,
            "user": {"id": 101, "login": "ann", "type": "User"},
            "head": {"ref": _BRANCH, "sha": head, "repo": repository},
            "base": {"ref": "dev", "sha": base, "repo": repository},
        },
    }


if __name__ == "__main__":
    try:
        sys.exit(main())
    except EngineError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)
