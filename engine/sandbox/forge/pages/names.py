"""Names of branches and files in a path: `main/docs/x.md` may be the branch `main` or the branch `main/docs`."""

import re
from typing import TYPE_CHECKING, NamedTuple

from engine.sandbox.forge.answer import missing
from engine.sandbox.forge.pages.asked import Ask

if TYPE_CHECKING:
    from engine.sandbox.forge.git.bare import Bare

_SHA = re.compile(r"[0-9a-f]{40}")


class Place(NamedTuple):
    """What a path names: how the commit is called there, the commit, and a file or directory ("" the top)."""

    ref: str
    sha: str
    path: str


def place(ask: Ask, bare: "Bare") -> Place:
    """The longest name of a branch (or a commit's full id) that the path begins with, and what follows.

    Raises:
        ForgeError: 404, it begins with none.
    """
    rest = ask.path.get("rest", "").strip("/")
    if "\0" in rest or {"", ".", ".."} & set(rest.split("/")):
        raise missing()  # no name in git; git itself would end with an error
    head = rest.partition("/")[0]
    if _SHA.fullmatch(head) and bare.commit(head):
        return Place(head, head, rest.partition("/")[2])
    branches = bare.refs()
    tags = bare.refs("refs/tags/")
    named = {name.removeprefix("refs/tags/"): sha for name, sha in tags.items()}
    named |= {name.removeprefix("refs/heads/"): sha for name, sha in branches.items()}
    fits = [name for name in named if rest == name or rest.startswith(f"{name}/")]
    if not fits:
        raise missing()
    ref = max(fits, key=len)
    sha = bare.resolve(named[ref])  # a tag's commit
    if sha is None:
        raise missing()
    return Place(ref, sha, rest[len(ref) + 1 :])
