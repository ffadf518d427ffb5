"""The stories, each a life of one or two pull requests. `engine sandbox --scenario list` lists them."""

import os
from collections.abc import Callable
from typing import NamedTuple

from engine import data
from engine.errors import failure
from engine.names import closest, listing
from engine.sandbox.scenarios.play import Files, Play, Pull


class Story(NamedTuple):
    """What happens, in a sentence, and its telling; it raises ENG640 where it does not go as told."""

    about: str
    tell: Callable[[Play], None]


def _shipped(*paths: str) -> Files:
    """Files of the shipped change."""
    found = {}
    for path in paths:
        with open(os.path.join(data.path("examples"), "change", *path.split("/")), "rb") as file:
            found[path] = file.read()
    return found


def _bucket(name: str, *more: str) -> Files:
    """One bucket as a flat resource. `more` are lines of it."""
    lines = "".join(f"    {line}\n" for line in more)
    text = f'environment = "development"\n\ns3_buckets = {{\n  "acme-dev-{name}" = {{\n{lines}  }}\n}}\n'
    return {f"S3/{name}.tfvars": text.encode()}


_TEAM = 'tags = { Team = "analytics" }'


def good() -> Files:
    """A bucket that passes."""
    return _shipped("S3/analytics-reports/analytics-reports.tfvars", "S3/analytics-reports/analytics-reports.json")


def bad() -> Files:
    """A bucket that is open to everybody."""
    return _shipped("S3/analytics-uploads.tfvars", "S3/analytics-uploads.json")


def mended() -> Files:
    """The same, closed."""
    document = {path: good()["S3/analytics-reports/analytics-reports.json"] for path in bad() if path.endswith(".json")}
    renamed = {path: text.replace(b"analytics-reports", b"analytics-uploads") for path, text in document.items()}
    tfvars = _bucket("analytics-uploads", 'policy_file = "analytics-uploads.json"', _TEAM)
    return {**tfvars, **renamed}


def happy(play: Play) -> None:
    """A change that passes is approved and merged."""
    pull = play.push("alice", "reports", good(), "A bucket for reports")
    play.passed(pull)
    play.waits(pull)
    play.approve("ann", pull)
    play.merged(pull)


def demo(play: Play) -> None:
    """From push to merge, by way of a failed policy."""
    pull = play.push("alice", "uploads", bad(), "A bucket for uploads")
    play.failed(pull)
    play.says(pull, "what is wrong, at which line, and how to mend it")
    play.push("alice", "uploads", mended(), "Keep the bucket to ourselves")
    play.passed(pull)
    play.says(pull, "who can approve")
    play.approve("ann", pull)
    play.merged(pull)
    play.says(pull, "what was merged, and why it could be")


def fixed(play: Play) -> None:
    """One that fails is mended; what was said before counts for nothing."""
    pull = play.push("alice", "uploads", bad(), "A bucket for uploads")
    play.failed(pull)
    play.approve("ann", pull)
    play.waits(pull)
    play.push("alice", "uploads", mended(), "Keep the bucket to ourselves")
    play.passed(pull)
    play.approve("ann", pull)
    play.merged(pull)


def override(play: Play) -> None:
    """A finding that is not critical is overridden by who may, beside a reviewer."""
    pull = _untagged(play, "untagged")
    play.comment("alice", pull, "OVERRIDE: I am in a hurry")
    play.approve("ann", pull)
    play.waits(pull)
    play.comment("dave", pull, "OVERRIDE: the team is being renamed, the tag follows tomorrow")
    play.merged(pull, override=True)


def _untagged(play: Play, name: str) -> Pull:
    pull = play.push("alice", name, _bucket(name), "A bucket that nobody owns yet")
    play.failed(pull)
    return pull


def forged(play: Play) -> None:
    """The report of a change that passed, copied under one that did not, changes nothing."""
    passing = play.push("alice", "reports", good(), "A bucket for reports")
    play.passed(passing)
    failing = play.push("alice", "uploads", bad(), "A bucket for uploads")
    play.failed(failing)
    play.comment("alice", failing, play.report(passing))
    play.approve("ann", failing)
    play.failed(failing)
    play.waits(failing)


def stale(play: Play) -> None:
    """An approval of what came before the verdict is none of what came after."""
    pull = play.push("alice", "uploads", bad(), "A bucket for uploads")
    play.failed(pull)
    play.approve("ann", pull)
    play.push("alice", "uploads", mended(), "Keep the bucket to ourselves")
    play.passed(pull)
    play.waits(pull)
    play.approve("bob", pull)
    play.merged(pull)


def two(play: Play) -> None:
    """Two on one resource: the second is validated again once the first is merged."""
    first = play.push("alice", "reports", good(), "A bucket for reports")
    play.passed(first)
    play.approve("ann", first)
    play.merged(first)
    tfvars, document = good()
    tagged = good()[tfvars].replace(b'Team = "analytics"', b'Team = "analytics", Purpose = "reports"')
    named = good()[document].replace(b"ReportsMayWrite", b"ReportReaderMayWrite")
    one = play.push("alice", "purpose", {tfvars: tagged}, "Say what the bucket is for")
    other = play.push("carol", "sid", {document: named}, "Name the statement after the role")
    play.passed(one)
    play.passed(other)
    play.approve("ann", one)
    play.merged(one)
    play.passed(other)  # validated again, by itself, against what is merged now
    play.approve("ann", other)
    play.merged(other)


def outsider(play: Play) -> None:
    """Who may only read approves and overrides in vain."""
    pull = play.push("alice", "reports", good(), "A bucket for reports")
    play.passed(pull)
    play.approve("oscar", pull)
    play.comment("oscar", pull, "OVERRIDE: trust me")
    play.waits(pull)
    play.approve("ann", pull)
    play.merged(pull)


def lost(play: Play) -> None:
    """A webhook that GitHub loses is made good by the next sweep."""
    pull = play.push("alice", "reports", good(), "A bucket for reports")
    play.passed(pull)
    play.lose("pull_request_review", "submitted")
    play.approve("ann", pull)
    play.waits(pull)
    play.tick()
    play.merged(pull)


STORIES = {
    "demo": Story("from push to merge, by way of a failed policy: what `make demo` shows", demo),
    "happy": Story("a change passes, is approved and merged", happy),
    "fixed": Story("a change fails, is mended, passes and is merged", fixed),
    "override": Story("a failing change is overridden by two people", override),
    "forged": Story("a copied report gets nobody past a gate", forged),
    "stale": Story("an approval from before the verdict does not count", stale),
    "two": Story("two change one resource: the second becomes stale, and heals", two),
    "outsider": Story("approval and override of somebody who may only read", outsider),
    "lost": Story("a lost webhook, made good by the sweep", lost),
}


def named(name: str) -> Story:
    """A story by its name.

    Raises:
        EngineError: ENG641.
    """
    if name not in STORIES:
        raise failure("ENG641", hint=closest(name, STORIES), name=name, known=listing(STORIES))
    return STORIES[name]
