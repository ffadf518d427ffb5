"""`engine services`: the list, one of them, JSON and a JSON Schema, by the controller's own module."""

import json

import pytest

from engine.cli.main import main
from engine.errors import ExitCode

MODULE = 'variable "things" {\n  description = "Our own."\n  type = map(object({ size = optional(number, 7) }))\n}\n'


def test_the_list(capsys):
    assert main(["services"]) == ExitCode.DONE
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["iam", "kms", "lambda", "s3", "sns", "sqs"]
    assert lines[3].endswith(
        "s3_buckets: S3 buckets by name. Encrypted, versioned, private and TLS-only unless said otherwise."
    )


def test_of_the_controllers_own_module(tmp_path, capsys):
    (tmp_path / "terraform").mkdir()
    (tmp_path / "terraform" / "thing.tf").write_text(MODULE)
    assert main(["services", "Thing", "--rules", str(tmp_path)]) == ExitCode.DONE
    assert "\n  size  a number; default 7\n" in capsys.readouterr().out


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_it_has_the_columns_that_there_are(columns, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    assert main(["services", "S3"]) == ExitCode.DONE
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= columns
    assert any(line.startswith("    target_bucket ") for line in lines), "what an object holds is below its name"


def test_json_and_schema(capsys):
    assert main(["services", "S3", "--json"]) == ExitCode.DONE
    [one] = json.loads(capsys.readouterr().out)["services"]
    assert one["variables"][0]["name"] == "s3_buckets"
    assert main(["services", "s3", "--schema"]) == ExitCode.DONE
    assert set(json.loads(capsys.readouterr().out)["properties"]) == {"environment", "depends_on", "s3_buckets"}


@pytest.mark.parametrize(
    ("why", "words", "said"),
    [
        ("a near miss", ["lambada"], "ENG765 the module has no service `lambada`\n  Fix: did you mean `lambda`?"),
        ("a schema of nothing", ["--schema"], "ENG766 a schema is of one service\n  Fix: name one of: iam, kms"),
    ],
)
def test_refused(why, words, said, capsys):
    assert main(["services", *words]) == ExitCode.CONFIG, why
    assert said in capsys.readouterr().err
