"""What GitHub tells of a pull request, over HTTP and git: by as few requests as it takes, whole or not at all."""

import json

import pytest

from engine.core.events.envelope import read_event
from engine.core.kept import keys
from engine.errors import EngineError
from engine.run.facts import hosted as sides
from engine.sandbox.forge.people import accounts
from tests.support import merges as decisions
from tests.support.clone import bucket
from tests.support.hosted import REPO, RULES
from tests.support.ledger import tell

ALL = (
    "asked", "checks", "comments", "commits", "depends", "files", "freeze", "groups", "labels", "ledger", "merge",
    "merges", "now", "permissions", "pr", "pushers", "replies", "resources", "reviews", "rules", "source",
)  # fmt: skip


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(sides, "pauses", lambda tries, *_: iter([0.0] * (tries - 1)))


def groups(*users, teams=()):
    """The rules with one group of these people."""
    return RULES._replace(groups={"all": RULES.groups["reviewers"]._replace(users=users, teams=teams)})


def test_all_of_it_at_once(hosted):
    number = hosted.pull("first")
    document, requests = hosted.facts(number, *ALL)
    assert (document.failed, document.absent) == ({}, {})
    assert requests == 5, "where the App is installed, its token, the pull request, its people, its pushes"
    facts = document.facts
    alice = {"id": hosted.users["alice"]["id"], "login": "alice"}
    assert facts["pr"]["author"] == alice
    assert (facts["pr"]["state"], facts["pr"]["retargeted"]) == ("open", [])
    assert [(c["author"], c["committer"], c["co_authors"]) for c in facts["commits"]] == [(alice, alice, [])]
    assert facts["pushers"] == [{"user": alice, "before": None, "after": facts["pr"]["head"]["sha"], "forced": False}]
    assert [resource["path"] for resource in facts["resources"]["resources"]] == ["S3/first"]
    assert facts["source"] == {"repo": REPO, "declared": True, "owns": ["**"], "why": None}
    assert (facts["merges"], facts["ledger"], facts["asked"]) == ([], [], [])


@pytest.mark.parametrize(
    ("why", "needs", "requests"),
    [
        ("what stands in the rules", ("rules", "now"), 0),
        ("the pull request alone", ("pr",), 3),
        ("who pushed", ("pushers",), 4),
        ("who may approve, and who has said something", ("groups",), 4),
        ("the same and what they said", ("groups", "reviews", "permissions", "comments"), 4),
        ("what changes", ("resources", "merge", "files", "source"), 3),
        ("what it depends on: nothing", ("depends",), 3),
        ("what is frozen, and who was merged before", ("freeze", "merges"), 3),
    ],
)
def test_only_what_is_needed_is_asked_for(hosted, why, needs, requests):
    number = hosted.pull(f"needs-{'-'.join(needs)}")
    document, asked = hosted.facts(number, *needs)
    assert not document.failed
    assert asked == requests, why


def test_where_the_event_names_the_installation_nobody_asks_for_it(hosted):
    number = hosted.pull("installed")
    event = hosted.event(number, installation={"id": hosted.app["installation"]})
    assert hosted.facts(event, "pr")[1] == 2


def test_a_token_needs_no_other(hosted):
    number = hosted.pull("by-token")
    token = {
        "GITHUB_TOKEN": hosted.users["olga"]["token"],
        "ENGINE_GITHUB_APP_ID": "",
        "ENGINE_GITHUB_APP_KEY_FILE": "",
    }
    document, requests = hosted.facts(number, *ALL, **token)
    assert not document.failed
    assert requests == 3


# --- Reviews


