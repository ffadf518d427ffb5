"""What a machine lacks is said with what to install, never with a traceback."""

import datetime
import json
import os

import pytest

from engine import data
from engine.adapters.keys import new_key
from engine.cli.main import main
from engine.errors import ExitCode
from engine.run.machine import DEEDS, Check, lacking
from engine.sandbox.forge.seed import GRANTS
from engine.sandbox.forge.serve import running
from tests.support.rules import APPROVERS, MINIMAL
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
        code = main(["doctor", "--rules", data.ROOT, "--json", *words])
        return code, {row["name"]: row for row in json.loads(capsys.readouterr().out)}

    return _doctor


@pytest.mark.terraform
def test_a_machine_that_has_everything(doctor, tmp_path):
    key = str(tmp_path / "key.pem")
    new_key(key)
    code, rows = doctor(ENGINE_SIGNING_KEY_FILE=key, ENGINE_DIGEST_KEY="d" * 32, CI="")  # no job, which needs a store
    assert code == ExitCode.DONE, rows
    assert rows["AWS provider"]["found"].startswith("ready")


@pytest.mark.parametrize(
    ("why", "program", "said", "remedy"),
    [
        ("there is no Terraform", None, "was not found", "correct ENGINE_TERRAFORM"),
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
    _, rows = doctor("--rules", str(tmp_path), ENGINE_TERRAFORM="terraform-that-is-not-there")
    assert rows["exceptions"]["found"] == found.format(*dates), why
    assert rows["run out"]["problem"] == expired.format(*dates), why
    assert rows["run out"]["ok"] is True, why


def test_exceptions_that_cannot_be_read(doctor, tmp_path):
    excusing(tmp_path, 7)
    file = tmp_path / "policies" / "data.json"
    file.write_text(file.read_text().replace("A-1", "A-2"))
    code, rows = doctor("--rules", str(tmp_path), ENGINE_TERRAFORM="terraform-that-is-not-there")
    assert (code, rows["exceptions"]["ok"]) == (ExitCode.NEGATIVE, False)
    assert "A-2" in rows["exceptions"]["problem"]


def test_rules_with_several_mistakes(doctor, tmp_path):
    (tmp_path / "deployment-rules.yaml").write_bytes(MINIMAL.replace(b"[ready, reviewed]", b"[redy, reviewd]"))
    (tmp_path / "approvers-config.yaml").write_bytes(APPROVERS)
    _, rows = doctor("--rules", str(tmp_path), ENGINE_TERRAFORM="terraform-that-is-not-there")
    said = "deployment-rules.yaml:11:31: unknown gate `redy` (and 1 more problem)"
    assert (rows["rules"]["problem"], rows["rules"]["remedy"]) == (said, "did you mean `ready`?")


@pytest.fixture(scope="module")
def forge(tmp_path_factory):
    with running(str(tmp_path_factory.mktemp("forge"))) as started:
        yield started


def as_app(forge):
    key = os.path.join(forge.folder, "app-key.pem")
    return {
        "GITHUB_API_URL": forge.urls.api, "ENGINE_GITHUB_APP_ID": "1", "ENGINE_GITHUB_APP_KEY_FILE": key,
        "ENGINE_TERRAFORM": "terraform-that-is-not-there",
    }  # fmt: skip


def test_github_without_anybody(doctor):
    row = doctor(ENGINE_TERRAFORM="terraform-that-is-not-there")[1]["GitHub"]
    assert (row["ok"], "only runs on a clone" in row["found"]) == (True, True)


def test_github_as_an_app_that_may_do_what_the_rules_do(doctor, forge):
    row = doctor(**as_app(forge))[1]["GitHub"]
    assert row["found"] == f"{forge.urls.api} as the App interlock, installed at acme", row


def test_github_as_an_app_that_lacks_something(doctor, forge):
    def grant(**other):
        given = {**GRANTS, **other}
        forge.kept.run("UPDATE apps SET permissions_json = ?", json.dumps({k: v for k, v in given.items() if v}))

    grant(checks="read", pull_requests=None)
    try:
        row = doctor(**as_app(forge))[1]["GitHub"]
    finally:
        grant()
    assert not row["ok"]
    assert "at acme checks:write, pull_requests:write" in row["problem"]
    assert "accept" in row["remedy"]


def test_github_by_a_token(doctor, forge, monkeypatch):
    sql = "SELECT t.token FROM tokens t JOIN accounts a ON a.id = t.account WHERE a.login = 'ann'"
    environ = {"GITHUB_API_URL": forge.urls.api, "ENGINE_TERRAFORM": "terraform-that-is-not-there"}
    row = doctor(**environ, GITHUB_TOKEN=forge.kept.value(sql))[1]["GitHub"]
    assert row["found"] == f"{forge.urls.api} as ann, a token"
    row = doctor(**environ, GITHUB_TOKEN="ghp_nobody")[1]["GitHub"]
    assert ("status 401" in row["problem"], "ghp_nobody" in json.dumps(row)) == (True, False)


def test_github_with_half_an_app(doctor):
    row = doctor(ENGINE_GITHUB_APP_ID="1", ENGINE_TERRAFORM="terraform-that-is-not-there")[1]["GitHub"]
    assert "only one is set" in row["problem"]


BARE = ("git", "terraform", "AWS provider", "rules", "policies")


@pytest.mark.parametrize(
    ("why", "there", "absent", "able"),
    [
        ("a clone alone, without keys and GitHub", BARE, {"GitHub": "nobody: only", "store": "none: each"}, 4),
        ("nothing but rules", ("rules",), {}, 1),
        ("keys, too", (*BARE, "signing key", "digest key"), {"store": "none: each run keeps"}, 5),
        ("all of it", (*BARE, "signing key", "digest key", "store", "GitHub"), {}, 6),
    ],
)
def test_what_can_be_done(why, there, absent, able):
    found = [Check(name, "here") for name in there] + [Check(name, said) for name, said in absent.items()]
    assert [not lacking(deed, found) for deed in DEEDS].count(True) == able, why


def test_the_readme_says_what_a_clone_alone_can_do():
    with open(os.path.join(data.ROOT, "README.md"), encoding="utf-8") as file:
        section = file.read().partition("## With a clone alone")[2].partition("\n## ")[0]
    for deed in DEEDS:
        for command in deed.commands:
            assert f"`{command}`" in section, deed.what


@pytest.mark.parametrize("first", ["", "rules.yaml"])
def test_keys_and_versions_are_looked_at_offline(doctor, tmp_path, first):
    """Beside what the machine has: what is well of them is not told, what is wrong is a row and an exit code."""
    (tmp_path / ".engine").mkdir()
    told = {"version": 1, "kind": "controller", "engine": "99.0.0", "files": {}}
    (tmp_path / ".engine" / "vendored.json").write_text(json.dumps(told))
    (tmp_path / "trusted-keys.yaml").write_text("version: 2")
    if first:
        (tmp_path / first).write_text("version: 1\n")
    rules = str(tmp_path / first)
    code, rows = doctor("--rules", rules, ENGINE_TERRAFORM="terraform-that-is-not-there")
    assert code == ExitCode.NEGATIVE
    assert "was written by 99.0.0" in rows["engine"]["problem"]
    assert not rows[str(tmp_path / "trusted-keys.yaml")]["ok"]
    assert set(rows["engine"]) == set(rows["git"])
