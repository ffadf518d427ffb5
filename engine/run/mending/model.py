"""Which state key it is about, by whose word, and how it is said: in the trail first, then in the ledger."""

from collections.abc import Callable, Mapping, Sequence
from threading import Event
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.core.audit.record import Said, What
from engine.core.kept.ledger import Entry
from engine.printable import in_line
from engine.run.kept import ledger

if TYPE_CHECKING:
    from engine.adapters.storage.port import Store
    from engine.adapters.terraform.workspace import Job, Workspace
    from engine.core.rules.model import Limits
    from engine.core.signature import Signer, TrustedKeys
    from engine.core.state import State
    from engine.run.audit import Trail

_LONGEST = 500  # characters of a reason


class Word(NamedTuple):
    """By whose word."""

    people: Sequence[Mapping[str, Any]]  # as the ledger has them: id, login, comment
    why: str  # for people; never empty

    @classmethod
    def of(cls, people: Sequence[Mapping[str, Any]], reason: str) -> "Word":
        """`reason` is what a person has written, perhaps nothing."""
        names = " and ".join(one["login"] for one in people)
        lead = f"{names} {'has' if len(people) == 1 else 'have'} asked for it"
        return cls(people, in_line(f"{lead}: {reason}" if reason else lead)[:_LONGEST])


class Mending(NamedTuple):
    """What all of them share."""

    key: str
    about: Mapping[str, Any]  # what each entry says of it, whatever is done
    confirm: Callable[
        [], Word
    ]  # asks once more whose word it is, directly before the effect; raises where it is nobody's
    by: str  # whose token carries it out, as the forge has it; or `unverified: …`
    store: "Store"
    trusted: "TrustedKeys"
    signer: "Signer"
    trail: "Trail"
    run: str
    now: Callable[[], str]
    comment: int | None = None  # the last one that asks for it

    @property
    def subject(self) -> str:
        """`acme/dev-deployment#7`, or the repository alone."""
        repo, pr = self.about["repository"]["name"], self.about["pr"]
        return repo if pr is None else f"{repo}#{pr}"

    def entries(self) -> tuple[Entry, ...]:
        """All that the ledger says of the key."""
        return ledger.entries(self.store, self.key, self.trusted)

    def ready(self) -> tuple[Entry, ...]:
        """The same, if another entry can follow on them now: nothing is done that could not be said afterwards.

        Raises:
            EngineError: as `entries`, `ledger.check_next`.
        """
        found = self.entries()
        ledger.check_next(found, self.signer.id, self.trusted, self.now())
        return found

    def tell(self, what: What, outcome: str, word: Word, **details: Any) -> None:
        """Say it in the trail.

        Raises:
            EngineError: ENG720.
        """
        last = word.people[-1]
        more = {"people": [dict(one) for one in word.people], "by": self.by, **details}
        repo, pr = self.about["repository"]["name"], self.about["pr"]
        self.trail.say(Said(what, outcome, repo, pr, self.key, word.why, {n: last[n] for n in ("id", "login")}, more))

    def write(self, outcome: str, word: Word, state: "State | None" = None, **more: Any) -> Entry:
        """Say it in the ledger.

        Raises:
            EngineError: as `ledger.add`.
        """
        said = {
            "contains": [],
            "controller": None,
            "module": None,
            "values": None,
            **self.about,
            "outcome": outcome,
            "state": state and identity(state),
            "addresses": {},
            "done": {},
            "backup": None,
            "why": word.why,
            "people": [dict(one) for one in word.people],
            "run": self.run,
            **more,
        }
        return ledger.add(self.store, self.signer, self.trusted, lambda *_: {**said, "time": self.now()}, self.key)


class Ground(NamedTuple):
    """What a state is looked at with."""

    workspace: "Workspace"
    limits: "Limits"
    cancel: Event
    # The resource as the branch has it now, then as it had it before the merge: (commit, what Terraform is given)
    jobs: "Sequence[tuple[str, Job]]"


def identity(state: "State") -> dict[str, Any]:
    """Which state it is, without what it says."""
    return {"lineage": state.lineage, "serial": state.serial, "digest": state.digest}
