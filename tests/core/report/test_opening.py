"""The pull request that we open says what changes, by whom, and where it goes."""

import pytest

from engine.core.report.opening import render
from engine.core.resources.model import EMPTY_TREE, Resource
from tests.support.reports import hostile, page


def resource(path: str = "S3/data-lake", change: str = "added") -> Resource:
    service, _, name = path.rpartition("/")
    return Resource(service, name, path, f"{path}/x", change, "development", "x.tfvars", {}, EMPTY_TREE, {}, {})


def test_what_by_whom_and_where() -> None:
    title, body = render([resource()], "data-lake", "dev", "development", "gus", "")
    assert title == "Add S3/data-lake (development)"
    for said in ("`data-lake`", "`gus`", "development", "`dev`", "`S3/data-lake`", "added", "the comment below"):
        assert said in body


@pytest.mark.parametrize(
    ("why", "resources", "environment", "title"),
    [
        ("several", [resource(), resource("S3/logs")], "staging", "Add S3/data-lake and 1 more (staging)"),
        ("changed", [resource(change="modified")], "", "Change S3/data-lake"),
        ("deleted", [resource(change="deleted")], "production", "Remove S3/data-lake (production)"),
        ("none", [], "", "data-lake"),
    ],
)
def test_titles(why: str, resources: list[Resource], environment: str, title: str) -> None:
    assert render(resources, "data-lake", "dev", environment, "gus", "").title == title, why


def test_why_it_goes_nowhere_in_particular() -> None:
    body = render([], "x", "main", "", "gus", "its resources are of two environments, `development` and `staging`").body
    assert "its resources are of two environments" in body
    assert "No resource is changed." in body


@pytest.mark.parametrize(("why", "text"), hostile())
def test_hostile_names(why: str, text: str) -> None:
    title, body = render([resource(text), resource(text)], text, text, text, text, text)
    found = page(body)
    assert set(found.elements) <= {"p", "code", "table", "thead", "tbody", "tr", "th", "td"}, why
    assert found.unclosed == []
    assert len(found.cells) == 3
    assert len(title) <= 200
    assert len(title.splitlines()) <= 1
    assert "@" not in title


def test_a_thousand_resources() -> None:
    body = render([resource(f"S3/lake-{n}") for n in range(1000)], "x", "dev", "development", "gus", "").body
    assert "and 950 more" in body
    assert len(body) < 20_000
