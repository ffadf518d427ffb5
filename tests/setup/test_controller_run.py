"""From an empty folder to what is applied: the pages are followed as they are written, the workflows executed.

What a reader types of QUICK-START and of the set-up guide is typed here, in its order; GitHub is set up as the guide's
tables say. Then both repositories' workflows do the work, in the sandbox's forge and AWS.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from engine.sandbox import aws, stage
from engine.sandbox.forge.git.repositories import create_repository
from engine.sandbox.forge.ready import ready
from engine.sandbox.forge.seed import GRANTS
from engine.sandbox.forge.serve import running
from engine.sandbox.scenarios.reach import SOURCE, Reach
from tests.support.consoles import ROOT, rows, typed
from tests.support.http import Answer, Far
from tests.support.identity import BEARER, token
from tests.support.receiver import until
from tests.support.workflow import Host, run

ENVIRONMENTS = {"development": "111111111111", "staging": "222222222222", "production": "333333333333"}
QUICK, GUIDE = "docs/QUICK-START.md", "docs/COMPLETE-PIPELINE-SETUP-GUIDE.md"
# A session's token begins so (moto), and so does the token of the job; both are in no file, nor in the store.
SESSION = re.compile(rb"FQoGZXIvYXdz[A-Za-z0-9+/=]{40}|" + token().encode())
REPOSITORIES = {"controller": "acme/controller", "source": SOURCE}


class World:
    """A forge and an AWS without an engine, and the two repositories of whoever follows the pages, all set up."""

    def __init__(self, top, forge, cloud, hooks, oidc):
        self.cloud, self.top, self.hooks, self.oidc, self.said = cloud, top, hooks, oidc, ready(forge)
        self.reach, self.runs = Reach(self.said, str(top)), 0
        self.place = stage.prepared(str(top / "stage"), cloud, forge, self.said["app"])
        self.empty = top / "empty"
        self.empty.mkdir()
        emptied(forge)
        apps = self._apps(forge)
        self._follow(apps)
        for kind, name in REPOSITORIES.items():
            self.reach.git("olga", str(top), "clone", "--quiet", f"{self.said['git_url']}/{name}.git", kind)
        secrets, variables = self._settings(cloud, apps)
        environ = self._environ()
        self.hosts = {
            "source": Host(secrets["source"], variables["source"], environ),
            "controller": Host(
                secrets["controller"], variables["controller"], environ, oidc=(f"{oidc.url}/?job", BEARER)
            ),
        }

    def _apps(self, forge):
        """The three Apps of the guide, by the folder of the key: its id, and what else is said of it."""
        acts = self.said["app"]
        made = {"interlock-app": (acts["id"], Path(acts["private_key_file"]).read_text())}
        made["interlock-reader"] = an_app(forge, "reader", dict.fromkeys(GRANTS, "read"))
        made["interlock-dispatch"] = an_app(forge, "dispatch", {"contents": "write", "metadata": "read"})
        assert {row[4].strip("`").partition("/")[0] for row in rows(GUIDE, "App")} == made.keys()
        for folder, (_, private) in made.items():
            (self.empty / folder).mkdir(mode=0o700)
            (self.empty / folder / "app-key.pem").write_text(private)
        return {folder: str(number) for folder, (number, _) in made.items()}

    def _follow(self, apps):
        """What is typed, where it is typed; and the files that are shown."""
        olga = next(user for user in self.said["users"] if user["login"] == "olga")
        environ = {
            **{name: value for name, value in os.environ.items() if name in ("HOME", "LANG") or name[:4] == "PIP_"},
            "PATH": os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]]),
            "INTERLOCK": str(ROOT), "APP_ID": apps["interlock-app"], "GITHUB_TOKEN": olga["token"],
            "GITHUB_API_URL": self.said["api_url"], "NO_PROXY": "127.0.0.1", "GIT_CONFIG_NOSYSTEM": "1",
            **{f"GIT_{who}_{what}": olga["email"] for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{with_token(self.said['git_url'], olga['token'])}/.insteadOf",
            "GIT_CONFIG_VALUE_0": "https://github.com/",
        }  # fmt: skip
        for page in (QUICK, GUIDE):
            done = list(typed(page, "tests/setup/test_controller_run.py"))
            assert len(done) >= 2, page
            for file, what in done:
                if file:
                    (self.empty / file).parent.mkdir(parents=True, exist_ok=True)
                    (self.empty / file).write_text(what)
                    continue
                came = subprocess.run(
                    ["bash", "-c", what],
                    cwd=self.empty,
                    env=environ,
                    capture_output=True,
                    text=True,
                    timeout=300,
                    check=False,
                )
                assert came.returncode == 0, f"{page}: $ {what}\n{came.stdout}{came.stderr}"

    def _settings(self, cloud, apps):
        """Secrets and variables of both repositories and of their environments, as the guide's tables say."""
        files = {name.strip("`"): self.empty / file.strip("`") for name, file in rows(GUIDE, "secret")}
        known = {
            "DISPATCH_APP_ID": apps["interlock-dispatch"],
            "INTERLOCK_APP_ID": apps["interlock-app"],
            "INTERLOCK_BOT_ID": str(self.said["app"]["bot"]["id"]),
            "INTERLOCK_READER_ID": apps["interlock-reader"],
            "INTERLOCK_STORE": self.place.environ["ENGINE_STORE"],
            "INTERLOCK_STORE_REGION": self.place.environ["ENGINE_STORE_REGION"],
            "INTERLOCK_STATE_BUCKET": self.place.environ["ENGINE_STATE_BUCKET"],
        }
        secrets: dict[str, dict[str, dict[str, str]]] = {kind: {"": {}} for kind in REPOSITORIES}
        variables: dict[str, dict[str, dict[str, str]]] = {kind: {"": {}} for kind in REPOSITORIES}
        for names, _ in rows(GUIDE, "variable of the controller's repository"):
            variables["controller"][""] |= {name: known[name] for name in words(names)}
        for kind, environment, held, said in rows(GUIDE, "repository"):
            [place] = words(environment)
            secrets[kind][place] = {name: files[name].read_text() for name in words(held)}
            role = {"INTERLOCK_STORE_ROLE": f"arn:aws:iam::{cloud.store.account}:role/{place}"}
            variables[kind][place] = {name: {**known, **role}[name] for name in words(said)}
        return secrets, variables

    def _environ(self):
        """Of the machines that jobs run on: where the sandbox is, and a pip that only says what it was to install."""
        names = (
            "AWS_ENDPOINT_URL",
            "AWS_REGION",
            "ENGINE_EMULATOR",
            "GITHUB_API_URL",
            "GITHUB_GRAPHQL_URL",
            "NO_PROXY",
        )
        of = self.place.environ
        environ = {**self.place.surroundings, **{name: of[name] for name in (*names, "GITHUB_SERVER_URL")}}
        (self.top / "bin").mkdir()
        (self.top / "bin" / "pip").write_text(f'#!/bin/sh\necho "$@" >> {self.top}/installed\n')
        (self.top / "bin" / "pip").chmod(0o755)
        environ["PATH"] = os.pathsep.join([str(self.top / "bin"), os.path.dirname(sys.executable), environ["PATH"]])
        return environ

    def heard(self, since, event, **wanted):
        """The newest webhook of that kind since so many which says that, once it is there."""

        def found():
            new = [one for one in self.hooks.asked[since:] if one.headers["x-github-event"] == event]
            bodies = map(json.loads, (one.body for one in new))
            return [body for body in bodies if all(body.get(name) == value for name, value in wanted.items())]

        until(found)
        return found()[-1]

    def run(self, kind, name, event, body):
        """The jobs of a workflow, of which none fails."""
        self.runs += 1
        done = run(self.top / kind, name, (event, body), self.hosts[kind], self.top / str(self.runs))
        assert {job.result for job in done.values()} <= {"success", "skipped"}, "\n".join(j.log for j in done.values())
        return done

    def stored(self):
        """What is in the store, by key."""
        one = self.cloud.store
        keys = {"aws_access_key_id": one.access_key_id, "aws_secret_access_key": one.secret_access_key}
        there = boto3.resource("s3", endpoint_url=self.cloud.url, region_name=self.cloud.region, **keys)
        objects = there.Bucket(aws.STORE).objects.all()
        return {found.key.removeprefix("sandbox/"): found.get()["Body"].read() for found in objects}

    def sent(self, event, body):
        """By the source's workflow to the controller's: where each of its jobs stopped, and what they have said."""
        before = len(self.hooks.asked)
        self.run("source", "dispatch-to-controller", event, body)
        dispatched = self.heard(before, "repository_dispatch")
        done = self.run("controller", "centralized-controller", "repository_dispatch", dispatched)
        log = "\n".join(job.log for job in done.values())
        assert "start what a sweep has found" not in log, "nobody else waits"
        return {name: job.outputs.get("next", "") for name, job in done.items() if job.result == "success"}, log

    def ended(self, event, body, **more):
        """The source's `changed`, which does nothing, and what GitHub says when it has ended."""
        self.run("source", "changed", event, body)
        said = {"event": event, "head_repository": {"id": body["repository"]["id"]}, "pull_requests": [], **more}
        return self.sent(
            "workflow_run", {"action": "completed", "workflow_run": said, "repository": body["repository"]}
        )


