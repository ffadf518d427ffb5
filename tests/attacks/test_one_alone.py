"""Attacks that break one fact, resource, document, plan or judgement, to end the run before it can say no.

Each input here has broken a reader, or could: the thing itself is an error, what stands beside it is told as if nothing
had happened, and there is a report, a statement where the gates of `protect` hold, and an exit code that is no bug's.
"""

import json
from pathlib import Path

import pytest

from engine.errors import ExitCode
from tests.support.few import few
from tests.support.git import Clone as Git
from tests.support.machine import GOOD, bad, good, recorded


def plan(change=None, **parts):
    """A plan; `change` edits its first resource change."""
    found = {**recorded("s3-good"), **parts}
    if change:
        change(found["resource_changes"][0])
    return json.dumps(found)


def value(raw, *, name='"x"'):
    """A plan with `raw` JSON as a value."""

    def edit(row):
        row["change"]["after"]["tags"] = {"@": 0}

    return plan(edit).replace('{"@": 0}', f"{{{name}: {raw}}}")


def row(**fields):
    """A plan whose first change has other fields."""
    return plan(lambda change: change.update(fields))


def many(number):
    """A plan with so many more changes."""
    rows = recorded("s3-good")["resource_changes"]
    one = next(found for found in rows if found["type"] == "aws_s3_bucket_versioning")
    return plan(resource_changes=[*rows, *({**one, "address": f"{one['address']}[{n}]"} for n in range(number))])


PLANS = [
    ("half of a character in a value", value(r'"\ud800"'), "ENG416"),
    ("in a key", value("1", name=r'"\udc00"'), "ENG416"),
    ("in an address", row(address="@").replace('"@"', r'"aws_s3_bucket.\ud800"'), "ENG416"),
    ("in a part that nobody digests", plan(relevant_attributes=["@"]).replace('"@"', r'"\ud800"'), "ENG416"),
    ("a number beyond all bounds", value("1e999"), "ENG515"),
    ("below all bounds", value("-1e999"), "ENG515"),
    ("one that is none", value("NaN"), "ENG430"),
    ("one of 100,000 digits", value("9" * 100_000), "ENG430"),
    ("1,000 brackets", value("[" * 1000 + "]" * 1000), "ENG430"),
    ("as many as Python's stack just takes", value("[" * 900 + "]" * 900), "ENG430"),
    ("fewer, that the policy engine does not take", value("[" * 200 + "]" * 200), "ENG430"),
    ("100,000 of them, never closed", value("[" * 100_000), "ENG430"),
    ("marks of the unknown, 600 deep", row(change="@").replace('"@"', "[" * 600 + "]" * 600), "ENG430"),
    ("a change that is null", plan(resource_changes=[None]), "ENG430"),
    ("changes that are no list", plan(resource_changes={"a": 1}), "ENG430"),
    ("actions that are objects", row(change={"actions": [{}]}), "ENG430"),
    ("a mode that is an object", row(mode={}), "ENG430"),
    ("the same key twice, the second time empty", plan()[:-1] + ', "resource_changes": []}', "ENG430"),
    ("an empty file", "", "ENG416"),
    ("null", "null", "ENG416"),
    ("two plans", plan() * 2, "ENG416"),
    ("bytes that are no text", plan().encode().replace(b"data-lake", b"\xff\xfe", 1), "ENG416"),
]


@pytest.fixture
def two(machine):
    """A change of two resources: what Terraform answers about `S3/b` is in `answers/bad`."""
    machine.change({"S3/a.tfvars": good(), "S3/b.tfvars": bad()})
    return machine


def told(machine):
    """Standing and code by resource, from a report that agrees with the comment beside it and the statement."""
    report = machine.report()
    assert ("could not be judged" in (machine.out / "report.md").read_text()) == (report["result"] == "error")
    assert (machine.out / "statement.json").exists()
    problems = [*(r["problem"] for r in report["resources"] if r["problem"]), *report["refused"], *report["broken"]]
    return {r["path"]: r["standing"] for r in report["resources"]}, {p["code"] for p in problems}


@pytest.mark.parametrize(("why", "answer", "code"), few(PLANS, 4), ids=[why for why, *_ in PLANS])
def test_a_plan_that_breaks_a_reader_fails_alone(two, engine, why, answer, code):
    (two.answers / "bad").write_bytes(answer if isinstance(answer, bytes) else answer.encode())
    done = engine(*two.words())
    assert (done.code, "Traceback" in done.err) == (ExitCode.EXECUTOR, False), f"{why}: {done.err}"
    assert told(two) == ({"S3/a.tfvars": "passed", "S3/b.tfvars": "error"}, {code}), why


LARGE = [
    ("an address of 1 MB", row(address="aws_s3_bucket." + "x" * 1_000_000)),
    ("NUL in a value", value(r'"a\u0000b"')),
    ("half of a character that is only spelt in a text", value(json.dumps(r'["\ud800"]'))),
    ("a number without end that is only spelt in a text", value(json.dumps("[" + "9" * 5000 + "]"))),
    ("brackets in a text", value(json.dumps("[" * 900 + "]" * 900))),
    ("braces in a text", value(json.dumps('{"a":' * 900 + "1" + "}" * 900))),
    ("2,000 changes more", many(2000)),
]


