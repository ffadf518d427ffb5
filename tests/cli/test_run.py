"""`engine run` and the console: what is printed where, and what a reader that stops or a full disk does to it."""

import json
import os
import subprocess
import sys

import pytest

from engine.cli.main import main
from engine.errors import ExitCode
from tests.support.machine import bad, ended, good


def shell(text, **environ):
    """A command line of bash, `engine` in it; its exit code is the first one that is not 0."""
    environ = {**os.environ, "PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}", **environ}
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {text}"], env=environ, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize(
    ("why", "command", "code"),
    [
        ("the reader stops", "engine error | head -1", 0),
        ("and reads the diagnostics, too", "engine nope 2>&1 | head -0", ExitCode.CONFIG),
        ("standard output is closed", "engine version >&-", 0),
        ("both are", "engine nope >&- 2>&-", ExitCode.CONFIG),
        ("the disk behind it is full", "engine version > /dev/full", ExitCode.EXECUTOR),
        ("also for help", "engine run --help > /dev/full", ExitCode.EXECUTOR),
        ("also for diagnostics", "engine nope 2> /dev/full", ExitCode.CONFIG),
    ],
)
def test_outlets_that_take_nothing(why, command, code):
    done = shell(command)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), why
    assert "Exception ignored" not in done.stderr, why


def test_an_outlet_that_has_no_such_character():
    done = shell("engine doctor --rules /nowhere", PYTHONIOENCODING="ascii")
    assert (done.returncode, "Traceback" in done.stderr) == (ExitCode.NEGATIVE, False)
    assert "\\u2717 rules" in done.stdout
    done = shell("engine doctor --rules /nówhere --json", PYTHONIOENCODING="ascii")
    assert any("/nówhere" in row["problem"] for row in json.loads(done.stdout))


def test_a_run_whose_reader_stops_goes_on_and_keeps_its_exit_code(machine):
    machine.change({"S3/a.tfvars": bad()})
    words = " ".join(machine.words())
    done = shell(f"engine {words} 2>&1 | head -1", **machine.environ)
    assert done.returncode == ExitCode.NEGATIVE
    assert machine.report()["result"] == "failed"


@pytest.mark.parametrize("flags", [("--quiet",), ("-q", "--json")])
def test_quiet_is_quiet_and_json_is_one_document(machine, engine, flags):
    machine.change({"S3/a.tfvars": good()})
    done = engine(*machine.words(*flags))
    assert (done.code, done.err) == (ExitCode.DONE, "")
    if "--json" in flags:
        said = json.loads(done.out)
        ran = said["pipelines"][0]["ran"]
        done_here = [action["id"] for action in ran if action["status"] == "done"]
        assert done_here == ["plan", "policy", "verdict", "report"], "and what is done on GitHub is passed over"
        assert said["reports"][0]["result"] == "passed"


@pytest.mark.parametrize("words", [("keys", "new", "--quiet"), ("keys", "--quiet", "new")])
def test_a_flag_stands_before_or_after_a_verb(tmp_path, capsys, words):
    assert main([*words, "--out", str(tmp_path / "key.pem")]) == ExitCode.DONE
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("why", "event", "code"),
    [
        ("nothing there", "nowhere.json", "ENG001"),
        ("a directory", ".", "ENG001"),
        ("no end", "/dev/zero", "ENG151"),
        ("empty", "/dev/null", "ENG150"),
    ],
)
@pytest.mark.parametrize("command", ["run", "explain"])
def test_events_that_are_none(tmp_path, capsys, monkeypatch, why, event, code, command):
    monkeypatch.chdir(tmp_path)
    places = ["--repo", ".", "--out", "out"] if command == "run" else []
    assert main([command, "--event", event, *places]) == ExitCode.CONFIG, why
    assert code in capsys.readouterr().err, why


@pytest.mark.parametrize(
    ("why", "environ", "code", "exit_code"),
    [
        ("a key that is no text", {"ENGINE_SIGNING_KEY": os.fsdecode(b"\xff")}, "ENG283", ExitCode.AUTH),
        ("a key that is none", {"ENGINE_SIGNING_KEY": "garbage"}, "ENG283", ExitCode.AUTH),
        ("a file that is a directory", {"ENGINE_SIGNING_KEY_FILE": "/"}, "ENG001", ExitCode.CONFIG),
        ("no key", {"ENGINE_SIGNING_KEY_FILE": ""}, "ENG550", ExitCode.AUTH),
        ("a digest key that is short", {"ENGINE_DIGEST_KEY": "short"}, "ENG004", ExitCode.CONFIG),
        ("no Terraform", {"ENGINE_TERRAFORM": "/nowhere"}, "ENG400", ExitCode.EXECUTOR),
        ("another program", {"ENGINE_TERRAFORM": "true"}, "ENG402", ExitCode.EXECUTOR),
    ],
)
def test_settings_that_lead_nowhere(machine, engine, why, environ, code, exit_code):
    machine.change({"S3/a.tfvars": good()})
    done = engine(*machine.words(), **environ)
    assert (done.code, code in done.err) == (exit_code, True), f"{why}: {done.err}"
    assert not (machine.out / "statement.json").exists(), why


