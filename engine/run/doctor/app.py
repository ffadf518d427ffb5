"""Our App as GitHub knows it: what it may, what it is told, where it is installed, what did not arrive."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.core.doctor import Finding, fine
from engine.core.repository import same_repository
from engine.names import listing, plural
from engine.run.doctor.asking import tried

if TYPE_CHECKING:
    from engine.adapters.github.client import Client
    from engine.run.rights import Rights

_OF_LATE_S = 86_400


class Ours(NamedTuple):
    """The App that the settings name."""

    client: "Client"
    api_url: str
    reads: bool  # the one that may only look
    hears: bool  # is it the one whose webhooks `engine serve` takes?


class Met(NamedTuple):
    """What GitHub says of it."""

    id: int
    name: str
    page: str  # of its settings


def ours(environ: Mapping[str, str]) -> Ours:
    """Asks nothing yet.

    Raises:
        EngineError: ENG593, the settings name none; as `auth.client`.
    """
    from engine.adapters import key_files, settings
    from engine.adapters.github.auth import App
    from engine.adapters.github.client import Client
    from engine.adapters.github.deliveries import as_app

    place = settings.forge(environ)
    if reader := key_files.reader(environ):
        return Ours(Client(place.api_url, App(*reader)), place.api_url, reads=True, hears=False)
    return Ours(as_app(environ), place.api_url, reads=False, hears=bool(key_files.webhook_secrets(environ)))


def met(app: Ours, web_url: str) -> tuple[Met, Mapping[str, Any]]:
    """Who it is, and all that GitHub says of it.

    Raises:
        EngineError: ENG593 to ENG597, GitHub does not know it, or does not answer.
    """
    from engine.adapters.github.whole import Understood

    with Understood("the App"):
        said = app.client.get("/app")
        owner, slug = said["owner"], said["slug"]
        of = f"organizations/{owner['login']}/" if owner.get("type") == "Organization" else ""
        read = {**said, "permissions": dict(said["permissions"]), "events": list(said["events"])}
        return Met(int(said["id"]), f"App {slug}", f"{web_url}/{of}settings/apps/{slug}"), read


def of_app(
    app: Ours, who: Met, said: Mapping[str, Any], rights: "Rights", sources: Sequence[str], controller: str | None
) -> list[Finding]:
    """All that is wrong with it."""
    key = f"take a key of {who.name} itself: its settings at {who.page} make one"
    found = list(_rights(app, who, said, rights))
    if said["events"] or app.hears:
        found += tried(f"{who.name}, webhook", key, lambda: _webhook(app, who))
        found += tried(f"{who.name}, deliveries", key, lambda: _deliveries(app, who))
    found += tried(f"{who.name}, installations", key, lambda: _installed(app, who, said, sources, controller))
    return found


def _rights(app: Ours, who: Met, said: Mapping[str, Any], rights: "Rights") -> Iterator[Finding]:
    """Permissions and events, exactly those that the rules' actions declare."""
    from engine.adapters.github.auth import level, needed
    from engine.core.app_manifest import manifest, reading

    wants = needed(rights.permissions)
    hears = (bool(said["events"]) or app.hears) and not app.reads
    wanted = manifest(
        who.name, reading(wants) if app.reads else wants, rights.events, who.page if hears else None, who.page
    )
    may, given = wanted["default_permissions"], said["permissions"]
    lacks = [f"{name}: {high}" for name, high in may.items() if level(given.get(name)) < level(high)]
    more = [f"{name}: {high}" for name, high in given.items() if level(high) > level(may.get(name))]
    where = f"{who.page}/permissions; `engine app manifest` has what the rules need"
    if lacks:
        why = "an action that needs it fails half way: what was merged is not told, or not applied"
        yield Finding(
            who.name, False, f"may not do what the rules do: it lacks {listing(lacks)}", why, f"give it at {where}"
        )
    if more:
        why = "whoever gets its key may do that too, and the rules need it for nothing"
        what = f"may do more than the rules do: {listing(more)}"
        yield Finding(who.name, False, what, why, f"take it away at {where}", "warning")
    told, listens = set(said["events"]), set(wanted["default_events"])
    if untold := listens - told:
        why = "a veto or a revoked approval is heard of at the next sweep, which may be after the merge"
        yield Finding(who.name, False, f"is not told of {listing(untold)}", why, f"tick them at {where}")
    if idle := told - listens:
        why = "whoever can cause one has a run looked into that the rules have no use for"
        what = f"is told of {listing(idle)}, to which the rules do not listen"
        yield Finding(who.name, False, what, why, f"untick them at {where}", "warning")
    if not (lacks or more or untold or idle):
        yield fine(who.name, "may do, and is told of, what the rules need, and no more")


