"""What is kept of earlier runs: statements, and what is frozen. Without a store there is nothing."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from engine.core.canonical import digest
from engine.core.verdict import check
from engine.core.verdict.about import content
from engine.run.facts.gather import Absent, Failed, Fetch
from engine.run.facts.once import once
from engine.run.facts.teller import LOCAL
from engine.run.kept import freezes, statements

if TYPE_CHECKING:
    from engine.adapters.storage.port import Store
    from engine.core.signature import TrustedKeys
    from engine.core.verdict.check import Believed
    from engine.run.facts.change import Change

_ROW = ("sequence", "signed_at", "confirmed_at", "head_sha", "base_ref", "result", "hands")  # of `statements`


class _Nothing:
    """The teller of a run that has no store."""

    @property
    def fetchers(self) -> Mapping[str, Fetch]:
        """Fact → why it is not there."""
        nothing = Absent("a clone keeps none")
        unknown = Failed("what is frozen stands in a store, and ENGINE_STORE names none")
        return {"freeze": lambda: unknown, "statements": lambda: nothing, "verdict": lambda: nothing}


NOTHING = _Nothing()


class Kept:
    """The teller of a store.

    A run on a clone is told what runs on a clone have signed with keys that its owner trusts, and nothing else; what is
    signed on GitHub has a series of its own.
    """

    def __init__(
        self, store: "Store", change: "Change", trusted: "Callable[[], TrustedKeys]", now: str, origin: str = LOCAL
    ) -> None:
        """`trusted` raises why nobody's signature is believed; `origin` is that of the run."""
        self._store, self._change, self._find_trusted, self._now, self._origin = store, change, trusted, now, origin

    @property
    def fetchers(self) -> Mapping[str, Fetch]:
        """Fact → how it is looked up."""
        return {"freeze": self._freeze, "statements": self._rows, "verdict": self._verdict}

    @once
    def _trusted(self) -> "TrustedKeys":
        return self._find_trusted()

    @once
    def _statements(self) -> "tuple[Believed, ...]":
        """All of them, or none: what was taken away could be the one that says no."""
        wanted = self._change.wanted(self._origin)
        assert wanted.pr is not None
        series = statements.Series(self._origin, wanted.repo, wanted.pr)
        return tuple(statements.read(self._store, series, self._trusted))

    def _rows(self) -> Any:
        return [
            {**{name: one.verdict[name] for name in _ROW}, "content": self._content(one)} for one in self._statements
        ]

    def _content(self, one: "Believed") -> str:
        """What a thief of a key may have written is what no other statement says: nothing was approved under it."""
        said = content(one.verdict)
        return digest({"revoked": said}) if self._trusted[one.key_id].revoked else said

    def _verdict(self) -> Any:
        found = check.latest(self._statements, self._trusted, self._now, self._change.wanted(self._origin))
        return Absent(found.reason) if isinstance(found, check.Absent) else found.verdict

    def _freeze(self) -> Any:
        """A change of no one environment is frozen where any is."""
        environment = self._change.discovery.environment
        found = freezes.active(self._store, environment)
        return {"active": True, "reason": found[0].reason} if found else {"active": False}
