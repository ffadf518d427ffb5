"""docs/configuration.md lists common mistakes with what is said of them: each is made here, and told just so."""

from pathlib import Path

import pytest

from engine import data
from engine.core.resources import services
from engine.core.resources.discover import discover
from engine.run.module import read_module
from tests.support.resources import contents, rules, source

PAGE = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
KNOWN = services.read(read_module(data.path("terraform")))
HERE, DOCUMENT, TRUST = "S3/a/a.tfvars", "S3/a/lakes.json", "IAM/r/trust.json"
ALLOW = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, '


def bucket(inside="", environment='"development"'):
    return f'environment = {environment}\ns3_buckets = {{ "acme-a" = {{ {inside} }} }}\n'


GOOD = {HERE: bucket()}
ROLE = 'environment = "development"\niam_roles = { r = { assume_role_policy_file = "trust.json" } }\n'
ROWS = [
    ("`s3_bucket = { … }`", {}, {HERE: 'environment = "development"\ns3_bucket = { a = {} }\n'}),
    ("`versionning = true`", {}, {HERE: bucket("versionning = true")}),
    ('`versioning = "yes"`', {}, {HERE: bucket('versioning = "yes"')}),
    ('`environment = "prodution"`', {}, {HERE: bucket(environment='"prodution"')}),
    ('`environment = upper("development")`', {}, {HERE: bucket(environment='upper("development")')}),
    ('`policy_file = "lake.json"`, of `lakes.json`', {}, {HERE: bucket('policy_file = "lake.json"'), DOCUMENT: "{}"}),
    ('`policy_file = "../b/b.json"`', {}, {HERE: bucket('policy_file = "../b/b.json"')}),
    ('`account = "222222222222"`', {}, {HERE: bucket() + 'account = "222222222222"\n'}),
    ("a role's trust policy with `Resource`", {}, {
        "IAM/r/r.tfvars": ROLE,
        TRUST: ALLOW + '"Action": "sts:AssumeRole", "Resource": "*"}]}',
    }),
    ("two environments in one pull request", {}, {HERE: bucket(), "S3/b/b.tfvars": bucket(environment='"staging"')}),
    ("another environment for what is there", GOOD, {HERE: bucket(environment='"staging"')}),
    ("files removed, and nobody has asked for it", GOOD, {}),
]  # fmt: skip


@pytest.mark.parametrize(("wrote", "base", "head"), ROWS, ids=[row[0] for row in ROWS])
def test_a_common_mistake_is_told_as_the_page_says(wrote, base, head):
    found = discover(contents(base, head), KNOWN, rules(), source()).refused
    told = [f"{problem.code} {problem.message}: {problem.hint}" for problem in found]
    assert any(f"| {wrote} | {one} |" in PAGE for one in told), "\n".join(f"| {wrote} | {one} |" for one in told)


def test_the_page_lists_no_other():
    table = PAGE.partition("| you wrote | it says |\n|---|---|\n")[2].partition("\n\n")[0]
    assert [row.split(" | ")[0].removeprefix("| ") for row in table.splitlines()] == [row[0] for row in ROWS]
