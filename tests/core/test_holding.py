"""Who holds a resource, what frees it, and who can: every state, one row each."""

from typing import Any

import pytest

from engine.core.holding import MOVES, OUTCOMES, State, blocked, carried_along, holds, queue, sentence

REPO, KEY, OTHER = "acme/dev-deployment", "S3/dev/data-lake/terraform.tfstate", "S3/dev/logs/terraform.tfstate"
T = [f"2026-11-23T{hour:02}:00:00Z" for hour in range(24)]


def merge(pr: int = 5, time: str = T[10], keys: tuple[str, ...] = (KEY,), repo: str = REPO) -> dict[str, Any]:
    return {"repo": repo, "pr": pr, "commit": f"m{pr}", "keys": list(keys), "time": time}


def entry(
    outcome: str, commit: str = "m5", time: str = T[11], number: int = 1, contains: tuple[str, ...] = (), key: str = KEY
) -> dict[str, Any]:
    return {
        "number": number, "key": key, "outcome": outcome, "commit": commit, "contains": list(contains), "time": time,
    }  # fmt: skip


def verdict(at: str = T[12], keys: tuple[str, ...] = (KEY,), **more: Any) -> dict[str, Any]:
    return {"signed_at": at, "resources": [{"state_key": key} for key in keys], **more}


def says(merges: list[Any], ledger: list[Any], said: Any = None, pr: int = 7, repo: str = REPO) -> str:
    return sentence(repo, blocked(repo, pr, said or verdict(), merges, ledger))


@pytest.mark.parametrize(
    ("why", "merges", "ledger", "state", "carried"),
    [
        ("merged, and nothing is known of it", [merge()], [], State.HELD, False),
        ("applied", [merge()], [entry("applied")], State.APPLIED, False),
        ("destroyed", [merge()], [entry("destroyed")], State.DESTROYED, False),
        ("Terraform failed", [merge()], [entry("failed")], State.FAILED, True),
        ("half of it was applied", [merge()], [entry("partial")], State.PARTIAL, True),
        ("another plan", [merge()], [entry("stopped")], State.STOPPED, True),
        ("a gate of applying says no", [merge()], [entry("refused")], State.REFUSED, True),
        ("what it comes after was not applied", [merge()], [entry("skipped")], State.SKIPPED, True),
        ("skipped, and applied then", [merge()], [entry("skipped"), entry("applied", number=2)], State.APPLIED, False),
        ("two people gave it up", [merge()], [entry("released")], State.RELEASED, True),
        ("said to be superseded", [merge()], [entry("superseded")], State.SUPERSEDED, True),
        ("a newer commit with it was applied", [merge()], [entry("applied", "m6", contains=("m5", "m6"))],
         State.SUPERSEDED, False),
        ("a newer commit with it failed", [merge()], [entry("failed", "m6", contains=("m5", "m6"))],
         State.SUPERSEDED, True),
        ("a newer commit without it was applied", [merge()], [entry("applied", "x", contains=("x",))],
         State.HELD, False),
        ("another resource was applied", [merge()], [entry("applied", key=OTHER)], State.HELD, False),
        ("it failed, and was applied then", [merge()], [entry("failed"), entry("applied", number=2)],
         State.APPLIED, False),
        ("the same, listed the other way round", [merge()], [entry("applied", number=2), entry("failed")],
         State.APPLIED, False),
        ("it failed, and a newer one with it was applied", [merge()],
         [entry("failed"), entry("applied", "m6", number=2, contains=("m5",))], State.SUPERSEDED, False),
        ("its state was reconciled, and nothing else is known", [merge()], [entry("reconciled")], State.HELD, False),
        ("the state of an apply was pushed", [merge()], [entry("pushed")], State.HELD, False),
        ("two people have adopted a state", [merge()], [entry("adopted", "m6", contains=("m5",))], State.HELD, False),
        ("two people have restored a state after it failed", [merge()], [entry("failed"), entry("restored", number=2)],
         State.FAILED, True),
        ("a merge that is older than the first apply", [merge(time=T[1])], [entry("applied", "m4", T[20])],
         State.HELD, False),
        ("applied by a newer one, and refused by itself since", [merge()],
         [entry("applied", "m6", contains=("m5",)), entry("refused", number=2)], State.REFUSED, False),
    ],
)  # fmt: skip
def test_what_became_of_a_merge(why: str, merges: list[Any], ledger: list[Any], state: State, carried: bool) -> None:
    (hold,) = holds(merges, ledger)
    assert (hold.state, hold.carried) == (state, carried), why
    assert [h.pr for h in queue((hold,), KEY)] == ([5] if state is State.HELD else [])
    assert [h.pr for h in carried_along((hold,), [KEY])] == ([5] if carried else [])


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("nothing was ever merged", says([], [])),
        ("what was merged was applied", says([merge()], [entry("applied")])),
        ("it was applied after the verdict", says([merge()], [entry("applied", time=T[13])])),
        ("it failed, and the verdict has seen it", says([merge()], [entry("failed")])),
        ("it failed and was applied since", says([merge()], [entry("failed"), entry("applied", number=2, time=T[13])])),
        ("what is merged is our own", says([merge(7)], [])),
        ("... in whatever case", says([merge(7, repo=REPO.upper())], [])),
        ("it holds another resource", says([merge(keys=(OTHER,))], [])),
        ("it holds nothing", says([merge(keys=())], [])),
        ("a change without resources of its own has none to wait for", says([merge()], [], verdict(keys=()))),
    ],
)
def test_free(why: str, said: str) -> None:
    assert said == "", why


