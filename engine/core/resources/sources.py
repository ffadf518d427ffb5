"""Which declared source a repository is."""

from engine.core.rules.model import Rules, Source
from engine.errors import closest, failure, listing


def choose(rules: Rules, asked: str | None, origin: str | None) -> Source:
    """The source that was asked for; else the origin if it is declared; else the only one.

    Raises:
        EngineError: it is not declared, or nothing tells which of several it is.
    """
    declared = {source.repo.casefold(): source for source in rules.sources}  # GitHub's names ignore case
    if asked is not None:
        if asked.casefold() not in declared:
            raise failure("ENG358", hint=closest(asked, declared), name=asked, known=listing(declared))
        return declared[asked.casefold()]
    if origin is not None and origin.casefold() in declared:
        return declared[origin.casefold()]
    if len(rules.sources) == 1:
        return rules.sources[0]
    raise failure("ENG357", origin=origin or "not set", known=listing(s.repo for s in rules.sources))
