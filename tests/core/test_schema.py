"""Schemas: the generated validators are those of the schemas, and what is wrong is told in full."""

import ast
import copy
import json
import os
from collections.abc import Iterator
from typing import Any

import fastjsonschema
import pytest
from jsonschema import Draft202012Validator

from engine.core import schema
from engine.core.source import load_json, load_yaml
from engine.errors import EngineError
from tools import generate_validators as generator

NAMES = generator.names()


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_validator_is_the_generated_one(name: str) -> None:
    with open(generator.target(name), encoding="utf-8") as file:
        committed = file.read()
    head = ast.get_docstring(ast.parse(committed)) or ""
    assert head.endswith(f"fastjsonschema {fastjsonschema.VERSION}: do not edit."), "run `make schemas`"
    assert ast.dump(ast.parse(generator.generate(generator.source(name)))) == ast.dump(ast.parse(committed)), (
        "run `make schemas`"
    )


def test_every_schema_has_a_validator_and_every_validator_a_schema() -> None:
    modules = {name for name in os.listdir(generator.GENERATED) if name.endswith(".py")} - {"__init__.py"}
    assert modules == {os.path.basename(generator.target(name)) for name in NAMES}


@pytest.mark.parametrize("name", [*NAMES, *sorted(generator.NOT_VALIDATED)])
def test_schemas_are_schemas_with_words_for_people(name: str) -> None:
    read = json.loads(generator.source(name))
    Draft202012Validator.check_schema(read)
    assert read["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert read["title"]
    assert read["description"]


# What people write, with an editor that reads the schema: SchemaStore's form.
_WRITTEN = ("approvers-config", "deployment-rules", "fixtures", "init", "spec", "special-approvers", "trusted-keys")


def _parts(schema: Any, path: str = "#") -> Iterator[tuple[str, Any]]:
    if isinstance(schema, dict):
        yield path, schema
        for key, value in schema.items():
            yield from _parts(value, f"{path}/{key}")
    elif isinstance(schema, list):
        for number, value in enumerate(schema):
            yield from _parts(value, f"{path}/{number}")


@pytest.mark.parametrize("name", _WRITTEN)
def test_an_editor_finds_words_and_examples_for_whatever_it_offers(name: str) -> None:
    read = json.loads(generator.source(name))
    assert read["$id"] == f"https://json.schemastore.org/interlock-{'pipeline' if name == 'spec' else name}.json"
    said = {f"#/$defs/{key}": bool(part.get("description")) for key, part in read.get("$defs", {}).items()}
    for path, part in _parts(read):
        for key, value in part.get("properties", {}).items() if isinstance(part.get("properties"), dict) else ():
            assert value.get("description") or said.get(value.get("$ref")), f"{path}/properties/{key}"
        for example in part.get("examples", ()) if isinstance(part.get("examples"), list) else ():
            bare = {key: value for key, value in part.items() if key != "$ref"} | {"$defs": read.get("$defs", {})}
            assert Draft202012Validator(bare).is_valid(example), f"{path}: {example}"
    for key, part in read.get("$defs", {}).items():
        assert "pattern" not in part or part.get("examples"), f"{key} has a form, and no example"


@pytest.mark.parametrize("name", NAMES)
def test_examples_from_tables_are_those_of_the_tables(name: str) -> None:
    assert generator.filled(generator.source(name)) == generator.source(name), "run `make schemas`"


@pytest.mark.parametrize(
    ("why", "bad"),
    [
        ("ignored in silence", {"unevaluatedProperties": False}),
        ("ignored in silence", {"dependentRequired": {"a": ["b"]}}),
        ("ignored in silence", {"dependentSchemas": {"a": {}}}),
        ("ignored in silence", {"minContains": 2}),
        ("read as draft 7 reads `items`", {"prefixItems": [{}]}),
        ("checked by nobody with formats off", {"format": "date-time"}),
        ("would be fetched", {"$ref": "https://example.com/schema"}),
        ("its siblings would be ignored", {"$ref": "#/$defs/x", "type": "string"}),
        ("misspelt", {"requried": ["a"]}),
    ],
)
def test_keywords_that_would_be_generated_wrong_are_refused(why: str, bad: dict[str, Any]) -> None:
    for inside in (bad, {"properties": {"a": bad}}, {"oneOf": [{"items": bad}]}, {"$defs": {"x": bad}}):
        with pytest.raises(SystemExit):
            generator.generate(json.dumps(inside))


def mutations(value: Any) -> Iterator[Any]:
    """The value with one thing changed, everywhere: another type, a key more, a key less, an item twice."""
    yield from (None, True, 1, 1.5, "", "x", [], {}, [1], {"x": 1})
    if isinstance(value, dict):
        yield {**value, "unknown": 1}
        for key, inner in value.items():
            yield {k: v for k, v in value.items() if k != key}
            yield from ({**value, key: changed} for changed in mutations(inner))
    if isinstance(value, list):
        yield value + value[:1]
        for index, inner in enumerate(value):
            yield value[:index] + value[index + 1 :]
            yield from ([*value[:index], changed, *value[index + 1 :]] for changed in mutations(inner))


def apart(good: dict[str, Any], required: list[str]) -> Iterator[Any]:
    """Mutations of what has to be there, and of each other part beside no more than that: a whole file takes longer."""
    least = {key: inner for key, inner in good.items() if key in required}
    yield from mutations(least)
    for key in good.keys() - least.keys():
        yield {**least, key: good[key]}
        yield from ({**least, key: changed} for changed in mutations(good[key]))


def varied(value: Any) -> Any:
    """The value without what is built like a sibling of it: half of the rules has all that their schema tells apart."""
    if isinstance(value, dict):
        kept = {built(inner) if isinstance(inner, dict) else key: key for key, inner in reversed(value.items())}
        return {key: varied(inner) for key, inner in value.items() if key in kept.values()}
    if isinstance(value, list):
        return [varied(inner) for inner in {built(inner): inner for inner in reversed(value)}.values()]
    return value


def built(value: Any) -> str:
    """How a value is built: its keys, and the types of what is in it."""
    if isinstance(value, dict):
        return str(sorted((key, built(inner)) for key, inner in value.items()))
    return str(sorted({built(inner) for inner in value})) if isinstance(value, list) else type(value).__name__


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("deployment-rules", "deployment-rules.yaml"),
        ("spec", "specs/validate.yaml"),
        ("spec", "specs/merge.yaml"),
        ("approvers-config", "approvers-config.yaml"),
    ],
)
def test_the_generated_validator_agrees_with_jsonschema(name: str, file: str) -> None:
    with open(file, "rb") as opened:
        good = varied(load_yaml(opened.read(), file).data)
    source = json.loads(generator.source(name))
    oracle = Draft202012Validator(source)
    verdicts = [
        (schema.is_valid(name, changed), oracle.is_valid(changed))
        for changed in [good, *apart(copy.deepcopy(good), source["required"])]
    ]
    assert verdicts[0] == (True, True)
    assert all(ours == theirs for ours, theirs in verdicts)
    assert len(verdicts) > 100
    assert (False, False) in verdicts


