"""Commits that the forge makes itself: GitHub's are by whoever asked, committed by `web-flow`, and signed by GitHub.

The signature is in a row, not in the commit: a commit that only says that GitHub committed it has none.
"""

import base64
import hashlib
import textwrap
from collections.abc import Sequence

from engine.sandbox.forge.clock import seconds
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git.bare import Bare, Commit, Person
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.people.accounts import no_reply

EMAIL = "noreply@github.com"


def person(account: Row, at: str) -> Person:
    """Whoever asked, as author: by name and linked address, a bot by the address that GitHub gives it."""
    if account["kind"] == "Bot" or not account["email"]:
        return Person(account["login"], no_reply(account), at)
    return Person(account["name"] or account["login"], account["email"], at)


def committer(at: str) -> Person:
    """GitHub."""
    return Person("GitHub", EMAIL, at)


def write(forge: Forge, store: Bare, tree: str, parents: Sequence[str], message: str, author: Person) -> str:
    """Make a commit in the name of `web-flow`, signed; on no branch yet. Its id."""
    made = store.write_commit(tree, parents, message, author, committer(forge.now()))
    sign(forge, made)
    return made


def sign(forge: Forge, sha: str) -> None:
    """From now on it is one that the forge has made."""
    forge.kept.run("INSERT OR IGNORE INTO web_commits VALUES (?, ?)", sha, forge.now())


def signed_at(forge: Forge, sha: str) -> str | None:
    """When the forge signed this commit; None: it did not."""
    found: str | None = forge.kept.value("SELECT at FROM web_commits WHERE sha = ?", sha)
    return found


def payload(commit: Commit) -> str:
    """What was signed: the commit as git writes it."""
    lines = [f"tree {commit.tree}", *(f"parent {parent}" for parent in commit.parents)]
    for role, who in (("author", commit.author), ("committer", commit.committer)):
        lines.append(f"{role} {who.name} <{who.email}> {int(seconds(who.date))} +0000")
    return "\n".join([*lines, "", commit.message])


def signature(text: str) -> str:
    """In the form of a signature; no key is behind it, so it proves nothing outside of this sandbox."""
    body = base64.b64encode(hashlib.sha512(text.encode(errors="replace")).digest()).decode()
    lines = ["-----BEGIN PGP SIGNATURE-----", "", *textwrap.wrap(body, 64), "-----END PGP SIGNATURE-----", ""]
    return "\n".join(lines)
