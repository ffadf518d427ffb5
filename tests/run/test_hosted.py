"""`engine run` without a clone: one event, GitHub over HTTP, and what is printed, kept and told to the job."""

import json
import os
import re
import shutil
import subprocess
import sys
from base64 import b64decode

import pytest

from engine import data
from engine.cli.main import main
from engine.core.rules.load import load
from engine.errors import ExitCode
from engine.run.catalog import catalog
from engine.run.trusted import read_rules
from engine.sandbox.forge.serve import running
from tests.support.clone import bucket
from tests.support.hosted import REPO, Hosted


@pytest.fixture(scope="module")
def hosted(tmp_path_factory):
    with running(str(tmp_path_factory.mktemp("forge"))) as forge:
        yield Hosted(forge, str(tmp_path_factory.mktemp("cache")))


PIPELINES = """\
pipelines:
  - pipeline: look
    gates: [open, policy, reviewed, free, in-order, not-frozen]
    actions: [{id: r, uses: report.write}]
  - pipeline: plan
    gates: [open, declared-source, configuration-only, has-resources]
    permissions: [contents:read]
    actions:
      - {id: plan, uses: terraform.plan}
      - {id: policy, uses: policy.evaluate, with: {resources: "${outputs.plan.resources}"}}
      - {id: verdict, uses: verdict.sign, with: {plan: "${outputs.plan}", policy: "${outputs.policy}"}}
events:
  - {event: pull_request, types: [opened, synchronize], run: plan}
  - {event: workflow_dispatch, run: plan}
"""


@pytest.fixture(scope="module")
def controller(tmp_path_factory):
    """The shipped gates, groups, policies and module, and two pipelines that write nothing to GitHub."""
    folder = tmp_path_factory.mktemp("controller")
    with open(data.path("deployment-rules.yaml"), encoding="utf-8") as file:
        parts = re.split(r"\n(?=[a-z]+:|#)", file.read())
    kept = [part for part in parts if not part.startswith(("include:", "events:", "verdicts:"))]
    (folder / "deployment-rules.yaml").write_text("\n".join(kept) + "\n" + PIPELINES)
    for name in ("approvers-config.yaml", "policies", "terraform"):
        (shutil.copytree if os.path.isdir(data.path(name)) else shutil.copy)(data.path(name), folder / name)
    return str(folder)


@pytest.fixture
def run(hosted, controller, tmp_path, monkeypatch, capfd):
    """Run `engine run` on an event; (exit code, out directory, JSON, what was printed)."""

    def _run(body, name, *more, json_=True, **environ):
        for key in [key for key in os.environ if key.startswith(("GITHUB_", "ENGINE_"))]:
            monkeypatch.delenv(key)
        event = tmp_path / "event.json"
        event.write_text(json.dumps(body))
        store = f"dir:{tmp_path}/store?shared=1"
        given = {**hosted.environ, "ENGINE_STORE": store, "GITHUB_EVENT_PATH": str(event), "GITHUB_EVENT_NAME": name}
        for key, value in {**given, **environ}.items():
            monkeypatch.setenv(key, value)
        out = tmp_path / "out"
        capfd.readouterr()
        words = ["run", "--rules", controller, "--out", str(out), *(["--json"] if json_ else []), *more]
        code = main(words)
        printed = capfd.readouterr()
        said = json.loads(printed.out) if json_ and printed.out else None
        return code, out, said, printed

    return _run


def by_hand(number, **more):
    inputs = {"source_repo": REPO, "pr_number": str(number)}
    return {"inputs": inputs, "ref": "refs/heads/main", "workflow": "w", "repository": {"full_name": REPO}, **more}


def labeled(hosted, number, by, **more):
    """A `pull_request` event that starts `validate`, though with these rules nothing else than who did it matters."""
    who = hosted.users.get(by) or hosted.app["bot"]
    kind = "User" if by in hosted.users else "Bot"
    pull = hosted.as_("ann", "GET", f"/pulls/{number}").body
    sender = {"id": who["id"], "login": who["login"], "type": kind}
    body = {"action": "synchronize", "number": number, "pull_request": pull, "sender": sender}
    return {**body, "repository": {"full_name": REPO}, **more}


