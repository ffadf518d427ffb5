"""The only place that reads environment variables. Everything else is handed values.

Which there are stands in `setting_names`. A value that is secret is read where it is used, by `key_files`,
and never kept in `Settings`, so that printing one shows nothing.
"""

import os
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from engine.adapters import mistyped
from engine.adapters.places import BucketPlace, Forge, Given, Identity, StorePlace, absolute, below, forge_at, store_at
from engine.adapters.setting_names import SETTINGS
from engine.errors import failure

_DEFAULTS = {s.name: s.default for s in SETTINGS}

# What a program needs to find its way out of a network. A proxy's URL may have a password.
_NETWORK = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")

# What Terraform and its AWS provider may see of our environment; everything else stays behind.
_CREDENTIALS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_CA_BUNDLE",
    "AWS_EC2_METADATA_DISABLED",
    *_NETWORK,
)
_YES = ("true", "yes", "on")
_DIGITS = 20  # fewer than that in an id


# What the address of a run is made of: nothing that would end it where it is linked to.
_PAGES = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:/._-")


class Settings(NamedTuple):
    """Values that are no secret, except `credentials`, which only Terraform's environment is built from."""

    terraform: str
    mirror: str | None
    tofu_lock: str | None
    state_bucket: str
    state_region: str | None
    emulator: bool
    aws_profile: str | None
    clock_ahead_s: float  # of a sandbox
    cache_dir: str
    opa: str
    checkov: str
    trusted_keys: str | None
    store: StorePlace | BucketPlace | None
    executor: str | None
    path: str
    home: str
    cli_config: str | None  # TF_CLI_CONFIG_FILE, which may name a file that does not exist
    app: int | None  # of our GitHub App
    bot: int | None  # the account as which it acts
    credentials: Mapping[str, str]
    page: str = ""  # of the GitHub Actions run that we are a job of: where its log is
    identity: Identity | None = None  # of that job, for roles in AWS; shows nothing of what is secret in it
    in_actions: bool = False

    def __repr__(self) -> str:
        """Names only: `credentials` holds secrets."""
        return f"Settings(terraform={self.terraform!r}, credentials={sorted(self.credentials)})"


def read(environ: Mapping[str, str] = os.environ) -> Settings:
    """The process's settings.

    Raises:
        EngineError: ENG004, a setting whose value is not one of those it takes.
    """

    mistyped.refuse_names(environ, _DEFAULTS)

    def value(name: str) -> str:
        mistyped.refuse_wrapping(name, environ.get(name) or "")
        return environ.get(name) or _DEFAULTS[name]

    home = environ.get("HOME") or os.path.expanduser("~")
    about = Given(
        in_job=in_job(environ),
        profile=value("ENGINE_STORE_PROFILE") or None,
        taken=environ.get("AWS_PROFILE") or "default",
        region=value("ENGINE_STORE_REGION") or None,
        role=_role(value("ENGINE_STORE_ROLE"), value("ENGINE_STORE_PROFILE")),
        identity=_identity(environ),
    )
    emulator = value("ENGINE_EMULATOR")
    if emulator not in ("", "0", "1"):
        hint = "write ENGINE_EMULATOR=1" if emulator.casefold() in _YES else ""
        raise mistyped.refused("ENGINE_EMULATOR", f"`{emulator}` is neither 0 nor 1", hint)
    return Settings(
        terraform=value("ENGINE_TERRAFORM"),
        mirror=value("ENGINE_TERRAFORM_MIRROR") or None,
        tofu_lock=absolute(home, "ENGINE_TOFU_LOCK", value("ENGINE_TOFU_LOCK")),
        state_bucket=_state_bucket(value("ENGINE_STATE_BUCKET")),
        state_region=value("ENGINE_STATE_REGION") or None,
        emulator=emulator == "1",
        clock_ahead_s=clock_ahead_s(environ),
        aws_profile=_profile(value("ENGINE_AWS_PROFILE"), about.profile),
        cache_dir=os.path.abspath(below(home, value("ENGINE_CACHE_DIR"))),
        opa=value("ENGINE_OPA"),
        checkov=value("ENGINE_CHECKOV"),
        trusted_keys=absolute(home, "ENGINE_TRUSTED_KEYS", value("ENGINE_TRUSTED_KEYS")),
        store=store_at(home, value("ENGINE_STORE"), about),
        executor=absolute(home, "ENGINE_EXECUTOR", value("ENGINE_EXECUTOR")),
        path=search_path(environ),
        home=home,
        cli_config=environ.get("TF_CLI_CONFIG_FILE"),
        app=_number("ENGINE_GITHUB_APP_ID", environ) if value("ENGINE_GITHUB_APP_ID").isdigit() else None,
        bot=_number("ENGINE_GITHUB_BOT_ID", environ),
        credentials={name: environ[name] for name in _CREDENTIALS if environ.get(name)},
        page=actions_page(environ),
        identity=about.identity,
        in_actions=in_actions(environ),
    )