def words(cell):
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def with_token(url, token):
    return url.replace("://", f"://x-access-token:{token}@")


@pytest.fixture
def world(tmp_path):
    hooks, said = Far(lambda _asked: Answer(200)), json.dumps({"value": token()}).encode()
    oidc = Far(lambda _asked: Answer(200, said))
    with (
        hooks.serving() as far,
        oidc.serving() as tokens,
        aws.running(str(tmp_path), ENVIRONMENTS, lasting=False) as cloud,
        running(str(tmp_path), webhook=far.url) as forge,
    ):
        yield World(tmp_path, forge, cloud, hooks, tokens)


def emptied(forge):
    """The two repositories of the pages, new and empty; people may do there what they might before."""
    for name in REPOSITORIES.values():
        owner, _, short = name.partition("/")
        there = forge.repository(owner, short)
        with forge.kept.change():
            forge.kept.update("repositories", there["id"], deleted=1)
        made = create_repository(forge, there["owner"], short, kind=there["kind"])
        with forge.kept.change():
            for table in ("collaborators", "team_repositories"):
                for row in forge.kept.rows(f"SELECT * FROM {table} WHERE repository = ?", there["id"]):
                    forge.kept.insert(table, **{**row, "repository": made})


def an_app(forge, slug, permissions):
    """Another App of the organisation: its id and key."""
    key = generate_private_key(65537, 2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    with forge.kept.change():
        first = forge.kept.row("SELECT * FROM apps ORDER BY id")
        bot = forge.kept.insert("accounts", login=f"{slug}[bot]", kind="Bot", created_at=first["created_at"])
        row = {**first, "slug": slug, "name": slug, "bot": bot, "public_key": public, "events_json": "[]"}
        row["permissions_json"] = json.dumps(permissions)
        app = forge.kept.insert("apps", **{name: value for name, value in row.items() if name != "id"})
        forge.kept.insert("installations", app=app, account=first["owner"], created_at=first["created_at"])
    return app, private


@pytest.mark.slow
def test_who_follows_the_pages_has_a_change_applied_from_a_push_on(world):
    top, here, ask = world.top, f"/repos/{SOURCE}", world.reach.asked
    pushed = world.heard(0, "push", ref="refs/heads/first-bucket")
    steps, log = world.ended("push", pushed, head_branch="first-bucket")
    assert steps == {"route": ""}, log
    opened = world.heard(0, "pull_request", action="opened")
    number, at = opened["number"], {"number": opened["number"], "base": {"repo": {"id": opened["repository"]["id"]}}}
    steps, log = world.sent("pull_request_target", opened)
    assert steps == {"route": "terraform.plan", "plan": "verdict.sign", "sign": ""}, log
    ask("POST", f"{here}/pulls/{number}/reviews", {"event": "APPROVE"}, "ann")
    reviewed = world.heard(0, "pull_request_review", action="submitted")
    steps, log = world.ended("pull_request_review", reviewed, pull_requests=[at])
    assert steps == {"route": "github.merge", "sign": ""}, log
    steps, log = world.sent("pull_request_target", world.heard(0, "pull_request", action="closed"))
    assert steps == {"route": "github.settle", "sign": "terraform.apply", "apply": "github.comment", "report": ""}, log
    [deployment] = ask("GET", f"{here}/deployments", None, "ann")
    assert ask("GET", f"{here}/deployments/{deployment['id']}/statuses", None, "ann")[0]["state"] == "success", log
    said = [one["body"] for one in ask("GET", f"{here}/issues/{number}/comments", None, "ann")]
    assert any("applied" in body for body in said), log
    assert "--require-hashes" in (top / "installed").read_text()
    before, comments = len(world.hooks.asked), f"{here}/issues/{number}/comments"
    ask("POST", comments, {"body": "/engine rollback"}, "ann")
    steps, log = world.sent("issue_comment", world.heard(before, "issue_comment", action="created"))
    assert steps == {"route": "rollback.look", "plan": "rollback.open", "sign": ""}, log
    assert "ENG836" in ask("GET", comments, None, "ann")[-1]["body"], "there was nothing before it"
    artefacts = [file for file in top.glob("*/artefacts/*/**/*") if file.is_file()]
    assert {file.name for file in artefacts} == {"handover", "apply.log"}, "no plan leaves its job"
    held = {key.strip() for keys in world.hosts["controller"].secrets.values() for key in keys.values()}
    assert not [key for file in artefacts for key in held if key in file.read_text()]
    assert len(world.oidc.asked) > 8, "each job was somebody by its own identity"
    assert {one.headers["authorization"] for one in world.oidc.asked} == {f"Bearer {BEARER}"}
    files = [file for file in top.rglob("*") if file.is_file() and file.name != "aws-credentials"]
    kept = {str(file): file.read_bytes() for file in files}
    kept |= world.stored() | {"what was said": log.encode()}
    assert [path for path, data in kept.items() if SESSION.search(data)] == [], "keys of a session are in memory alone"
    assert any(path.startswith("journal/") for path in kept)
    lock = (top / "controller" / ".github" / "engine" / "engine.lock").read_text()
    assert re.fullmatch(r"interlock-engine==\S+ --hash=sha256:[0-9a-f]{64}\n", lock)
    rules = ask("GET", f"{here}/rules/branches/dev", None, "ann")
    assert {rule["type"] for rule in rules} >= {"pull_request", "required_status_checks"}
