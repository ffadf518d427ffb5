"""Looking at the sandbox's GitHub, as the App: all that happens to a pull request, whole, by few requests."""

from typing import Any

import pytest

from engine.adapters.github import queries
from engine.adapters.github.port import Branch, Brief, Check, Dismissal, Person, Stated
from engine.errors import EngineError
from engine.sandbox.forge.checks import statuses
from engine.sandbox.forge.git.bare import Person as Author
from engine.sandbox.forge.git.bare import bare
from engine.sandbox.forge.git.pushes import move
from engine.sandbox.forge.people import accounts, organizations
from engine.sandbox.forge.tracker import comments, labels, merging, pulls, reviews, rows, states, trial
from tests.support import forge_scene

ALL: Any = tuple(queries.LISTS)


def person(scene, login):
    bot = login.endswith("[bot]")
    return Person(forge_scene.account(scene.forge, login), login.removesuffix("[bot]"), bot)


def look(scene: Any, *parts: Any, permissions: Any = ()) -> tuple[Any, int]:
    github = scene.github(*permissions)
    return github.pull(scene.repo, scene.number, parts or ALL), github.calls - 2


def review(scene, login, event, body=None):
    return reviews.submit(scene.forge, scene.as_(login), scene.row, scene.pull, event, body)


def test_one_that_was_just_opened(scene):
    seen, calls = look(scene)
    pull = scene.pull
    head = Branch(scene.branch, pull["head_sha"], scene.repo)
    dev = bare(scene.forge, scene.row["id"]).resolve("refs/heads/dev")
    assert (seen.head, seen.base) == (head, Branch("dev", dev, scene.repo))
    assert (seen.number, seen.state, seen.draft, seen.merged, seen.merged_by, seen.merge_commit) == (
        scene.number, "open", False, False, None, None,
    )  # fmt: skip
    assert (seen.author, seen.title, seen.body) == (person(scene, "alice"), "Change", "Why.")
    assert (seen.repo_id, seen.me) == (scene.row["id"], "interlock[bot]")
    assert seen.commit_count == 1
    assert [commit.sha for commit in seen.commits] == [pull["head_sha"]]
    empty = {part: getattr(seen, part) for part in ALL if part != "commits"}
    assert empty == dict.fromkeys(empty, ())
    assert calls == 1


def test_reviews_and_what_became_of_them(scene):
    first = review(scene, "ann", "APPROVE")
    asked = review(scene, "bob", "REQUEST_CHANGES", "No.")
    review(scene, "oscar", "COMMENT", "Hm.")
    pending = reviews.submit(scene.forge, scene.as_("carol"), scene.row, scene.pull, None, "Not yet.")
    olga = scene.as_("olga")
    row = reviews.review_of(scene.forge, olga, scene.pull["id"], asked)
    reviews.dismiss(scene.forge, olga, scene.row, row, "Since")
    reviews.update(scene.forge, scene.as_("ann"), scene.row, reviews.review_row(scene.forge, first), "Yes!")
    seen, _ = look(scene, "reviews", "dismissals")
    assert [(one.id, one.user, one.state, one.edited, one.body) for one in seen.reviews] == [
        (first, person(scene, "ann"), "APPROVED", True, "Yes!"),
        (asked, person(scene, "bob"), "DISMISSED", False, "No."),
        (seen.reviews[2].id, person(scene, "oscar"), "COMMENTED", False, "Hm."),
    ]
    assert pending not in [one.id for one in seen.reviews]
    assert {one.commit for one in seen.reviews} == {scene.pull["head_sha"]}
    (gone,) = seen.dismissals
    assert gone == Dismissal(asked, "CHANGES_REQUESTED", person(scene, "olga"), gone.when)
    assert seen.comments is None


def test_comments_that_were_edited_or_hidden(scene):
    theirs = comments.comment(scene.forge, scene.as_("ann"), scene.row, scene.pull, "OVERRIDE: now")
    row = comments.comment_of(scene.forge, scene.row["id"], theirs)
    comments.edit_comment(scene.forge, scene.as_("olga"), scene.row, row, "OVERRIDE: never")
    ours = scene.github().comment(scene.repo, scene.number, "Ours", instead_of=None)
    comments.minimize(
        scene.forge, scene.as_("ann"), scene.row, comments.comment_of(scene.forge, scene.row["id"], ours), "OUTDATED"
    )
    seen, _ = look(scene, "comments")
    one, other = seen.comments
    assert (one.id, one.user, one.body) == (theirs, person(scene, "ann"), "OVERRIDE: never")
    assert (one.edited_at is not None, one.minimised) == (True, False)
    assert (other.id, other.user) == (ours, person(scene, "interlock[bot]"))
    assert (other.edited_at, other.minimised) == (None, True)