def test_what_is_missing_for_a_merge(hosted, controller, run, tmp_path):
    number = hosted.pull("missing")
    summary = tmp_path / "summary.md"
    code, out, said, printed = run(
        by_hand(number), "workflow_dispatch", "--pipeline", "look", GITHUB_STEP_SUMMARY=str(summary)
    )
    assert code == ExitCode.WAITING, printed.err
    assert said["requests"] == 5, "where the App is installed, its token, the pull request, its people, its pushes"
    facts = json.loads((out / "facts.json").read_text())
    assert (facts["origin"], facts["failed"]) == ("github", {})
    assert set(facts["absent"]) == {"merged", "verdict"}
    report = (out / "report.md").read_text()
    assert summary.read_text() == report
    assert "no verdict yet" in report
    again = ["explain", "--event", str(out / "event.json"), "--event-name", "workflow_dispatch", "--rules", controller]
    assert main([*again, "--facts", str(out / "facts.json"), "--pipeline", "look"]) == ExitCode.WAITING


def test_what_is_refused_is_annotated_at_its_line(hosted, run):
    files = {"S3/odd/odd.tfvars": bucket("acme-odd", more="force_destroy = 1 + 2")}
    number = hosted.pull("annotated", files=files)
    code, _, _, printed = run(by_hand(number), "workflow_dispatch", json_=False, GITHUB_ACTIONS="true")
    assert code == ExitCode.NEGATIVE
    commands = [line for line in printed.out.splitlines() if line.startswith("::")]
    assert any(line.startswith("::error file=S3/odd/odd.tfvars,line=3,title=ENG3") for line in commands), commands
    code, _, said, printed = run(by_hand(number), "workflow_dispatch", GITHUB_ACTIONS="true")
    assert said["status"] == "done", "data stays data"
    assert "::error file=" in printed.err


def test_outside_of_a_job_nobody_is_commanded(hosted, run):
    number = hosted.pull("outside", files={"main.tf": "# mine"})
    _, _, _, printed = run(by_hand(number), "workflow_dispatch", json_=False)
    assert "::error" not in printed.out + printed.err


def test_an_event_of_the_clock_alone_is_worth_no_request(hosted, run):
    code, _, said, _ = run({"schedule": "1h"}, "schedule")
    assert (code, said["status"], said["requests"]) == (ExitCode.DONE, "nothing_to_do", 0)


@pytest.mark.parametrize(
    ("why", "by", "action", "environ", "starts"),
    [
        ("our own doing", "us", "synchronize", {"ENGINE_GITHUB_BOT_ID": "bot"}, False),
        ("a person's", "alice", "synchronize", {"ENGINE_GITHUB_BOT_ID": "bot"}, True),
        ("what we open is validated", "us", "opened", {"ENGINE_GITHUB_BOT_ID": "bot"}, True),
        ("where no setting says who we are, GitHub does", "us", "synchronize", {}, False),
    ],
)
def test_what_we_did_ourselves_starts_nothing(hosted, run, why, by, action, environ, starts):
    number = hosted.pull(f"by-{by}-{action}-{len(environ)}", files={"main.tf": "# refused"})
    known = {name: str(hosted.app["bot"]["id"]) for name in environ}
    code, out, said, _ = run(labeled(hosted, number, by, action=action), "pull_request", **known)
    assert (said["status"] == "done") is starts, why
    assert code == (ExitCode.NEGATIVE if starts else ExitCode.DONE)
    if not starts:
        assert said["requests"] == (0 if known else 3), why
        assert json.loads((out / "report.json").read_text())["result"] == "idle"


def test_a_run_of_a_head_that_has_moved_on_is_superseded(hosted, run, monkeypatch):
    from engine.run.facts import hosted as sides

    monkeypatch.setattr(sides, "pauses", lambda tries, *_: iter([0.0] * (tries - 1)))
    number = hosted.pull("superseded", files={"main.tf": "# refused"})
    body = labeled(hosted, number, "alice")
    hosted.push("superseded", {"README.md": "on"})
    code, out, _, _ = run(body, "pull_request")
    assert code == ExitCode.STALE
    assert json.loads((out / "report.json").read_text())["result"] == "superseded"


