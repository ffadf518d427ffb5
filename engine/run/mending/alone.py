"""The same at a store of one's own, where there is no forge: one person's word, whom nobody vouches for.

The ledger says so (`people` without an id), and a store that others share takes no such word.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from engine.core.holding import speaks_of
from engine.core.kept.ledger import ATTEMPTS
from engine.core.verdict.derived import placed
from engine.errors import failure
from engine.run.kept import ledger, merges
from engine.run.mending.model import Mending, Word

if TYPE_CHECKING:
    from engine.adapters.storage.port import Store
    from engine.core.kept.ledger import Entry
    from engine.core.kept.merge import Merged
    from engine.core.rules.model import Rules
    from engine.core.signature import Signer, TrustedKeys
    from engine.run.audit import Trail


class Alone:
    """One person, and a state key in a store of theirs."""

    def __init__(
        self,
        key: str,
        word: Word,
        rules: "Rules",
        store: "Store",
        trusted: "TrustedKeys",
        signer: "Signer",
        trail: "Trail",
        run: str,
        now: Callable[[], str],
    ) -> None:
        self._key, self._word, self._rules = key, word, rules
        self._store, self._trusted, self._signer, self._trail = store, trusted, signer, trail
        self._run, self._now = run, now

    def held(self) -> list[Mending]:
        """Of each merge that holds the key; empty: nobody does."""
        entries = ledger.entries(self._store, self._key, self._trusted)
        ended = [one for one in entries if one.outcome in ATTEMPTS]
        merged = [one for one in self._merges() if not any(speaks_of(e.said, one.said["commit"]) for e in ended)]
        return [self._mending(self._of_merge(one)) for one in merged]

    def last(self) -> Mending:
        """Of what the key was last tried, or merged, for.

        Raises:
            EngineError: ENG772, of nothing: nobody can say here which repository it is of.
        """
        entries = ledger.entries(self._store, self._key, self._trusted)
        if entries:
            return self._mending(self._of_entry(entries[-1]))
        for one in self._merges():
            return self._mending(self._of_merge(one))
        raise failure("ENG772", subject="this store", key=self._key, reason="nothing of it was ever merged or applied")

    def _merges(self) -> "Iterator[Merged]":
        for pull in merges.of_key(self._store, self._key):
            found = merges.get(self._store, pull.repo, pull.pr, self._trusted)
            if found is not None and self._key in found.said["keys"]:
                yield found

    def _of_merge(self, one: "Merged") -> dict[str, Any]:
        said, branch = one.said, one.said["base"]["ref"]
        where = next(found for path in said["trees"] if (found := placed(path, branch)).state_key == self._key)
        environment = next((name for name, to in self._rules.environments.items() if to.branch == branch), branch)
        return {
            **{name: said[name] for name in ("repository", "pr", "commit")},
            "verdict": {name: said["verdict"][name] for name in ("sequence", "digest")},
            "merge": one.digest,
            "service": where.service,
            "name": where.name,
            "environment": environment,
        }

    @staticmethod
    def _of_entry(one: "Entry") -> dict[str, Any]:
        names = ("repository", "pr", "commit", "verdict", "merge", "service", "name", "environment")
        return {name: one.said[name] for name in names}

    def _mending(self, about: dict[str, Any]) -> Mending:
        return Mending(
            self._key,
            about,
            lambda: self._word,
            self._word.people[0]["login"],
            self._store,
            self._trusted,
            self._signer,
            self._trail,
            self._run,
            self._now,
        )
