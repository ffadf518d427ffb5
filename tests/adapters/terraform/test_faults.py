"""Programs that are missing, old, broken, hanging or killed, and places that cannot be written."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from engine.adapters.terraform import memory
from engine.adapters.terraform.plan import Limits, plan
from engine.adapters.terraform.template import without_hashes
from engine.adapters.terraform.workspace import prepare
from engine.errors import EngineError
from tests.support.terraform import a_job, problem_of

LOCKED = [".terraform.lock.hcl", "main.tf"]  # a work directory
LIMITS = Limits(plan_s=30, lock_s=0, attempts=3, pause_s=0.01)
NOTHING = a_job("S3/a", {"s3_buckets": {"a": {}}})


def complaint(summary, detail=""):
    diagnostic = {"severity": "error", "summary": summary, "detail": detail}
    return json.dumps({"type": "diagnostic", "diagnostic": diagnostic})


def calls(setup, command):
    folder = os.path.dirname(os.path.dirname(setup.program))
    with open(f"{folder}/answers/calls", encoding="utf-8") as file:
        return [line.split() for line in file if line.startswith(command + " ")]


def refused(setup):
    with pytest.raises(EngineError) as caught:
        prepare(setup)
    return caught.value.problems[0]


def test_the_fake_itself_plans(fake):
    result = plan(NOTHING, prepare(fake()), limits=LIMITS)
    assert (result.status, result.changes, result.problem) == ("planned", True, None)


@pytest.mark.parametrize(
    ("why", "how", "code", "said"),
    [
        ("too old", {"version": """echo '{"terraform_version": "1.9.8"}'"""}, "ENG401", "1.9.8"),
        ("much too old", {"version": """echo '{"terraform_version": "0.15.5"}'"""}, "ENG401", "0.15.5"),
        ("another program", {"version": "echo hello"}, "ENG402", "version -json"),
        ("JSON of another program", {"version": """echo '{"terraform_version": 3}'"""}, "ENG402", "version -json"),
        ("a program that fails", {"version": "echo broken >&2; exit 1"}, "ENG402", "broken"),
        ("init without a reason", {"init": "echo boom >&2; exit 1"}, "ENG405", "boom"),
        (
            "no provider",
            {"init": f"echo '{complaint('Failed to install provider')}'; exit 1"},
            "ENG403",
            "install provider",
        ),
    ],
)
def test_preparing_is_refused(fake, why, how, code, said):
    problem = refused(fake(**how))
    assert (problem.code, said in problem.message) == (code, True), why


def test_no_terraform_at_all(fake, tmp_path):
    problem = refused(fake()._replace(program="tofu", path=str(tmp_path)))
    assert problem.code == "ENG400"
    assert "pip install" in problem.hint


def test_no_module(fake, tmp_path):
    assert refused(fake()._replace(module=str(tmp_path / "nowhere"))).code == "ENG406"


@pytest.mark.parametrize(
    ("why", "how", "code"),
    [
        ("it fails without a reason", {"plan": "exit 1"}, "ENG410"),
        ("it is killed", {"plan": "kill -9 $$"}, "ENG453"),
        ("an exit code that Terraform does not have", {"plan": "exit 7"}, "ENG454"),
        ("it does not exist any more", {"plan": "exit 127"}, "ENG454"),
        ("it prints no JSON", {"show": "echo hello"}, "ENG416"),
        ("it prints JSON that is no plan", {"show": "echo '[]'"}, "ENG416"),
        ("it prints half a plan", {"show": """echo '{"format_version": "1.2", "errored": true}'"""}, "ENG416"),
        ("it prints a plan of another format", {"show": """echo '{"format_version": "2.0"}'"""}, "ENG430"),
        ("it cannot read its own plan", {"show": "exit 1"}, "ENG416"),
        ("no backend for this state", {"init": "[ $N = 1 ] || exit 1"}, "ENG410"),
    ],
)
def test_a_plan_fails_alone(fake, why, how, code):
    result = plan(NOTHING, prepare(fake(**how)), limits=LIMITS)
    assert (result.status, result.plan, problem_of(result).code) == ("failed", None, code), why
    assert str(problem_of(result).place) == "S3/a"


def test_a_hanging_plan_is_stopped_at_its_deadline(fake):
    result = plan(NOTHING, prepare(fake(plan="exec sleep 64")), limits=LIMITS._replace(plan_s=0.3))
    assert problem_of(result).code == "ENG451"
    assert result.seconds < 60


def test_cancelling_stops_a_plan_and_does_not_try_again(fake):
    cancel = threading.Event()
    setup = fake(plan="exec sleep 65")
    threading.Timer(0.5, cancel.set).start()
    result = plan(NOTHING, prepare(setup), limits=LIMITS, cancel=cancel)
    assert problem_of(result).code == "ENG452"
    assert len(calls(setup, "plan")) == 1


@pytest.mark.parametrize(
    ("why", "first", "tries", "status"),
    [
        ("throttling passes", "Throttling: Rate exceeded", 3, "planned"),
        ("access is denied for ever", "AccessDenied", 1, "failed"),
        ("a locked state has been waited for", "Error acquiring the state lock", 1, "failed"),
    ],
)
def test_what_time_heals_is_tried_again(fake, why, first, tries, status):
    setup = fake(plan=f"[ $N -lt 3 ] || exit 2; echo '{complaint(first)}'; exit 1")
    result = plan(NOTHING, prepare(setup), limits=LIMITS)
    assert (len(calls(setup, "plan")), result.status) == (tries, status), why


def test_trying_again_has_an_end(fake):
    setup = fake(plan=f"echo '{complaint('Throttling')}'; exit 1")
    result = plan(NOTHING, prepare(setup), limits=LIMITS)
    assert (len(calls(setup, "plan")), problem_of(result).code) == (3, "ENG411")
    assert "tried 3 times" in problem_of(result).message


def test_a_record_that_terraform_refuses_is_made_anew_by_terraform(fake):
    setup = fake(plan=f"[ $N = 2 ] && exit 2; echo '{complaint('Backend initialization required')}'; exit 1")
    result = plan(NOTHING, prepare(setup), limits=LIMITS)
    assert result.status == "planned"
    template, first, again = calls(setup, "init")
    assert "-backend=false" in template
    assert "-reconfigure" in first
    assert "-backend-config=key=S3/dev/a/terraform.tfstate" in again


def test_the_second_resource_needs_no_init_and_keeps_nothing_of_the_first(fake, tmp_path):
    setup = fake(plan=f"cp .terraform/terraform.tfstate {tmp_path}/record; exit 2")
    workspace = prepare(setup)
    plan(NOTHING, workspace, limits=LIMITS)
    plan(a_job("S3/b", {}), workspace, limits=LIMITS)
    assert len(calls(setup, "init")) == 2  # the template, and the record of the first resource
    config = json.loads((tmp_path / "record").read_text())["backend"]["config"]
    assert (config["key"], config["old"], config["use_lockfile"]) == ("S3/dev/b/terraform.tfstate", None, True)


@pytest.mark.parametrize(
    ("why", "block", "nowhere", "beside"),
    [
        ("all is ours to say", 'backend "s3" {}', False, ["main.tf"]),
        ("however it is written", 'backend  "s3"  {\n  }', False, ["main.tf"]),
        ("without an account it is another, and all ours", 'backend "s3" { encrypt = true }', True, ["main.tf"]),
        ("the module says something of it", 'backend "s3" { encrypt = true }', False, LOCKED),
        ("it only speaks of it", '# backend "s3" {}', False, LOCKED),
    ],
)
def test_the_record_is_made_beside_no_provider_where_the_module_says_nothing_of_it(
    fake, tmp_path, why, block, nowhere, beside
):
    """Terraform would hash 700 MB to say the same. The first directory is the template's, which has no tfvars."""
    seen = tmp_path / "answers" / "seen"
    setup = fake(init=f"ls -A >> {seen}; mkdir -p .terraform; cp $A/record .terraform/terraform.tfstate")
    Path(setup.module, "main.tf").write_text(f"terraform {{\n  {block}\n}}\n")
    workspace = prepare(setup)
    seen.unlink()
    with workspace.directory(NOTHING._replace(nowhere=nowhere)) as place:
        kept = json.loads(Path(place, ".terraform", "terraform.tfstate").read_text())
    assert set(seen.read_text().split()) & {".terraform.lock.hcl", "main.tf"} == set(beside), why
    assert ("resource.tfvars.json" in seen.read_text()) == (len(beside) > 1), why
    assert kept["backend"]["type"] == "s3"


