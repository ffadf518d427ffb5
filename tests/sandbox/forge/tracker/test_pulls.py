"""Pull requests as REST has them: opened, changed, listed, and what GitHub refuses."""

from typing import Any

import pytest


def test_one_is_opened_and_shown(place, open_, as_):
    number = open_("feature", {"new.txt": "one\ntwo\n"}, body="why")
    shown = as_("bob")("GET", f"{place.api}/pulls/{number}").body
    assert shown["title"] == "Add feature"
    assert shown["body"] == "why"
    assert (shown["head"]["label"], shown["base"]["label"]) == ("acme:feature", "acme:main")
    assert (shown["head"]["sha"], shown["base"]["sha"]) == (place.tip("feature"), place.tip("main"))
    assert [shown[key] for key in ("commits", "additions", "deletions", "changed_files")] == [1, 2, 0, 1]
    assert (shown["state"], shown["draft"], shown["merged"]) == ("open", False, False)
    assert place.store.resolve(f"refs/pull/{number}/head") == place.tip("feature")
    assert place.heard("pull_request") == ["opened"]


def test_mergeable_is_null_until_it_was_looked_at(place, open_, as_):
    number = open_("feature")
    bob = as_("bob")
    first, second = (bob("GET", f"{place.api}/pulls/{number}").body for _ in range(2))
    assert (first["mergeable"], first["mergeable_state"]) == (None, "unknown")
    assert (second["mergeable"], second["mergeable_state"], second["rebaseable"]) == (True, "clean", True)
    merge = place.store.resolve(f"refs/pull/{number}/merge")
    assert second["merge_commit_sha"] == merge
    assert place.store.commit(merge).parents == (place.tip("main"), place.tip("feature"))
    place.add("main", {"c.txt": "c\n"}, by="bob")
    third, fourth = (bob("GET", f"{place.api}/pulls/{number}").body for _ in range(2))
    assert (third["mergeable"], fourth["mergeable"]) == (None, True)
    assert fourth["base"]["sha"] == place.tip("main")


def test_a_conflict_is_dirty(place, open_, as_):
    number = open_("feature", {"a.txt": "mine\n"})
    place.add("main", {"a.txt": "theirs\n"}, by="bob")
    as_("bob")("GET", f"{place.api}/pulls/{number}")
    shown = as_("bob")("GET", f"{place.api}/pulls/{number}").body
    assert (shown["mergeable"], shown["mergeable_state"], shown["rebaseable"]) == (False, "dirty", False)
    assert place.store.resolve(f"refs/pull/{number}/merge") is None


# why, what is sent beside a title, GitHub's message or field
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("into itself", {"head": "main", "base": "main"}, "No commits between main and main"),
    ("nothing new", {"head": "same", "base": "main"}, "No commits between main and same"),
    ("no such head", {"head": "nowhere", "base": "main"}, "head"),
    ("no such base", {"head": "feature", "base": "nowhere"}, "base"),
    ("a head of somebody without a fork", {"head": "bob:feature", "base": "main"}, "head"),
    ("a head of nobody", {"head": "nobody:feature", "base": "main"}, "head"),
    ("one is open already", {"head": "feature", "base": "main"}, "A pull request already exists for acme:feature."),
    ("no common history", {"head": "other", "base": "main"}, "The other branch has no history in common with main"),
    ("an empty title", {"head": "fresh", "base": "main", "title": " "}, "title can't be blank"),
    ("a title over 256", {"head": "fresh", "base": "main", "title": "x" * 257}, "title is too long"),
    ("a body over 65,536", {"head": "fresh", "base": "main", "body": "x" * 65537}, "body is too long"),
    ("an option as a head", {"head": "--upload-pack=x", "base": "main"}, "head"),
    ("a commit as a head", {"head": "{sha}", "base": "main"}, "head"),
    ("a path out of the refs", {"head": "../../HEAD", "base": "main"}, "head"),
    ("an issue that is not there", {"head": "fresh", "base": "main", "issue": 999}, "Not Found"),
]


