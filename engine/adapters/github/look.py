"""Looking at GitHub: pull requests by GraphQL, with all rows of their lists; pushes by REST, which alone has them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from engine.adapters.github import queries
from engine.adapters.github.client import MOST_PAGES, Client, Json, at
from engine.adapters.github.door import PAGE
from engine.adapters.github.failures import not_whole
from engine.adapters.github.people import people
from engine.adapters.github.port import (
    LISTED_COMMITS,
    Branch,
    Brief,
    Check,
    Comment,
    Commit,
    Dismissal,
    Hand,
    Landed,
    Newest,
    Part,
    People,
    Person,
    Pull,
    Push,
    Recent,
    Retarget,
    Review,
    Stated,
    Talk,
)
from engine.adapters.github.whole import Understood, named, page

_NOWHERE = "0" * 40
_TIMES = 3  # that something is read again because it changed meanwhile
_MOVES = frozenset({"push", "force_push", "pr_merge", "merge_queue_merge"})
# Commit statuses in the words of check runs.
_STATES: Mapping[str, tuple[str, str | None]] = {
    "SUCCESS": ("completed", "success"),
    "FAILURE": ("completed", "failure"),
    "ERROR": ("completed", "failure"),
    "PENDING": ("in_progress", None),
    "EXPECTED": ("queued", None),
}


class Look:
    """`Looks`, by a client."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def pull(self, repo: str, number: int, parts: Collection[Part]) -> Pull:
        """It, read again from the start if it changes while its pages are read."""
        what = f"pull request {repo}#{number}"
        with Understood(what):
            for _ in range(_TIMES):
                found = self._pull(repo, number, sorted(parts), what)
                if found is not None:
                    return found
        raise not_whole(what, "it changes faster than it can be read")

    def _pull(self, repo: str, number: int, parts: list[Part], what: str) -> Pull | None:
        place = named(repo)
        rows: dict[str, list[Json]] = {part: [] for part in parts}
        first: Json | None = None
        wanted: dict[str, str | None] = dict.fromkeys(parts)
        for _ in range(MOST_PAGES):
            data = self._client.graphql(queries.pull(wanted), {**place, "number": number, **wanted})
            pull = data["repository"]["pullRequest"]
            if first is None:
                first = data
            elif _version(data) != _version(first):
                return None
            if "commits" in wanted and pull["commits"]["totalCount"] >= LISTED_COMMITS:
                del wanted["commits"], rows["commits"]  # it may have more, and lists no more than that
            wanted = {part: end for part in wanted if (end := _read(pull, part, rows[part], what)) is not None}
            if not wanted:
                return _told(first, rows)
        raise not_whole(what, f"a list has more than {MOST_PAGES * PAGE} rows")

    def pulls(self, repo: str, *, head: str | None = None) -> list[Brief]:
        """The open ones."""
        place = named(repo)
        what, after = f"pull requests of {repo}", None
        found: dict[int, Brief] = {}
        with Understood(what):
            for _ in range(MOST_PAGES):
                data = self._client.graphql(queries.PULLS, {**place, "head": head, "after": after})
                listed = data["repository"]["pullRequests"]
                # One that changes meanwhile moves to the front and others on: none is left out by that.
                for row in listed["nodes"]:
                    found.setdefault(row["number"], _brief(row, data["repository"]["nameWithOwner"]))
                if not listed["pageInfo"]["hasNextPage"]:
                    if len(found) < listed["totalCount"]:
                        raise not_whole(what, f"GitHub counts {listed['totalCount']}, and has given {len(found)}")
                    return list(found.values())
                after = listed["pageInfo"]["endCursor"]
        raise not_whole(what, f"there are more than {MOST_PAGES * PAGE}")

    def commits(self, repo: str, shas: Sequence[str]) -> dict[str, Commit]:
        """These commits."""
        found: dict[str, Commit] = {}
        wanted = list(dict.fromkeys(shas))
        for first in range(0, len(wanted), PAGE):
            rows = self._each(repo, "commits", queries.commits, wanted[first : first + PAGE])
            with Understood(f"commits of {repo}"):
                found |= {sha: _commit({"commit": row}) for sha, row in rows.items() if row and row["oid"] == sha}
        return found

    def stated(self, repo: str, numbers: Collection[int]) -> dict[int, Stated | None]:
        """These pull requests."""
        rows = self._each(repo, "pull requests", queries.stated, sorted(set(numbers)))
        with Understood(f"pull requests of {repo}"):
            return {number: _stated(row) if row else None for number, row in rows.items()}

    def branches(self, repo: str, names: Collection[str]) -> dict[str, str | None]:
        """Where branches are now."""
        refs = [f"refs/heads/{name}" for name in sorted(set(names))]
        rows = self._each(repo, "branches", queries.branches, refs)
        with Understood(f"branches of {repo}"):
            return {ref.removeprefix("refs/heads/"): row["target"]["oid"] if row else None for ref, row in rows.items()}

    def _each(
        self, repo: str, what: str, query: Callable[[Collection[str]], str], keys: Sequence[Any]
    ) -> dict[Any, Json | None]:
        """What stands under each key; null where there is nothing."""
        if not keys:
            return {}
        names = {f"n{number}": key for number, key in enumerate(keys)}
        with Understood(f"{what} of {repo}"):
            data = self._client.graphql(query(names), {**named(repo), **names}, missing=names)["repository"]
            return {key: data[name] for name, key in names.items()}

    def recent(self, repo: str) -> Recent:
        """What was merged last, and the newest branches."""
        with Understood(f"what has changed last in {repo}"):
            data = self._client.graphql(queries.RECENT, named(repo))
            me, found = data["viewer"]["login"], data["repository"]
            return Recent(
                tuple(_landed(row, me) for row in found["pullRequests"]["nodes"]),
                tuple(
                    Newest(row["name"], row["target"]["oid"], row["target"]["committedDate"])
                    for row in found["refs"]["nodes"]
                ),
                found["refs"]["totalCount"],
            )

    def people(self, repo: str, logins: Collection[str], teams: Collection[str]) -> People:
        """Accounts and teams."""
        return people(self._client, repo, logins, teams)

    def pushes(self, repo: str, branch: str) -> list[Push]:
        """Every move of the branch since somebody made it, oldest first."""
        what = f"the pushes to {branch} of {repo}"
        found: list[Push] = []
        with Understood(what):
            for row in self._client.pages(at(repo, "activity"), ref=f"refs/heads/{branch}", direction="desc"):
                kind = row["activity_type"]
                if kind == "branch_deletion" and found:
                    break  # what was before it is of another branch of that name
                if kind == "branch_deletion":
                    continue  # it is gone by now, as after a merge: it is the last one that is meant
                is_first = kind == "branch_creation"
                if not (is_first or kind in _MOVES):
                    raise not_whole(what, f"it has a `{kind}`, and nobody knows what that is")
                before = None if is_first or row["before"] == _NOWHERE else row["before"]
                forced = kind == "force_push"
                found.append(Push(_user(row["actor"]), before, row["after"], forced, row["timestamp"]))
                if is_first:
                    return found[::-1]
        raise not_whole(what, "it does not go back to where somebody made the branch")


