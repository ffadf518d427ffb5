"""Whoever acts is handed what it needs: environment variables are read by commands and by `settings` alone."""

import ast
import inspect
import os
from collections.abc import Iterator

import pytest

from engine import data
from engine.adapters import settings
from engine.core.signature import PURPOSES
from engine.run.catalog import ACTIONS

ENGINE = os.path.dirname(os.path.abspath(data.__file__))
# The sandbox is a laptop's surroundings itself; the keeper's environment is the one that was built for its program; and
# steps of workflows are programs of another repository.
READERS = (
    *("cli/", "sandbox/", "service/worker.py", "adapters/settings.py", "adapters/attached_keeper.py"),
    "setup/templates/controller/",
)
OF_VARIABLES = {"environ", "environb", "getenv", "getenvb"}
# Of `settings`: they read this process's own unless they are handed another.
BY_THEMSELVES = {
    name
    for name, member in vars(settings).items()
    if inspect.isfunction(member)
    and (asked := inspect.signature(member).parameters.get("environ"))
    and asked.default is not inspect.Parameter.empty
}


def _sources() -> Iterator[tuple[str, str]]:
    for folder, _, names in os.walk(ENGINE):
        for name in names:
            path = os.path.join(folder, name)
            if name.endswith(".py"):
                with open(path, encoding="utf-8") as file:
                    yield os.path.relpath(path, ENGINE).replace(os.sep, "/"), file.read()


def _reads(source: str) -> Iterator[int]:
    """Lines that ask for this process's own environment."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in OF_VARIABLES:
            yield node.lineno
        if isinstance(node, ast.ImportFrom) and {alias.name for alias in node.names} & OF_VARIABLES:
            yield node.lineno
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith("adapters.settings"):
            yield from [node.lineno] if {alias.name for alias in node.names} & BY_THEMSELVES else []
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not (node.args or node.keywords):
            of = node.func.value
            if isinstance(of, ast.Name) and of.id == "settings" and node.func.attr in BY_THEMSELVES:
                yield node.lineno


@pytest.mark.parametrize(
    ("why", "source"),
    [
        ("as it is usually written", "import os\nos.environ['A']"),
        ("under another name", "import os as system\nsystem.environ.get('A')"),
        ("one variable", "import os\nos.getenv('A')"),
        ("as bytes", "from os import environb"),
        ("by a setting of this process", "from engine.adapters import settings\nsettings.read().path"),
        ("taken out of settings", "from engine.adapters.settings import search_path"),
    ],
)
def test_every_way_to_read_them_is_noticed(why, source):
    assert list(_reads(source)), why


def test_nobody_else_reads_them():
    found = {path: list(_reads(source)) for path, source in _sources()}
    assert [f"{path}:{line}" for path, lines in found.items() if not path.startswith(READERS) for line in lines] == []
    assert [path for path, lines in found.items() if lines and path.startswith("cli/")], "they are read somewhere"


def test_what_starts_programs_of_others_has_no_key_that_signs():
    """Terraform, its providers and policies are others' code: a job that only plans needs no signing key at all."""
    signing = {row.name: set(row.secrets) & set(PURPOSES) for row in ACTIONS}
    assert signing["verdict.sign"]
    assert {name: keys for name, keys in signing.items() if keys and name.startswith(("terraform.", "policy."))} == {
        # They say what came of it; no gate believes what that key has signed.
        "terraform.apply": {"audit"},
        "terraform.rollback": {"audit"},
    }
