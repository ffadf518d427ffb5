"""Documents, kind by kind: tests/cases/documents/good.yaml says what AWS takes, bad.yaml what it refuses, and where."""

import json

import pytest

from engine.core.resources import documents
from engine.core.resources.kinds import KINDS
from engine.errors import TABLE, EngineError
from tests.support.cases import cases

GOOD = [(kind, case) for kind, rows in cases("documents/good").items() for case in rows]
BAD = cases("documents/bad")

MARK = "»"


def text_of(case: dict) -> str:
    """The document of a case, or its statements (one on a line) in a policy of today."""
    return str(case.get("document", '{"Version": "2012-10-17", "Statement": ' + case.get("statements", "") + "}"))


@pytest.mark.parametrize(("kind", "case"), GOOD, ids=[f"{kind}: {case['why']}" for kind, case in GOOD])
def test_what_aws_takes_is_taken(kind, case):
    text = documents.read(text_of(case).encode(), "x.json", kind)
    assert documents.read(text.encode(), "again", kind) == text, "the normal form stays as it is"


def test_every_kind_has_good_documents():
    assert {kind for kind, _ in GOOD} == KINDS.keys()
    assert len(GOOD) >= 60


@pytest.mark.parametrize("case", BAD, ids=[f"{case['kind']}: {case['why']}" for case in BAD])
def test_what_aws_refuses_is_refused_at_its_place(case):
    """One mistake, one problem, at the mark."""
    marked = text_of(case)
    before, found, after = marked.partition(MARK)
    assert found, "say with a mark where the mistake is"
    with pytest.raises(EngineError) as caught:
        documents.read((before + after).encode(), "x.json", case["kind"])
    place = f"x.json:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
    assert [f"{p.code} {p.place}" for p in caught.value.problems] == [f"{case['code']} {place}"]
    (problem,) = caught.value.problems
    assert problem.hint, "a way out"
    assert case.get("says", "") in problem.text()


def test_every_problem_of_documents_has_a_case():
    elsewhere = {"ENG380", "ENG393", "ENG395"}  # of the module; of lengths and numbers, below
    assert {code for code in TABLE if "ENG380" <= code <= "ENG399"} - elsewhere == {
        case["code"] for case in BAD if case["code"] >= "ENG380"
    }


def _role(size: int) -> str:
    """An inline policy of so many characters, white space aside."""
    statement: dict = {"Effect": "Allow", "Action": ["s3:Get"], "Resource": ["arn:aws:s3:::"]}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    statement["Resource"][0] += "x" * (size - len(json.dumps(policy, separators=(",", ":"))))
    return json.dumps(policy, indent=4)


@pytest.mark.parametrize(
    ("kind", "limit"),
    [("role-policy", 10240), ("managed-policy", 6144), ("user-policy", 2048), ("group-policy", 5120)],
)
def test_as_long_as_aws_takes_it_white_space_aside(kind, limit):
    documents.read(_role(limit).encode(), "x.json", kind)
    assert _codes(_role(limit + 1), kind) == ["ENG393"]


@pytest.mark.parametrize(
    ("kind", "service", "limit"),
    [
        ("s3-bucket-policy", "s3", 20480),
        ("kms-key-policy", "kms", 32768),
        ("sqs-queue-policy", "sqs", 8192),
        ("sns-topic-policy", "sns", 30720),
        ("lambda-function-policy", "lambda", 20480),
        ("trust-policy", "sts", 8192),
    ],
)
def test_as_many_bytes_as_aws_takes(kind, service, limit):
    statement: dict = {"Effect": "Allow", "Principal": {"AWS": ["111122223333"]}, "Action": [f"{service}:AssumeRole"]}
    if kind != "trust-policy":
        statement["Resource"] = ["*"]
    policy: dict = {"Version": "2012-10-17", "Id": "éé", "Statement": [statement]}
    room = limit - len(json.dumps(policy, separators=(",", ":"), ensure_ascii=False).encode())
    policy["Id"] += "x" * (room if kind != "trust-policy" else room + 2)  # IAM counts characters
    documents.read(json.dumps(policy, indent=2).encode(), "x.json", kind)
    policy["Id"] += "x"
    assert _codes(json.dumps(policy), kind) == ["ENG393"]


def test_thirty_problems_are_enough():
    statements = [{"Effect": "allow", "Action": "s3:*", "Resource": "*"}] * 500
    codes = _codes(json.dumps({"Statement": statements}), "role-policy")
    assert codes == ["ENG338"] * 30 + ["ENG395"]


def test_all_problems_of_a_document_in_one_go():
    text = (
        '{"Version": "2012-10-17", "Statement": [{"Sid": "a b", "Effect": "Allow", "Principal": "*", "Action": "s3"}]}'
    )
    assert _codes(text, "role-policy") == ["ENG384", "ENG381", "ENG383", "ENG389"]


def _codes(text: str, kind: str) -> list[str]:
    with pytest.raises(EngineError) as caught:
        documents.read(text.encode(), "x.json", kind)
    return [p.code for p in caught.value.problems]
