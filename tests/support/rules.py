"""Rules for tests: the shipped ones, small ones, and a catalog with one action that writes."""

import os
from collections.abc import Mapping

from engine.core.declare import Action, Catalog, Repeat
from engine.run.catalog import catalog as shipped_catalog

CASES = os.path.join(os.path.dirname(os.path.dirname(__file__)), "cases", "rules-bad")

APPROVERS = b"version: 1\ngroups:\n  reviewers: {users: [ann, bob, carol]}\n"
MINIMAL = b"""\
version: 1
sources: [{repo: acme/dev, owns: ["**"]}]
environments:
  production: {branch: prod, account: "333333333333", region: us-east-1}
otherwise: {branch: main}
events: [{event: pull_request, run: check}]
gates:
  ready: {reject: "pr.draft"}
  reviewed: {approvals: {from: [reviewers]}}
pipelines:
  - {pipeline: check, gates: [ready, reviewed], actions: [{id: report, uses: report.write}]}
"""


def small(text: bytes | str = MINIMAL, **more: bytes | str) -> dict[str, bytes]:
    """A rule set: the entry file, the approvers, and files named by keyword (`specs_x="…"` is specs/x.yaml)."""
    files = {"deployment-rules.yaml": _bytes(text), "approvers-config.yaml": APPROVERS}
    return files | {f"{name.replace('_', '/', 1)}.yaml": _bytes(value) for name, value in more.items()}


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def _never(*_: object, **__: object) -> Mapping[str, object]:
    raise AssertionError("rules are only loaded here")


def catalog() -> Catalog:
    """The shipped catalog and `test.apply`, which writes: no shipped action does so far."""
    known = shipped_catalog()
    apply = Action(
        "test.apply", _never, inputs={}, outputs=(), permissions=(), repeat=Repeat.RECONCILE, doc="Writes.", writes=True
    )
    return known._replace(actions={**known.actions, apply.name: apply})