def test_labels_checks_and_retargets(scene):
    labels.add_labels(scene.forge, scene.as_("ann"), scene.row, scene.pull, ["b", "a"])
    sha, github = scene.pull["head_sha"], scene.github()
    body = {"name": "interlock plan: dev", "external_id": "1:1:x", "output": {"title": "T", "summary": "S"}}
    github.check(scene.repo, sha, [{**body, "status": "completed", "conclusion": "failure"}])
    github.check(scene.repo, sha, [{**body, "status": "in_progress"}])
    statuses.create(scene.forge, scene.as_("bob"), scene.row, sha, {"state": "error", "context": "ci"})
    statuses.create(scene.forge, scene.as_("bob"), scene.row, sha, {"state": "pending", "context": "ci"})
    pulls.edit(scene.forge, scene.as_("ann"), scene.row, scene.pull, {"base": "stage"})
    seen, _ = look(scene, "labels", "checks", "retargets")
    assert sorted(seen.labels) == ["a", "b"]
    assert sorted(seen.checks) == [
        Check("ci", "in_progress", None, None, ""),
        Check("interlock plan: dev", "in_progress", None, 1, "1:1:x"),
    ]
    (moved,) = seen.retargets
    assert (moved.before, moved.after, moved.by) == ("dev", "stage", person(scene, "ann"))


def test_who_made_the_commits(scene):
    store = bare(scene.forge, scene.row["id"])
    before = scene.pull["head_sha"]
    who = Author("Somebody", "nobody@elsewhere.example", scene.forge.now())
    text = "Two\n\nCo-authored-by: Bob <bob@example.com>\nCo-authored-by: Eve <eve@elsewhere.example>\n"
    tree = store.with_file(before, "x.txt", b"2\n")
    sha = store.write_commit(tree, [before], text, who, who._replace(email="ann@example.com"))
    move(scene.forge, scene.row, scene.as_("alice"), f"refs/heads/{scene.branch}", before, sha)
    seen, _ = look(scene, "commits")
    first, second = seen.commits
    assert [(hand.email, hand.user) for hand in first.authors] == [("alice@example.com", person(scene, "alice"))]
    assert [(hand.email, hand.user) for hand in second.authors] == [
        ("nobody@elsewhere.example", None),
        ("bob@example.com", person(scene, "bob")),
        ("eve@elsewhere.example", None),
    ]
    assert (second.committer.user, second.github_signed) == (person(scene, "ann"), False)
    assert scene.github().commits(scene.repo, [sha, "f" * 40]) == {sha: second}


def test_hundreds_of_everything(scene):
    kept, item = scene.forge.kept, scene.pull
    ann, now = forge_scene.account(scene.forge, "ann"), scene.forge.now()
    for number in range(250):
        kept.insert("comments", issue=item["id"], author=ann, body=str(number), created_at=now, updated_at=now)
    for number in range(120):
        kept.insert(
            "reviews", pull=item["id"], author=ann, body=str(number), state="COMMENTED", commit_sha=item["head_sha"],
            submitted_at=now, updated_at=now,
        )  # fmt: skip
    seen, calls = look(scene)
    assert [one.body for one in seen.comments] == [str(number) for number in range(250)]
    assert [one.body for one in seen.reviews] == [str(number) for number in range(120)]
    assert calls == 3


def test_after_a_merge(scene):
    sha = merging.merge(scene.forge, scene.as_("olga"), scene.pull, method="squash")
    seen, _ = look(scene, "reviews")
    assert (seen.state, seen.merged, seen.merged_by, seen.merge_commit) == ("closed", True, person(scene, "olga"), sha)
    assert seen.base.sha == bare(scene.forge, scene.row["id"]).resolve("refs/heads/dev")
    stated = scene.github().stated(scene.repo, [scene.number, 999_999])
    assert stated == {scene.number: Stated("closed", True, "Why."), 999_999: None}


