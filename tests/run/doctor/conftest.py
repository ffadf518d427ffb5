"""A team on the sandbox's GitHub, whose set-up is right until a test makes it worse; and a doctor who looks."""

import json
import os
import re
import shlex
import shutil

import pytest

from engine import data
from engine.adapters.github.auth import needed
from engine.core.app_manifest import manifest
from engine.core.doctor import Finding
from engine.run.doctor import github
from engine.run.rights import rights
from engine.sandbox.forge.serve import running
from tests.sandbox.forge.conftest import Client, signed

SOURCE, CONTROLLER = "acme/dev-deployment", "acme/controller"
# What a test may change, and the next one finds as it was.
TABLES = (
    "rulesets", "environments", "branch_policies", "apps", "installations", "installation_repositories", "hooks",
    "deliveries", "repositories", "members",
)  # fmt: skip
WORKFLOW = """
on: push
jobs:
  sign: {environment: interlock-sign}
  apply: {environment: {name: "${{ needs.sign.outputs.environment || 'otherwise' }}"}}
  check: {}
"""
NOBODY = "http://127.0.0.1:9/"  # nobody listens there


class Team:
    """Their GitHub, their controller's checkout, and who asks."""

    def __init__(self, forge, controller):
        self.forge, self.controller = forge, controller
        self.secret = {}

    def token(self, login):
        sql = "SELECT token FROM tokens t JOIN accounts a ON a.id = t.account WHERE a.login = ? AND t.kind = 'personal'"
        return self.forge.kept.value(sql, login)

    def olga(self, verb, path, body=None):
        """The owner asks for something, and gets it."""
        answer = Client(self.forge, self.token("olga"))(verb, path, body)
        assert answer.status < 300, (verb, path, answer)
        return answer.body

    def as_app(self, verb, path, body=None):
        answer = Client(self.forge, signed(self.forge))(verb, path, body)
        assert answer.status < 300, answer
        return answer.body

    def sql(self, statement, *values):
        """What only GitHub's pages can do."""
        self.forge.kept.run(statement, *values)

    def look(self, login="olga", repo=CONTROLLER, **environ) -> list[Finding]:
        key = os.path.join(self.forge.folder, "app-key.pem")
        known = {
            "GITHUB_API_URL": self.forge.urls.api, "ENGINE_GITHUB_APP_ID": "1", "ENGINE_GITHUB_APP_KEY_FILE": key,
            "GITHUB_TOKEN": self.token(login) or "", "HOME": os.environ["HOME"], "PATH": os.environ["PATH"],
        }  # fmt: skip
        known |= environ
        return github.look(self.controller, repo, {name: value for name, value in known.items() if value})

    def wrong(self, **how) -> list[Finding]:
        return [one for one in self.look(**how) if not one.ok]

    def gh(self, mend):
        """Runs what a finding says, as `gh` would: what is said to GitHub, to the last character."""
        for command in mend.split(" && "):
            program, api, _, verb, path, *body = shlex.split(command)
            assert (program, api, body[:3] in ([], ["--input", "-", "<<<"])) == ("gh", "api", True), command
            self.olga(verb, f"/{path}", json.loads(body[3]) if body else None)

    def ruleset(self, repo, branch, **changes):
        """The number of the ruleset of a branch, after changing it."""
        rows = self.olga("GET", f"/repos/{repo}/rulesets")
        number = next(row["id"] for row in rows if row["name"] == f"interlock: {branch}")
        self.olga("PUT", f"/repos/{repo}/rulesets/{number}", changes) if changes else None
        return number

    def drop(self, repo, name):
        for row in self.olga("GET", f"/repos/{repo}/rulesets"):
            if row["name"] == name:
                self.olga("DELETE", f"/repos/{repo}/rulesets/{row['id']}")

    def rules(self, repo, branch, kind, **parameters):
        """The rules of that ruleset without one; with parameters, with those instead."""
        number = self.ruleset(repo, branch)
        rules = self.olga("GET", f"/repos/{repo}/rulesets/{number}")["rules"]
        rest = [rule for rule in rules if rule["type"] != kind]
        self.ruleset(repo, branch, rules=[*rest, {"type": kind, "parameters": parameters}] if parameters else rest)


def checkout(folder):
    """A controller with two branches to look after, and a workflow with secrets."""
    for name in ("specs", "approvers-config.yaml", "special-approvers.yaml"):
        place = os.path.join(data.ROOT, name)
        if os.path.isdir(place):
            shutil.copytree(place, folder / name)
        elif os.path.exists(place):
            shutil.copy(place, folder / name)
    with open(os.path.join(data.ROOT, "deployment-rules.yaml"), encoding="utf-8") as file:
        text = re.sub(r"(?m)^  (staging|production): .*\n", "", file.read(), count=2)
    (folder / "deployment-rules.yaml").write_text(text.replace("'production'", "'development'"))
    (folder / ".github" / "workflows").mkdir(parents=True)
    (folder / ".github" / "workflows" / "centralized-controller.yml").write_text(WORKFLOW)
    return str(folder)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    """A new sandbox: its rulesets let the App and the owners pass, and nothing else is set up."""
    with running(str(tmp_path_factory.mktemp("forge"))) as forge:
        yield Team(forge, checkout(tmp_path_factory.mktemp("controller")))


@pytest.fixture(scope="module")
def well(seeded):
    """Set up by the very commands that its findings name, and for the App by what only GitHub's pages do."""
    wanted = rights(seeded.controller)
    made = manifest("x", needed(wanted.permissions), wanted.events, "https://x.example/", "https://x.example/")
    seeded.sql(
        "UPDATE apps SET permissions_json = ?, events_json = ?",
        json.dumps(made["default_permissions"]),
        json.dumps(made["default_events"]),
    )
    seeded.sql("UPDATE installations SET selection = 'selected'")
    seeded.sql("INSERT INTO installation_repositories SELECT 1, id FROM repositories WHERE name = 'dev-deployment'")
    seeded.as_app("PATCH", "/app/hook/config", {"url": NOBODY})
    for mend in dict.fromkeys(one.mend for one in seeded.wrong() if one.mend.startswith("gh api")):
        seeded.gh(mend)
    return seeded


@pytest.fixture
def team(well):
    """As it should be; afterwards it is so again."""
    kept = well.forge.kept
    before = {table: kept.rows(f"SELECT * FROM {table}") for table in TABLES}
    yield well
    with kept.change():
        for table, rows in before.items():
            kept.run(f"DELETE FROM {table}")
            for row in rows:
                kept.insert(table, **row)
