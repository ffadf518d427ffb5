"""What is kept of earlier runs: statements, merges, the ledger, what is frozen. Without a store there is nothing."""

from collections.abc import Callable, Mapping, Sequence
from functools import cmp_to_key
from typing import TYPE_CHECKING, Any

from engine.core.canonical import digest
from engine.core.repository import same_repository
from engine.core.verdict import check
from engine.core.verdict.about import content
from engine.errors import failure
from engine.run.facts import applied
from engine.run.facts.gather import Absent, Failed, Fetch, Slow
from engine.run.facts.once import once
from engine.run.facts.teller import LOCAL
from engine.run.kept import freezes, ledger, merges, statements

if TYPE_CHECKING:
    from engine.adapters.storage.port import Store
    from engine.core.kept.ledger import Entry
    from engine.core.kept.merge import Merged
    from engine.core.signature import TrustedKeys
    from engine.core.verdict.check import Believed
    from engine.run.facts.change import Change

_ROW = ("sequence", "signed_at", "confirmed_at", "head_sha", "base_ref", "result", "hands")  # of `statements`


class _Nothing:
    """The teller of a run that has no store."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    @property
    def fetchers(self) -> Mapping[str, Fetch]:
        """Fact → why it is not there."""
        nothing = Absent(self._reason)
        unknown = Failed("what is frozen stands in a store, and ENGINE_STORE names none")
        return {"freeze": lambda: unknown, "statements": lambda: nothing, "verdict": lambda: nothing}


NOTHING = _Nothing("a clone keeps none")
WITHOUT_STORE = _Nothing("ENGINE_STORE names no store, so none is kept")


class Kept:
    """The teller of a store.

    A run on a clone is told what runs on a clone have signed with keys that its owner trusts, and nothing else; what is
    signed on GitHub has a series of its own.
    """

    def __init__(
        self,
        store: "Store",
        change: "Change",
        trusted: "Callable[[], TrustedKeys]",
        now: "Callable[[], str]",
        origin: str = LOCAL,
        shown: "Callable[[], int]" = lambda: 0,
    ) -> None:
        """`trusted` raises why nobody's signature is believed; `origin` is that of the run; `shown` is how many
        statements there were when somebody last told of them elsewhere.
        """
        self._shown = shown
        self._store, self._change, self._find_trusted, self._now, self._origin = store, change, trusted, now, origin

    @property
    def fetchers(self) -> Mapping[str, Fetch]:
        """Fact → how it is looked up."""
        own = {
            "freeze": Slow(self._freeze),
            "statements": Slow(lambda: self.rows),
            "verdict": Slow(self._verdict),
        }
        if self._origin == LOCAL:
            return own
        return {
            **own,
            "elsewhere": Slow(self._elsewhere),
            "ledger": Slow(self._ledger),
            "merges": Slow(lambda: self._merges),
        }

    @once
    def _trusted(self) -> "TrustedKeys":
        return self._find_trusted()

    @once
    def _statements(self) -> "tuple[Believed, ...]":
        """All of them, or none: what was taken away could be the one that says no.

        Raises:
            EngineError: ENG728, the store was put back as it was before the last verdict.
        """
        wanted = self._change.wanted(self._origin)
        if wanted.pr is None:
            raise failure("ENG556", name="statements", reason="a branch has none; its pull request has")
        series = statements.Series(self._origin, wanted.repo, wanted.pr)
        shown = self._shown()  # before the store is asked: what was shown then is kept there
        found = tuple(statements.read(self._store, series, self._trusted))
        if shown > len(found):
            raise failure("ENG728", subject=series, known=len(found), number=shown)
        return found

    def statement(self, sequence: int) -> str | None:
        """Digest of the statement of that number about this pull request; None: there is none."""
        return next((one.digest for one in self._statements if one.verdict["sequence"] == sequence), None)

    def decision(self, repo: str, pr: int) -> "Merged | None":
        """What we have signed of the merge of a pull request; None: nothing."""
        return merges.get(self._store, repo, pr, self._trusted)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """All statements of this pull request, the first one first."""
        return [
            {**{name: one.verdict[name] for name in _ROW}, "content": self._content(one)} for one in self._statements
        ]

    def _content(self, one: "Believed") -> str:
        """What a thief of a key may have written is what no other statement says: nothing was approved under it."""
        said = content(one.verdict)
        return digest({"revoked": said}) if self._trusted[one.key_id].revoked else said

    def _verdict(self) -> Any:
        found = check.latest(self._statements, self._trusted, self._now(), self._change.wanted(self._origin))
        return Absent(found.reason) if isinstance(found, check.Absent) else found.verdict

    @once
    def _merges(self) -> list[dict[str, Any]]:
        """Of all that holds, or held, a state key of the change: in the order of merging."""
        keys = [resource.state_key for resource in self._change.discovery.resources]
        pulls = dict.fromkeys(pull for key in keys for pull in merges.of_key(self._store, key))
        found = [decision for pull in pulls if (decision := merges.get(self._store, pull.repo, pull.pr, self._trusted))]
        return [one.to_row() for one in sorted(found, key=cmp_to_key(self._after))]

    def _ledger(self) -> Any:
        """What became of the change's state keys."""
        repo, contains = self._change.repo, self._change.contains
        keys = [resource.state_key for resource in self._change.discovery.resources]
        holding = {key: [merge for merge in self._merges if key in merge["keys"]] for key in keys}
        return [row for key in keys for row in applied.rows(self._entries(key), holding[key], repo, contains)]

    def _elsewhere(self) -> Any:
        """What runs of the change's resources, in every environment that has an account."""
        return applied.elsewhere(self._change.discovery.resources, self._change.branches, self._entries)

    def _entries(self, key: str) -> "Sequence[Entry]":
        return ledger.entries(self._store, key, self._trusted)

    def _after(self, one: "Merged", other: "Merged") -> int:
        """By the time; of two in the same second git tells, as far as they are in one history."""
        mine, theirs = one.said, other.said
        if mine["merged_at"] != theirs["merged_at"]:
            return 1 if mine["merged_at"] > theirs["merged_at"] else -1
        if same_repository(mine["repository"]["name"], theirs["repository"]["name"]):
            return 1 if self._change.contains(mine["commit"], theirs["commit"]) else -1
        return 1 if mine["repository"]["name"] > theirs["repository"]["name"] else -1

    def _freeze(self) -> Any:
        """A change of no one environment is frozen where any is."""
        environment = self._change.discovery.environment
        found = freezes.active(self._store, environment)
        return {"active": True, "reason": found[0].reason} if found else {"active": False}
