"""Attacks on who counts, with real people on a real forge: facts are looked up over HTTP and git, then judged."""

import json
from base64 import b64encode

import pytest

from engine.adapters.github.forge import opened as github
from engine.core.decision.gates import context, facts_needed, judge
from engine.core.outcome import Outcome
from engine.core.rules.load import load
from engine.run.catalog import catalog
from engine.run.facts import hosted as sides
from engine.sandbox.forge.people import accounts
from engine.sandbox.forge.serve import running
from tests.support.hosted import REPO, Hosted
from tests.support.rules import small

RULES = b"""\
version: 1
sources: [{repo: acme/dev-deployment, owns: ["**"]}]
environments:
  development: {branch: dev, account: "111111111111", region: us-east-1}
otherwise: {branch: main}
events: [{event: pull_request, run: check}]
approvals: {exclude: [author, co_authors, pushers, committers, bots], veto: changes_requested, unknown: one_more}
gates:
  approved: {approvals: {count: 1, from: [reviewers]}}
pipelines:
  - {pipeline: check, gates: [approved], actions: [{id: report, uses: report.write}]}
"""


@pytest.fixture(scope="module")
def hosted(tmp_path_factory):
    with running(str(tmp_path_factory.mktemp("forge"))) as forge:
        yield Hosted(forge, str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(sides, "pauses", lambda tries, *_: iter([0.0] * (tries - 1)))


def rules(*users, teams=()):
    who = {name: list(value) for name, value in (("users", users), ("teams", teams)) if value}
    people = f"version: 1\ngroups:\n  reviewers: {json.dumps(who)}\n"
    return load({**small(RULES), "approvers-config.yaml": people.encode()}, catalog())


def approved(hosted, number, *users, teams=()):
    """What the gate says of the pull request as it is now."""
    found = rules(*(users or (() if teams else ("ann", "bob", "alice"))), teams=teams)
    document, _ = hosted.facts(number, *sorted(facts_needed(found.gates["approved"], found)), rules=found)
    return judge(found.gates["approved"], context(document, found))


def opened(hosted, name, by="olga", **push):
    """A pull request that somebody has opened, who has written none of it."""
    hosted.push(name, {f"S3/{name}.tfvars": f'environment = "development" # {name}\n'}, **push)
    made = hosted.as_(by, "POST", "/pulls", {"title": name, "head": name, "base": "dev"})
    assert made.status == 201, made
    return made.body["number"]


def test_somebody_else_approves(hosted):
    number = opened(hosted, "honest")
    assert approved(hosted, number).outcome is Outcome.PENDING
    hosted.review(number, "ann")
    assert approved(hosted, number).outcome is Outcome.PASS


def amended(author, address, message="More", by="alice"):
    return lambda hosted, name: hosted.amend(name, by, author, address, message=message)


ALICE = ("Alice", "alice@example.com")


@pytest.mark.parametrize(
    ("why", "name", "prepare", "by", "says"),
    [
        ("by whoever wrote it, though another opened it", "own", None, "alice", "alice is the author of commit"),
        (
            "by a co-author", "co-author",
            amended(*ALICE, "x\n\nCo-authored-by: A <ANN@example.com>"), "ann", "ann is a co-author of commit",
        ),
        (
            "by a co-author whom GitHub does not list", "hidden-author",
            amended(*ALICE, "x\n\nCo-authored-by: A <x@y.example>\n\nand on"), "ann", "a co-author of commit",
        ),
        (
            "by who has pushed a commit of somebody else", "pusher",
            amended(*ALICE, by="ann"), "ann", "ann is somebody who pushed",
        ),
        (
            "of a commit with the approver's own address", "borrowed",
            amended("Ann", "ann@example.com"), "ann", "ann is the author of commit",
        ),
        (
            "with an address behind which nobody stands", "nobody-stands",
            amended("X", "x@nowhere.example"), "ann",
            "(x@nowhere.example), and could be anybody",
        ),
        (
            "with GitHub's own address, unsigned", "web",
            amended("GitHub", "noreply@github.com"), "ann",
            "(noreply@github.com), and could be anybody",
        ),
        ("by an outsider who may read", "outsider", None, "oscar", "0 of 1"),
    ],
)  # fmt: skip
def test_an_approval_that_does_not_count(hosted, why, name, prepare, by, says):
    number = opened(hosted, name)
    if prepare:
        prepare(hosted, name)
    hosted.review(number, by)
    result = approved(hosted, number)
    assert result.outcome is Outcome.PENDING, why
    told = f"{result.because} {[cause.text for cause in result.causes]} {[missing.what for missing in result.missing]}"
    assert says in told


def test_who_rewrites_the_branch_has_pushed_all_the_same(hosted):
    """Push, force it away, have somebody else push the same again: the list of pushes knows."""
    number = opened(hosted, "laundered")
    before = hosted.as_("ann", "GET", f"/pulls/{number}").body["head"]["sha"]
    hosted.amend("laundered", "ann", "Alice", "alice@example.com")
    assert hosted.as_("bob", "PATCH", "/git/refs/heads/laundered", {"sha": before, "force": True}).status == 200
    hosted.review(number, "ann")
    assert approved(hosted, number, "ann").outcome is Outcome.PENDING


def test_an_approval_that_was_dismissed_or_edited_is_gone_and_revives_none(hosted):
    number = opened(hosted, "revived")
    hosted.review(number, "ann")
    second = hosted.review(number, "ann")
    hosted.as_("olga", "PUT", f"/pulls/{number}/reviews/{second}/dismissals", {"message": "no", "event": "DISMISS"})
    assert approved(hosted, number).outcome is Outcome.PENDING
    third = hosted.review(number, "bob")
    hosted.as_("bob", "PUT", f"/pulls/{number}/reviews/{third}", {"body": "but only if"})
    assert approved(hosted, number).outcome is Outcome.PENDING


def test_a_veto_that_another_dismisses_stands(hosted):
    number = opened(hosted, "vetoed")
    veto = hosted.review(number, "carol", "REQUEST_CHANGES")
    hosted.review(number, "ann")
    hosted.as_("olga", "PUT", f"/pulls/{number}/reviews/{veto}/dismissals", {"message": "no", "event": "DISMISS"})
    result = approved(hosted, number)
    assert result.outcome is Outcome.FAIL
    assert "carol" in result.because + str(result.causes)
    hosted.review(number, "carol")
    assert approved(hosted, number).outcome is Outcome.PASS, "its author takes it back"


def test_nobody_vetoes_who_may_only_read(hosted):
    number = opened(hosted, "spoilt")
    hosted.review(number, "oscar", "REQUEST_CHANGES")
    hosted.review(number, "ann")
    assert approved(hosted, number).outcome is Outcome.PASS


def test_who_has_left_the_team_does_not_count_any_more(hosted):
    number = opened(hosted, "left")
    hosted.review(number, "bob")
    team = {"teams": ("acme/platform",)}
    assert approved(hosted, number, **team).outcome is Outcome.PASS
    slug = hosted.forge.kept.value("SELECT id FROM teams WHERE slug = 'platform'")
    hosted.forge.kept.run("DELETE FROM team_members WHERE team = ? AND account = ?", slug, hosted.users["bob"]["id"])
    assert approved(hosted, number, **team).outcome is Outcome.PENDING


@pytest.mark.parametrize("deed", ["deleted", "renamed", "taken"])
def test_a_login_that_is_not_its_owners_any_more_lets_nobody_pass(hosted, deed):
    login = f"member-{deed}"
    owner = accounts.create(hosted.forge, login, email=f"{login}@example.com")
    place = hosted.forge.repository(*REPO.split("/"))["id"]
    hosted.forge.kept.insert("collaborators", repository=place, account=owner, permission="write")
    hosted.users[login] = {"id": owner, "token": accounts.personal_token(hosted.forge, owner)}
    number = opened(hosted, f"of-{login}")
    hosted.review(number, login)
    assert approved(hosted, number, login).outcome is Outcome.PASS
    if deed == "deleted":
        accounts.delete(hosted.forge, owner)
    else:
        accounts.rename(hosted.forge, owner, f"{login}-before")
    if deed == "taken":
        thief = accounts.create(hosted.forge, login, email=f"{login}-2@example.com")
        hosted.forge.kept.insert("collaborators", repository=place, account=thief, permission="read")
        hosted.users[login] = {"id": thief, "token": accounts.personal_token(hosted.forge, thief)}
        hosted.review(number, login)
    result = approved(hosted, number, login)
    assert result.outcome in (Outcome.ERROR, Outcome.PENDING), result
    assert result.outcome is not Outcome.PASS


def test_pushes_that_nobody_lists_let_nobody_pass(hosted):
    """GitHub's list of activity is late: the accomplice's push is not there yet."""
    number = opened(hosted, "accomplice")
    sha = hosted.amend("accomplice", "ann", "Alice", "alice@example.com")
    hosted.forge.kept.run("DELETE FROM activity WHERE after = ?", sha)
    hosted.review(number, "ann")
    result = approved(hosted, number)
    assert result.outcome is Outcome.ERROR
    assert "does not list the push" in result.because


@pytest.fixture(scope="module")
def way_back(hosted):
    """A pull request that our App has opened, as `rollback.open` does, each of a name of its own."""
    needs = ["contents:write", "pull_requests:write"]
    hub = github(hosted.environ, f"{hosted.cache}/hub", hosted.environ["PATH"], [REPO], needs)

    def made(name):
        dev = hosted.as_("ann", "GET", "/git/ref/heads/dev").body["object"]["sha"]
        blob = hosted.as_("ann", "POST", "/git/blobs", {"content": f'environment = "development" # {name}'}).body["sha"]
        branch = f"rollback/{name}"
        hub.branch(REPO, branch, dev, {f"S3/{name}.tfvars": blob}, "Take it back")
        return branch, hub.open_pull(REPO, branch, "dev", name, "as before")

    return made


def contributors(hosted, number):
    """Behind each hand of each commit: a login, or the address behind which nobody is known to stand."""
    document, _ = hosted.facts(number, "commits")
    hands = [hand for c in document.facts["commits"] for hand in (c["author"], *c["co_authors"])]
    return [hand.get("login") or hand["email"] for hand in hands]


def edited(hosted, branch, who, author=None, message="More"):
    """Somebody edits a file in GitHub's pages, or by its API, which lets them write any author; GitHub signs it."""
    content = b64encode(f"# {who} {author} {message}".encode()).decode()
    body = {"message": message, "content": content, "branch": branch, **({"author": author} if author else {})}
    assert hosted.as_(who, "PUT", f"/contents/S3/{who}-{abs(hash(message))}.md", body).status == 201


@pytest.mark.parametrize("forged", ["none", "author", "trailer", "unsigned", "elsewhere", "carried", "moved"])
def test_nobodys_hand_vanishes_behind_our_apps_address(hosted, way_back, forged):
    """It is believed of what our App has pushed, and of nothing else."""
    us = f"{hosted.app['slug']}[bot]"
    bot = hosted.forge.kept.value("SELECT id FROM accounts WHERE login = ?", us)
    address = f"{bot}+{us}@users.noreply.github.com"
    as_us = {"name": us, "email": address}
    branch, number = way_back(f"back-{forged}")
    ours, theirs = [hosted.app["slug"]], [address]
    if forged == "author":
        edited(hosted, branch, "alice", as_us)
        ours += theirs
    elif forged == "trailer":
        edited(hosted, branch, "alice", message=f"More\n\nCo-authored-by: {us} <{address}>")
        ours += ["alice", *theirs]
    elif forged == "unsigned":
        hosted.amend(branch, "alice", us, address)
        ours += theirs
    elif forged == "elsewhere":
        number = opened(hosted, "not-ours", by="alice")
        edited(hosted, "not-ours", "alice", as_us)
        ours = ["alice", *theirs]
    elif forged == "carried":  # what our App has made for one pull request, somebody brings into another
        other, _ = way_back("carried-from")
        sha = hosted.as_("ann", "GET", f"/git/ref/heads/{other}").body["object"]["sha"]
        assert hosted.as_("alice", "PATCH", f"/git/refs/heads/{branch}", {"sha": sha, "force": True}).status == 200
        ours = theirs
    elif forged == "moved":  # away and back: the last push is not ours, and what it brings is
        before = hosted.as_("ann", "GET", f"/git/ref/heads/{branch}").body["object"]["sha"]
        hosted.amend(branch, "alice", "Alice", "alice@example.com")
        assert hosted.as_("bob", "PATCH", f"/git/refs/heads/{branch}", {"sha": before, "force": True}).status == 200
    assert sorted(contributors(hosted, number)) == sorted(ours)