def test_reviews_with_who_dismissed_them_and_what_they_had_said(hosted):
    number = hosted.pull("reviewed")
    approved, asked, edited = (
        hosted.review(number, "ann"),
        hosted.review(number, "carol", "REQUEST_CHANGES"),
        hosted.review(number, "bob"),
    )
    hosted.review(number, "oscar", "COMMENT")
    hosted.as_("olga", "PUT", f"/pulls/{number}/reviews/{asked}/dismissals", {"message": "no", "event": "DISMISS"})
    hosted.as_("bob", "PUT", f"/pulls/{number}/reviews/{edited}", {"body": "another word"})
    pending = hosted.as_("erin", "POST", f"/pulls/{number}/reviews", {"body": "not yet"})
    assert pending.body["state"] == "PENDING"
    document, _ = hosted.facts(number, "reviews", "permissions")
    rows = {row["user"]["login"]: row for row in document.facts["reviews"]}
    assert sorted(rows) == ["ann", "bob", "carol", "oscar"], "a pending one is nobody's word yet"
    assert rows["carol"]["state"] == "DISMISSED"
    assert rows["carol"]["was"] == "CHANGES_REQUESTED"
    assert rows["carol"]["dismissed_by"] == {"id": hosted.users["olga"]["id"], "login": "olga"}
    assert (rows["bob"]["edited"], rows["ann"]["edited"], rows["ann"]["id"]) == (True, False, approved)
    assert len({row["digest"] for row in rows.values()}) == 4
    may = document.facts["permissions"]
    assert may == {str(hosted.users[login]["id"]): "write" for login in ("ann", "bob", "carol")}, "a comment gives none"


def test_a_review_of_a_deleted_account_is_nobodys(hosted):
    number = hosted.pull("by-a-ghost")
    gone = accounts.create(hosted.forge, "casper", email="casper@example.com")
    token = accounts.personal_token(hosted.forge, gone)
    hosted.users["casper"] = {"id": gone, "token": token}
    place = hosted.forge.repository(*REPO.split("/"))["id"]
    hosted.forge.kept.insert("collaborators", repository=place, account=gone, permission="read")
    hosted.review(number, "casper")
    accounts.delete(hosted.forge, gone)
    document, _ = hosted.facts(number, "reviews", "permissions")
    assert [row["user"] for row in document.facts["reviews"]] == [None]
    assert document.facts["permissions"] == {}


# --- Commits, and who pushed them


def test_co_authors_and_addresses_behind_which_nobody_stands(hosted):
    message = "Do it\n\nCo-authored-by: Ann <ann@example.com>\nCo-authored-by: X <x@nowhere.example>"
    hosted.push("together", {"S3/together/together.tfvars": bucket("acme-together")}, message=message)
    number = hosted.pull("together", files={"README.md": "two"})
    document, _ = hosted.facts(number, "commits")
    first = document.facts["commits"][0]
    assert first["co_authors"] == [
        {"id": hosted.users["ann"]["id"], "login": "ann"},
        {"email": "x@nowhere.example"},
    ]


def test_a_co_author_whom_only_git_sees_is_a_contributor_too(hosted):
    message = "Do it\n\nCo-authored-by: Ann <ann@example.com>\n\nThis line is the last paragraph."
    hosted.push("hidden", {"S3/hidden/hidden.tfvars": bucket("acme-hidden")}, message=message)
    number = hosted.pull("hidden", files={"README.md": "two"})
    document, _ = hosted.facts(number, "commits")
    assert document.facts["commits"][0]["co_authors"] == [{"email": "ann@example.com"}]


def test_what_github_commits_in_its_pages_is_signed_by_it(hosted):
    number = hosted.pull("in-the-page")
    made = hosted.as_(
        "bob",
        "PUT",
        "/contents/README.md",
        {"message": "m", "content": "aGk=", "branch": "in-the-page"} | _blob(hosted),
    )
    assert made.status in (200, 201), made
    document, _ = hosted.facts(number, "commits", "pushers")
    last = document.facts["commits"][-1]
    assert last["author"]["login"] == "bob"
    assert (last["committer"], last["github_signed"]) == ({"id": 19864447, "login": "web-flow"}, True)
    assert document.facts["pushers"][-1]["user"]["login"] == "bob"


def _blob(hosted):
    found = hosted.as_("bob", "GET", "/contents/README.md?ref=in-the-page")
    return {"sha": found.body["sha"]} if found.status == 200 else {}


