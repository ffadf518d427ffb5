"""No regular expression of the engine takes more than linear time on hostile text: each is run against some.

Collected from the source, so that a new one is tried without being listed. A quadratic one needs 200,000,000 steps for
each of the texts that make it go back, of which there are several, and is tried with each in six ways.
"""

import ast
import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

import engine

LENGTH = 20_000
DEADLINE_S = 15  # of CPU for one of them with all texts: on a slow machine it needs one
ROOT = os.path.dirname(os.path.abspath(engine.__file__))
_TAKERS = {"compile", "match", "search", "fullmatch", "sub", "split", "findall", "finditer"}
# Made while running: of secrets, which are escaped, of a number or of colours, or our own schemas'; and columns of
# tables, taken row by row.
_MADE = {
    "engine.core.redact",
    "engine.core.schema.mends",
    "engine.core.resources.tree",
    "engine.core.events.kinds",
    "engine.adapters.terraform.failures",
    "engine.printable",
}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for folder, _, names in os.walk(ROOT):
        for name in sorted(names):
            path = os.path.join(folder, name)
            if name.endswith(".py") and name != "__main__.py" and "generated" not in folder:
                with open(path, encoding="utf-8") as file:
                    text = file.read()
                if re.search(r"\bre\.", text):
                    dotted = os.path.relpath(path, os.path.dirname(ROOT))[:-3].replace(os.sep, ".")
                    yield dotted.removesuffix(".__init__"), ast.parse(text)


def patterns() -> dict[str, set[tuple[str | bytes, str]]]:
    """Module → the patterns that it hands to `re`, directly or through a table of its own, and how they are used."""
    found: dict[str, set[tuple[str | bytes, str]]] = {}
    for name, tree in modules():
        module, mine = importlib.import_module(name), found.setdefault(name, set())
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        methods: dict[str, set[str]] = {}
        for call in calls:
            if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
                methods.setdefault(call.func.value.id, set()).add(call.func.attr)
        kept = {
            id(n.value): methods.get(ast.unparse(n.targets[0]), set())
            for n in ast.walk(tree)
            if isinstance(n, ast.Assign)
        }
        for call in calls:
            taker = ast.unparse(call.func)
            if taker.startswith("re.") and taker[3:] in _TAKERS:
                used, at = kept.get(id(call), {taker[3:]}), 0
            elif taker in ("_matches", "_Row") and name in _MADE:
                used, at = ({"fullmatch"}, 0) if taker == "_matches" else ({"search"}, -1)
            else:
                continue
            try:
                value = eval(compile(ast.Expression(call.args[at]), name, "eval"), vars(module))
            except (NameError, AttributeError):
                assert name in _MADE, f"{name}:{call.lineno}: a pattern that cannot be tried"
                continue
            way = "whole" if used and used <= {"fullmatch", "match"} else "anywhere"
            mine.add((value.pattern if isinstance(value, re.Pattern) else value, way))
    return found


def hostile(pattern: str) -> Iterator[str]:
    """Texts that make careless repetitions go back: one thing many times, with and without an end that does not fit."""
    pieces = [*" a0Z./:-_,;@<>\"'\\`[({%#=\n\t\x1b", *re.findall(r"[A-Za-z ]{3,}", pattern)]
    pieces += ["a ", " a", "a.", "./", "0.", '\\"', "_a", "a\n", "--> ", "--> a:0", "x:1,1-1: ", "%[", "a: ", ": "]
    for piece in dict.fromkeys(pieces):
        text = piece * (LENGTH // len(piece))
        yield from (text, f"{text}\0", f"`{text}", f'"{text}')
    for start in re.findall(r"[A-Za-z:.<>@-]{2,}", pattern):
        yield start + "a" * LENGTH


_CHILD = """
import re, resource, time
from tests.contracts.test_patterns import hostile, patterns
for module, found in sorted(patterns().items()):
    for pattern, way in found:
        print(module, way, pattern, flush=True)
        until = int(time.process_time()) + DEADLINE
        resource.setrlimit(resource.RLIMIT_CPU, (until, -1))
        text = pattern if isinstance(pattern, str) else pattern.decode("latin-1")
        texts = [said if isinstance(pattern, str) else said.encode() for said in hostile(text)]
        for flags in (0, re.MULTILINE | re.DOTALL):
            tried = re.compile(pattern, flags)
            for given in texts:
                for _ in tried.finditer(given) if way == "anywhere" else ():
                    pass
                tried.match(given)
                tried.fullmatch(given)
print("done")
"""


@pytest.mark.slow
def test_no_pattern_goes_back():
    script = _CHILD.replace("DEADLINE", str(DEADLINE_S))
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=os.path.dirname(ROOT), check=False
    )
    last = done.stdout.rstrip().rpartition("\n")[2]
    assert last == "done", f"this one does not end: {last}\n{done.stderr}"


def test_every_pattern_is_tried():
    found = patterns()
    assert sum(map(len, found.values())) > 50
    assert {name for name, mine in found.items() if not mine} <= _MADE


def test_a_careless_one_would_be_found():
    """The attack itself: what the child does, with a pattern that goes back."""
    script = (
        "import re, resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 1))\n"
        "from tests.contracts.test_patterns import hostile\n"
        "for text in hostile('x'): re.fullmatch(r'(.*?)\\s*<([^<>]*)>\\s*', text)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, cwd=os.path.dirname(ROOT), check=False)
    assert done.returncode < 0
