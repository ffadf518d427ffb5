"""Looking at pull requests and pushes: whole, or an error; as few requests as it takes."""

import copy
import json
import os
import shutil
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from engine.adapters.github import client as adapter
from engine.adapters.github import queries
from engine.adapters.github.auth import Token
from engine.adapters.github.client import Client
from engine.adapters.github.look import Look
from engine.adapters.github.port import Branch, Check, Hand, Looks, Person, Push, Retarget, Stated
from engine.errors import EngineError
from tests.support import github_schema
from tests.support.http import Answer, Asked, Far

REPO, HEAD, BASE = "acme/dev-deployment", "a" * 40, "b" * 40
ALL: Any = tuple(queries.LISTS)
ANN = {"__typename": "User", "login": "ann", "databaseId": 101}
BOT = {"__typename": "Bot", "login": "interlock", "databaseId": 900}


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(adapter, "pauses", lambda tries, *_: iter([0.0] * (tries - 1)))


def review(number: int, **more: Any) -> Any:
    row = {"fullDatabaseId": str(number), "author": ANN, "state": "APPROVED", "commit": {"oid": HEAD}, "body": ""}
    return {**row, "submittedAt": "2026-11-27T08:00:00Z", "lastEditedAt": None, **more}


def comment(number: int, **more: Any) -> Any:
    row = {
        "fullDatabaseId": str(number),
        "id": f"IC_{number}",
        "author": BOT,
        "body": "x",
        "isMinimized": False,
        "createdViaEmail": False,
    }
    return {**row, "createdAt": "2026-11-27T08:00:00Z", "lastEditedAt": None, **more}


def commit(number: int, **more: Any) -> Any:
    hand = {"email": "ann@acme.example", "user": ANN}
    row = {"oid": f"{number:040}", "authors": {"totalCount": 1, "nodes": [hand]}, "committer": hand, "signature": None}
    return {"commit": {**row, **more}}


def check(number: int, **more: Any) -> Any:
    row = {"__typename": "CheckRun", "name": f"check {number}", "status": "COMPLETED", "conclusion": "SUCCESS"}
    return {**row, "externalId": None, "checkSuite": {"app": {"databaseId": 15368}}, **more}


class GitHub:
    """A pull request at the far end, as GraphQL gives it: pages, counts, and what a test puts there."""

    def __init__(self, **lists: list[Any]) -> None:
        self.lists = {**{part: [] for part in queries.LISTS}, **lists}
        self.pull: dict[str, Any] = {
            "id": "PR_7", "number": 7, "title": "t", "body": "b", "state": "OPEN", "isDraft": False, "merged": False,
            "mergedBy": None, "mergeCommit": None, "mergedAt": None, "updatedAt": "2026-11-27T08:00:00Z",
            "allCommits": {"totalCount": 3}, "author": ANN, "headRefName": "feature/x", "headRefOid": HEAD,
            "headRef": {"target": {"oid": HEAD}}, "headRepository": {"nameWithOwner": REPO}, "baseRefName": "dev",
            "baseRef": {"target": {"oid": BASE}},
        }  # fmt: skip
        self.counts: dict[str, int] = {}
        self.change: Callable[[dict[str, Any]], None] = lambda data: None

    def __call__(self, asked: Asked) -> Answer:
        body = json.loads(asked.body)
        variables = body["variables"]
        pull = copy.deepcopy(self.pull)
        for part in queries.LISTS:
            if f"\n      {part}: " in body["query"]:
                pull[part] = self._listed(part, int(variables[part] or 0))
        repository = {"databaseId": 1, "nameWithOwner": REPO, "pullRequest": pull}
        data = {"data": {"viewer": {"login": "interlock"}, "repository": repository}}
        self.change(data)
        return Answer(200, json.dumps(data).encode())

    def _listed(self, part: str, start: int) -> Any:
        rows = self.lists[part]
        end = start + 100
        page = {"hasNextPage": end < len(rows), "endCursor": str(end)}
        listed = {"totalCount": self.counts.get(part, len(rows)), "pageInfo": page, "nodes": rows[start:end]}
        return listed if not queries.LISTS[part].inside else {"rows": listed} if rows else None


def looking(github: Callable[[Asked], Answer], act: Callable[[Looks], Any]) -> tuple[Any, int]:
    """(what it found, how many requests)."""
    with Far(github).serving() as far:
        client = Client(f"{far.url}/api/v3", Token("ghs_x"))
        return act(Look(client)), client.calls


