"""Merges: the commits that plain git would make, said as GitHub says them, and what is refused."""

import json
import os
import subprocess

import pytest

from engine.sandbox.forge.answer import dump
from engine.sandbox.forge.git import pushes
from engine.sandbox.forge.git.bare import Person
from engine.sandbox.forge.tracker import merging


def git(place, *arguments, cwd=None):
    path = os.path.abspath(place.store.path)
    names = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in _ANN.items()}
    done = subprocess.run(
        ["git", *([] if cwd else [f"--git-dir={path}"]), *arguments],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", **names},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout.strip()


_ANN = {"NAME": "Ann", "EMAIL": "ann@example.com"}


def cloned(place, tmp_path, branch="main"):
    folder = str(tmp_path / "clone")
    subprocess.run(["git", "clone", "-q", "-b", branch, place.store.path, folder], check=True, timeout=60)
    return folder


def merge(as_, place, number, by="bob", **body):
    return as_(by)("PUT", f"{place.api}/pulls/{number}/merge", body)


@pytest.fixture
def two_commits(place, open_):
    """`feature` with commits of alice and carol; `main` has moved on since. Its number."""
    place.add("feature", {"x.txt": "x\n"}, onto=place.tip("main"), message="Add x\n\nBecause.\n")
    place.add("feature", {"a.txt": "one\n2\n3\n4\n5\n6\n7\n8\n"}, message="Change a", by="carol")
    number = open_("feature")
    place.add("main", {"a.txt": "1\n2\n3\n4\n5\n6\n7\neight\n"}, message="Meanwhile", by="bob")
    return number


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_the_tree_is_the_one_that_git_makes(place, two_commits, as_, tmp_path, method):
    folder = cloned(place, tmp_path)
    base = place.tip("main")
    if method == "rebase":
        git(place, "checkout", "-q", "-B", "work", "origin/feature", cwd=folder)
        git(place, "rebase", "-q", "origin/main", cwd=folder)
    else:
        git(place, "merge", "-q", *(["--squash"] if method == "squash" else ["--no-ff"]), "origin/feature", cwd=folder)
    wanted = git(place, "write-tree", cwd=folder)
    answer = merge(as_, place, two_commits, merge_method=method)
    assert (answer.status, answer.body["merged"]) == (200, True)
    made = place.store.commit(place.tip("main"))
    assert answer.body["sha"] == made.sha
    assert made.tree == wanted
    shown = as_("bob")("GET", f"{place.api}/pulls/{two_commits}").body
    assert (shown["state"], shown["merged"], shown["merge_commit_sha"]) == ("closed", True, made.sha)
    assert (shown["merged_by"]["login"], shown["base"]["sha"]) == ("bob", base)
    assert as_("bob")("GET", f"{place.api}/pulls/{two_commits}/merge").status == 204
    assert git(place, "fsck", "--strict", "--no-dangling") == ""


def test_a_merge_says_what_github_s_says(place, two_commits, as_):
    base, head = place.tip("main"), place.tip("feature")
    merge(as_, place, two_commits)
    made = place.store.commit(place.tip("main"))
    assert made.parents == (base, head)
    assert made.message == f"Merge pull request #{two_commits} from acme/feature\n\nAdd feature"
    assert made.author[:2] == ("Bob", "bob@example.com")
    assert made.committer[:2] == ("GitHub", "noreply@github.com")


def test_a_squash_of_several_lists_them_and_their_authors(place, two_commits, as_):
    base = place.tip("main")
    merge(as_, place, two_commits, merge_method="squash")
    made = place.store.commit(place.tip("main"))
    assert made.parents == (base,)
    assert made.message == (
        f"Add feature (#{two_commits})\n\n* Add x\n\nBecause.\n\n* Change a\n\n---------\n\n"
        "Co-authored-by: Carol <carol@example.com>"
    )
    assert made.author[:2] == ("Alice", "alice@example.com")
    assert made.committer[:2] == ("GitHub", "noreply@github.com")


def test_a_squash_of_one_takes_its_own_words(place, open_, as_):
    place.add("feature", {"x.txt": "x\n"}, onto=place.tip("main"), message="Add x\n\nBecause.\n")
    number = open_("feature")
    merge(as_, place, number, merge_method="squash")
    assert place.store.commit(place.tip("main")).message == f"Add x (#{number})\n\nBecause."


@pytest.mark.parametrize("method", ["merge", "squash"])
def test_words_that_are_given_are_taken_as_they_are(place, two_commits, as_, method):
    merge(as_, place, two_commits, merge_method=method, commit_title="Title", commit_message="Line\n\nRun: 7")
    assert place.store.commit(place.tip("main")).message == "Title\n\nLine\n\nRun: 7"


def test_a_message_that_is_empty_stays_empty(place, two_commits, as_):
    merge(as_, place, two_commits, merge_method="squash", commit_title="Title", commit_message="")
    assert place.store.commit(place.tip("main")).message == "Title"


def test_a_rebase_keeps_authors_and_messages_and_leaves_out_what_is_there_already(place, two_commits, as_):
    place.add("main", {"x.txt": "x\n"}, message="The same x", by="bob")
    base = place.tip("main")
    merge(as_, place, two_commits, merge_method="rebase")
    (made,) = place.store.log(place.tip("main"), base)
    assert made.message.strip() == "Change a"
    assert made.author[:2] == ("Carol", "carol@example.com")
    assert made.committer[:2] == ("Bob", "bob@example.com")


def test_a_squash_of_nothing_is_an_empty_commit(place, open_, as_):
    place.add("feature", {"x.txt": "x\n"}, onto=place.tip("main"))
    number = open_("feature")
    place.add("main", {"x.txt": "x\n"}, by="bob")
    base = place.store.commit(place.tip("main"))
    assert merge(as_, place, number, merge_method="squash").status == 200
    made = place.store.commit(place.tip("main"))
    assert (made.parents, made.tree) == ((base.sha,), base.tree)


def test_a_rebase_of_nothing_is_refused(place, open_, as_):
    place.add("feature", {"x.txt": "x\n"}, onto=place.tip("main"))
    number = open_("feature")
    place.add("main", {"x.txt": "x\n"}, by="bob")
    assert merge(as_, place, number, merge_method="rebase").status == 405


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_a_conflict_is_refused(place, open_, as_, method):
    number = open_("feature", {"a.txt": "mine\n"})
    place.add("main", {"a.txt": "theirs\n"}, by="bob")
    before = place.tip("main")
    answer = merge(as_, place, number, merge_method=method)
    said = "This branch can't be rebased" if method == "rebase" else "Pull Request is not mergeable"
    assert (answer.status, answer.body["message"]) == (405, said)
    assert place.tip("main") == before
    assert place.row(number)["state"] == "open"


def test_a_head_that_is_not_the_expected_one(place, open_, as_):
    number = open_("feature")
    seen = place.tip("feature")
    place.add("feature", {"more.txt": "x\n"})
    answer = merge(as_, place, number, sha=seen)
    assert (answer.status, answer.body["message"]) == (
        409,
        "Head branch was modified. Review and try the merge again.",
    )
    assert merge(as_, place, number, sha=place.tip("feature")).status == 200


def test_what_is_no_longer_open_or_not_yet_ready_is_refused(place, open_, as_):
    merged, closed, draft = open_("merged"), open_("closed"), open_("draft", draft=True)
    assert merge(as_, place, merged).status == 200
    as_("alice")("PATCH", f"{place.api}/pulls/{closed}", {"state": "closed"})
    before = place.tip("main")
    for number, said in (
        (merged, "Pull Request is not mergeable"),
        (closed, "Pull Request is not mergeable"),
        (draft, "Pull Request is still a draft"),
    ):
        answer = merge(as_, place, number)
        assert (answer.status, answer.body["message"]) == (405, said)
    assert place.tip("main") == before
    assert as_("bob")("GET", f"{place.api}/pulls/{closed}/merge").status == 404


def test_a_way_that_the_repository_does_not_allow(place, open_, as_):
    number = open_("feature")
    place.forge.kept.update("repositories", place.repository["id"], merge_methods="squash")
    answer = merge(as_, place, number)
    assert (answer.status, answer.body["message"]) == (405, "Merge commits are not allowed on this repository.")
    assert merge(as_, place, number, merge_method="squash").status == 200


@pytest.mark.off_contract
def test_a_way_that_is_none(place, open_, as_):
    assert merge(as_, place, open_("feature"), merge_method="octopus").status == 422


def protect(place, *rules, bypass=()):
    now = place.forge.now()
    place.forge.kept.insert(
        "rulesets",
        repository=place.repository["id"],
        name="main",
        include_json=dump(["refs/heads/main"]),
        rules_json=dump(list(rules)),
        bypass_json=dump(list(bypass)),
        created_at=now,
        updated_at=now,
    )


CHECK = {"required_status_checks": [{"context": "interlock merge: main"}]}


def test_required_checks_and_reviews_hold_a_merge_back(place, open_, as_):
    number = open_("feature")
    protect(
        place,
        {"type": "required_status_checks", "parameters": CHECK},
        {"type": "pull_request", "parameters": {"required_approving_review_count": 1}},
    )
    answer = merge(as_, place, number)
    assert answer.status == 405
    assert answer.body["message"].startswith("Repository rule violations found")
    assert "interlock merge: main" in answer.body["message"]
    as_("bob")("GET", f"{place.api}/pulls/{number}")
    assert as_("bob")("GET", f"{place.api}/pulls/{number}").body["mergeable_state"] == "blocked"
    now = place.forge.now()
    place.forge.kept.insert(
        "statuses",
        repository=place.repository["id"],
        sha=place.tip("feature"),
        state="success",
        context="interlock merge: main",
        created_at=now,
    )
    assert "approving review" in merge(as_, place, number).body["message"]
    as_("oscar")("POST", f"{place.api}/pulls/{number}/reviews", {"event": "APPROVE"})
    assert "approving review" in merge(as_, place, number).body["message"], "a reader's approval is none"
    as_("carol")("POST", f"{place.api}/pulls/{number}/reviews", {"event": "APPROVE"})
    assert merge(as_, place, number).status == 200


def test_who_may_bypass_merges_anyway(place, open_, as_):
    number = open_("feature")
    actor = {"actor_id": place.account("bob"), "actor_type": "User", "bypass_mode": "always"}
    protect(place, {"type": "required_status_checks", "parameters": CHECK}, bypass=[actor])
    assert merge(as_, place, number, by="ann").status == 405
    assert merge(as_, place, number, by="bob").status == 200


def test_what_is_told_of_a_merge(place, two_commits, as_):
    place.told.clear()
    answer = merge(as_, place, two_commits)
    assert [(t.event, t.action) for t in place.told] == [("pull_request", "closed"), ("push", None)]
    closed, push = place.told
    assert closed.body["pull_request"]["merged"] is True
    assert closed.body["pull_request"]["merge_commit_sha"] == answer.body["sha"] == push.body["after"]
    assert closed.sender == push.sender == place.account("bob")
    assert place.events(two_commits)[-2:] == ["merged", "closed"]
    activity = place.forge.kept.row("SELECT * FROM activity ORDER BY id DESC")
    assert (activity["kind"], activity["after"]) == ("pr_merge", answer.body["sha"])


def test_the_numbers_of_a_merged_one_stay(place, two_commits, as_):
    merge(as_, place, two_commits)
    place.add("main", {"later.txt": "x\n"}, by="bob")
    shown = as_("bob")("GET", f"{place.api}/pulls/{two_commits}").body
    assert [shown[key] for key in ("commits", "additions", "deletions", "changed_files")] == [2, 2, 1, 2]
    assert (shown["mergeable"], shown["mergeable_state"]) == (None, "unknown")
    files = as_("bob")("GET", f"{place.api}/pulls/{two_commits}/files").body
    assert [each["filename"] for each in files] == ["a.txt", "x.txt"]
    assert len(as_("bob")("GET", f"{place.api}/pulls/{two_commits}/commits").body) == 2


def test_a_merge_that_was_killed_between_git_and_the_rows_is_finished(place, open_):
    number = open_("feature")
    base, head = place.tip("main"), place.tip("feature")
    who = Person("GitHub", "noreply@github.com", place.forge.now())
    made = place.store.write_commit(place.store.commit(head).tree, (base,), "squashed", who, who)
    begun = {"actor": place.account("bob"), "app": None, "before": base}
    place.forge.set_setting(f"merging:{place.row(number)['id']}:{made}:1", json.dumps(begun))
    place.store.update("refs/heads/main", made, base)
    place.told.clear()
    for _ in range(2):
        merging.recover(place.forge)
    row = place.row(number)
    assert (row["merged"], row["merge_commit_sha"], row["merged_by"]) == (1, made, place.account("bob"))
    assert [each.event for each in place.told] == ["pull_request", "push"]


def test_a_merge_that_was_killed_before_git_is_forgotten(place, open_):
    number = open_("feature")
    base = place.tip("main")
    made = place.write(base, {"x.txt": "x\n"})
    begun = {"actor": place.account("bob"), "app": None, "before": base}
    place.forge.set_setting(f"merging:{place.row(number)['id']}:{made}:1", json.dumps(begun))
    merging.recover(place.forge)
    assert place.row(number)["state"] == "open"
    assert not place.forge.kept.rows("SELECT * FROM settings WHERE name LIKE 'merging:%'")


def update(as_, place, number, by="alice", **body):
    return as_(by)("PUT", f"{place.api}/pulls/{number}/update-branch", body)


def test_an_update_that_was_killed_before_it_was_told_of_is_finished(place, open_, monkeypatch):
    number = open_("feature")
    place.add("main", {"later.txt": "x\n"}, by="bob")
    before, row = place.tip("feature"), place.row(number)

    def killed(*_, **__):
        raise RuntimeError("as if by kill -9")

    with monkeypatch.context() as patch:
        patch.setattr(pushes, "moved", killed)
        with pytest.raises(RuntimeError):
            merging.update_branch(place.forge, place.viewer("alice"), row)
    assert place.row(number)["head_sha"] == before != place.tip("feature")
    pushes.recover(place.forge)
    assert place.row(number)["head_sha"] == place.tip("feature")
    told = place.forge.kept.row("SELECT * FROM activity ORDER BY id DESC")
    assert (told["actor"], told["before"], told["after"]) == (place.account("alice"), before, place.tip("feature"))
    assert not place.forge.kept.rows("SELECT * FROM moves")


def test_the_branch_is_brought_up_to_date(place, open_, as_):
    number = open_("feature")
    base = place.add("main", {"later.txt": "x\n"}, by="bob")
    head = place.tip("feature")
    place.told.clear()
    answer = update(as_, place, number, expected_head_sha=head)
    assert answer.status == 202
    made = place.store.commit(place.tip("feature"))
    assert made.parents == (head, base)
    assert made.message == "Merge branch 'main' into feature"
    assert [(t.event, t.action) for t in place.told] == [("push", None), ("pull_request", "synchronize")]
    shown = as_("bob")("GET", f"{place.api}/pulls/{number}").body
    assert (shown["head"]["sha"], shown["commits"], shown["changed_files"]) == (made.sha, 2, 1)


def test_what_cannot_be_brought_up_to_date(place, open_, as_):
    number, conflict = open_("feature"), open_("conflict", {"a.txt": "mine\n"})
    assert "no new commits" in update(as_, place, number).body["message"]
    place.add("main", {"a.txt": "theirs\n"}, by="bob")
    for why, answer in (
        ("another head", update(as_, place, number, expected_head_sha=place.tip("main"))),
        ("a conflict", update(as_, place, conflict)),
    ):
        assert answer.status == 422, why
    assert update(as_, place, number, by="oscar").status == 403
    as_("alice")("PATCH", f"{place.api}/pulls/{number}", {"state": "closed"})
    assert update(as_, place, number).status == 422


def test_a_merge_that_breaks_between_git_and_the_rows_is_finished_later(place, open_, monkeypatch):
    from engine.sandbox.forge.tracker import states

    number = open_("feature")
    with monkeypatch.context() as broken:
        broken.setattr(states, "merged", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            merging.merge(place.forge, place.viewer("bob"), place.row(number))
    assert place.row(number)["state"] == "open"
    merging.recover(place.forge)
    assert (place.row(number)["merged"], place.row(number)["merge_commit_sha"]) == (1, place.tip("main"))