def _identity(environ: Mapping[str, str]) -> Identity | None:
    url, bearer = environ.get("ACTIONS_ID_TOKEN_REQUEST_URL"), environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
    return Identity(url, bearer) if url and bearer else None


def _role(name: str, profile: str) -> str | None:
    parts = name.split(":")
    is_role = len(parts) == 6 and parts[2] == "iam" and parts[5].startswith("role/") and name.isprintable()
    if name and (profile or not is_role):
        reason = "ENGINE_STORE_PROFILE is set, too" if profile else f"`{name[:100]}` is no ARN of a role"
        hint = "unset one of them" if profile else "write it as arn:aws:iam::ACCOUNT:role/NAME"
        raise mistyped.refused("ENGINE_STORE_ROLE", reason, hint)
    return name or None


def in_job(environ: Mapping[str, str] = os.environ) -> bool:
    """Is this a job of a CI system, whose directories nobody else sees? CI."""
    return environ.get("CI", "") not in ("", "0", "false")


def _profile(name: str, of_store: str | None) -> str | None:
    """Terraform must not reach the store, in whatever environment."""
    plain = name.replace("{environment}", "").replace("{account}", "")
    if not plain.isprintable() or {"{", "}", "[", "]"} & set(plain) or name != name.strip():
        hint = "`{environment}` and `{account}` are filled in, and nothing else" if "{" in plain else ""
        raise mistyped.refused("ENGINE_AWS_PROFILE", f"`{name}` is no name of a profile", hint)
    if name and name == of_store:
        raise failure(
            "ENG004", name="ENGINE_AWS_PROFILE", reason=f"`{name}` is the store's, which Terraform never gets"
        )
    return name or None


def _state_bucket(name: str) -> str:
    if {"{", "}", "$", "/", ":"} & set(name.replace("{account}", "")):
        hint = "write the name alone: `{account}` is filled in, and nothing else"
        raise mistyped.refused("ENGINE_STATE_BUCKET", f"`{name}` is no name of a bucket", hint)
    return name


def clock_ahead_s(environ: Mapping[str, str]) -> float:
    """How far a sandbox's clock is ahead; nothing outside of one: what has expired stays so.

    Raises:
        EngineError: ENG004.
    """
    text = environ.get("ENGINE_CLOCK_AHEAD_S", "")
    if not text or environ.get("ENGINE_EMULATOR") != "1":
        return 0
    try:
        found = float(text)
    except ValueError:
        found = -1
    if not 0 <= found <= 10 * 365 * 86400:
        raise failure(
            "ENG004", name="ENGINE_CLOCK_AHEAD_S", reason=f"`{text[:40]}` is no number of seconds up to ten years"
        )
    return found


def _number(name: str, environ: Mapping[str, str]) -> int | None:
    text = environ.get(name) or ""
    if text and not (text.isascii() and text.isdigit() and len(text) < _DIGITS):
        raise failure("ENG004", name=name, reason=f"`{text[:40]}` is no number")
    return int(text) if text else None


