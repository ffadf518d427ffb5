"""Facts from a clone: what git knows is asked of git, what only GitHub knows has failed, a moved head ends the run."""

import json
import os
from functools import partial
from typing import Any

import pytest

from engine import data
from engine.adapters.git.repository import Repository
from engine.core.events.envelope import read_event
from engine.core.resources import services
from engine.core.rules.load import load
from engine.errors import EngineError, ExitCode
from engine.run.catalog import catalog
from engine.run.facts.change import Change
from engine.run.facts.clone import Clone as Sides
from engine.run.facts.gather import gather
from engine.run.facts.kept import NOTHING
from engine.run.facts.teller import WITHOUT_GITHUB, together
from engine.run.facts.told import Told, base_repository, check, where
from engine.run.module import read_module
from engine.run.request import Asked
from engine.run.trusted import read_rules
from tests.support.clone import Clone, bucket
from tests.support.git import Clone as Git
from tests.support.git import Counted

NOW = "2026-11-23T21:00:00Z"
NOTHING_ASKED = Asked()
TODAY = {"policy": "sha256:p", "module": "sha256:m", "lock_file": None}
BUCKETS = {"S3/lake/lake.tfvars": bucket("acme-lake-development")}


@pytest.fixture
def clone(tmp_path):
    return Clone(tmp_path, {"README.md": "hello"}, BUCKETS)


def local(clone, event=None, asked=NOTHING_ASKED, repository=None, sources=(), event_name=None):
    rules = load(read_rules(data.ROOT), catalog())
    if sources:
        rules = rules._replace(sources=tuple(rules.sources[0]._replace(repo=name) for name in sources))
    known = services.read(read_module(data.path("terraform")))
    repository = repository or Repository(str(clone.directory), path=os.environ["PATH"])
    said = read_event(event or clone.event(), event_name)
    sides = Sides(partial(where, said), said.subject.repo, repository)
    change = Change(sides, said.subject.repo, rules, known, asked=lambda: asked, today=lambda: TODAY)
    return Run(said, change, partial(sides.check_source, rules, asked.source, base_repository(said)), sides.check_head)


class Run:
    """The tellers of a run on a clone."""

    def __init__(self, event, change, check_source, check_head):
        self.change, self.fetchers = change, together(Told(event, change, NOW), change, NOTHING)
        self.check_source, self.check_head = check_source, check_head

    @property
    def discovery(self):
        return self.change.discovery


def gathered(facts, *names):
    return gather(names, facts.fetchers, WITHOUT_GITHUB).document


def test_what_git_knows(clone):
    document = gathered(local(clone), "commits", "files", "now", "pr", "resources", "source")
    assert not document.failed
    facts = document.facts
    assert facts["now"] == NOW
    assert facts["source"] == {"repo": "acme/dev-deployment", "declared": True, "owns": ["**"], "why": None}
    assert facts["files"] == [{"path": "S3/lake/lake.tfvars", "status": "added", "previous_path": None}]
    assert facts["pr"]["head"] == {"ref": "feature", "sha": clone.head, "repo": "acme/dev-deployment"}
    assert facts["pr"]["base"] == {"ref": "dev", "sha": clone.base, "repo": "acme/dev-deployment"}
    assert [r["state_key"] for r in facts["resources"]["resources"]] == ["S3/dev/lake/terraform.tfstate"]


def test_who_made_a_commit_is_unknown_to_git(clone):
    [commit] = gathered(local(clone), "commits").facts["commits"]
    ann, bob = {"email": "ann@example.com"}, {"email": "bob@example.com"}  # and nobody knows whose accounts
    made = {"parents": [clone.base], "merges_base": False}
    assert commit == {"sha": clone.head, "author": ann, "committer": bob, "co_authors": [], **made}


def test_a_commit_that_only_merges_the_base_is_told(clone):
    clone.git("checkout", "-q", "dev")
    clone.base = clone.commit({"README.md": "more"})
    clone.git("checkout", "-q", "feature")
    clone.git("merge", "-q", "--no-edit", "dev")
    before, clone.head = clone.head, clone.git("rev-parse", "HEAD")
    first, second = gathered(local(clone), "commits").facts["commits"]
    assert (first["sha"], first["merges_base"]) == (before, False)
    assert (second["parents"], second["merges_base"]) == ([before, clone.base], True)


@pytest.mark.parametrize("name", ["reviews", "comments", "labels", "checks", "merges", "ledger", "groups"])
def test_what_only_github_knows_has_failed(clone, name):
    assert gathered(local(clone), name).failed == {name: WITHOUT_GITHUB}


