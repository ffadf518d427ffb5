"""The runs of one delivery: which have ended, which may be gone on with, and what another job is handed of them.

A run that has ended is told again and does nothing. One that was begun and has not ended is somebody's: the executor
that has begun it goes on, or whoever says `--resume`. Another delivery is another run, whatever it is about.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from engine.adapters import files
from engine.core.handover import LIMIT, Binding, Handover, close, compare, open_
from engine.core.kept import keys
from engine.core.kept.journal import Identity
from engine.errors import EngineError, failure
from engine.names import closest
from engine.run.kept import swept
from engine.run.kept.journal import Journal, fill
from engine.run.kept.owner import Owner, owner
from engine.run.request import Going
from engine.run.stopping import HANDED_OVER

if TYPE_CHECKING:
    from engine.core.decision.explain import Json
    from engine.core.events.kinds import Subject
    from engine.core.rules.model import Rules
    from engine.run.ports import Ports


class Runs:
    """The journals of one delivery about one subject."""

    def __init__(self, going: Going, subject: "Subject", asked: str, ports: "Ports", owner: Owner) -> None:
        """Opens what another job has handed over. `asked`: digest of the event and of whatever else was asked for.

        Raises:
            EngineError: ENG570 there is no key for it; ENG576 it is refused; ENG579 there is nothing to hand over by.
        """
        self._going, self._subject, self._asked = going, subject, asked
        self._store, self._owner = ports.store, owner
        stops = going.until is not None or going.does is not None
        self._key = _key(ports, needed=bool(stops or going.handover))
        self._journals: dict[str, Journal] = {}  # by the key of a run
        self._entered: list[Journal] = []
        self._is_swept, self._now = ports.github is not None and bool(subject.repo), ports.now
        self._handed = self._open() if going.resume and going.handover else None
        if stops and not (going.handover or ports.store.durable):
            needed = "a store that the next job sees (ENGINE_STORE), or --handover FILE"
            raise failure("ENG579", option="--until" if going.until else "--only", needed=needed)

    def of(self, pipelines: Sequence[str], *, child: bool = False, turn: int = 1) -> list[Journal]:
        """The journals of these pipelines, if this process may go on with them.

        Raises:
            EngineError: ENG571 one is somebody else's, ENG578 there is nothing to go on with, ENG579 it has ended, and
                was about something else; ENG573, ENG574, ENG576.
        """
        found = [self._read(name, turn) for name in pipelines]
        self._journals |= {journal.identity.key: journal for journal in found}
        if self._going.resume and not child and found and all(journal.start is None for journal in found):
            raise failure("ENG578", run=found[0].identity)
        for journal in found:
            if journal.start and journal.finish and journal.start["asked"] != self._asked:
                needed = f"another id: {journal.identity} has ended, and was of another event or of other options"
                raise failure("ENG579", option="--run", needed=needed)
            begun = journal.start is not None and journal.finish is None
            if begun and not (self._going.resume or journal.is_of_this_executor):
                raise failure("ENG571", run=journal.identity, owner=journal.owner)
            if begun and self._going.only not in (None, journal.stopped):
                at = f"stopped before {journal.stopped}" if journal.stopped else "was gone on with"
                raise failure("ENG576", reason=f"the run {at}, and did not stop before {self._going.only}")
        return found

    def enter(self, journal: Journal, stance: "Json") -> str | None:
        """This process carries it out from here on. A sentence: it would not be decided like that by now.

        Raises:
            EngineError: somebody else was quicker; ENG576, it was handed over for something else.
        """
        self._entered.append(journal)
        if journal.start is None:
            if self._is_swept:
                swept.begin(self._store, journal.identity.key, self._subject, journal.identity.pipeline, self._now())
            journal.begin_run({"asked": self._asked, "stance": stance})
            return None
        from engine.core.decision.stance import difference

        if self._handed and self._is_handed(journal.identity):
            compare(self._handed.of, {"head": stance["head"] or "", "base": stance["base"] or ""})
        journal.take("--resume" if self._going.resume else "executor")
        return difference(journal.start["stance"], stance)

    def end(self) -> None:
        """Nothing of it is left lying, but for what another job goes on with.

        Raises:
            EngineError: the store fails.
        """
        for journal in self._entered if self._is_swept else ():
            if journal.stopped is None:
                swept.end(self._store, keys.begun(self._subject.repo, journal.identity.key))

    def hand_over(self, pipeline: str, action: str) -> None:
        """Write the file for the job that goes on with `action` of `pipeline`.

        Raises:
            EngineError: ENG002.
        """
        if not self._going.handover:
            return
        journal = [one for one in self._journals.values() if one.identity.pipeline == pipeline][-1]
        assert journal.start
        stance = journal.start["stance"]
        of = Binding(
            run=self._going.run,
            attempt=self._going.attempt,
            repository=self._subject.repo,
            pull_request=self._subject.number,
            head=stance["head"] or "",
            base=stance["base"] or "",
            pipeline=pipeline,
            action=action,
            line=journal.lines,
            turn=journal.identity.turn,
        )
        journals = {one.identity.key: one.copy() for one in self._journals.values() if one.start}
        assert self._key
        files.write(self._going.handover, close(Handover(of, journals), self._key))

    def _is_handed(self, identity: Identity) -> bool:
        of = self._handed.of if self._handed else None
        return of is not None and (of.pipeline, of.turn) == (identity.pipeline, identity.turn)

    def _read(self, pipeline: str, turn: int) -> Journal:
        identity = Identity(self._going.run, pipeline, str(self._subject), turn)
        lines = self._handed.journals.get(identity.key) if self._handed else None
        if lines:
            fill(self._store, identity.key, lines)
        journal = Journal(self._store, identity, self._owner, self._key)
        if self._handed and self._is_handed(identity):
            compare(self._handed.of, {"line": journal.lines, "action": journal.stopped})
        return journal

    def _open(self) -> Handover:
        assert self._going.handover
        assert self._key
        handed = open_(files.read(self._going.handover, LIMIT), self._key)
        expected: dict[str, Any] = {
            "run": self._going.run,
            "attempt": self._going.attempt,
            "repository": self._subject.repo,
            "pull_request": self._subject.number,
        }
        if self._going.only:
            expected["action"] = self._going.only
        compare(handed.of, expected)
        return handed


@contextmanager
def runs(going: Going, subject: "Subject", asked: str, ports: "Ports") -> Iterator[Runs]:
    """The runs of a delivery, while this process is at work on them.

    Raises:
        EngineError: as `Runs` says; ENG579, another process is the executor that this one is to be.
    """
    if going.handover and not going.resume:
        files.write(going.handover, b"")  # whoever cannot write it says so now, and not after an hour
        files.remove(going.handover)  # nobody takes one of an earlier run for this one's
    with owner(going.executor) as me:
        found = Runs(going, subject, asked, ports, me)
        try:
            yield found
        except Exception as error:  # whatever it was, it is told; only who is killed leaves something lying
            if not (isinstance(error, EngineError) and error.problems[0].code == HANDED_OVER):
                with suppress(EngineError):
                    found.end()
            raise
        found.end()


def reached(pipelines: Iterable[str], rules: "Rules") -> list[str]:
    """These pipelines and those that may follow on them, each once."""
    from engine.core.decision.renewal import renews

    found: list[str] = []
    waiting = list(pipelines)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.append(name)
            pipeline = rules.pipelines[name]
            waiting += filter(None, (pipeline.then, pipeline.instead, renews(pipeline, rules)))
    return found


def check_until(until: str | None, pipelines: Iterable[str], rules: "Rules") -> None:
    """Nothing, if a run of these pipelines, and of what follows on them, could come to the action.

    Raises:
        EngineError: ENG577.
    """
    if until is None:
        return
    names = reached(pipelines, rules)
    known: Mapping[str, None] = {step.id: None for name in names for step in rules.pipelines[name].steps}
    if names and until not in known:
        raise failure("ENG577", hint=closest(until, known), action=until)


def _key(ports: "Ports", *, needed: bool) -> bytes | None:
    try:
        return ports.secrets.handover_key()
    except EngineError as error:
        if needed or error.problems[0].code != "ENG570":
            raise
        return None
