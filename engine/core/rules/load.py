"""Rules from bytes: {path: bytes} in, frozen Rules out, or every problem of every file in one go."""

from collections.abc import Mapping
from typing import NamedTuple

from engine.core.canonical import digest, digest_bytes
from engine.core.declare import Catalog
from engine.core.rules.build import Builder
from engine.core.rules.checks import events, references, safety, steps
from engine.core.rules.checks.subject import Check, Subject
from engine.core.rules.draft import ENTRY, PEOPLE, Draft, read
from engine.core.rules.model import Gate, Pipeline, Rules, Trigger
from engine.errors import Errors, Problem

# What makes rules unfit to run. Findings that only warn are in `lint`.
CHECKS: tuple[Check, ...] = (*references.CHECKS, *events.CHECKS, *safety.CHECKS, *steps.CHECKS)

# A branch or a path that two have is told of those, too, of which something else does not fit: none is without it.
_OF_WHOLE = tuple(check for check in safety.CHECKS if check.code not in ("ENG064", "ENG065"))

OF_TEXT = frozenset(f"ENG{number:03}" for number in range(20, 40))  # what is wrong with a file before it says anything


class Loaded(NamedTuple):
    """Rules with what they were made from, for those who judge them further."""

    rules: Rules
    subject: Subject


def load(files: Mapping[str, bytes], catalog: Catalog, entry: str = ENTRY) -> Rules:
    """The rules that begin in `entry`.

    Raises:
        EngineError: all problems of all files, in the order of their places.
    """
    return load_judged(files, catalog, entry).rules


class Judged(NamedTuple):
    """As much of the rules as is sound."""

    build: Builder
    triggers: tuple[Trigger, ...]
    gates: dict[str, Gate]
    pipelines: dict[str, Pipeline]
    subject: Subject


def judge(files: Mapping[str, bytes], catalog: Catalog, entry: str, errors: Errors) -> Judged:
    """What can be made of the files; what keeps them from loading goes to `errors`."""
    inputs = {a.name: {n: "default" not in w for n, w in a.inputs.items()} for a in catalog.actions.values()}
    found = Errors()
    draft = read(files, entry, found, inputs)
    build = Builder(draft, catalog, found)
    build.check_defines()
    triggers, gates, pipelines = build.triggers(), build.gates(), build.pipelines()
    subject = Subject(draft, catalog, tuple(build.expressions), build.inputs)
    whole = subject._replace(draft=draft.whole())
    for check in CHECKS:
        found.extend(check.find(whole if check in _OF_WHOLE else subject))
    # Of a line that had to be mended to be read, only that is told: what it was meant to say is a guess.
    errors.extend(one for one in found.problems if one.code in OF_TEXT or not _is_doubted(one, draft))
    return Judged(build, triggers, gates, pipelines, subject)


def _is_doubted(one: Problem, draft: Draft) -> bool:
    return one.place is not None and one.place.line in draft.doubted.get(one.place.file, ())


def load_judged(files: Mapping[str, bytes], catalog: Catalog, entry: str = ENTRY) -> Loaded:
    """The rules, with the units and expressions that they were built from.

    Raises:
        EngineError: all problems of all files, in the order of their places.
    """
    errors = Errors()
    build, triggers, gates, pipelines, subject = judge(files, catalog, entry, errors)
    errors.check()
    otherwise = build.otherwise()
    assert otherwise is not None, "the schema requires it"
    digests = {path: digest_bytes(files[path]) for path in sorted(files)}
    rules = Rules(
        digest=digest({path: one for path, one in digests.items() if path not in PEOPLE}),
        whole=digest(digests),
        sources=build.sources(),
        environments=build.environments(),
        otherwise=otherwise,
        triggers=triggers,
        gates=gates,
        overrides=build.overrides(),
        commands=build.commands(),
        protect=build.protect(),
        pipelines=pipelines,
        groups=build.groups(),
        limits=build.limits(),
        verdict_expires_s=build.verdict_expires_s(),
        renewed_by=build.renewed_by(),
        backend=build.backend(),
        define=build.defines,
        files=digests,
        places=build.places(),
    )
    return Loaded(rules, subject)
