"""The workflows of both repositories, executed: from a push to what is applied, in the sandbox's forge and AWS."""

import json
import os
import re
import sys
from pathlib import Path

import boto3
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from engine.adapters.keys import SECRETS, signs
from engine.sandbox import aws, stage
from engine.sandbox.forge.ready import ready
from engine.sandbox.forge.seed import GRANTS
from engine.sandbox.forge.serve import running
from engine.sandbox.scenarios.reach import SOURCE, Reach
from engine.sandbox.scenarios.stories import good
from engine.setup.repository import made
from tests.support.http import Answer, Far
from tests.support.identity import token
from tests.support.receiver import until
from tests.support.setup import answers
from tests.support.workflow import Host, run

ENVIRONMENTS = {"development": "111111111111", "staging": "222222222222", "production": "333333333333"}
SAID = {"controller": "acme/controller", "source": SOURCE, "accounts": ENVIRONMENTS, "reviewers": ["acme/platform"]}
SAID |= {"security": ["acme/security"], "ciso": ["carol"], "special_approvers": ["dave"]}
KEYS = {"route": "handover", "plan": "digest handover", "sign": "handover merge signing"}
KEYS |= {"apply": "audit backup digest handover", "report": "handover signing"}
PLACES = {"interlock-route": "route", "interlock-plan-development": "plan", "interlock-sign": "sign"}
PLACES |= {"development": "apply", "interlock-report": "report"}


# A session's token begins so (moto), and so does the token of the job; both are in no file, nor in the store.
SESSION = re.compile(rb"FQoGZXIvYXdz[A-Za-z0-9+/=]{40}|" + token().encode())


class World:
    """A forge and an AWS without an engine, and the two repositories that `init` writes, all set up."""

    def __init__(self, top, forge, cloud, hooks, oidc):
        self.cloud, self.top, self.hooks, self.oidc, said = cloud, top, hooks, oidc, ready(forge)
        self.reach, self.runs = Reach(said, str(top)), 0
        place = stage.prepared(str(top), cloud, forge, said["app"])
        for kind in ("controller", "source"):
            for path, data in made(answers(kind, **SAID)).items():
                (top / kind / path).parent.mkdir(parents=True, exist_ok=True)
                (top / kind / path).write_bytes(data)
        trusted = top / "keys" / "trusted-keys.yaml"
        (top / "controller" / "trusted-keys.yaml").write_bytes(trusted.read_bytes())
        names = (
            "AWS_ENDPOINT_URL",
            "AWS_REGION",
            "ENGINE_EMULATOR",
            "GITHUB_API_URL",
            "GITHUB_GRAPHQL_URL",
            "NO_PROXY",
        )
        environ = {**place.surroundings, **{name: place.environ[name] for name in (*names, "GITHUB_SERVER_URL")}}
        (top / "bin").mkdir()
        (top / "bin" / "pip").write_text(f'#!/bin/sh\necho "$@" >> {top}/installed\n')
        (top / "bin" / "pip").chmod(0o755)
        environ["PATH"] = os.pathsep.join([str(top / "bin"), os.path.dirname(sys.executable), environ["PATH"]])
        number, private = an_app(forge, "dispatch", {"contents": "write", "metadata": "read"})
        source = {"dispatch": {"DISPATCH_APP_KEY": private}}, {"dispatch": {"DISPATCH_APP_ID": str(number)}}
        reader = an_app(forge, "reader", dict.fromkeys(GRANTS, "read"))
        controller = settings_of(top / "keys", cloud, place, said["app"], reader)
        self.hosts = {
            "source": Host(source[0], source[1], environ),
            "controller": Host(controller[0], controller[1], environ, oidc=(f"{oidc.url}/?job", "bearer-of-the-job")),
        }

    def heard(self, since, event, action=None):
        """The newest webhook of that kind since so many, once it is there."""

        def found():
            new = [one for one in self.hooks.asked[since:] if one.headers["x-github-event"] == event]
            return [body for body in map(json.loads, (one.body for one in new)) if action in (None, body.get("action"))]

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
        bucket = boto3.resource("s3", endpoint_url=self.cloud.url, region_name=self.cloud.region, **keys).Bucket(
            aws.STORE
        )
        return {found.key.removeprefix("sandbox/"): found.get()["Body"].read() for found in bucket.objects.all()}

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