def test_problems_have_places_in_json_too() -> None:
    document = load_json(b'{"version": 1,\n "groups": {"x": {"users": ["@ann"], "team": []}}}', "groups.json")
    with pytest.raises(EngineError) as error:
        schema.validate("approvers-config", document)
    assert [p.text() for p in error.value.problems] == [
        "groups.json:2:30: ENG044 `@ann` does not have the form that is needed here\n"
        '  2 |  "groups": {"x": {"users": ["@ann"], "team": []}}}\n'
        "  Fix: write `ann`",
        "groups.json:2:39: ENG040 unknown key `team`\n"
        '  2 |  "groups": {"x": {"users": ["@ann"], "team": []}}}\n'
        "  Fix: did you mean `teams`?",
    ]


def test_a_pattern_ends_where_the_text_ends() -> None:
    """Python's `$` also matches before a last line end, and jsonschema uses it: our validator must not."""
    document = load_yaml(b'version: 1\ngroups: {x: {users: ["ann\\n"]}}', "f")
    with pytest.raises(EngineError) as error:
        schema.validate("approvers-config", document)
    assert [p.code for p in error.value.problems] == ["ENG048"]


def test_a_refusal_without_words_of_its_own_is_told_as_it_is() -> None:
    from engine.core.schema.failures import mistakes

    document = load_yaml(b"a: [1]", "f")
    found = mistakes('{"not": {"required": ["a"]}}', document, {})
    assert [m.problem.code for m in found] == ["ENG047"]


def test_a_pipeline_in_the_rules_is_a_pipeline_in_a_file() -> None:
    rules, spec = (json.loads(generator.source(name)) for name in ("deployment-rules", "spec"))
    inline = rules["$defs"]["pipeline"]
    assert {k: inline[k] for k in ("properties", "required", "additionalProperties")} == {
        k: spec[k] for k in ("properties", "required", "additionalProperties")
    }
    assert all(rules["$defs"][name] == shape for name, shape in spec["$defs"].items())


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("fixtures", "version: 1\ncases:\n  - {why: expects nothing}\n", "at least one of pipelines, gates, actions"),
        ("deployment-rules", "gates: {ready: {unmet: pending}}\n", "exactly one of require, reject, approvals"),
    ],
)  # fmt: skip
def test_how_many_of_several_keys_are_wanted(name: str, text: str, said: str) -> None:
    assert any(said in m.problem.message for m in schema.check(name, load_yaml(text.encode(), "x.yaml")))
