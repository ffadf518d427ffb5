"""What a machine has that the engine needs: each thing looked at alone, for `engine doctor` and the pages of serve."""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from engine.errors import EngineError, Problem, failure, problem
from engine.names import listing, plural

if TYPE_CHECKING:
    from engine.adapters.settings import Settings
    from engine.core.exceptions import Excuse, Standing
    from engine.run.ports import Purpose

_SOON_DAYS = 30


class Check(NamedTuple):
    """One thing that was looked at."""

    name: str
    found: str  # what is there; empty when it is not
    problem: Problem | None = None
    optional: bool = False

    @property
    def ok(self) -> bool:
        """Is it there, or not needed?"""
        return self.problem is None or self.optional


class Deed(NamedTuple):
    """What can be done where so much is there; each asks for more than the one before it."""

    what: str
    commands: tuple[str, ...]
    needs: tuple[str, ...]  # names of checks


_PLANS = ("git", "terraform", "AWS provider", "rules", "policies")
_SIGNS = (*_PLANS, "signing key", "digest key")
DEEDS = (
    Deed("write rules and try them", ("engine lint", "engine test", "engine explain"), ("rules",)),
    Deed("write policies and try them", ("engine policy test", "engine policy eval"), ("policies",)),
    Deed("plan and judge a working tree, without an account, keys or GitHub", ("engine check",), _PLANS),
    Deed("see all of it work, in a GitHub and an AWS of this machine", ("engine sandbox", "make demo"), _PLANS),
    Deed("validate a clone and sign what came of it", ("engine run --repo",), _SIGNS),
    Deed("validate, merge and apply pull requests", ("engine run", "engine serve"), (*_SIGNS, "store", "GitHub")),
)


def lacking(deed: Deed, found: Iterable[Check]) -> tuple[str, ...]:
    """Names of what it needs and is not there; where others can do without (`nobody: …`, `none: …`), this cannot."""
    there = {one.name for one in found if one.problem is None and one.found.split(":")[0] not in ("nobody", "none")}
    return tuple(name for name in deed.needs if name not in there)


def checks(controller: str, module: str, environ: Mapping[str, str], only: Collection[str] = ()) -> Iterator[Check]:
    """Each thing, as it is looked at; with `only` no others than these. A look may take its time.

    Where nobody has named a module it is empty, and nothing is prepared of it.

    Raises:
        EngineError: the settings cannot be read.
    """
    from engine.adapters import settings
    from engine.run.plans import hidden, redactor

    values = settings.read(environ)
    redact = redactor((), values.credentials)
    looks: tuple[tuple[str, Callable[[], str], bool], ...] = (
        ("git", lambda: _git(values), False),
        ("terraform", lambda: _terraform(values), False),
        ("AWS provider", lambda: _provider(values, module), False),
        ("rules", lambda: _rules(controller), False),
        ("policies", lambda: _policies(controller), False),
        ("exceptions", lambda: _exceptions(controller), False),
        ("run out", lambda: _expired(controller), True),
        ("signing key", lambda: _signing_key(environ), False),
        ("digest key", lambda: _digest_key(environ), False),
        ("audit key", lambda: _signing_key(environ, "audit"), True),
        ("backup key", lambda: _backup_key(environ), True),
        ("store", lambda: _store(values, controller, environ), False),
        ("GitHub", lambda: _github(controller, environ), False),
        ("opa", lambda: _opa(values), True),
        ("checkov", lambda: _program(values.checkov, values.path), True),
    )
    for name, look, optional in looks:
        if only and name not in only:
            continue
        try:
            yield Check(name, redact.text(look()))
        except EngineError as error:
            yield Check(name, "", hidden(_first(error.problems), redact), optional)


def _first(problems: Sequence[Problem]) -> Problem:
    """The first of them, with its place, and how many more there are: a row has room for one."""
    one, more = problems[0], len(problems) - 1
    where = f"{one.place}: " if one.place else ""
    rest = f" (and {plural(more, 'more problem')})" if more else ""
    return one._replace(message=f"{where}{one.message}{rest}")


def _git(values: "Settings") -> str:
    from engine.adapters.git.command import version

    return f"git version {version(values.path)}"


def _terraform(values: "Settings") -> str:
    from engine.adapters.terraform import environment, mirror, program

    providers = mirror.choose(values.mirror, values.cli_config, values.home)
    env = environment.build(values.path, values.home, providers.file or os.devnull, {})
    found = program.find(values.terraform, values.path, env)
    return f"{found.name} {found.version}"


def _provider(values: "Settings", module: str) -> str:
    """Lets Terraform install and check the provider, once. ENG767: nobody says `--rules` or `--shipped`."""
    from engine.adapters.terraform import mirror
    from engine.adapters.terraform.workspace import prepare
    from engine.run.given import setup

    if not module:
        raise failure("ENG767")
    prepare(setup(values, module, None))
    providers = mirror.choose(values.mirror, values.cli_config, values.home)
    not_believed = "".join(f"; {why.message}" for why in providers.passed_over)
    return f"ready, from {providers.file or providers.mirror or 'its registry'}{not_believed}"


def _rules(controller: str) -> str:
    from engine.run.trusted import load_rules

    rules = load_rules(controller)
    return f"{plural(len(rules.pipelines), 'pipeline')}, {plural(len(rules.gates), 'gate')} ({rules.whole[:19]}…)"


