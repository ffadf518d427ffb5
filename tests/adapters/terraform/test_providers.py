"""One provider serves every `show`: what it is told, what it must not have, and what is so where it does not start."""

import json
import os
import subprocess
import sys
import time

import pytest

from engine.adapters.terraform.plan import plan
from engine.adapters.terraform.workspace import prepare
from tests.support.plans import a_change, a_plan
from tests.support.terraform import a_job, a_setup, all_services

ADDRESS = "registry.terraform.io/hashicorp/aws"
SOCKET = "$PLUGIN_UNIX_SOCKET_DIR/plugin1"
STAYS = f'touch "{SOCKET}"; echo "1|5|unix|{SOCKET}|grpc|"; exec sleep 600'
JOB = a_job("S3/demo", {})


@pytest.fixture
def shown(fake, tmp_path):
    """A plan of a module with that provider (`sh`): the workspace, and how each command of Terraform was told of it."""
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "plan").write_text(json.dumps(a_plan(a_change("create", None, {"bucket": "a"}))))

    class Scene:
        folder = notes

        def told(self):
            return [line.partition(" ")[::2] for line in self.read("told").splitlines()]

        def read(self, name):
            return (notes / name).read_text() if (notes / name).exists() else ""

        def __call__(self, provider, show=f"cat {notes}/plan"):
            program = tmp_path / "terraform-provider-aws_v5"
            program.write_text(f"#!/bin/sh\nenv > {notes}/env; echo $$ >> {notes}/started\n{provider}\n")
            program.chmod(0o700)
            note = f'echo "$1 $TF_REATTACH_PROVIDERS" >> {notes}/told'
            place = f".terraform/providers/{ADDRESS}/5.0.0/linux_amd64"
            setup = fake(
                init=f"mkdir -p {place}; ln -sf {program} {place}/terraform-provider-aws_v5; "
                f"cp {tmp_path}/answers/record .terraform/terraform.tfstate",
                plan=f"{note}; exit 2",
                show=f"{note}; {show}",
            )._replace(credentials={"AWS_SECRET_ACCESS_KEY": "verysecretkey"})
            workspace = prepare(setup)
            return workspace, [plan(JOB, workspace), plan(JOB, workspace)]

    return Scene()


def test_one_serves_every_show_and_nothing_else(shown):
    _, done = shown(STAYS)
    assert [one.status for one in done] == ["planned"] * 2
    assert [name for name, _ in shown.told()] == ["plan", "show"] * 2
    assert [how for name, how in shown.told() if name == "plan"] == [""] * 2
    [first, second] = [json.loads(how)[ADDRESS] for name, how in shown.told() if name == "show"]
    assert first == second
    assert first["Test"], "or Terraform would end it"
    assert len(shown.read("started").split()) == 1


def test_it_has_no_credentials_and_a_directory_that_is_ours_alone(shown):
    workspace, _ = shown(STAYS)
    names = {line.partition("=")[0] for line in shown.read("env").splitlines()} - {"_", "PWD", "SHLVL", "OLDPWD"}
    ours = {"GOGC", "PATH", "PLUGIN_PROTOCOL_VERSIONS", "PLUGIN_UNIX_SOCKET_DIR", "TF_PLUGIN_MAGIC_COOKIE"}
    assert names == ours
    assert "verysecretkey" not in shown.read("env")
    socket = json.loads(workspace._providers.env()["TF_REATTACH_PROVIDERS"])[ADDRESS]["Addr"]["String"]
    assert os.stat(os.path.dirname(socket)).st_mode & 0o777 == 0o700


def test_it_ends_with_those_that_ask(shown):
    workspace, _ = shown(STAYS)
    pid = int(shown.read("started"))
    assert _is_there(pid)
    del workspace
    assert _ended(pid)


def test_it_ends_where_who_asks_is_killed(shown, tmp_path):
    workspace, _ = shown(STAYS)
    asks = f"""import sys
from engine.adapters.terraform.providers import Providers
asked = Providers({workspace.template.module!r}, "/usr/bin:/bin")
print(asked.env(), flush=True)
sys.stdin.read()"""
    command = [sys.executable, "-c", asks]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert b"TF_REATTACH_PROVIDERS" in process.stdout.readline()
        pid = int(shown.read("started").split()[-1])
        assert _is_there(pid)
        process.kill()
    assert _ended(pid)


@pytest.mark.parametrize(
    ("why", "provider"),
    [
        ("it ends at once", "exit 1"),
        ("it says something else", "echo hello; sleep 600"),
        ("it is of an older kind", f'echo "1|4|unix|{SOCKET}|netrpc|"; sleep 600'),
        ("it listens to the network", 'echo "1|5|tcp|127.0.0.1:1|grpc|"; sleep 600'),
        ("it listens where others could", 'echo "1|5|unix|/tmp/plugin1|grpc|"; sleep 600'),
        ("it says too much", "head -c 10000 /dev/zero; sleep 600"),
    ],
)
def test_where_none_starts_terraform_starts_its_own(shown, why, provider):
    _, done = shown(provider)
    assert [one.status for one in done] == ["planned"] * 2, why
    assert {how for _, how in shown.told()} == {""}
    assert _ended(int(shown.read("started").split()[0]))


def test_one_that_is_no_help_is_not_asked_again(shown):
    _, done = shown(STAYS, show=f'test -z "$TF_REATTACH_PROVIDERS" && cat {shown.folder}/plan')
    assert [one.status for one in done] == ["planned"] * 2
    assert [bool(how) for name, how in shown.told() if name == "show"] == [True, False, False]


@pytest.mark.slow
@pytest.mark.terraform
def test_the_bytes_are_the_same():
    """Real Terraform, real provider."""
    workspace, job = prepare(a_setup()), a_job("S3/demo", all_services())._replace(nowhere=True)
    with workspace.directory(job) as place:
        env = workspace.env(job, place)
        made = ["plan", "-refresh=false", "-lock=false", "-out=p", "-var-file=resource.tfvars.json"]
        workspace.command(made, place, 300, (0,), None, env)
        shared = workspace._providers.env()
        assert ADDRESS in json.loads(shared["TF_REATTACH_PROVIDERS"])
        with_it = workspace.show(["p"], place, 300, None, env)
        assert workspace._providers.env() == shared, "it did help"
        own = workspace.command(["show", "-json", "p"], place, 300, (0,), None, env)
    assert with_it.code == 0
    assert with_it.stdout == own.stdout


def _is_there(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _ended(pid):
    end = time.monotonic() + 30
    while _is_there(pid) and time.monotonic() < end:
        time.sleep(0.01)
    return not _is_there(pid)
