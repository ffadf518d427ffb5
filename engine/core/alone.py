"""One fails alone: the boundary around one fact, one resource, one plan, one action, wherever there are several.

What others have written can break code that looks total: deeper than Python's stack, larger than memory, a number or a
text that a library refuses with an exception of its own. Around one of several such an exception means no more than
"this one cannot be told". It may not take the others, the report and the verdict with it; nor may it pass for an
answer, so it becomes an error like any other, which every reader here already takes for a no.

Its text is left out: nobody knows what it quotes. Where it happened is enough to find a bug. What is no `Exception`
(Ctrl-C, the end of the process) passes through.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from engine.errors import EngineError, Place, Problem, problem


@contextmanager
def alone(what: str, place: Place | None = None) -> Iterator[None]:
    """Around the work on one thing, called `what` in the message.

    Raises:
        EngineError: what the work has raised; ENG563 for everything else.
    """
    try:
        yield
    except EngineError:
        raise
    except Exception as error:
        found = broken(what, error, place)
        error.__traceback__ = None  # its frames hold what was too large or too deep
        raise EngineError(found) from error


def broken(what: str, error: Exception, place: Place | None = None) -> Problem:
    """An exception that nobody has expected, as a problem."""
    return problem("ENG563", place, what=what, kind=type(error).__name__, where=_where(error))


def _where(error: Exception) -> str:
    """The last of our own lines that it went through."""
    trace, last = error.__traceback__, "an unknown place"
    while trace is not None:
        module = trace.tb_frame.f_globals.get("__name__", "")
        if module.startswith("engine.") and module != __name__:
            last = f"{module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return last
