"""The only place that reads environment variables. Everything else is handed values.

`SETTINGS` is the source of docs/reference/settings.md. A value that is secret is read where it is used, by `key_files`,
and never kept in `Settings`, so that printing one shows nothing.
"""

import os
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from engine.adapters.places import BucketPlace, Forge, Given, Identity, StorePlace, absolute, below, forge_at, store_at
from engine.errors import failure


class Setting(NamedTuple):
    """One environment variable."""

    name: str
    doc: str
    default: str = ""


SETTINGS = (
    Setting(
        "ENGINE_TERRAFORM", "The Terraform-compatible program: a name on PATH or a path (`tofu` works).", "terraform"
    ),
    Setting("ENGINE_TERRAFORM_MIRROR", "Directory that holds `registry.terraform.io/…`; looked for when not set."),
    Setting(
        "ENGINE_TOFU_LOCK",
        "Provider lock file for OpenTofu, which has another registry than the module's is for: an absolute path.",
    ),
    Setting(
        "ENGINE_STATE_BUCKET", "Bucket of the state; `{account}` stands for the account.", "terraform-state-{account}"
    ),
    Setting("ENGINE_STATE_REGION", "Region of that bucket; the environment's own when not set."),
    Setting("ENGINE_EMULATOR", "1: AWS_ENDPOINT_URL is a local emulator, checks of real credentials are off."),
    Setting(
        "ENGINE_CLOCK_AHEAD_S",
        "Seconds that a sandbox's clock is ahead of the machine's. Only with ENGINE_EMULATOR=1.",
    ),
    Setting(
        "ENGINE_AWS_PROFILE",
        "AWS profile that Terraform works by where the rules name none (`environments.<name>.profile`), instead of the "
        "keys in the environment; `{environment}` and `{account}` stand for those of the resource: "
        "`interlock-{environment}`.",
    ),
    Setting(
        "ENGINE_CACHE_DIR",
        "Prepared Terraform work directories, mirrors of sources, and what was begun to be applied: keep it.",
        "~/.cache/interlock",
    ),
    Setting("ENGINE_OPA", "The `opa` program for `policy.evaluate` with `engine: opa`.", "opa"),
    Setting("ENGINE_CHECKOV", "The `checkov` program for `policy.evaluate` with `engine: checkov`.", "checkov"),
    Setting(
        "ENGINE_STORE",
        "Where runs keep statements and journals: `s3:BUCKET/PREFIX`, or `dir:PATH`, absolute. In a CI job (`CI` is "
        "set) others see a directory as `dir:PATH?shared=1` only, a mounted volume. Not set: a run keeps them to "
        "itself.",
    ),
    Setting(
        "ENGINE_STORE_PROFILE",
        "AWS profile with which a store in S3 is used, and nothing else: Terraform never gets it. Not set: what every "
        "AWS client finds, which Terraform gets too.",
    ),
    Setting(
        "ENGINE_STORE_ROLE",
        "ARN of the AWS role as which a job uses a store in S3, by its own identity (OIDC), and nothing else: instead "
        "of ENGINE_STORE_PROFILE.",
    ),
    Setting("ENGINE_STORE_REGION", "Region of that bucket; that of the profile, or AWS_REGION, when not set."),
    Setting("ENGINE_SIGNING_KEY", "Private Ed25519 key that signs verdicts (PEM). Secret."),
    Setting("ENGINE_SIGNING_KEY_FILE", "File with that key, mode 0600."),
    Setting("ENGINE_MERGE_KEY", "Private Ed25519 key that signs merge decisions (PEM). Secret."),
    Setting("ENGINE_MERGE_KEY_FILE", "File with that key, mode 0600."),
    Setting("ENGINE_DIGEST_KEY", "Key of plan digests, at least 32 characters, shared by plan and apply. Secret."),
    Setting("ENGINE_DIGEST_KEY_FILE", "File with that key, mode 0600."),
    Setting(
        "ENGINE_DIGEST_OLD_KEYS",
        "The keys of plan digests before, with white space between: what was approved under them is compared. Secret.",
    ),
    Setting("ENGINE_DIGEST_OLD_KEYS_FILE", "File with those keys, mode 0600."),
    Setting("ENGINE_AUDIT_KEY", "Private Ed25519 key that signs the ledger and the audit trail (PEM). Secret."),
    Setting("ENGINE_AUDIT_KEY_FILE", "File with that key, mode 0600."),
    Setting(
        "ENGINE_BACKUP_KEY",
        "Key that seals backups of states, 64 hexadecimal digits (`engine keys backup` makes one). Secret.",
    ),
    Setting("ENGINE_BACKUP_KEY_FILE", "File with that key, mode 0600."),
    Setting(
        "ENGINE_BACKUP_OLD_KEYS",
        "The keys that sealed backups before, with white space between: they open what they have sealed. Secret.",
    ),
    Setting("ENGINE_BACKUP_OLD_KEYS_FILE", "File with those keys, mode 0600."),
    Setting(
        "ENGINE_HANDOVER_KEY",
        "Key of what one job of a run hands to the next, at least 32 characters, shared by jobs that plan and that "
        "decide. Secret.",
    ),
    Setting("ENGINE_HANDOVER_KEY_FILE", "File with that key, mode 0600."),
    Setting(
        "ENGINE_EXECUTOR",
        "File that this executor holds while it runs: what it has begun and not ended, it goes on with. Absolute path.",
    ),
    Setting(
        "GITHUB_API_URL",
        "GitHub's API, as GitHub Actions sets it; that of an Enterprise server ends with `/api/v3`.",
        "https://api.github.com",
    ),
    Setting("ENGINE_GITHUB_APP_ID", "Id of the GitHub App as which runs of GitHub's events act."),
    Setting(
        "ENGINE_GITHUB_BOT_ID",
        "Id of the account as which that App acts (`gh api users/NAME[bot] --jq .id`), or of a token's owner: what it "
        "did starts nothing, and no request is made to find that out.",
    ),
    Setting("ENGINE_GITHUB_APP_KEY", "Private key of that App (PEM). Secret."),
    Setting("ENGINE_GITHUB_APP_KEY_FILE", "File with that key, mode 0600."),
    Setting(
        "ENGINE_GITHUB_READER_ID",
        "Id of a GitHub App that may only read. A job that plans or applies asks as this one, and holds no key of the "
        "other; ENGINE_GITHUB_APP_ID says all the same whose checks and comments are ours.",
    ),
    Setting("ENGINE_GITHUB_READER_KEY", "Private key of that App (PEM). Secret."),
    Setting("ENGINE_GITHUB_READER_KEY_FILE", "File with that key, mode 0600."),
    Setting(
        "GITHUB_TOKEN",
        "Token of a job, or a fine-grained one, where there is no App. What is done with a job's token starts no "
        "workflow. Secret.",
    ),
    Setting(
        "ENGINE_STATE_DIR",
        "Directory of `engine serve`: deliveries, queue, logs. On a disk of this machine, mode 0700.",
        "~/.local/state/interlock",
    ),
    Setting("ENGINE_WEBHOOK_SECRET", "Secret of the App's webhook, at least 32 characters. Secret."),
    Setting("ENGINE_WEBHOOK_SECRET_FILE", "File with that secret, mode 0600."),
    Setting("ENGINE_WEBHOOK_OLD_SECRET", "The secret of before, which holds too while it is exchanged. Secret."),
    Setting("ENGINE_WEBHOOK_OLD_SECRET_FILE", "File with that secret, mode 0600."),
    Setting(
        "ACTIONS_ID_TOKEN_REQUEST_URL",
        "Where a job of GitHub Actions asks for its own identity, as that sets it where the job has `id-token: write`.",
    ),
    Setting("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "What it asks there with, set likewise. Secret."),
    Setting("ENGINE_TRUSTED_KEYS", "File of the public keys whose statements are believed: an absolute path."),
)
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

    def value(name: str) -> str:
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
        raise failure("ENG004", name="ENGINE_EMULATOR", reason=f"`{emulator}` is neither 0 nor 1")
    return Settings(
        terraform=value("ENGINE_TERRAFORM"),
        mirror=value("ENGINE_TERRAFORM_MIRROR") or None,
        tofu_lock=absolute(home, "ENGINE_TOFU_LOCK", value("ENGINE_TOFU_LOCK")),
        state_bucket=value("ENGINE_STATE_BUCKET"),
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
        raise failure("ENG004", name="ENGINE_STORE_ROLE", reason=reason)
    return name or None


def in_job(environ: Mapping[str, str] = os.environ) -> bool:
    """Is this a job of a CI system, whose directories nobody else sees? CI."""
    return environ.get("CI", "") not in ("", "0", "false")


def _profile(name: str, of_store: str | None) -> str | None:
    """Terraform must not reach the store, in whatever environment."""
    plain = name.replace("{environment}", "").replace("{account}", "")
    if not plain.isprintable() or {"{", "}", "[", "]"} & set(plain) or name != name.strip():
        raise failure("ENG004", name="ENGINE_AWS_PROFILE", reason=f"`{name}` is no name of a profile")
    if name and name == of_store:
        raise failure(
            "ENG004", name="ENGINE_AWS_PROFILE", reason=f"`{name}` is the store's, which Terraform never gets"
        )
    return name or None


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
