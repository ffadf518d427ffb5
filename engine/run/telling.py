"""Who tells the facts of a run: a clone and its event, or GitHub. Everything after that is the same."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from threading import Event as Flag
from typing import TYPE_CHECKING, NamedTuple

from engine.core.events.envelope import Event
from engine.core.events.kinds import SHA
from engine.core.resources import services, sources
from engine.run import trusted
from engine.run.context import Controller
from engine.run.facts import kept as store
from engine.run.facts.change import Change
from engine.run.facts.clone import Clone
from engine.run.facts.gather import Fetch
from engine.run.facts.kept import Kept
from engine.run.facts.teller import GITHUB, LOCAL, WITHOUT_GITHUB, WITHOUT_STORE, together
from engine.run.facts.told import Told, base_repository, check, where
from engine.run.module import read_module
from engine.run.ports import Opens, Ports
from engine.run.request import Asked
from engine.run.today import digests

if TYPE_CHECKING:
    from engine.adapters.git.repository import Repository
    from engine.adapters.github.port import Forge
    from engine.adapters.settings import Settings
    from engine.core.decision.document import Origin
    from engine.core.decision.matching import Matching
    from engine.core.rules.model import Rules
    from engine.run.facts.hosted import Branch, Nowhere, PullRequest


class Telling(NamedTuple):
    """The tellers of one decision."""

    change: Change
    fetchers: Mapping[str, Fetch]
    origin: "Origin"
    otherwise: str  # why nobody here tells a fact
    check_head: Callable[..., None]
    me: Callable[[], str | None] = lambda: None  # the login that we have there


class Judged(NamedTuple):
    """What is judged, and by what."""

    event: Event
    rules: "Rules"
    controller: Controller
    settings: "Settings"
    ports: Ports
    now: str
    stop: Flag

    def change(self, sides: "Clone | PullRequest | Branch | Nowhere", asked: Callable[[], Asked]) -> Change:
        """The teller of what git knows."""
        known = services.read(read_module(self.controller.module))
        today = partial(digests, self.controller, self.settings)
        return Change(sides, self.event.subject.repo, self.rules, known, asked=asked, today=today)

    def moment(self) -> str:
        """`now`; or later, where GitHub's clock has shown that ours is behind."""
        from engine.adapters.clock import not_behind

        return not_behind(self.now, self.ports.forge.clock() if self.ports.forge else None)

    def kept(self, change: Change, origin: "Origin", shown: "Callable[[], int]" = lambda: 0) -> Kept | None:
        """The teller of the store, where there is one."""
        if not self.settings.store:
            return None
        keys = partial(trusted.keys, self.settings.trusted_keys)
        return Kept(self.ports.store, change, keys, self.moment, origin, shown)


def on_clone(judged: Judged, directory: str, asked: Asked) -> Telling:
    """A clone, and what the event says of it.

    Raises:
        EngineError: the clone is of another repository; the head has moved on (ENG552).
    """
    event = judged.event
    sides = Clone(partial(where, event), event.subject.repo, _git(judged, directory))
    change = judged.change(sides, lambda: asked)
    check(event)
    sides.check_source(judged.rules, asked.source, base_repository(event))
    sides.check_head()
    kept = judged.kept(change, LOCAL)
    fetchers = together(Told(event, change, judged.now), change, kept or store.NOTHING)
    return Telling(change, fetchers, LOCAL, WITHOUT_GITHUB, sides.check_head)