def settings_of(keys, cloud, place, app, reader):
    """Secrets and variables of the controller's repository and of its environments, as its README has them."""
    files = {"signing": signs("verdict"), "merge": signs("merge"), "audit": signs("audit")}
    files |= {name.partition(".")[0]: name for name in SECRETS}
    apps = {"INTERLOCK_APP_KEY": Path(app["private_key_file"]).read_text(), "INTERLOCK_READER_KEY": reader[1]}
    secrets, variables = {}, {}
    for name, job in PLACES.items():
        secrets[name] = {f"ENGINE_{key.upper()}_KEY": (keys / files[key]).read_text() for key in KEYS[job].split()}
        who = "INTERLOCK_READER_KEY" if job in ("plan", "apply") else "INTERLOCK_APP_KEY"
        secrets[name][who] = apps[who]
        variables[name] = {"INTERLOCK_STORE_ROLE": f"arn:aws:iam::{cloud.store.account}:role/{job}"}
    variables[""] = {
        "INTERLOCK_APP_ID": str(app["id"]),
        "INTERLOCK_BOT_ID": str(app["bot"]["id"]),
        "INTERLOCK_READER_ID": str(reader[0]),
        "INTERLOCK_STORE": place.environ["ENGINE_STORE"],
        "INTERLOCK_STORE_REGION": place.environ["ENGINE_STORE_REGION"],
        "INTERLOCK_STATE_BUCKET": place.environ["ENGINE_STATE_BUCKET"],
    }
    return secrets, variables


@pytest.mark.slow
def test_from_a_push_to_what_is_applied(world):
    top, asked = world.top, lambda login, path, verb="GET", body=None: world.reach.asked(verb, path, body, login)
    clone, here = top / "dev-deployment", f"/repos/{SOURCE}"
    world.reach.checkout("alice", SOURCE, "flows", "dev")
    for path, data in good().items():
        (clone / path).parent.mkdir(parents=True, exist_ok=True)
        (clone / path).write_bytes(data)
    for words in (["add", "--all"], ["commit", "-qm", "A bucket"], ["push", "-q", "origin", "HEAD:refs/heads/flows"]):
        world.reach.git("alice", str(clone), *words)
    steps, log = world.ended("push", world.heard(0, "push"), head_branch="flows")
    assert steps == {"route": ""}, log
    opened = world.heard(0, "pull_request", "opened")
    number, at = opened["number"], {"number": opened["number"], "base": {"repo": {"id": opened["repository"]["id"]}}}
    steps, log = world.sent("pull_request_target", opened)
    assert steps == {"route": "terraform.plan", "plan": "verdict.sign", "sign": ""}, log
    asked("ann", f"{here}/pulls/{number}/reviews", "POST", {"event": "APPROVE"})
    steps, log = world.ended(
        "pull_request_review", world.heard(0, "pull_request_review", "submitted"), pull_requests=[at]
    )
    assert steps == {"route": "github.merge", "sign": ""}, log
    steps, log = world.sent("pull_request_target", world.heard(0, "pull_request", "closed"))
    assert steps == {"route": "github.settle", "sign": "terraform.apply", "apply": "github.comment", "report": ""}, log
    [deployment] = asked("ann", f"{here}/deployments")
    assert asked("ann", f"{here}/deployments/{deployment['id']}/statuses")[0]["state"] == "success", log
    assert any("applied" in one["body"] for one in asked("ann", f"{here}/issues/{number}/comments")), log
    assert "--require-hashes" in (top / "installed").read_text()
    before, comments = len(world.hooks.asked), f"{here}/issues/{number}/comments"
    asked("ann", comments, "POST", {"body": "/engine rollback"})
    steps, log = world.sent("issue_comment", world.heard(before, "issue_comment", "created"))
    assert steps == {"route": "rollback.look", "plan": "rollback.open", "sign": ""}, log
    assert "ENG836" in asked("ann", comments)[-1]["body"], "there was nothing before it"
    artefacts = [file for file in top.glob("*/artefacts/*/**/*") if file.is_file()]
    assert {file.name for file in artefacts} == {"handover", "apply.log"}, "no plan leaves its job"
    held = {key.strip() for keys in world.hosts["controller"].secrets.values() for key in keys.values()}
    assert not [key for file in artefacts for key in held if key in file.read_text()]
    assert len(world.oidc.asked) > 8, "each job was somebody by its own identity"
    assert {one.headers["authorization"] for one in world.oidc.asked} == {"Bearer bearer-of-the-job"}
    kept = {
        str(file): file.read_bytes() for file in top.rglob("*") if file.is_file() and file.name != "aws-credentials"
    }
    kept |= world.stored() | {"what was said": log.encode()}
    assert [path for path, data in kept.items() if SESSION.search(data)] == [], "keys of a session are in memory alone"
    assert any(path.startswith("journal/") for path in kept)
