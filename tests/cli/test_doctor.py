"""What a machine lacks is said with what to install, never with a traceback."""

import datetime
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


def excusing(folder, *days):
    """A controller whose policies have an exception until each of these days from now."""
    today = datetime.datetime.now(datetime.UTC).date()
    (folder / "policies").mkdir()
    (folder / "policies" / "a.rego").write_text(
        'package a\n\nimport rego.v1\n\ndeny contains {"msg": "m", "id": "A-1"}\n'
    )
    listed = [
        {
            "rule": "A-1",
            "value": str(number),
            "reason": "agreed",
            "owner": "ann",
            "expires": str(today + datetime.timedelta(days)),
        }
        for number, days in enumerate(days)
    ]
    (folder / "policies" / "data.json").write_text(json.dumps({"settings": {"exceptions": listed}}))
    return [row["expires"] for row in listed]


@pytest.mark.parametrize(
    ("why", "days", "found", "expired"),
    [
        ("there are none", [], "0 hold", ""),
        ("all hold for long", [100, 200], "2 hold", ""),
        ("one holds for a week", [7, 100], "2 hold, 1 of them for 30 days or less: {0} A-1 (ann)", ""),
        ("one has run out", [-7, 100], "1 holds", "exceptions have run out: {0} A-1 (ann)"),
        ("all have", [-9, -7], "0 hold", "exceptions have run out: {0} A-1 (ann), {1} A-1 (ann)"),
    ],
)
def test_exceptions(doctor, tmp_path, why, days, found, expired):
    dates = excusing(tmp_path, *days)
    _, rows = doctor("--controller", str(tmp_path), ENGINE_TERRAFORM="terraform-that-is-not-there")
    assert rows["exceptions"]["found"] == found.format(*dates), why
    assert rows["run out"]["problem"] == expired.format(*dates), why
    assert rows["run out"]["ok"] is True, why


def test_exceptions_that_cannot_be_read(doctor, tmp_path):
    excusing(tmp_path, 7)
    file = tmp_path / "policies" / "data.json"
    file.write_text(file.read_text().replace("A-1", "A-2"))
    code, rows = doctor("--controller", str(tmp_path), ENGINE_TERRAFORM="terraform-that-is-not-there")
    assert (code, rows["exceptions"]["ok"]) == (ExitCode.NEGATIVE, False)
    assert "A-2" in rows["exceptions"]["problem"]