def test_who_writes_githubs_address_into_a_commit_is_nobody_we_know(hosted):
    number = hosted.pull("forged")
    hosted.amend("forged", "alice", "GitHub", "noreply@github.com")
    document, _ = hosted.facts(number, "commits")
    assert document.facts["commits"][-1]["github_signed"] is False


def test_a_force_push_is_told_as_one(hosted):
    number = hosted.pull("forced")
    head = _head(hosted, number)
    parent = hosted.facts(number, "commits")[0].facts["commits"][0]["parents"][0]
    assert hosted.as_("bob", "PATCH", "/git/refs/heads/forced", {"sha": parent, "force": True}).status == 200
    again = hosted.push("forced", {"S3/forced/forced.tfvars": bucket("acme-forced-again")}, "carol")
    document, _ = hosted.facts(number, "pushers", "commits", "pr")
    rows = [(push["user"]["login"], push["after"], push["forced"]) for push in document.facts["pushers"]]
    assert rows == [("alice", head, False), ("bob", parent, True), ("carol", again, False)]


def _head(hosted, number):
    return hosted.as_("ann", "GET", f"/pulls/{number}").body["head"]["sha"]


@pytest.mark.slow
def test_300_commits_come_from_git_though_github_lists_250(hosted, monkeypatch):
    # Among busy neighbours the forge takes longer over a hundred commits than we wait for GitHub, and is asked again.
    monkeypatch.setattr("engine.adapters.github.door._TIMEOUT_S", 300)
    number = hosted.pull("many")
    hosted.amend("many", "alice", "Ann", "ann@example.com", count=299)
    document, requests = hosted.facts(number, "commits")
    assert not document.failed
    assert len(document.facts["commits"]) == 300
    assert {c["author"]["login"] for c in document.facts["commits"][1:]} == {"ann"}
    assert requests == 6, "two for the token, one that says how many, and three for a hundred each"


def test_other_commits_than_gits_are_an_error(hosted, monkeypatch):
    from engine.adapters.github.look import Look

    number = hosted.pull("other-commits")
    whole = Look.pull

    def cut(self, repo, number, parts):
        return whole(self, repo, number, parts)._replace(commits=())

    monkeypatch.setattr(Look, "pull", cut)
    document, _ = hosted.facts(number, "commits")
    assert "who made the commits" in document.failed["commits"]


def test_a_push_that_is_not_listed_yet_is_waited_for_and_then_an_error(hosted):
    number = hosted.pull("late-push")
    head = _head(hosted, number)
    with hosted.forge.kept.change():
        assert hosted.forge.kept.row("SELECT * FROM activity WHERE after = ?", head)
        hosted.forge.kept.run("DELETE FROM activity WHERE after = ?", head)
    hosted.push("late-push", {"README.md": "on"})
    hosted.forge.kept.run("DELETE FROM activity WHERE after = ?", _head(hosted, number))
    document, _ = hosted.facts(number, "pushers")
    assert set(document.failed) == {"pushers"}


# --- The two sides


def test_retargets_with_who_did_it(hosted):
    number = hosted.pull("retargeted")
    assert hosted.as_("bob", "PATCH", f"/pulls/{number}", {"base": "stage"}).status == 200
    facts = hosted.facts(number, "pr")[0].facts
    (row,) = facts["pr"]["retargeted"]
    assert (row["from"], row["to"], row["by"]["login"]) == ("dev", "stage", "bob")
    assert facts["pr"]["base"]["ref"] == "stage"


def test_a_head_that_has_moved_on_ends_the_run(hosted):
    number = hosted.pull("moving")
    then = _head(hosted, number)
    body = hosted.as_("ann", "GET", f"/pulls/{number}").body
    event = {"action": "synchronize", "number": number, "repository": {"full_name": REPO}, "pull_request": body}
    told, _ = hosted.telling(read_event(json.dumps(event).encode(), "pull_request"), ["pr"])
    told.check_head()
    now = hosted.push("moving", {"README.md": "on"})
    with pytest.raises(EngineError, match=now[:7]) as moved:
        told.check_head(again=True)
    assert moved.value.problems[0].code == "ENG552"
    late, judged = hosted.telling(read_event(json.dumps(event).encode(), "pull_request"), ["pr"])
    with pytest.raises(EngineError, match=then[:7]):
        late.check_head()
    assert judged.ports.forge.calls == 2 + 3, "GitHub may be late, so it is asked again before that is believed"


