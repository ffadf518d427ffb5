"""Attacks by text: characters that nobody sees, line ends that only some see, input that costs more than it says."""

import pytest

from engine.core.resources.locate import MOST_DOCUMENTS
from engine.errors import MOST_PROBLEMS, ExitCode
from tests.support.clone import bucket
from tests.support.output import commands, lines, unprintable

HEAD = 'environment = "development"\n'
NAMED = bucket("y", more='policy_file = "y.json"')


def discover(machine, engine, files):
    clone = machine.change(files)
    return engine("discover", "--repo", clone.directory, "--base", "dev", "--head", "feature")


@pytest.mark.parametrize(
    ("why", "files"),
    [
        ("a carriage return in a comment", {"S3/y.tfvars": f"{HEAD}nosuch = {{}} #\r::stop-commands::t0k3n\n"}),
        ("one spelt as an escape", {"S3/y.tfvars": 'environment = "dev\\r::error::x"\n'}),
        ("an escape, spelt", {"S3/y.tfvars": 'environment = "dev\\u001b[2J"\n'}),
        ("a raw escape in the line that is shown", {"S3/y.tfvars": f"{HEAD}x = 1 # \x1b[2J\x1b]0;t\x07\n"}),
        ("line ends of Unicode", {"S3/y.tfvars": f"{HEAD}x = 1 # \u2028::error::x\x85::error::y\n"}),
        ("in a document", {"S3/y.tfvars": NAMED, "S3/y.json": '{"a":\r::error::x}'}),
        ("spelt in a document", {"S3/y.tfvars": NAMED, "S3/y.json": '{"\\r::x": 1}'}),
    ],
)  # fmt: skip
def test_no_input_writes_a_line_of_its_own(machine, engine, why, files):
    ended = discover(machine, engine, files)
    assert ended.code == ExitCode.NEGATIVE, why
    assert "refused" in ended.out
    assert commands(ended.out + ended.err) == [], why
    assert unprintable(ended.out + ended.err) == set(), why
    assert lines(ended.out) == ended.out.split("\n")


@pytest.mark.parametrize("spelt", ["\u202e", "\\u202e", "\u2066", "\U000e0041", "\\udb40\\udc41", "\u200b"])
def test_no_document_reads_differently_from_what_it_does(machine, engine, spelt):
    document = (
        f'{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Resource": "arn:aws:s3:::b/{spelt}*"}}]}}'
    )
    files = {"S3/y.tfvars": NAMED, "S3/y.json": document}
    ended = discover(machine, engine, files)
    assert (ended.code, "ENG023" in ended.out) == (ExitCode.NEGATIVE, True)


def test_references_by_documents_are_told_in_little(machine, engine):
    references = "".join(f'b{i} = {{ policy_file = "z.json" }}\n' for i in range(MOST_PROBLEMS + 200))
    files = {f"S3/x/{'p' * 100}{i}.json": "{}" for i in range(MOST_DOCUMENTS)}
    ended = discover(machine, engine, {"S3/x/x.tfvars": f"{HEAD}s3_buckets = {{\n{references}}}\n", **files})
    assert f"and {MOST_PROBLEMS - 21:,} more places" in ended.out, "said once, with some of its places"
    assert "ENG038 200 more problems are not shown" in ended.out
    assert len(ended.out) < 30_000


def test_deep_brackets_are_refused_where_they_are(machine, engine):
    deep = "[" * 30_000
    files = {
        "S3/a.tfvars": f"{HEAD}s3_buckets = {deep}",
        "S3/c.tfvars": bucket("c", more='policy_file = "c.json"'),
        "S3/c.json": deep,
    }
    ended = discover(machine, engine, files)
    assert ended.code == ExitCode.NEGATIVE
    assert "S3/c.json:1:101: error ENG032" in ended.out
    assert "S3/a.tfvars:2:44: error ENG320" in ended.out
