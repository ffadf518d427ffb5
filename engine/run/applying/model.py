"""What one run applies, and by what: values, handed from step to step."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from engine.core.schedule.durations import Guess, no_guess
from engine.core.schedule.graph import Graph
from engine.errors import Problem

if TYPE_CHECKING:
    from engine.adapters.sealed import SealingKey
    from engine.adapters.storage.port import Store
    from engine.adapters.terraform.opened import Opened
    from engine.adapters.terraform.workspace import Job, Workspace
    from engine.core.kept.ledger import Entry
    from engine.core.plan.compare import Comparison
    from engine.core.plan.events import Address
    from engine.core.redact import Redactor
    from engine.core.resources.model import Resource
    from engine.core.rules.model import Limits
    from engine.core.signature import Signer, TrustedKeys
    from engine.core.state import State
    from engine.core.verdict.check import Believed
    from engine.run.audit import Trail
    from engine.run.context import Work
    from engine.run.kept.claims import Held, Locks
    from engine.run.kept.journal import Journal

Outcome: TypeAlias = Literal[
    "applied", "destroyed", "failed", "partial", "stopped", "refused", "skipped", "released", "none"
]
Judge: TypeAlias = Callable[[Sequence[Mapping[str, Any]]], Mapping[str, Any]]  # rows of plans → as `policy.evaluate`


class Subject(NamedTuple):
    """A merge, and what was signed about it."""

    repository: Mapping[str, Any]  # id and name
    pr: int
    commit: str
    landed: bool  # the branch was at this commit itself
    merge: str  # digest of the merge decision
    overridden: Sequence[Mapping[str, Any]]  # findings that it says were
    verdict: "Believed"
    contains: Callable[[str], bool]  # does the commit contain that one?
    holders: Callable[[str], Sequence[str]]  # state key → merge commits that hold it and lie in the commit
    asked: str | None  # when a person has asked for it to be tried again
    controller: str | None = None  # commit of its checkout


class Applying(NamedTuple):
    """What all resources of one run share. Safe to use from any number of threads."""

    subject: Subject
    store: "Store"
    trusted: "TrustedKeys"
    signer: "Signer"
    sealing: "Sequence[SealingKey]"  # the present one first
    digest_key: bytes
    trail: "Trail"
    journal: "Journal"
    locks: "Locks | None"  # what the pipeline has claimed already
    step: str
    workspace: "Workspace"
    limits: "Limits"
    credentials: Mapping[str, str]
    work: "Work"
    judge: Judge
    run: str
    now: Callable[[], str]
    parallelism: int | None = None
    twice: bool = False  # plan again what is applied: what takes something back has to leave nothing to be done
    graph: "Graph[str]" = Graph((), {})  # of state keys: which resource comes after which; whoever is not in it is free
    guess: Guess = no_guess


class Target(NamedTuple):
    """One resource."""

    number: int
    resource: "Resource"
    job: "Job"


class Fresh(NamedTuple):
    """What is to be applied to one resource: planned, and as approved; judged it is not yet."""

    target: Target
    opened: "Opened"
    id: str  # of the work directory
    claim: "Held"
    entries: "tuple[Entry, ...]"
    state: "State | None"
    plan: dict[str, Any]
    acts: bool  # would applying it do anything?
    comparison: "Comparison"
    row: Mapping[str, Any]  # of `terraform.plan`
    hide: "Redactor"
    seconds: float
    back: str | None = None  # it takes the merge back, to what this commit has


class Ended(Exception):  # noqa: N818 - no error: the resource has come to its end, and the ledger says so
    """A resource is not applied, and an entry of the ledger is to say why."""

    def __init__(
        self,
        outcome: Outcome,
        why: Problem,
        difference: Sequence[Mapping[str, Any]] | None = None,
        waits: str | None = None,
        after: str | None = None,
    ) -> None:
        super().__init__(why.code)
        self.outcome, self.why, self.difference, self.waits, self.after = outcome, why, difference, waits, after


class Known(Exception):  # noqa: N818 - no error: the ledger says what became of it
    """An entry of the ledger says what became of a resource.

    `why`, where Terraform has failed at this moment; `addresses`, what it said of each; `secrets`, what may be quoted
    in these words: None, nobody can tell.
    """

    def __init__(
        self,
        entry: "Entry",
        why: Problem | None = None,
        addresses: "Mapping[str, Address] | None" = None,
        secrets: frozenset[str] | None = frozenset(),
    ) -> None:
        super().__init__(entry.outcome)
        self.entry, self.why, self.addresses, self.secrets = entry, why, addresses or {}, secrets


class Waits(Exception):  # noqa: N818 - no error: nothing was done, or nobody knows what, and nothing is said of it
    """It is for later: no entry, so that the next sweep goes on with it.

    `met`: what comes after it need not wait, since a newer commit, which contains ours, was applied there.
    """

    def __init__(self, what: str, why: Problem, *, met: bool = False) -> None:
        super().__init__(what)
        self.what, self.why, self.met = what, why, met
