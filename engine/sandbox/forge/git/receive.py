"""What a push does: its objects are looked at, each ref is moved or refused with GitHub's words, and it is told of.

Why not `git receive-pack` with hooks: GitHub refuses one ref of a push and takes the others, says why in a line that
belongs to the ref, and knows who moved what. A hook would be a program beside us that has to ask us, its refusals are
all called "hook declined", and between what it saw and what then happens lies another push. So the refs are ours, moved
by compare-and-swap; objects, fsck, connectivity and the refs' files are git's.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from engine.sandbox.forge.answer import Viewer
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git import packets, protection, pushes
from engine.sandbox.forge.git.bare import Bare, bare
from engine.sandbox.forge.git.incoming import Incoming, RefusedError
from engine.sandbox.forge.git.names import ABSENT, SHA, is_branch, is_ref
from engine.sandbox.forge.git.packets import Wanted
from engine.sandbox.forge.kept import Row

_RULES = "push declined due to repository rule violations"


def receive(forge: Forge, repository: Row, viewer: Viewer, body: bytes) -> bytes:
    """Carry out a push of somebody who may write there; git's answer.

    Raises:
        ForgeError: 400, it is no push.
    """
    push = packets.read_push(body)
    if not push.wanted:
        return b""
    store = bare(forge, repository["id"])
    news = {each.after for each in push.wanted if each.after is not None}
    try:
        _take(store, push.pack, news)
    except RefusedError as refused:
        none = [(each.ref, "unpacker error") for each in push.wanted]
        return packets.report(str(refused), none, push.capabilities, refused.said)
    said: list[str] = []
    there = store.refs("")
    why = {each: _why(forge, repository, viewer, each, there, said) for each in push.wanted}
    for each in _twice(push.wanted):
        why[each] = "multiple updates for one ref"
    begun = {each: pushes.begin(forge, repository, viewer, *each) for each, no in why.items() if no is None}
    if "atomic" in push.capabilities:
        why = _at_once(store, why)
    else:
        why = {each: no or _update(store, [each]) for each, no in why.items()}
    for each, no in why.items():
        if no is None:
            pushes.moved(forge, repository, viewer.account, *each, app=viewer.app, begun=begun[each])
            said += _invited(forge, repository, each)
        else:
            pushes.end(forge, begun.get(each))
    refusals = [(each.ref, no) for each, no in why.items()]
    return packets.report("ok", refusals, push.capabilities, "".join(f"{line}\n" for line in said))


def _take(store: Bare, pack: bytes, news: set[str]) -> None:
    """Keep what the pack has, if everything that the new commits need is there.

    Raises:
        RefusedError: the pack is broken, too large, has what fsck refuses, or lacks something.
    """
    with Incoming(store) as incoming:
        if pack:
            incoming.unpack(pack)
        if news and not incoming.complete(sorted(news)):
            raise RefusedError("missing necessary objects")
        incoming.keep()


def _why(
    forge: Forge, repository: Row, viewer: Viewer, wanted: Wanted, there: Mapping[str, str], said: list[str]
) -> str | None:
    """Why this ref may not move, for git; the whole story for people goes to `said`."""
    ref, before, after = wanted
    named = _named(repository, wanted, said)
    if named is not None:
        return named
    now = there.get(ref)
    if now != before:  # another push came first; the rules are asked about what is there
        return f"cannot lock ref '{ref}': is at {now or ABSENT} but expected {before or ABSENT}"
    refused = protection.refusal(forge, repository, viewer.account, viewer.app, ref, before, after)
    if refused is not None:
        said += _told(forge, repository, ref, f"error: GH013: Repository rule violations found for {ref}.", refused)
        return _RULES
    passed = protection.passed_over(forge, repository, viewer.account, viewer.app, ref, before, after)
    if passed is not None:
        said += _told(forge, repository, ref, f"Bypassed rule violations for {ref}:", passed)
    return None


def _named(repository: Row, wanted: Wanted, said: list[str]) -> str | None:
    """What is wrong with the name of the ref, or with moving that ref so."""
    ref, before, after = wanted
    name = ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
    if SHA.match(name) and after is not None:
        said.append("error: GH002: Sorry, branch or tag names consisting of 40 hex characters are not allowed.")
        said.append(f'error: Invalid branch or tag name "{name}"')
        return "pre-receive hook declined"
    if not is_ref(ref) or (name != ref and after is not None and not is_branch(name)) or before == after:
        return "funny refname"
    if ref.startswith("refs/pull/"):
        return "deny updating a hidden ref"
    if after is None and ref == f"refs/heads/{repository['default_branch']}":
        return f"refusing to delete the current branch: {ref}"
    return None


def _told(forge: Forge, repository: Row, ref: str, first: str, broken: str) -> list[str]:
    rules = f"{forge.urls.page(repository['owner_login'], repository['name'])}/rules?ref={ref.replace('/', '%2F')}"
    lines = [first, f"Review all repository rules at {rules}"] if first.startswith("error") else [first]
    for each in broken.split("\n"):
        lines += ["", f"- {each}"]
    return [*lines, ""]


def _invited(forge: Forge, repository: Row, wanted: Wanted) -> list[str]:
    """Where to open a pull request for a new branch."""
    branch = wanted.ref.removeprefix("refs/heads/")
    if wanted.before is not None or branch in (wanted.ref, repository["default_branch"]):
        return []
    page = forge.urls.page(repository["owner_login"], repository["name"], "compare")
    url = f"{page}/{quote(repository['default_branch'])}...{quote(branch)}"
    return ["", f"Create a pull request for '{branch}' on GitHub by visiting:", f"     {url}", ""]


def _twice(wanted: Sequence[Wanted]) -> list[Wanted]:
    refs = [each.ref for each in wanted]
    return [each for each in wanted if refs.count(each.ref) > 1]


def _at_once(store: Bare, why: Mapping[Wanted, str | None]) -> dict[Wanted, str | None]:
    failed = any(why.values()) or _update(store, list(why)) is not None
    return {each: (refused or "atomic push failure") if failed else None for each, refused in why.items()}


def _update(store: Bare, wanted: Sequence[Wanted]) -> str | None:
    """Move them all or none; what git says against it."""
    return store.move({each.ref: (each.before, each.after) for each in wanted})