def test_a_base_that_was_deleted(hosted):
    hosted.push("side", {"README.md": "a side"})
    number = hosted.pull("onto-the-side", base="side")
    assert hosted.as_("olga", "DELETE", "/git/refs/heads/side").status == 204
    document, _ = hosted.facts(number, "pr", "resources", "reviews")
    assert "there is no branch side" in document.failed["pr"]
    assert "there is no branch side" in document.failed["resources"]
    assert document.facts["reviews"] == []


def test_a_fork_is_refused_with_a_sentence(hosted):
    fork = hosted.as_("oscar", "POST", "/forks", {})
    assert fork.status == 202, fork
    name = fork.body["full_name"]
    content = {"message": "m", "content": "aGk=", "branch": "main"}
    made = hosted.as_("oscar", "PUT", "/contents/S3/fork.tfvars", content, api=name)
    assert made.status == 201, made
    asked = {"title": "t", "head": f"{name.split('/')[0]}:main", "base": "main"}
    opened = hosted.as_("oscar", "POST", "/pulls", asked)
    assert opened.status == 201, opened
    document, _ = hosted.facts(opened.body["number"], "source", "pushers", "pr")
    source = document.facts["source"]
    assert source["declared"] is False
    assert "a fork" in source["why"]
    assert "who pushes there cannot be told" in source["why"]
    assert "a fork" in document.failed["pushers"]


def test_what_the_rules_do_not_name_is_asked_nothing(hosted):
    body = {"inputs": {"source_repo": "acme/controller", "pr_number": "1"}, "ref": "refs/heads/main"}
    event = read_event(json.dumps({**body, "repository": {"full_name": REPO}}).encode(), "workflow_dispatch")
    with pytest.raises(EngineError) as refused:
        hosted.telling(event, ["pr"])
    assert refused.value.problems[0].code == "ENG358"


def test_what_was_merged_is_its_own_change(hosted):
    number = hosted.pull("landed", base="dev")
    head = _head(hosted, number)
    hosted.push("dev", {"README.md": "something else"}, "olga")
    assert hosted.as_("olga", "PUT", f"/pulls/{number}/merge", {"merge_method": "squash"}).status == 200
    facts = hosted.facts(number, "pr", "resources", "merge")[0].facts
    assert (facts["pr"]["merged"], facts["pr"]["state"], facts["pr"]["head"]["sha"]) == (True, "closed", head)
    assert [resource["path"] for resource in facts["resources"]["resources"]] == ["S3/landed"]


# --- A branch, and nothing


def pushed(hosted, branch, **more):
    sha = "a" * 40
    body = {"ref": f"refs/heads/{branch}", "before": sha, "after": sha, "deleted": False, **more}
    return read_event(json.dumps({**body, "repository": {"full_name": REPO}}).encode(), "push")


def test_a_branch_is_compared_with_the_one_that_it_left(hosted):
    hosted.push("stage", {"README.md": "stage alone"}, "olga", "stage")
    tip = hosted.push("from-stage", {"S3/x/x.tfvars": bucket("acme-x", "staging")}, base="stage")
    document, requests = hosted.facts(pushed(hosted, "from-stage"), "ref", "resources", "commits", "source")
    assert not document.failed
    assert document.facts["ref"] == {"name": "refs/heads/from-stage", "branch": "from-stage", "sha": tip}
    assert (document.facts["resources"]["environment"], document.facts["resources"]["branch"]) == ("staging", "stage")
    assert [commit["sha"] for commit in document.facts["commits"]] == [tip], "none of the stage's own"
    assert requests == 4, "two for the token, one for all branches, one for the commits"


