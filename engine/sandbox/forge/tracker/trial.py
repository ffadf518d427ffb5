"""What git has to say of a pull request: how large it is, and whether it could be merged.

Both are kept with the head and base that they are of. Size is measured where a head or base changes; merging is tried
when somebody looks, so `mergeable` is null at the first look after each change, as on GitHub.
"""

import json
from typing import Any

from engine.sandbox.forge.answer import Viewer, dump
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git import protection, web
from engine.sandbox.forge.git.bare import EMPTY_TREE, Bare, Commit, Person, bare
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.tracker import rows

MEASURES = ("commits", "additions", "deletions", "changed_files")
REBASE_MOST = 100  # commits; GitHub rebases no more


def fork_point(store: Bare, base: str, head: str) -> str:
    """Where `head` left `base`; the empty tree for histories that have nothing in common."""
    return store.merge_base(base, head) or EMPTY_TREE


def measure(store: Bare, base: str, head: str) -> str:
    """For `measured_json`: commits and lines between the two."""
    changed = store.changed(fork_point(store, base, head), head, patches=False)
    found = {
        "commits": store.count(base, head),
        "additions": sum(each.additions for each in changed),
        "deletions": sum(each.deletions for each in changed),
        "changed_files": len(changed),
    }
    return dump({"base": base, "head": head, **found})


def refresh(forge: Forge, pull: Row) -> Row:
    """The row, measured again if its base has moved since; merged ones stay as they were."""
    measured = json.loads(pull["measured_json"] or "{}")
    if pull["merged"] or (measured.get("base"), measured.get("head")) == (pull["base_sha"], pull["head_sha"]):
        return pull
    text = measure(bare(forge, pull["repository"]), pull["base_sha"], pull["head_sha"])
    still = "UPDATE pulls SET measured_json = ? WHERE id = ? AND base_sha = ? AND head_sha = ?"
    forge.kept.run(still, text, pull["id"], pull["base_sha"], pull["head_sha"])
    return {**pull, "measured_json": text}


def tried(pull: Row) -> dict[str, Any] | None:
    """The trial merge of the present head and base, `{mergeable, rebaseable, behind}`; None: not yet made."""
    found: dict[str, Any] = json.loads(pull["trial_json"] or "{}")
    return found if (found.get("base"), found.get("head")) == (pull["base_sha"], pull["head_sha"]) else None


def known(forge: Forge, pull: Row) -> tuple[bool | None, str]:
    """GitHub's `mergeable` and `mergeable_state`, as far as they are known."""
    found = tried(pull)
    if pull["merged"] or found is None:
        return None, "unknown"
    if not found["mergeable"]:
        return False, "dirty"
    if pull["draft"]:
        return True, "draft"
    repository = forge.repository_of(pull["repository"])
    if repository is None:
        return None, "unknown"
    missing = protection.unmet(forge, pull, Viewer())
    if missing:
        only_behind = found["behind"] and len(missing) == 1 and _up_to_date_asked(forge, repository, pull["base_ref"])
        return True, "behind" if only_behind else "blocked"
    return True, "clean" if _green(forge, pull) else "unstable"


def mergeable(forge: Forge, pull: Row) -> tuple[bool | None, str]:
    """The same; where it was not known, it is tried, and the next who asks is told."""
    found = known(forge, pull)
    if tried(pull) is None and pull["state"] == "open":
        attempt(forge, pull)
    return found


def attempt(forge: Forge, pull: Row) -> None:
    """Try the merge: `refs/pull/N/merge` is what it gives, unless the pull request has moved on meanwhile."""
    store = bare(forge, pull["repository"])
    base, head = pull["base_sha"], pull["head_sha"]
    tree = store.merge_tree(base, head)
    found = {"base": base, "head": head, "mergeable": tree is not None}
    found["behind"] = not store.is_ancestor(base, head)
    found["rebaseable"] = tree is not None and rebased(store, base, head, web.committer(forge.now())) is not None
    merge = None
    if tree is not None:
        nobody = web.committer(forge.now())
        merge = store.write_commit(tree, (base, head), f"Merge {head} into {base}", nobody, nobody)
    with forge.kept.change():
        now = rows.item(forge, pull["id"])
        if (now["base_sha"], now["head_sha"], now["state"]) != (base, head, "open"):
            return
        forge.kept.update("pulls", pull["id"], trial_json=dump(found), merge_commit_sha=merge)
        ref = f"refs/pull/{pull['number']}/merge"
        store.update(ref, merge, store.resolve(ref))


def rebased(store: Bare, base: str, head: str, committer: Person) -> str | None:
    """The tip of `head`'s own commits put on `base` one after the other; None: they conflict, or nothing is left.

    Commits that change nothing any more, and merges, are left out.
    """
    if store.count(base, head) > REBASE_MOST:
        return None
    tip = base
    for commit in reversed(store.log(head, base, limit=REBASE_MOST)):
        if len(commit.parents) != 1:
            continue
        tree = store.pick(tip, commit.sha)
        if tree is None:
            return None
        if tree != _tree(store, tip):
            tip = store.write_commit(tree, (tip,), commit.message, commit.author, committer)
    return None if tip == base else tip


def _tree(store: Bare, sha: str) -> str:
    found: Commit | None = store.commit(sha)
    return sha if found is None else found.tree


def _up_to_date_asked(forge: Forge, repository: Row, branch: str) -> bool:
    rules = protection.parameters(forge, repository, branch, "required_status_checks")
    return any(rule.get("strict_required_status_checks_policy") for rule in rules)


def _green(forge: Forge, pull: Row) -> bool:
    """Is nothing that was reported on the head (the newest of each name) red or still running?"""
    return not forge.kept.row(_RED, *(pull["repository"], pull["head_sha"]) * 2)


_RED = """SELECT 1 FROM (SELECT coalesce(conclusion, '') AS said, max(id) FROM check_runs
    WHERE repository = ? AND head_sha = ? GROUP BY app, name)
  WHERE said NOT IN ('success', 'neutral', 'skipped')
  UNION SELECT 1 FROM (SELECT state, max(id) FROM statuses WHERE repository = ? AND sha = ? GROUP BY context)
  WHERE state != 'success'"""
