"""`engine graph resources` as a user types it, on the shipped example."""

import json
import shutil

import pytest

from engine import data
from engine.cli.main import main
from engine.errors import ExitCode
from tests.support.git import Clone
from tests.support.order import bucket

RULES = data.path("deployment-rules.yaml")


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    made = Clone(tmp_path_factory.mktemp("source"))
    shutil.copytree(f"{data.ROOT}/examples/dev-deployment", made.directory, dirs_exist_ok=True)
    made.commit(message="base")
    return made


def _engine(clone, *words: str) -> int:
    return main(["graph", "resources", "--repo", clone.directory, "--rules", RULES, *words])


def test_for_a_person(clone, capsys):
    assert _engine(clone) == ExitCode.DONE
    lines = capsys.readouterr().out.splitlines()
    assert lines[lines.index("SNS/order-events") :] == [
        "SNS/order-events",
        "  waits for SQS/orders  (SNS/order-events/order-events.tfvars:4 names "
        "`arn:aws:sqs:us-east-1:111111111111:orders`)",
        "SQS/jobs.tfvars",
        "SQS/orders",
    ]


def test_for_a_machine(clone, capsys):
    assert _engine(clone, "--json") == ExitCode.DONE
    found = json.loads(capsys.readouterr().out)
    assert found["format"] == "interlock.graph/v1"
    assert len(found["resources"]) == 12
    assert found["circles"] == []
    assert [f"{e['from']} {e['kind']} {e['to']}" for e in found["edges"]] == [
        "Lambda/order-events reference S3/build-cache.tfvars",
        "Lambda/order-events reference IAM/report-reader",
        "Lambda/thumbnails.tfvars reference IAM/report-reader",
        "S3/data-lake reference KMS/data-key",
        "S3/data-lake reference IAM/report-reader",
        "SNS/order-events reference SQS/orders",
        "IAM/report-reader name S3/data-lake",
        "SQS/orders name SNS/order-events",
    ]
    assert found["edges"][3] == {
        "from": "S3/data-lake",
        "to": "KMS/data-key",
        "kind": "reference",
        "text": "arn:aws:kms:us-east-1:111111111111:alias/data-key",
        "file": "S3/data-lake/data-lake.tfvars",
        "line": 4,
        "circular": False,
    }


def test_mermaid(clone, capsys):
    assert _engine(clone, "--format", "mermaid") == ExitCode.DONE
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["flowchart LR", '  r1["IAM/build-runner.tfvars"]']
    assert "  r4 --> r8" in lines
    assert "  r8 -.-> r2" in lines


def test_dot(clone, capsys):
    assert _engine(clone, "--format", "dot") == ExitCode.DONE
    out = capsys.readouterr().out
    assert out.startswith("digraph resources {\n")
    assert '  "SQS/orders" -> "SNS/order-events";\n' in out
    assert '  "SNS/order-events" -> "SQS/orders" [style=dashed];\n' in out
    assert out.endswith("}\n")


def test_circles_are_drawn_and_the_exit_code_says_so(tmp_path, capsys):
    made = Clone(tmp_path)
    made.commit(bucket("a", "S3/b") | bucket("b", logging={"target_bucket": "a"}) | bucket("c", "S3/a"))
    assert _engine(made, "--format", "mermaid") == ExitCode.NEGATIVE
    assert capsys.readouterr().out.splitlines()[4:] == [
        "  r2 ==>|depends_on| r1",
        "  r1 ==> r2",
        "  r1 -->|depends_on| r3",
    ]
    assert _engine(made, "--format", "dot") == ExitCode.NEGATIVE
    assert '"S3/b.tfvars" -> "S3/a.tfvars" [label=depends_on, color=red];' in capsys.readouterr().out
    assert _engine(made, "--json") == ExitCode.NEGATIVE
    assert json.loads(capsys.readouterr().out)["circles"] == [["S3/a.tfvars", "S3/b.tfvars"]]


def test_of_one_environment(clone, capsys):
    assert _engine(clone, "--environment", "development") == ExitCode.DONE
    assert _engine(clone, "--environment", "developmnt") == ExitCode.CONFIG
    assert "ENG823" in (said := capsys.readouterr().err)
    assert "did you mean `development`?" in said
