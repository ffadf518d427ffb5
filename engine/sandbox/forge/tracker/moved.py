"""What a moved branch means to pull requests: new commits, a head or base that is gone, merged by somebody's push."""

from collections.abc import Sequence

from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git.bare import Bare, Commit, bare
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.tracker import announce, closing, rows, states, timeline, trial
from engine.sandbox.forge.tracker.stale import dismiss_stale

_HEADS = "refs/heads/"
_PUSHED = 10_000  # commits of one push that are looked through


def branch_moved(
    forge: Forge,
    repository: Row,
    ref: str,
    before: str | None,
    after: str | None,
    actor: int | None,
    app: int | None = None,
) -> None:
    """Called after every change of a ref, once it is there; late or twice, too: what counts is the ref itself."""
    if not ref.startswith(_HEADS):
        return
    branch = ref.removeprefix(_HEADS)
    if after is None and states.tip(forge, repository["id"], branch) is not None:
        return  # it has come back meanwhile, and that is told, too
    if after is None:
        _base_gone(forge, repository, branch, actor, app)
    elif before is not None:
        _base_moved(forge, repository, branch, before, after, actor, app)
    for pull in rows.pulls(forge, "p.head_repository = ? AND p.head_ref = ?", repository["id"], branch):
        if after is None:
            _head_gone(forge, pull, actor, app)
        elif pull["state"] == "open":
            _head_moved(forge, repository, pull, actor, app)
        elif before is None and after == pull["head_sha"]:
            with forge.kept.change():
                timeline.record(forge, pull["id"], "head_ref_restored", actor, app=app)


def _head_moved(forge: Forge, source: Row, pull: Row, actor: int | None, app: int | None) -> None:
    repository = forge.repository_of(pull["repository"])
    store = bare(forge, pull["repository"])
    head = states.tip(forge, source["id"], pull["head_ref"])
    base = states.tip(forge, pull["repository"], pull["base_ref"])
    if repository is None or head is None or base is None or head == pull["head_sha"]:
        return
    measured = trial.measure(store, base, head)
    forced = not store.is_ancestor(pull["head_sha"], head)
    with forge.kept.change():
        was = rows.item(forge, pull["id"])
        if was["state"] != "open":
            return
        if was["head_sha"] != pull["head_sha"]:  # another push was told meanwhile, maybe an older one
            _head_moved(forge, source, was, actor, app)
            return
        forge.kept.update("pulls", was["id"], head_sha=head, base_sha=base, measured_json=measured)
        if forced:
            before = was["head_sha"]
            timeline.record(forge, was["id"], "head_ref_force_pushed", actor, app=app, commit_sha=head, before=before)
        states.follow(forge, store, was, head, base, actor)
        announce.item(forge, was["id"], "synchronize", actor, before=was["head_sha"], after=head)
        if store.count(base, head) == 0:  # nothing is left to merge; GitHub closes it, and does not call it merged
            states.closed(forge, was["id"], actor, app)
            return
        dismiss_stale(forge, repository, was, rows.item(forge, was["id"]), actor, app)


def _head_gone(forge: Forge, pull: Row, actor: int | None, app: int | None) -> None:
    with forge.kept.change():
        if rows.item(forge, pull["id"])["state"] == "open":
            states.closed(forge, pull["id"], actor, app)
        timeline.record(forge, pull["id"], "head_ref_deleted", actor, app=app)


def _base_moved(
    forge: Forge, repository: Row, branch: str, before: str, after: str, actor: int | None, app: int | None
) -> None:
    default = branch == repository["default_branch"]
    if not default and not _into(forge, repository, branch):
        return
    store = bare(forge, repository["id"])
    pushed = store.log(after, before, limit=_PUSHED)
    shas = {commit.sha for commit in pushed}
    tip = store.resolve(f"{_HEADS}{branch}") or after  # another move may be told before this one
    with forge.kept.change():
        if default:
            closing.close(forge, repository, (commit.message for commit in reversed(pushed)), actor, app)
        for pull in _into(forge, repository, branch):
            if pull["head_sha"] in shas:
                forge.kept.update("pulls", pull["id"], base_sha=before)
                states.merged(forge, pull["id"], actor, app, brought_by(pushed, after, pull["head_sha"]))
                closing.by_pull(forge, repository, pull, actor, app)
            elif pull["base_sha"] != tip:
                forge.kept.update("pulls", pull["id"], base_sha=tip)
                dismiss_stale(forge, repository, pull, rows.item(forge, pull["id"]), actor, app)


def brought_by(pushed: Sequence[Commit], tip: str, head: str) -> str:
    """Which commit of the branch's own line brought `head`: itself, or the merge of it. `pushed` is newest first."""
    parents = {commit.sha: commit.parents for commit in pushed}
    while tip != head and (first := parents[tip][:1]) and _reaches(parents, first[0], head):
        tip = first[0]
    return tip


def _reaches(parents: dict[str, tuple[str, ...]], start: str, wanted: str) -> bool:
    seen, todo = set(), [start]
    while todo:
        sha = todo.pop()
        if sha == wanted:
            return True
        if sha not in seen:
            seen.add(sha)
            todo += parents.get(sha, ())
    return False


def _base_gone(forge: Forge, repository: Row, branch: str, actor: int | None, app: int | None) -> None:
    """One that was stacked on a merged pull request goes where that one went; every other is closed."""
    merged = "p.repository = ? AND p.head_repository = p.repository AND p.head_ref = ? AND p.merged"
    below = rows.pulls(forge, merged, repository["id"], branch)
    target = below[-1]["base_ref"] if below else None
    sha = None if target is None else states.tip(forge, repository["id"], target)
    store = bare(forge, repository["id"])
    for pull in _into(forge, repository, branch):
        with forge.kept.change():
            if target is not None and sha is not None and _may_go(forge, store, pull, target, sha):
                changes = states.retarget(forge, pull, target, sha, actor, app, "automatic_base_change_succeeded")
                announce.item(forge, pull["id"], "edited", actor, changes=changes)
            else:
                timeline.record(forge, pull["id"], "base_ref_deleted", actor, app=app)
                states.closed(forge, pull["id"], actor, app)


def _may_go(forge: Forge, store: Bare, pull: Row, base: str, sha: str) -> bool:
    taken = states.open_one(forge, pull["repository"], pull["head_repository"], pull["head_ref"], base)
    return taken is None and pull["head_ref"] != base and store.count(sha, pull["head_sha"]) > 0


def _into(forge: Forge, repository: Row, branch: str) -> list[Row]:
    return rows.pulls(forge, "p.repository = ? AND p.base_ref = ? AND i.state = 'open'", repository["id"], branch)
