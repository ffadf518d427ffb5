"""GitHub's own GraphQL client for JavaScript against the forge: data, variables, and its errors."""

import json
import os
import subprocess

import pytest

from tests.support.npm import UNREACHABLE, installed, needs_npm, or_skip

pytestmark = needs_npm
OCTOKIT = "@octokit/graphql@9.0.3"
SCRIPT = """
import { graphql, GraphqlResponseError } from "@octokit/graphql";
const [token, baseUrl] = process.argv.slice(2);
const ask = graphql.defaults({ baseUrl, headers: { authorization: `token ${token}` } });
const out = {};
out.viewer = await ask("{ viewer { login } }");
out.repository = await ask(
  "query ($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { nameWithOwner } }",
  { owner: "acme", name: "dev-deployment" });
const failure = async (query) => {
  try { await ask(query); return null; } catch (error) {
    return { response: error instanceof GraphqlResponseError, status: error.status ?? null, data: error.data ?? null,
      type: error.errors?.[0]?.type ?? null, message: error.message };
  }
};
out.missing = await failure('{ repository(owner: "acme", name: "nope") { id } viewer { login } }');
out.beyond = await failure('{ meta { gitHubServicesSha } }');
console.log(JSON.stringify(out));
"""


@pytest.fixture(scope="module")
def octokit():
    try:
        return installed(OCTOKIT)
    except UNREACHABLE as error:
        or_skip(OCTOKIT, error)


def test_octokit_s_graphql_works(octokit, forge, as_, tmp_path):
    script = os.path.join(octokit, f"ask-{os.getpid()}.mjs")
    with open(script, "w", encoding="utf-8") as file:
        file.write(SCRIPT)
    try:
        command = ["node", script, as_("ann").token, forge.urls.api]
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    finally:
        os.unlink(script)
    assert done.returncode == 0, done.stderr.decode()
    found = json.loads(done.stdout)
    assert found["viewer"] == {"viewer": {"login": "ann"}}
    assert found["repository"] == {"repository": {"nameWithOwner": "acme/dev-deployment"}}
    assert (found["missing"]["response"], found["missing"]["type"]) == (True, "NOT_FOUND")
    assert found["missing"]["data"] == {"repository": None, "viewer": {"login": "ann"}}
    assert found["beyond"]["status"] == 501
