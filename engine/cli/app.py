"""`engine app`: a GitHub App with the rights that the rules need, and no other."""

import os
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from engine.cli.files import rules_option
from engine.errors import ExitCode, failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.adapters.github.registering import Registered
    from engine.cli.console import Console

HELP = "make a GitHub App with the rights that the rules need"
_KEY, _SECRET = "app-key.pem", "webhook.secret"


def arguments(parser: ArgumentParser) -> None:
    """Declare the verbs."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    shown = verbs.add_parser("manifest", help="print what GitHub would be asked for")
    made = verbs.add_parser("register", help="have GitHub make it, by a browser; its key goes into a file")
    for verb in (shown, made):
        rules_option(verb, whole=True)
        verb.add_argument("--name", default="Interlock", help="letters, digits, blanks; no other App has it")
        verb.add_argument("--reader", action="store_true", help="one that may only look: for jobs that plan and apply")
        verb.add_argument(
            "--webhook", metavar="URL", help="where `engine serve` takes webhooks; without it none are sent"
        )
        verb.add_argument("--json", action="store_true", help="for machines")
    made.add_argument("--owner", metavar="ORG", help="the organisation that is to own it (default: who signs in)")
    made.add_argument("--out", metavar="DIR", default=".", help="where the key goes: in no repository (default: .)")
    made.add_argument("--wait", metavar="SECONDS", type=int, default=600, help="for the browser (default: %(default)s)")


def run(options: Namespace, console: "Console") -> int:
    """Carry out one of them."""
    wanted = _wanted(options)
    if options.verb == "manifest":
        console.json(wanted)
        return ExitCode.DONE
    made = _registered(options, wanted, console)
    _tell(options, made, _kept(options.out, made), console)
    return ExitCode.DONE


def _wanted(options: Namespace) -> dict[str, Any]:
    from engine.adapters import settings
    from engine.adapters.github.auth import needed
    from engine.core.app_manifest import is_name, manifest, reading
    from engine.run.rights import rights

    if not is_name(options.name):
        raise failure("ENG970", what="a name", value=options.name, wanted="letters, digits, blanks, at most 34")
    if options.webhook is not None and not _is_https(options.webhook):
        raise failure("ENG970", what="a webhook's address", value=options.webhook, wanted="https://HOST/webhooks")
    found = rights(os.path.abspath(options.controller))
    permissions = needed(found.permissions)
    if options.reader:
        permissions = reading(permissions)
    home = "/".join(filter(None, (settings.forge(os.environ).web_url, getattr(options, "owner", None))))
    return manifest(options.name, permissions, found.events, options.webhook, home)


def _is_https(url: str) -> bool:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and url.isascii() and url.isprintable()
    except ValueError:
        return False


def _registered(options: Namespace, wanted: "Mapping[str, Any]", console: "Console") -> "Registered":
    """What a person had GitHub make.

    Raises:
        EngineError: ENG284, ENG974 there is no place for the key; ENG973 nobody, or somebody else, came back.
    """
    from engine.adapters import settings
    from engine.adapters.github.registering import exchanged, form
    from engine.adapters.web.callback import PATH, Callback
    from engine.core.app_manifest import is_organization

    if options.owner is not None and not is_organization(options.owner):
        raise failure("ENG970", what="an organisation", value=options.owner, wanted="a login of GitHub")
    _place(options.out)  # before anything is made whose key could not be kept
    place = settings.forge(os.environ)

    def page(callback: Callback) -> str:
        asked = {**wanted, "redirect_url": callback.origin + PATH}
        return form(place.web_url, options.owner, asked, callback.state)

    callback = Callback(page, place.web_url)
    try:
        console.progress(f"Open this in a browser of this machine, within {options.wait} seconds:\n{callback.url}")
        answer = callback.wait(options.wait)
    finally:
        callback.close()
    if answer is None:
        raise failure("ENG973", why="nobody came back from GitHub")
    if "code" not in answer:
        raise failure("ENG973", why="what came back is not the answer to our question: somebody else has sent it")
    return exchanged(place.api_url, answer["code"])


def _place(directory: str) -> None:
    from engine.adapters import files

    folder = top = os.path.realpath(directory)
    while not os.path.lexists(os.path.join(top, ".git")):
        if top == os.path.dirname(top):
            break
        top = os.path.dirname(top)
    else:
        raise failure("ENG974", directory=directory, top=top)
    files.make_directory(folder)
    for name in (_KEY, _SECRET):
        if os.path.lexists(os.path.join(folder, name)):
            raise failure("ENG284", file=os.path.join(directory, name))


def _kept(directory: str, made: "Registered") -> dict[str, str]:
    """Setting → what it has to be."""
    from engine.adapters.keys import put_new

    folder = os.path.realpath(directory)
    key, secret = os.path.join(folder, _KEY), os.path.join(folder, _SECRET)
    put_new(key, made.key)
    found = {"ENGINE_GITHUB_APP_ID": str(made.id), "ENGINE_GITHUB_APP_KEY_FILE": key}
    if made.bot is not None:
        found["ENGINE_GITHUB_BOT_ID"] = str(made.bot)
    if made.webhook_secret:
        put_new(secret, made.webhook_secret.encode())
        found["ENGINE_WEBHOOK_SECRET_FILE"] = secret
    return found


def _tell(options: Namespace, made: "Registered", settings: "Mapping[str, str]", console: "Console") -> None:
    install = f"{made.url}/installations/new"
    if options.json:
        console.json({"id": made.id, "slug": made.slug, "owner": made.owner, "install": install, "settings": settings})
        return
    console.out(f"{made.slug} is App {made.id} of {made.owner}. Its private key is in a file of mode 0600.\n")
    for name, value in settings.items():
        console.out(f"export {name}={value}")
    console.out(f"\nInstall it on the source repositories, and on no others: {install}")