def test_something_in_the_way_of_the_plans(machine, engine):
    machine.change({"S3/a.tfvars": good()})
    machine.out.mkdir()
    (machine.out / "plans").write_text("in the way")
    done = engine(*machine.words())
    assert (done.code, "ENG002" in done.err) == (ExitCode.EXECUTOR, True)


def test_an_action_whose_time_is_up(machine, engine):
    spec = machine.controller / "specs" / "validate.yaml"
    spec.write_text(spec.read_text().replace("timeout: 45m", "timeout: 1s"))
    machine.program(plan="exec sleep 60")
    machine.change({"S3/a.tfvars": good()})
    done = engine(*machine.words())
    assert (done.code, "ENG555" in done.err) == (ExitCode.EXECUTOR, True)


def test_without_a_verdict_a_denial_and_a_failure_are_still_no_success(machine, engine):
    spec = machine.controller / "specs" / "validate.yaml"
    spec.write_text("".join(line for line in spec.open() if "id: verdict" not in line and "id: report" not in line))
    machine.change({"S3/a.tfvars": bad()})
    assert engine(*machine.words()).code == ExitCode.NEGATIVE
    machine.program(plan="exit 1")
    assert engine(*machine.words()).code == ExitCode.EXECUTOR


def test_a_child_run_keeps_its_results_apart(machine, engine):
    spec = machine.controller / "specs" / "validate.yaml"
    spec.write_text(spec.read_text().replace("then: merge ", "then: mergeable ", 1))
    machine.change({"S3/a.tfvars": good()})
    done = engine(*machine.words("--json"))
    assert [p["name"] for p in json.loads(done.out)["pipelines"]] == ["validate", "mergeable"]
    for folder, name in ((machine.out, "validate"), (machine.out / "mergeable", "mergeable")):
        assert json.loads((folder / "decision.json").read_text())["pipelines"][0]["name"] == name
    assert machine.report()["result"] == "passed"


def test_rules_may_begin_in_a_file_of_any_name_and_are_decided_by_again(machine, engine):
    machine.environ["ENGINE_STORE"] = f"dir:{machine.root / 'store'}"
    (machine.controller / "deployment-rules.yaml").rename(machine.controller / "acme.yaml")
    machine.change({"S3/a.tfvars": good()})
    first = str(machine.controller / "acme.yaml")
    done = engine(*machine.words("--rules", first, "--json"))
    assert (done.code, machine.report()["result"]) == (0, "passed"), done.err
    [run] = (word for line in done.err.splitlines() for word in line.split()[1:] if line.startswith("run "))
    again = engine("replay", run, "--json")
    assert (again.code, [one["same"] for one in json.loads(again.out)["decisions"]]) == (0, [True]), again.err
    assert "ENG050" in engine(*machine.words("--rules", str(machine.controller))).err, "nobody has named it"


@pytest.mark.parametrize(
    ("why", "change", "key", "follows", "code"),
    [
        ("what is denied has been carried out, too", bad(), True, True, ExitCode.NEGATIVE),
        ("what could not begin has not", good(), False, False, ExitCode.CONFIG),
    ],
)
def test_a_child_follows_when_all_is_done_and_has_no_say_in_the_exit_code(
    machine, engine, why, change, key, follows, code
):
    spec = machine.controller / "specs" / "validate.yaml"
    spec.write_text(spec.read_text().replace("then: merge ", "then: mergeable ", 1))
    machine.change({"S3/a.tfvars": change})
    if not key:
        os.remove(machine.root / "key.pem")
    done = engine(*machine.words("--json"))
    names = [p["name"] for p in json.loads(done.out)["pipelines"]]
    assert (names == ["validate", "mergeable"], done.code) == (follows, code), f"{why}: {names}, {done.err}"


def test_a_fork_with_a_branch_of_the_same_name_is_not_ours(machine, engine):
    clone = machine.change({"S3/a.tfvars": good()})
    head = {"ref": "dev", "sha": clone.head, "repo": {"full_name": "ann/dev-deployment"}}
    (machine.root / "event.json").write_bytes(clone.event(head=head))
    ended = engine(*machine.words())
    way_out = "refs/pull/7/head:refs/pull/7/head"
    assert ended.code == ExitCode.NEGATIVE, "nothing here says that the fork's branch is still there"
    assert way_out in (machine.out / "report.md").read_text() + ended.out
    clone.git("update-ref", "refs/pull/7/head", clone.head)
    assert engine(*machine.words()).code == ExitCode.DONE


def test_the_process_and_its_exit_code(machine):
    machine.change({"S3/a.tfvars": good()})
    done = ended(machine.process())
    assert (done.code, "policy checks passed" in done.out) == (ExitCode.DONE, True)
