"""What Terraform's complaints mean. The texts are Terraform's and the AWS SDK's own, shortened."""

import json

import pytest

from engine.adapters.process import Done
from engine.adapters.terraform import failures
from engine.adapters.terraform.locks import Lock
from engine.core.redact import Redactor
from engine.errors import TABLE, ExitCode

RETRY, REPLAN, REINIT, NEVER = failures.Kind.RETRY, failures.Kind.REPLAN, failures.Kind.REINIT, failures.Kind.NEVER
LOCKED = "operation error S3: PutObject, StatusCode: 412, api error PreconditionFailed"
INFO = """{before}
Lock Info:
  ID:        {id}
  Path:      b/SNS/dev/a/terraform.tfstate
  Operation: OperationTypeApply
  Who:       {who}
  Version:   1.11.4
  Created:   2026-01-02 03:04:05.6 +0000 UTC
  Info:      {info}

Terraform acquires a state lock to protect the state from being written
by multiple users at the same time."""


def said(*diagnostics, code=1, stderr=b""):
    lines = [
        json.dumps({"type": "diagnostic", "diagnostic": {"severity": severity, "summary": summary, "detail": detail}})
        for severity, summary, detail in diagnostics
    ]
    return Done(code, "\n".join(lines).encode(), stderr, 1.0)


CASES = [
    ("another run holds the state", "Error acquiring the state lock", LOCKED, "ENG412", RETRY),
    (
        "the lock cannot be taken: no bucket",
        "Error acquiring the state lock",
        "api error NoSuchBucket: no",
        "ENG415",
        NEVER,
    ),
    (
        "the lock cannot be taken: not allowed",
        "Error acquiring the state lock",
        "StatusCode: 403, AccessDenied",
        "ENG417",
        NEVER,
    ),
    (
        "the lock cannot be taken: nobody answers",
        "Error acquiring the state lock",
        "dial tcp: connection refused",
        "ENG411",
        RETRY,
    ),
    ("no bucket", "Failed to get existing workspaces", 'S3 bucket "x" does not exist.', "ENG415", NEVER),
    (
        "the bucket is elsewhere",
        "Error",
        'requested bucket from "us-east-1", actual location "eu-west-1"',
        "ENG415",
        NEVER,
    ),
    ("throttled", "reading S3 Bucket (a)", "api error Throttling: Rate exceeded", "ENG411", RETRY),
    (
        "AWS has a bad day",
        "reading S3 Bucket (a)",
        "https response error StatusCode: 503, ServiceUnavailable",
        "ENG411",
        RETRY,
    ),
    (
        "a connection that ended within an answer",
        "Retrieving AWS account details",
        "exceeded maximum number of attempts, 2, read tcp 127.0.0.1:1->127.0.0.1:2: use of closed network connection",
        "ENG411",
        RETRY,
    ),
    ("no network", "reading S3 Bucket (a)", "lookup s3.amazonaws.com: no such host", "ENG411", RETRY),
    (
        "the state is not there yet",
        "Error",
        "The checksum calculated for the state stored in S3 does not match",
        "ENG411",
        RETRY,
    ),
    ("no credentials", "No valid credential sources found", "no EC2 IMDS role found", "ENG417", NEVER),
    ("expired credentials", "reading", "api error ExpiredToken: The provided token has expired", "ENG417", NEVER),
    ("credentials of another account", "AWS account ID not allowed: 111111111111", "", "ENG465", NEVER),
    (
        "nobody could be asked which account it is",
        "AWS account ID not allowed: ",
        "connection refused",
        "ENG411",
        RETRY,
    ),
    ("another run was faster", "Saved plan is stale", "", "ENG413", REPLAN),
    ("a plan of another Terraform", "Invalid plan file", "plan file was created by Terraform 1.10", "ENG413", REPLAN),
    (
        "our backend record is not understood",
        'Backend initialization required, please run "terraform init"',
        "",
        "ENG414",
        REINIT,
    ),
    ("the providers are gone", "Required plugins are not installed", "", "ENG414", REINIT),
    ("the lock file is not the template's", "Inconsistent dependency lock file", "", "ENG414", REINIT),
    ("no provider", "Failed to query available provider packages", "could not connect to registry", "ENG403", NEVER),
    ("a provider for another machine", "Failed to load plugin schemas", "exec format error", "ENG403", NEVER),
    ("the disk is full", "Failed to write plan file", "write: no space left on device", "ENG418", NEVER),
    ("a value that nobody says who refuses", "Invalid value for variable", "A bucket's name has …", "ENG410", NEVER),
    ("anything else", "Unheard-of", "really", "ENG410", NEVER),
]


@pytest.mark.parametrize(("why", "summary", "detail", "code", "kind"), CASES)
def test_kind(why, summary, detail, code, kind):
    error = failures.of_resource("S3/a", said(("error", summary, detail)), Redactor([]))
    problem = error.problems[0]
    assert (problem.code, error.kind) == (code, kind), why
    assert summary in problem.message
    assert problem.place is not None
    assert problem.place.file == "S3/a"


RULE = "\n\nThis was checked by the validation rule at {}.tf:55,3-13."
REFUSED = ("error", "Invalid value for variable", 'days is "1" or "2".' + RULE.format("s3"))