def _version(data: Json) -> tuple[str, str]:
    pull = data["repository"]["pullRequest"]
    return pull["headRefOid"], pull["updatedAt"]


def _read(pull: Json, part: str, rows: list[Json], what: str) -> str | None:
    """Adds a page of a list to `rows`; where to go on from, if there is more."""
    inside = queries.LISTS[part].inside
    listed = pull[part] if not inside else pull[part] and pull[part]["rows"]
    if listed is None and inside:  # nothing was ever said about the head
        return None
    return page(listed, rows, part, what, counted=queries.LISTS[part].counted)


def _told(data: Json, rows: Mapping[str, list[Json]]) -> Pull:
    repository = data["repository"]
    pull = repository["pullRequest"]
    lists = {part: tuple(map(_ROWS[part], found)) for part, found in rows.items()}
    return Pull(
        number=pull["number"],
        node=pull["id"],
        repo_id=repository["databaseId"],
        me=data["viewer"]["login"],
        title=pull["title"],
        body=pull["body"],
        author=_actor(pull["author"]),
        state="open" if pull["state"] == "OPEN" else "closed",
        draft=pull["isDraft"],
        merged=pull["merged"],
        merged_by=_actor(pull["mergedBy"]),
        merge_commit=pull["mergeCommit"]["oid"] if pull["merged"] and pull["mergeCommit"] else None,
        merged_at=pull["mergedAt"],
        head=_head(pull),
        base=_base(pull, repository["nameWithOwner"]),
        updated_at=pull["updatedAt"],
        commit_count=pull["allCommits"]["totalCount"],
        **lists,
    )


