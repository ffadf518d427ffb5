"""The stories, each a life of one or two pull requests. `engine sandbox --scenario list` lists them."""

import os
from collections.abc import Callable, Mapping
from typing import NamedTuple

from engine import data
from engine.errors import failure
from engine.names import closest, either
from engine.sandbox.scenarios import many
from engine.sandbox.scenarios.play import Play, Pull


class Story(NamedTuple):
    """What happens, in a sentence, and its telling; it raises ENG640 where it does not go as told."""

    about: str
    tell: Callable[[Play], None]


Shipped = Mapping[str, bytes]  # path → content


def _shipped(*paths: str) -> Shipped:
    """Files of the shipped change."""
    found = {}
    for path in paths:
        with open(os.path.join(data.path("examples"), "change", *path.split("/")), "rb") as file:
            found[path] = file.read()
    return found


def _bucket(name: str, *more: str) -> Shipped:
    """One bucket as a flat resource. `more` are lines of it."""
    lines = "".join(f"    {line}\n" for line in more)
    text = f'environment = "development"\n\ns3_buckets = {{\n  "acme-dev-{name}" = {{\n{lines}  }}\n}}\n'
    return {f"S3/{name}.tfvars": text.encode()}


_TEAM = 'tags = { Team = "analytics" }'


def good() -> Shipped:
    """A bucket that passes."""
    return _shipped("S3/analytics-reports/analytics-reports.tfvars", "S3/analytics-reports/analytics-reports.json")


def bad() -> Shipped:
    """A bucket that is open to everybody."""
    return _shipped("S3/analytics-uploads.tfvars", "S3/analytics-uploads.json")


def mended() -> Shipped:
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
    """From push to eight resources, by way of a failed policy and a bucket that cannot be made; and a way back."""
    play.by_hand("PUT", many.TAKEN, "staging")
    pull = play.push("alice", "parcels", many.archive("*"), "A bucket for old parcels")
    play.failed(pull)
    play.says(pull, "what is wrong, at which line, and how to mend it")
    play.push("alice", "parcels", many.parcels(), "Let the archiver alone write, and add all it needs")
    play.passed(pull)
    play.says(pull, "what is applied after what, and who can approve")
    play.board()
    play.approve("ann", pull)
    play.approve("carol", pull)
    play.merged(pull)
    play.unapplied(pull, "BucketAlreadyExists")
    play.came_to(
        pull, dict.fromkeys(many.FREE, "applied") | {many.FAILS: "failed"} | dict.fromkeys(many.WAIT, "skipped")
    )
    play.in_order(pull, many.ROLE, many.FAILS)
    play.in_order(pull, many.KEY, many.TOPIC)
    play.by_hand("DELETE", many.TAKEN, "staging")
    play.comment("ann", pull, "/engine apply")
    play.applied(pull, many.TAKEN)
    play.came_to(pull, dict.fromkeys((many.FAILS, *many.WAIT), "applied"))
    _taken_back(play)


def _taken_back(play: Play) -> None:
    """Yesterday's change, by two words: a comment, and an approval of what it opens."""
    pull = play.push("carol", "owner", many.topic("late-parcels", 'display_name = "Late"'), "Give late parcels a name")
    play.passed(pull)
    play.approve("ann", pull)
    play.merged(pull)
    play.applied(pull)
    play.comment("ann", pull, "/engine rollback")
    play.settle()
    play.told(pull, "comes back whole")
    back = play.by_app()
    play.says(back, "what is changed back, and that all of it comes back whole")
    play.passed(back)
    play.approve("bob", back)
    play.merged(back)
    play.applied(back)


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


def _purpose(purpose: str) -> Shipped:
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
    pull = play.push("alice", "pair", {"S3/pair.tfvars": _both(left, right)}, "Two buckets")
    play.passed(pull)
    play.approve("ann", pull)
    play.merged(pull)
    play.unapplied(pull, "half applied")
    play.says(pull, "what is done, what is not, and what to write")
    play.by_hand("DELETE", "acme-dev-right", "staging")
    play.comment("ann", pull, "/engine apply")
    play.applied(pull, "acme-dev-left", "acme-dev-right")


def _both(left: Shipped, right: Shipped) -> bytes:
    """Two buckets as one resource."""
    [one], [other] = left.values(), right.values()
    return one.rpartition(b"}")[0] + other.partition(b"s3_buckets = {\n")[2]


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


