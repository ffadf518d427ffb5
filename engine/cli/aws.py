"""`engine aws trust`: Terraform that lets each job of the controller into where it belongs, and nowhere else."""

import os
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from engine.cli.files import rules_option
from engine.errors import ExitCode, failure

if TYPE_CHECKING:
    from engine.cli.console import Console
    from engine.core.aws.trust import Store
    from engine.core.aws.who import Controller
    from engine.core.rules.model import Rules

HELP = "print the Terraform that lets a controller's jobs into AWS"


def arguments(parser: ArgumentParser) -> None:
    """Declare the verbs."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    trust = verbs.add_parser("trust", help="OIDC provider, roles, boundary and buckets of one account")
    rules_option(trust, whole=True)
    account_options(trust)
    trust.add_argument(
        "--repo",
        metavar="OWNER/NAME",
        dest="repository",
        help="the controller's repository (default: GITHUB_REPOSITORY)",
    )
    trust.add_argument("--account", metavar="NUMBER", help="whose configuration is printed (default: the only one)")
    trust.add_argument("--no-provider", action="store_true", help="the account has GitHub's OIDC provider already")


def account_options(parser: ArgumentParser) -> None:
    """What nobody can read off the rules."""
    parser.add_argument(
        "--ids",
        metavar="OWNER/REPOSITORY",
        help="their numbers, for repositories made, renamed or moved since 2026-07-15 "
        "(gh api repos/OWNER/NAME --jq '\"\\(.owner.id)/\\(.id)\"')",
    )
    parser.add_argument("--store-account", metavar="NUMBER", help="the account of the store (ENGINE_STORE)")
    parser.add_argument("--server", metavar="URL", help="GitHub's pages (default: where GITHUB_API_URL belongs)")


def run(options: Namespace, console: "Console") -> int:
    """Print it."""
    from engine.core.aws.trust import accounts, terraform, wanted

    rules, given = told(options)
    known = [options.account] if options.account else accounts(rules, given["store"])
    if len(known) != 1:
        raise failure(
            "ENG954", account=options.account or "that is not named", known=", ".join(known) or "there is none"
        )
    console.out(terraform(wanted(rules, account=known[0], **given), provider=not options.no_provider).rstrip("\n"))
    return ExitCode.DONE


def told(options: Namespace) -> "tuple[Rules, dict[str, Any]]":
    """The rules, and what else `wanted` takes but the account.

    Raises:
        EngineError: the rules do not load; ENG955, an option is not right.
    """
    from engine.adapters import settings
    from engine.adapters.places import BucketPlace
    from engine.run.trusted import load_rules

    rules, values = load_rules(os.path.abspath(options.controller)), settings.read()
    place = values.store if isinstance(values.store, BucketPlace) else None
    store = None
    if options.store_account:
        store = _store(options.store_account, place, rules)
    elif place:
        raise failure(
            "ENG955", option="--store-account", reason="it is missing", wanted="in which account ENGINE_STORE is"
        )
    return rules, {"controller": _controller(options), "state_bucket": values.state_bucket, "store": store}


def _store(account: str, place: Any, rules: "Rules") -> "Store":
    from engine.core.aws.trust import Store

    if place is None:
        raise failure(
            "ENG955", option="--store-account", reason="ENGINE_STORE is no bucket", wanted="s3:BUCKET/PREFIX there"
        )
    if not (len(account) == 12 and account.isascii() and account.isdigit()):
        raise failure("ENG955", option="--store-account", reason=f"`{account[:20]}`", wanted="12 digits")
    region = place.region or next((one.region for one in rules.environments.values() if one.region), "us-east-1")
    return Store(place.bucket, place.prefix, account, region)


def _controller(options: Namespace) -> "Controller":
    from engine.adapters import settings
    from engine.core.aws.who import Controller
    from engine.core.repository import is_repository

    repo = options.repository or os.environ.get("GITHUB_REPOSITORY", "")
    if not is_repository(repo):
        said = f"`{repo[:100]}`" if repo else "it is missing"
        raise failure("ENG955", option="--repo", reason=said, wanted="OWNER/NAME of the controller")
    ids = None
    if options.ids is not None:
        parts = options.ids.split("/")
        if len(parts) != 2 or not all(part.isascii() and part.isdigit() and len(part) < 20 for part in parts):
            raise failure(
                "ENG955", option="--ids", reason=f"`{options.ids[:40]}`", wanted="two numbers, OWNER/REPOSITORY"
            )
        ids = (int(parts[0]), int(parts[1]))
    server = (options.server or settings.forge(os.environ).web_url).rstrip("/")
    if not _is_server(server):
        raise failure("ENG955", option="--server", reason=f"`{server[:100]}`", wanted="https://HOST")
    return Controller(repo, ids, server)


def _is_server(url: str) -> bool:
    host = url.removeprefix("https://")
    return host != url and host.isascii() and bool(host) and all(one.isalnum() or one in ".-:" for one in host)