def on_github(judged: Judged, needs: "frozenset[str]", asked: Asked, run: str) -> Telling:
    """GitHub; the event only says where to look. Nothing is asked yet."""
    from engine.run.facts import forge as facts
    from engine.run.facts.hosted import Branch, Nowhere, PullRequest
    from engine.run.facts.merged import Merged

    hub, subject = judged.ports.forge, judged.event.subject
    assert hub is not None
    opened = partial(_git, judged)
    sides: PullRequest | Branch | Nowhere
    if subject.kind == "pull_request":
        assert subject.number is not None
        sides = PullRequest(hub, subject.repo, subject.number, facts.parts(needs), _claimed(judged.event), opened)
    elif subject.kind == "ref" and subject.ref and subject.ref.startswith("refs/heads/"):
        sides = Branch(hub, subject.repo, subject.ref.removeprefix("refs/heads/"), _targets(judged.rules), opened)
    else:
        sides = Nowhere(judged.event.name)

    def said() -> Asked:
        return asked._replace(destroy=(*asked.destroy, *(str(row["path"]) for row in teller.asked)))

    change = judged.change(sides, said)
    kept = judged.kept(change, GITHUB, lambda: teller.shown)
    teller = facts.Forge(
        hub,
        subject,
        sides,
        change,
        judged.rules,
        judged.ports.store,
        partial(trusted.keys, judged.settings.trusted_keys),
        lambda: kept.rows if kept else (),
        judged.settings.app,
        run,
        judged.moment,
        partial(_elsewhere, judged),
    )
    also = [Merged(sides, subject.repo, change, kept)] if isinstance(sides, PullRequest) and kept else []
    me = (lambda: sides.pull.me) if isinstance(sides, PullRequest) else lambda: None
    return Telling(
        change,
        together(teller, change, kept or store.WITHOUT_STORE, *also),
        GITHUB,
        WITHOUT_STORE,
        sides.check_head,
        me,
    )


_COMMENT, _SAYS = "github.comment", "issues:write"


def tells(does: Collection[str] | None) -> bool:
    """May a process that carries out these actions alone (None: all) say on the page how one of them goes?"""
    return does is None or _COMMENT in does


def opened(judged: Judged, matching: "Matching", does: Collection[str] | None = None) -> Judged:
    """With GitHub open, for these pipelines and what follows on them, and for no more than they need there: `does` has
    the actions that are carried out here, where not all are.

    Raises:
        EngineError: ENG358, the event is of a repository that the rules do not name: nothing is asked of it.
    """
    from engine.adapters.clock import not_behind
    from engine.core.decision.matching import facts_for
    from engine.run.catalog import catalog
    from engine.run.facts import forge as facts
    from engine.run.kept.runs import reached

    actions, rules, repo = catalog().actions, judged.rules, judged.event.subject.repo
    repos = [sources.choose(rules, repo, None).repo] if repo else [one.repo for one in rules.sources]
    names = reached(matching.pipelines, rules)
    used = {step.uses for each in names for step in rules.pipelines[each].steps if does is None or step.uses in does}
    rows = [actions[name] for name in used]
    wanted = {name for row in rows for name in row.permissions if tells(does) or not row.tells or name != _SAYS}
    needs = matching.needs | facts_for(names, rules, actions)
    assert judged.ports.github is not None
    hub = judged.ports.github(repos, [*facts.permissions(needs), *sorted(wanted)], _installation(judged.event))
    now = judged.ports.now
    return judged._replace(ports=judged.ports._replace(forge=hub, now=lambda: not_behind(now(), hub.clock())))


def once_opened(opens: Opens) -> Opens:
    """One for the whole run and the same repositories: what follows on a pipeline asks with the same token."""
    found: dict[tuple[str, ...], Forge] = {}

    def open_(repos: Sequence[str], permissions: Iterable[str], installation: int | None) -> "Forge":
        if tuple(repos) not in found:
            found[tuple(repos)] = opens(repos, permissions, installation)
        return found[tuple(repos)]

    return open_


def _elsewhere(judged: Judged, repo: str) -> "Forge":
    """GitHub for another source, with a token of its own that may only read there."""
    from engine.run.facts import forge as facts

    assert judged.ports.github is not None
    return judged.ports.github([repo], facts.ELSEWHERE, None)


def _git(judged: Judged, directory: str) -> "Repository":
    from engine.adapters.git.repository import Repository

    return Repository(directory, path=judged.settings.path, cancel=judged.stop)


def _claimed(event: Event) -> str | None:
    """The head that the event has seen, if it says so."""
    pull = event.payload.get("pull_request")
    head = pull.get("head") if isinstance(pull, dict) else None
    sha = head.get("sha") if isinstance(head, dict) else None
    return sha if isinstance(sha, str) and SHA.holds(sha) else None


def _targets(rules: "Rules") -> tuple[str, ...]:
    """The branches that changes go to."""
    return tuple(dict.fromkeys([*(one.branch for one in rules.environments.values()), rules.otherwise.branch]))


def _installation(event: Event) -> int | None:
    """Of our App there, where its webhook says so: one request less. Another one's is refused by GitHub."""
    found = event.payload.get("installation")
    number = found.get("id") if isinstance(found, dict) else None
    return number if type(number) is int and number > 0 else None
