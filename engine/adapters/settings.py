"""The only place that reads environment variables and key files. Everything else is handed values.

`SETTINGS` is the source of docs/reference/settings.md. A value that is secret is read where it is used and never kept
in `Settings`, so that printing one shows nothing.
"""

import os
from collections.abc import Mapping
from typing import NamedTuple

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
    Setting("ENGINE_CACHE_DIR", "Prepared Terraform work directories; nothing secret.", "~/.cache/interlock"),
    Setting("ENGINE_OPA", "The `opa` program for `policy.evaluate` with `engine: opa`.", "opa"),
    Setting("ENGINE_CHECKOV", "The `checkov` program for `policy.evaluate` with `engine: checkov`.", "checkov"),
    Setting("ENGINE_SIGNING_KEY", "Private Ed25519 key that signs verdicts (PEM). Secret."),
    Setting("ENGINE_SIGNING_KEY_FILE", "File with that key, mode 0600."),
    Setting("ENGINE_DIGEST_KEY", "Key of plan digests, at least 32 characters, shared by plan and apply. Secret."),
    Setting("ENGINE_DIGEST_KEY_FILE", "File with that key, mode 0600."),
    Setting("ENGINE_TRUSTED_KEYS", "File of the public keys whose statements are believed: an absolute path."),
)
_DEFAULTS = {s.name: s.default for s in SETTINGS}

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
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)
_SECRET_MINIMUM = 32


class Settings(NamedTuple):
    """Values that are no secret, except `credentials`, which only Terraform's environment is built from."""

    terraform: str
    mirror: str | None
    tofu_lock: str | None
    state_bucket: str
    state_region: str | None
    emulator: bool
    cache_dir: str
    opa: str
    checkov: str
    trusted_keys: str | None
    path: str
    home: str
    cli_config: str | None  # TF_CLI_CONFIG_FILE, which may name a file that does not exist
    credentials: Mapping[str, str]

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
    emulator = value("ENGINE_EMULATOR")
    if emulator not in ("", "0", "1"):
        raise failure("ENG004", name="ENGINE_EMULATOR", reason=f"`{emulator}` is neither 0 nor 1")
    return Settings(
        terraform=value("ENGINE_TERRAFORM"),
        mirror=value("ENGINE_TERRAFORM_MIRROR") or None,
        tofu_lock=_absolute(home, "ENGINE_TOFU_LOCK", value("ENGINE_TOFU_LOCK")),
        state_bucket=value("ENGINE_STATE_BUCKET"),
        state_region=value("ENGINE_STATE_REGION") or None,
        emulator=emulator == "1",
        cache_dir=os.path.abspath(_below(home, value("ENGINE_CACHE_DIR"))),
        opa=value("ENGINE_OPA"),
        checkov=value("ENGINE_CHECKOV"),
        trusted_keys=_absolute(home, "ENGINE_TRUSTED_KEYS", value("ENGINE_TRUSTED_KEYS")),
        path=search_path(environ),
        home=home,
        cli_config=environ.get("TF_CLI_CONFIG_FILE"),
        credentials={name: environ[name] for name in _CREDENTIALS if environ.get(name)},
    )


def _below(home: str, path: str) -> str:
    return home + path[1:] if path == "~" or path.startswith("~/") else path


def _absolute(home: str, name: str, path: str) -> str | None:
    """What decides who or what is believed is never looked for where we happen to be: a branch could bring it."""
    path = _below(home, path)
    if path and not os.path.isabs(path):
        raise failure("ENG004", name=name, reason=f"`{path}` is relative, so a checkout could bring it")
    return path or None


def search_path(environ: Mapping[str, str] = os.environ) -> str:
    """Where programs are looked for."""
    return environ.get("PATH", os.defpath)


def no_colour(environ: Mapping[str, str] = os.environ) -> bool:
    """Has the user asked for no colours? See https://no-color.org."""
    return bool(environ.get("NO_COLOR"))


def actions_event(environ: Mapping[str, str] = os.environ) -> tuple[str | None, str | None]:
    """(file, name) of the event of a GitHub Actions job: GITHUB_EVENT_PATH and GITHUB_EVENT_NAME."""
    return environ.get("GITHUB_EVENT_PATH") or None, environ.get("GITHUB_EVENT_NAME") or None


def signing_key(environ: Mapping[str, str]) -> bytes | None:
    """The private key's bytes, from the variable or from the file; None when neither is set.

    Raises:
        EngineError: the file cannot be read, or others can read it.
    """
    return _secret("ENGINE_SIGNING_KEY", environ)


def digest_key(environ: Mapping[str, str]) -> bytes | None:
    """The key of plan digests; None when it is not set.

    Raises:
        EngineError: the file cannot be read, others can read it, or the key is too short to be one.
    """
    key = _secret("ENGINE_DIGEST_KEY", environ)
    if key is not None and len(key) < _SECRET_MINIMUM:
        raise failure(
            "ENG004", name="ENGINE_DIGEST_KEY", reason=f"{len(key)} characters, at least {_SECRET_MINIMUM} needed"
        )
    return key


def _secret(name: str, environ: Mapping[str, str]) -> bytes | None:
    if environ.get(name):
        return environ[name].encode(errors="surrogateescape").strip()  # as bytes, whatever they are
    file = environ.get(name + "_FILE")
    return read_private(file).strip() if file else None


def read_private(file: str) -> bytes:
    """Bytes of a file that only its owner may read.

    Raises:
        EngineError: ENG001 unreadable, ENG006 readable by others, ENG009 of others.
    """
    from engine.adapters.files import failing
    from engine.adapters.ownership import ours

    with failing("ENG001", file), open(file, "rb") as handle:
        found = os.fstat(handle.fileno())
        if found.st_mode & 0o077:
            raise failure("ENG006", file=file, mode=f"{found.st_mode & 0o777:04o}")
        if found.st_uid not in ours():
            raise failure("ENG009", file=file)
        return handle.read()
