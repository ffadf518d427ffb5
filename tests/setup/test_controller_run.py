"""The controller's workflow, executed: from a push to what is applied, against the sandbox's forge and AWS."""

import json
import os
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from engine.adapters.keys import SECRETS, signs
from engine.adapters.settings import SIGNING
from engine.sandbox import aws, stage
from engine.sandbox.forge.ready import ready
from engine.sandbox.forge.seed import GRANTS
from engine.sandbox.forge.serve import running
from engine.sandbox.scenarios.reach import SOURCE, Reach
from engine.sandbox.scenarios.stories import good
from engine.setup.repository import made
from tests.support.http import Answer, Far
from tests.support.setup import answers
from tests.support.workflow import Host, run

ENVIRONMENTS = {"development": "111111111111", "staging": "222222222222", "production": "333333333333"}
SAID = {"controller": "acme/controller", "source": SOURCE, "accounts": ENVIRONMENTS, "reviewers": ["acme/platform"]}
SAID |= {"security": ["acme/security"], "ciso": ["carol"], "special_approvers": ["dave"]}
KEYS = {"route": "handover", "plan": "digest handover", "sign": "handover merge signing"}
KEYS |= {"apply": "audit backup digest handover", "report": "handover signing"}
PLACES = {"interlock-route": "route", "interlock-plan-development": "plan", "interlock-sign": "sign"}
PLACES |= {"development": "apply", "interlock-report": "report"}


@pytest.fixture
def world(tmp_path):
    """A forge and an AWS without an engine; the controller's repository as `init` writes it; what is set there."""
    state, repo, tools = tmp_path / "state", tmp_path / "controller", tmp_path / "bin"
    for place in (state, tools):
        place.mkdir()
    for path, data in made(answers(**SAID)).items():
        (repo / path).parent.mkdir(parents=True, exist_ok=True)
        (repo / path).write_bytes(data)
    (tools / "pip").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/installed\n')
    (tools / "pip").chmod(0o755)
    oidc = Far(lambda _asked: Answer(200, b'{"value": "head.claims.code"}'))
    with (
        aws.running(str(state), ENVIRONMENTS, lasting=False) as cloud,
        running(str(state)) as forge,
        oidc.serving() as far,
    ):
        said = ready(forge)
        place = stage.prepared(str(state), cloud, forge, said["app"])
        (repo / "trusted-keys.yaml").write_bytes((state / "keys" / "trusted-keys.yaml").read_bytes())
        yield said, repo, host(state, cloud, place, said, tools, reading(forge), far.url), tmp_path