def pulled(github: GitHub, parts: Any = ALL) -> Any:
    return looking(github, lambda look: look.pull(REPO, 7, parts))[0]


def refused(github: Any, act: Callable[[Looks], Any], code: str = "ENG597") -> str:
    with pytest.raises(EngineError) as caught:
        looking(github, act)
    assert caught.value.problems[0].code == code, caught.value
    return str(caught.value)


def everything() -> GitHub:
    return GitHub(
        reviews=[review(1), review(2, author=None, state="PENDING", submittedAt=None, commit=None, lastEditedAt="x")],
        dismissals=[
            {"__typename": "ReviewDismissedEvent", "review": {"fullDatabaseId": "1"}, "actor": ANN,
             "previousReviewState": "APPROVED", "createdAt": "d"}
        ],
        comments=[comment(5_000_000_000, lastEditedAt="e", isMinimized=True)],
        labels=[{"name": "opa-passed"}],
        commits=[commit(1, signature={"isValid": True, "wasSignedByGitHub": True})],
        checks=[check(1), {"__typename": "StatusContext", "context": "ci", "state": "PENDING"}],
        retargets=[
            {"__typename": "BaseRefChangedEvent", "createdAt": "r", "previousRefName": "main", "currentRefName": "dev",
             "actor": BOT}
        ],
    )  # fmt: skip


def test_a_pull_request_is_one_request():
    (pull, calls) = looking(everything(), lambda look: look.pull(REPO, 7, ALL))
    ann = Person(101, "ann")
    assert calls == 1
    assert (pull.number, pull.node, pull.repo_id, pull.me) == (7, "PR_7", 1, "interlock")
    assert (pull.title, pull.body) == ("t", "b")
    assert (pull.author, pull.state, pull.draft, pull.merged, pull.merge_commit) == (ann, "open", False, False, None)
    assert (pull.head, pull.base) == (Branch("feature/x", HEAD, REPO), Branch("dev", BASE, REPO))
    assert pull.commit_count == 3
    assert [(one.id, one.user, one.state, one.commit, one.edited) for one in pull.reviews] == [
        (1, ann, "APPROVED", HEAD, False), (2, None, "PENDING", None, True),
    ]  # fmt: skip
    assert [(one.review, one.was, one.by) for one in pull.dismissals] == [(1, "APPROVED", ann)]
    (said,) = pull.comments
    assert (said.id, said.user) == (5_000_000_000, Person(900, "interlock", bot=True))
    assert (said.edited_at, said.minimised) == ("e", True)
    assert pull.labels == ("opa-passed",)
    hand = Hand("ann@acme.example", ann)
    assert [(one.authors, one.committer, one.github_signed) for one in pull.commits] == [((hand,), hand, True)]
    assert pull.checks == (
        Check("check 1", "completed", "success", 15368, ""), Check("ci", "in_progress", None, None, ""),
    )  # fmt: skip
    assert pull.retargets == (Retarget("r", "main", "dev", Person(900, "interlock", bot=True)),)


def test_only_what_is_asked_for():
    pull = pulled(GitHub(reviews=[review(1)]), ("reviews",))
    assert len(pull.reviews) == 1
    assert [name for name in queries.LISTS if getattr(pull, name) is not None] == ["reviews"]


def test_a_head_of_which_nothing_was_said_has_no_checks():
    assert pulled(GitHub()).checks == ()


@pytest.mark.parametrize(
    ("why", "lists", "calls"),
    [
        ("a hundred", {"reviews": 100}, 1),
        ("200 reviews as filler", {"reviews": 200}, 2),
        ("several at once", {"reviews": 250, "comments": 101, "commits": 100, "checks": 150}, 3),
    ],
)
def test_filler_hides_nothing(why, lists, calls):
    rows = {"reviews": review, "comments": comment, "commits": commit, "checks": check}
    github = GitHub(**{part: [rows[part](number) for number in range(1, count + 1)] for part, count in lists.items()})
    pull, asked = looking(github, lambda look: look.pull(REPO, 7, ALL))
    assert {part: len(getattr(pull, part)) for part in lists} == lists, why
    assert asked == calls


