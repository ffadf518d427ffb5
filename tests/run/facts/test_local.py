"""Facts from a clone: what git knows is asked of git, what only GitHub knows has failed, a moved head ends the run."""

import os

import pytest

from engine import data
from engine.adapters.git.repository import Repository
from engine.core.events.envelope import read_event
from engine.core.resources import services
from engine.core.rules.load import load
from engine.errors import EngineError, ExitCode
from engine.run.catalog import catalog
from engine.run.facts.gather import gather
from engine.run.facts.local import UNKNOWN, Asked, Local
from engine.run.module import read_module
from engine.run.trusted import read_rules
from tests.support.clone import Clone, bucket

NOW = "2026-11-23T21:00:00Z"
NOTHING_ASKED = Asked()
TODAY = {"policy": "sha256:p", "module": "sha256:m", "lock_file": None}
BUCKETS = {"S3/lake/lake.tfvars": bucket("acme-lake-development")}


@pytest.fixture
def clone(tmp_path):
    return Clone(tmp_path, {"README.md": "hello"}, BUCKETS)


def local(clone, event=None, asked=NOTHING_ASKED):
    rules = load(read_rules(data.ROOT), catalog())
    known = services.read(read_module(data.path("terraform")))
    repository = Repository(str(clone.directory), path=os.environ["PATH"], home="/")
    return Local(
        read_event(event or clone.event()), rules, repository, known, asked=asked, now=NOW, today=lambda: TODAY
    )


def gathered(facts, *names):
    return gather(names, facts.fetchers, UNKNOWN)


def test_what_git_knows(clone):
    document = gathered(local(clone), "commits", "files", "now", "pr", "resources", "source")
    assert not document.failed
    facts = document.facts
    assert facts["now"] == NOW
    assert facts["source"] == {"repo": "acme/dev-deployment", "declared": True, "owns": ["**"]}
    assert facts["files"] == [{"path": "S3/lake/lake.tfvars", "status": "added", "previous_path": None}]
    assert facts["pr"]["head"] == {"ref": "feature", "sha": clone.head, "repo": "acme/dev-deployment"}
    assert facts["pr"]["base"] == {"ref": "dev", "sha": clone.base, "repo": "acme/dev-deployment"}
    assert [r["state_key"] for r in facts["resources"]["resources"]] == ["S3/dev/lake/terraform.tfstate"]


def test_who_made_a_commit_is_unknown_to_git(clone):
    [commit] = gathered(local(clone), "commits").facts["commits"]
    assert commit == {"sha": clone.head, "author": None, "committer": None, "co_authors": []}


@pytest.mark.parametrize("name", ["reviews", "comments", "labels", "checks", "locks", "freeze", "groups", "merge"])
def test_what_only_github_knows_has_failed(clone, name):
    assert gathered(local(clone), name).failed == {name: UNKNOWN}


@pytest.mark.parametrize("name", ["verdict", "statements"])
def test_a_clone_keeps_no_verdicts(clone, name):
    assert gathered(local(clone), name).absent == {name: "a clone keeps none"}


def test_what_a_verdict_would_be_made_with_today_goes_with_the_rules(clone):
    rules = gathered(local(clone), "rules").facts["rules"]
    assert {name: rules[name] for name in TODAY} == TODAY
    assert rules["environments"]["development"]["branch"] == "dev"


def test_an_event_that_does_not_say_enough_is_not_filled_up(clone):
    dispatch = {
        "version": 1,
        "source_repo": "acme/dev-deployment",
        "action": "opened",
        "pr_number": 7,
        "head_sha": clone.head,
        "head_ref": "feature",
        "base_ref": "dev",
    }
    import json

    document = gathered(local(clone, json.dumps(dispatch).encode()), "pr", "resources")
    assert "see `title` in the event: it is missing" in document.failed["pr"]
    assert "resources" in document.facts


def test_a_head_that_has_moved_on_is_superseded(clone):
    event = clone.event()
    now = clone.commit({"S3/lake/lake.tfvars": bucket("acme-other-development")})
    with pytest.raises(EngineError, match=f"moved on from .* to {now[:12]}") as caught:
        local(clone, event).check_head()
    assert caught.value.exit_code is ExitCode.STALE


def test_a_clone_without_the_branch_cannot_tell_and_goes_by_the_commit(clone):
    clone.git("switch", "-q", "--detach")
    clone.git("branch", "-qD", "feature")
    local(clone).check_head()


def test_the_base_is_where_the_branch_is_now(clone):
    clone.git("switch", "-q", "dev")
    moved = clone.commit({"README.md": "more"})
    assert gathered(local(clone), "pr").facts["pr"]["base"]["sha"] == moved


def test_an_undeclared_repository_has_no_resources(clone):
    event = clone.event().replace(b"acme/dev-deployment", b"evil/fork")
    document = gathered(local(clone, event), "source", "resources")
    assert document.facts["source"]["declared"] is False
    assert "resources" in document.failed


def test_an_event_without_a_pull_request_is_refused(clone):
    push = b'{"ref":"refs/heads/x","before":"%s","after":"%s","deleted":false,"repository":{"full_name":"a/b"}}'
    with pytest.raises(EngineError, match="ENG553"):
        local(clone, push % (clone.base.encode(), clone.head.encode()))


def test_an_unknown_commit_is_a_failed_lookup(clone):
    event = clone.event(head={"ref": "elsewhere", "sha": "0" * 39 + "1", "repo": None})
    assert "resources" in gathered(local(clone, event), "resources").failed
