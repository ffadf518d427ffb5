"""The rules as frozen values. Imports neither YAML nor JMESPath, so a decision can be replayed without both."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from engine.core.expressions.model import Expression
from engine.core.outcome import Outcome
from engine.errors import Place

# An action input: JSON whose strings may be expressions (`${…}`).
Input: TypeAlias = "Expression | str | int | float | bool | list[Input] | dict[str, Input] | None"


class Source(NamedTuple):
    """A repository that may send changes, with the globs of the paths it owns."""

    repo: str
    owns: tuple[str, ...]
    place: Place
    id: int | None = None  # of the repository, as GitHub counts; None: of whichever had the name first
    installation: int | None = None  # of our App, likewise


class Profile(NamedTuple):
    """Profiles of AWS's configuration, by which Terraform works in an account."""

    plan: str  # reads
    apply: str  # writes


class Roles(NamedTuple):
    """Roles of an account, by their ARN, that a job takes by its own identity; each is one environment's alone."""

    plan: str  # reads
    apply: str  # writes
    session_s: int = 3600  # for how long the keys of one Terraform command are valid


class Backend(NamedTuple):
    """`backend:`, how states are locked."""

    dynamodb_table: str | None = None  # `{account}` stands for the environment's; None: a lock file beside the state


class Environment(NamedTuple):
    """Where a change goes. Without an account it is merged, never applied (`otherwise`)."""

    name: str
    branch: str
    account: str | None
    region: str | None
    place: Place
    profile: Profile | None = None  # None: what the settings say
    roles: Roles | None = None

    @property
    def applies(self) -> bool:
        """Is there an account that a change could be applied in?"""
        return self.account is not None and self.region is not None


class Trigger(NamedTuple):
    """One row of `events:`. Exactly one of `events` and `every_s` is set."""

    events: tuple[str, ...]
    types: tuple[str, ...]  # empty: any
    when: Expression | None
    every_s: int | None
    run: str
    commanded: bool  # does its `when` ask for a command? Then who has said it must be permitted to
    place: Place


class Approvals(NamedTuple):
    """Who must have approved: a leaf (`need` people from any of `groups`), or `any` / `all` of parts."""

    need: int  # `count:`, people
    groups: tuple[str, ...]  # `from:`, alternatives
    any: tuple["Approvals", ...]
    all: tuple["Approvals", ...]
    after: str | None  # `verdict`: an approval has seen what it says; `head`: and is of the present head
    exclude: tuple[str, ...]  # author, co_authors, pushers, committers, bots
    veto: str | None  # changes_requested
    unknown: str = "one_more"  # contributors without an account: `one_more` approval for each, or an `error`


class Gate(NamedTuple):
    """A named requirement. Exactly one of `require`, `reject`, `approvals`, `order` is set."""

    name: str
    when: Expression | None
    needs: tuple[str, ...]  # facts that must not be absent: none yet is `pending`
    require: Expression | None
    reject: Expression | None
    approvals: Approvals | None
    order: str | None  # depends-on
    unmet: Outcome  # FAIL unless said
    override: str | None
    message: Expression | None  # Kind.TEXT
    place: Place


class Override(NamedTuple):
    """How a gate's failure may be overridden: scoped, expiring, two people."""

    name: str
    command: str  # first line of a pull-request comment: `OVERRIDE:`
    groups: tuple[str, ...]  # `from:`
    besides: tuple[str, ...]  # gates that must hold without the overrider
    never: tuple[str, ...]  # severities that cannot be overridden
    expires_s: int
    label: str | None
    place: Place


class CommandRule(NamedTuple):
    """Who may have a command carried out."""

    name: str  # one of `core/command.COMMANDS`
    groups: tuple[str, ...]  # `from:`
    writers: bool  # is write access enough?
    need: int  # `count:`, people who have to say it
    place: Place


class Step(NamedTuple):
    """One action of a pipeline, as the rules state it."""

    id: str
    uses: str
    inputs: Mapping[str, Input]  # `with:`
    condition: Expression | None  # `if:`; None: runs when all before it succeeded
    timeout_s: int | None
    place: Place


class Pipeline(NamedTuple):
    """Event → gates → actions. `gates` has the pipeline's own; `protect` adds those of its actions."""

    name: str
    description: str
    gates: tuple[str, ...]
    ungated: bool  # `gates: none` was written
    steps: tuple[Step, ...]
    locks: Expression | None
    permissions: tuple[str, ...]
    then: str | None  # a child run with fresh facts, once everything is carried out
    instead: str | None  # `else:`, the same where a gate does not hold
    place: Place


class Group(NamedTuple):
    """People, as `approvers-config.yaml` names them; resolved to user ids when facts are gathered."""

    name: str
    users: tuple[str, ...]  # logins
    teams: tuple[str, ...]  # organisation/team
    place: Place
    ids: Mapping[str, int] = MappingProxyType({})  # login → the one account that it may be of


class Kept(NamedTuple):
    """`limits: {backups: …}`: how many of a state's backups are kept, and how old each of the others has to be."""

    newest: int
    for_s: int


class Limits(NamedTuple):
    """`limits:`; each has a default."""

    parallelism: int = 10
    plan_timeout_s: int = 900
    policy_timeout_s: int = 60
    lock_timeout_s: int = 60  # for a state that somebody else has locked
    per_account: int | None = None  # at work in one account at once, whatever runs; None: as `parallelism`
    backups: Kept | None = None  # None: all are kept


class Rules(NamedTuple):
    """Everything the platform team declared, checked and frozen."""

    digest: str  # of the bytes of all files but the approvers', by path: a verdict hangs on nobody's name
    whole: str  # of the bytes of all files: what a decision was made by
    sources: tuple[Source, ...]
    environments: Mapping[str, Environment]
    otherwise: Environment
    triggers: tuple[Trigger, ...]
    gates: Mapping[str, Gate]
    overrides: Mapping[str, Override]
    commands: Mapping[str, CommandRule]
    protect: Mapping[str, tuple[str, ...]]
    pipelines: Mapping[str, Pipeline]
    groups: Mapping[str, Group]
    limits: Limits
    verdict_expires_s: int
    define: Mapping[str, str]  # name → source text, for documentation and coverage
    files: Mapping[str, str]  # path → digest
    renewed_by: str | None = None  # `verdicts: {renew: …}`, the pipeline that gives a verdict again
    backend: Backend = Backend()
    places: Mapping[str, Place] = MappingProxyType({})  # of what holds none itself: `limits`, `protect.ACTION`

    def fact(self) -> dict[str, Any]:
        """The fact `rules`: what expressions and functions may know of the rules."""
        return {
            "digest": self.digest,
            "environments": {
                n: {"branch": e.branch, "account": e.account, "region": e.region} for n, e in self.environments.items()
            },
            "otherwise": {"branch": self.otherwise.branch},
            "sources": [{"repo": s.repo, "owns": list(s.owns)} for s in self.sources],
        }
