"""Which declared source a repository is."""

from engine.core.repository import same_repository
from engine.core.rules.model import Rules, Source
from engine.errors import failure
from engine.names import closest, either


def declared(rules: Rules, repo: str | None) -> Source | None:
    """The source of this name, if it is declared."""
    return next((s for s in rules.sources if repo is not None and same_repository(s.repo, repo)), None)


def choose(rules: Rules, asked: str | None, origin: str | None) -> Source:
    """The source that was asked for; else the origin if it is declared; else the only one.

    Raises:
        EngineError: it is not declared, or nothing tells which of several it is.
    """
    if found := declared(rules, asked if asked is not None else origin):
        return found
    known = [source.repo for source in rules.sources]
    if asked is not None:
        raise failure("ENG358", hint=closest(asked, known), name=asked, known=either(known))
    if len(rules.sources) == 1:
        return rules.sources[0]
    raise failure("ENG357", origin=origin or "not set", known=either(known))


def confirm(rules: Rules, repo: str, asked: str | None, origin: str | None, *, is_local: bool) -> None:
    """Nothing, if a clone is of the repository that an event names.

    A person (`asked`) or a server (`origin`) says so. A path of this machine (`is_local`) and a clone of nothing say
    nothing, unless the path has the name of a declared source; then the event is believed only if it had no choice.

    Raises:
        EngineError: ENG366, they do not agree, or nobody but the event says so.
    """
    if asked is not None and not same_repository(asked, repo):
        raise failure("ENG366", repo=repo, reason=f"--source says {asked}")
    tells = origin is not None and (not is_local or declared(rules, origin) is not None)
    if origin is not None and tells and not same_repository(origin, repo):
        raise failure("ENG366", repo=repo, reason=f"the origin of this clone is {origin}")
    if asked is None and not tells and len(rules.sources) > 1 and declared(rules, repo) is not None:
        raise failure("ENG366", hint="say --source owner/name", repo=repo, reason="nothing else says so of this clone")
