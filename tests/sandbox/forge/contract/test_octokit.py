"""octokit (npm) lives in the forge: a pull request from its branch to its merge and deployment, and pages of lists."""

import json
import os
import subprocess

import pytest

from tests.support.npm import UNREACHABLE, installed, needs_npm, or_skip

pytestmark = needs_npm
PACKAGE = "octokit@5.0.5"


@pytest.fixture(scope="module")
def said(told):
    """What the script found."""
    try:
        modules = installed(PACKAGE)
    except UNREACHABLE as error:
        or_skip(PACKAGE, error)
    script = os.path.join(os.path.dirname(__file__), "octokit.mjs")
    command = ["node", script, json.dumps({**told, "modules": modules})]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_pull_request_s_life(said):
    assert said["merged"][0] is True
    assert said["after"] == [True, said["merged"][1], "interlock[bot]", ["opa-passed"]]
    assert said["review"] == ["APPROVED", "carol"]
    assert "octokit/hello.txt" in said["tree"]
    assert {"commented", "labeled", "reviewed", "merged", "closed"} <= set(said["timeline"])


def test_what_is_refused(said):
    refused = {name: said[name] for name in ("forbidden", "early", "own", "moved")}
    assert refused == {"forbidden": 403, "early": 405, "own": 422, "moved": 409}


def test_pages_are_followed_to_their_end(said):
    assert said["comments"] == [f"comment {count}" for count in range(5)]
    assert said["members"] == ["carol", "dave", "erin"]
    assert set(said["repositories"]) >= {"acme/dev-deployment", "acme/controller"}


def test_what_else_is_written(said):
    assert said["dispatched"] == 204
    assert 0 < said["remaining"] < 5000