def test_what_only_a_store_knows_has_failed_without_one(clone):
    assert "ENGINE_STORE names none" in gathered(local(clone), "freeze").failed["freeze"]


@pytest.mark.parametrize("name", ["verdict", "statements"])
def test_a_clone_keeps_no_verdicts(clone, name):
    assert gathered(local(clone), name).absent == {name: "a clone keeps none"}


TAGGED = bucket("acme-lake-development")
OLDER = {"S3/lake/lake.tfvars": TAGGED + "\n" * 8 + "# kept\n"}


def both_changed(directory, theirs, ours):
    """Both sides began with one file, and each has changed it."""
    clone = Clone(directory, OLDER, {"S3/lake/lake.tfvars": ours})
    clone.git("checkout", "-q", "dev")
    clone.commit({"S3/lake/lake.tfvars": theirs})
    return clone


def test_what_is_planned_is_the_merge_and_not_the_head(tmp_path):
    """Else a change would stay unplanned for ever once the base has touched the same resource."""
    ours = OLDER["S3/lake/lake.tfvars"].replace("# kept", "# ours")
    clone = both_changed(tmp_path, "# theirs\n" + OLDER["S3/lake/lake.tfvars"], ours)
    facts = local(clone)
    document = gathered(facts, "resources", "merge", "files", "commits")
    [resource] = document.facts["resources"]["resources"]
    assert document.facts["merge"] == {"clean": True, "trees": {"S3/lake": resource["tree"]}}
    [planned] = facts.discovery.resources
    assert planned.tree == resource["tree"]
    assert len(document.facts["commits"]) == 1  # it is still the head's own work that somebody has to approve
    clone.git("merge", "-q", "--no-edit", "feature")
    merged = clone.git("rev-parse", "dev")
    again = gathered(local(clone, clone.event(merged=True, merge_commit_sha=merged)), "merge", "resources").facts
    assert again["merge"] == document.facts["merge"], "what was merged is what was judged"
    assert again["resources"] == document.facts["resources"]


def test_a_conflict_has_no_resources_and_names_its_paths(tmp_path):
    clone = both_changed(tmp_path, OLDER["S3/lake/lake.tfvars"] + "# one\n", OLDER["S3/lake/lake.tfvars"] + "# two\n")
    document = gathered(local(clone), "resources", "merge", "files")
    assert document.facts["merge"] == {"clean": False, "trees": {}}
    assert (
        "merging `feature` into `dev` as it is now is a conflict: S3/lake/lake.tfvars" in document.failed["resources"]
    )
    assert "merge `dev` into `feature`" in document.failed["resources"]
    assert document.facts["files"]


@pytest.mark.parametrize(
    ("why", "sha", "says"),
    [
        ("the event does not say as what", None, "merge_commit_sha"),
        ("a commit that is not on the base branch", "feature", "which is not on `dev`"),
        ("a commit that nobody knows", "1" * 40, "which is not on `dev`"),
    ],
)
def test_a_merge_that_cannot_be_found(clone, why, sha, says):
    name = clone.head if sha == "feature" else sha
    document = gathered(local(clone, clone.event(merged=True, merge_commit_sha=name)), "resources", "merge")
    assert set(document.failed) == {"resources", "merge"}, why
    assert all(says in text for text in document.failed.values()), why


def test_what_a_verdict_would_be_made_with_today_goes_with_the_rules(clone):
    rules = gathered(local(clone), "rules").facts["rules"]
    assert {name: rules[name] for name in TODAY} == TODAY
    assert rules["environments"]["development"]["branch"] == "dev"


def dispatch(clone):
    return {
        "version": 1,
        "source_repo": "acme/dev-deployment",
        "action": "opened",
        "pr_number": 7,
        "head_sha": clone.head,
        "head_ref": "feature",
        "base_ref": "dev",
    }


def test_an_event_that_does_not_say_enough_is_not_filled_up(clone):
    document = gathered(local(clone, json.dumps(dispatch(clone)).encode()), "pr", "resources")
    assert "see `title` in the event: it is missing" in document.failed["pr"]
    assert "resources" in document.facts


def test_a_head_that_has_moved_on_is_superseded(clone):
    event = clone.event()
    now = clone.commit({"S3/lake/lake.tfvars": bucket("acme-other-development")})
    with pytest.raises(EngineError, match=f"moved on from .* to {now[:12]}") as caught:
        local(clone, event).check_head()
    assert caught.value.exit_code is ExitCode.STALE


