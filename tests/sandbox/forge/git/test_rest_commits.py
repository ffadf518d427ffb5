"""REST of commits, and of whose they are."""

import pytest

from tests.support.plain_git import commit, git


def test_commits(api, clone, forge, repo):
    for number in range(5):
        commit(clone, "a.txt" if number % 2 else "b.txt", f"version {number}\n")
    git(clone, "push", "-q", "origin", "main")
    page = api("GET", "/commits?per_page=2&page=2")
    assert [row["commit"]["message"] for row in page.body] == ["Write b.txt", "Write a.txt"]
    assert 'rel="next"' in page.headers["link"]
    assert "page=3&" in page.headers["link"] or "page=3>" in page.headers["link"]
    assert len(api("GET", "/commits?path=a.txt").body) == 3
    assert len(api("GET", "/commits?author=ann").body) == 6
    assert len(api("GET", "/commits?author=ann@example.com&since=2099-01-01T00:00:00Z").body) == 0
    assert api("GET", "/commits?committer=bob").body == []
    assert api("GET", "/commits?sha=nothing").status == 404
    one = api("GET", "/commits/main")
    assert (one.body["stats"], one.body["files"][0]["filename"]) == (
        {"total": 2, "additions": 1, "deletions": 1},
        "b.txt",
    )
    assert one.body["files"][0]["patch"] == "@@ -1 +1 @@\n-version 2\n+version 4"
    assert one.body["commit"]["verification"]["verified"] is False
    sha = one.body["sha"]
    assert api("GET", "/commits/main", Accept="application/vnd.github.sha").body == sha
    assert api("GET", f"/commits/{sha[:8]}").body["sha"] == sha
    assert "diff --git" in api("GET", "/commits/main", Accept="application/vnd.github.diff").body
    assert api("GET", "/commits/main", Accept="application/vnd.github.patch").body.startswith(f"From {sha}")
    assert api("GET", "/commits/nothing").status == 422
    assert api("GET", f"/git/commits/{sha}").body["tree"]["sha"] == one.body["commit"]["tree"]["sha"]
    assert api("GET", f"/git/commits/{'1' * 40}").status == 404


def test_an_empty_repository(api):
    assert api("GET", "/commits").status == 409
    assert api("GET", "/contents/").status == 404
    assert api("GET", "/git/trees/main").status == 409
    assert api("GET", "/branches").body == []


def test_compare(api, clone):
    git(clone, "checkout", "-q", "-b", "topic")
    commit(clone, "b.txt", "b\n")
    commit(clone, "c.txt", "c\n")
    git(clone, "checkout", "-q", "main")
    commit(clone, "d.txt", "d\n")
    git(clone, "push", "-q", "origin", "main", "topic")
    found = api("GET", "/compare/main...topic").body
    assert (found["status"], found["ahead_by"], found["behind_by"], found["total_commits"]) == ("diverged", 2, 1, 2)
    assert [row["commit"]["message"] for row in found["commits"]] == ["Write b.txt", "Write c.txt"]
    assert [row["filename"] for row in found["files"]] == ["b.txt", "c.txt"]
    assert api("GET", "/compare/main...main").body["status"] == "identical"
    assert api("GET", "/compare/topic...main~1").status == 404
    second = api("GET", "/compare/main...topic?per_page=1&page=2").body
    assert ([row["commit"]["message"] for row in second["commits"]], second["files"]) == (["Write c.txt"], [])
    assert api("GET", "/compare/main...topic", Accept="application/vnd.github.diff").body.count("diff --git") == 2
    assert api("GET", "/compare/main...acme:topic").body["ahead_by"] == 2
    assert api("GET", "/compare/main...nobody:topic").status == 404
    assert api("GET", "/compare/main").status == 404


def test_compare_has_at_most_300_files_and_250_commits(api, clone):
    git(clone, "checkout", "-q", "-b", "many")
    for number in range(301):
        (clone / f"{number:03}.txt").write_text("x\n")
    git(clone, "add", ".")
    git(clone, "commit", "-q", "-m", "many")
    git(clone, "push", "-q", "origin", "many")
    assert len(api("GET", "/compare/main...many").body["files"]) == 300
    page = api("GET", "/commits/many")
    assert (len(page.body["files"]), page.body["stats"]["total"]) == (300, 301)
    assert len(api("GET", "/commits/many?page=2").body["files"]) == 1


def test_a_commit_that_only_says_it_is_github_s_is_not_signed(api, clone):
    git(
        clone,
        "commit",
        "-q",
        "--allow-empty",
        "-m",
        "x",
        GIT_COMMITTER_NAME="GitHub",
        GIT_COMMITTER_EMAIL="noreply@github.com",
    )
    git(clone, "push", "-q", "origin", "main")
    found = api("GET", "/commits/main").body
    assert (found["committer"]["login"], found["commit"]["verification"]["reason"]) == ("web-flow", "unsigned")


PEOPLE = [
    ("linked", "ann@example.com", "ann"),
    ("in capitals", "Ann@Example.com", "ann"),
    ("nobody's", "stranger@example.com", None),
    ("without a number", "ann@users.noreply.github.com", None),
    ("with the number", "{id}+whatever@users.noreply.github.com", "ann"),
]


@pytest.mark.parametrize(("why", "email", "login"), PEOPLE, ids=[row[0] for row in PEOPLE])
def test_whose_commit_it_is(api, forge, clone, why, email, login):
    number = forge.kept.value("SELECT id FROM accounts WHERE login = 'ann'")
    git(clone, "commit", "-q", "--allow-empty", "-m", "x", GIT_AUTHOR_EMAIL=email.format(id=number))
    git(clone, "push", "-q", "origin", "main")
    author = api("GET", "/commits/main").body["author"]
    assert (author and author["login"]) == login, why


def test_paths_that_no_file_has_have_no_history(api, clone):
    for path in ("..%2F..", "a.txt%2F..%2F..%2Fx", ".git%2Fconfig", "%3A(exclude)a.txt", "-x", "b.txt"):
        answer = api("GET", f"/commits?path={path}")
        assert (answer.status, answer.body) == (200, []), path
    assert len(api("GET", "/commits?path=%2Fa.txt%2F").body) == 1