def test_a_branch_that_is_gone(hosted):
    document, requests = hosted.facts(pushed(hosted, "never"), "ref", "resources", "pr", "statements", "merges")
    assert document.facts["ref"] == {"name": "refs/heads/never", "branch": "never", "sha": None}
    assert "there is no branch never" in document.failed["resources"]
    assert "is no pull request" in document.failed["pr"]
    assert {"statements", "merges"} <= document.failed.keys()
    assert requests == 3


def test_the_clock_is_about_no_change(hosted):
    event = read_event(b'{"schedule": "10m"}', "schedule")
    document, requests = hosted.facts(event, "now", "rules", "pr", "resources", "freeze", "comments")
    assert set(document.facts) == {"now", "rules"}
    assert requests == 0


# --- Who people are


@pytest.mark.parametrize(
    ("why", "users", "teams", "says"),
    [
        ("a login that nobody has", ("nobody-at-all",), (), "nobody on GitHub has the login nobody-at-all"),
        ("a team that is not there", (), ("acme/gone",), "there is no team acme/gone"),
        ("one of several", ("ann", "nobody-at-all"), ("acme/platform",), "nobody on GitHub has the login"),
    ],
)
def test_a_group_that_cannot_be_told_has_failed(hosted, why, users, teams, says):
    number = hosted.pull(f"group-{len(users)}-{len(teams)}-{len(why)}")
    document, _ = hosted.facts(number, "groups", rules=groups(*users, teams=teams))
    assert says in document.facts["groups"]["all"]["failed"], why


def test_a_login_that_somebody_else_has_by_now_fails_its_group(hosted):
    number = hosted.pull("renamed")
    first = accounts.create(hosted.forge, "frank", email="frank@example.com")
    member = [{"id": first, "login": "frank"}]
    assert hosted.facts(number, "groups", rules=groups("frank"))[0].facts["groups"]["all"]["members"] == member
    accounts.rename(hosted.forge, first, "francis")
    second = accounts.create(hosted.forge, "frank", email="frank2@example.com")
    failed = hosted.facts(number, "groups", rules=groups("Frank"))[0].facts["groups"]["all"]["failed"]
    assert f"was account {first} when it was first seen, and is {second} now" in failed


def test_a_login_that_is_pinned_to_another_account_fails_its_group(hosted):
    number = hosted.pull("pinned")
    ann = hosted.users["ann"]["id"]
    (group,) = groups("ann").groups.values()
    for owner, members in ((ann, [{"id": ann, "login": "ann"}]), (ann + 1000, None)):
        rules = RULES._replace(groups={"all": group._replace(ids={"ann": owner})})
        found = hosted.facts(number, "groups", rules=rules)[0].facts["groups"]["all"]
        assert found.get("members") == members
    assert f"is pinned to account {ann + 1000}, and is {ann} now" in found["failed"]


def test_members_of_child_teams_belong_to_the_team(hosted):
    parent = hosted.forge.kept.value("SELECT id FROM teams WHERE slug = 'security'")
    child = hosted.forge.kept.insert(
        "teams", organization=hosted.forge.kept.value("SELECT id FROM accounts WHERE login = 'acme'"), slug="pentest",
        name="Pentest", parent=parent, created_at=hosted.forge.now(),
    )  # fmt: skip
    hosted.forge.kept.insert("team_members", team=child, account=hosted.users["bob"]["id"])
    number = hosted.pull("children")
    found = hosted.facts(number, "groups", rules=groups(teams=("acme/security",)))[0].facts["groups"]["all"]["members"]
    assert [member["login"] for member in found] == ["bob", "carol", "dave", "erin"]


# --- What was said