def test_all_at_once_is_what_one_after_the_other_is(clone, tmp_path):
    """Whoever comes first, git is asked what it is asked by one thread, and no more."""
    names = ["commits", "files", "merge", "pr", "resources", "rules", "source"]
    counted = [Counted(tmp_path / name) for name in ("one", "all")]
    facts = [local(clone, repository=Repository(clone.directory, path=git.path)) for git in counted]
    one_by_one = {name: gathered(facts[0], name).facts[name] for name in names}
    assert dict(gathered(facts[1], *names).facts) == one_by_one
    assert counted[1].started == counted[0].started


def test_a_clone_without_the_branch_cannot_tell_and_goes_by_the_commit(clone):
    clone.git("switch", "-q", "--detach")
    clone.git("branch", "-qD", "feature")
    local(clone).check_head()


def cloned(clone, directory, *words):
    """A clone of the clone."""
    git = Git(directory.parent / "elsewhere")
    git.git("clone", "-q", *words, f"file://{clone.directory}", os.fspath(directory))
    return Repository(os.fspath(directory), path=os.environ["PATH"])


def base(repository, clone, **changes):
    """What the facts say of the base; or why they do not."""
    event = clone.event(base={"ref": "dev", "repo": {"full_name": "acme/dev-deployment"}, **changes})
    document = gathered(local(clone, event, repository=repository), "pr")
    return document.facts["pr"]["base"]["sha"] if "pr" in document.facts else document.failed["pr"]


def test_the_base_is_the_branch_of_the_origin_and_no_old_one_of_ours(clone, tmp_path):
    repository = cloned(clone, tmp_path / "work")
    work = Git(tmp_path / "work")
    work.git("branch", "-f", "dev", "origin/feature")  # somebody's own `dev`
    assert base(repository, clone) == clone.base
    work.git("update-ref", "-d", "refs/remotes/origin/dev")
    repository = Repository(work.directory, path=os.environ["PATH"])
    assert "git fetch origin +refs/heads/dev:refs/remotes/origin/dev" in failed(repository, clone)
    assert "this clone does not say where `dev` is" in base(repository, clone)


def failed(repository, clone):
    with pytest.raises(EngineError) as caught:
        _ = local(clone, repository=repository).discovery
    return str(caught.value)


def test_in_a_mirror_the_base_is_the_branch_itself(clone, tmp_path):
    assert base(cloned(clone, tmp_path / "mirror", "--mirror"), clone) == clone.base


def test_a_single_branch_proves_no_base(clone, tmp_path):
    one = cloned(clone, tmp_path / "one", "--single-branch", "--branch", "feature")
    for sha in (clone.base, clone.head):
        assert "this clone does not say where `dev` is" in base(one, clone, sha=sha)


def test_a_tag_of_the_base_is_ambiguous(clone):
    clone.git("tag", "dev", "feature")
    said = base(clone.open(), clone)
    assert said.startswith("`dev` may be any of refs/heads/dev, refs/tags/dev (delete the tag in this clone")


@pytest.mark.parametrize(
    ("why", "sha", "said"),
    [
        ("the tip", "{base}", None),
        ("an ancestor of it", "{older}", None),
        ("the head, so that nothing would be judged", "{head}", "is not on `dev`"),
        ("a commit that is not here", "1" * 40, "is not on `dev`"),
        ("another revision", "{head}~1", "expected a full commit sha"),
        ("the beginning of an id", "{base:.12}", "expected a full commit sha"),
        ("a branch", "dev", "expected a full commit sha"),
        ("a number", 1234, "expected a full commit sha"),
        ("a fraction", 1.5, "expected a full commit sha"),
        ("nothing", None, "expected a full commit sha"),
        ("a list", ["dev"], "expected a full commit sha"),
    ],
)
def test_the_event_does_not_choose_the_base(tmp_path, why, sha, said):
    clone = Clone(tmp_path, {"README.md": "hello"}, BUCKETS)
    clone.git("switch", "-q", "dev")
    older, clone.base = clone.base, clone.commit({"README.md": "more"})
    if isinstance(sha, str):
        sha = sha.format(base=clone.base, head=clone.head, older=older)
    found = base(clone.open(), clone, sha=sha)
    assert found == clone.base if said is None else said in found, why