def test_the_module_is_initialised_once_for_all_runs(fake):
    setup = fake()
    assert prepare(setup).template.module_digest == prepare(setup).template.module_digest
    assert len(calls(setup, "init")) == 1


def test_another_module_is_another_template(fake):
    setup = fake()
    first = prepare(setup).template.module_digest
    with open(f"{setup.module}/more.tf", "w", encoding="utf-8") as file:
        file.write("# more\n")
    assert prepare(setup).template.module_digest != first
    assert len(calls(setup, "init")) == 2


@pytest.mark.parametrize(
    ("why", "name", "text"),
    [
        ("a changed file", "main.tf", 'provider "evil" {}'),
        ("a file more, which Terraform would load by itself", "x.auto.tfvars", "emulator = true"),
        ("a file less", "main.tf", None),
        ("no lock file", ".terraform.lock.hcl", None),
    ],
)
def test_a_template_that_is_not_the_module_is_made_again(fake, why, name, text):
    setup = fake()
    module = prepare(setup).template.module
    os.remove(f"{module}/{name}") if text is None else Path(f"{module}/{name}").write_text(text)
    prepare(setup)
    assert len(calls(setup, "init")) == 2, why
    assert sorted(os.listdir(module)) == [".terraform", ".terraform.lock.hcl", "main.tf"], why
    assert Path(f"{module}/main.tf").read_bytes() == Path(f"{setup.module}/main.tf").read_bytes(), why


