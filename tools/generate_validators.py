"""Write `engine/core/schema/generated/*.py` from `schemas/*.schema.json`: `make schemas`.

fastjsonschema makes the code; what it needs at run time (17 ms of imports, messages that nobody reads) is cut out of
the syntax tree. Keywords that it ignores or misreads are refused here: a silent keyword in a schema is a hole.
"""

import ast
import json
import os
import re
import sys
from collections.abc import Iterator
from typing import Any

import fastjsonschema

from engine.run.catalog import catalog

HERE = os.path.dirname(os.path.abspath(__file__))
SCHEMAS = os.path.join(os.path.dirname(HERE), "schemas")
GENERATED = os.path.join(os.path.dirname(HERE), "engine", "core", "schema", "generated")
SUFFIX = ".schema.json"
# `event` only lists the paths that expressions may name; `events/dispatch` has a table of its own, held to its schema;
# nothing here reads a `report`, an answer of the API or what a command has printed.
NOT_VALIDATED = frozenset({"api", "dispatch", "event", "output", "report"})

# fmt: off
_ASSERTIONS = frozenset((
    "type", "enum", "const", "pattern", "required", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems",
    "minProperties", "maxProperties", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
))
_ONE = frozenset(("items", "additionalProperties", "propertyNames", "not", "if", "then", "else"))  # hold one schema
_MANY = frozenset(("properties", "patternProperties", "$defs"))  # hold schemas by name
_LISTS = frozenset(("allOf", "anyOf", "oneOf"))
_NOTES = frozenset((
    "$schema", "$id", "$ref", "$comment", "title", "description", "default", "examples", "deprecated",
))
# fmt: on


def refused(schema: object, path: str = "#") -> Iterator[str]:
    """Whatever in a schema the generated code would not do exactly as JSON Schema 2020-12 says."""
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict):
        yield f"{path}: not a schema"
        return
    for keyword, value in schema.items():
        here = f"{path}/{keyword}"
        if keyword in _ONE:
            yield from refused(value, here)
        elif keyword in _MANY:
            for name, child in value.items():
                yield from refused(child, f"{here}/{name}")
        elif keyword in _LISTS:
            for index, child in enumerate(value):
                yield from refused(child, f"{here}/{index}")
        elif keyword not in _ASSERTIONS | _NOTES:
            yield f"{here}: keyword is not in the list of those that are generated right"
        elif keyword == "$ref" and (not str(value).startswith("#/$defs/") or set(schema) & _ASSERTIONS):
            yield f"{here}: only `#/$defs/…`, and alone: its siblings would be ignored"


class _Strip(ast.NodeTransformer):
    """Keeps the decisions of the generated code, drops its messages."""

    def visit_Tuple(self, node: ast.Tuple) -> ast.Tuple:
        # neither YAML nor JSON gives a Decimal, and its module takes a millisecond to import
        node.elts = [e for e in node.elts if not (isinstance(e, ast.Name) and e.id == "Decimal")]
        return node

    def visit_Raise(self, node: ast.Raise) -> ast.Raise:
        return ast.copy_location(ast.Raise(exc=ast.Name("InvalidError", ast.Load()), cause=None), node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.ExceptHandler:
        self.generic_visit(node)
        node.type = ast.Name("InvalidError", ast.Load())
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        if node.name.startswith("validate"):
            node.args.args = node.args.args[:1]
            node.args.defaults = []
        return node

    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Name(id=name)) if name.startswith("validate"):
                node.args = node.args[:1]
            case ast.Call(func=ast.Attribute(value=ast.Subscript(value=ast.Name(id="REGEX_PATTERNS"), slice=key))):
                # compiled (and cached by `re`) when first used, not on import
                node.func = ast.Name("search", ast.Load())
                node.args = [ast.Constant(self.patterns[ast.literal_eval(key)]), *node.args]
        return node

    def __init__(self, patterns: dict[str, str]) -> None:
        self.patterns = patterns


def generate(text: str) -> str:
    """The module for one schema.

    Raises:
        SystemExit: the schema uses a keyword that would be generated wrong.
    """
    schema: dict[str, Any] = json.loads(text)
    wrong = list(refused(schema))
    if wrong:
        raise SystemExit("\n".join(wrong))
    anonymous = {k: v for k, v in schema.items() if k != "$id"}  # an id would name the function
    tree = ast.parse(fastjsonschema.compile_to_code(anonymous, use_default=False, use_formats=False))
    body: list[ast.stmt] = []
    patterns: dict[str, str] = {}
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="REGEX_PATTERNS")], value=ast.Dict(keys=keys, values=values)):
                for key, value in zip(keys, values, strict=True):
                    assert key is not None
                    assert isinstance(value, ast.Call)
                    patterns[ast.literal_eval(key)] = ast.literal_eval(value.args[0])
            case ast.FunctionDef() | ast.Assign(targets=[ast.Name(id="NoneType")]):
                body.append(node)
    stripped = [ast.fix_missing_locations(_Strip(patterns).visit(node)) for node in body]
    code = "\n\n\n".join(ast.unparse(node) for node in stripped if "NoneType" not in ast.unparse(node)[:8])
    uses = [
        "from re import search\n" if "search(" in code else "",
        "\nfrom engine.core.schema.invalid import InvalidError\n",
        "\nNoneType = type(None)\n" if "NoneType" in code else "",
    ]
    compact = json.dumps(schema, separators=(",", ":"), ensure_ascii=True)
    head = f"Generated by tools/generate_validators.py with fastjsonschema {fastjsonschema.VERSION}: do not edit."
    return f'"""{head}"""\n\n{"".join(uses)}\nSCHEMA = {compact!r}\n\n\n{code}\n'


def filled(text: str) -> str:
    """A schema with the examples that stand in tables: whoever adds a row there has added it to what editors offer."""
    actions, events = catalog().actions, catalog().events
    # what describes the place → what may stand there
    examples = {
        "an action such as `terraform.plan`": sorted(actions),
        "a permission such as `contents:read`": sorted({one for row in actions.values() for one in row.permissions}),
        "a kind of event, or several": sorted(events),
        "kind of event: pull_request": sorted(events),
    }
    for said, known in examples.items():
        place = rf'("description": "{re.escape(said)}",\s*"examples": )\[[^\]]*\]'
        text = re.sub(place, rf"\1{json.dumps(known)}", text)  # names of letters, digits, `_`, `.` and `:` alone
    return text


def names() -> list[str]:
    """All schemas that documents are validated against, without `.schema.json`."""
    found = {name.removesuffix(SUFFIX) for name in os.listdir(SCHEMAS) if name.endswith(SUFFIX)}
    return sorted(found - NOT_VALIDATED)


def source(name: str) -> str:
    """The text of one schema."""
    with open(os.path.join(SCHEMAS, name + SUFFIX), encoding="utf-8") as file:
        return file.read()


def target(name: str) -> str:
    """Where the module of a schema is."""
    return os.path.join(GENERATED, name.replace("-", "_") + ".py")


def main(wanted: list[str]) -> None:
    """Write the modules of all schemas, or of those named."""
    for name in wanted or names():
        text = filled(source(name))
        with open(os.path.join(SCHEMAS, name + SUFFIX), "w", encoding="utf-8") as file:
            file.write(text)
        with open(target(name), "w", encoding="utf-8") as file:
            file.write(generate(text))


if __name__ == "__main__":
    main(sys.argv[1:])
