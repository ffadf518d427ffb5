"""A source repository in a directory, with a pull request's two sides, and the event that says so."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

REPO = "acme/dev-deployment"
BRANCH = "feature"
_ENV = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@example.com",
    "GIT_COMMITTER_NAME": "Ann",
    "GIT_COMMITTER_EMAIL": "ann@example.com",
}

Files = Mapping[str, str | None]  # None: the file is removed


class Clone:
    """`dev` with `base`, and `feature` with `head` on top of it."""

    def __init__(self, directory: Path, base: Files, head: Files) -> None:
        self.directory = directory
        self.git("init", "-q", "-b", "dev")
        self.base = self.commit(base)
        self.git("switch", "-qc", BRANCH)
        self.head = self.commit(head)

    def git(self, *words: str) -> str:
        """One git command."""
        argv = ["git", "-c", "commit.gpgsign=false", *words]
        done = subprocess.run(argv, cwd=self.directory, env=_ENV, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self, files: Files) -> str:
        """Write or remove files, and commit."""
        for path, text in files.items():
            file = self.directory / path
            if text is None:
                file.unlink()
            else:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "a change")
        return self.git("rev-parse", "HEAD")

    def event(self, **changes: Any) -> bytes:
        """The `pull_request` event; `changes` replace parts of the pull request."""
        repository = {"full_name": REPO}
        pull = {
            "number": 7,
            "title": "A change",
            "state": "open",
            "draft": False,
            "merged": False,
            "user": {"id": 1, "login": "ann", "type": "User"},
            "head": {"ref": BRANCH, "sha": self.head, "repo": repository},
            "base": {"ref": "dev", "sha": self.base, "repo": repository},
            **changes,
        }
        body = {"action": "opened", "number": 7, "repository": repository, "pull_request": pull}
        return json.dumps(body).encode()


def bucket(name: str, environment: str = "development", more: str = "") -> str:
    """The tfvars of one bucket that passes the shipped policies."""
    tags = '{ Team = "platform", Owner = "ann@example.com", CostCenter = "1234" }'
    return f'environment = "{environment}"\ns3_buckets = {{\n  "{name}" = {{ tags = {tags}, {more} }}\n}}\n'