def _webhook(app: Ours, who: Met) -> Iterator[Finding]:
    from urllib.parse import urlsplit

    from engine.adapters.github.whole import Understood

    subject = f"{who.name}, webhook"
    with Understood("the App's webhook"):
        said = app.client.get("/app/hook/config")
        url, is_secret, is_lax = (
            str(said.get("url") or ""),
            bool(said.get("secret")),
            str(said.get("insecure_ssl")) == "1",
        )
        place = urlsplit(url)
    is_open = place.scheme != "https" and place.hostname not in ("127.0.0.1", "localhost", "::1")
    if not url:
        why = "nothing is heard of but what a sweep finds: a veto may come too late"
        yield Finding(subject, False, "has no address, though the App is told of events", why, f"give it at {who.page}")
    elif is_open or is_lax:
        what = f"goes to {place.scheme}://{place.hostname} without a certificate that is looked at"
        why = "somebody on the way reads every change, and answers in our place"
        yield Finding(subject, False, what, why, f"say https, and verify it, at {who.page}")
    if not is_secret:
        why = "anybody who knows the address sends events as if GitHub had, and starts runs without end"
        mend = f"write one (`openssl rand -hex 32`) where ENGINE_WEBHOOK_SECRET_FILE says, and the same at {who.page}"
        yield Finding(subject, False, "has no secret", why, mend)
    elif url and not (is_open or is_lax):
        yield fine(subject, "is signed with a secret")


def _deliveries(app: Ours, who: Met) -> Iterator[Finding]:
    """By each delivery's last attempt: what came in the end has arrived."""
    from engine.adapters.clock import now
    from engine.adapters.github.deliveries import sent
    from engine.core.moment import later

    last = {one.delivery: one for one in reversed(sent(app.client, later(now(), -_OF_LATE_S)))}
    failed = sorted(one.status for one in last.values() if not 200 <= one.status < 400)
    subject, of = f"{who.name}, deliveries", f"of {plural(len(last), 'delivery', 'deliveries')} in the last day"
    if not failed:
        yield fine(subject, f"none {of} failed")
        return
    counted = ((status, len(list(rows))) for status, rows in groupby(failed))
    how = ", ".join(f"{count} × {f'status {status}' if status else 'no answer'}" for status, count in counted)
    why = "what did not arrive is heard of at the next sweep only, and GitHub forgets it after three days"
    mend = f"see why at {who.page}/advanced; once `engine serve` answers, it has them sent again by itself"
    yield Finding(subject, False, f"{len(failed)} {of} failed: {how}", why, mend)


def _installed(
    app: Ours, who: Met, said: Mapping[str, Any], sources: Sequence[str], controller: str | None
) -> Iterator[Finding]:
    """On the sources, and nowhere else; on the controller it is no use, and no harm where it may not push."""
    from engine.adapters.github.whole import Understood

    owners, there, is_wrong = {repo.partition("/")[0].casefold() for repo in sources}, list[str](), False
    with Understood("the App's installations"):
        for row in app.client.pages("/app/installations"):
            account = row["account"]["login"]
            problems = list(_installation(who, said, row, account, owners))
            yield from problems
            is_wrong |= bool(problems)
            if account.casefold() in owners and not row["suspended_at"]:
                there += _repositories(app, int(row["id"]))
    install = f"at {who.page}/installations, and on nothing else"
    if lacks := [repo for repo in sources if not _has(there, repo)]:
        why = "no change there is ever planned or judged, and GitHub merges it without us"
        yield Finding(who.name, False, f"is not installed on {listing(lacks)}", why, f"install it there {install}")
    if more := [repo for repo in there if not _has([*sources, *filter(None, [controller])], repo)]:
        why = "whoever gets its key reads and writes there, too"
        what = f"is installed on what is no source of the rules: {listing(more)}"
        yield Finding(who.name, False, what, why, f"select the sources {install}", "warning")
    if not (lacks or more or is_wrong):
        yield fine(who.name, f"is installed on {listing(there)}")


def _installation(
    who: Met, said: Mapping[str, Any], row: Mapping[str, Any], account: str, owners: Collection[str]
) -> Iterator[Finding]:
    from engine.adapters.github.auth import level

    subject = f"{who.name} at {account}"
    page = row.get("html_url") or f"{who.page}/installations"
    if account.casefold() not in owners:
        why = "events of an account that nobody here owns are signed like ours"
        what = "is installed, and no source of the rules is theirs"
        yield Finding(
            subject, False, what, why, f"make the App private at {who.page}/advanced, and uninstall it there: {page}"
        )
        return
    if row["suspended_at"]:
        why = "nothing there is judged, merged or applied meanwhile"
        yield Finding(subject, False, f"is suspended since {row['suspended_at']}", why, f"unsuspend it: {page}")
    if row["repository_selection"] == "all":
        why = "each repository that anybody makes there is one that it may write to"
        yield Finding(subject, False, "is installed on all repositories", why, f"select the sources: {page}", "warning")
    given = row["permissions"]
    late = [f"{name}: {high}" for name, high in said["permissions"].items() if level(given.get(name)) < level(high)]
    if late:
        why = "GitHub goes on with the old rights until then, and actions fail half way"
        yield Finding(subject, False, f"nobody has accepted {listing(late)} yet", why, f"accept it: {page}")


def _repositories(app: Ours, installation: int) -> list[str]:
    """By a token of the installation that may nothing but that, and is given back."""
    from engine.adapters.github.auth import Token
    from engine.adapters.github.client import Client

    path, least = f"/app/installations/{installation}/access_tokens", {"permissions": {"metadata": "read"}}
    there = Client(app.api_url, Token(str(app.client.fetch("POST", path, least).value["token"])))
    try:
        return [str(row["full_name"]) for row in there.pages("/installation/repositories", "repositories")]
    finally:
        there.send("DELETE", "/installation/token")


def _has(repos: Collection[str], repo: str) -> bool:
    return any(same_repository(one, repo) for one in repos)