def test_the_base_is_where_the_branch_is_now(clone):
    clone.git("switch", "-q", "dev")
    moved = clone.commit({"README.md": "more"})
    assert gathered(local(clone), "pr").facts["pr"]["base"]["sha"] == moved


def test_an_undeclared_repository_has_no_resources(clone):
    event = clone.event().replace(b"acme/dev-deployment", b"evil/fork")
    document = gathered(local(clone, event), "source", "resources")
    assert document.facts["source"]["declared"] is False
    assert "resources" in document.failed


REPOSITORY = {"full_name": "acme/dev-deployment"}
OTHERS: list[tuple[str, dict[str, Any]]] = [
    ("push", {"ref": "refs/heads/feature", "before": "a" * 40, "after": "b" * 40, "deleted": False}),
    ("issue_comment", {"action": "created", "issue": {"number": 7, "pull_request": {}}, "comment": {}}),
    ("check_run", {"action": "completed", "check_run": {"head_sha": "a" * 40, "pull_requests": [{"number": 7}]}}),
    ("workflow_dispatch", {"ref": "refs/heads/main", "inputs": {"source_repo": "acme/dev-deployment", "pr_number": 7}}),
    ("schedule", {"schedule": "0 * * * *"}),
]


@pytest.mark.parametrize(("name", "payload"), OTHERS)
def test_what_another_event_does_not_say_has_failed_and_the_rest_is_told(clone, name, payload):
    facts = local(clone, json.dumps({**payload, "repository": REPOSITORY}).encode(), event_name=name)
    facts.check_head()  # where it was seen, nobody has said
    document = gathered(facts, "pr", "resources", "merge", "source", "now", "rules")
    assert set(document.failed) == {"pr", "resources", "merge"}
    assert all("does not say what is to be merged into what (run it where" in said for said in document.failed.values())
    assert document.facts["source"]["declared"] is True


def test_the_branch_of_a_push_is_where_it_is_now(clone):
    push = {"ref": "refs/heads/feature", "before": "a" * 40, "after": "b" * 40, "deleted": False}
    for ref, expected in (("feature", clone.head), ("gone", None)):
        body = json.dumps({**push, "ref": f"refs/heads/{ref}", "repository": REPOSITORY}).encode()
        document = gathered(local(clone, body, event_name="push"), "ref")
        assert document.facts["ref"] == {"name": f"refs/heads/{ref}", "branch": ref, "sha": expected}
    assert "is about no branch" in gathered(local(clone), "ref").failed["ref"]


def test_a_dispatch_without_github_is_refused_at_once(clone):
    """It only says where to look, and nobody can look there."""
    with pytest.raises(EngineError, match="ENG553"):
        check(read_event(json.dumps(dispatch(clone)).encode()))
    check(read_event(clone.event()))


def test_each_fact_has_one_teller(clone):
    change = local(clone).change
    with pytest.raises(AssertionError, match="two tellers of"):
        together(change, change)


def test_an_unknown_commit_is_a_failed_lookup(clone):
    event = clone.event(head={"ref": "elsewhere", "sha": "0" * 39 + "1", "repo": None})
    assert "resources" in gathered(local(clone, event), "resources").failed


ONE, TWO = ("acme/dev-deployment",), ("acme/dev-deployment", "acme/queues")
KELVIN = "git@github.com:acme/\u212aueues.git"  # its lower case is a `k`


@pytest.mark.parametrize(
    ("why", "origin", "source", "sources", "said"),
    [
        ("the origin agrees", "git@github.com:acme/dev-deployment.git", None, TWO, None),
        ("in another case", "https://github.com/Acme/DEV-Deployment", None, TWO, None),
        ("another origin", "git@github.com:acme/queues.git", None, TWO, "the origin of this clone is acme/queues"),
        ("another one that is not declared", "https://github.com/eve/dev-deployment", None, ONE, "is eve/dev-deploy"),
        ("another one, whatever is said", "git@github.com:acme/queues.git", ONE[0], TWO, "is acme/queues"),
        ("a path of another source", "/srv/acme/queues.git", None, TWO, "the origin of this clone is acme/queues"),
        ("a path that says nothing", "/srv/mirror", None, ONE, None),
        ("the same, where there is a choice", "/srv/mirror", None, TWO, "nothing else says so"),
        ("the same, and it is said", "/srv/mirror", "acme/Dev-Deployment", TWO, None),
        ("no origin", None, None, ONE, None),
        ("no origin, where there is a choice", None, None, TWO, "nothing else says so"),
        ("no origin, and it is said", None, "acme/dev-deployment", TWO, None),
        ("another one is said", None, "acme/queues", TWO, "--source says acme/queues"),
        ("a sign that only looks like a letter", KELVIN, None, ONE, "the origin of this clone"),
    ],
)
def test_the_clone_is_of_the_repository_of_the_event(clone, why, origin, source, sources, said):
    if origin:
        clone.git("remote", "add", "origin", origin)
    facts = local(clone, asked=Asked(source=source), sources=sources)
    if said is None:
        facts.check_source()
        return
    with pytest.raises(EngineError, match="ENG366") as caught:
        facts.check_source()
    assert said in str(caught.value), why


