"""What a machine lacks is said with what to install, never with a traceback."""

import json

import pytest

from engine import data
from engine.adapters.keys import new_key
from engine.cli.main import main
from engine.errors import ExitCode
from tests.support.terraform import CACHE, a_program

KEYS = ("ENGINE_SIGNING_KEY", "ENGINE_SIGNING_KEY_FILE", "ENGINE_DIGEST_KEY", "ENGINE_DIGEST_KEY_FILE")


@pytest.fixture
def doctor(monkeypatch, capsys):
    """Run `engine doctor --json`; exit code and rows by name."""
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ENGINE_CACHE_DIR", CACHE)

    def _doctor(*words, **environ):
        for name, value in environ.items():
            monkeypatch.setenv(name, str(value))
        code = main(["doctor", "--controller", data.ROOT, "--json", *words])
        return code, {row["name"]: row for row in json.loads(capsys.readouterr().out)}

    return _doctor


@pytest.mark.terraform
def test_a_machine_that_has_everything(doctor, tmp_path):
    key = str(tmp_path / "key.pem")
    new_key(key)
    code, rows = doctor(ENGINE_SIGNING_KEY_FILE=key, ENGINE_DIGEST_KEY="d" * 32)
    assert code == ExitCode.DONE, rows
    assert rows["AWS provider"]["found"].startswith("ready")


@pytest.mark.parametrize(
    ("why", "program", "said", "remedy"),
    [
        ("there is no Terraform", None, "was not found", "install Terraform 1.10 or newer"),
        ("it is too old", 'echo \'{"terraform_version": "1.5.7"}\'', "1.5.7 is too old", "1.10 or newer"),
        ("it is something else", "echo hello", "is not Terraform", "ENGINE_TERRAFORM"),
        ("it fails", "echo boom >&2; exit 3", "is not Terraform", "ENGINE_TERRAFORM"),
    ],
)
def test_terraform(doctor, tmp_path, why, program, said, remedy):
    name = str(a_program(tmp_path / "bin", program, "some-terraform")) if program else "terraform-that-is-not-there"
    code, rows = doctor(ENGINE_TERRAFORM=name)
    assert code == ExitCode.NEGATIVE, why
    for row in (rows["terraform"], rows["AWS provider"]):
        assert said in row["problem"], why
        assert remedy in row["remedy"], why


@pytest.mark.terraform
def test_a_provider_that_cannot_be_had(doctor, tmp_path):
    (tmp_path / "registry.terraform.io" / "hashicorp").mkdir(parents=True)
    code, rows = doctor(ENGINE_TERRAFORM_MIRROR=tmp_path, ENGINE_CACHE_DIR=tmp_path / "cache")
    assert code == ExitCode.NEGATIVE
    assert "cannot get its providers" in rows["AWS provider"]["problem"]
    assert "ENGINE_TERRAFORM_MIRROR" in rows["AWS provider"]["remedy"]


def test_keys_that_are_missing(doctor):
    code, rows = doctor(ENGINE_TERRAFORM="terraform-that-is-not-there")
    assert code == ExitCode.NEGATIVE
    assert "engine keys new" in rows["signing key"]["remedy"]
    assert "ENGINE_DIGEST_KEY" in rows["digest key"]["remedy"]


def test_optional_engines_are_no_failure(doctor):
    _, rows = doctor(ENGINE_OPA="opa-that-is-not-there", ENGINE_TERRAFORM="terraform-that-is-not-there")
    assert rows["opa"]["ok"] is True
    assert "optional" in rows["opa"]["problem"]
