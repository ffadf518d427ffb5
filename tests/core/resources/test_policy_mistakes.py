"""What people get wrong in values and policy documents is told where they did it: the tables beside this."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from engine import data
from engine.core.resources import services
from engine.core.resources.discover import discover
from engine.run import aws_actions
from engine.run.module import read_module
from tests.support.resources import contents, rules, source

TABLE = yaml.safe_load((Path(__file__).parent / "policy_mistakes.yaml").read_bytes())
GOOD: str = TABLE["good"]
VALUES = yaml.safe_load((Path(__file__).parent / "misfits.yaml").read_bytes())
KNOWN = services.read(read_module(data.path("terraform")))
TFVARS = 'environment = "development"\ns3_buckets = { "acme-a" = { policy_file = "p.json" } }\n'


def told(document: str = GOOD, values: str = TFVARS) -> tuple[Any, ...]:
    named = {"S3/a/p.json": document} if "p.json" in values else {}
    files = {"S3/a/a.tfvars": values, **named}
    found = discover(contents({}, files), KNOWN, rules(), source(), actions=aws_actions.known)
    return (*found.refused, *(problem for resource in found.resources for problem in resource.warned))


def test_what_is_edited_is_right() -> None:
    assert told(GOOD) == ()


def test_the_values_that_are_edited_are_right() -> None:
    assert told(values=VALUES["good"]) == ()


@pytest.mark.parametrize("row", TABLE["mistakes"], ids=lambda row: row["why"])
def test_a_mistake_is_told_where_it_was_made(row: dict[str, Any]) -> None:
    edited, from_line = _edited(GOOD, row)
    _told_at(edited, from_line, row, told(edited))


@pytest.mark.parametrize("row", VALUES["mistakes"], ids=lambda row: row["why"])
def test_a_value_is_told_where_it_was_written(row: dict[str, Any]) -> None:
    edited, from_line = _edited(VALUES["good"], row)
    _told_at(edited, from_line, row, told(values=edited))


def _edited(good: str, row: dict[str, Any]) -> tuple[str, int]:
    old, new = row["edit"]
    before, found, after = good.partition(old)
    assert found, f"{old!r} is not there"
    return before + new + after, 0 if "line" in row else before.rfind("\n") + 1


def _told_at(edited: str, from_line: int, row: dict[str, Any], problems: tuple[Any, ...]) -> None:
    (problem,) = problems
    begin = edited.index(row["at"], from_line)
    line, column = edited.count("\n", 0, begin) + 1, begin - edited.rfind("\n", 0, begin)
    assert (problem.place.line, problem.place.column) == (line, column), problem.text()
    assert all(word in f"{problem.message} {problem.hint}" for word in row["says"]), problem.text()
