"""The schema that ships: each field has a function, and everything it leaves out is known by name."""

import subprocess
import sys

import graphql
import pytest

from engine.sandbox.forge.graphql import resolvers
from engine.sandbox.forge.graphql.lookup import _NODES
from engine.sandbox.forge.graphql.schema import beyond, schema
from engine.sandbox.forge.ids import PREFIXES


def fields(built):
    for name, kind in built.type_map.items():
        if not name.startswith("__") and hasattr(kind, "fields"):
            yield from ((name, kind, field, definition) for field, definition in kind.fields.items())


def test_it_is_a_schema():
    assert graphql.validate_schema(schema()) == []


def test_every_field_of_an_object_has_a_function():
    bare = [
        f"{name}.{field}"
        for name, kind, field, definition in fields(schema())
        if graphql.is_object_type(kind) and definition.resolve is None
    ]
    assert bare == []


def test_every_row_of_the_table_is_in_the_schema():
    for name, rows in resolvers.table().items():
        there = {field: definition for kind, _, field, definition in fields(schema()) if kind == name}
        for key in rows:
            field, arguments = resolvers.arguments(key)
            assert set(arguments) == set(there[field].args), f"{name}.{key}"


def test_every_grant_is_of_a_field():
    there = {(name, field) for name, _, field, _ in fields(schema())}
    assert {(name, field) for name, grants in resolvers.GRANTS.items() for field in grants} <= there


def test_what_is_resolved_is_not_listed_as_left_out():
    listed = {(name, each) for name, names in beyond().items() for each in names}
    assert not {("*", name) for name in schema().type_map} & listed
    assert not {(name, field) for name, _, field, _ in fields(schema())} & listed


def test_every_kind_of_id_can_be_looked_up():
    types = {*schema().type_map, "TimelineEvent"}  # other ids (of rulesets, …) are REST's alone
    assert PREFIXES.keys() & types == _NODES.keys()


def test_every_connection_is_paged_as_github_pages():
    for name, kind, field, definition in fields(schema()):
        if graphql.is_output_type(definition.type) and str(definition.type).rstrip("!").endswith("Connection"):
            assert {"after", "before", "first", "last"} <= definition.args.keys(), f"{name}.{field}"
            assert graphql.is_object_type(kind) or graphql.is_interface_type(kind)


@pytest.mark.slow
def test_starting_the_forge_imports_nothing_of_graphql(tmp_path):
    started = (
        "import sys\nfrom engine.sandbox.forge.serve import running\n"
        f"with running({str(tmp_path)!r}):\n    print('graphql' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", started], capture_output=True, timeout=60, check=True)
    assert done.stdout.decode().strip() == "False"
