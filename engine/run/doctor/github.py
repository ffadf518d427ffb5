"""What is wrong with a set-up on GitHub: as a person, who is shown who may pass rules, and as the App."""

from collections.abc import Collection, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.core.doctor import UNSEEN, Finding, fine
from engine.core.guards import Branch
from engine.errors import EngineError
from engine.run.doctor import app, branches, environments
from engine.run.doctor.asking import tried

if TYPE_CHECKING:
    from engine.adapters.github.client import Client
    from engine.core.rules.model import Rules

_CLOCKS_S = 60  # what GitHub takes of an App; ours are compared with those of reviews and comments


def look(controller: str, repo: str | None, environ: Mapping[str, str]) -> list[Finding]:
    """All findings. `controller` is where the rules begin, in a checkout; `repo` its name on GitHub, None: as cloned.

    Raises:
        EngineError: the rules do not load; ENG004, settings that are none.
    """
    from engine.adapters import settings
    from engine.run.rights import needed_by
    from engine.run.trusted import beside, load_rules

    place = settings.forge(environ)
    rules, controller = load_rules(controller), beside(controller)
    name, found = repo or _cloned(controller), list[Finding]()
    if name is None:
        what = "nobody says which repository of GitHub's it is, so it was not looked at"
        found.append(Finding("controller", False, what, UNSEEN, "say `--repo OWNER/NAME`"))
    clients, sources = list["Client"](), [source.repo for source in rules.sources]
    number = int(place.app) if place.app and place.app.isdigit() else None
    ask_app = "set ENGINE_GITHUB_APP_ID and ENGINE_GITHUB_APP_KEY_FILE of the App that acts"

    def as_app() -> Iterator[Finding]:
        nonlocal number
        ours = app.ours(environ)
        clients.append(ours.client)
        who, said = app.met(ours, place.web_url)
        number = number if ours.reads else who.id
        yield from app.of_app(ours, who, said, needed_by(rules), sources, name)

    def as_person() -> Iterator[Finding]:
        client = _person(environ, place.api_url)
        clients.append(client)
        client.get("/user")  # a token that GitHub does not know is one problem, and no other is looked for
        checked, known = _is_checked(rules), dict[int, Any]()
        targets = dict.fromkeys(one.branch for one in (*rules.environments.values(), rules.otherwise))
        if not checked:
            what = "no pipeline sets the check `interlock merge: BRANCH`, so no ruleset can require it"
            why = "somebody who may write presses GitHub's own button, and no gate of the rules is asked"
            mend = "use `github.check` with `name: merge` in the pipeline `merge`, as the shipped rules do"
            yield Finding("rules", False, what, why, mend)
        for source in sources:
            for target in targets:
                branch = Branch(source, target, _check(target) if checked else "", number)
                yield from tried(
                    str(branch), _read(source, "Metadata"), partial(branches.of_branch, client, branch, known)
                )
            look = partial(_dispatch, client, source, targets, number)
            yield from tried(source, _read(source, "Actions"), look)
        if name is not None:
            yield from tried(
                name, _read(name, "Actions"), partial(_controller, client, name, controller, rules, number)
            )

    found += tried("App", ask_app, as_app)
    found += tried("GITHUB_TOKEN", "set it to a person's, who administers the sources and the controller", as_person)
    return [*found, *_clock(clients)]


def _person(environ: Mapping[str, str], api_url: str) -> "Client":
    from engine.adapters import key_files
    from engine.adapters.github.auth import Token
    from engine.adapters.github.client import Client
    from engine.adapters.github.failures import unknown

    token = key_files.github_token(environ)
    if token is None:
        raise unknown("there is no GITHUB_TOKEN, and rulesets and environments are shown to people")
    return Client(api_url, Token(token))


def _read(repo: str, right: str) -> str:
    return f"give GITHUB_TOKEN `{right}: read` of {repo}, or take one of somebody who administers it"


def _cloned(controller: str) -> str | None:
    from engine.adapters.git.whose import whose

    found = whose(controller)
    return next(iter(found.origins)) if found.hosted and len(found.origins) == 1 else None


def _is_checked(rules: "Rules") -> bool:
    """Do the rules set the check of merging?"""
    steps = (step for pipeline in rules.pipelines.values() for step in pipeline.steps)
    return any(step.uses == "github.check" and step.inputs.get("name") == "merge" for step in steps)


def _check(branch: str) -> str:
    from engine.core.report.checks import name

    return name("merge", branch)


def _default(client: "Client", repo: str) -> str:
    from engine.adapters.github.client import at
    from engine.adapters.github.whole import Understood

    with Understood(repo):
        return str(client.get(at(repo))["default_branch"])


def _dispatch(client: "Client", source: str, looked_at: Collection[str], app: int | None) -> Iterator[Finding]:
    """What a source tells its controller by: the environment with the key, and the branch whose workflow gets it."""
    wanted = {environments.DISPATCH: environments.WORKFLOW} if environments.dispatches(client, source) else {}
    default = _default(client, source)
    found = environments.of_repository(client, source, default, wanted, environments.DISPATCH)
    yield from found
    if found and default not in looked_at:  # else our own check stands before it
        yield from branches.of_branch(client, Branch(source, default, app=app, reviewed=True), {})


def _controller(client: "Client", repo: str, checkout: str, rules: "Rules", app: int | None) -> Iterator[Finding]:
    """Its default branch, which decides what runs everywhere, and the environments of its jobs."""
    default = _default(client, repo)
    branch = Branch(repo, default, app=app, reviewed=True)
    yield from tried(str(branch), _read(repo, "Metadata"), partial(branches.of_branch, client, branch, {}))
    wanted = dict[str, str]()
    try:
        wanted = environments.wanted(checkout, rules.environments)
    except EngineError as error:
        yield environments.unreadable(error)
    yield from environments.of_repository(client, repo, default, wanted)


def _clock(clients: "list[Client]") -> Iterator[Finding]:
    from engine.adapters.clock import ahead_of

    there = [moment for client in clients if (moment := client.clock()) is not None]
    if not there:
        return
    ahead = round(ahead_of(max(there)))
    if abs(ahead) <= _CLOCKS_S:
        yield fine("clock", "goes as GitHub's does")
        return
    what = f"is {abs(ahead):,} s {'before' if ahead > 0 else 'behind'} GitHub's"
    why = "an approval of before a verdict counts as one of after it, or a key that has run out still counts"
    yield Finding("clock", False, what, why, "timedatectl set-ntp true")