def test_a_pull_request_of_another_repository_than_its_event(clone):
    event = clone.event(base={"ref": "dev", "sha": clone.base, "repo": {"full_name": "acme/queues"}})
    with pytest.raises(EngineError, match="its pull request is of acme/queues"):
        local(clone, event).check_source()


def test_names_are_compared_without_case_and_spelt_as_declared(clone):
    event = clone.event().replace(b"acme/dev-deployment", b"ACME/Dev-Deployment")
    facts = gathered(local(clone, event), "source", "pr", "resources").facts
    assert (
        facts["source"]["repo"] == facts["pr"]["head"]["repo"] == facts["pr"]["base"]["repo"] == "acme/dev-deployment"
    )
    assert facts["source"]["declared"] is True
    assert facts["resources"]["resources"]


UNTOLD: list[object] = [
    None,
    {},
    {"full_name": None},
    {"full_name": 7},
    {"full_name": "x"},
    "acme/dev-deployment",
    7,
    [],
]


@pytest.mark.parametrize("repo", UNTOLD)
def test_a_head_of_an_unknown_repository_is_not_of_ours(clone, repo):
    event = clone.event(head={"ref": "feature", "sha": clone.head, "repo": repo})
    facts = local(clone, event)
    facts.check_head()
    assert gathered(facts, "pr").facts["pr"]["head"]["repo"] is None


@pytest.mark.parametrize("repo", [*UNTOLD, {"full_name": "eve/dev-deployment"}])
def test_a_head_that_is_said_to_be_elsewhere_does_not_escape_the_look_at_its_branch(clone, repo):
    event = clone.event(head={"ref": "feature", "sha": clone.head, "repo": repo})
    now = clone.commit({"README.md": "moved on"})
    facts = local(clone, event)
    facts.check_head()  # nobody can tell
    assert "this clone cannot tell whether it is still at" in gathered(facts, "resources").failed["resources"]
    clone.git("update-ref", "refs/pull/7/head", now)
    with pytest.raises(EngineError, match="ENG552"):
        local(clone, event).check_head()
    clone.git("update-ref", "refs/pull/7/head", clone.head)
    assert "resources" in gathered(local(clone, event), "resources").facts


def test_a_deleted_fork_whose_branch_is_called_like_the_base(clone):
    clone.git("update-ref", "refs/pull/7/head", clone.head)
    event = clone.event(head={"ref": "dev", "sha": clone.head, "repo": None})
    facts = local(clone, event)
    facts.check_head()
    assert gathered(facts, "pr").facts["pr"]["head"] == {"ref": "dev", "sha": clone.head, "repo": None}


@pytest.mark.parametrize("ref", ["refs/pull/7/head", "refs/remotes/pull/7/head"])
def test_a_head_that_was_fetched_as_the_pull_request(clone, ref):
    """What a mirror has, and what a CI job can fetch of a fork."""
    clone.git("update-ref", ref, clone.head)
    event = clone.event(head={"ref": "theirs", "sha": clone.head, "repo": {"full_name": "eve/dev-deployment"}})
    assert gathered(local(clone, event), "resources").facts["resources"]["resources"]


def test_a_head_in_the_trial_merge_of_a_ci_job(clone):
    merge = clone.git("commit-tree", f"{clone.head}^{{tree}}", "-p", clone.base, "-p", clone.head, "-m", "trial")
    clone.git("update-ref", "refs/remotes/pull/7/merge", merge.strip())
    event = clone.event(head={"ref": "theirs", "sha": clone.head, "repo": {"full_name": "eve/dev-deployment"}})
    facts = local(clone, event)
    facts.check_head()
    assert gathered(facts, "resources").facts["resources"]["resources"]
    older = local(clone, clone.event(head={"ref": "theirs", "sha": clone.base, "repo": None}))
    with pytest.raises(EngineError, match="ENG552"):
        older.check_head()
