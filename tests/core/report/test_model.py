import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.findings import Effect, Finding
from engine.core.plan.summary import Line, Summary
from engine.core.redact import HIDDEN, Redactor
from engine.core.report.model import Diff, Report, Row, Standing, redacted
from engine.errors import Place, Problem
from tests.support.reports import diff, finding, report, row

NO = Problem("ENG999", "no", "")
BROKEN = row(problem=NO)


@pytest.mark.parametrize(
    ("why", "of", "findings", "standing"),
    [
        ("nothing found", row(), [], Standing.PASSED),
        ("a warning", row(), [finding(Effect.WARN)], Standing.WARNED),
        ("denied outweighs a warning", row(), [finding(Effect.WARN), finding()], Standing.FAILED),
        ("excused is passed", row(), [finding(Effect.EXCEPTION)], Standing.PASSED),
        ("another's finding", row(), [finding(resource="S3/other")], Standing.PASSED),
        ("no plan", row(counts=None), [], Standing.ERROR),
        ("no plan outweighs denied", BROKEN, [finding()], Standing.ERROR),
    ],
)
def test_standing(why: str, of: Row, findings: list[Finding], standing: Standing) -> None:
    assert report([of], findings).standing(of) is standing, why


def test_json() -> None:
    told = report([row(diffs=(diff("+ a"),)), BROKEN], [finding(file="a.tfvars", line=3)], [NO])
    value = json.loads(json.dumps(told.to_json()))
    assert (value["version"], value["result"], value["environment"]) == (1, "passed", "development")
    first, second = value["resources"]
    assert first["plan"] == Summary(create=3)._asdict()
    assert first["changes"] == [{"address": "aws_s3_bucket.this", "action": "create", "diff": "+ a"}]
    assert (second["standing"], second["problem"]["code"]) == ("error", "ENG999")
    assert (value["findings"][0]["severity"], value["findings"][0]["effect"]) == ("high", "deny")
    assert value["refused"] == [{"code": "ENG999", "message": "no", "hint": "", "file": "", "line": 0, "column": 0}]
    assert value["signature"]["sequence"] == 3


def test_unnamed_environment_is_null() -> None:
    assert report(environment="", branch="", signature=None).to_json()["environment"] is None


def test_redacted_reaches_every_text_and_changes_nothing_else() -> None:
    secret = "hunter2-hunter2"
    shown = Diff("a.b", "create", (Line("+   p = ", (secret, f'"x {secret}"'), "  # new"),))
    told = report(
        [row(diffs=(shown,), problem=Problem("ENG999", secret, secret, Place("a", 3, excerpt=secret)))],
        [finding(message=secret, remediation=f"not {secret}")],
        [Problem("ENG999", secret, "")],
    )
    clean = redacted(told, Redactor([secret]))
    assert secret not in str(clean)
    assert str(clean).replace(HIDDEN, secret) == str(told)
    assert isinstance(clean, Report)
    assert redacted(report(), Redactor([])) == report()


@given(
    st.lists(
        st.sampled_from(
            ["passed", "S3/data-lake", "S3-ENC-001", "aws_s3_bucket.this", "create", "+   a = ", "acme/dev-deployment",
             "development", "high", "deny", "ENG999", "a1b2c3d4", "sha256", "ed25519", "  # forces replacement",
             "a.tfvars"]
        )
    )
)  # fmt: skip
def test_what_a_report_is_about_is_never_hidden(secrets: list[str]) -> None:
    shown = Diff("aws_s3_bucket.this", "create", (Line("+   a = ", ("1",), "  # forces replacement"),))
    told = report([row(diffs=(shown,))], [finding(address="aws_s3_bucket.this", file="a.tfvars", line=3)], [NO])
    assert redacted(told, Redactor(secrets)) == told
