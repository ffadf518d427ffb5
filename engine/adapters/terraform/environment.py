"""The whole environment of a Terraform process: built here, never inherited."""

from collections.abc import Mapping

from engine.adapters import secrets_given
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


def downloading(credentials: Mapping[str, str]) -> dict[str, str]:
    """`credentials` without those of an account."""
    return {name: credentials[name] for name in _DOWNLOADING if name in credentials}


def build(path: str, home: str, cli_config: str, credentials: Mapping[str, str]) -> dict[str, str]:
    """Environment variables: `credentials` (what the settings let through: AWS_…, proxies) and ours, nothing else."""
    return {**credentials, **_ALWAYS, "PATH": path, "HOME": home, "TF_CLI_CONFIG_FILE": cli_config}


def redactor(credentials: Mapping[str, str]) -> Redactor:
    """Hides the credentials, also a password inside a proxy's URL, and what this process was given so far."""
    return Redactor(redact.credentials(credentials) | secrets_given.all_of_them())
