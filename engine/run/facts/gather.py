"""Fetch what the expressions of the matched pipelines name: each fact once, and a failed lookup is recorded as one."""

from collections.abc import Callable, Iterable, Mapping
from threading import Event
from typing import Any, NamedTuple, TypeAlias

from engine.core.alone import alone
from engine.core.canonical import canonical
from engine.core.decision.document import FactDocument, freeze
from engine.errors import EngineError, ExitCode


class Absent(NamedTuple):
    """A fact that does not exist yet, and why: a gate that `needs` it is pending."""

    reason: str


_FOR_GOOD = (ExitCode.NEGATIVE, ExitCode.BUG)  # what was found says no: that does not become another answer
_NEVER_KNOWN = "ENG556"  # nor does an event become one that tells it
_NOT_YET = ("ENG599", "ENG611")  # GitHub tells of a thing before it shows it: a commit, a branch


class Failed(NamedTuple):
    """A fact that could not be looked up, and why: a gate that `needs` it is an error."""

    reason: str
    passes: bool = False  # a later lookup may succeed, though nobody has changed anything


class Gathered(NamedTuple):
    """What was looked up, and whether something of it failed that may be there later."""

    document: FactDocument
    passes: bool


Fetch: TypeAlias = Callable[[], "Any | Absent"]  # a JSON value; EngineError when the lookup fails


class Slow:
    """A lookup that waits for something else (git, a store, GitHub). Several of them are waited for at once."""

    def __init__(self, look: Fetch) -> None:
        self._look = look

    def __call__(self) -> "Any | Absent":
        """Look it up."""
        return self._look()


def gather(needs: Iterable[str], fetchers: Mapping[str, Fetch], otherwise: str, stop: Event | None = None) -> Gathered:
    """The fact document of one decision: the same whichever lookup ends first.

    A fact that nobody here can fetch has failed, with `otherwise` as the reason: reading it is an error, not a null.
    So has one whose lookup breaks, and one that no document could hold: the others are there. `stop` is set when
    somebody presses Ctrl-C; lookups that know it end sooner.
    """
    wanted = {name: fetchers.get(name, lambda: Failed(otherwise)) for name in sorted(set(needs))}
    slow = [name for name, fetch in wanted.items() if isinstance(fetch, Slow)]
    found = _at_once({name: wanted[name] for name in slow}, stop) if len(slow) > 1 else {}
    found |= {name: _look(name, fetch) for name, fetch in wanted.items() if name not in found}
    facts = {name: found[name] for name in wanted if not isinstance(found[name], Absent | Failed)}
    absent, failed = (
        {name: found[name].reason for name in wanted if isinstance(found[name], kind)} for kind in (Absent, Failed)
    )
    passes = any(isinstance(one, Failed) and one.passes for one in found.values())
    return Gathered(freeze(facts, absent, failed), passes)


def _at_once(fetchers: Mapping[str, Fetch], stop: Event | None) -> dict[str, Any]:
    from engine.run.orchestrator.pool import MOST, run_all

    return dict(
        zip(fetchers, run_all(list(fetchers), lambda name: _look(name, fetchers[name]), MOST, stop), strict=True)
    )


def _look(name: str, fetch: Fetch) -> "Any | Absent | Failed":
    try:
        with alone(f"the fact `{name}`"):
            value = fetch()
            if not isinstance(value, Absent | Failed):
                canonical(value)
            return value
    except EngineError as error:
        # With the way out: the gate that needs the fact is all that people see of it.
        said = "; ".join(f"{p.message} ({p.hint})" if p.hint else p.message for p in error.problems)
        codes = {problem.code for problem in error.problems}
        is_for_good = codes == {_NEVER_KNOWN} or error.exit_code in _FOR_GOOD
        return Failed(said, not is_for_good or not codes.isdisjoint(_NOT_YET))
