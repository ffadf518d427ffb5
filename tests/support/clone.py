"""A pull request in a clone: its two sides as branches, and the event that says so."""

import json
import os
from collections.abc import Mapping
from typing import Any

from tests.support.git import Clone as Git

REPO = "acme/dev-deployment"
BRANCH = "feature"


class Clone(Git):
    """`dev`, or another branch, with `base`, and `feature` with `head` on top of it."""

    def __init__(
        self,
        directory: str | os.PathLike[str],
        base: Mapping[str, str | None],
        head: Mapping[str, str | None],
        onto: str = "dev",
    ) -> None:
        super().__init__(directory)
        self.onto = onto
        self.base = self.commit(base)
        if onto != "dev":
            self.branch(onto)
        self.branch(BRANCH)
        self.head = self.commit(head)

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
            "base": {"ref": self.onto, "sha": self.base, "repo": repository},
            **changes,
        }
        body = {"action": "opened", "number": 7, "repository": repository, "pull_request": pull}
        return json.dumps(body).encode()


def bucket(name: str, environment: str = "development", more: str = "") -> str:
    """The tfvars of one bucket that passes the shipped policies."""
    tags = '{ Team = "platform", Owner = "ann@example.com", CostCenter = "1234" }'
    return f'environment = "{environment}"\ns3_buckets = {{\n  "{name}" = {{ tags = {tags}, {more} }}\n}}\n'
