"""`run.sweep`: finds what a lost or late event should have moved on, and hands it out to be decided again.

It decides nothing itself: what it finds are runs of their own (`run/sweeping`), each with facts fetched afresh.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.core.declare import Action, Repeat
from engine.core.outcome import Result
from engine.errors import EngineError

if TYPE_CHECKING:
    from engine.adapters.github.port import Brief, Recent
    from engine.core.decision.due import Last
    from engine.run.context import Context
    from engine.run.kept.swept import Begun, Progress

MOST = 50  # of one repository at a time; the others have their turn at the next sweep
_UNTIMED_S = 900  # what an action may take that has no `timeout`
_LATE_S = 600  # before a run is taken for dead whose time is up
_ACCOUNTS = "closed"  # the pipeline


class Found(NamedTuple):
    """What is to be decided again."""

    subject: str  # acme/dev-deployment#7, acme/dev-deployment@refs/heads/feature
    why: str  # a sentence
    event: Mapping[str, Any]  # that asks for it, by the contract of dispatches
    pipeline: str | None = None  # None: what the rules start on it
    word: str | None = None  # key of the store that says a run has begun, which was left lying

    def to_json(self) -> dict[str, Any]:
        """One of the action's outputs."""
        return self._asdict()


def sweep(ctx: "Context", keys: Sequence[str] | None, pipeline: str | None = None) -> Mapping[str, Any]:
    """`found`: what is to be decided again; `looked`: how many pull requests were looked at; `left`: how many of those
    found wait for the next sweep; `failed`: sources that could not be looked at, and why.

    With `keys` only the open pull requests whose verdict names one of these state keys; of them `pipeline` is decided.
    """
    from engine.core.alone import alone

    repo = ctx.event.subject.repo
    declared = [source.repo for source in ctx.rules.sources]
    repos = [one for one in declared if one.lower() == repo.lower()] if repo else declared
    found: list[Found] = []
    failed, looked, left = {}, 0, 0
    for one in repos:
        try:
            most = MOST if ctx.work.most is None else share(ctx.work.most, len(repos), len(found))
            with alone(f"the sweep of {one}"):
                seen, many, more = (
                    _neighbours(ctx, one, keys, pipeline, most) if keys is not None else _of(ctx, one, most)
                )
        except EngineError as error:
            failed[one] = error.problems[0].message
            continue
        found, looked, left = found + seen, looked + many, left + more
    for row in found:
        ctx.work.progress(f"  {row.subject}: {row.why}")
    return {"found": [row.to_json() for row in found], "looked": looked, "left": left, "failed": failed}