def test_what_github_refuses(place, open_, as_):
    main = place.tip("main")
    place.push("same", main)
    open_("feature")
    place.add("fresh", {"fresh.txt": "x\n"}, onto=main)
    place.push("other", place.write(None, {"other.txt": "x\n"}))
    for why, body, said in REFUSED:
        sent = {"title": "x", **{key: str(value).format(sha=main) for key, value in body.items() if key != "issue"}}
        sent |= {"issue": body["issue"]} if "issue" in body else {}
        answer = as_("alice")("POST", f"{place.api}/pulls", sent)
        assert answer.status == (404 if said == "Not Found" else 422), why
        assert said in str(answer.body), why
    assert place.heard("pull_request") == ["opened"]


def test_the_lists_take_a_head_a_base_a_state_and_an_order(place, open_, as_):
    one, two = open_("one"), open_("two")
    place.push("stage", place.tip("main"))
    three = open_("three", base="stage")
    as_("alice")("PATCH", f"{place.api}/pulls/{two}", {"state": "closed"})
    cases = [
        ("open ones, newest first", "", [three, one]),
        ("closed ones", "?state=closed", [two]),
        ("all", "?state=all&direction=asc", [one, two, three]),
        ("of a head", "?head=acme:one", [one]),
        ("of a head in any case of its owner", "?head=ACME:one", [one]),
        ("of a head that has none", "?head=acme:none", []),
        ("of another's head of the name", "?head=bob:one", []),
        ("of a base", "?base=stage", [three]),
        ("of both", "?base=stage&head=acme:one", []),
        ("in pages", "?per_page=1&page=2", [one]),
    ]
    for why, query, numbers in cases:
        answer = as_("oscar")("GET", f"{place.api}/pulls{query}")
        assert [pull["number"] for pull in answer.body] == numbers, why


def test_a_list_asks_git_nothing(place, open_, as_, monkeypatch):
    for name in ("one", "two", "three"):
        open_(name)
    asked: list[str] = []
    real = type(place.store).git

    def git(store: Any, *arguments: str, **more: Any) -> Any:
        asked.append(arguments[0])
        return real(store, *arguments, **more)

    monkeypatch.setattr(type(place.store), "git", git)
    assert len(as_("bob")("GET", f"{place.api}/pulls?per_page=100").body) == 3
    assert len(as_("bob")("GET", f"{place.api}/issues?per_page=100").body) == 3
    assert asked == []


def test_title_and_body_are_changed_and_told(place, open_, as_):
    number = open_("feature", body="old")
    answer = as_("alice")("PATCH", f"{place.api}/pulls/{number}", {"title": "New", "body": "new"})
    assert (answer.body["title"], answer.body["body"]) == ("New", "new")
    told = place.told[-1]
    assert (told.event, told.action) == ("pull_request", "edited")
    assert told.body["changes"] == {"title": {"from": "Add feature"}, "body": {"from": "old"}}
    again = as_("alice")("PATCH", f"{place.api}/pulls/{number}", {"title": "New", "body": "new"})
    assert again.status == 200
    assert place.told[-1] is told
    renamed = [e for e in as_("bob")("GET", f"{place.api}/issues/{number}/timeline").body if e["event"] == "renamed"]
    assert renamed[0]["rename"] == {"from": "Add feature", "to": "New"}
    edits = place.forge.kept.rows("SELECT body FROM edits WHERE kind = 'Issue' ORDER BY id")
    assert [row["body"] for row in edits] == ["old", "new"]


def test_a_retarget_is_edited_not_synchronize(place, open_, as_):
    number = open_("feature")
    old = place.tip("main")
    place.push("stage", place.write(old, {"stage.txt": "s\n"}))
    answer = as_("bob")("PATCH", f"{place.api}/pulls/{number}", {"base": "stage"})
    assert (answer.body["base"]["ref"], answer.body["base"]["sha"]) == ("stage", place.tip("stage"))
    assert place.heard("pull_request") == ["opened", "edited"]
    told = [each for each in place.told if each.event == "pull_request"][-1]
    assert told.body["changes"] == {"base": {"ref": {"from": "main"}, "sha": {"from": old}}}
    assert "base_ref_changed" in place.events(number)
    assert answer.body["mergeable"] is None


