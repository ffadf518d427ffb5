"""That an answer of GraphQL is what was asked for, and all of it."""

from engine.adapters.github.client import Json
from engine.adapters.github.failures import not_whole


class Understood:
    """What is not what was asked for is an answer by which nothing can be decided, and no bug."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, LookupError | TypeError | ValueError | AttributeError):
            raise not_whole(self._what, f"it is not what was asked for ({type(error).__name__})") from None


def named(repo: str) -> dict[str, str]:
    """The variables that say which repository."""
    owner, _, name = repo.partition("/")
    return {"owner": owner, "name": name}


def page(listed: Json, rows: list[Json], name: str, what: str, *, counted: bool = True) -> str | None:
    """Adds a page of a list to `rows`; where to go on from, if there is more.

    Raises:
        EngineError: ENG597, a row is hidden, or GitHub counts others.
    """
    rows += listed["nodes"]
    if not all(isinstance(row, dict) for row in rows):
        raise not_whole(what, f"its {name} have rows that we may not see")
    if listed["pageInfo"]["hasNextPage"]:
        return str(listed["pageInfo"]["endCursor"])
    if counted and listed["totalCount"] != len(rows):
        raise not_whole(what, f"GitHub counts {listed['totalCount']} {name}, and has given {len(rows)}")
    return None
