"""Whole runs about a pull request of the sandbox's forge, without Terraform: what was planned stands in the rules."""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from engine import data
from engine.adapters import key_files, settings
from engine.adapters.github.forge import opened
from engine.adapters.github.port import Pull
from engine.adapters.keys import Keyring, new_key
from engine.adapters.storage.directory import Directory
from engine.adapters.storage.port import Store
from engine.core.canonical import canonical
from engine.core.kept.merge import Merged
from engine.core.signature import Signer, TrustedKey
from engine.core.verdict.trust import entry
from engine.errors import failure
from engine.run import trusted
from engine.run.audit import Trail
from engine.run.catalog import catalog
from engine.run.context import Controller
from engine.run.handle import handle
from engine.run.kept import merges
from engine.run.ports import Ports
from engine.run.request import Asked, Going, Request, Watcher
from engine.run.runner import Ran
from engine.run.today import digests
from engine.sandbox.forge.forge import Forge
from tests.support.hosted import REPO, Hosted
from tests.support.trail import trail

LAST = "9999-01-01T00:00:00Z"
FINDING = {
    "rule": "S3-ENC-001", "severity": "high", "effect": "deny", "message": "not encrypted", "resource": "",
    "address": "", "file": "FILE", "line": 1, "remediation": "encrypt it",
}  # fmt: skip
MERGING = [
    "open", "ready", "policy", "reviewed", "security-reviewed", "right-branch", "same-tree", "free", "in-order",
    "not-frozen",
]  # fmt: skip
_EACH = "resources.resources[0]"
_ROW = {
    **{name: f"${{{_EACH}.{name}}}" for name in ("path", "service", "name", "state_key", "tree", "change")},
    "plan": "hmac-sha256:" + "3" * 64,
    "module": "MODULE",
    "changes": [
        {
            "address": "aws_s3_bucket.this",
            "type": "aws_s3_bucket",
            "actions": ["create"],
            "digest": "hmac-sha256:" + "5" * 64,
        }
    ],
    "counts": {"create": 1, "update": 0, "replace": 0, "delete": 0, "forget": 0, "read": 0},
    "diffs": [],
    "seconds": 0.1,
    "problem": None,
}


class Done:
    """What came of a run: `ran` by the actions' names, `calls` are requests."""

    def __init__(self, ran: dict[str, Ran], outcome: str, calls: int, because: str) -> None:
        self.ran, self.outcome, self.calls, self.because = ran, outcome, calls, because

    def __repr__(self) -> str:
        return f"{self.outcome} {self.ran} {self.because}"

    def __getitem__(self, uses: str) -> Any:
        """The outputs of an action."""
        assert uses in self.ran, self
        assert self.ran[uses].status == "done", self.ran[uses]
        return self.ran[uses].outputs

    def code(self, uses: str) -> str:
        """Why an action has failed."""
        return self.ran[uses].problems[0].code