def test_retargets_that_github_refuses(place, open_, as_):
    number = open_("feature")
    place.push("ahead", place.tip("feature"))
    place.push("stage", place.tip("main"))
    open_("feature", base="stage")
    closed = open_("closed")
    as_("alice")("PATCH", f"{place.api}/pulls/{closed}", {"state": "closed"})
    cases = [
        ("no such branch", number, "nowhere", "Proposed base branch 'nowhere' was not found"),
        ("one is open there", number, "stage", "A pull request already exists for base branch 'stage'"),
        ("nothing new", number, "ahead", "There are no new commits between base branch 'ahead'"),
        ("its own head", number, "feature", "There are no new commits between base branch 'feature'"),
        ("it is closed", closed, "stage", "Cannot change the base branch of a closed pull request."),
    ]
    for why, which, base, said in cases:
        answer = as_("bob")("PATCH", f"{place.api}/pulls/{which}", {"base": base})
        assert answer.status == 422, why
        assert said in str(answer.body), why
    assert place.row(number)["base_ref"] == "main"


def test_closed_and_reopened(place, open_, as_):
    number = open_("feature")
    alice = as_("alice")
    assert alice("PATCH", f"{place.api}/pulls/{number}", {"state": "closed"}).body["state"] == "closed"
    assert alice("PATCH", f"{place.api}/pulls/{number}", {"state": "closed"}).status == 200
    place.add("feature", {"more.txt": "x\n"})
    shown = alice("PATCH", f"{place.api}/pulls/{number}", {"state": "open"}).body
    assert (shown["state"], shown["closed_at"], shown["head"]["sha"]) == ("open", None, place.tip("feature"))
    assert place.store.resolve(f"refs/pull/{number}/head") == place.tip("feature")
    assert place.heard("pull_request") == ["opened", "closed", "reopened"]


def test_what_cannot_be_reopened(place, open_, as_):
    def closed(branch):
        number = open_(branch)
        as_("alice")("PATCH", f"{place.api}/pulls/{number}", {"state": "closed"})
        return number

    deleted, forced, taken, nothing = (closed(name) for name in ("deleted", "forced", "taken", "nothing"))
    merged = open_("merged")
    assert as_("bob")("PUT", f"{place.api}/pulls/{merged}/merge", {}).status == 200
    place.push("deleted", None)
    place.add("forced", {"other.txt": "x\n"}, onto=place.tip("main"))
    open_("taken")
    place.add("main", {"n.txt": "n\n"})
    place.push("main", place.store.write_commit(*_merge_of(place, "main", "nothing")))
    cases = [
        (deleted, "has been deleted"),
        (forced, "was force-pushed or recreated"),
        (taken, "already an open pull request from acme:taken"),
        (nothing, "no new commits"),
        (merged, "merged"),
    ]
    for number, why in cases:
        answer = as_("alice")("PATCH", f"{place.api}/pulls/{number}", {"state": "open"})
        assert answer.status == 422, why
        assert why in str(answer.body)
        assert place.row(number)["state"] == "closed"


def _merge_of(place, base, head):
    from engine.sandbox.forge.git.bare import Person

    one, other = place.tip(base), place.tip(head)
    who = Person("Ann", "ann@example.com", place.forge.now())
    return place.store.merge_tree(one, other), (one, other), "merged by hand", who, who


def test_an_issue_becomes_a_pull_request(place, as_):
    alice = as_("alice")
    issue = alice("POST", f"{place.api}/issues", {"title": "A wish", "body": "please"}).body
    alice("POST", f"{place.api}/issues/{issue['number']}/comments", {"body": "soon"})
    place.add("wish", {"wish.txt": "x\n"}, onto=place.tip("main"))
    pull = alice("POST", f"{place.api}/pulls", {"head": "wish", "base": "main", "issue": issue["number"]}).body
    assert (pull["number"], pull["title"], pull["body"]) == (issue["number"], "A wish", "please")
    listed = alice("GET", f"{place.api}/issues").body
    assert [("pull_request" in each) for each in listed] == [True]
    again = alice("POST", f"{place.api}/pulls", {"head": "wish", "base": "main", "issue": issue["number"]})
    assert again.status == 422


