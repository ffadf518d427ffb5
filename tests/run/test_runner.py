"""The actions of a pipeline: their order, their outputs, what a failure stops and what it does not."""

import threading
from types import MappingProxyType

import pytest

from engine.adapters import settings
from engine.adapters.keys import Keyring
from engine.adapters.storage.memory import Memory
from engine.core.decision.decide import decide
from engine.core.decision.document import freeze
from engine.core.declare import Action, Repeat
from engine.core.rules.load import load
from engine.errors import ExitCode, failure, problem
from engine.run.catalog import catalog
from engine.run.context import Context, Controller, Work
from engine.run.ports import Ports
from engine.run.runner import Ran, carry_out
from tests.support.decision import event

RULES = """
version: 1
sources: [{repo: acme/dev-deployment, owns: ["**"]}]
environments:
  development: {branch: dev, account: "111111111111", region: us-east-1}
otherwise: {branch: main}
events: [{event: pull_request_review, run: work}]
pipelines:
  - pipeline: work
    gates: none
    actions:
%s
"""
NOW = "2026-11-23T21:00:00Z"
KEY = 32 * "k"
LABEL = {"type": "string", "default": "plain"}


def say(ctx, text, label):
    if text == "boom":
        raise failure("ENG001", file="x", reason="gone")
    if text == "bug":
        return {"said": dict[str, str]()["hunter2"]}
    if text == "other":
        return {"other": text}
    if text == "stop":
        raise KeyboardInterrupt
    if text == "slow":
        assert ctx.work.cancel.wait(10), "nobody stopped it"
    return {"said": f"{label}: {text}"}


SAY = Action(
    "test.say", say, {"text": {"type": "string"}, "label": LABEL}, ("said",), (), Repeat.SAFE, "Says something."
)


def use(ctx, **inputs):
    secrets, wanted = ctx.ports.secrets, inputs["with"]
    return {"said": str(len(secrets.digest_key())) if wanted == "digest" else secrets.signer(wanted).id}


PLAN = SAY._replace(name="test.plan", run=use, inputs={"with": {"type": "string"}}, secrets=("digest",))
SIGN = PLAN._replace(name="test.sign", secrets=("verdict",))


def run(*steps, protect=None, keys=MappingProxyType({"ENGINE_DIGEST_KEY": KEY})):
    rows = catalog()._replace(actions={row.name: row for row in (SAY, PLAN, SIGN)})
    files = {
        "deployment-rules.yaml": (RULES % "\n".join(f"      - {step}" for step in steps)).encode(),
        "approvers-config.yaml": b"version: 1\ngroups: {reviewers: {users: [ann]}}\n",
    }
    rules, document, asked = load(files, rows), freeze({}), event()
    rules = rules._replace(protect=protect or {})
    [result] = decide(asked, document, rules._replace(protect={})).pipelines
    context = Context(
        event=asked,
        document=document,
        rules=rules,
        controller=Controller(".", ".", "."),
        discovery=None,  # type: ignore[arg-type]  # no action here looks at it
        settings=settings.read({"HOME": "/h"}),
        ports=Ports(Memory(), Keyring(keys), lambda: NOW),
        work=Work(".", lambda line: None, lambda report: None, threading.Event()),
        result=result,
        decision="sha256:0",
        now=NOW,
        run="1",
    )
    return carry_out(context, rows.actions)


HELLO = "{id: a, uses: test.say, with: {text: hello}}"
BOOM = "{id: a, uses: test.say, with: {text: boom}}"


@pytest.mark.parametrize(
    ("why", "steps", "expected"),
    [
        ("a default fills an input that was not given", [HELLO], [("a", "done", "plain: hello")]),
        (
            "an action reads the outputs of one before it",
            [HELLO, '{id: b, uses: test.say, with: {text: "${outputs.a.said}", label: x}}'],
            [("a", "done", "plain: hello"), ("b", "done", "x: plain: hello")],
        ),
        (
            "after a failure nothing runs",
            [BOOM, "{id: b, uses: test.say, with: {text: b}}"],
            [("a", "failed", None), ("b", "skipped", None)],
        ),
        (
            "unless it says so",
            [BOOM, '{id: b, uses: test.say, with: {text: b}, if: "always()"}'],
            [("a", "failed", None), ("b", "done", "plain: b")],
        ),
        (
            "outputs of what failed are missing, which is an error and not an empty text",
            [BOOM, '{id: b, uses: test.say, with: {text: "${outputs.a.said}"}, if: "always()"}'],
            [("a", "failed", None), ("b", "failed", None)],
        ),
        (
            "and may be given a default",
            [BOOM, """{id: b, uses: test.say, with: {text: "${default(outputs.a.said, 'none')}"}, if: "always()"}"""],
            [("a", "failed", None), ("b", "done", "plain: none")],
        ),
        (
            "a condition over outputs is asked when they are there",
            [HELLO, """{id: b, uses: test.say, with: {text: b}, if: "outputs.a.said == 'something else'"}"""],
            [("a", "done", "plain: hello"), ("b", "skipped", None)],
        ),
    ],
)
def test_actions(why, steps, expected):
    assert [(r.id, r.status, r.outputs.get("said")) for r in run(*steps)] == expected, why


