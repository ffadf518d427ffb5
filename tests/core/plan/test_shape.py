"""The names of a plan: those that are read here, and those of plans that Terraform has made."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.core.plan import form, model
from engine.core.plan.shape import ANY, PLAN, SHAPES, Kinds, below, members, names

PLANS = sorted((Path(__file__).parents[2] / "policies/plans").glob("*.json"))


def test_every_name_that_is_read_is_known():
    assert names([PLAN]) >= form._KNOWN | form._REFUSED.keys()
    assert names(["row"]) == model._ROW
    assert names(["change"]) == model._CHANGE


def test_every_kind_is_one():
    kinds = {kind.strip("[]{}") for row in SHAPES.values() for kind in row.values()}
    assert kinds - SHAPES.keys() == {"", ANY}
    assert SHAPES.keys() - kinds == {PLAN}


@pytest.mark.parametrize("file", PLANS, ids=lambda file: file.stem)
def test_terraforms_own_plans_have_no_other_names(file):
    waiting: list[tuple[tuple[str, ...], Any, Kinds]] = [((), json.loads(file.read_text()), frozenset({PLAN}))]
    while waiting:
        path, value, kinds = waiting.pop()
        for name, item in value.items() if isinstance(value, dict) else ():
            assert below(kinds, name), (*path, name)
            waiting.append(((*path, name), item, below(kinds, name)))
        for item in value if isinstance(value, list) else ():
            assert members(kinds), path
            waiting.append((path, item, members(kinds)))


@pytest.mark.parametrize(
    ("why", "path", "is_known"),
    [
        ("a map has any key", ("variables", "region", "value", "x"), True),
        ("a variable has nothing but a value", ("variables", "region", "default"), False),
        ("a list has no names", ("resource_changes", "address"), False),
        ("modules are in modules", ("planned_values", "root_module", "resources"), True),
        ("a text has no parts", ("timestamp", "day"), False),
    ],
)
def test_where_a_name_leads(why, path, is_known):
    kinds = frozenset({PLAN})
    for name in path:
        kinds = below(kinds, name)
    assert bool(kinds) is is_known, why


def test_who_goes_through_a_plan_means_no_variable_of_that_name():
    assert not below(members([PLAN]), "contents")
    assert below(members(below([PLAN], "resource_changes")), "address")
