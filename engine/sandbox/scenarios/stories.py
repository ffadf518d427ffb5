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


REPORTS, UPLOADS = "acme-dev-analytics-reports", "acme-dev-analytics-uploads"  # buckets of the shipped change


def happy(play: Play) -> None:
    """A change that passes is approved, merged and applied."""
    pull = play.push("alice", "reports", good(), "A bucket for reports")
    play.passed(pull)
    play.waits(pull)
    play.approve("ann", pull)
    play.merged(pull)
    play.applied(pull, REPORTS)


def demo(play: Play) -> None:
    """From push to a bucket, by way of a failed policy."""
    pull = play.push("alice", "uploads", bad(), "A bucket for uploads")
    play.failed(pull)
    play.says(pull, "what is wrong, at which line, and how to mend it")
    play.push("alice", "uploads", mended(), "Keep the bucket to ourselves")
    play.passed(pull)
    play.says(pull, "who can approve")
    play.board()
    play.approve("ann", pull)
    play.merged(pull)
    play.applied(pull, UPLOADS)
    play.says(pull, "what was applied, and how long it took")


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
    play.applied(pull, UPLOADS)


def override(play: Play) -> None:
    """A finding that is not critical is overridden by who may, beside a reviewer."""
    pull = _untagged(play, "untagged")
    play.comment("alice", pull, "OVERRIDE: I am in a hurry")
    play.approve("ann", pull)
    play.waits(pull)
    play.comment("dave", pull, "OVERRIDE: the team is being renamed, the tag follows tomorrow")
    play.merged(pull, override=True)
    play.applied(pull, "acme-dev-untagged")


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
    play.applied(pull, UPLOADS)


def two(play: Play) -> None:
    """Two on one resource: the second is validated again once the first is merged and applied."""
    first = play.push("alice", "reports", good(), "A bucket for reports")
    play.passed(first)
    play.approve("ann", first)
    play.merged(first)
    play.applied(first, REPORTS)
    _, document = good()
    named = good()[document].replace(b"ReportsMayWrite", b"ReportReaderMayWrite")
    one = play.push("alice", "purpose", _purpose("reports"), "Say what the bucket is for")
    other = play.push("carol", "sid", {document: named}, "Name the statement after the role")
    play.passed(one)
    play.passed(other)
    play.approve("ann", one)
    play.merged(one)
    play.applied(one)
    play.passed(other)  # validated again, by itself, against what is merged now
    play.approve("ann", other)
    play.merged(other)
    play.applied(other)


def _purpose(purpose: str) -> Files:
    """The shipped change, with a tag more."""
    tfvars, _ = good()
    tag = f'Team = "analytics", Purpose = "{purpose}"'.encode()
    return {tfvars: good()[tfvars].replace(b'Team = "analytics"', tag)}


def outsider(play: Play) -> None:
    """Who may only read approves and overrides in vain."""
    pull = play.push("alice", "reports", good(), "A bucket for reports")
    play.passed(pull)
    play.approve("oscar", pull)
    play.comment("oscar", pull, "OVERRIDE: trust me")
    play.waits(pull)
    play.approve("ann", pull)
    play.merged(pull)
    play.applied(pull, REPORTS)


def lost(play: Play) -> None:
    """A webhook that GitHub loses is made good by the next sweep."""
    pull = play.push("alice", "reports", good(), "A bucket for reports")
    play.passed(pull)
    play.lose("pull_request_review", "submitted")
    play.approve("ann", pull)
    play.waits(pull)
    play.tick()
    play.merged(pull)
    play.applied(pull, REPORTS)


def changed(play: Play) -> None:
    """Between merge and apply somebody removes the bucket by hand: what would be done now, nobody has approved."""
    happy(play)
    pull = play.push("alice", "purpose", _purpose("reports"), "Say what the bucket is for")
    play.passed(pull)
    play.lose("pull_request", "closed")
    play.approve("ann", pull)
    play.merged(pull)
    play.waits_to_be_applied(pull)
    play.by_hand("DELETE", REPORTS)
    play.tick()
    play.unapplied(pull, "/engine replan")
    play.says(pull, "what differs from what was approved, and what to write")
    play.comment("ann", pull, "/engine replan")
    play.settle()
    play.approve("bob", pull)
    play.applied(pull, REPORTS)


def retried(play: Play) -> None:
    """One of two buckets has a name that is somebody else's; once it is free, what is missing is applied."""
    play.by_hand("PUT", "acme-dev-right", "staging")
    left, right = _bucket("left", _TEAM), _bucket("right", _TEAM)
    both = left["S3/left.tfvars"].rpartition(b"}")[0] + right["S3/right.tfvars"].partition(b"s3_buckets = {\n")[2]
    pull = play.push("alice", "pair", {"S3/pair.tfvars": both}, "Two buckets")
    play.passed(pull)
    play.approve("ann", pull)
    play.merged(pull)
    play.unapplied(pull, "half applied")
    play.says(pull, "what is done, what is not, and what to write")
    play.by_hand("DELETE", "acme-dev-right", "staging")
    play.comment("ann", pull, "/engine apply")
    play.applied(pull, "acme-dev-left", "acme-dev-right")


def killed(play: Play) -> None:
    """The engine is killed while Terraform works: it is applied once all the same."""
    pull = play.push("alice", "reports", good(), "A bucket for reports")
    play.passed(pull)
    play.approve("ann", pull)
    play.kill_amid_apply(pull)
    play.merged(pull)
    play.applied(pull, REPORTS)


def human(play: Play) -> None:
    """Who may pass the rules merges what nobody has approved: it is applied once somebody has."""
    pull = play.push("alice", "reports", good(), "A bucket for reports")
    play.passed(pull)
    play.merge_by_hand("olga", pull)
    play.waits_to_be_applied(pull)
    play.says(pull, "which gates did not hold")
    play.approve("ann", pull)
    play.applied(pull, REPORTS)


STORIES = {
    "demo": Story("from push to a bucket, by way of a failed policy: what `make demo` shows", demo),
    "happy": Story("a change passes, is approved, merged and applied", happy),
    "fixed": Story("a change fails, is mended, passes, is merged and applied", fixed),
    "override": Story("a failing change is overridden by two people", override),
    "forged": Story("a copied report gets nobody past a gate", forged),
    "stale": Story("an approval from before the verdict does not count", stale),
    "two": Story("two change one resource: the second becomes stale, and heals", two),
    "outsider": Story("approval and override of somebody who may only read", outsider),
    "lost": Story("a lost webhook, made good by the sweep", lost),
    "plan-changed-after-merge": Story(
        "another plan than the approved one is not applied until it is approved", changed
    ),
    "half-applied-then-retried": Story("an apply fails half way, and goes on with what is missing", retried),
    "killed-in-the-middle": Story("the engine is killed amid an apply, and nothing is lost or done twice", killed),
    "human-merge": Story("merged past the rules by an admin: judged afresh before anything is applied", human),
}


def named(name: str) -> Story:
    """A story by its name.

    Raises:
        EngineError: ENG641.
    """
    if name not in STORIES:
        raise failure("ENG641", hint=closest(name, STORIES), name=name, known=listing(STORIES))
    return STORIES[name]