def _head(pull: Json) -> Branch:
    """The head that reviews and checks are of, also where its branch has gone."""
    repo = pull["headRepository"]
    return Branch(pull["headRefName"], pull["headRefOid"], repo["nameWithOwner"] if repo else None)


def _base(pull: Json, repo: str) -> Branch:
    """Where the branch is now: GitHub's own `baseRefOid` is where it was when somebody last pushed."""
    ref = pull["baseRef"]
    return Branch(pull["baseRefName"], ref["target"]["oid"] if ref else None, repo)


def _brief(row: Json, repo: str) -> Brief:
    return Brief(
        row["number"],
        _head(row),
        _base(row, repo),
        row["isDraft"],
        row["updatedAt"],
        row["viewerDidAuthor"],
        _talk(row),
    )


def _talk(row: Json) -> Talk:
    return Talk(
        *(
            (found["totalCount"], max((int(one["fullDatabaseId"]) for one in found["nodes"]), default=0))
            for found in (row["comments"], row["reviews"])
        )
    )


def _landed(row: Json, me: str) -> Landed:
    """An App has its login in two spellings, with `[bot]` and without."""
    by, bot = _actor(row["mergedBy"]), "[bot]"
    is_mine = by is not None and (by.login.removesuffix(bot), by.bot) == (me.removesuffix(bot), me.endswith(bot))
    return Landed(row["number"], is_mine, row["headRefOid"], row["baseRefName"], row["updatedAt"], _talk(row))


def _actor(actor: Json | None) -> Person | None:
    """Whoever did something; an account without an id is nobody whom we know."""
    if actor is None or actor.get("databaseId") is None:
        return None
    return Person(actor["databaseId"], actor["login"], actor["__typename"] == "Bot")


def _user(user: Json | None) -> Person | None:
    """The same, as REST has it."""
    return Person(user["id"], user["login"], user.get("type") == "Bot") if user else None


def _hand(hand: Json | None) -> Hand:
    return Hand(hand["email"], _actor(hand["user"])) if hand else Hand(None, None)


def _review(row: Json) -> Review:
    commit = row["commit"]["oid"] if row["commit"] else None
    edited = row["lastEditedAt"] is not None
    author = _actor(row["author"])
    return Review(int(row["fullDatabaseId"]), author, row["state"], commit, row["submittedAt"], edited, row["body"])


def _dismissal(row: Json) -> Dismissal:
    review = int(row["review"]["fullDatabaseId"]) if row["review"] else None
    return Dismissal(review, row["previousReviewState"], _actor(row["actor"]), row["createdAt"])


def _comment(row: Json) -> Comment:
    return Comment(
        int(row["fullDatabaseId"]),
        row["id"],
        _actor(row["author"]),
        row["body"],
        row["createdAt"],
        row["lastEditedAt"],
        row["isMinimized"],
        row["createdViaEmail"],
    )


def _stated(row: Json) -> Stated:
    return Stated("open" if row["state"] == "OPEN" else "closed", row["merged"], row["body"])


def _commit(row: Json) -> Commit:
    commit = row["commit"]
    authors = commit["authors"]
    if authors["totalCount"] != len(authors["nodes"]):
        raise not_whole(f"the commit {commit['oid'][:12]}", f"it has {authors['totalCount']} authors")
    signature = commit["signature"]
    signed = bool(signature and signature["isValid"] and signature["wasSignedByGitHub"])
    return Commit(commit["oid"], tuple(map(_hand, authors["nodes"])), _hand(commit["committer"]), signed)


def _check(row: Json) -> Check:
    if row["__typename"] == "StatusContext":
        status, conclusion = _STATES[row["state"]]
        return Check(row["context"], status, conclusion, None, "")
    app, conclusion = row["checkSuite"]["app"], row["conclusion"]
    return Check(
        row["name"],
        row["status"].lower(),
        conclusion.lower() if conclusion else None,
        app["databaseId"] if app else None,
        row["externalId"] or "",
    )


def _retarget(row: Json) -> Retarget:
    return Retarget(row["createdAt"], row["previousRefName"], row["currentRefName"], _actor(row["actor"]))


def _label(row: Json) -> str:
    return str(row["name"])


_ROWS: Mapping[str, Callable[[Json], Any]] = {
    "reviews": _review,
    "dismissals": _dismissal,
    "comments": _comment,
    "labels": _label,
    "commits": _commit,
    "checks": _check,
    "retargets": _retarget,
}
