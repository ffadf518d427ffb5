"""What a merge commit says where nobody says it: GitHub's titles, messages and `Co-authored-by` lines."""

from collections.abc import Iterable, Sequence

from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git.bare import Commit, Person
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.people.accounts import by_email

_RULE = "\n\n---------\n\n"


def merge(pull: Row) -> tuple[str, str]:
    """Title and message of a merge."""
    return f"Merge pull request #{pull['number']} from {pull['head_owner']}/{pull['head_ref']}", pull["title"]


def squash(forge: Forge, pull: Row, commits: Sequence[Commit], author: Person) -> tuple[str, str]:
    """Title and message of a squash of these commits (oldest first) that will be by `author`.

    One commit: its own. Several: the pull request's title, and one point for each commit.
    """
    others = "\n".join(f"Co-authored-by: {who.name} <{who.email}>" for who in co_authors(forge, commits, author))
    if len(commits) == 1:
        title, body = _split(commits[0].message)
        return f"{title} (#{pull['number']})", "\n\n".join(part for part in (body, others) if part)
    body = "\n\n".join(f"* {commit.message.strip()}" for commit in commits if len(commit.parents) < 2)
    return f"{pull['title']} (#{pull['number']})", f"{body}{_RULE}{others}" if others else body


def co_authors(forge: Forge, commits: Iterable[Commit], author: Person) -> list[Person]:
    """Everybody else who wrote one of the commits, each account or address once."""
    seen, found = {_who(forge, author)}, []
    for commit in commits:
        key = _who(forge, commit.author)
        if key not in seen:
            seen.add(key)
            found.append(commit.author)
    return found


def whole(title: str, message: str) -> str:
    """The text of a commit."""
    return f"{title}\n\n{message}" if message else title


def _who(forge: Forge, person: Person) -> object:
    account = by_email(forge, person.email)
    return person.email.lower() if account is None else account["id"]


def _split(message: str) -> tuple[str, str]:
    title, _, body = message.strip().partition("\n")
    return title, body.strip()
