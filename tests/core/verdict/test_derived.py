"""What a statement says is derived again, even if a trusted key has signed it."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from engine.core.canonical import canonical
from engine.core.findings import Effect
from engine.core.signature import sign
from engine.core.verdict.check import read
from engine.errors import EngineError
from tests.support.signing import NOW, finding, resource, signer, statement, trusted

CREATE = {
    "address": "aws_s3_bucket.this",
    "type": "aws_s3_bucket",
    "actions": ["create"],
    "digest": "hmac-sha256:" + "5" * 64,
}
TWO = (resource("S3/a", changes=[CREATE]), resource())
HONEST = {
    "passed": statement(finding(Effect.WARN), resources=TWO),
    "failed": statement(finding(), finding(Effect.WARN), resources=TWO),
    "error": statement(resources=(resource("S3/a", plan=None), resource())),
    "nothing": statement(resources=()),
    "nowhere": statement(environment="", branch=""),
    "of no pull request": statement(pr=None, origin="local"),
}


def told(value: dict[str, Any]) -> str:
    """The code why it is not believed; empty when it is."""
    try:
        read(sign(canonical(value), signer()), trusted(), NOW)
    except EngineError as error:
        return error.problems[0].code
    return ""


@pytest.mark.parametrize("name", HONEST)
def test_what_was_built_is_believed(name: str) -> None:
    assert told(HONEST[name]) == ""


def verdict(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda value: value["predicate"]["verdict"].update(changes)


def first(**changes: Any) -> Callable[[dict[str, Any]], None]:
    """Of the resources, with their tree where trees are told again."""

    def act(value: dict[str, Any]) -> None:
        found = value["predicate"]["verdict"]
        found["resources"][0].update(changes)
        if "tree" in changes:
            found["trees"][found["resources"][0]["path"]] = changes["tree"]

    return act


def change(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda value: value["predicate"]["verdict"]["resources"][0]["changes"][0].update(changes)


def receipts(**counts: int) -> Callable[[dict[str, Any]], None]:
    told = {"digest": "sha256:" + "6" * 64, "counts": {"rules": 3, **counts}}
    return lambda value: value["predicate"]["made_from"].update(receipts=told)


def subject(number: int, **changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda value: value["subject"][number].update(changes)


def without_plan(value: dict[str, Any]) -> None:
    value["predicate"]["verdict"]["resources"][0].update(plan=None, module=None)


def without_resources(value: dict[str, Any]) -> None:
    verdict(resources=[], trees={}, findings=[])(value)
    del value["subject"][1:]


def another_tree(value: dict[str, Any]) -> None:
    value["predicate"]["verdict"]["trees"]["S3/a"] = "sha256:" + "9" * 64


def renamed(old: str, new: str) -> Callable[[dict[str, Any]], None]:
    """Everywhere, so that nothing else differs."""

    def act(value: dict[str, Any]) -> None:
        found = value["predicate"]["verdict"]
        for row in found["resources"]:
            row["path"] = new if row["path"] == old else row["path"]
        found["trees"][new] = found["trees"].pop(old)
        for row in value["subject"]:
            row["name"] = new if row["name"] == old else row["name"]

    return act


@pytest.mark.parametrize(
    ("why", "of", "alter", "code"),
    [
        ("passed beside a deny finding", "failed", verdict(result="passed"), "ENG287"),
        ("passed without a plan", "passed", without_plan, "ENG287"),
        ("passed, and nothing was judged", "passed", without_resources, "ENG287"),
        ("passed, and goes nowhere", "passed", verdict(environment=""), "ENG287"),
        ("passed, and merged into nothing", "passed", verdict(branch=""), "ENG287"),
        ("passed beside a finding about something else", "passed", renamed("S3/data-lake", "S3/z"), "ENG287"),
        ("failed, and nothing denies", "passed", verdict(result="failed"), "ENG287"),
        ("an error that calls itself failed", "error", verdict(result="failed"), "ENG287"),
        ("an error that calls itself passed", "nothing", verdict(result="passed"), "ENG287"),
        ("the state of another resource", "passed", first(state_key="S3/dev/z/terraform.tfstate"), "ENG287"),
        ("the state of another branch", "passed", first(state_key="S3/prod/a/terraform.tfstate"), "ENG287"),
        ("another service", "passed", first(service="IAM"), "ENG287"),
        ("another name", "passed", first(name="z"), "ENG287"),
        ("trees that differ from the resources'", "passed", another_tree, "ENG287"),
        ("a tree too few", "passed", verdict(trees={}), "ENG287"),
        ("a tree too many", "passed", lambda v: v["predicate"]["verdict"]["trees"].update(x="sha256:1"), "ENG287"),
        ("a subject of another pull request", "passed", subject(0, name="acme/dev-deployment#8"), "ENG287"),
        ("a subject of another head", "passed", subject(0, digest={"gitCommit": "b" * 40}), "ENG287"),
        ("another digest of a tree", "passed", subject(1, digest={"sha256": "9" * 64}), "ENG287"),
        ("a subject too few", "passed", lambda v: v["subject"].pop(), "ENG287"),
        ("a subject too many", "passed", lambda v: v["subject"].append(v["subject"][0]), "ENG287"),
        ("subjects in another order", "passed", lambda v: v["subject"].reverse(), "ENG287"),
        ("resources in another order", "passed",
         lambda v: v["predicate"]["verdict"]["resources"].reverse(), "ENG287"),
        ("findings in another order", "failed", lambda v: v["predicate"]["verdict"]["findings"].reverse(), "ENG287"),
        ("one path twice", "passed", first(path="S3/data-lake"), "ENG287"),
        ("one state twice", "passed", first(state_key=resource()["state_key"]), "ENG287"),
        ("no pull request: neither one nor none", "passed",
         lambda v: v["predicate"]["verdict"].pop("pr"), "ENG280"),
        ("sequence 0", "passed", verdict(sequence=0), "ENG288"),
        ("a negative sequence", "passed", verdict(sequence=-1), "ENG288"),
        ("a sequence that nothing can follow", "passed", verdict(sequence=2**53 + 1), "ENG288"),
        ("a sequence that is no whole number", "passed", verdict(sequence=1.0), "ENG288"),
        ("pull request 0", "passed", verdict(pr=0), "ENG288"),
        ("half a head", "passed", verdict(head_sha="a" * 39), "ENG288"),
        ("a branch as head", "passed", verdict(head_sha="dev"), "ENG288"),
        ("no base", "passed", verdict(base_ref=""), "ENG288"),
        ("an option as base", "passed", verdict(base_ref="--upload-pack=x"), "ENG288"),
        ("a branch that is none", "passed", verdict(branch="a..b"), "ENG288"),
        ("a repository of nobody", "passed", verdict(repo="dev-deployment"), "ENG288"),
        ("rules without digest", "passed", verdict(rules="sha256:1"), "ENG288"),
        ("rules with another kind of digest", "passed", verdict(rules="sha1:" + "1" * 64), "ENG288"),
        ("31 February", "passed", verdict(signed_at="2026-02-31T00:00:00Z"), "ENG288"),
        ("expires on a day that never comes", "passed", verdict(expires_at="2027-02-29T00:00:00Z"), "ENG288"),
        ("expires before it was signed", "passed", verdict(expires_at="2026-11-23T20:59:59Z"), "ENG288"),
        ("expires when it is signed", "passed", verdict(expires_at="2026-11-23T21:00:00Z"), "ENG288"),
        ("a tree that is no digest", "passed", first(tree="HEAD"), "ENG288"),
        ("a plan that is no digest", "passed", first(plan="yes"), "ENG288"),
        ("a plan's digest without key", "passed", first(plan="sha256:" + "3" * 64), "ENG288"),
        ("a resource without path", "passed", first(path=""), "ENG288"),
        ("a resource without state", "passed", first(state_key=""), "ENG288"),
        ("actions that Terraform does not take together", "passed", change(actions=["create", "update"]), "ENG288"),
        ("no action", "passed", change(actions=[]), "ENG288"),
        ("a change of nothing", "passed", change(address=""), "ENG288"),
        ("a change of no type", "passed", change(type=""), "ENG288"),
        ("a change that nobody can tell from another", "passed", change(digest="sha256:" + "5" * 64), "ENG288"),
        ("planned with another module than the change", "passed", first(module="sha256:x"), "ENG288"),
        ("planned with a module that nobody names", "passed", first(module=None), "ENG288"),
        ("a change of everything that is no digest", "passed", verdict(change="all of it"), "ENG288"),
        ("said since a moment that was to come", "passed", verdict(signed_at="2026-11-23T21:00:01Z"), "ENG288"),
        ("confirmed on 31 February", "passed", verdict(confirmed_at="2026-02-31T00:00:00Z"), "ENG288"),
        ("passed, and its receipts count a denial", "passed", receipts(denied=1), "ENG287"),
        ("passed, and its receipts count what was not judged", "passed", receipts(error=2), "ENG287"),
        ("hands by name", "passed", verdict(hands={"authors": ["ann"], "committers": [], "pushers": []}), "ENG280"),
        ("hands of nobody", "passed", verdict(hands={"authors": []}), "ENG280"),
        ("an action that nobody knows", "passed", change(actions=["destroy"]), "ENG280"),
    ],
)  # fmt: skip
def test_rightly_signed_and_not_believed(why: str, of: str, alter: Callable[[dict[str, Any]], None], code: str) -> None:
    value = deepcopy(HONEST[of])
    alter(value)
    assert told(value) == code, why


def test_an_error_is_always_believed() -> None:
    """What was refused stands in no statement."""
    value = deepcopy(HONEST["failed"])
    verdict(result="error")(value)
    assert told(value) == ""