@pytest.mark.parametrize("option", [["--allow-destroy", "S3/x"], ["--allow-move", "S3/x"], ["--source", REPO]])
def test_what_a_clones_owner_may_say_nobody_says_on_github(hosted, run, option):
    code, _, _, printed = run({"schedule": "1h"}, "schedule", *option)
    assert code == ExitCode.CONFIG
    assert "ENG579" in printed.err


def test_another_repository_is_asked_nothing(hosted, run):
    body = {**by_hand(1), "inputs": {"source_repo": "acme/controller", "pr_number": "1"}}
    code, _, _, printed = run(body, "workflow_dispatch", "--pipeline", "look")
    assert code == ExitCode.CONFIG
    assert "ENG358" in printed.err


def test_without_credentials_it_says_so(hosted, run):
    number = hosted.pull("nobody")
    no = {"ENGINE_GITHUB_APP_ID": "", "ENGINE_GITHUB_APP_KEY_FILE": ""}
    code, _, _, printed = run(by_hand(number), "workflow_dispatch", **no)
    assert code == ExitCode.AUTH
    assert "ENG593" in printed.err


def test_what_starts_nothing_loads_nothing_of_github_and_asks_nobody(hosted, controller, tmp_path):
    """In a process of its own, with GitHub and the store where nobody listens."""
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"schedule": "1h"}))
    words = ["run", "--rules", controller, "--out", str(tmp_path / "out"), "--json"]
    far = ("github", "jwt", "requests", "urllib3", "boto3", "botocore", "cryptography")
    program = (
        "import sys\n"
        "from engine.cli.main import main\n"
        f"code = main({words!r})\n"
        f"print(code.name, *(name for name in {far!r} if name in sys.modules), file=sys.stderr)\n"
    )
    environ = {
        **hosted.environ,
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_EVENT_NAME": "schedule",
        "GITHUB_API_URL": "http://127.0.0.1:9/api/v3",
        "ENGINE_STORE": "s3:no-such-bucket/runs",
    }
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environ)
    assert json.loads(done.stdout)["requests"] == 0
    assert done.stderr.splitlines()[-1] == "DONE", done.stderr


def test_whose_the_logins_are_is_written_into_the_file(hosted, controller, tmp_path, monkeypatch, capfd):
    mine = tmp_path / "mine"
    shutil.copytree(controller, mine)
    file = mine / "approvers-config.yaml"
    file.write_text(file.read_text().replace("[carol]", "[carol, nobody-at-all]"))
    for key, value in hosted.environ.items():
        monkeypatch.setenv(key, value)
    assert main(["doctor", "--pin", "--rules", str(mine)]) == ExitCode.NEGATIVE
    assert "nobody-at-all: nobody on GitHub has that login" in capfd.readouterr().out
    ann, carol = (hosted.users[login]["id"] for login in ("ann", "carol"))
    text = file.read_text()
    assert f"{{users: [{{login: ann, id: {ann}}}, {{login: bob" in text
    assert f"[{{login: carol, id: {carol}}}, nobody-at-all]" in text
    assert "# Who may approve." in text
    assert load(read_rules(str(mine)), catalog()).groups["ciso"].ids == {"carol": carol}


def test_a_verdict_says_that_github_told_and_whose_hands_were_in_it(hosted, run, machine, tmp_path):
    """Planned without an account, and by no real Terraform: those have tests of their own."""
    files = {"S3/plain/plain.tfvars": bucket("acme-plain", environment="sandbox")}
    hosted.push("plain", files, base="main")
    number = hosted.pull("plain", base="main", files={"README.md": "plain"})
    code, out, said, printed = run(
        by_hand(number),
        "workflow_dispatch",
        **{**machine.environ, "ENGINE_TRUSTED_KEYS": ""},
    )
    assert code == ExitCode.DONE, printed.err
    envelope = json.loads((out / "statement.json").read_text())
    verdict = json.loads(b64decode(envelope["payload"]))["predicate"]["verdict"]
    alice = [hosted.users["alice"]["id"]]
    assert verdict["origin"] == "github"
    assert verdict["hands"] == {"authors": alice, "committers": alice, "pushers": alice}
    assert said["requests"] <= 14
    kept = [os.path.join(folder, name) for folder, _, names in os.walk(tmp_path / "store") for name in names]
    assert any("/statements/acme/dev-deployment/" in path for path in kept)
