"""Where a finding is shown: the statement, the attribute, the resource, or the file."""

from typing import Any

import pytest

from engine.core.findings import Effect, Finding, Severity
from engine.core.resources import spots
from engine.core.resources.model import EMPTY_TREE, Resource
from engine.core.resources.spots import Places, Spots
from engine.errors import problem

TFVARS = """environment = "development"

s3_buckets = {
  "lake" = {
    versioning    = false
    sse_algorithm = "AES256"
    policy_file   = "lake.json"
    logging = {
      target_bucket = "elsewhere"
    }
  }
  "other" = {
    sse_algorithm = "aws:kms"
  }
}
iam_roles = {
  reader = {
    assume_role_policy_file = "trust.json"
    inline_policies_file    = { read = "read.json", write = "write.json" }
  }
  writer = {
    assume_role_policy_json = <<EOT
{
  "Statement": {
    "Effect": "Allow", "Sid": "Anybody",
    "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"
  }
}
EOT
  }
}
"""
LAKE = """{
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "NoHttp", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"},
    {
      "Sid": "Everybody",
      "Effect": "Allow",
      "Principal": {"AWS": ["111111111111",
                            "arn:aws:iam::222222222222:root"]},
      "Action": ["s3:GetObject", "S3:*"],
      "Resource": "*"
    },
    {"Effect": "Allow", "Principal": "*", "Action": "sns:Pub*", "Resource": "*"}
  ]
}
"""
ONE = '{"Statement":\n [{"Sid": "%s", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'
FILES = {
    "S3/x/x.tfvars": TFVARS,
    "S3/x/lake.json": LAKE,
    "S3/x/read.json": ONE % "Read",
    "S3/x/write.json": ONE % "Write",
    "S3/x/trust.json": "no JSON at all",
}
OTHER, READER, WRITER = 'aws_s3_bucket.this["other"]', 'aws_iam_role.this["reader"]', 'aws_iam_role.this["writer"]'
BUCKET, ROLE = 'aws_s3_bucket.this["lake"]', "aws_iam_role_policy.this"


def resource_of(texts: dict[str, str]) -> Resource:
    return Resource(
        "S3", "x", "S3/x", "k", "added", "dev", "S3/x/x.tfvars", {}, EMPTY_TREE, {}, {"lake": 4, "reader": 17},
        texts={path: text.encode() for path, text in texts.items()},
    )  # fmt: skip


def spot(address: str, texts: dict[str, str] = FILES, **changes: Any) -> tuple[str, int, str]:
    finding = Finding("X-1", Severity.HIGH, Effect.DENY, "it is wrong", "S3/x", address)._replace(**changes)
    file, line, sid = Spots(resource_of(texts)).of(finding)
    return file.removeprefix("S3/x/").removesuffix(".tfvars"), line, sid


@pytest.mark.parametrize(
    ("why", "address", "said", "found"),
    [
        ("the policy names it", BUCKET, {"attribute": "sse_algorithm"}, ("x", 6, "")),
        ("the policy names a part of a part", BUCKET, {"attribute": "logging.target_bucket"}, ("x", 9, "")),
        ("the way out names it", BUCKET, {"remediation": "Set sse_algorithm to aws:kms."}, ("x", 6, "")),
        ("a single word, with what to set it to", BUCKET, {"remediation": "Set versioning = 1."}, ("x", 5, "")),
        ("a single word of a sentence is no name", BUCKET, {"remediation": "Add versioning."}, ("x", 4, "")),
        ("a part of another word is no name", BUCKET, {"message": "a:sse_algorithm/x"}, ("x", 4, "")),
        ("the message names it", BUCKET, {"message": "its target_bucket is none"}, ("x", 9, "")),
        ("what it is about is a value", BUCKET, {"value": "elsewhere"}, ("x", 9, "")),
        ("what it is about is a name", BUCKET, {"value": "target_bucket"}, ("x", 9, "")),
        ("another resource of the file", OTHER, {"attribute": "sse_algorithm"}, ("x", 13, "")),
        ("an attribute that is not written", BUCKET, {"remediation": "Set kms_key_arn."}, ("x", 4, "")),
        ("nothing is named", BUCKET, {}, ("x", 4, "")),
        ("no address", "", {"value": "s3:*", "attribute": "sse_algorithm"}, ("x", 0, "")),
        ("a name that the file does not have", 'aws_s3_bucket.this["pond"]', {"value": "s3:*"}, ("x", 0, "")),
        ("an action, an Allow first", BUCKET, {"value": "s3:*"}, ("lake.json", 10, "Everybody")),
        ("an account in an ARN", BUCKET, {"value": "222222222222"}, ("lake.json", 9, "Everybody")),
        ("an action that a pattern covers", BUCKET, {"value": "sns:Publish"}, ("lake.json", 13, "")),
        ("an action of several", BUCKET, {"value": "s3:* s3:getobject"}, ("lake.json", 10, "Everybody")),
        ("the policy of that name", f'{ROLE}["reader/write"]', {"value": "s3:*"}, ("write.json", 2, "Write")),
        ("the other policy", f'{ROLE}["reader/read"]', {"value": "s3:*"}, ("read.json", 2, "Read")),
        ("a document within the tfvars", WRITER, {"value": "sts:AssumeRole"}, ("x", 26, "Anybody")),
        ("a document that does not parse", READER, {"value": "sts:TagSession"}, ("x", 17, "")),
    ],
)  # fmt: skip
def test_spot(why, address, said, found):
    assert spot(address, **said) == found, why


