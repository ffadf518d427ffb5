"""The provider is the one of the lock file, or it is not started. Real Terraform, and programs that play a provider."""

import base64
import hashlib
import json
import os
import shlex
import subprocess
from pathlib import Path

import pytest

import engine.data
from engine.adapters.terraform.template import LOCK_FILE
from engine.adapters.terraform.workspace import prepare
from engine.core.canonical import digest_bytes
from engine.errors import EngineError
from tests.support.terraform import a_job, a_program, a_setup

SHIPPED = Path(engine.data.path("terraform"), LOCK_FILE).read_bytes()
ADDRESS = "registry.terraform.io/hashicorp/aws"
ONLY_ARCHIVES = b"".join(line for line in SHIPPED.splitlines(keepends=True) if b'"h1:' not in line)


def refused(setup):
    with pytest.raises(EngineError) as caught:
        prepare(setup)
    return caught.value.problems[0]


def of_package(folder):
    """`h1:` of an unpacked package, as Go's dirhash.Hash1 makes it."""
    lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in sorted(folder.iterdir())]
    return "h1:" + base64.b64encode(hashlib.sha256("".join(lines).encode()).digest()).decode()


@pytest.fixture(scope="module")
def platform():
    done = subprocess.run(["terraform", "version", "-json"], check=True, capture_output=True)
    return json.loads(done.stdout)["platform"]


@pytest.fixture
def tampered(tmp_path, platform):
    """A setup whose mirror holds another program as the provider; it leaves a mark when it is started."""
    package = tmp_path / "mirror" / ADDRESS / "5.100.0" / platform
    a_program(package, f"touch {tmp_path}/started", "terraform-provider-aws_v5.100.0_x5")
    module = tmp_path / "module"
    module.mkdir()
    required = 'aws = { source = "hashicorp/aws", version = "= 5.100.0" }'
    (module / "main.tf").write_text(
        f'terraform {{\n  required_providers {{\n    {required}\n  }}\n  backend "s3" {{}}\n}}\n'
    )
    (module / "used.tf").write_text('resource "aws_sns_topic" "x" {}\n')

    def make(lock, **more):
        (module / LOCK_FILE).write_bytes(lock.replace(b"@right", of_package(package).encode()))
        mirror = str(tmp_path / "mirror")
        return a_setup(module=str(module), cache_dir=str(tmp_path / "cache"), **{"mirror": mirror, **more})

    return make


@pytest.mark.terraform
def test_the_shipped_lock_file_is_that_of_this_machines_provider():
    workspace = prepare(a_setup())
    assert workspace.lock_digest == digest_bytes(SHIPPED), "read, and never written"
    assert Path(workspace.template.module, LOCK_FILE).read_bytes() == SHIPPED


def test_the_shipped_lock_file_has_the_version_that_the_module_wants():
    """15 archives, and the unpacked packages that are known."""
    text = SHIPPED.decode()
    main = Path(engine.data.path("terraform"), "main.tf").read_text()
    assert 'version     = "5.100.0"\n  constraints = "5.100.0"\n' in text
    assert 'version = "= 5.100.0"' in main
    assert (text.count('"zh:'), text.count('"h1:'), text.count("provider ")) == (15, 3, 1)


LOCK = b'provider "%s" {\n  version = "5.100.0"\n  constraints = "5.100.0"\n  hashes = ["%s"]\n}\n'


@pytest.mark.terraform
@pytest.mark.parametrize(
    ("why", "lock"),
    [
        ("an altered provider", SHIPPED),
        ("archives alone: Terraform installs what has none of these hashes", ONLY_ARCHIVES),
        ("the hash of another platform", LOCK % (ADDRESS.encode(), b"h1:Ijt7pOlB7Tr7maGQIqtsLFbl7pSMIj06TVdkoSBcYOw=")),
    ],
)
def test_a_provider_that_is_not_the_one_of_the_lock_file_is_not_started(tampered, tmp_path, platform, why, lock):
    setup = tampered(lock)
    problem = refused(setup)
    assert problem.code == "ENG408", f"{why}: {problem}"
    assert not (tmp_path / "started").exists(), why
    assert not list(Path(setup.cache_dir).glob("*/module")), f"{why}: no template stays"
    command = f"terraform -chdir={setup.module} providers lock -fs-mirror={setup.mirror} -platform={platform}"
    assert problem.hint.endswith(command)


@pytest.mark.terraform
def test_one_that_is_the_one_of_the_lock_file_is_started(tampered, tmp_path):
    """So it is the hash that keeps the others from it. This one is no provider, as Terraform then finds."""
    assert refused(tampered(LOCK % (ADDRESS.encode(), b"@right"))).code != "ENG408"
    assert (tmp_path / "started").exists()


@pytest.mark.terraform
def test_the_way_out_is_one(tampered, tmp_path):
    """What is installed is then believed: a person has said so."""
    setup = tampered(SHIPPED)
    subprocess.run(shlex.split(refused(setup).hint.partition("trust what is installed: ")[2]), check=True)
    assert refused(setup).code != "ENG408"
    assert (tmp_path / "started").exists()