def forge(environ: Mapping[str, str]) -> Forge:
    """Where GitHub is. Only runs of its events ask.

    Raises:
        EngineError: ENG004, GITHUB_API_URL is no place to send a token to.
    """
    url = environ.get("GITHUB_API_URL") or _DEFAULTS["GITHUB_API_URL"]
    return Forge(forge_at(url), environ.get("ENGINE_GITHUB_APP_ID") or None)


def given(names: Iterable[str], environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Those of the variables that are set, for a program that has to find its way as we do."""
    return {name: environ[name] for name in names if environ.get(name)}


def network(environ: Mapping[str, str] = os.environ) -> Mapping[str, str]:
    """Proxies and certificates, as programs are handed them."""
    return {name: value for name in _NETWORK if (value := environ.get(name) or environ.get(name.lower()))}


def search_path(environ: Mapping[str, str] = os.environ) -> str:
    """Where programs are looked for."""
    return environ.get("PATH", os.defpath)


def colours(environ: Mapping[str, str] = os.environ) -> bool | None:
    """Has the user asked for colours, or for none? None: neither, so it is for whoever reads to say.

    See https://no-color.org, which wins, and https://force-color.org, of which 0 means none.
    """
    if environ.get("NO_COLOR"):
        return False
    if forced := environ.get("FORCE_COLOR"):
        return forced not in ("0", "false")
    return False if environ.get("TERM") == "dumb" else None


def columns(environ: Mapping[str, str] = os.environ) -> int:
    """How wide the user says that a terminal is (COLUMNS); 0: nothing is said."""
    said = environ.get("COLUMNS", "")
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 5 else 0


def actions_event(environ: Mapping[str, str] = os.environ) -> tuple[str | None, str | None]:
    """(file, name) of the event of a GitHub Actions job: GITHUB_EVENT_PATH and GITHUB_EVENT_NAME."""
    return environ.get("GITHUB_EVENT_PATH") or None, environ.get("GITHUB_EVENT_NAME") or None


def actions_run(environ: Mapping[str, str] = os.environ) -> tuple[str | None, str]:
    """(id, attempt) of the GitHub Actions run that we are a job of: GITHUB_RUN_ID and GITHUB_RUN_ATTEMPT."""
    return environ.get("GITHUB_RUN_ID") or None, environ.get("GITHUB_RUN_ATTEMPT") or ""


def actions_page(environ: Mapping[str, str] = os.environ) -> str:
    """Address of the page of that run; empty where we are no job."""
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    server, repo, number = (environ.get(name, "") for name in names)
    page = f"{server}/{repo}/actions/runs/{number}"
    return page if _PAGES.issuperset(page) and server.startswith("http") and repo and number else ""


def actions_output(environ: Mapping[str, str] = os.environ) -> str | None:
    """File of the outputs of a GitHub Actions step: GITHUB_OUTPUT."""
    return environ.get("GITHUB_OUTPUT") or None


def actions_summary(environ: Mapping[str, str] = os.environ) -> str | None:
    """File of the summary of a GitHub Actions step: GITHUB_STEP_SUMMARY."""
    return environ.get("GITHUB_STEP_SUMMARY") or None


def in_actions(environ: Mapping[str, str] = os.environ) -> bool:
    """Is this a job of GitHub Actions, whose runner reads commands off what is printed? GITHUB_ACTIONS."""
    return environ.get("GITHUB_ACTIONS") == "true"


def state_dir(environ: Mapping[str, str]) -> str:
    """Where `engine serve` keeps what is its own.

    Raises:
        EngineError: ENG004, it is relative.
    """
    home = environ.get("HOME") or os.path.expanduser("~")
    name = "ENGINE_STATE_DIR"
    return absolute(home, name, environ.get(name) or _DEFAULTS[name]) or ""