def test_comments_with_what_they_were_said_of(hosted):
    number = hosted.pull("said")
    head = _head(hosted, number)
    hosted.forge.clock.advance(5)
    first, other = (
        hosted.comment(number, "dave", "OVERRIDE: the auditor waits for it"),
        hosted.comment(number, "ann", "x"),
    )
    hosted.as_("ann", "PATCH", f"/issues/comments/{other}", {"body": "y"})
    hosted.forge.clock.advance(5)
    now = hosted.push("said", {"README.md": "on"})
    hosted.forge.clock.advance(5)
    second = hosted.comment(number, "dave", "OVERRIDE: and the auditor still waits")
    rows = {row["id"]: row for row in hosted.facts(number, "comments", "pr")[0].facts["comments"]}
    assert {key: (row["head"], row["verdict"], row["edited"]) for key, row in rows.items()} == {
        first: (head, 0, False),
        other: (head, 0, True),
        second: (now, 0, False),
    }


def test_nobody_looks_where_the_head_was_when_nothing_was_asked(hosted):
    number = hosted.pull("idle-talk")
    hosted.comment(number, "oscar", "nice")
    document, requests = hosted.facts(number, "comments")
    assert [row["head"] for row in document.facts["comments"]] == [None]
    assert requests == 3


def test_our_answers_but_not_those_of_this_run(hosted):
    from engine.core.report.replies import marked

    number = hosted.pull("answered")
    first, second = hosted.comment(number, "ann", "/engine help"), hosted.comment(number, "ann", "/engine status")
    token = {"GITHUB_TOKEN": hosted.users["bob"]["token"], "ENGINE_GITHUB_APP_ID": "", "ENGINE_GITHUB_APP_KEY_FILE": ""}
    hosted.comment(number, "bob", marked("done", first, "run-0"))
    hosted.comment(number, "bob", marked("done", second, "run-1"))
    hosted.comment(number, "oscar", marked("a forged one", second, "run-0"))
    document, _ = hosted.facts(number, "replies", **token)
    assert [row["to"] for row in document.facts["replies"]] == [first]


def test_what_may_be_destroyed_was_asked_for_of_this_head_by_who_may(hosted):
    lake = {"S3/doomed/doomed.tfvars": bucket("acme-doomed")}
    hosted.push("dev", lake, "olga")
    number = hosted.pull("destroying", files={"S3/doomed/doomed.tfvars": None})
    hosted.forge.clock.advance(5)
    for login in ("oscar", "alice"):
        hosted.comment(number, login, "/engine destroy S3/doomed")
    changed = hosted.comment(number, "ann", "/engine destroy S3/other")
    hosted.as_("ann", "PATCH", f"/issues/comments/{changed}", {"body": "/engine destroy S3/doomed"})
    names = ("asked", "resources", "pr")
    before, _ = hosted.facts(number, *names)
    assert before.facts["asked"] == []
    assert [refused["code"] for refused in before.facts["resources"]["refused"]] == ["ENG345"]
    said = hosted.comment(number, "ann", "/engine destroy S3/doomed")
    after, _ = hosted.facts(number, *names)
    ann = {"id": hosted.users["ann"]["id"], "login": "ann"}
    head = after.facts["pr"]["head"]["sha"]
    assert after.facts["asked"] == [{"path": "S3/doomed", "by": ann, "comment": said, "head": head}]
    assert after.facts["resources"]["refused"] == []
    hosted.forge.clock.advance(5)
    hosted.push("destroying", {"README.md": "on"})
    assert hosted.facts(number, *names)[0].facts["asked"] == [], "it holds for the head that it was said of"


# --- Order


def test_what_it_depends_on_is_followed(hosted):
    first = hosted.pull("base-of-all")
    second = hosted.pull("middle", body=f"Depends-On: #{first}")
    third = hosted.pull("top", body=f"Depends-On: #{second}\nDepends-On: #99999")
    document, requests = hosted.facts(third, "depends")
    depends = document.facts["depends"]
    assert depends["on"] == [second, 99999]
    assert depends["pulls"]["99999"] is None
    assert depends["pulls"][str(second)]["on"] == [first]
    assert depends["pulls"][str(first)] == {
        "state": "open", "merged": False, "decided": False, "applied": None, "on": []
    }  # fmt: skip
    assert requests == 5, "two for the token, the pull request, and one for each level"