def test_a_cli_configuration_that_somebody_edited_is_written_again(fake):
    setup = fake()
    file = prepare(setup).template.env["TF_CLI_CONFIG_FILE"]
    good = Path(file).read_text()
    Path(file).write_text("provider_installation { dev_overrides {} }")
    prepare(setup)
    assert Path(file).read_text() == good


def test_a_cache_that_others_can_write_to_is_refused(fake):
    setup = fake()
    os.makedirs(setup.cache_dir)
    os.chmod(setup.cache_dir, 0o777)
    assert refused(setup).code == "ENG407"


def test_nothing_of_a_plan_stays(fake):
    setup = fake()
    workspace = prepare(setup)
    plan(NOTHING, workspace, limits=LIMITS)
    assert os.listdir(workspace.scratch) == []


@pytest.mark.parametrize(
    ("why", "limit", "found"),
    [
        ("a container of 2 GB", 2**31, 2),
        ("a container of 512 MB still runs one", 2**29, 1),
        ("a container without a limit has the machine's memory", "max", memory.slots()),
    ],
)
def test_as_many_at_once_as_memory_allows(monkeypatch, tmp_path, why, limit, found):
    (tmp_path / "memory.max").write_text(f"{limit}\n")
    monkeypatch.setattr(memory, "_CGROUP", str(tmp_path / "memory.max"))
    assert memory.slots() == found, why


def test_what_a_killed_run_left_is_removed_a_day_later(fake):
    setup = fake()
    scratch = prepare(setup).scratch
    for name, age_s in (("plan-old", 90_000), ("plan-running", 60)):
        os.mkdir(f"{scratch}/{name}")
        os.utime(f"{scratch}/{name}", (time.time() - age_s,) * 2)
    prepare(setup)
    assert os.listdir(scratch) == ["plan-running"]