def test_a_trial_merge_is_no_merge(scene):
    trial.attempt(scene.forge, scene.pull)
    assert scene.pull["merge_commit_sha"]
    assert look(scene, "labels")[0].merge_commit is None


def test_a_draft_that_is_closed(scene):
    pulls.set_draft(scene.forge, scene.as_("alice"), scene.row, scene.pull, True)
    states.close(scene.forge, scene.as_("alice"), scene.row, scene.pull)
    seen, _ = look(scene, "labels")
    assert (seen.draft, seen.state, seen.merged) == (True, "closed", False)
    assert scene.number not in [one.number for one in scene.github().pulls(scene.repo)]


def test_the_open_ones_of_a_branch(scene):
    second = scene.open(base="stage")
    github = scene.github()
    found = github.pulls(scene.repo, head=scene.branch)
    assert [(one.number, one.base.ref) for one in found] == [(second, "stage"), (scene.number, "dev")]
    everybody = github.pulls(scene.repo)
    assert set(found) <= set(everybody)
    assert all(isinstance(one, Brief) for one in everybody)
    assert github.calls == 2 + 2


def test_branches_that_have_gone(scene):
    base = f"{scene.branch}-base"
    tip = bare(scene.forge, scene.row["id"]).resolve("refs/heads/dev")
    olga = scene.as_("olga")
    move(scene.forge, scene.row, olga, f"refs/heads/{base}", None, tip)
    pulls.edit(scene.forge, scene.as_("alice"), scene.row, scene.pull, {"base": base})
    # A deleted base closes its pull requests, a deleted head, too.
    move(scene.forge, scene.row, olga, f"refs/heads/{base}", tip, None)
    seen, _ = look(scene, "labels")
    assert (seen.state, seen.base) == ("closed", Branch(base, None, scene.repo))
    assert scene.github().branches(scene.repo, ["dev", base]) == {"dev": tip, base: None}


def test_every_move_of_a_branch(scene):
    store, head = bare(scene.forge, scene.row["id"]), scene.pull["head_sha"]
    ref, alice, bob = f"refs/heads/{scene.branch}", scene.as_("alice"), scene.as_("bob")
    commit = store.commit(head)
    assert commit is not None
    other = store.write_commit(commit.tree, commit.parents, "Other", commit.author, commit.author)
    move(scene.forge, scene.row, bob, ref, head, other)
    pushes = scene.github().pushes(scene.repo, scene.branch)
    assert [(one.by, one.before, one.after, one.forced) for one in pushes] == [
        (person(scene, "alice"), None, head, False),
        (person(scene, "bob"), head, other, True),
    ]
    move(scene.forge, scene.row, bob, ref, other, None)
    move(scene.forge, scene.row, alice, ref, None, head)
    pushes = scene.github().pushes(scene.repo, scene.branch)
    assert [(one.by, one.before, one.after) for one in pushes] == [(person(scene, "alice"), None, head)]


def test_a_branch_of_many_moves(scene):
    for _ in range(3):
        scene.push(by="bob")
    pushes = scene.github().pushes(scene.repo, scene.branch)
    assert [one.before for one in pushes[1:]] == [one.after for one in pushes[:-1]]
    assert len(pushes) == 4
    assert pushes[-1].after == scene.pull["head_sha"]


def test_pushes_of_which_github_does_not_tell_the_beginning(scene):
    scene.forge.kept.run(
        "DELETE FROM activity WHERE ref = ? AND kind = 'branch_creation'", f"refs/heads/{scene.branch}"
    )
    with pytest.raises(EngineError, match="ENG597"):
        scene.github().pushes(scene.repo, scene.branch)
    with pytest.raises(EngineError, match="ENG597"):
        scene.github().pushes(scene.repo, "no-such-branch")


