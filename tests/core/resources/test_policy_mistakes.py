"""What people get wrong in policy documents is told where they did it: the table beside this."""

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
KNOWN = services.read(read_module(data.path("terraform")))
TFVARS = 'environment = "development"\ns3_buckets = { "acme-a" = { policy_file = "p.json" } }\n'


def told(document: str) -> tuple[Any, ...]:
    files = {"S3/a/a.tfvars": TFVARS, "S3/a/p.json": document}
    found = discover(contents({}, files), KNOWN, rules(), source(), actions=aws_actions.known)
    return (*found.refused, *(problem for resource in found.resources for problem in resource.warned))


def test_what_is_edited_is_right() -> None:
    assert told(GOOD) == ()


@pytest.mark.parametrize("row", TABLE["mistakes"], ids=lambda row: row["why"])
def test_a_mistake_is_told_where_it_was_made(row: dict[str, Any]) -> None:
    old, new = row["edit"]
    before, found, after = GOOD.partition(old)
    assert found, f"{old!r} is not there"
    edited = before + new + after
    (problem,) = told(edited)
    begin = edited.index(row["at"], 0 if "line" in row else before.rfind("\n") + 1)
    line, column = edited.count("\n", 0, begin) + 1, begin - edited.rfind("\n", 0, begin)
    assert (problem.place.line, problem.place.column) == (line, column), problem.text()
    assert all(word in f"{problem.message} {problem.hint}" for word in row["says"]), problem.text()