def test_files_and_commits_in_order(place, open_, as_):
    place.add("feature", {"x.txt": "x\n"}, onto=place.tip("main"), message="one")
    place.add("feature", {"b.txt": None, "a.txt": "1\n2\nthree\n4\n5\n6\n7\n8\n"}, message="two")
    number = open_("feature")
    place.add("main", {"z.txt": "z\n"})
    files = as_("oscar")("GET", f"{place.api}/pulls/{number}/files").body
    assert [(f["filename"], f["status"], f["additions"], f["deletions"]) for f in files] == [
        ("a.txt", "modified", 1, 1),
        ("b.txt", "removed", 0, 1),
        ("x.txt", "added", 1, 0),
    ]
    assert files[0]["patch"].startswith("@@ -1,6 +1,6 @@")
    commits = as_("oscar")("GET", f"{place.api}/pulls/{number}/commits").body
    assert [each["commit"]["message"] for each in commits] == ["one", "two"]


@pytest.mark.slow
def test_no_more_than_250_commits_are_shown(place, open_, as_):
    tip = place.tip("main")
    for number in range(252):
        tip = place.write(tip, {}, f"commit {number}")
    place.push("long", tip)
    number = open_("long")
    pages = [as_("bob")("GET", f"{place.api}/pulls/{number}/commits?per_page=100&page={p}").body for p in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [100, 100, 50, 0]
    assert as_("bob")("GET", f"{place.api}/pulls/{number}").body["commits"] == 252


@pytest.mark.parametrize("draft", [True, False])
def test_drafts(place, open_, as_, draft):
    from engine.sandbox.forge.tracker import pulls

    number = open_("feature", draft=draft)
    for wanted in (not draft, draft, draft):
        pulls.set_draft(place.forge, place.viewer("alice"), place.repository, place.row(number), wanted)
        assert as_("bob")("GET", f"{place.api}/pulls/{number}").body["draft"] is wanted
    both = ["ready_for_review", "converted_to_draft"]
    assert place.heard("pull_request") == ["opened", *(both if draft else both[::-1])]


def test_a_head_is_found_by_its_owner_s_present_name(place, forked, as_):
    kept, oscar = place.forge.kept, place.account("oscar")
    forked.add("feature", {"x.txt": "x\n"}, onto=forked.tip("main"), by="oscar")
    body = {"title": "x", "head": "oscar:feature", "base": "main"}
    number = as_("oscar")("POST", f"{place.api}/pulls", body).body["number"]
    kept.update("accounts", oscar, login="otto")
    try:
        for login, found in (("otto", [number]), ("oscar", [])):
            listed = as_("bob")("GET", f"{place.api}/pulls?head={login}:feature").body
            assert [each["number"] for each in listed] == found
        assert as_("bob")("GET", f"{place.api}/pulls/{number}").body["head"]["label"] == "otto:feature"
    finally:
        kept.update("accounts", oscar, login="oscar")


def test_pull_requests_of_a_commit(place, open_, as_):
    number = open_("feature")
    head = place.tip("feature")
    merge = as_("bob")("PUT", f"{place.api}/pulls/{number}/merge", {}).body["sha"]
    for sha in (head, merge):
        assert [each["number"] for each in as_("bob")("GET", f"{place.api}/commits/{sha}/pulls").body] == [number]
    assert as_("bob")("GET", f"{place.api}/commits/{'1' * 40}/pulls").status == 422


def test_one_as_a_diff_and_as_patches(place, open_, as_):
    number = open_("feature", {"one.txt": "1\n"})
    place.add("feature", {"two.txt": "2\n"})
    place.add("main", {"later.txt": "x\n"}, by="bob")
    ann = as_("ann")
    diff = ann("GET", f"{place.api}/pulls/{number}", Accept="application/vnd.github.v3.diff")
    assert diff.headers["content-type"].startswith("application/vnd.github.diff")
    assert [line for line in diff.body.splitlines() if line.startswith("+++")] == ["+++ b/one.txt", "+++ b/two.txt"]
    patch = ann("GET", f"{place.api}/pulls/{number}", Accept="application/vnd.github.patch").body
    assert (patch.count("\nSubject: [PATCH]"), patch.count("diff --git")) == (2, 2)