def share(most: int, repos: int, found: int) -> int:
    """How many a source may find of so many for all: whoever comes first must not have them all each time."""
    return min(max(1, most // repos), most - found)


def _neighbours(
    ctx: "Context", repo: str, keys: Sequence[str], pipeline: str | None, most: int
) -> tuple[list[Found], int, int]:
    from engine.run.kept import swept

    assert ctx.ports.forge is not None
    pulls = ctx.ports.forge.pulls(repo)
    found = []
    for pull in pulls:
        last = swept.last(ctx.ports.store, repo, pull.number) if pull.number != ctx.event.subject.number else None
        if last and not set(keys).isdisjoint(last.keys):
            found.append(look(repo, pull.number, "another was merged that changes the same resource", pipeline))
    return found[:most], len(pulls), len(found[most:])


def _of(ctx: "Context", repo: str, most: int) -> tuple[list[Found], int, int]:
    from engine.run.kept import swept

    forge, store = ctx.ports.forge, ctx.ports.store
    assert forge is not None
    before = swept.progress(store, repo)
    pulls, recent = forge.pulls(repo), forge.recent(repo)
    alive, dead = _runs(ctx, repo, {one.ref: one.sha for one in recent.branches})
    rows = {
        row.subject: row
        for row in (
            *_unapplied(ctx, repo, recent, before),
            *_unaccounted(ctx, repo, recent, before, alive),
            *_branches(ctx, repo, recent, pulls, before),
            *_due(ctx, repo, pulls),
            *dead,
        )
    }
    # Whoever had no turn is the first one next time, so that nobody waits for ever behind others that are always due.
    subjects = sorted(rows)
    turn = [*(name for name in subjects if name > before.after), *(name for name in subjects if name <= before.after)]
    now, later = turn[:most], set(turn[most:])
    tips = {one.ref: one.sha for one in recent.branches if _ref(repo, one.ref) not in later}
    told = [row.event["pr_number"] for name in now if (row := rows[name]).pipeline == _ACCOUNTS]
    swept.proceed(
        store,
        ctx.run,
        repo,
        before._replace(
            at=ctx.now,
            after=(now[-1] if now else before.after) if later else "",
            tips={**before.tips, **tips},
            told=(*before.told, *told),
        ),
    )
    return [rows[name] for name in now], len(pulls), len(later)


def look(repo: str, number: int, why: str, pipeline: str | None = None, word: str | None = None) -> Found:
    """A pull request that is to be decided again."""
    event = {"version": 1, "source_repo": repo, "event": "look", "pr_number": number}
    return Found(f"{repo}#{number}", why, event, pipeline, word)


def _push(repo: str, ref: str, sha: str, why: str, word: str | None = None) -> Found:
    event = {"version": 1, "source_repo": repo, "event": "push", "ref": ref, "head_sha": sha}
    return Found(f"{repo}@{ref}", why, event, None, word)


def _ref(repo: str, branch: str) -> str:
    return f"{repo}@refs/heads/{branch}"


def _due(ctx: "Context", repo: str, pulls: "Sequence[Brief]") -> Iterator[Found]:
    """Open ones of which something is newer than their last decision, or of which a time has passed."""
    from engine import __version__
    from engine.core.decision import due
    from engine.run.kept import swept
    from engine.run.today import digests

    store = ctx.ports.store
    made_with = due.made_with(ctx.rules, __version__, digests(ctx.controller, ctx.settings))
    frozen, are_open = swept.frozen(store), {pull.number for pull in pulls}
    holders = _Holders(ctx)
    for pull in pulls:
        last = swept.last(store, repo, pull.number)
        assert pull.head.sha is not None
        seen = due.Seen(pull.head.sha, pull.base.ref, pull.base.sha, pull.updated_at, pull.talk._asdict())
        held = holders.of(last)
        if isinstance(held, str):
            yield look(repo, pull.number, held)
            continue
        now = due.marks(
            seen,
            made_with=made_with,
            frozen=frozen,
            holders=held,
            depends=[number for number in last.depends if number in are_open] if last else (),
        )
        if why := due.due(last, now, ctx.now):
            yield look(repo, pull.number, why)


class _Holders:
    """Whose merges may hold which state key, each asked for once."""

    def __init__(self, ctx: "Context") -> None:
        self._store, self._known = ctx.ports.store, dict[str, Collection[tuple[str, int]] | str]()

    def of(self, last: "Last | None") -> set[tuple[str, int]] | str:
        """A sentence where it is not believed what stands there: its own run says so, and no other waits for that."""
        for key in last.keys if last else ():
            if key not in self._known:
                self._known[key] = self._of_key(key)
        held = set[tuple[str, int]]()
        for key in last.keys if last else ():
            found = self._known[key]
            if isinstance(found, str):
                return found
            held.update(found)
        return held

    def _of_key(self, key: str) -> Collection[tuple[str, int]] | str:
        from engine.core.kept.record import DISBELIEVED
        from engine.run.kept import merges

        try:
            return [(pull.repo, pull.pr) for pull in merges.of_key(self._store, key)]
        except EngineError as error:
            if error.problems[0].code not in DISBELIEVED:
                raise
            return error.problems[0].message


def _branches(
    ctx: "Context", repo: str, recent: "Recent", pulls: "Sequence[Brief]", before: "Progress"
) -> Iterator[Found]:
    """Branches that were pushed since the last sweep, and have no open pull request. The first sweep only looks.

    One that stands where it was merged (squashed, say, and not deleted) has had its own.
    """
    from engine.core.repository import same_repository

    targets = {one.branch for one in (*ctx.rules.environments.values(), ctx.rules.otherwise)}
    taken = {pull.head.ref for pull in pulls if pull.head.repo and same_repository(pull.head.repo, repo)}
    is_whole = recent.branch_count <= len(recent.branches)
    merged = {one.head for one in recent.merged}
    for one in recent.branches if before.at else ():
        then = before.tips.get(one.ref)
        # A page that is not all of them gains old branches when others are deleted.
        is_new = one.sha != then if then or is_whole else one.committed_at >= before.at
        if is_new and one.ref not in targets | taken and one.sha not in merged:
            yield _push(repo, f"refs/heads/{one.ref}", one.sha, "it was pushed, and has no pull request")


def _unapplied(ctx: "Context", repo: str, recent: "Recent", before: "Progress") -> Iterator[Found]:
    """Those that are merged and not applied, of which something is newer than their last decision."""
    from engine import __version__
    from engine.core.decision import due
    from engine.run.actions.unapplied import applying, unapplied
    from engine.run.kept import swept
    from engine.run.today import digests

    name, store, holders = applying(ctx.rules), ctx.ports.store, _Holders(ctx)
    found = list(unapplied(ctx, repo, recent, before)) if name else []
    if not found:
        return
    made_with = due.made_with(ctx.rules, __version__, digests(ctx.controller, ctx.settings))
    frozen = swept.frozen(store)
    for one in found:
        last = swept.last(store, repo, one.number)
        held = holders.of(last)
        if isinstance(held, str):
            yield look(repo, one.number, f"it is merged and not applied; {held}", name)
            continue
        now = due.marks(one.seen, made_with=made_with, frozen=frozen, holders=held, depends=())
        if why := due.due(last, now, ctx.now):
            yield look(repo, one.number, f"it is merged and not applied; {why}", name)


def _unaccounted(
    ctx: "Context", repo: str, recent: "Recent", before: "Progress", alive: Collection[int]
) -> Iterator[Found]:
    """Those that we have merged, and of which nothing is signed: a run was killed between the two."""
    from engine.core.kept import keys

    for one in recent.merged:
        is_new = one.is_mine and one.number not in {*alive, *before.told}
        # Whether what stands there is believed is for whoever reads it.
        if is_new and ctx.ports.store.get(keys.merge(repo, one.number)) is None:
            yield look(repo, one.number, "it was merged by us, and no merge decision says so", _ACCOUNTS)


def _runs(ctx: "Context", repo: str, tips: Mapping[str, str]) -> tuple[set[int], list[Found]]:
    """The pull requests at which runs are at work; and what runs have left lying, whose time is up."""
    from engine.run.actions.unapplied import applying
    from engine.run.kept import swept

    alive, dead = set[int](), []
    for one in swept.begun(ctx.ports.store, repo):
        if not _is_late(ctx, one):
            alive |= {one.pr} if one.pr else set()
        elif one.pr is not None:
            again = one.pipeline if one.pipeline == applying(ctx.rules) else None
            dead.append(look(repo, one.pr, f"a run of `{one.pipeline}` was begun and left lying", again, one.key))
        elif sha := tips.get((one.ref or "").removeprefix("refs/heads/")):
            why = f"a run of `{one.pipeline}` was begun and left lying"
            dead.append(_push(repo, str(one.ref), sha, why, one.key))
        else:  # its branch is gone; or it was of the clock, and the next tick is another
            swept.end(ctx.ports.store, one.key)
    return alive, dead


def _is_late(ctx: "Context", one: "Begun") -> bool:
    """Has it had more time than its actions may take? What follows on it may take as long again."""
    from engine.core.moment import later
    from engine.run.kept.runs import reached

    names = reached([one.pipeline], ctx.rules) if one.pipeline in ctx.rules.pipelines else ()
    steps = [step for name in names for step in ctx.rules.pipelines[name].steps]
    seconds = _LATE_S + sum(step.timeout_s or _UNTIMED_S for step in steps)
    try:
        return later(one.at, seconds) <= ctx.now
    except ValueError:
        return True


def _result(outputs: Mapping[str, Any]) -> Result:
    return "error" if outputs["failed"] else "passed"


ACTIONS = (
    Action(
        "run.sweep",
        sweep,
        inputs={
            "keys": {"type": ["array", "null"], "items": {"type": "string"}, "default": None},
            "pipeline": {"type": ["string", "null"], "default": None, "names": "pipeline"},
        },
        outputs=("found", "looked", "left", "failed"),
        permissions=("contents:read", "pull_requests:read"),
        repeat=Repeat.SAFE,
        shared=True,
        result=_result,
        doc="Find what lost and late events should have moved on, and have each decided again; with `keys` only the "
        "open pull requests whose verdict names one of these state keys, of which then `pipeline` is decided.",
    ),
)