@pytest.mark.parametrize(
    ("why", "rows", "code", "text"),
    [
        ("one", [REFUSED], "ENG904", 'the module refuses a value: days is "1" or "2".'),
        ("the same twice", [REFUSED, REFUSED], "ENG904", 'the module refuses a value: days is "1" or "2".'),
        ("something else beside it", [REFUSED, ("error", "Unheard-of", "x")], "ENG410", "Unheard-of"),
        ("a value of the platform's own", [(*REFUSED[:2], f"no{RULE.format('variables')}")], "ENG410", "no"),
        ("words of a resource", [("error", "Unheard-of", REFUSED[2])], "ENG410", "Unheard-of"),
    ],
)
def test_a_value_that_the_module_refuses_is_an_answer_and_no_failure(why, rows, code, text):
    (told,) = failures.of_resource("S3/a", said(*rows), Redactor([])).problems
    assert (told.code, TABLE[code].exit is ExitCode.NEGATIVE) == (code, code == "ENG904"), why
    assert text in told.message


def test_each_value_that_the_module_refuses_is_told():
    other = (*REFUSED[:2], "mode is odd." + RULE.format("s3"))
    told = failures.of_resource("S3/a", said(REFUSED, other, REFUSED), Redactor([])).problems
    assert [one.message.partition(": ")[2] for one in told] == ['days is "1" or "2".', "mode is odd."]


def test_a_value_for_a_variable_that_does_not_exist_is_an_error_though_terraform_only_warns():
    found = failures.diagnostics(said(("warning", "Value for undeclared variable", "no `x`")).stdout)
    assert failures.errors(found) == found


def test_other_warnings_are_none():
    assert failures.errors(failures.diagnostics(said(("warning", "Deprecated", "soon")).stdout)) == ()


def test_lines_that_are_no_json_are_passed_over():
    lines = b'Initializing...\n{"type":"log"}\n{broken\n{"diagnostic": "text"}\n[]\n'
    assert failures.diagnostics(lines) == ()


def test_a_failure_without_a_reason_shows_the_end_of_the_output():
    error = failures.of_resource("S3/a", Done(1, b"", b"panic: runtime error", 1.0), Redactor([]))
    assert error.problems[0].message.endswith("panic: runtime error")
    assert error.kind is NEVER


def test_three_errors_are_shown_and_the_others_counted():
    error = failures.of_resource("S3/a", said(*[("error", f"bad {n}", "") for n in range(5)]), Redactor([]))
    assert error.problems[0].message == "Terraform: bad 0.; bad 1.; bad 2.; and 2 more"


def test_secrets_and_terminal_escapes_are_not_shown():
    error = failures.of_resource("S3/a", said(("error", "no", "\x1b[31mhunter22\x1b[0m")), Redactor(["hunter22"]))
    assert error.problems[0].message == "Terraform: no. (sensitive)"


@pytest.mark.parametrize(
    ("why", "summary", "code"),
    [
        ("a mistake in the module", "Unsupported argument", "ENG405"),
        ("a provider that cannot be had", "Failed to install provider", "ENG403"),
    ],
)
def test_failures_of_the_module(why, summary, code):
    error = failures.of_module("/m", said(("error", summary, "")), Redactor([]))
    assert error.problems[0].code == code, why


def locked(**more):
    detail = INFO.format(**{"before": LOCKED, "id": "5f2a", "who": "ann@laptop", "info": "", **more})
    return failures.of_resource(
        "S3/a", said(("error", "Error acquiring the state lock", detail)), Redactor(["hunter2"])
    )


def test_who_holds_the_lock_and_since_when():
    error = locked()
    assert error.lock == Lock("5f2a", "ann@laptop", "OperationTypeApply", "2026-01-02 03:04:05.6 +0000 UTC")
    assert "ann@laptop has it since 2026-01-02 03:04:05.6 +0000 UTC (Apply), lock 5f2a" in error.problems[0].message


@pytest.mark.parametrize(
    ("why", "more", "who"),
    [
        ("it says nothing of who", {"who": ""}, ""),
        ("a secret", {"who": "hunter2@ci"}, "(sensitive)@ci"),
        (
            "a lock that claims to be another one, further below",
            {"info": "\n  Who:       bob@ci\n  ID: 7"},
            "ann@laptop",
        ),
    ],
)
def test_a_lock_is_anybodys_text(why, more, who):
    lock = locked(**more).lock
    assert (lock.id, lock.who) == ("5f2a", who), why


def test_a_name_without_end():
    assert len(locked(who="x" * 9000).problems[0].message) < 500


def test_a_lock_that_nobody_describes():
    error = failures.of_resource("S3/a", said(("error", "Error acquiring the state lock", LOCKED)), Redactor([]))
    assert (error.lock, LOCKED in error.problems[0].message) == (None, True)


def test_a_lock_that_was_not_in_the_way_is_not_told():
    detail = INFO.format(before="", id=1, who="", info="")
    assert failures.of_resource("S3/a", said(("error", "reading", detail)), Redactor([])).lock is None


def test_the_lock_in_words_for_people():
    """`state push` has no `-json`: a frame, and colours."""
    said = "\x1b[31m│\x1b[0m \x1b[31mError: Error acquiring the state lock\n" + "".join(
        f"\x1b[31m│\x1b[0m \x1b[0m  {line}\n"
        for line in ("ID:        5f2a", "Who:       ann@there", "Operation: OperationTypeApply", "Created:   now")
    )
    error = failures.of_resource("X/a", Done(1, b"", said.encode(), 1.0), Redactor(()))
    assert error.lock == ("5f2a", "ann@there", "OperationTypeApply", "now")
