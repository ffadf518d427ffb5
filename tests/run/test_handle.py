"""Whole runs of `engine run`: a clone and an event go in; plans, findings, a signed verdict and a report come out."""

import json
import os
import stat

import pytest

from engine import data
from engine.adapters import clock
from engine.adapters.keys import new_key
from engine.cli.main import main
from engine.core.report.fitting import LIMIT
from engine.core.signature import TrustedKey
from engine.core.verdict.check import read
from engine.errors import ExitCode
from tests.support.clone import Clone, bucket
from tests.support.terraform import CACHE

BASE = {"S3/lake/lake.tfvars": bucket("acme-dev-lake"), "README.md": "configuration only"}
OPEN = 'environment = "development"\ns3_buckets = {\n  "acme-dev-open" = { block_public_access = false }\n}\n'
LAST = "9999-01-01T00:00:00Z"


@pytest.fixture
def run(tmp_path, monkeypatch, capfd):
    """Run `engine run` on a clone; (exit code, out directory, what was printed)."""

    def _run(head, *more, base=BASE, event=None, environ=None, controller=data.ROOT):
        clone = Clone(_folder(tmp_path / "source"), base, head)
        file = tmp_path / "event.json"
        file.write_bytes(event(clone) if event else clone.event())
        for name, value in (environ or {}).items():
            monkeypatch.setenv(name, value)
        out = tmp_path / "out"
        capfd.readouterr()
        words = ["run", "--event", str(file), "--repo", str(clone.directory), "--rules", controller]
        code = main([*words, "--out", str(out), *more])
        return code, out, capfd.readouterr()

    return _run


@pytest.fixture
def keys(tmp_path):
    """Settings with a signing key and a digest key, and the signer."""
    file = str(tmp_path / "key.pem")
    signer = new_key(file)
    return signer, {"ENGINE_SIGNING_KEY_FILE": file, "ENGINE_DIGEST_KEY": "d" * 32, "ENGINE_CACHE_DIR": CACHE}


@pytest.fixture
def settings(aws, keys):
    """The same, and an AWS to talk to: the emulator is `development`'s account here."""
    return {**keys[1], **aws.credentials, "ENGINE_EMULATOR": "1", "ENGINE_STATE_BUCKET": aws.bucket}


@pytest.fixture
def controller(tmp_path, aws):
    """A controller checkout whose `development` is the emulator's account."""
    folder = _folder(tmp_path / "controller")
    for name in (*data.NAMES,):
        source = data.path(name)
        if name == "deployment-rules.yaml":
            with open(source, encoding="utf-8") as file:
                (folder / name).write_text(file.read().replace("111111111111", aws.account))
        else:
            (folder / name).symlink_to(source) if name in ("terraform", "policies") else _copy(source, folder / name)
    return str(folder)


def _folder(path):
    path.mkdir()
    return path


def _copy(source, target):
    import shutil

    shutil.copytree(source, target) if os.path.isdir(source) else shutil.copy(source, target)


def _verdict(out, signer):
    trusted = {signer.id: TrustedKey(signer.id, signer.public, ("verdict",), LAST, None)}
    return read((out / "statement.json").read_bytes(), trusted, clock.now()).verdict


@pytest.mark.slow
@pytest.mark.terraform
def test_a_change_with_one_good_one_bad_and_one_broken_resource(run, settings, controller, keys):
    head = {
        "S3/reports/reports.tfvars": bucket("acme-dev-reports"),
        "S3/open.tfvars": OPEN,
        "S3/broken.tfvars": bucket("acme-dev-broken", more='sse_algorithm = "ROT13"'),
    }
    code, out, printed = run(head, environ=settings, controller=controller)
    assert code == ExitCode.NEGATIVE, printed.err
    verdict = _verdict(out, keys[0])
    assert verdict["result"] == "error", "what was not planned was not judged, and nobody can override that"
    assert {r["path"]: r["plan"] is not None for r in verdict["resources"]} == {
        "S3/reports": True,
        "S3/open.tfvars": True,
        "S3/broken.tfvars": False,
    }
    assert {f["rule"] for f in verdict["findings"] if f["effect"] == "deny"} >= {"ACC-PUB-002", "TAG-001"}
    assert {f["resource"] for f in verdict["findings"] if f["effect"] == "deny"} == {"S3/open.tfvars"}
    assert (verdict["environment"], verdict["branch"], verdict["origin"]) == ("development", "dev", "local")

    assert "S3/broken.tfvars:3:" in printed.out, "the module's refusal stands at the value"
    assert "sse_algorithm is" in printed.out
    report = (out / "report.md").read_text()
    assert "S3/reports" in report
    assert len(report) <= LIMIT
    assert json.loads((out / "report.json").read_text())["result"] == "refused"
    for plan in (out / "plans").iterdir():
        assert stat.S_IMODE(plan.stat().st_mode) == 0o600
    assert stat.S_IMODE(out.stat().st_mode) == 0o700

    again = ["explain", "--event", str(out / "event.json"), "--event-name", "pull_request"]
    facts = ["--facts", str(out / "facts.json"), "--rules", controller, "--pipeline", "validate"]
    assert main([*again, *facts, "--json"]) == ExitCode.DONE