def test_teams_have_the_members_of_those_below(scene):
    forge, acme = scene.forge, forge_scene.account(scene.forge, "acme")
    above = organizations.create_team(forge, acme, f"Above {scene.branch}")
    below = organizations.create_team(forge, acme, f"Below {scene.branch}", parent=above)
    lowest = organizations.create_team(forge, acme, f"Lowest {scene.branch}", parent=below)
    for team, login in ((above, "ann"), (below, "bob"), (lowest, "carol"), (lowest, "ann")):
        row = forge.kept.row("SELECT * FROM teams WHERE id = ?", team)
        assert row is not None
        organizations.set_team_member(forge, row, forge_scene.account(forge, login), "member")
    slugs = [f"acme/{name}-{scene.branch}" for name in ("above", "below", "lowest")]
    github = scene.github()
    found = github.people(scene.repo, ["ann", "OLGA", "oscar", "nobody"], [*slugs, "acme/none", "none/none"])
    names = {
        team: sorted(one.login for one in rows) if rows is not None else None for team, rows in found.teams.items()
    }
    assert names == {
        slugs[0]: ["ann", "bob", "carol"], slugs[1]: ["ann", "bob", "carol"], slugs[2]: ["ann", "carol"],
        "acme/none": None, "none/none": None,
    }  # fmt: skip
    ann, olga, oscar = (person(scene, login) for login in ("ann", "olga", "oscar"))
    assert found.users == {"ann": ann, "OLGA": olga, "oscar": oscar, "nobody": None}
    assert found.permissions == {ann.id: "write", olga.id: "admin", oscar.id: "read"}
    assert github.calls == 2 + 1


def test_a_team_of_hundreds(scene):
    forge, acme = scene.forge, forge_scene.account(scene.forge, "acme")
    team = organizations.create_team(forge, acme, f"Many {scene.branch}")
    for number in range(230):
        account = accounts.create(forge, f"m{number}-{scene.branch}")
        forge.kept.insert("members", organization=acme, account=account, role="member")
        forge.kept.insert("team_members", team=team, account=account)
    found = scene.github().people(scene.repo, [], [f"acme/many-{scene.branch}"])
    assert len(set(found.teams[f"acme/many-{scene.branch}"])) == 230


def test_who_may_not_look_into_teams(scene):
    """Never a team without members, of which nobody would know why."""
    with pytest.raises(EngineError, match="ENG594"):
        scene.github("pull_requests:read", "contents:read").people(scene.repo, ["ann"], ["acme/security"])


def test_people_who_are_renamed_or_gone(scene):
    forge = scene.forge
    number = accounts.create(forge, f"vera-{scene.branch}")
    forge.kept.insert("collaborators", repository=scene.row["id"], account=number, permission="write")
    login = f"vera-{scene.branch}"
    comment = comments.comment(forge, forge_scene.as_user(forge, login), scene.row, scene.pull, "Mine")
    assert scene.github().people(scene.repo, [login], []).users == {login: Person(number, login)}
    accounts.rename(forge, number, f"vera2-{scene.branch}")
    seen, _ = look(scene, "comments")
    assert seen.comments[0].user == Person(number, f"vera2-{scene.branch}")
    assert scene.github().people(scene.repo, [login], []).users == {login: None}
    # Another one takes the name: another id.
    another = accounts.create(forge, login)
    found = scene.github().people(scene.repo, [login], [])
    assert (found.users[login], found.permissions) == (Person(another, login), {another: "none"})
    accounts.delete(forge, number)
    seen, _ = look(scene, "comments")
    assert [(one.id, one.user) for one in seen.comments] == [(comment, None)]


def test_an_author_who_is_gone(scene):
    forge = scene.forge
    number = accounts.create(forge, f"wim-{scene.branch}")
    forge.kept.insert("collaborators", repository=scene.row["id"], account=number, permission="write")
    branch = f"{scene.branch}-w"
    scene.push(branch=branch)
    made = pulls.open_pull(
        forge, forge_scene.as_user(forge, f"wim-{scene.branch}"), scene.row, branch, "dev", "T", None
    )
    scene.number = rows.item(forge, made)["number"]
    reviews.submit(forge, scene.as_("ann"), scene.row, scene.pull, "APPROVE", None)
    accounts.delete(forge, number)
    seen, _ = look(scene)
    assert (seen.author, seen.body, len(seen.reviews)) == (None, "", 1)


def test_what_is_not_there(scene):
    github = scene.github()
    with pytest.raises(EngineError, match="ENG594"):
        github.pull(scene.repo, 999_999, ["labels"])
    with pytest.raises(EngineError, match="ENG594"):
        scene.github().pull("acme/nowhere", 1, ["labels"])
