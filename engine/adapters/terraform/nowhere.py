"""Planning without an account: from an empty state, by a provider that knows nobody and can reach nothing.

So it is with a change whose environment has no account, and on a laptop. The module stays as it is; one override file
beside it takes its backend away and what the provider would check. The environment has keys that are none, no
configuration of a user (which may name a program that fetches keys), and every way out leads to a port where nobody
listens: what would ask AWS all the same fails at once.
"""

import os
from collections.abc import Iterator, Mapping

from engine.adapters.files import fetch
from engine.adapters.terraform import environment
from engine.core.resources.asks import ENDINGS, asks
from engine.errors import Place, failure
from engine.names import listing

OVERRIDE = "zzzz_no_account_override.tf"  # of several override files the last one counts
ACCOUNT, REGION = "000000000000", "us-east-1"  # what the module is told where the rules name none

_KEY = "no-account-no-key"
_OUT = "http://127.0.0.1:1"  # only root could listen there
_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": _KEY,
    "AWS_SECRET_ACCESS_KEY": _KEY,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_ENDPOINT_URL": _OUT,
    "AWS_MAX_ATTEMPTS": "1",
    **dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY"), _OUT),
}
# What a module may have written into its provider is taken back, too.
_PROVIDER = f"""
  access_key                  = "{_KEY}"
  secret_key                  = "{_KEY}"
  token                       = null
  profile                     = null
  shared_config_files         = ["{os.devnull}"]
  shared_credentials_files    = ["{os.devnull}"]
  max_retries                 = 1
  allowed_account_ids         = null
  forbidden_account_ids       = null
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true
"""
# Nobody was there, or nobody who knew the keys: that is to be expected here, and no second attempt helps.
UNANSWERED = {"ENG411": "ENG446", "ENG417": "ENG446"}


def surroundings(template: Mapping[str, str], home: str) -> dict[str, str]:
    """The environment of such a process: of the template's only where programs and providers are."""
    return environment.build(template["PATH"], home, template["TF_CLI_CONFIG_FILE"], _ENVIRONMENT)


def override(module: str, path: str) -> bytes:
    """The override file for a module, so that the resource `path` can be planned.

    Raises:
        EngineError: ENG442, the module asks for what only an account can answer.
        OSError: it cannot be read.
    """
    found = asks({os.path.relpath(file, module): fetch(file) for file in _files(module)})
    if found.questions:
        raise failure("ENG442", Place(path), what=listing(found.questions))
    blocks = ['terraform {\n  backend "local" {}\n}\n']
    for name, alias in dict.fromkeys(found.providers):
        if name == "aws":
            said = f'  alias = "{alias}"\n' if alias else ""
            blocks.append(f'provider "aws" {{\n{said}{_PROVIDER}}}\n')
    return "\n".join(blocks).encode()


def _files(module: str) -> Iterator[str]:
    """The module's own and those of modules that `init` has fetched for it; not the providers."""
    for folder, folders, names in os.walk(module):
        folders[:] = [name for name in folders if name != "providers" or os.path.basename(folder) != ".terraform"]
        yield from (os.path.join(folder, name) for name in names if name.endswith(ENDINGS))