def test_files_that_terraform_would_load_by_itself_are_not_taken_from_the_module(fake, tmp_path):
    setup = fake(plan=f"ls -a > {tmp_path}/seen; exit 2")
    for name in ("terraform.tfvars", "x.auto.tfvars.json", "terraform.tfstate"):
        with open(f"{setup.module}/{name}", "w", encoding="utf-8") as file:
            file.write("")
    plan(NOTHING, prepare(setup), limits=LIMITS)
    assert (tmp_path / "seen").read_text().split() == [
        ".", "..", ".terraform", ".terraform.lock.hcl", "main.tf", "resource.tfvars.json",
    ]  # fmt: skip


def test_the_environment_is_built(fake, tmp_path, monkeypatch):
    monkeypatch.setenv("TF_CLI_ARGS", "-destroy")
    monkeypatch.setenv("TF_VAR_account", "999999999999")
    setup = fake(plan=f"env > {tmp_path}/seen; exit 2")._replace(credentials={"AWS_PROFILE": "x"})
    plan(NOTHING, prepare(setup), limits=LIMITS)
    names = {line.split("=")[0] for line in (tmp_path / "seen").read_text().splitlines()} - {
        "PWD",
        "OLDPWD",
        "SHLVL",
        "_",
    }
    assert names == {
        "AWS_PROFILE", "CHECKPOINT_DISABLE", "GOGC", "HOME", "PATH",
        "TF_CLI_CONFIG_FILE", "TF_IN_AUTOMATION", "TF_INPUT",
    }  # fmt: skip


def test_the_engines_wiring_wins_over_a_resources_variables(fake, tmp_path):
    setup = fake(
        plan=f"cp resource.tfvars.json {tmp_path}/seen; stat -c %a resource.tfvars.json > {tmp_path}/mode; exit 2"
    )
    plan(a_job("S3/a", {"account": "999999999999", "emulator": False}), prepare(setup), limits=LIMITS)
    seen = json.loads((tmp_path / "seen").read_text())
    assert (seen["account"], seen["emulator"], seen["environment"]) == ("123456789012", True, "development")
    assert (tmp_path / "mode").read_text() == "600\n"


def test_secrets_are_not_in_a_failure(fake):
    setup = fake(plan=f"echo '{complaint('no', 'hunter2hunter2 and proxypass')}'; exit 1")
    setup = setup._replace(
        credentials={"AWS_SECRET_ACCESS_KEY": "hunter2hunter2", "HTTPS_PROXY": "http://me:proxypass@proxy:1"}
    )
    result = plan(NOTHING, prepare(setup), limits=LIMITS)
    assert problem_of(result).message == "Terraform: no. (sensitive) and (sensitive)"


def test_a_place_that_cannot_be_written(fake):
    for place in ("/proc/interlock", "/dev/null/cache"):
        assert refused(fake()._replace(cache_dir=place)).code == "ENG418"


def test_a_full_disk_in_a_plan_is_that_resources_failure(fake, tmp_path):
    """A limit on file sizes stands in for the full disk: the kernel refuses the write in the same way."""
    setup = fake()
    prepare(setup)
    script = f"""
import resource, signal
from types import MappingProxyType as mappingproxy
from engine.adapters.terraform.plan import Limits, plan
from engine.adapters.terraform.template import Setup
from engine.adapters.terraform import memory
from engine.adapters.terraform.accounts import Profiles
from engine.adapters.terraform.backend import Backend
from engine.adapters.terraform.workspace import Job, prepare
workspace = prepare({setup!r})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY))
print(plan(Job("S3/a", "k", {{"v": "x" * 100}}, "development", "1", "r"), workspace).problem.text())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("S3/a: ENG418 a working directory cannot be written: File too large"), done.stderr


def test_a_plan_that_cannot_be_kept(fake):
    result = plan(NOTHING, prepare(fake()), limits=LIMITS, keep="/nowhere/plan.json")
    assert problem_of(result).code == "ENG002"


def test_hashes_leave_the_lock_file_and_nothing_else_does():
    lock = b"""# x
provider "a" {
  version = "1"
  hashes = [
    "h1:x",
  ]
}
provider "b" {
  hashes = ["h1:y"]
}
"""
    assert (
        without_hashes(lock)
        == b"""# x
provider "a" {
  version = "1"
}
provider "b" {
}
"""
    )
