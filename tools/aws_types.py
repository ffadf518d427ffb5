"""Write engine/core/rules/generated/aws_types.py: the resource types of the AWS provider that our lock file names.

`python -m tools.aws_types SCHEMA.json`: what `terraform providers schema -json` says where that provider is installed.
"""

import json
import os
import sys
import textwrap

FILE = os.path.join(os.path.dirname(__file__), "..", "engine", "core", "rules", "generated", "aws_types.py")
_PROVIDER = "registry.terraform.io/hashicorp/aws"
_HEAD = '''"""Resource types of Terraform's AWS provider. Written by `tools/aws_types.py`, for lint and who-can."""

_NAMES = """
{types}
"""
TYPES = frozenset(_NAMES.split())
'''


def written(types: list[str]) -> str:
    """The module."""
    return _HEAD.format(types="\n".join(textwrap.wrap(" ".join(sorted(types)), 120, break_on_hyphens=False)))


def main(arguments: list[str]) -> None:
    """Write the module."""
    with open(arguments[0], encoding="utf-8") as handle:
        types = json.load(handle)["provider_schemas"][_PROVIDER]["resource_schemas"]
    with open(FILE, "w", encoding="utf-8") as handle:
        handle.write(written(list(types)))


if __name__ == "__main__":
    main(sys.argv[1:])
