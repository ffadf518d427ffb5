"""The whole environment of a Terraform process: built here, never inherited."""

from collections.abc import Mapping

from engine.core import redact
from engine.core.redact import Redactor

_ALWAYS = {
    "TF_IN_AUTOMATION": "1",
    "TF_INPUT": "0",
    "CHECKPOINT_DISABLE": "1",
    # Go's collector costs a third of a plan's time at its default of 100; 800 or off gains nothing more.
    "GOGC": "400",
}


# What fetching providers takes, of what the settings let through: nothing that AWS would believe.
_DOWNLOADING = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")

# What would be taken instead of a profile.
_KEYS = frozenset({"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"})


def downloading(credentials: Mapping[str, str]) -> dict[str, str]:
    """`credentials` without those of an account."""
    return {name: credentials[name] for name in _DOWNLOADING if name in credentials}


def build(path: str, home: str, cli_config: str, credentials: Mapping[str, str]) -> dict[str, str]:
    """Environment variables: `credentials` (what the settings let through: AWS_…, proxies) and ours, nothing else."""
    return {**credentials, **_ALWAYS, "PATH": path, "HOME": home, "TF_CLI_CONFIG_FILE": cli_config}


def of(env: Mapping[str, str], profile: str | None, environment: str, account: str) -> Mapping[str, str]:
    """`env` for one account: by its own profile, where one is named, and then by no keys."""
    if profile is None:
        return env
    kept = {key: value for key, value in env.items() if key not in _KEYS}
    return {**kept, "AWS_PROFILE": profile_of(profile, environment, account)}


def profile_of(profile: str, environment: str, account: str) -> str:
    """The name of the profile for one account."""
    return profile.replace("{environment}", environment).replace("{account}", account)


def redactor(credentials: Mapping[str, str]) -> Redactor:
    """Hides the credentials, also a password inside a proxy's URL."""
    return Redactor(redact.credentials(credentials))