def _policies(controller: str) -> str:
    from engine.adapters.policy.bundle import policy_set, read_directory
    from engine.run.trusted import beside

    policies = policy_set(read_directory(os.path.join(beside(controller), "policies")))
    return f"{plural(len(policies.modules), 'module')} ({policies.digest[:19]}…)"


def _exceptions(controller: str) -> str:
    """Those that hold: each is a rule that does not hold somewhere, and when it runs out, so does what leans on it."""
    found = _standing(controller)
    held = len(found.hold) + len(found.soon)
    soon = f", {len(found.soon)} of them for {_SOON_DAYS} days or less: {_listed(found.soon)}" if found.soon else ""
    return f"{held} {'holds' if held == 1 else 'hold'}{soon}"


def _expired(controller: str) -> str:
    expired = _standing(controller).expired
    if expired:
        raise EngineError(problem("ENG542", exceptions=_listed(expired)))
    return "none of the exceptions"


def _standing(controller: str) -> "Standing":
    from engine.adapters.clock import now
    from engine.adapters.policy.bundle import policy_set, read_directory
    from engine.adapters.policy.judging import excuses_of
    from engine.core.exceptions import standing
    from engine.run.trusted import beside

    _, excuses = excuses_of(policy_set(read_directory(os.path.join(beside(controller), "policies"))))
    return standing(excuses, now(), _SOON_DAYS * 86_400)


def _listed(excuses: "Iterable[Excuse]") -> str:
    return listing(f"{excuse.expires[:10]} {excuse.rule} ({excuse.owner})" for excuse in excuses)


def _digest_key(environ: Mapping[str, str]) -> str:
    from engine.adapters.keys import Keyring

    old = Keyring(environ).digest_keys()[1:]
    return f"set, and {len(old)} of before" if old else "set"


def _signing_key(environ: Mapping[str, str], purpose: "Purpose" = "verdict") -> str:
    from engine.adapters.keys import Keyring

    return Keyring(environ).signer(purpose).id


def _backup_key(environ: Mapping[str, str]) -> str:
    from engine.adapters.keys import Keyring

    first, *old = Keyring(environ).backup_keys()
    return f"{first.id}{f', and {len(old)} of before' if old else ''}"


def _store(values: "Settings", controller: str, environ: Mapping[str, str]) -> str:
    """Looks whether it works, and leaves nothing behind."""
    from engine.adapters import settings
    from engine.adapters.storage.named import opened
    from engine.adapters.storage.s3 import Bucket
    from engine.run.kept.write import put

    is_seen = opened(values.store).durable  # of one in S3 nothing is asked for that
    if settings.in_job(environ) and not is_seen and (uses := _shared(controller)):
        here = "nobody else sees a directory of this job" if values.store else "ENGINE_STORE names none"
        raise EngineError(problem("ENG203", uses=uses, reason=here))
    if values.store is None:
        return "none: each run keeps what it signs to itself (ENGINE_STORE)"
    store = opened(values.store)
    key = f"doctor/{os.urandom(8).hex()}"
    if not put(store, key, b"") or (item := store.get(key)) is None:
        raise EngineError(problem("ENG193", key=key, reason="what was put there is not there"))
    if not store.delete(key, item.version) and store.get(key):
        raise EngineError(problem("ENG193", key=key, reason="what was deleted there still is"))
    seen = "others see it" if is_seen else "nobody else sees it: a directory of this job"
    locking = f"; {store.locking}" if isinstance(store, Bucket) else ""
    return f"{values.store}, {seen}{locking}"


def _shared(controller: str) -> str:
    """What the rules' pipelines do that needs a store which others see; empty where they do nothing like that."""
    from engine.run.catalog import catalog
    from engine.run.trusted import load_rules

    known = catalog()
    try:
        rules = load_rules(controller)
    except EngineError:  # which is told of the rules
        return ""
    steps = (step for pipeline in rules.pipelines.values() for step in pipeline.steps)
    used = {step.uses for step in steps if known.actions[step.uses].shared}
    return min(used, key=lambda name: (not known.actions[name].writes, name), default="")


def _github(controller: str, environ: Mapping[str, str]) -> str:
    """Who we are there. ENG602: that one may not do what the rules' pipelines do."""
    from engine.adapters import settings
    from engine.adapters.github.auth import needed
    from engine.adapters.github.standing import standing
    from engine.run.rights import rights

    found = standing(environ)
    if found is None:
        return "nobody: only runs on a clone are possible (ENGINE_GITHUB_APP_ID, or GITHUB_TOKEN)"
    if lacks := found.lacks(needed(rights(controller).permissions)):
        missing = "; ".join(f"at {account} {', '.join(names)}" for account, names in lacks.items())
        raise EngineError(problem("ENG602", who=found.who, missing=missing))
    may = f"installed at {', '.join(found.granted) or 'nobody'}" if found.granted is not None else "a token"
    return f"{settings.forge(environ).api_url} as {found.who}, {may}"


def _opa(values: "Settings") -> str:
    from engine.adapters.policy.opa import version

    program = _program(values.opa, values.path)
    return f"{program} {version(program)}"


def _program(name: str, path: str) -> str:
    """ENG007: an engine that policies may be judged by is not there."""
    from shutil import which

    found = which(name, path=path)
    if found is None:
        raise EngineError(problem("ENG007", name=name))
    return found
