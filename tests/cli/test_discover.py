"""`engine discover` as a user types it, on the shipped example."""

import json
import shutil

import pytest

from engine import data
from engine.cli.main import main
from engine.errors import ExitCode
from tests.support.git import Clone

EXAMPLES = f"{data.ROOT}/examples"
RULES = data.path("deployment-rules.yaml")


@pytest.fixture
def clone(tmp_path):
    made = Clone(tmp_path / "dev-deployment")
    shutil.copytree(f"{EXAMPLES}/dev-deployment", made.directory, dirs_exist_ok=True)
    made.commit(message="base")
    made.branch("feature")
    shutil.copytree(f"{EXAMPLES}/change", made.directory, dirs_exist_ok=True)
    made.commit(message="change")
    return made


def _engine(clone, *words: str) -> int:
    return main(["discover", "--repo", clone.directory, "--rules", RULES, *words])


def test_the_example_for_a_machine(clone, capsys):
    assert _engine(clone, "--base", "dev", "--head", "feature", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "environment": "development",
        "branch": "dev",
        "resources": [
            {
                "service": "S3",
                "name": "analytics-reports",
                "path": "S3/analytics-reports",
                "state_key": "S3/dev/analytics-reports/terraform.tfstate",
                "change": "added",
            },
            {
                "service": "S3",
                "name": "analytics-uploads",
                "path": "S3/analytics-uploads.tfvars",
                "state_key": "S3/dev/analytics-uploads/terraform.tfstate",
                "change": "added",
            },
        ],
        "refused": [],
    }


def test_the_example_for_a_person(clone, capsys):
    assert _engine(clone, "--base", "dev") == 0
    assert capsys.readouterr().out == (
        "environment development, branch dev\n"
        "  added  S3/analytics-reports         S3/dev/analytics-reports/terraform.tfstate\n"
        "  added  S3/analytics-uploads.tfvars  S3/dev/analytics-uploads/terraform.tfstate\n"
    )


def test_all_services_of_the_example_in_both_forms(clone, capsys):
    assert _engine(clone, "--all", "--json") == 0
    resources = json.loads(capsys.readouterr().out)["resources"]
    forms = {(r["service"], r["path"].endswith(".tfvars")) for r in resources}
    assert forms == {(s, flat) for s in ("S3", "KMS", "IAM", "Lambda", "SQS", "SNS") for flat in (True, False)}
    assert {r["change"] for r in resources} == {"unchanged"}


def test_a_refusal_names_its_place_and_the_way_out(clone, capsys):
    clone.commit(
        {"S3/build-cache.tfvars": 'environment = "development"\ns3_buckets = { a = { versionning = true } }\n'}
    )
    assert _engine(clone, "--base", "dev") == 1
    assert capsys.readouterr().out.endswith(
        "S3/build-cache.tfvars:2:22: error ENG333 unknown attribute `versionning`\n"
        "   2 | s3_buckets = { a = { versionning = true } }\n"
        "     |                      ^^^^^^^^^^^\n"
        "  Fix: did you mean `versioning`?\n"
        "\nrefused: 1 problem\n"
    )
    assert _engine(clone, "--base", "dev", "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert len(found["resources"]) == 2
    assert found["refused"] == [
        {
            "path": "S3/build-cache.tfvars",
            "line": 2,
            "code": "ENG333",
            "message": "unknown attribute `versionning` (did you mean `versioning`?)",
        }
    ]


def test_a_removal_has_to_be_asked_for(clone, capsys):
    clone.commit({"SQS/jobs.tfvars": None})
    assert _engine(clone, "--base", "HEAD~1") == 1
    assert "--allow-destroy SQS/jobs.tfvars" in capsys.readouterr().out
    assert _engine(clone, "--base", "HEAD~1", "--allow-destroy", "SQS/jobs.tfvars") == 0
    assert "deleted  SQS/jobs.tfvars  SQS/dev/jobs/terraform.tfstate" in capsys.readouterr().out


def test_nothing_changed_is_no_refusal(clone, capsys):
    assert _engine(clone, "--base", "feature") == 0
    assert capsys.readouterr().out == "no resource to plan\n"


def test_what_to_compare_with_must_be_said(clone, capsys):
    assert _engine(clone) == 2
    assert "ENG359" in capsys.readouterr().err


def test_the_origin_decides_which_source_it_is(clone, capsys, tmp_path):
    rules = tmp_path / "deployment-rules.yaml"
    with open(RULES) as file:
        text = file.read().replace(
            '  - {repo: acme/dev-deployment, owns: ["**"]}',
            '  - {repo: acme/dev-deployment, owns: ["S3/**"]}\n  - {repo: acme/queues, owns: ["SQS/**"]}',
        )
    assert "acme/queues" in text
    rules.write_text(text)
    shutil.copytree(data.path("specs"), tmp_path / "specs")
    shutil.copy(data.path("approvers-config.yaml"), tmp_path)
    words = ("discover", "--repo", clone.directory, "--rules", str(rules), "--shipped", "--base", "dev")
    assert main([word for word in words if word != "--shipped"]) == 2
    assert "ENG905" in capsys.readouterr().err, "nobody is given a module that nobody asked for"
    assert main(list(words)) == 2
    assert "ENG357" in capsys.readouterr().err
    clone.git("remote", "add", "origin", "git@github.com:Acme/queues.git")
    assert main(list(words)) == 1
    assert "acme/queues does not own S3/analytics-reports/analytics-reports.tfvars" in capsys.readouterr().out
    assert main([*words, "--source", "acme/dev-deployment"]) == 0
    assert main([*words, "--source", "acme/dev-deploiment"]) == 2
    assert "did you mean `acme/dev-deployment`?" in capsys.readouterr().err


def test_what_is_listed_is_the_merge(clone, capsys):
    clone.git("checkout", "-q", "-b", "other", "dev")
    clone.commit({"README.md": "other words"})
    clone.git("checkout", "-q", "-b", "mine", "dev")
    clone.commit({"README.md": "my words"})
    assert _engine(clone, "--base", "other", "--head", "mine") == ExitCode.NEGATIVE
    assert "merging `mine` into `other` as it is now is a conflict: README.md" in capsys.readouterr().err
