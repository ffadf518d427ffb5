"""docs/security.md and docs/reliability.md say which test tries which attack, or fault; two more pages name tests.

Every test that they name exists, and every attack is in one of them.
"""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [(ROOT / "docs" / f"{name}.md").read_text() for name in ("security", "reliability")]
_TEST = re.compile(r"`(tests/[^`:]+)(?:::(\w+))?`")
TESTS = _TEST.findall("\n\n".join(PAGES))


@cache
def functions(file):
    tree = ast.parse((ROOT / file).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_every_test_that_is_named_exists():
    assert TESTS
    more = [_TEST.findall((ROOT / "docs" / f"{name}.md").read_text()) for name in ("controls", "key-rotation")]
    assert all(more)
    named = [*TESTS, *(test for page in more for test in page)]
    missing = [file for file, _ in named if not (ROOT / file).exists()]
    missing += [f"{file}::{name}" for file, name in named if name and name not in functions(file)]
    assert missing == []


def test_every_attack_is_a_row():
    named = {(file, name) for file, name in TESTS if name}
    attacks = [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "tests" / "attacks").glob("test_*.py"))]
    assert [(file, name) for file in attacks for name in sorted(functions(file)) if (file, name) not in named] == []


def test_every_row_belongs_to_a_table_and_is_there_once():
    blocks = [block.splitlines() for page in PAGES for block in page.split("\n\n")]
    mixed = [b for b in blocks if any(row.startswith("|") for row in b) and not all(row.startswith("|") for row in b)]
    rows = [row for block in blocks for row in block if row.startswith("| ")]
    assert (mixed, len(rows)) == ([], len(set(rows)))
