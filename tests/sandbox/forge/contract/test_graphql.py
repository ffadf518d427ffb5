"""GraphQL's schema against GitHub's own, type by type; and GitHub's clients against the forge."""

import graphql
import pytest

from engine.sandbox.forge.graphql.schema import BEYOND, SCHEMA, beyond, schema
from tests.support.npm import UNREACHABLE, needs_npm, or_skip
from tools import github_graphql

pytestmark = needs_npm


@pytest.fixture(scope="module")
def github():
    try:
        return github_graphql.github(github_graphql.fetch())
    except UNREACHABLE as error:
        or_skip(github_graphql.PACKAGE, error)


def types():
    return [(name, kind) for name, kind in schema().type_map.items() if not name.startswith("__")]


@pytest.mark.slow
def test_the_files_are_what_the_tool_writes(github):
    subset = github_graphql.Subset(github)
    for path, text in ((SCHEMA, subset.text()), (BEYOND, subset.beyond())):
        with open(path, encoding="utf-8") as file:
            assert file.read() == text, "run: python tools/github_graphql.py"


def test_every_type_is_github_s_and_of_its_kind(github):
    for name, kind in types():
        if not graphql.is_specified_scalar_type(kind):
            assert type(github.type_map[name]) is type(kind), name


def test_every_field_and_argument_is_github_s_with_its_type_and_nullability(github):
    for name, kind in types():
        for field, definition in getattr(kind, "fields", {}).items():
            own = github.type_map[name].fields[field]
            assert str(definition.type) == str(own.type), f"{name}.{field}"
            for argument, said in getattr(definition, "args", {}).items():
                assert str(said.type) == str(own.args[argument].type), f"{name}.{field}({argument})"
                assert said.default_value == own.args[argument].default_value, f"{name}.{field}({argument})"


def test_no_argument_that_must_be_given_is_left_out(github):
    for name, kind in types():
        for field, definition in getattr(kind, "fields", {}).items():
            there = getattr(definition, "args", {})
            for argument, said in getattr(github.type_map[name].fields[field], "args", {}).items():
                assert argument in there or not graphql.is_required_argument(said), f"{name}.{field}({argument})"
        if graphql.is_input_object_type(kind):
            required = {
                key for key, said in github.type_map[name].fields.items() if graphql.is_required_input_field(said)
            }
            assert required <= kind.fields.keys(), name


def test_every_enum_has_all_its_values(github):
    for name, kind in types():
        if graphql.is_enum_type(kind):
            assert kind.values.keys() == github.type_map[name].values.keys(), name


def test_interfaces_and_unions_are_github_s_as_far_as_their_types_are_there(github):
    for name, kind in types():
        if graphql.is_abstract_type(kind):
            there = {each.name for each in schema().get_possible_types(kind)}
            own = {each.name for each in github.get_possible_types(github.type_map[name])}
            assert there == own & schema().type_map.keys(), name


def test_everything_else_of_github_s_is_known_by_name(github):
    for name, kind in github.type_map.items():
        if name.startswith("__"):
            continue
        if name not in schema().type_map:
            assert name in beyond()["*"]
            continue
        for field, definition in getattr(kind, "fields", {}).items():
            there = getattr(schema().type_map[name], "fields", {}).get(field)
            left = beyond().get(name, frozenset())
            assert (there is None) == (field in left), f"{name}.{field}"
            given = getattr(there, "args", {})
            for argument in getattr(definition, "args", ()) if there is not None else ():
                assert (argument not in given) == (f"{field}({argument})" in left), f"{name}.{field}({argument})"