def undone(play: Play) -> None:
    """What is half applied is taken back at once, and a pull request says so, which waits as any other."""
    play.rules("what is half applied is taken back", "specs/apply.yaml", *_UNDO)
    play.by_hand("PUT", "acme-dev-right", "staging")
    first = play.push("alice", "left", _bucket("left", _TEAM), "A bucket")
    play.passed(first)
    play.approve("ann", first)
    play.merged(first)
    play.applied(first, "acme-dev-left")
    left, right = _bucket("left", 'tags = { Team = "analytics", Purpose = "reports" }'), _bucket("right", _TEAM)
    second = play.push("alice", "pair", {"S3/left.tfvars": _both(left, right)}, "Say what for, and add another")
    play.passed(second)
    play.approve("ann", second)
    play.merged(second)
    play.unapplied(second, "taken back by itself")
    play.says(second, "what failed, and that it was taken back")
    back = play.by_app()
    play.passed(back)
    play.waits(back)
    play.approve("bob", back)
    play.merged(back)
    play.applied(back, "acme-dev-left")


_OFF = """  # - {id: undo, uses: terraform.rollback, with: {apply: "${outputs.apply}"}, timeout: 1h}
  # - id: way
  #   uses: rollback.look
  #   if: "length(default(outputs.undo.resources, `[]`)[?outcome == 'rolled_back']) > `0`"
  #   with: {keys: "${outputs.undo.resources[?outcome == 'rolled_back'].state_key}"}
  # - {id: revert, uses: rollback.open, if: "present(outputs.way)", with: {look: "${outputs.way}"}}
"""
_UNDO = (
    (_OFF, _OFF.replace("  # ", "  ")),
    ("contents:read", "contents:write"),
    ("pull_requests:read", "pull_requests:write"),
)


def destroyed(play: Play) -> None:
    """Files are removed: that is refused until a reviewer asks for it, and then goes the other way round."""
    made = {**many.role("courier"), **many.topic("couriers", many.logged("courier"))}
    pull = play.push("alice", "couriers", made, "A topic, and the role that writes its log")
    play.passed(pull)
    play.approve("ann", pull)
    play.approve("carol", pull)
    play.merged(pull)
    play.applied(pull)
    play.in_order(pull, "IAM/courier.tfvars", "SNS/couriers.tfvars")
    gone = play.push("alice", "no-couriers", dict.fromkeys(made), "Be rid of the couriers")
    play.waits(gone)
    play.told(gone, "cannot be accepted as configuration")
    play.comment("ann", gone, "/engine destroy SNS/couriers.tfvars")
    play.comment("ann", gone, "/engine destroy IAM/courier.tfvars")
    play.passed(gone)
    play.approve("bob", gone)
    play.approve("carol", gone)
    play.merged(gone)
    play.applied(gone)
    play.came_to(gone, dict.fromkeys(("SNS/couriers.tfvars", "IAM/courier.tfvars"), "destroyed"))
    play.in_order(gone, "SNS/couriers.tfvars", "IAM/courier.tfvars")


_TOPICS = "acme/topics-deployment"
_SOURCE = '  - {repo: acme/dev-deployment, owns: ["**"]}'
_SOURCES = f"""  - {{repo: acme/dev-deployment, owns: ["IAM/**", "KMS/**", "Lambda/**", "S3/**", "SQS/**", "*"]}}
  - {{repo: {_TOPICS}, owns: ["SNS/**"]}}"""


def sources(play: Play) -> None:
    """A topic in one repository waits until the role in another one is applied; a third repository is refused."""
    play.source(_TOPICS, "alice", "ann", "carol")
    play.rules("topics come from a repository of their own", "deployment-rules.yaml", (_SOURCE, _SOURCES))
    role = play.push("alice", "courier", many.role("courier"), "A role that writes the log of a topic")
    play.passed(role)
    topic = many.topic("couriers", many.logged("courier"))
    second = play.push("alice", "couriers", topic, "A topic that logs", repo=_TOPICS)
    play.passed(second)
    play.describe("alice", second, "Depends-On: acme/controller#1")
    play.approve("ann", second)
    play.waits(second)
    play.told(second, "names a pull request of another repository")
    play.describe("alice", second, f"Depends-On: {role.repo}#{role.number}")
    play.waits(second)
    play.told(second, "which is not merged")
    play.approve("ann", role)
    play.approve("carol", role)
    play.merged(role)
    play.applied(role)
    play.tick()
    play.merged(second)
    play.applied(second)


STORIES = {
    "demo": Story("eight resources: refused, mended, applied in order, one fails alone; and a way back", demo),
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
    "undone": Story("an apply that fails half way is taken back at once, and so is the branch", undone),
    "destroyed": Story("removed files: refused, asked for, approved, and destroyed in reverse order", destroyed),
    "sources": Story("one pull request waits for one of another repository (`Depends-On`)", sources),
}


def named(name: str) -> Story:
    """A story by its name.

    Raises:
        EngineError: ENG641.
    """
    if name not in STORIES:
        raise failure("ENG641", hint=closest(name, STORIES), name=name, known=either(STORIES))
    return STORIES[name]
