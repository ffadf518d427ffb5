"""What the engine lives on in a sandbox, in its directory: keys, a controller's files to change, and who tells it all.

Everything is made once and stays: a verdict that was signed before a restart is believed after it.
"""

import os
import shutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from engine import data
from engine.adapters import files, key_files, settings
from engine.adapters.keys import SECRETS, signs
from engine.sandbox.aws import Aws
from engine.sandbox.forge.forge import Forge

if TYPE_CHECKING:
    from engine.core.rules.model import Rules

CONTROLLER, KEYS = "controller", "keys"
_FILES = ("deployment-rules.yaml", "approvers-config.yaml", "specs", "policies", "terraform")
_TRUSTED = "trusted-keys.yaml"
_LIMITS = (b"\nlimits: {", b"\nlimits: {lock_timeout: 5s, ")  # nobody here waits a minute for a lock that a story holds
_COUNTS_S = 20 * 365 * 86_400  # how long a key counts: the clock of a sandbox may be advanced by ten years
# What of the machine's environment a run is given; credentials of the machine's owner are not among it.
_OURS = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    *("HTTPS_PROXY", "HTTP_PROXY", "TF_CLI_CONFIG_FILE", "ENGINE_TERRAFORM", "ENGINE_TERRAFORM_MIRROR"),
    *("ENGINE_TOFU_LOCK", "ENGINE_CACHE_DIR", "ENGINE_OPA", "ENGINE_CHECKOV"),
)


class Stage(NamedTuple):
    """Where an engine finds everything."""

    aws: Aws
    controller: str  # directory of rules, policies, module
    environ: Mapping[str, str]  # with which any command of the engine talks to this sandbox
    surroundings: Mapping[str, str]  # of the machine, for what runs start

    def told(self) -> dict[str, object]:
        """Its part of the ready line."""
        return {"aws": self.aws.told(), "controller": self.controller, "environ": dict(self.environ)}


def controller(folder: str) -> str:
    """The sandbox's controller directory, a copy of what is shipped, made at the first call.

    Raises:
        EngineError: ENG002.
    """
    place = os.path.join(folder, CONTROLLER)
    if not os.path.isdir(place):
        with files.failing("ENG002", place):
            made = place + ".new"
            shutil.rmtree(made, ignore_errors=True)
            os.mkdir(made, 0o700)
            for name in _FILES:
                _copy(data.path(name), os.path.join(made, name))
            rules = os.path.join(made, _FILES[0])
            files.put(rules, files.fetch(rules).replace(*_LIMITS))
            os.rename(made, place)
    return place


def _copy(source: str, to: str) -> None:
    """Files that can be written, whatever those of an installation are."""
    if not os.path.isdir(source):
        shutil.copyfile(source, to)
        return
    os.mkdir(to, 0o700)
    for name in os.listdir(source):
        if name != ".terraform":
            _copy(os.path.join(source, name), os.path.join(to, name))


def rules_in(controller: str) -> "Rules":
    """The rules as they are now.

    Raises:
        EngineError: they do not load.
    """
    from engine.run.trusted import load_rules

    return load_rules(controller)


def environments(controller: str) -> dict[str, str]:
    """Each environment of the rules that has an account, and which.

    Raises:
        EngineError: the rules do not load.
    """
    return {name: one.account for name, one in rules_in(controller).environments.items() if one.account}


def prepared(folder: str, aws: Aws, forge: Forge, app: Mapping[str, object]) -> Stage:
    """Everything that runs need, made where it is not there yet. `app` is that of the ready line.

    Raises:
        EngineError: ENG002.
    """
    keys = os.path.join(folder, KEYS)
    files.make_directory(keys)
    _keys(keys)
    bot = app["bot"]
    assert isinstance(bot, Mapping)
    environ = {
        **aws.environ,
        "NO_PROXY": "127.0.0.1",
        **{f"{name}_FILE": os.path.join(keys, signs(purpose)) for purpose, name in key_files.SIGNING.items()},
        "ENGINE_TRUSTED_KEYS": os.path.join(keys, _TRUSTED),
        **{setting: os.path.join(keys, name) for name, setting in SECRETS.items()},
        "ENGINE_GITHUB_APP_ID": str(app["id"]),
        "ENGINE_GITHUB_APP_KEY_FILE": str(app["private_key_file"]),
        "ENGINE_GITHUB_BOT_ID": str(bot["id"]),
        "GITHUB_API_URL": forge.urls.api,
        "GITHUB_GRAPHQL_URL": forge.urls.graphql,
        "GITHUB_SERVER_URL": forge.urls.base,
    }
    return Stage(aws, controller(folder), environ, settings.given(_OURS))


def _keys(folder: str) -> None:
    """A key for each purpose, each believed for that alone, and the secrets; what an older sandbox lacks is added."""
    from engine.adapters.clock import now
    from engine.adapters.keys import key_set
    from engine.core.moment import later

    trusted = os.path.join(folder, _TRUSTED)
    before = files.read(trusted) if os.path.exists(trusted) else None
    files.write(trusted, key_set(folder, before, later(now(), _COUNTS_S)))
