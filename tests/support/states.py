"""A page of the forge whose states are in a real bucket, made by a module of nothing but built-in `terraform_data`."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from engine import data
from engine.adapters import settings
from engine.adapters.sealed import new_key
from engine.run.context import Controller
from engine.run.today import digests
from engine.sandbox.emulator import ACCOUNT, REGION, Emulator
from engine.sandbox.forge.forge import Forge
from tests.support.page import APPLYING, MENDING, Page
from tests.support.terraform import CACHE

MODULE = {
    ".terraform.lock.hcl": "# it needs none\n",
    "main.tf": 'terraform {\n  backend "s3" {}\n}\n',
    "variables.tf": "".join(
        f'variable "{name}" {{\n  type = {type_}\n}}\n'
        for name, type_ in (
            ("environment", "string"),
            ("account", "string"),
            ("region", "string"),
            ("emulator", "bool"),
        )
    ),
    "s3.tf": """variable "s3_buckets" {
  type    = map(object({ tags = optional(map(string)) }))
  default = {}
}
resource "terraform_data" "bucket" {
  for_each = var.s3_buckets
  input    = each.key
}
""",
}


def with_states(
    made: Page,
    aws: Emulator,
    module: Mapping[str, str] = MODULE,
    edit: Callable[[dict[str, Any]], object] = lambda _: None,
    **environ: str,
) -> Page:
    """`made` with this module instead of its own, and an account to apply in; `edit` changes its rules."""
    before = digests(Controller.at(made.controller), made.settings)
    place = Path(made.controller, "terraform")
    place.unlink()
    place.mkdir()
    for name, text in module.items():
        (place / name).write_text(text)
    file = Path(made.controller, "deployment-rules.yaml")
    rules = yaml.safe_load(file.read_text())
    rules["environments"]["development"] |= {"account": ACCOUNT, "region": REGION}
    edit(rules)
    today = digests(Controller.at(made.controller), made.settings)
    text = yaml.safe_dump(rules)
    for name in ("module", "lock_file"):  # what its plans say that they were made with
        text = text.replace(str(before[name]), str(today[name]))
    file.write_text(text)
    made.environ |= {
        **aws.credentials,
        "ENGINE_STATE_BUCKET": aws.bucket,
        "ENGINE_BACKUP_KEY": new_key(),
        "ENGINE_EMULATOR": "1",
        "ENGINE_CACHE_DIR": CACHE,
        "HOME": os.path.expanduser("~"),
        **environ,
    }
    made.settings = settings.read(made.environ)
    return made


def mending(forge: Forge, folder: Path, aws: Emulator, **more: Any) -> Page:
    """A page whose states two people may mend; `more` of each pipeline that does."""

    def edit(rules: dict[str, Any]) -> None:
        shipped = yaml.safe_load(Path(data.ROOT, "deployment-rules.yaml").read_text())
        rules["events"] += [row for row in shipped["events"] if row["run"] in MENDING]
        rules["pipelines"] = [{**row, **(more if row["pipeline"] in MENDING else {})} for row in rules["pipelines"]]
        rules["define"] |= {"said_here": shipped["define"]["said_here"]}

    return with_states(Page(forge, folder, {**MENDING, **APPLYING}), aws, edit=edit)
