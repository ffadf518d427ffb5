"""How often GitHub is asked, by the shipped rules: REST, GraphQL and tokens, for one page of everything.

Each pipeline of a run has its own count; the token is the first one's. What is planned and judged asks nobody, and is
handed in here.
"""

import os
import shutil

import pytest
import yaml

from engine import data
from engine.sandbox.forge.serve import running
from tests.support.clone import bucket
from tests.support.hosted import REPO
from tests.support.page import PIPELINES, Page, filled

_HANDED_IN = ("plan", "policy", "report")  # steps of `validate`


def shipped(directory, values, _more):
    """The shipped controller, whose validation is handed what Terraform and policy would say."""
    shutil.copytree(os.path.join(data.ROOT, "specs"), directory / "specs")
    for name in ("deployment-rules.yaml", "approvers-config.yaml"):
        shutil.copy(os.path.join(data.ROOT, name), directory / name)
    for name in ("policies", "terraform"):
        os.symlink(os.path.join(data.ROOT, name), directory / name)
    file = directory / "specs" / "validate.yaml"
    spec = yaml.safe_load(file.read_text())
    [given] = PIPELINES["pass"][1]
    spec["actions"] = [
        {**given, "id": "verdict"} if step["id"] == "verdict" else step
        for step in spec["actions"]
        if step["id"] not in _HANDED_IN
    ]
    file.write_text(filled(yaml.safe_dump(spec), directory, values))
    return str(directory)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("budgets")
    with running(str(folder / "forge")) as forge:
        yield Page(forge, folder, rules=shipped)


def look(number):
    return {"version": 1, "source_repo": REPO, "event": "look", "pr_number": number}


def spent(handled):
    """Requests by pipeline, in their order; a pipeline that failed is shown as it is."""
    for one in handled:
        assert all(ran.status in ("done", "skipped") for ran in one.ran), [ran.problems for ran in one.ran]
    return [(one.name, one.requests) for one in handled]


def test_a_life_within_its_budgets(page):
    branch = "budget"
    sha = page.hosted.push(branch, {"S3/budget/budget.tfvars": bucket("acme-budget")})
    pushed = {
        "ref": f"refs/heads/{branch}", "after": sha, "before": "0" * 40, "deleted": False, "created": True,
        "repository": {"full_name": REPO}, "pusher": {"name": "alice"}, "commits": [], "installation": {"id": 1},
    }  # fmt: skip
    handled, calls = page.handled("open-pr", pushed, name="push")
    assert spent(handled) == [("open-pr", calls)]
    assert calls <= 6
    number = handled[0].ran[0].outputs["number"]

    handled, calls = page.handled("target", look(number), name=None)
    found = spent(handled)
    assert [name for name, _ in found] == ["target", "validate", "merge", "tell"]
    assert sum(requests for _, requests in found) == calls
    cost = dict(found)
    assert cost["target"] <= 3
    assert cost["validate"] <= 14
    assert cost["merge"] <= 12

    page.forge.clock.advance(2)
    page.hosted.review(number, "ann")
    handled, calls = page.handled("merge", look(number), name=None)
    assert page.pull(number).merged
    assert spent(handled) == [("merge", calls)]
    assert calls <= 12