@pytest.mark.parametrize(
    ("why", "said", "expected"),
    [
        ("it is not applied yet", says([merge()], []), "Waiting behind #5"),
        ("two are ahead", says([merge(5), merge(6, T[11], (OTHER,))], [], verdict(keys=(KEY, OTHER))),
         "Waiting behind #5, #6"),
        ("one is ahead with two resources", says([merge(keys=(KEY, OTHER))], [], verdict(keys=(KEY, OTHER))),
         "Waiting behind #5"),
        ("two hold one resource: the first is told", says([merge(5), merge(6)], []), "Waiting behind #5"),
        ("the first is through", says([merge(5), merge(6)], [entry("applied")]), "Waiting behind #6"),
        ("the same number in another repository", says([merge(7, repo="acme/other")], []),
         "Waiting behind acme/other#7"),
        ("only one of its resources was applied", says([merge(keys=(KEY, OTHER))], [entry("applied")],
         verdict(keys=(KEY, OTHER))), "Waiting behind #5"),
        ("it failed after the verdict", says([merge()], [entry("failed", time=T[13])]),
         f"{KEY} was left unapplied (failed) after the verdict was given"),
        ("in the very second of the verdict", says([merge()], [entry("partial", time=T[12])]),
         f"{KEY} was left half applied after the verdict was given"),
        ("it was given up after the verdict", says([merge()], [entry("released", time=T[13])]),
         f"{KEY} was released after the verdict was given"),
        ("two people have adopted another state after the verdict",
         says([merge()], [entry("applied"), entry("adopted", number=2, time=T[13])]),
         f"{KEY} was given another state (adopted) after the verdict was given"),
        ("an older state was restored after the verdict",
         says([merge()], [entry("applied"), entry("restored", number=2, time=T[13])]),
         f"{KEY} was given an older state (restored) after the verdict was given"),
        ("a state was taken in, and what is merged not applied", says([merge()], [entry("adopted", "x")]),
         "Waiting behind #5"),
        ("nobody's merge failed after the verdict", says([], [entry("stopped", "x", T[13])]),
         f"{KEY} was left unapplied (stopped) after the verdict was given"),
    ],
)  # fmt: skip
def test_not_free(why: str, said: str, expected: str) -> None:
    assert said == expected, why


def test_a_verdict_that_was_confirmed_has_seen_what_failed_before() -> None:
    """`signed_at` is kept by what says the same: the plan after a failure may be the plan before it."""
    ledger = [entry("failed", time=T[13])]
    assert says([merge()], ledger, verdict(T[12], confirmed_at=T[14])) == ""
    assert says([merge()], ledger, verdict(T[12], confirmed_at=T[13])) != ""


# (state, does it hold the resource, who can bring it on): the same for every resource and every pull request.
TABLE = [
    (State.HELD, True, ("sweep", "apply", "unlock")),
    (State.FAILED, False, ("apply", "merge")),
    (State.PARTIAL, False, ("apply", "merge")),
    (State.STOPPED, False, ("apply", "merge")),
    (State.REFUSED, False, ("apply", "merge")),
    (State.SKIPPED, False, ("sweep", "apply", "merge")),
    (State.RELEASED, False, ("apply", "merge")),
    (State.APPLIED, False, ()),
    (State.DESTROYED, False, ()),
    (State.SUPERSEDED, False, ()),
]


@pytest.mark.parametrize(("state", "holds_it", "who"), TABLE)
def test_every_state_has_somebody_who_can_move_it_on(state: State, holds_it: bool, who: tuple[str, ...]) -> None:
    ledger = [] if state is State.HELD else [entry(state.value)]
    held = holds([merge()], ledger)
    assert bool(queue(held, KEY)) == holds_it
    assert tuple(move.by for move in MOVES[state]) == who
    for move in MOVES[state]:
        assert move.says.format(hold="#5", key=KEY)
        for to in move.to:
            if move.by != "merge":
                (after,) = holds([merge()], [*ledger, entry(to.value, number=2)])
                assert after.state is to
    assert len(TABLE) == len(State) == len(OUTCOMES) + 1
