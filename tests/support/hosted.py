"""A pull request on the sandbox's forge, everybody who plays with it, and what a run is told of it over HTTP."""

import json
import os
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterable, Mapping
from threading import Event as Flag
from typing import Any, NamedTuple

from engine import data
from engine.adapters import settings
from engine.adapters.github.forge import opened
from engine.adapters.keys import Keyring
from engine.adapters.storage.memory import Memory
from engine.core.decision.document import FactDocument, from_json
from engine.core.decision.matching import Matching
from engine.core.events.envelope import Event, read_event
from engine.core.rules.load import load
from engine.core.rules.model import Rules
from engine.run import telling
from engine.run.catalog import catalog
from engine.run.context import Controller
from engine.run.facts.gather import gather
from engine.run.ports import Ports, Purpose
from engine.run.request import Asked
from engine.run.telling import Judged, Telling
from engine.run.trusted import read_rules
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git.bare import Person, bare
from engine.sandbox.forge.git.pushes import move
from engine.sandbox.forge.ready import ready
from tests.support.clone import bucket
from tests.support.forge_scene import as_user, push
from tests.support.signing import trusted
from tests.support.trail import trail

REPO = "acme/dev-deployment"
RULES = load(read_rules(data.ROOT), catalog())


class Answered(NamedTuple):
    status: int
    body: Any


class Hosted:
    """A forge that runs, and the source repository in it."""

    def __init__(self, forge: Forge, cache: str) -> None:
        self.forge, self.cache = forge, cache
        self.told = ready(forge)
        self.app = self.told["app"]
        self.users = {user["login"]: user for user in self.told["users"]}
        self.store: Any = Memory()

    @property
    def environ(self) -> dict[str, str]:
        """The App's, for GitHub; and nothing of this machine."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": self.cache,
            "GITHUB_API_URL": self.told["api_url"],
            "ENGINE_GITHUB_APP_ID": str(self.app["id"]),
            "ENGINE_GITHUB_APP_KEY_FILE": self.app["private_key_file"],
            "ENGINE_CACHE_DIR": self.cache,
            "ENGINE_TRUSTED_KEYS": self._trusted,
        }

    @property
    def _trusted(self) -> str:
        return self.trusted_file(self.cache)

    @staticmethod
    def trusted_file(folder: str, purposes: "tuple[Purpose, ...]" = ("verdict", "merge", "audit")) -> str:
        """One key for everything."""
        os.makedirs(folder, exist_ok=True)
        file = os.path.join(folder, "trusted-keys.yaml")
        (key,) = trusted(purposes=purposes).values()
        public = b64encode(key.public).decode()
        row = {"id": key.id, "public": public, "purposes": list(key.purposes), "expires": key.expires}
        with open(file, "w", encoding="utf-8") as to:
            json.dump({"version": 1, "keys": [row]}, to)
        return file

    def as_(self, login: str, verb: str, path: str, body: object = None, api: str = REPO) -> Answered:
        """What somebody does there; `path` is below the repository."""
        url = f"{self.told['api_url']}/repos/{api}{path}"
        headers = {"Authorization": f"token {self.users[login]['token']}", "Content-Type": "application/json"}
        data_ = None if body is None else json.dumps(body).encode()
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data_, headers, method=verb), timeout=60) as answer:
                text = answer.read()
                return Answered(answer.status, json.loads(text) if text else None)
        except urllib.error.HTTPError as error:
            return Answered(error.code, json.loads(error.read() or b"null"))

    def push(
        self, branch: str, files: Mapping[str, str | None], by: str = "alice", base: str = "dev", **more: Any
    ) -> str:
        """A commit on a branch, which is made where there is none."""
        content = {path: None if text is None else text.encode() for path, text in files.items()}
        return push(
            self.forge, f"/{REPO}", branch, content, by=by, message=more.pop("message", "Change"), base=base, **more
        )

    def pull(self, branch: str, base: str = "dev", by: str = "alice", files: Any = None, **more: Any) -> int:
        """A pull request of a bucket of its own."""
        self.push(branch, files or {f"S3/{branch}/{branch}.tfvars": bucket(f"acme-{branch}")}, by)
        made = self.as_(by, "POST", "/pulls", {"title": branch, "head": branch, "base": base, **more})
        assert made.status == 201, made
        return int(made.body["number"])

    def amend(self, branch: str, by: str, author: str, address: str, count: int = 1, message: str = "More") -> str:
        """More commits on a branch, which change nothing, by whoever; `by` pushes them."""
        row = self.forge.repository(*REPO.split("/"))
        assert row is not None
        store = bare(self.forge, row["id"])
        before = tip = store.resolve(f"refs/heads/{branch}")
        assert before is not None
        tree = store.commit(before)
        assert tree is not None
        who = Person(author, address, self.forge.now())
        for number in range(count):
            assert tip is not None
            tip = store.write_commit(tree.tree, [tip], f"{message} {number}" if count > 1 else message, who, who)
        assert tip is not None
        move(self.forge, row, as_user(self.forge, by), f"refs/heads/{branch}", before, tip)
        return tip

    def review(self, number: int, by: str, event: str = "APPROVE", **more: Any) -> int:
        made = self.as_(by, "POST", f"/pulls/{number}/reviews", {"event": event, "body": f"{by} says so", **more})
        assert made.status == 200, made
        return int(made.body["id"])

    def comment(self, number: int, by: str, body: str) -> int:
        made = self.as_(by, "POST", f"/issues/{number}/comments", {"body": body})
        assert made.status == 201, made
        return int(made.body["id"])

    def event(self, number: int, name: str = "workflow_dispatch", **changes: Any) -> Event:
        """Somebody asks for this pull request; the event says no more of it than its number."""
        body = {
            "inputs": {"source_repo": REPO, "pr_number": str(number)},
            "ref": "refs/heads/main",
            "workflow": "w",
            "repository": {"full_name": REPO},
            **changes,
        }
        return read_event(json.dumps(body).encode(), name)

    def telling(
        self, event: Event, needs: Iterable[str], rules: Rules = RULES, **environ: str
    ) -> tuple[Telling, Judged]:
        """Who tells what; nothing has been asked yet."""
        values = settings.read({**self.environ, "ENGINE_STORE": f"dir:{self.cache}/store?shared=1", **environ})

        def opens(repos: Any, permissions: Iterable[str], installation: int | None) -> Any:
            given = {**self.environ, **environ}
            return opened(given, os.path.join(values.cache_dir, "git"), values.path, repos, permissions, installation)

        ports = Ports(self.store, Keyring({}), self.forge.now, trail(self.store), github=opens)
        judged = Judged(event, rules, Controller.at(data.ROOT), values, ports, self.forge.now(), Flag())
        wanted = frozenset(needs)
        judged = telling.opened(judged, Matching((), wanted, (), {}))
        return telling.on_github(judged, wanted, Asked(), "run-1"), judged

    def facts(
        self, about: "int | Event", *needs: str, rules: Rules = RULES, **environ: str
    ) -> tuple[FactDocument, int]:
        """The facts that are needed, and how many requests that took, those for tokens among them."""
        event = self.event(about) if isinstance(about, int) else about
        found, judged = self.telling(event, needs, rules, **environ)
        document = gather(needs, found.fetchers, found.otherwise).document
        assert from_json(json.dumps(document.to_json()).encode()) == document, "it has the form of its schema"
        assert judged.ports.forge is not None
        return document, judged.ports.forge.calls
