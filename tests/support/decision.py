"""Rules of a few gates from YAML text, loaded by the real loader, and events for them."""

import textwrap

import yaml

from engine.core.canonical import canonical
from engine.core.declare import Action, Repeat
from engine.core.events.envelope import Event, read_event
from engine.core.rules.load import load
from engine.core.rules.model import Rules
from engine.run.catalog import catalog
from tests.support.facts import BASE, GROUPS, HEAD, NUMBER, REPO

# Actions of their own, so that tests of decisions do not depend on what the shipped ones take.
_ANY = {"default": None}
ACTIONS = (
    Action("note.make", dict, {"text": _ANY, "about": _ANY}, ("made",), (), Repeat.SAFE, "Makes a note."),
    Action("note.merge", dict, {}, (), (), Repeat.SAFE, "Stands for whatever merges.", writes=True),
)
CATALOG = catalog()._replace(actions={action.name: action for action in ACTIONS})
HEADER = """
version: 1
sources: [{repo: acme/dev-deployment, owns: ["**"]}]
environments:
  development: {branch: dev, account: "111111111111", region: us-east-1}
  production: {branch: prod, account: "333333333333", region: us-east-1}
otherwise: {branch: main}
"""
EVENTS = "events: [{event: pull_request_review, run: mergeable}]\n"
APPROVERS = yaml.safe_dump({"version": 1, "groups": {name: {"users": list(users)} for name, users in GROUPS.items()}})
PIPELINE = "  - {{pipeline: mergeable, gates: {gates}, actions: [{{id: note, uses: note.make}}]}}\n"


def rules(text: str, approvers: str = APPROVERS) -> Rules:
    """Rules of one file; `text` begins after `otherwise:`."""
    files = {"deployment-rules.yaml": (HEADER + textwrap.dedent(text)).encode()}
    return load({**files, "approvers-config.yaml": approvers.encode()}, CATALOG)


def rules_of(gates: str, more: str = "") -> Rules:
    """Rules with a pipeline `mergeable` of all `gates` (a YAML mapping), started by any review."""
    names = list(yaml.safe_load(gates))
    body = f"{EVENTS}gates:\n{textwrap.indent(textwrap.dedent(gates), '  ')}\n"
    return rules(f"{body}pipelines:\n{PIPELINE.format(gates=names)}{textwrap.dedent(more)}")


def payload(**changes):
    """A review's payload."""
    pull = {"number": NUMBER, "head": {"sha": HEAD, "ref": "feature"}, "base": {"ref": "dev", "sha": BASE}}
    return {"action": "submitted", "repository": {"full_name": REPO}, "pull_request": pull, "review": {}, **changes}


def event(name: str = "pull_request_review", **changes) -> Event:
    """An event about pull request 7."""
    return read_event(canonical(payload(**changes)), name, delivery="1")