def test_another_source_is_looked_at_with_a_token_of_its_own_for_reading_alone(hosted):
    other = "acme/controller"
    tip = hosted.as_("olga", "GET", "/git/ref/heads/main", api=other).body["object"]["sha"]
    made = hosted.as_("olga", "POST", "/git/refs", {"ref": "refs/heads/change", "sha": tip}, api=other)
    assert made.status == 201
    content = {"message": "Add", "content": "eA==", "branch": "change"}
    assert hosted.as_("olga", "PUT", "/contents/x", content, api=other).status == 201
    number = hosted.pull("behind", body=f"Depends-On: {other}#1")
    body = {"title": "t", "head": "change", "base": "main", "body": f"Depends-On: {REPO}#{number}"}
    assert hosted.as_("olga", "POST", "/pulls", body, api=other).status == 201
    sources = (*RULES.sources, RULES.sources[0]._replace(repo=other))
    document, requests = hosted.facts(number, "depends", rules=RULES._replace(sources=sources))
    depends = document.facts["depends"]
    assert depends["on"] == [f"{other}#1"]
    assert depends["pulls"][f"{other}#1"]["on"] == [number], "its own number, not one of there"
    assert requests == 4, "two for the token, the pull request, and itself again; those of there are not counted here"
    unnamed, _ = hosted.facts(number, "depends")
    assert unnamed.facts["depends"]["pulls"] == {}, "nothing is asked of a repository that the rules do not name"
    assert "another repository" in unnamed.facts["depends"]["wrong"]
    there = hosted.forge.repository(*other.split("/"))["id"]
    rows = hosted.forge.kept.rows("SELECT * FROM tokens WHERE repositories_json IS NOT NULL")
    given = [json.loads(row["permissions_json"]) for row in rows if json.loads(row["repositories_json"]) == [there]]
    assert given == [{"pull_requests": "read", "metadata": "read"}]


def test_merges_of_a_resource_are_told_in_their_order(hosted):
    from engine.run.kept.merges import put

    number = hosted.pull("lakes")
    tips = [hosted.push("dev", {"README.md": f"{count}"}, "olga") for count in range(3)]
    key = hosted.facts(number, "resources")[0].facts["resources"]["resources"][0]["state_key"]
    tree = {"S3/lakes": decisions.TREE}
    for pr, commit in zip((903, 901, 902), tips, strict=True):
        signed = decisions.signed(pr=pr, commit=commit, trees=tree, keys=[key], run=f"r{pr}")
        put(hosted.store, f"r{pr}", signed, decisions.keys())
    document, _ = hosted.facts(number, "merges", "ledger")
    assert not document.failed
    assert [row["commit"] for row in document.facts["merges"]] == tips, "of the same second git tells which was first"
    assert document.facts["ledger"] == []
    for commit in tips[:2]:
        tell(hosted.store, "applied", key=key, commit=commit, run=commit)
    ledger = hosted.facts(number, "ledger")[0].facts["ledger"]
    assert [(row["number"], row["contains"]) for row in ledger] == [(1, tips[:1]), (2, tips[:2])], "as git tells"
    place = min(hosted.store.list(keys.ledger(key)))
    hosted.store.delete(place, hosted.store.get(place).version)
    document, _ = hosted.facts(number, "merges", "ledger")
    assert "number 1 is missing" in document.failed["ledger"]


def test_names_that_are_hostile_ask_for_nothing_else(hosted):
    branch = "feature/ünï-$(id)-`id`;&|\"'<b>"
    hosted.push(branch, {"S3/odd/odd.tfvars": bucket("acme-odd")})
    made = hosted.as_("alice", "POST", "/pulls", {"title": '"} evil {', "head": branch, "base": "dev"})
    assert made.status == 201, made
    document, _ = hosted.facts(made.body["number"], "pr", "pushers", "commits", "resources")
    assert not document.failed
    assert document.facts["pr"]["head"]["ref"] == branch
