"""Changes policies one place at a time and runs the tests that reach it: what no test notices has survived.

A survivor is a hole in the tests, or a condition that nobody needs. The work is done by confined processes, one per
processor; one that runs out of time, or that a change breaks, ends, and so does that change.
"""

import json
import os
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from typing import Any, NamedTuple

from engine.adapters.policy.bundle import PolicySet
from engine.adapters.policy.mutation import STILLBORN, SURVIVED
from engine.adapters.policy.mutation.excuses import Comment, Excuse, excuses
from engine.adapters.policy.mutation.operators import Mutant
from engine.adapters.policy.port import Terms
from engine.adapters.policy.programs import MEMORY
from engine.adapters.policy.rego import problem_of, request
from engine.adapters.process import ProcessError
from engine.adapters.session import Session
from engine.errors import EngineError, Errors, Place, failure

_WORKER = "engine.adapters.policy.mutation.worker"
_LONGEST = 64 * 1024 * 1024  # bytes of one answer: a survey of 10,000 changes takes a tenth
_TOLD = 200  # changes between two lines of progress
STOPPED = "the deadline, or the engine's own end"  # instead of a test


class Outcome(Enum):
    """What became of a change."""

    KILLED = "killed"
    SURVIVED = "survived"
    EQUIVALENT = "equivalent"  # it survived, and a comment says why nothing can tell


class Judged(NamedTuple):
    """A change that compiles, and what the tests said to it."""

    mutant: Mutant
    outcome: Outcome
    why: str  # the test that killed it, or the reason of its excuse
    reached: tuple[str, ...]  # tests that could have noticed


class Test(NamedTuple):
    """One test of the set, and what it reaches."""

    path: str
    seconds: float
    lines: Mapping[str, frozenset[int]]  # by policy
    others: Mapping[str, frozenset[int]]  # that could be reached, and were not


class Survey(NamedTuple):
    """What there is to change, and who could notice: the quickest tests first."""

    changes: tuple[Mutant, ...]
    excused: tuple[Excuse, ...]
    tests: tuple[Test, ...]

    def reaching(self, mutant: Mutant) -> tuple[str, ...]:
        """Tests that reach the changed lines; where the engine counts none of these, all that come to the policy."""
        wanted = frozenset(range(mutant.lines[0], mutant.lines[1] + 1))
        here = [test for test in self.tests if mutant.file in test.lines]
        # What can be reached is the same for all of them.
        counted = bool(here) and bool(wanted & (here[0].lines[mutant.file] | here[0].others[mutant.file]))
        return tuple(test.path for test in here if not counted or wanted & test.lines[mutant.file])


def mutate(
    policies: PolicySet,
    terms: Terms,
    only: str = "",
    told: Callable[[str], None] = lambda _: None,
    among: Callable[[Mutant], bool] = lambda _: True,
) -> tuple[Judged, ...]:
    """Every change of every policy, or of the one file `only`, that compiles. The tests must pass as they are.

    `told` gets lines of progress; `among` says of a change whether it is tried at all.

    Raises:
        EngineError: policies that do not load, `only` is none of them, or comments that are wrong (ENG536, ENG537).
    """
    files = [file for file in policies.modules if not only or file in (only, f"{policies.origin}/{only}")]
    if not files:
        raise failure("ENG001", file=only, reason=f"it is none of the policies of {policies.origin}")
    survey = _survey(_Worker(policies, terms.timeout_s))
    changes = [mutant for mutant in survey.changes if mutant.file in files and among(mutant)]
    reached = {mutant: survey.reaching(mutant) for mutant in changes}
    jobs = deque(changes)
    for file in files:
        told(f"{file}: {sum(mutant.file == file for mutant in changes)} changes")
    # Generous, since a slow machine must not pass for a killed mutant: nothing in Rego runs on for ever.
    deadline_s = 10 + 10 * sum(test.seconds for test in survey.tests)
    verdicts: dict[Mutant, str] = {}

    def work(_: int) -> None:
        mine = _Worker(policies, deadline_s)
        while jobs:
            try:
                mutant = jobs.popleft()
            except IndexError:  # another thread was quicker
                return
            verdicts[mutant], mine = _judged(mine, mutant, reached[mutant], lambda: _Worker(policies, deadline_s))
            if len(verdicts) % _TOLD == 0:
                told(f"{len(verdicts)} of {len(changes)} changes")

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        try:
            list(pool.map(work, range(min(os.cpu_count() or 1, len(jobs)))))
        except BaseException:
            jobs.clear()  # whatever stops one of them, the others need not go on
            raise
    return _outcomes([(mutant, verdicts[mutant], reached[mutant]) for mutant in changes], survey.excused)