def reading(forge):
    """An App of the organisation that nothing lets write: its id and key."""
    key = generate_private_key(65537, 2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    with forge.kept.change():
        writes = forge.kept.row("SELECT * FROM apps")
        bot = {"login": "reader[bot]", "kind": "Bot", "created_at": writes["created_at"]}
        row = {**writes, "slug": "reader", "name": "Reader", "public_key": public}
        row |= {"permissions_json": json.dumps(dict.fromkeys(GRANTS, "read")), "events_json": "[]"}
        row |= {"bot": forge.kept.insert("accounts", **bot)}
        app = forge.kept.insert("apps", **{name: value for name, value in row.items() if name != "id"})
        forge.kept.insert("installations", app=app, account=writes["owner"], created_at=writes["created_at"])
    return app, private


def host(state, cloud, place, said, tools, reader, oidc):
    """The settings of the repository and of its environments, as QUICK-START has them."""
    keys = {purpose: state / "keys" / signs(purpose) for purpose in SIGNING}
    files = {"signing": keys["verdict"], "merge": keys["merge"], "audit": keys["audit"]}
    files |= {name.partition(".")[0]: state / "keys" / name for name in SECRETS}
    apps = {name: Path(said["app"]["private_key_file"]).read_text() for name in ("INTERLOCK_APP_KEY",)}
    apps["INTERLOCK_READER_KEY"] = reader[1]
    secrets, variables = {}, {}
    for name, job in PLACES.items():
        secrets[name] = {f"ENGINE_{key.upper()}_KEY": files[key].read_text() for key in KEYS[job].split()}
        app = "INTERLOCK_READER_KEY" if job in ("plan", "apply") else "INTERLOCK_APP_KEY"
        secrets[name][app] = apps[app]
        variables[name] = {"INTERLOCK_STORE_ROLE": f"arn:aws:iam::{cloud.store.account}:role/{job}"}
        variables[name] |= {"INTERLOCK_ROLE": f"arn:aws:iam::{ENVIRONMENTS['development']}:role/{job}"}
    variables[""] = {
        "INTERLOCK_APP_ID": str(said["app"]["id"]),
        "INTERLOCK_BOT_ID": str(said["app"]["bot"]["id"]),
        "INTERLOCK_READER_ID": str(reader[0]),
        "INTERLOCK_STORE": place.environ["ENGINE_STORE"],
        "INTERLOCK_STORE_REGION": place.environ["ENGINE_STORE_REGION"],
        "INTERLOCK_STATE_BUCKET": place.environ["ENGINE_STATE_BUCKET"],
    }
    names = ("AWS_ENDPOINT_URL", "AWS_REGION", "ENGINE_EMULATOR", "GITHUB_API_URL", "GITHUB_GRAPHQL_URL", "NO_PROXY")
    environ = {**place.surroundings, **{name: place.environ[name] for name in (*names, "GITHUB_SERVER_URL")}}
    environ["PATH"] = os.pathsep.join([str(tools), os.path.dirname(sys.executable), environ["PATH"]])
    return Host(secrets, variables, environ, oidc=(f"{oidc}?job", "bearer"))


@pytest.mark.slow
def test_from_a_push_to_what_is_applied(world):
    said, repo, host, top = world
    reach = Reach(said, str(top))

    def sent(number, **payload):
        """What the jobs came to that ran; whatever each was given, it was given by the file."""
        body = {"action": "interlock", "branch": "main", "repository": {"full_name": "acme/controller"}}
        body["client_payload"] = {"version": 1, "source_repo": SOURCE, **payload}
        done = run(repo, "centralized-controller", ("repository_dispatch", body), host, top / str(number))
        log = "\n".join(job.log for job in done.values())
        assert {job.result for job in done.values()} <= {"success", "skipped"}, log
        assert "start what a sweep has found" not in log, "nobody else waits"
        return {name: job.outputs.get("next", "") for name, job in done.items() if job.result == "success"}, log

    clone = top / "dev-deployment"
    reach.checkout("alice", SOURCE, "flows", "dev")
    for path, data in good().items():
        (clone / path).parent.mkdir(parents=True, exist_ok=True)
        (clone / path).write_bytes(data)
    for words in (["add", "--all"], ["commit", "-qm", "A bucket"], ["push", "-q", "origin", "HEAD:refs/heads/flows"]):
        reach.git("alice", str(clone), *words)
    assert sent(1, event="look", ref="refs/heads/flows")[0] == {"route": ""}
    [pull] = reach.asked("GET", f"/repos/{SOURCE}/pulls?head=acme:flows", None, "alice")
    number, at = pull["number"], {"head_sha": pull["head"]["sha"], "head_ref": "flows", "base_ref": "dev"}
    at["pr_number"] = number
    steps, log = sent(2, event="pull_request", action="opened", merged=False, **at)
    assert steps == {"route": "terraform.plan", "plan": "verdict.sign", "sign": ""}, log
    reach.asked("POST", f"/repos/{SOURCE}/pulls/{number}/reviews", {"event": "APPROVE"}, "ann")
    steps, log = sent(3, event="look", pr_number=number)
    assert steps == {"route": "github.merge", "sign": ""}, log
    assert reach.asked("GET", f"/repos/{SOURCE}/pulls/{number}", None, "ann")["merged"], log
    steps, log = sent(4, event="pull_request", action="closed", merged=True, **at)
    assert steps == {"route": "github.settle", "sign": "terraform.apply", "apply": "github.comment", "report": ""}, log
    [deployment] = reach.asked("GET", f"/repos/{SOURCE}/deployments", None, "ann")
    states = reach.asked("GET", f"/repos/{SOURCE}/deployments/{deployment['id']}/statuses", None, "ann")
    assert states[0]["state"] == "success", log
    comments = reach.asked("GET", f"/repos/{SOURCE}/issues/{number}/comments", None, "ann")
    assert any("applied" in one["body"] for one in comments), log
    names = {file.name for file in top.glob("*/artefacts/*/**/*") if file.is_file()}
    assert names == {"handover", "apply.log"}, "no plan leaves its job"
    for file in top.glob("*/artefacts/*/handover"):
        text = file.read_text()
        assert not [name for name, keys in host.secrets.items() for key in keys.values() if key.strip() in text]
    assert "--require-hashes" in (top / "installed").read_text()