def test_an_input_from_outputs_is_checked_when_it_is_known():
    ran = run(HELLO, '{id: b, uses: test.say, with: {text: "${outputs.a}"}}')
    assert ran[1].problems[0].code == "ENG554"
    assert ran[1].problems[0].message == "input `text` of test.say must be text"


def test_an_action_is_told_when_its_time_is_up():
    [ran] = run("{id: a, uses: test.say, with: {text: slow}, timeout: 1s}")
    assert (ran.status, ran.problems[0].code) == ("failed", "ENG555")


def test_an_action_asks_for_its_gates_itself():
    """Whatever decision it is handed: a gate of `protect` that has not passed in it stops the action."""
    [ran] = run(HELLO, protect={"test.say": ("reviewed",)})
    assert (ran.status, ran.problems[0].code) == ("failed", "ENG562")


def test_what_one_action_lacks_is_noticed_before_any_starts():
    first, second = run(HELLO, "{id: b, uses: test.sign, with: {with: verdict}}")
    assert (first.status, second.status) == ("failed", "skipped")
    assert {p.code for p in first.problems} == {"ENG550"}


@pytest.mark.parametrize("wanted", ["verdict", "merge", "audit"])
def test_an_action_gets_no_key_that_its_row_does_not_name(wanted):
    """Not even where there is one: an action that plans cannot sign, whatever is wrong with it."""
    [ran] = run(f"{{id: a, uses: test.plan, with: {{with: {wanted}}}}}")
    assert (ran.status, [p.code for p in ran.problems]) == ("failed", ["ENG563"])
    assert "PermissionError" in ran.problems[0].message


def test_a_key_that_no_action_names_is_not_even_read():
    """What stands there is no key, which only a pipeline that signs has to notice."""
    keys = {"ENGINE_DIGEST_KEY": KEY, "ENGINE_SIGNING_KEY": "no key"}
    plan, sign = "{id: a, uses: test.plan, with: {with: digest}}", "{id: b, uses: test.sign, with: {with: verdict}}"
    [ran] = run(plan, keys=keys)
    assert ran.status == "done"
    ran, _ = run(plan, sign, keys=keys)
    assert (ran.status, [p.code for p in ran.problems]) == ("failed", ["ENG283"])


def test_an_action_gets_the_key_that_its_row_names():
    [ran] = run("{id: a, uses: test.plan, with: {with: digest}}")
    assert (ran.status, ran.outputs) == ("done", {"said": str(len(KEY))})


@pytest.mark.parametrize(
    ("why", "text", "kind"), [("a bug in it", "bug", "KeyError"), ("other outputs than declared", "other", "Assertion")]
)
def test_an_action_that_breaks_has_failed_and_the_rest_goes_its_way(why, text, kind):
    broken, skipped, last = run(
        f"{{id: a, uses: test.say, with: {{text: {text}}}}}",
        "{id: b, uses: test.say, with: {text: b}}",
        '{id: c, uses: test.say, with: {text: c}, if: "always()"}',
    )
    assert [broken.status, skipped.status, last.status] == ["failed", "skipped", "done"], why
    [problem] = broken.problems
    assert (problem.code, f"action `a` cannot be told: {kind}" in problem.message) == ("ENG563", True)
    assert "hunter2" not in problem.text()


@pytest.mark.parametrize(
    ("why", "ran", "expected"),
    [
        ("done, and nothing against the change", Ran("a", "x", "done", {}, result="passed"), ExitCode.DONE),
        ("done, and the change is denied", Ran("a", "x", "done", {}, result="failed"), ExitCode.NEGATIVE),
        ("done, and part of it could not be told", Ran("a", "x", "done", {}, result="error"), ExitCode.EXECUTOR),
        ("it did not run", Ran("a", "x", "skipped", {}), ExitCode.DONE),
        ("it broke: the first problem says", Ran("a", "x", "failed", {}, (problem("ENG551"),)), ExitCode.AUTH),
    ],
)
def test_what_an_action_means_to_the_shell(why, ran, expected):
    assert ran.exit_code == expected, why


@pytest.mark.parametrize(
    ("why", "uses", "outputs", "expected"),
    [
        ("plans", "terraform.plan", {"resources": [{"problem": None}]}, "passed"),
        (
            "no plan of one",
            "terraform.plan",
            {"resources": [{"problem": None}, {"problem": {"code": "ENG416"}}]},
            "error",
        ),
        ("nothing found", "policy.evaluate", {"doubts": [], "findings": []}, "passed"),
        ("a warning", "policy.evaluate", {"doubts": [], "findings": [{"effect": "warn"}]}, "passed"),
        ("a denial", "policy.evaluate", {"doubts": [], "findings": [{"effect": "deny"}]}, "failed"),
        ("a doubt beside a denial", "policy.evaluate", {"doubts": [{}], "findings": [{"effect": "deny"}]}, "error"),
        ("the verdict's own", "verdict.sign", {"result": "failed"}, "failed"),
        ("a report says nothing of the change", "report.write", {"markdown": "report.md"}, "passed"),
    ],
)
def test_each_action_says_its_own_result(why, uses, outputs, expected):
    assert catalog().actions[uses].result(outputs) == expected, why


def test_who_stops_us_stops_us():
    with pytest.raises(KeyboardInterrupt):
        run("{id: a, uses: test.say, with: {text: stop}}")
