"""Merges that we did not make: judged afresh by facts of now, accounted for once, or refused in the ledger."""

from base64 import b64decode

import pytest

from engine.core.canonical import canonical
from engine.core.kept import keys as names
from engine.core.kept import record
from engine.run import trusted
from engine.run.kept import ledger, merges
from engine.sandbox.forge.serve import running
from tests.support.few import few
from tests.support.hosted import REPO
from tests.support.page import APPLYING, Page


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("account")
    with running(str(folder / "forge")) as forge:
        yield Page(forge, folder, APPLYING)


def by_hand(page, number, how="squash"):
    """The admin merges it, past every rule."""
    done = page.hosted.as_("olga", "PUT", f"/pulls/{number}/merge", {"merge_method": how})
    assert done.status == 200, done
    return done.body["sha"]


def told(page, branch, result="pass", *, approved=True):
    """Validated, approved and labelled."""
    number = page.ready(branch, result) if approved else page.hosted.pull(branch)
    if not approved:
        page.run(result, number)
    page.run("tell", number)
    return number


def entries(page, number, branch):
    key = f"S3/dev/{branch}/terraform.tfstate"
    found = ledger.entries(page.store, key, trusted.keys(page.settings.trusted_keys))
    return [entry.outcome for entry in found if entry.said["pr"] == number]


@pytest.mark.parametrize("how", ["squash", "merge", "rebase"])
def test_what_was_validated_and_approved_is_accounted_for_once(page, how):
    number = told(page, f"good-{how}")
    sha = by_hand(page, number, how)
    done = page.run("account", number)
    decision = page.decision(number)
    assert done["github.account"] == {"commit": sha, "decision": decision.digest, "overridden": False}
    assert decision.said["keys"] == [f"S3/dev/good-{how}/terraform.tfstate"], "it holds what is not applied yet"
    assert [one["login"] for one in decision.said["people"]] == ["ann"]
    assert decision.said["merged_at"] == page.pull(number).merged_at
    parent = page.hosted.as_("alice", "GET", f"/commits/{sha}").body["parents"][0]["sha"]
    assert decision.said["base"] == {"ref": "dev", "sha": parent}
    assert page.run("account", number)["github.account"]["decision"] == decision.digest
    assert entries(page, number, f"good-{how}") == []


def never(page):
    return page.hosted.pull("never"), "pending"


def failed(page):
    return told(page, "failed", "fail"), "fail"


def unseen(page):
    return told(page, "unseen", approved=False), "pending"


def labelled(page):
    number = page.hosted.pull("labelled")
    page.hosted.as_("olga", "POST", f"/issues/{number}/labels", {"labels": ["opa-passed"]})
    page.hosted.review(number, "ann")
    return number, "pending"


def stale(page):
    number = told(page, "stale")
    text = page.hosted.as_("alice", "GET", "/contents/S3/stale/stale.tfvars?ref=stale").body["content"]
    page.hosted.push("stale", {"S3/stale/stale.tfvars": b64decode(text).decode() + "\n"})
    return number, "pending"


def unlabelled(page):
    return page.ready("unlabelled"), "pending"


def objected(page):
    number = told(page, "objected")
    page.hosted.review(number, "bob", "REQUEST_CHANGES")
    return number, "fail"


@pytest.mark.parametrize("of", few([never, failed, unseen, labelled, stale, unlabelled, objected]))
def test_what_a_person_merged_past_a_gate_is_not_accounted_for(page, of):
    number, outcome = of(page)
    by_hand(page, number)
    done = page.run("account", number)
    assert (done.outcome, page.decision(number)) == (outcome, None), done
    page.run("unapplied", number)
    refused = ["refused"] if outcome == "fail" else []
    assert entries(page, number, of.__name__) == refused, "only a clear no is written down"
    page.run("unapplied", number)
    assert entries(page, number, of.__name__) == refused, "and once"


def test_a_review_after_the_merge_counts(page):
    number = told(page, "late", approved=False)
    by_hand(page, number)
    assert page.run("account", number).outcome == "pending"
    page.forge.clock.advance(2)
    page.hosted.review(number, "ann")
    assert page.run("account", number)["github.account"]["decision"]


def test_the_last_of_several_rebased_commits_is_not_the_change(page):
    number = told(page, "rebased")
    page.hosted.amend("rebased", "alice", "alice", "alice@users.noreply.example", count=2)
    page.run("pass", number)
    page.forge.clock.advance(2)
    page.hosted.review(number, "ann")
    page.run("tell", number)
    by_hand(page, number, "rebase")
    done = page.run("account", number)
    assert "whole" in done.because
    assert done.outcome == "fail"


@pytest.mark.slow
def test_one_that_was_merged_before_its_turn_waits(page):
    """Another holds the same resource, by its merge decision, and is not applied."""
    first = told(page, "turn")
    by_hand(page, first)
    page.run("account", first)
    name = "S3/turn/turn.tfvars"
    before = page.hosted.as_("alice", "GET", f"/contents/{name}?ref=dev").body["content"]
    text = b64decode(before).decode().replace("acme-turn", "acme-turn-2")
    second = page.hosted.pull("turn-2", files={name: text})
    page.run("pass", second)
    page.forge.clock.advance(2)
    page.hosted.review(second, "ann")
    page.run("tell", second)
    by_hand(page, second)
    done = page.run("account", second)
    assert done.outcome == "pending", done
    assert f"Waiting behind #{first}" in done.because
    assert page.decision(second) is None


def test_who_writes_to_the_store_gets_no_merge_of_theirs_believed(page):
    """A merge decision that was signed for another pull request is put where that of this one would be."""
    number, other = told(page, "mine"), told(page, "theirs")
    by_hand(page, other)
    page.run("account", other)
    item = page.store.get(names.merge(REPO, other))
    by_hand(page, number)
    assert page.store.put_if_absent(names.merge(REPO, number), item.data)
    done = page.run("account", number)
    assert done.outcome == "error", done
    assert "signed for" in done.because


def test_the_statement_that_a_merge_leans_on_is_read_again(page):
    number = told(page, "leans")
    by_hand(page, number)
    page.run("account", number)
    key = names.numbered(names.statements("github", REPO, number), 1)
    item = page.store.get(key)
    said = record.decode("statement", item.data, key)
    assert page.store.delete(key, item.version)
    assert canonical(said)
    done = page.run("account", number)
    assert done.outcome == "error", done
    assert merges.get(page.store, REPO, number, trusted.keys(page.settings.trusted_keys)), "whatever was signed"