def test_refused_files_end_before_any_credential_is_needed(run):
    head = {"S3/lake/lake.tfvars": bucket("acme-dev-lake", more="force_destroy = 1 + 2"), "main.tf": "# mine"}
    code, out, printed = run(head)
    assert code == ExitCode.NEGATIVE
    assert "configuration-only" in printed.out
    assert "main.tf" in printed.out
    assert "S3/lake/lake.tfvars:" in printed.out
    assert not (out / "plans").exists()
    assert not (out / "statement.json").exists()


@pytest.mark.parametrize(
    ("why", "missing", "code"),
    [
        ("no digest key: nothing is planned", "ENGINE_DIGEST_KEY", "ENG551"),
        ("no Terraform", "ENGINE_TERRAFORM", "ENG400"),
    ],
)
def test_what_is_missing_is_said(run, keys, why, missing, code):
    environ = {**keys[1], "ENGINE_TERRAFORM": "terraform-that-is-not-there"}
    environ[missing] = "" if missing == "ENGINE_DIGEST_KEY" else environ[missing]
    exit_code, out, printed = run({"S3/lake/lake.tfvars": bucket("acme-dev-other")}, environ=environ)
    assert code in printed.err, why
    assert exit_code in (ExitCode.AUTH, ExitCode.EXECUTOR, ExitCode.CONFIG), why
    assert not (out / "statement.json").exists()


def test_a_moved_head_is_superseded(run):
    def stale(clone):
        event = clone.event()
        clone.commit({"README.md": "one more commit"})
        return event

    code, _, printed = run({"S3/lake/lake.tfvars": bucket("acme-dev-other")}, event=stale)
    assert code == ExitCode.STALE
    assert "ENG552" in printed.err


def test_a_conflict_ends_with_a_report_and_signs_nothing(run):
    def conflicting(clone):
        event = clone.event()
        clone.git("checkout", "-q", "dev")
        clone.commit({"S3/lake/lake.tfvars": bucket("acme-dev-third")})
        return event

    code, out, printed = run({"S3/lake/lake.tfvars": bucket("acme-dev-other")}, event=conflicting)
    assert code == ExitCode.NEGATIVE
    assert "merging `feature` into `dev` as it is now is a conflict: S3/lake/lake.tfvars" in printed.out
    assert "merge `dev` into `feature`" in (out / "report.md").read_text()
    assert not (out / "statement.json").exists()


def test_an_event_that_starts_nothing_is_nothing_to_do(run):
    """CI is not red for a label. Nothing was allowed: there is no statement, and the report says `idle`."""
    labeled = lambda clone: clone.event().replace(b'"opened"', b'"labeled"')  # noqa: E731
    code, out, printed = run({}, "--json", event=labeled)
    assert code == ExitCode.DONE
    assert printed.err == "nothing to do: no pipeline starts on this event\n"
    assert (json.loads(printed.out)["status"], json.loads(printed.out)["pipelines"]) == ("nothing_to_do", [])
    assert json.loads((out / "report.json").read_text())["result"] == "idle"
    assert not (out / "statement.json").exists()


def test_a_change_without_resources_is_refused(run):
    code, _, printed = run({"README.md": "words"})
    assert code == ExitCode.NEGATIVE
    assert "No resource is changed" in printed.out


def test_nothing_can_be_kept_in_a_file(run, tmp_path):
    (tmp_path / "out").write_text("in the way")
    code, _, printed = run({"README.md": "words"})
    assert code == ExitCode.EXECUTOR
    assert "ENG002" in printed.err


def test_json_is_one_document(run):
    code, _, printed = run({"README.md": "words"}, "--json")
    assert code == ExitCode.NEGATIVE
    [pipeline] = json.loads(printed.out)["pipelines"]
    assert pipeline["name"] == "validate"
    assert pipeline["ran"] == []