def _judged(
    worker: "_Worker", mutant: Mutant, reached: Sequence[str], anew: "Callable[[], _Worker]"
) -> "tuple[str, _Worker]":
    try:
        said = worker.ask([mutant.file, mutant.start, mutant.end, mutant.text, mutant.rule, reached])
        assert isinstance(said, str)
        return said, worker
    except ProcessError:
        return STOPPED, anew()


def _outcomes(verdicts: Sequence[tuple[Mutant, str, tuple[str, ...]]], excused: Sequence[Excuse]) -> tuple[Judged, ...]:
    reasons = {(excuse.place.file, excuse.line, excuse.name): excuse for excuse in excused}
    killers: dict[Excuse, str] = {}
    survived = set()
    judged = []
    for mutant, said, reached in verdicts:
        excuse = reasons.get((mutant.file, mutant.place.line, mutant.name))
        if said == SURVIVED and excuse:
            survived.add(excuse)
            judged.append(Judged(mutant, Outcome.EQUIVALENT, excuse.reason, reached))
        elif said == SURVIVED:
            judged.append(Judged(mutant, Outcome.SURVIVED, "", reached))
        else:
            if excuse:
                killers[excuse] = "the compiler" if said == STILLBORN else said
            if said != STILLBORN:
                judged.append(Judged(mutant, Outcome.KILLED, said, reached))
    errors = Errors()
    for excuse, test in killers.items():
        if excuse not in survived:
            errors.add("ENG537", excuse.place, name=excuse.name, test=test)
    errors.check()
    return tuple(judged)


def _survey(worker: "_Worker") -> Survey:
    try:
        answer = worker.ask(None)
    except ProcessError as error:  # before any change: it is no change that broke it
        raise _broken(error) from error
    changes = tuple(Mutant._make([*texts, Place(*place), tuple(lines)]) for *texts, place, lines in answer["changes"])
    said = (Comment(Place(*place), line, text) for place, line, text in answer["comments"])
    tests = [
        Test(path, seconds, *({file: frozenset(pair[at]) for file, pair in lines.items()} for at in (0, 1)))
        for path, seconds, lines in answer["tests"]
    ]
    return Survey(changes, excuses(said, changes), tuple(sorted(tests, key=lambda test: test.seconds)))


def _broken(error: ProcessError) -> EngineError:
    return failure("ENG512", engine="rego", reason=error.problems[0].message)


class _Worker:
    """A process that has loaded the policies and answers."""

    def __init__(self, policies: PolicySet, timeout_s: float) -> None:
        self._session = Session(
            [sys.executable, "-I", "-m", _WORKER],
            cwd="/",
            env={"PATH": os.defpath, "HOME": "/", "LC_ALL": "C.UTF-8"},
            timeout_s=timeout_s,
            install="",
            memory=MEMORY,
        )
        try:
            self._session.ask(json.dumps(request(policies, policies.tests)).encode() + b"\n")
            answer = self._answer()
        except ProcessError as error:
            raise _broken(error) from error
        if answer:
            raise EngineError(*(problem_of(found) for found in answer["problems"]))

    def ask(self, question: Any) -> Any:
        """The answer to one question.

        Raises:
            ProcessError: it broke down, or the deadline has come.
        """
        self._session.ask(json.dumps(question).encode() + b"\n")
        return self._answer()

    def _answer(self) -> Any:
        return json.loads(self._session.line(_LONGEST))
