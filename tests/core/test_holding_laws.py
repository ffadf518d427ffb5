"""Whatever happened to resources, in whatever order: nobody is locked out, and nobody merges over another unseen."""

from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from engine.core.holding import DONE, MOVES, OUTCOMES, State, blocked, carried_along, holds, queue
from engine.core.kept.ledger import ATTEMPTS, OF_STATE

REPO, KEYS = "acme/dev-deployment", ("S3/dev/a/terraform.tfstate", "S3/dev/b/terraform.tfstate")


class World(NamedTuple):
    """One branch: merges on its first-parent history, and the ledger. Time is the number of what has happened."""

    merges: list[dict[str, Any]]
    ledger: list[dict[str, Any]]

    @property
    def now(self) -> str:
        seconds = len(self.merges) + len(self.ledger)
        return f"2026-11-23T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}Z"

    def verdict(self, keys: tuple[str, ...]) -> dict[str, Any]:
        """Of a validation that has seen everything until now."""
        late = f"2026-11-24T{self.now[11:]}"
        return {"signed_at": late, "resources": [{"state_key": key} for key in keys]}

    def merge(self, keys: tuple[str, ...], gated: bool = True) -> None:
        """Merge the next pull request, if it may."""
        number = len(self.merges) + 1
        if gated and blocked(REPO, number, self.verdict(keys), self.merges, self.ledger):
            return
        self.merges.append({"repo": REPO, "pr": number, "commit": f"m{number}", "keys": list(keys), "time": self.now})

    def enter(self, number: int, key: str, outcome: str) -> None:
        """An entry of the ledger about a merge; it contains all merges before it."""
        if number <= len(self.merges):
            self.ledger.append({
                "number": len(self.ledger) + 1, "key": key, "outcome": outcome, "commit": f"m{number}",
                "contains": [f"m{n}" for n in range(1, number + 1)], "time": self.now,
            })  # fmt: skip


_keys = st.sampled_from([KEYS[:1], KEYS[1:], KEYS])
_merge = st.tuples(st.just("merge"), _keys)
_enter = st.tuples(st.just("enter"), st.integers(1, 6), st.sampled_from(KEYS), st.sampled_from(OUTCOMES))


def world(events: list[tuple[Any, ...]], gated: bool = True) -> World:
    found = World([], [])
    for kind, *said in events:
        if kind == "merge":
            found.merge(said[0], gated)
        else:
            found.enter(*said)
    return found


@given(st.lists(_merge | _enter, max_size=12), st.booleans(), _keys)
def test_from_every_state_somebody_can_free_the_resource(
    events: list[tuple[Any, ...]], gated: bool, keys: tuple[str, ...]
) -> None:
    """Those ahead are brought on one by one, by a command of the table; then a pull request validated now may merge."""
    now = world(events, gated)
    for command in ("apply", "unlock"):
        then = World(list(now.merges), list(now.ledger))
        while ahead := [one.by for one in blocked(REPO, 99, then.verdict(keys), then.merges, then.ledger) if one.by]:
            move = next(move for move in MOVES[ahead[0].state] if move.by == command)
            then.enter(ahead[0].pr, ahead[0].key, move.to[-1].value)  # the worst that can come of it
            assert len(then.ledger) <= len(now.ledger) + len(now.merges) * len(KEYS), "each step frees something"
        assert not blocked(REPO, 99, then.verdict(keys), then.merges, then.ledger)


@given(st.lists(_merge | _enter, max_size=12))
def test_through_the_gate_one_at_a_time(events: list[tuple[Any, ...]]) -> None:
    now = world(events)
    held = holds(now.merges, now.ledger)
    for key in KEYS:
        assert len(queue(held, key)) <= 1


@given(st.lists(_merge | _enter, max_size=12), st.integers(1, 6), st.sampled_from(KEYS), st.sampled_from(OUTCOMES))
def test_an_entry_frees_its_own_key_and_nothing_newer(
    events: list[tuple[Any, ...]], number: int, key: str, outcome: str
) -> None:
    now = world(events, gated=False)
    before = holds(now.merges, now.ledger)
    now.enter(number, key, outcome)
    for one, then in zip(before, holds(now.merges, now.ledger), strict=True):
        is_older = one.pr < number and outcome == State.REFUSED.value  # what lies in it was not refused with it
        if one.key != key or one.pr > number or number > len(now.merges) or is_older:
            assert one == then
        else:
            assert then.state is not State.HELD


@given(st.lists(_merge | _enter, max_size=12), _keys)
def test_what_was_never_applied_is_carried_along_until_something_that_has_it_is(
    events: list[tuple[Any, ...]], keys: tuple[str, ...]
) -> None:
    now = world(events, gated=False)
    held = holds(now.merges, now.ledger)
    for hold in held:
        applied = any(
            entry["outcome"] in DONE and entry["key"] == hold.key and hold.commit in entry["contains"]
            for entry in now.ledger
        )
        assert hold.carried == (hold.state is not State.HELD and not applied)
    assert {hold.key for hold in carried_along(held, keys)} <= set(keys)


@given(st.lists(_merge | _enter, max_size=12), _keys)
def test_who_only_waits_is_in_nobodys_way(events: list[tuple[Any, ...]], keys: tuple[str, ...]) -> None:
    """A pull request that was refused by the gate leaves the world as it was."""
    now = world(events)
    if blocked(REPO, len(now.merges) + 1, now.verdict(keys), now.merges, now.ledger):
        before = (list(now.merges), list(now.ledger))
        now.merge(keys)
        assert before == (now.merges, now.ledger)


_spoken = st.tuples(st.just("enter"), st.integers(1, 6), st.sampled_from(KEYS), st.sampled_from(OF_STATE))


@given(st.lists(_merge | _enter | _spoken, max_size=12))
def test_what_only_speaks_of_a_state_ends_no_hold(events: list[tuple[Any, ...]]) -> None:
    now = world(events, gated=False)
    tries = [entry for entry in now.ledger if entry["outcome"] in OUTCOMES]
    assert holds(now.merges, now.ledger) == holds(now.merges, tries)


def test_the_ledger_knows_the_same_tries() -> None:
    assert {*ATTEMPTS} == {*OUTCOMES} - {"superseded"}, "nobody signs that something newer was tried: it follows"