@pytest.mark.parametrize("counted", [250, 300])
def test_300_commits_of_which_github_lists_250_are_no_list_at_all(counted):
    github = GitHub(commits=[commit(number) for number in range(250)])
    github.counts["commits"] = counted
    pull, asked = looking(github, lambda look: look.pull(REPO, 7, ALL))
    assert (pull.commits, asked) == (None, 1), "whoever needs them asks for each by its id"


def test_more_commits_than_github_counts():
    github = GitHub(commits=[commit(number) for number in range(240)])
    github.counts["commits"] = 239
    assert "counts 239 commits, and has given 240" in refused(github, lambda look: look.pull(REPO, 7, ALL))


def test_commits_by_their_ids_are_one_request_for_a_hundred():
    def github(asked: Asked) -> Answer:
        said = json.loads(asked.body)["variables"]
        shas = {name: sha for name, sha in said.items() if name not in ("owner", "name")}
        found = {name: None if sha.startswith("f") else commit(int(sha))["commit"] for name, sha in shas.items()}
        return Answer(200, json.dumps({"data": {"repository": {"nameWithOwner": REPO, **found}}}).encode())

    shas = [f"{number:040}" for number in range(150)]
    found, asked = looking(github, lambda look: look.commits(REPO, [*shas, "f" * 40, shas[0]]))
    assert list(found) == shas
    assert asked == 2


def test_pull_requests_that_others_name_are_one_request():
    def github(asked: Asked) -> Answer:
        said = json.loads(asked.body)["variables"]
        names = [name for name in said if name not in ("owner", "name")]
        found = {name: None if said[name] == 9 else {"number": said[name], **STATED} for name in names}
        errors = [
            {"type": "NOT_FOUND", "path": ["repository", name], "message": "no"} for name in names if said[name] == 9
        ]
        data = {"repository": {"nameWithOwner": REPO, **found}}
        return Answer(200, json.dumps({"data": data, **({"errors": errors} if errors else {})}).encode())

    found, asked = looking(github, lambda look: look.stated(REPO, [5, 9, 5]))
    assert found == {5: Stated("closed", True, "b"), 9: None}
    assert asked == 1


STATED = {"state": "MERGED", "merged": True, "body": "b"}


@pytest.mark.parametrize("part", [part for part in queries.LISTS if queries.LISTS[part].counted])
def test_a_list_that_is_cut_is_an_error(part):
    rows = {"reviews": review(1), "comments": comment(1), "commits": commit(1), "checks": check(1)}
    github = GitHub(**{part: [rows.get(part, {"name": "x"})]})
    github.counts[part] = 2
    refused(github, lambda look: look.pull(REPO, 7, ALL))


