from textwrap import dedent
from typing import get_args

from engine.core.findings import Effect, Severity
from engine.core.plan.summary import Summary
from engine.core.report.model import Result
from engine.core.report.terminal import render
from engine.errors import Place, Problem
from tests.support.reports import DIGEST, JUDGED, SIGNATURE, finding, report, row

STORY = report(
    [
        row("S3/data-lake"),
        row("S3/bad", counts=Summary(update=1, replace=1), change="modified"),
        row("KMS/key", counts=None, seconds=0.0, problem=Problem("ENG999", "no provider", "install it")),
    ],
    [
        finding(resource="S3/bad", file="S3/bad/bad.tfvars", line=4, remediation="set `kms_key_id`"),
        finding(Effect.WARN, severity=Severity.LOW, rule="TAG-001", message="no tag `owner`"),
        finding(Effect.EXCEPTION, resource="elsewhere", rule="OLD-001"),
    ],
    [Problem("ENG301", "an executable file", "remove it", Place("S3/x/main.tf", 1, 1))],
    "error",
    receipts=JUDGED,
)


def test_the_whole_story() -> None:
    assert render(STORY, width=80) + "\n" == dedent(f"""\
        ! this change could not be judged
          acme/dev-deployment#7 at a1b2c3d4a1b2, development (branch dev)

          ✓ S3/data-lake  added     3 to create                2.1 s
              warning (low) TAG-001: no tag `owner`
          ✗ S3/bad        modified  1 to update, 1 to replace  2.1 s
              denied (high) S3-ENC-001: it is not encrypted
                S3/bad/bad.tfvars:4
                Fix: set `kms_key_id`
          ! KMS/key       added     could not be planned
              error ENG999 no provider
                Fix: install it
              excused (high) OLD-001: it is not encrypted
          61 rules judged 20 of 24 Terraform resources, 4 judgements: 1 denied, 1 warned
            of, 1 excused, 1 passed; 12 rules had nothing to judge; 1 plan could not be
            judged

        refused
          S3/x/main.tf:1:1: error ENG301 an executable file
            Fix: remove it

        statement {DIGEST}
        sequence 3, signed with ed25519:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
        signed 2026-11-23T21:00:00Z, expires 2026-11-30T21:00:00Z
        """)


def test_long_messages_are_wrapped() -> None:
    words = " ".join(["word"] * 60)
    lines = [
        line for line in render(report(findings=[finding(message=words)]), width=60).splitlines() if "word" in line
    ]
    assert len(lines) > 4
    assert max(map(len, lines)) <= 60


def test_colours_only_when_asked_for() -> None:
    assert "\x1b[" not in render(STORY)
    coloured = render(STORY, colour=True)
    assert "\x1b[31mdenied\x1b[0m" in coloured
    assert "\x1b[33m✓\x1b[0m S3/data-lake" in coloured
    for code in ("31", "32", "33", "2", "1", "0"):
        coloured = coloured.replace(f"\x1b[{code}m", "")
    assert coloured == render(STORY)


def test_a_local_run_says_so() -> None:
    assert "no run on GitHub believes it" in render(report(signature=SIGNATURE._replace(origin="local")))
    assert "no run on GitHub believes it" not in render(report())


def test_results_are_told_apart_without_colours() -> None:
    heads = [render(report(result=result)).splitlines()[0] for result in get_args(Result)]
    assert [head[0] for head in heads] == ["✓", "✗", "!", "✗", "…", "–", "–", "–", "✓", "✗"]
    assert len(set(heads)) == len(heads)


def test_what_could_not_be_done_and_why_there_is_no_verdict() -> None:
    told = report([], result="unjudged", signature=None, pipeline="look", because="a clone keeps none")
    assert "  look: a clone keeps none" in render(told)
    told = told._replace(result="error", broken=(Problem("ENG400", "no Terraform", "install it"),))
    assert render(told).endswith("could not be done\n  error ENG400 no Terraform\n    Fix: install it")


def test_what_is_said_eight_times_is_said_once() -> None:
    """A problem of all resources stands at the first one; a finding about several addresses names them below it."""
    gone = Problem("ENG400", "no Terraform", "install it")
    rows = tuple(row(f"S3/{name}", counts=None, problem=gone) for name in "abcdefgh")
    told = render(report(rows, result="error"))
    assert (told.count("no Terraform"), told.count("error ENG400, the same as of S3/a")) == (1, 7)
    many = [finding(address=f"aws_s3_bucket.b{number}") for number in range(12)]
    told = render(report(findings=many))
    assert (told.count("S3-ENC-001"), told.count("aws_s3_bucket.b"), "and 2 more places" in told) == (1, 10, True)
