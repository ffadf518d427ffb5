"""Writing to GitHub: each write is safe to repeat, and none of which nobody knows is done a second time.

Some are so by nature: GitHub opens one pull request for two branches, a base or a label is set to what it is already,
who is asked for a review is asked. Those are sent until they are answered. A comment and a merge are not: after a lost
answer we look what is there.
"""

from collections.abc import Collection, Iterator

from engine.adapters.github import queries
from engine.adapters.github.branches import Branches
from engine.adapters.github.client import MOST_PAGES, Json, at, once, surely
from engine.adapters.github.failures import RefusedError, not_whole
from engine.adapters.github.whole import Understood, named
from engine.core.report.labels import LOOKS
from engine.errors import EngineError

_FRESH = "ededed"  # the colour of a label that GitHub has made because it was put on


class Write(Branches):
    """`Writes`, by a client."""

    def open_pull(self, repo: str, head: str, base: str, title: str, body: str) -> int:
        """Opens it. A second one of the same branches GitHub does not open."""
        asked = {"head": head, "base": base, "title": title, "body": body}
        with Understood(f"a pull request of {head} to {base} in {repo}"):
            try:
                return int(self._client.fetch("POST", at(repo, "pulls"), asked).value["number"])
            except RefusedError as error:
                found = self._open_one(repo, head, base) if error.status == 422 else None
                if found is None:
                    raise
                return found

    def _open_one(self, repo: str, head: str, base: str) -> int | None:
        owner = repo.partition("/")[0]
        rows = self._client.pages(at(repo, "pulls"), state="open", head=f"{owner}:{head}", base=base)
        return next((row["number"] for row in rows if row["head"]["ref"] == head and _is_of(row["head"], repo)), None)

    def retarget(self, repo: str, number: int, base: str) -> bool:
        """Changes its base."""
        with Understood(f"the base of {repo}#{number}"):
            pull = self._client.fetch("PATCH", at(repo, "pulls", number), {"base": base}).value
            return bool(pull["base"]["ref"] == base)

    def label(self, repo: str, number: int, *, add: Collection[str], remove: Collection[str]) -> None:
        """Adds and removes, one after the other: setting all of them would undo what others do meanwhile."""
        path = at(repo, "issues", number, "labels")
        with Understood(f"the labels of {repo}#{number}"):
            worn = self._client.fetch("POST", path, {"labels": sorted(add)}).value if add else []
            for row in worn:
                look = LOOKS.get(row["name"])
                if look and row["name"] in add and row["color"] == _FRESH and not row["description"]:
                    said = {"color": look.colour, "description": look.description}
                    self._client.fetch("PATCH", at(repo, "labels", row["name"]), said)
            for name in sorted(remove):
                self._take_off(repo, number, name)

    def _take_off(self, repo: str, number: int, name: str) -> None:
        try:
            self._client.fetch("DELETE", at(repo, "issues", number, "labels", name), None)
        except EngineError:  # it is not there, or it is and we may not
            worn = self._client.pages(at(repo, "issues", number, "labels"))
            if any(row["name"].lower() == name.lower() for row in worn):
                raise

    def comment(self, repo: str, number: int, body: str, *, instead_of: int | None) -> int:
        """Edits our own, or writes one."""
        with Understood(f"the comments of {repo}#{number}"):
            if instead_of is not None and self._edited(repo, number, instead_of, body):
                return instead_of

            def look() -> int | None:
                newest = self._said(repo, number, pages=1)
                same = (row for row in newest if _is_ours(row) and _says(row, body) and not row["isMinimized"])
                return next((int(row["fullDatabaseId"]) for row in same), None)

            def write() -> int:
                return int(self._client.send("POST", at(repo, "issues", number, "comments"), {"body": body})["id"])

            return once(look, write)

    def _edited(self, repo: str, number: int, comment: int, body: str) -> bool:
        """Does that comment of ours say it now? Not if somebody has deleted it, or it was never ours."""
        row = next((row for row in self._said(repo, number) if int(row["fullDatabaseId"]) == comment), None)
        if row is None or not _is_ours(row):
            return False
        if _says(row, body):
            return True
        path = at(repo, "issues", "comments", comment)
        try:
            self._client.fetch("PATCH", path, {"body": body})
        except EngineError:
            if self._client.find(path) is not None:
                raise
            return False
        return True

    def _said(self, repo: str, number: int, pages: int = MOST_PAGES) -> Iterator[Json]:
        """The comments of the newest pages, newest first."""
        before = None
        for _ in range(pages):
            data = self._client.graphql(queries.SAID, {**named(repo), "number": number, "before": before})
            listed = data["repository"]["pullRequest"]["comments"]
            yield from reversed(listed["nodes"])
            if not listed["pageInfo"]["hasPreviousPage"]:
                return
            before = listed["pageInfo"]["startCursor"]

    def minimise(self, node: str) -> bool:
        """Hides it as outdated."""
        with Understood("a comment"):
            shown = self._client.graphql(queries.SHOWN, {"node": node}, missing=["node"])["node"]
            if not shown or not _is_ours(shown) or shown["isMinimized"]:
                return False

            def look() -> bool | None:
                now = self._client.graphql(queries.SHOWN, {"node": node}, missing=["node"])["node"]
                return True if not now or now["isMinimized"] else None

            def write() -> bool:
                self._client.mutate(queries.MINIMISE, {"node": node})
                return True

            return surely(look, write)

    def merge(self, repo: str, number: int, *, head: str, title: str, message: str) -> str:
        """Squashes it."""
        path, what = at(repo, "pulls", number, "merge"), f"the merge of {repo}#{number}"
        asked = {"merge_method": "squash", "sha": head, "commit_title": title, "commit_message": message}

        def look() -> str | None:
            data = self._client.graphql(queries.MERGED, {**named(repo), "number": number})
            pull = data["repository"]["pullRequest"]
            if not pull["merged"]:
                return None
            by, commit = pull["mergedBy"] or {}, pull["mergeCommit"] or {"message": ""}
            is_us = by.get("databaseId") is not None and by["databaseId"] == data["viewer"]["databaseId"]
            if not (is_us and title in commit["message"] and message.strip() in commit["message"]):
                raise RefusedError(what, 405, f"it is merged already, by {by.get('login', 'somebody')}")
            return str(commit["oid"])

        def write() -> str:
            done = self._client.send("PUT", path, asked)
            if done["merged"] is not True:
                raise not_whole(what, "GitHub does not say that it is merged")
            return str(done["sha"])

        with Understood(what):
            try:
                return surely(look, write)
            except RefusedError as error:
                found = look() if error.status in (405, 409) else None
                if found is None:
                    raise
                return found

    def request_reviews(
        self, repo: str, number: int, *, users: Collection[str], teams: Collection[str]
    ) -> Collection[str]:
        """Asks all of them, and where GitHub refuses that, one after the other."""
        path = at(repo, "pulls", number, "requested_reviewers")
        wanted = [("reviewers", name) for name in sorted(users)] + [("team_reviewers", name) for name in sorted(teams)]
        try:
            if wanted:
                self._client.fetch("POST", path, {"reviewers": sorted(users), "team_reviewers": sorted(teams)})
            return [name for _, name in wanted]
        except RefusedError as error:
            if error.status != 422 or len(wanted) == 1:
                raise
        asked, refused = list[str](), None
        for kind, name in wanted:
            try:
                self._client.fetch("POST", path, {kind: [name]})
                asked.append(name)
            except RefusedError as error:
                refused = error
        if refused and not asked:
            raise refused
        return asked


def _is_of(side: Json, repo: str) -> bool:
    return bool(side["repo"] and side["repo"]["full_name"].lower() == repo.lower())


def _says(row: Json, body: str) -> bool:
    """GitHub ends lines as browsers do, where it was a browser that wrote them."""
    said: str = row["body"]
    return said.replace("\r\n", "\n").rstrip() == body.replace("\r\n", "\n").rstrip()


def _is_ours(row: Json) -> bool:
    return row.get("viewerDidAuthor") is True