ONE_KEY = "kms_keys = {\n  a = {\n    days = 3\n  }\n}\n"
MODE = 'x = { a = { mode = "%s" } }'
TWO_KEYS = "kms_keys = {\n  a = {\n    days = 3\n  }\n  b = { days = 9 }\n}\n"


@pytest.mark.parametrize(
    ("why", "text", "said", "line"),
    [
        ("the first word names it", ONE_KEY, "days is a number from 7 to 30.", 3),
        ("one of two that is out of the range", TWO_KEYS, "days is a number from 7 to 30.", 3),
        ("both are", TWO_KEYS, "days is a number from 10 to 30.", 1),
        ("both may be", TWO_KEYS, "days is odd.", 1),
        ("one of two that is not on the list", TFVARS, 'sse_algorithm is "AES256" or "aws:kms:dsse".', 13),
        ("the entry's own name, of one", ONE_KEY, "A key's name has letters.", 2),
        ("the entry's own name, of two", TWO_KEYS, "A key's name has letters.", 1),
        ("an attribute that is not written", ONE_KEY, "key_usage is needed.", 2),
        ("nothing at all", "kms_keys = {}\n", "No key.", 1),
    ],
)  # fmt: skip
def test_where_the_value_stands_that_the_module_refuses(why, text, said, line):
    why_not = problem("ENG904", said=said)
    told = Places(resource_of({"S3/x/x.tfvars": text})).refused(why_not, said)
    assert told.place is not None
    assert told.place.line == line, why


@pytest.mark.parametrize(
    ("why", "text", "said", "at", "hint"),
    [
        ("the value itself", ONE_KEY, "days is a number from 7 to 30.", "3\n", "correct the value"),
        ("what is nearly on the list", MODE % "Actve", 'mode is "Active" or "Off".', '"Actve', '"Active"'),
        ("what is on no list", MODE % "?", 'mode is "Active" or "Off".', '"?', "correct the value"),
        ("a list has no value of its own", "x = {a = {few_arns = [1]}}", "few_arns has none.", "few_arns", ""),
        ("the name that is wrong", 'x = { ok = {}, "Not-Ok" = {} }', "A name has lower case letters.", '"Not-Ok', ""),
        ("the name that is too short", 'x = { good = {}, b = {} }', "A name has 3 to 9 letters.", "b", "correct"),
        ("signs of a name", 'x = {a_b = {}, "a/b" = {}}', "It has at most 9 letters and +=_- characters.", '"a/b', ""),
    ],
)  # fmt: skip
def test_the_column_of_what_the_module_refuses(why, text, said, at, hint):
    told = Places(resource_of({"S3/x/x.tfvars": text})).refused(problem("ENG904", said=said), said)
    assert told.place is not None
    line = text.split("\n")[told.place.line - 1] + "\n"
    assert line[told.place.column - 1 :].startswith(at), (why, told)
    assert hint in told.hint, why


def test_a_deleted_resource_has_no_lines():
    assert spot(BUCKET, {}, value="s3:*") == ("x", 4, "")


@pytest.mark.parametrize(
    ("pattern", "word", "covers"),
    [
        ("s3:put*", "s3:putobject", True),
        ("*", "s3:putobject", True),
        ("s3:*object*acl", "s3:putobjectversionacl", True),
        ("s3:*object*acl", "s3:putobjectversionac", False),
        ("s3:get?bject", "s3:getobject", True),
        ("s3:[ab]*", "s3:a", False),
        ("s3:put*", "s3:getobject", False),
        ("s3:putobject", "s3:putobjectacl", False),
    ],
)
def test_patterns_are_read_as_aws_reads_them(pattern, word, covers):
    texts = {**FILES, "S3/x/lake.json": ONE.replace("s3:*", pattern) % "One"}
    assert (spot(BUCKET, texts, value=word)[2] == "One") is covers


def test_a_thousand_findings_about_many_statements_take_bounded_work(monkeypatch):
    """Whoever fills documents has lines that are less exact, and nothing else."""
    monkeypatch.setattr(spots, "_STEPS", 5)
    resource = Resource(
        "S3", "x", "S3/x", "k", "added", "dev", "S3/x/x.tfvars", {}, EMPTY_TREE, {}, {"lake": 4},
        texts={path: text.encode() for path, text in FILES.items()},
    )  # fmt: skip
    found = Finding("X-1", Severity.HIGH, Effect.DENY, "it is wrong", "S3/x", BUCKET, value="s3:*")
    known = Spots(resource)
    assert [known.of(found).line for _ in range(3)] == [10, 4, 4]