@pytest.mark.parametrize(("why", "answer"), LARGE, ids=[why for why, _ in LARGE])
def test_a_plan_that_is_only_large_or_odd_is_told(two, engine, why, answer):
    (two.answers / "bad").write_text(answer)
    assert engine(*two.words()).code == ExitCode.DONE, why
    standing = "warned" if "in a text" in why and "only spelt" not in why else "passed"
    assert told(two) == ({"S3/a.tfvars": "passed", "S3/b.tfvars": standing}, set()), why
    assert len((two.out / "report.md").read_bytes()) <= 65_536, why


BROKEN = [
    ("it crashes", "kill -SEGV $$"),
    ("it is killed", "kill -KILL $$"),
    ("it never stops talking", "exec yes"),
    ("it says 300 MB of nothing", "exec head -c 300000000 /dev/zero"),
]


@pytest.mark.parametrize(("why", "command"), BROKEN)
def test_a_terraform_that_breaks_down_over_one_resource(two, engine, why, command):
    two.program(show=f"if grep -q acme-dev-bad resource.tfvars.json; then {command}; else cat $A/good; fi")
    done = engine(*two.words())
    assert (done.code, "Traceback" in done.err) == (ExitCode.EXECUTOR, False), f"{why}: {done.err}"
    standing, _ = told(two)
    assert standing == {"S3/a.tfvars": "passed", "S3/b.tfvars": "error"}, why


POLICIES = [
    ("it fails on one plan", 'to_number("ten") == 10', "ENG510"),
    ("it gives what is no finding for one", "m == 1", "ENG514"),
    ("it takes all memory for one", "count([x | some i in numbers.range(1, 100000000); x := [i, i]]) > 0", "ENG512"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("why", "breaks", "code"), POLICIES)
def test_a_judgement_that_breaks_over_one_plan_hides_no_other(machine, engine, why, breaks, code):
    """What is denied in the others is still told: nobody waits for one mending to hear of the next."""
    touches = 'input.resource_changes[_].change.after.bucket == "touchy"'
    rule = f"deny contains m if {{\n\t{touches}\n\tm := 1\n\t{breaks}\n}}\n"
    (machine.controller / "policies" / "x.rego").write_text(f"package x\n\nimport rego.v1\n\n{rule}")
    machine.answer("bad", recorded("s3-public"))
    touchy = recorded("s3-good")
    touchy["resource_changes"][0]["change"]["after"]["bucket"] = "touchy"
    machine.answer("good", touchy)
    machine.change({f"S3/{GOOD}.tfvars": good(), "S3/b.tfvars": bad(), "S3/c.tfvars": bad()})
    done = engine(*machine.words())
    assert (done.code, "Traceback" in done.err) == (ExitCode.EXECUTOR, False), f"{why}: {done.err}"
    standing, codes = told(machine)
    assert standing == {f"S3/{GOOD}.tfvars": "error", "S3/b.tfvars": "failed", "S3/c.tfvars": "failed"}, why
    assert codes == {code}, why


# A commit by hand: its author's name is whatever bytes somebody pushes.
AUTHORS = [
    ("U+001F", b"a\x1fb"),
    ("U+001E", b"a\x1eb"),
    ("no UTF-8", b"\xff\xfe"),
    ("nothing", b""),
    ("a tag", b"<script>|`"),
    ("half of a character", b"\xed\xa0\x80"),
]


def rewritten(clone: Git, author: bytes, message: bytes) -> str:
    tree, parent = clone.git("rev-parse", "HEAD^{tree}"), clone.git("rev-parse", "HEAD^")
    who = b"%s <a@example.com> 1700000000 +0000" % author
    text = f"tree {tree}\nparent {parent}\n".encode() + b"author %s\ncommitter %s\n\n%s" % (who, who, message)
    raw = Path(clone.directory) / ".git" / "raw"
    raw.write_bytes(text)
    commit = clone.git("hash-object", "-t", "commit", "-w", "--literally", str(raw))
    clone.git("update-ref", "refs/heads/feature", commit)
    return commit


@pytest.mark.parametrize(("why", "author"), AUTHORS)
def test_a_name_that_breaks_a_list_of_commits(machine, engine, why, author):
    (machine.controller / "specs" / "names.yaml").write_text(
        "pipeline: names\ngates: [named]\nactions: [{id: report, uses: report.write}]\n"
    )
    rules = machine.controller / "deployment-rules.yaml"
    gate = 'gates:\n  named: {require: "length(commits) > `0` && length(files) > `0`"}\n'
    rules.write_text(rules.read_text().replace("gates:\n", gate, 1))
    clone = machine.change({"S3/a.tfvars": good()})
    clone.head = rewritten(clone, author, b"a change\n\nCo-authored-by: " + author + b" <b@example.com>\n")
    (machine.root / "event.json").write_bytes(clone.event())
    done = engine(*machine.words("--pipeline", "names"))
    assert done.code in (ExitCode.DONE, ExitCode.NEGATIVE), f"{why}: {done.err}"
    report = machine.report()
    assert (done.code, report["result"]) in ((0, "unjudged"), (1, "error")), why
    [named] = report["gates"]
    assert named["outcome"] == ("pass" if done.code == 0 else "error"), why