def _validates(findings: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    plan = {"resources": [_ROW], "module": "MODULE", "lock_file": "LOCK", "digest_key": "k"}
    policy = {
        "findings": [
            {**one, "resource": f"${{{_EACH}.path}}", "file": f"${{{_EACH}.path}}/${{{_EACH}.name}}.tfvars"}
            for one in findings
        ],
        "judged": [f"${{{_EACH}.path}}"],
        "bundle": "POLICY",
        "doubts": [],
        "receipts": {"digest": "sha256:" + "4" * 64, "counts": {}},
    }
    return [{"id": "verdict", "uses": "verdict.sign", "with": {"plan": plan, "policy": policy}}]


PIPELINES: dict[str, tuple[Any, list[dict[str, Any]]]] = {
    "pass": (["open"], _validates([])),
    "fail": (["open"], _validates([FINDING])),
    "severe": (["open"], _validates([{**FINDING, "severity": "critical"}])),
    "tell": ("none", [
        {"id": "comment", "uses": "github.comment"},
        {"id": "label", "uses": "github.label"},
        {"id": "plan", "uses": "github.check", "with": {"name": "plan"}},
        {"id": "check", "uses": "github.check", "with": {"name": "merge"}},
    ]),
    "begin": ("none", [
        {"id": "label", "uses": "github.label", "with": {"state": "started"}},
        {"id": "plan", "uses": "github.check", "with": {"name": "plan", "state": "started"}},
    ]),
    "comment": ("none", [{"id": "comment", "uses": "github.comment"}]),
    "closed": ("none", [
        {"id": "settle", "uses": "github.settle"},
        {"id": "label", "uses": "github.label"},
        {"id": "comment", "uses": "github.comment", "with": {"template": "closed"}},
    ]),
    "deploy": ("none", [{"id": "deploy", "uses": "github.deployment", "with": {"state": "started"}}]),
    "apply-comment": ("none", [{"id": "comment", "uses": "github.comment", "with": {"template": "apply"}}]),
    "ask": ("none", [{"id": "ask", "uses": "github.request_reviews"}]),
    "answer": ("none", [{"id": "reply", "uses": "github.reply"}]),
    "open-pr": ("none", [{"id": "open", "uses": "github.open_pull_request"}]),
    "target": (["open"], [{"id": "target", "uses": "github.retarget"}]),
    "merge": (["open"], [
        {"id": "merge", "uses": "github.merge"},
        {"id": "comment", "uses": "github.comment"},
        {"id": "label", "uses": "github.label"},
    ]),
}  # fmt: skip


APPLYING: dict[str, tuple[Any, list[dict[str, Any]]]] = {
    "account": (["merged"], [{"id": "account", "uses": "github.account"}]),
    "unapplied": (["merged"], [{"id": "refuse", "uses": "ledger.refuse"}]),
    "apply": (["merged"], [{"id": "apply", "uses": "terraform.apply"}]),
}

MENDING: dict[str, tuple[Any, list[dict[str, Any]]]] = {
    word: (["merged"], [
        {"id": word, "uses": f"state.{word}"},
        {"id": "reply", "uses": "github.reply", "if": "always()"},
    ])
    for word in ("unlock", "adopt", "restore")
}  # fmt: skip


def controller(directory: Path, values: "settings.Settings", more: Mapping[str, Any] = {}) -> str:
    """A controller's checkout: the shipped gates, and pipelines of single actions; `more` of them where asked for."""
    directory.mkdir()
    with open(os.path.join(data.ROOT, "deployment-rules.yaml"), "rb") as file:
        rules = yaml.safe_load(file)
    del rules["include"], rules["verdicts"]["renew"]
    rules["events"] = [{"event": "workflow_dispatch", "run": "tell"}]
    used = {step["uses"] for _, actions in more.values() for step in actions}
    after = {name: gates for name, gates in rules["protect"].items() if name in used}
    rules["protect"] = {"github.merge": MERGING, "verdict.sign": ["configuration-only"], **after}
    rules["pipelines"] = [
        {"pipeline": name, "gates": gates, "actions": actions, "permissions": _permissions(actions)}
        for name, (gates, actions) in {**PIPELINES, **more}.items()
    ]
    (directory / "approvers-config.yaml").write_bytes(Path(data.ROOT, "approvers-config.yaml").read_bytes())
    for name in ("policies", "terraform"):
        if os.path.isdir(os.path.join(data.ROOT, name)):
            os.symlink(os.path.join(data.ROOT, name), directory / name)
    (directory / "deployment-rules.yaml").write_text(filled(yaml.safe_dump(rules), directory, values))
    return str(directory)


def filled(text: str, directory: Path, values: "settings.Settings") -> str:
    """Rules in which the digests of today stand for the words."""
    today = digests(Controller.at(str(directory)), values)
    for word, digest in (("MODULE", "module"), ("LOCK", "lock_file"), ("POLICY", "policy")):
        text = text.replace(word, str(today[digest]))
    return text


def _permissions(steps: list[dict[str, Any]]) -> list[str]:
    known = catalog().actions
    return sorted({permission for step in steps for permission in known[step["uses"]].permissions})


_KEYS = (
    ("verdict", "ENGINE_SIGNING_KEY_FILE"),
    ("merge", "ENGINE_MERGE_KEY_FILE"),
    ("audit", "ENGINE_AUDIT_KEY_FILE"),
)


class Page:
    """The source repository on a forge, a store, keys, and runs about its pull requests."""

    def __init__(
        self,
        forge: Forge,
        folder: Path,
        more: Mapping[str, Any] = {},
        rules: "Callable[[Path, settings.Settings, Mapping[str, Any]], str]" = controller,
    ) -> None:
        self.hosted = Hosted(forge, str(folder / "cache"))
        self.forge, self.folder, self.now = forge, folder, forge.now  # `now`: of the machine that runs
        self.environ = {**self.hosted.environ, "ENGINE_STORE": f"dir:{folder / 'store'}?shared=1"}
        rows = []
        for purpose, setting in key_files.SIGNING.items():
            name = f"{setting}_FILE"
            self.environ[name] = str(folder / f"{purpose}.pem")
            signer = new_key(self.environ[name])
            rows.append(entry(TrustedKey(signer.id, signer.public, (purpose,), LAST, None)).split("keys:\n")[1])
        self.environ["ENGINE_TRUSTED_KEYS"] = str(folder / "trusted-keys.yaml")
        (folder / "trusted-keys.yaml").write_text("version: 1\nkeys:\n" + "\n".join(rows))
        self.settings = settings.read(self.environ)
        self.controller = rules(folder / "controller", self.settings, more)
        self.store: Store = Directory(str(folder / "store"), durable=True)
        self._runs = 0

    def _trail(self, run: str) -> Trail:
        return trail(self.store, run or f"run-{self._runs}", self.forge.now, Keyring(self.environ).signer("audit"))

    def run(self, pipeline: str, about: "int | dict[str, Any]", run: str = "", name: str = "workflow_dispatch",
            going: Going | None = None, permissions: Any = None) -> Done:  # fmt: skip
        """A run of one pipeline about a pull request, or about an event of that kind."""
        [done], calls = self.handled(pipeline, about, run, name, going)
        result = getattr(done, "result", None)
        outcome = result.outcome.value if result else "again"
        return Done({one.uses: one for one in done.ran}, outcome, calls, str(result))

    def handled(self, pipeline: str | None, about: "int | dict[str, Any]", run: str = "",
                name: str = "workflow_dispatch", going: Going | None = None) -> tuple[Any, int]:  # fmt: skip
        """What came of its pipelines, and of those that follow on them; and how many requests that took."""
        self._runs += 1
        body = about if isinstance(about, dict) else {
            "inputs": {"source_repo": REPO, "pr_number": str(about)}, "ref": "refs/heads/main", "workflow": "w",
            "repository": {"full_name": REPO},
        }  # fmt: skip
        hubs: list[Any] = []

        def opens(repos: Any, permissions: Any, installation: int | None) -> Any:
            cache = os.path.join(self.settings.cache_dir, "git")
            hubs.append(opened(self.environ, cache, self.settings.path, repos, permissions, installation))
            return hubs[-1]

        ports = Ports(self.store, Keyring(self.environ), self.now, self._trail(run), github=opens)
        out = self.folder / f"out-{self._runs}"
        request = Request(
            canonical(body), "event.json", name, None, self.controller, str(out), pipeline, Asked(),
            going or Going(run or f"run-{self._runs}"),
        )  # fmt: skip
        watcher = Watcher(lambda _: None, lambda _: None, lambda _: None, lambda _: None)
        return handle(request, self.settings, ports, watcher), sum(hub.calls for hub in hubs)

    @contextmanager
    def losing(self, is_lost: Callable[[str], object]) -> Iterator[None]:
        """Meanwhile the store keeps no key of which this is true: what runs ends there, as if it was killed."""

        def before(key: str) -> None:
            if is_lost(key):
                raise failure("ENG190", store="it", reason="gone")

        whole = self.store
        self.store = Hooked(whole, before)
        try:
            yield
        finally:
            self.store = whole

    def pull(self, number: int) -> Pull:
        """It, as our App sees it."""
        needs = ["pull_requests:read", "checks:read", "contents:read"]
        hub: Any = opened(self.environ, str(self.folder / "look"), self.settings.path, [REPO], needs)
        found: Pull = hub.pull(REPO, number, ("comments", "labels", "checks", "reviews"))
        return found

    def ours(self, number: int) -> list[Any]:
        """Our comments that are shown, oldest first."""
        found = self.pull(number).comments or ()
        return [one for one in found if one.user and one.user.bot and not one.minimised]

    def merge_key(self) -> Signer:
        """What our merges are signed with."""
        return Keyring(self.environ).signer("merge")

    def decision(self, number: int) -> Merged | None:
        """The signed merge decision."""
        return merges.get(self.store, REPO, number, trusted.keys(self.settings.trusted_keys))

    def ready(self, branch: str, result: str = "pass", by: str = "ann") -> int:
        """A pull request that is validated, and approved by a reviewer."""
        number = self.hosted.pull(branch)
        done = self.run(result, number)
        assert done["verdict.sign"]
        self.forge.clock.advance(2)
        self.hosted.review(number, by)
        return number

    def fault(self, **fault: Any) -> None:
        """What goes wrong next, once."""
        door = self.hosted.told["control"]
        import urllib.request

        request = urllib.request.Request(
            f"{door['url']}/fault", json.dumps(fault).encode(),
            {"Authorization": f"Bearer {door['token']}", "Content-Type": "application/json"}, method="POST",
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.status == 200


class Hooked:
    """A store; `before` is told of each write, and may raise."""

    durable = True

    def __init__(self, store: Store, before: Callable[[str], None]) -> None:
        self._store, self._before = store, before
        self.get, self.list = store.get, store.list

    def put_if_absent(self, key: str, data: bytes) -> Any:
        self._before(key)
        return self._store.put_if_absent(key, data)

    def replace(self, key: str, data: bytes, version: str) -> Any:
        self._before(key)
        return self._store.replace(key, data, version)

    def delete(self, key: str, version: str) -> bool:
        self._before(key)
        return self._store.delete(key, version)