def _set(*path: Any, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        at: Any = data["data"]
        for name in path[:-1]:
            at = at[name]
        at[path[-1]] = to

    return change


PULL = ("repository", "pullRequest")
MAYBE = {"__typename": "StatusContext", "context": "x", "state": "MAYBE"}


@pytest.mark.parametrize(
    ("why", "change"),
    [
        ("no such pull request", _set(*PULL, to=None)),
        ("no repository", _set("repository", to=None)),
        ("nobody", _set("viewer", to=None)),
        ("a row that we may not see", _set(*PULL, "reviews", "nodes", 0, to=None)),
        ("a list that is none", _set(*PULL, "reviews", to=None)),
        ("a list without its rows", _set(*PULL, "reviews", "nodes", to=None)),
        ("an id that is none", _set(*PULL, "reviews", "nodes", 0, "fullDatabaseId", to="x")),
        ("no id", _set(*PULL, "reviews", "nodes", 0, "fullDatabaseId", to=None)),
        ("a state of a later release", _set(*PULL, "checks", "rows", "nodes", 0, to=MAYBE)),
        ("more authors than were given", _set(*PULL, "commits", "nodes", 0, "commit", "authors", "totalCount", to=31)),
        ("a head that is missing", lambda data: data["data"]["repository"]["pullRequest"].pop("headRefOid")),
        ("a list that was not given", lambda data: data["data"]["repository"]["pullRequest"].pop("labels")),
    ],
)  # fmt: skip
def test_what_is_not_what_was_asked_for(why, change):
    github = GitHub(reviews=[review(1)], commits=[commit(1)], checks=[check(1)])
    assert pulled(github).reviews, "else the test tries nothing"
    github.change = change
    refused(github, lambda look: look.pull(REPO, 7, ALL))


def test_one_that_changes_while_it_is_read_is_read_again():
    github = GitHub(reviews=[review(number) for number in range(150)])
    versions = iter([HEAD])

    def push(data: dict[str, Any]) -> None:
        _set(*PULL, "headRefOid", to=next(versions, "c" * 40))(data)

    def touch(data: dict[str, Any]) -> None:
        _set(*PULL, "updatedAt", to=str(next(count)))(data)

    github.change = push
    pull, calls = looking(github, lambda look: look.pull(REPO, 7, ALL))
    assert (pull.head.sha, len(pull.reviews), calls) == ("c" * 40, 150, 4)
    count = iter(range(100))
    github.change = touch
    assert "faster" in refused(github, lambda look: look.pull(REPO, 7, ALL))


def test_a_merge_that_github_only_tries_is_none():
    github = GitHub()
    github.pull["mergeCommit"] = {"oid": "f" * 40}
    assert pulled(github).merge_commit is None
    github.pull |= {"merged": True, "state": "MERGED", "mergedBy": BOT}
    pull = pulled(github)
    assert (pull.merge_commit, pull.state, pull.merged_by) == ("f" * 40, "closed", Person(900, "interlock", bot=True))


@pytest.mark.parametrize(
    ("why", "actor", "person"),
    [
        ("a deleted account", None, None),
        ("an account of an enterprise, which has no id", {"__typename": "EnterpriseUserAccount", "login": "x"}, None),
        ("somebody from elsewhere", {"__typename": "Mannequin", "login": "m", "databaseId": 5}, Person(5, "m")),
    ],
)
def test_who_it_was(why, actor, person):
    github = GitHub(reviews=[review(1, author=actor)])
    assert pulled(github).reviews[0].user == person, why


def test_branches_that_are_gone():
    github = GitHub()
    github.pull |= {"headRef": None, "headRepository": None, "baseRef": None}
    pull = pulled(github)
    assert (pull.head, pull.base) == (Branch("feature/x", HEAD, None), Branch("dev", None, REPO))


# --- lists of pull requests


def _open(count: int, total: int | None = None) -> Callable[[Asked], Answer]:
    row = {key: GitHub().pull[key] for key in (
        "isDraft", "updatedAt", "headRefName", "headRefOid", "headRepository", "baseRefName", "baseRef")}  # fmt: skip

    row["viewerDidAuthor"] = False
    row["comments"] = {"totalCount": 3, "nodes": [{"fullDatabaseId": "5000000041"}]}
    row["reviews"] = {"totalCount": 0, "nodes": []}

    def answer(asked: Asked) -> Answer:
        start = int(json.loads(asked.body)["variables"]["after"] or 0)
        nodes = [{**row, "number": number} for number in range(start, min(start + 100, count))]
        page = {"hasNextPage": start + 100 < count, "endCursor": str(start + 100)}
        listed = {"totalCount": count if total is None else total, "pageInfo": page, "nodes": nodes}
        return Answer(
            200, json.dumps({"data": {"repository": {"nameWithOwner": REPO, "pullRequests": listed}}}).encode()
        )

    return answer


@pytest.mark.parametrize(("count", "calls"), [(0, 1), (100, 1), (101, 2), (300, 3)])
def test_a_hundred_pull_requests_are_one_request(count, calls):
    found, asked = looking(_open(count), lambda look: look.pulls(REPO))
    assert ([one.number for one in found], asked) == (list(range(count)), calls)


def test_pull_requests_that_are_missing():
    refused(_open(3, total=4), lambda look: look.pulls(REPO))


# --- pushes

MADE = {"activity_type": "branch_creation", "before": "0" * 40, "after": "1" * 40}
MOVED = {"activity_type": "push", "before": "1" * 40, "after": "2" * 40}
FORCED = {"activity_type": "force_push", "before": "2" * 40, "after": "3" * 40}
GONE = {"activity_type": "branch_deletion", "before": "3" * 40, "after": "0" * 40}


def _activity(*rows: Any) -> Callable[[Asked], Answer]:
    """Newest first, as GitHub has it."""
    full = [{"id": number, "actor": {"id": 101, "login": "ann", "type": "User"}, "timestamp": "t", **row}
            for number, row in enumerate(reversed(rows))]  # fmt: skip

    def answer(asked: Asked) -> Answer:
        asked_for = dict(parse_qsl(urlsplit(asked.path).query))
        assert asked_for == {"ref": "refs/heads/feature/x", "direction": "desc", "per_page": "100"}
        return Answer(200, json.dumps(full).encode())

    return answer


def test_pushes():
    found, calls = looking(_activity(MADE, MOVED, FORCED), lambda look: look.pushes(REPO, "feature/x"))
    ann = Person(101, "ann")
    assert (found, calls) == ([
        Push(ann, None, "1" * 40, False, "t"), Push(ann, "1" * 40, "2" * 40, False, "t"),
        Push(ann, "2" * 40, "3" * 40, True, "t"),
    ], 1)  # fmt: skip


def test_pushes_to_an_earlier_branch_of_that_name_are_not_its_own():
    found, _ = looking(_activity(MADE, FORCED, GONE, MADE, MOVED), lambda look: look.pushes(REPO, "feature/x"))
    assert [push.after[0] for push in found] == ["1", "2"]


def test_pushes_to_a_branch_that_is_gone_are_those_of_the_last_one():
    found, _ = looking(_activity(MADE, FORCED, GONE, MADE, MOVED, GONE), lambda look: look.pushes(REPO, "feature/x"))
    assert [push.after[0] for push in found] == ["1", "2"]


def test_a_push_by_nobody_whom_github_knows():
    found, _ = looking(_activity({**MADE, "actor": None}), lambda look: look.pushes(REPO, "feature/x"))
    assert found[0].by is None


@pytest.mark.parametrize(
    ("why", "rows"),
    [
        ("nothing", ()),
        ("cut off", (MOVED, FORCED)),
        ("cut off behind a deletion", (MADE, GONE, MOVED)),
        ("what nobody knows", (MADE, {**MOVED, "activity_type": "rewrite"})),
        ("no kind", (MADE, {**MOVED, "activity_type": None})),
    ],
)
def test_a_history_that_is_cut_is_an_error(why, rows):
    refused(_activity(*rows), lambda look: look.pushes(REPO, "feature/x"))


def test_branches_are_one_request_and_one_that_is_gone_is_none():
    def github(asked: Asked) -> Answer:
        said = json.loads(asked.body)["variables"]
        tips = {"refs/heads/dev": {"target": {"oid": BASE}}, "refs/heads/feature/x": None}
        found = {name: tips[ref] for name, ref in said.items() if ref in tips}
        return Answer(200, json.dumps({"data": {"repository": {"nameWithOwner": REPO, **found}}}).encode())

    tips, asked = looking(github, lambda look: look.branches(REPO, ["feature/x", "dev", "dev"]))
    assert tips == {"dev": BASE, "feature/x": None}
    assert asked == 1


# --- GitHub's own schema


_OF_ITS_KIND = {"GitObject": "Commit", "GitSignature": "GpgSignature"}  # where nobody asks which one it is


@pytest.mark.npm
@pytest.mark.skipif(os.environ.get("CI") != "true" and not shutil.which("npm"), reason="npm has GitHub's schema")
def test_github_takes_these_queries_and_answers_so():
    """GitHub's public schema validates the queries, and gives the answers of `GitHub` above back unchanged."""
    from graphql import graphql_sync, parse, validate

    schema = github_schema.public()
    branches = queries.branches(("b0", "b1"))
    for query in (
        queries.PULLS,
        branches,
        queries.pull(()),
        queries.pull(ALL),
        *(queries.pull((part,)) for part in ALL),
    ):
        assert validate(schema, parse(query)) == [], query
    variables = {"owner": "acme", "name": "dev-deployment", "number": 7, **dict.fromkeys(ALL)}
    asked = Asked("POST", "/graphql", {}, json.dumps({"query": queries.pull(ALL), "variables": variables}).encode())
    ours = json.loads(everything()(asked).body)["data"]
    theirs = graphql_sync(
        schema,
        queries.pull(ALL),
        ours,
        variable_values=variables,
        field_resolver=lambda source, info, **_: source[info.path.key],
        type_resolver=lambda source, _, kind: source.get("__typename") or _OF_ITS_KIND[kind.name],
    )
    assert theirs.errors is None
    assert theirs.data == _without_types(ours)


def _without_types(value: Any) -> Any:
    """The rows of the timeline are told apart by what was asked for; nobody asks for the names of their types."""
    value = copy.deepcopy(value)
    for part in ("dismissals", "retargets"):
        for row in value["repository"]["pullRequest"][part]["nodes"]:
            del row["__typename"]
    return value
