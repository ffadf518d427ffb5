"""When what no file shows comes about, in the words of the tests that bring it about, and the commands that lead on.

A row of a table says it with its reason, any other test with its name; what tests know by other words than its code,
the docstring of whoever raises it. Where all of these are understood by their authors alone, `error_causes.yaml` says
it. The commands are those that the remedies name.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from engine.cli.main import COMMANDS
from engine.errors import TABLE

TOP = Path(__file__).parent.parent
TESTS = TOP / "tests"
_RAISED = re.compile(r"(ENG\d{3,4})[,:]? ((?:(?!ENG|and ENG|or ENG)[^;.,\s]+,? ){2,}[^;.\s]+?)(?=[;.,]| ENG|$)")
_CODE = re.compile(r"ENG\d{3,4}")
_ENGINE = rf"/?engine (?:{'|'.join(COMMANDS)}|[a-z]+ (?=KEY|\{{))"
_PROGRAMS = rf"(?:{_ENGINE}|/engine [a-z]+|git [a-z-]+|terraform [a-z-]+|pip install|chmod [0-7]+|openssl rand|fuser)"
_COMMAND = re.compile(rf"`({_PROGRAMS}(?: [^`…]+)?)`|(?<![\w`/-])({_PROGRAMS}(?: [^\s;,()`…]+(?<!:))*)")
_MOST, _LONGEST = 2, 120
_OF_WHO_RAISES = 0
CAUSES: Mapping[str, str | list[str]] = yaml.safe_load((TOP / "tools" / "error_causes.yaml").read_bytes())
_OF_THE_TABLE = ("contracts/", "cli/test_error.py")  # they speak of codes, and not of what brings them about


class _Said(NamedTuple):
    """How one test says it; what sorts first is told first."""

    codes: int  # how many are spoken of in one breath
    is_name: bool  # of the test, where it gives no reason
    file: str
    line: int
    text: str


def situations() -> dict[str, dict[str, list[str]]]:
    """Code → when it comes about, and what to type then."""
    found = defaultdict[str, list[_Said]](list)
    for file in sorted(TESTS.rglob("test_*.py")):
        name = str(file.relative_to(TESTS))
        for code, said in (
            () if name.startswith(_OF_THE_TABLE) else _of_module(ast.parse(file.read_text("utf-8")), name)
        ):
            found[code].append(said)
    for file in sorted((TESTS / "cases").rglob("*.yaml")):
        text = file.read_text("utf-8", "replace")
        for code, said in _of_table(yaml.safe_load(text) if "why:" in text else None, str(file.relative_to(TESTS))):
            found[code].append(said)
    for file in sorted((TOP / "engine").rglob("*.py")):
        for code, said in _of_docstrings(ast.parse(file.read_text("utf-8")), str(file.relative_to(TOP))):
            if not found[code] or found[code][0].codes == _OF_WHO_RAISES:
                found[code].append(said)
    when = {code: list(dict.fromkeys(said.text for said in sorted(found[code])))[:_MOST] for code in found}
    when |= {code: [causes] if isinstance(causes, str) else causes for code, causes in CAUSES.items()}
    return {code: {"when": when[code], "then": commands(code)} for code in sorted(when) if code in TABLE and when[code]}


def commands(code: str) -> list[str]:
    """What the remedy of a code has people type."""
    return list(dict.fromkeys((one or two).strip() for one, two in _COMMAND.findall(TABLE[code].remedy)))


def _of_module(module: ast.Module, file: str) -> Iterator[tuple[str, _Said]]:
    for node in ast.walk(module):
        if isinstance(node, ast.Tuple) and (why := _reason(node)):
            codes = _codes(node)
            yield from ((code, _Said(len(codes), False, file, node.lineno, why)) for code in codes)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            name = node.name.removeprefix("test_").replace("_", " ")
            codes = _codes(node)
            yield from ((code, _Said(len(codes), True, file, node.lineno, name)) for code in codes)


def _of_docstrings(module: ast.Module, file: str) -> Iterator[tuple[str, _Said]]:
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and (text := ast.get_docstring(node)):
            for code, why in _RAISED.findall(" ".join(text.split())):
                yield code, _Said(_OF_WHO_RAISES, False, file, node.lineno, why)


def _reason(row: ast.Tuple) -> str:
    """Which a row begins with."""
    first = row.elts[0] if row.elts else None
    text = first.value if isinstance(first, ast.Constant) else None
    if not isinstance(text, str) or not text.isprintable() or len(text) > _LONGEST:
        return ""
    return "" if _CODE.search(text) or text.startswith("...") or " " not in text else text


def _codes(node: ast.AST) -> set[str]:
    constants = (one.value for one in ast.walk(node) if isinstance(one, ast.Constant))
    return {code for text in constants if isinstance(text, str) for code in _CODE.findall(text)}


def _of_table(value: Any, file: str) -> Iterator[tuple[str, _Said]]:
    if isinstance(value, list):
        for one in value:
            yield from _of_table(one, file)
    if isinstance(value, Mapping):
        if isinstance(why := value.get("why"), str):
            codes = set(_CODE.findall(str({**value, "why": ""})))
            yield from ((code, _Said(len(codes), False, file, 0, why)) for code in codes)
        for one in value.values():
            yield from _of_table(one, file)