@pytest.mark.terraform
def test_a_users_own_configuration_stays_as_it_is(tampered, tmp_path, platform):
    own = tmp_path / "own.tfrc"
    mirror = tmp_path / "mirror"
    own.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n')
    problem = refused(tampered(SHIPPED, mirror=None, cli_config=str(own)))
    assert problem.code == "ENG408"
    assert problem.hint.endswith(f"providers lock -platform={platform}")


@pytest.fixture
def fake(tmp_path):
    """A setup with a program of any name, and whether the module pins its providers."""

    def make(name, *, pinned, **more):
        calls = tmp_path / "calls"
        init = "mkdir -p .terraform/providers; echo 1 > .terraform/providers/p"
        version = """echo '{"terraform_version": "1.11.4"}'"""
        body = f'C={calls}; echo "$@" >> $C\ncase $1 in\nversion) {version};;\ninit) {init};;\nesac'
        program = a_program(tmp_path / "bin", body, name)
        module = tmp_path / "module"
        module.mkdir(exist_ok=True)
        (module / "main.tf").write_text('terraform {\n  backend "s3" {}\n}\n')
        if pinned:
            (module / LOCK_FILE).write_text("# of Terraform's registry\n")
        return a_setup(module=str(module), cache_dir=str(tmp_path / "cache"), program=str(program), **more)

    return make


def calls(tmp_path, command):
    made = tmp_path / "calls"
    lines = made.read_text().splitlines() if made.exists() else []
    return [line for line in lines if line.startswith(command)]


@pytest.mark.parametrize(
    ("why", "name", "pinned", "own", "code", "lock", "readonly"),
    [
        ("Terraform uses the module's", "terraform", True, False, None, "# of Terraform's registry\n", True),
        ("also where there is one for OpenTofu", "terraform", True, True, None, "# of Terraform's registry\n", True),
        ("OpenTofu has none of these providers", "tofu", True, False, "ENG409", None, False),
        ("it uses its own", "tofu", True, True, None, "# of OpenTofu's registry\n", True),
        ("the module need not have one", "tofu", False, True, None, "# of OpenTofu's registry\n", True),
        ("a module that pins nothing pins nothing", "tofu", False, False, None, "", False),
        ("for Terraform, too", "terraform", False, False, None, "", False),
    ],
)
def test_whose_lock_file(fake, tmp_path, why, name, pinned, own, code, lock, readonly):
    theirs = tmp_path / "tofu.lock.hcl"
    theirs.write_text("# of OpenTofu's registry\n")
    setup = fake(name, pinned=pinned, tofu_lock=str(theirs) if own else None)
    if code:
        problem = refused(setup)
        assert (problem.code, "ENGINE_TOFU_LOCK" in problem.hint, calls(tmp_path, "init")) == (code, True, []), why
        return
    workspace = prepare(setup)
    assert Path(workspace.template.module, LOCK_FILE).read_text() == lock, why
    [init] = calls(tmp_path, "init")
    assert ("-lockfile=readonly" in init, len(calls(tmp_path, "validate"))) == (readonly, int(readonly)), why


def test_the_module_of_a_verdict_names_the_lock_file_that_was_used(fake, tmp_path):
    theirs = tmp_path / "tofu.lock.hcl"
    digests = set()
    for text in ("one", "two"):
        theirs.write_text(text)
        workspace = prepare(fake("tofu", pinned=True, tofu_lock=str(theirs)))
        assert workspace.lock_digest == digest_bytes(text.encode())
        digests.add(workspace.template.module_digest)
    assert len(digests) == 2


def times_set_back(file):
    before = file.stat()
    file.write_text("2")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(
    ("why", "act"),
    [
        ("its content", lambda file: file.write_text("2")),
        ("and its times set back", times_set_back),
        ("another file in its place", lambda file: (file.unlink(), file.write_text("1"))),
        ("a file more", lambda file: (file.parent / "more").write_text("")),
        ("it is gone", lambda file: file.unlink()),
    ],
)
def test_a_provider_that_was_exchanged_after_it_was_proven_is_proven_again(fake, tmp_path, why, act):
    setup = fake("terraform", pinned=True)
    module = prepare(setup).template.module
    prepare(setup)
    assert len(calls(tmp_path, "validate")) == 1, "once for all runs"
    act(Path(module, ".terraform", "providers", "p"))
    prepare(setup)
    assert len(calls(tmp_path, "validate")) == 2, why


def test_working_directories_have_no_hashes(fake):
    """Each command would read 700 MB; the template's were checked."""
    setup = fake("terraform", pinned=True)
    Path(setup.module, LOCK_FILE).write_bytes(SHIPPED)
    workspace = prepare(setup)
    record = Path(workspace.template.record("s3"))
    config = dict.fromkeys(setup.backend.settings("k", "1", "r"))
    record.write_text(json.dumps({"version": 3, "backend": {"type": "s3", "hash": 1, "config": config}}))
    with workspace.directory(a_job("S3/a", {})) as place:
        kept = Path(place, LOCK_FILE).read_text()
    assert ("h1:" in kept, "zh:" in kept, 'version     = "5.100.0"' in kept) == (False, False, True)
