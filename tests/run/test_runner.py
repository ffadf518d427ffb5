"""The actions of a pipeline: their order, their outputs, what a failure stops and what it does not."""

import threading
from types import MappingProxyType
from typing import Any

import pytest

from engine.adapters import settings
from engine.adapters.keys import Keyring
from engine.adapters.storage.directory import Directory
from engine.adapters.storage.memory import Memory
from engine.core.decision.decide import decide
from engine.core.decision.document import freeze
from engine.core.declare import Action, Repeat
from engine.core.kept import keys
from engine.core.kept.journal import Identity
from engine.core.outcome import Outcome
from engine.core.rules.load import load
from engine.errors import EngineError, ExitCode, failure, problem
from engine.run.catalog import catalog
from engine.run.context import Context, Controller, Work
from engine.run.kept.claims import locked
from engine.run.kept.journal import Journal
from engine.run.kept.owner import Owner
from engine.run.ports import Ports
from engine.run.runner import Ran, carry_out, is_locked_out
from tests.support.decision import event
from tests.support.trail import trail

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
    if text == "reconcile":
        return {"said": f"{ctx.step} {ctx.reconcile}"}
    if text == "slow":
        assert ctx.work.cancel.wait(10), "nobody stopped it"
    return {"said": f"{label}: {text}"}


SAY = Action(
    "test.say", say, {"text": {"type": "string"}, "label": LABEL}, ("said",), (), Repeat.SAFE, "Says something."
)


def held(ctx):
    """Which locks there are while the action is at work."""
    if ctx.locks:
        ctx.locks.check()
    return {"said": sorted(ctx.ports.store.list("claims/"))}


HOLD = SAY._replace(name="test.hold", run=held, inputs={})
PR: dict[str, Any] = {"number": 7, "head": {"sha": "a" * 40}, "base": {"repo": "acme/dev-deployment"}}
ME, YOU = Owner("me.1", "me"), Owner("you.2", "you")


def use(ctx, **inputs):
    secrets, wanted = ctx.ports.secrets, inputs["with"]
    return {"said": str(len(secrets.digest_keys()[0])) if wanted == "digest" else secrets.signer(wanted).id}


PLAN = SAY._replace(name="test.plan", run=use, inputs={"with": {"type": "string"}}, secrets=("digest",))
SIGN = PLAN._replace(name="test.sign", secrets=("verdict",))


SHARE = SAY._replace(name="test.share", shared=True)


def a_journal(store=None, by=ME):
    """Of a run that has begun, in a store; an earlier process may have written more of it."""
    journal = Journal(store or Memory(), Identity("7", "work", "none"), by, None)
    journal.take("--resume") if journal.start else journal.begin_run({"asked": "", "stance": {}})
    return journal


def run(
    *steps,
    protect=None,
    given=MappingProxyType({"ENGINE_DIGEST_KEY": KEY}),
    journal=None,
    until=None,
    does=None,
    origin="github",
    store=None,
    locks=(),
    again=None,
):
    rows = catalog()._replace(actions={row.name: row for row in (SAY, PLAN, SIGN, SHARE, HOLD)})
    files = {
        "deployment-rules.yaml": (RULES % "\n".join(f"      - {step}" for step in steps)).encode(),
        "approvers-config.yaml": b"version: 1\ngroups: {reviewers: {users: [ann]}}\n",
    }
    rules, document, asked = load(files, rows), freeze({"pr": PR, "now": NOW}, origin=origin), event()
    rules = rules._replace(protect=protect or {})
    [result] = decide(asked, document, rules._replace(protect={})).pipelines
    result = result._replace(locks=tuple(locks))
    context = Context(
        event=asked,
        document=document,
        rules=rules,
        controller=Controller(".", ".", "."),
        discovery=None,  # type: ignore[arg-type]  # no action here looks at it
        settings=settings.read({"HOME": "/h"}),
        ports=Ports(store or Memory(), Keyring(given), lambda: NOW, trail(store)),
        work=Work(".", lambda line: None, lambda report: None, threading.Event()),
        result=result,
        decision="sha256:0",
        now=NOW,
        run="1",
        check_head=lambda: None,
        journal=journal or a_journal(store),
        again=lambda: (document, again(result) if again else result),
    )
    return carry_out(context, rows.actions, until, does)


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
    ran = run("{id: a, uses: test.hold}", '{id: b, uses: test.say, with: {text: "${outputs.a.said}"}}')
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
    [ran] = run(plan, given=keys)
    assert ran.status == "done"
    ran, _ = run(plan, sign, given=keys)
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


def test_machines_read_the_problems_of_an_action_in_parts():
    [ran] = run(BOOM)
    told = ran.to_json()
    [text], [parts] = told["problems"], told["broken"]
    assert (parts["code"], parts["message"] in text) == ("ENG001", True)
    assert (told["status"], told["result"]) == ("failed", None)


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


@pytest.mark.parametrize(
    ("why", "origin", "durable", "status"),
    [
        ("nobody would see what it leaves", "github", False, "failed"),
        ("others see it", "github", True, "done"),
        ("a run on a clone is for nobody else", "local", False, "done"),
    ],
)
def test_what_needs_a_store_that_others_see(tmp_path, why, origin, durable, status):
    store = Directory(str(tmp_path / "store"), durable=durable)
    steps = ["{id: first, uses: test.say, with: {text: hello}}", "{id: a, uses: test.share, with: {text: hello}}"]
    first, second = run(*steps, origin=origin, store=store)
    problem = first.problems[0].code if first.problems else ""
    assert (first.status, problem) == (status, "ENG203" if status == "failed" else ""), f"{why}: nothing starts"
    assert second.status == ("skipped" if status == "failed" else "done"), why
    if status == "failed":
        assert first.exit_code == ExitCode.CONFIG


def test_what_is_done_is_not_done_again():
    store = Memory()
    with pytest.raises(KeyboardInterrupt):
        run(HELLO, "{id: b, uses: test.say, with: {text: stop}}", journal=a_journal(store))
    lines = a_journal(store, YOU).lines
    first, second = run(HELLO, "{id: b, uses: test.say, with: {text: b}}", journal=a_journal(store, ME))
    assert (first.status, first.outputs, first.result) == ("done", {"said": "plain: hello"}, "passed")
    assert second.outputs == {"said": "plain: b"}
    assert a_journal(store, YOU).lines == lines + 4, "two takeovers; and of the second action alone begin and end"


@pytest.mark.parametrize(
    ("why", "repeat", "said"),
    [
        ("it changes nothing more: done again, as if for the first time", Repeat.SAFE, "a False"),
        ("it has to look at the world first", Repeat.RECONCILE, "a True"),
    ],
)
def test_what_was_begun_and_nobody_knows_what_came_of_it(monkeypatch, why, repeat, said):
    monkeypatch.setitem(globals(), "SAY", SAY._replace(repeat=repeat))
    store = Memory()
    a_journal(store).begin("a", inputs="sha256:0")
    [ran] = run("{id: a, uses: test.say, with: {text: reconcile}}", journal=a_journal(store, YOU))
    assert ran.outputs == {"said": said}, why
    [first] = run("{id: a, uses: test.say, with: {text: reconcile}}")
    assert first.outputs == {"said": "a False"}, "where nothing was begun there is nothing to reconcile"


def test_a_line_counts_only_with_the_inputs_of_today():
    """The action before it says something else by now, so what was made of what it said is made anew."""
    store = Memory()
    second = '{id: b, uses: test.say, with: {text: "${outputs.a.said}"}}'
    run(HELLO, second, journal=a_journal(store))
    ran = run("{id: a, uses: test.say, with: {text: other than before}}", second, journal=a_journal(store, YOU))
    assert [one.outputs["said"] for one in ran] == ["plain: other than before", "plain: plain: other than before"]


def test_what_has_failed_has_failed_and_is_told_again():
    store = Memory()
    steps = (BOOM, '{id: b, uses: test.say, with: {text: hello}, if: "always()"}')
    first = run(*steps, journal=a_journal(store))
    lines = a_journal(store, YOU).lines
    assert run(*steps, journal=a_journal(store)) == first
    assert a_journal(store, YOU).lines == lines + 2, "two takeovers, and nothing done"


def test_an_action_is_left_for_another_job_with_all_behind_it():
    store = Memory()
    steps = (
        HELLO,
        "{id: b, uses: test.say, with: {text: b}}",
        '{id: c, uses: test.say, with: {text: c}, if: "always()"}',
    )
    ran = run(*steps, journal=a_journal(store), until="b")
    assert [one.status for one in ran] == ["done", "left", "left"]
    ran = run(*steps, journal=a_journal(store, YOU), until="c")
    assert [one.status for one in ran] == ["done", "done", "left"]
    ran = run(*steps, journal=a_journal(store, ME))
    assert [one.outputs["said"] for one in ran] == ["plain: hello", "plain: b", "plain: c"]


def statuses(store, does, by, *steps):
    ran = run(*steps, journal=a_journal(store, by), does=does)
    return " ".join(one.status for one in ran)


def test_a_job_does_its_own_actions_and_stops_before_any_other():
    """What another job has done, or passed over, it goes past; nothing of another job is done again here."""
    store = Memory()
    steps = (
        HELLO,
        '{id: no, uses: test.say, with: {text: x}, if: "`false`"}',
        "{id: b, uses: test.plan, with: {with: digest}}",
        "{id: c, uses: test.say, with: {text: c}}",
        "{id: d, uses: test.sign, with: {with: verdict}}",
    )
    assert statuses(store, {"test.plan"}, ME, *steps) == "left left left left left"
    assert statuses(store, {"test.say"}, YOU, *steps) == "done skipped left left left"
    assert statuses(store, {"test.plan"}, ME, *steps) == "done skipped done left left"
    assert statuses(store, {"test.say"}, YOU, *steps) == "done skipped done done left", "and it needs no key of others"
    assert a_journal(store, ME).reached == "d"
    other = (HELLO.replace("hello", "other words"), *steps[1:])
    assert statuses(store, {"test.plan"}, ME, *other) == "left left left left left", "it would have to be done again"


def test_a_job_needs_the_keys_of_what_it_does_and_no_others():
    sign = "{id: sign, uses: test.sign, with: {with: verdict}}"
    [refused, _] = run(HELLO, sign)
    assert refused.problems[0].code == "ENG550"
    assert [one.status for one in run(HELLO, sign, until="sign")] == ["done", "left"]


def test_who_was_replaced_does_nothing_more():
    """Not even what is to run always: somebody else is at work on it."""
    store = Memory()
    journal = a_journal(store)
    a_journal(store, YOU)
    with pytest.raises(EngineError) as error:
        run(HELLO, '{id: b, uses: test.say, with: {text: b}, if: "always()"}', journal=journal)
    assert error.value.problems[0].code == "ENG572"
    assert a_journal(store, ME).past("a").state == "never"


def test_what_a_journal_says_in_another_form_is_no_result():
    """Whoever can write to a store without a key can write any line; it is an error of that action alone."""
    store = Memory()
    run(HELLO, journal=a_journal(store, YOU))
    asked = a_journal(store).past("a").inputs
    journal = a_journal(store)
    journal.begin("a", inputs=asked)
    journal.end("a", said={"outputs": {}, "problems": [{}]})
    [ran] = run(HELLO, journal=a_journal(store))
    assert (ran.status, ran.problems[0].code) == ("failed", "ENG563")


HOLDS = "{id: a, uses: test.hold}"
LOCKS = ("S3/dev/b/terraform.tfstate", "S3/dev/a/terraform.tfstate")


def test_what_locks_name_is_one_run_s_alone_from_before_the_first_action_on():
    store = Memory()
    [one] = run(HOLDS, store=store, locks=LOCKS)
    wanted = [keys.working("work", PR["base"]["repo"], 7, "a" * 40), *map(keys.alone, LOCKS)]
    assert one.outputs["said"] == sorted(wanted)
    assert list(store.list("claims/")) == [], "and is given back"
    assert run(HOLDS, store=Memory())[0].outputs["said"] == [], "nothing is locked that no `locks` names"


@pytest.mark.parametrize("key", [keys.working("work", PR["base"]["repo"], 7, "a" * 40), keys.alone(LOCKS[0])])
def test_whoever_meets_a_lock_does_nothing_and_waits(key):
    store = Memory()
    other = Journal(store, Identity("8", "work", "none"), YOU, None)
    other.begin_run({"asked": "", "stance": {}})
    with locked(store, [key], other, lambda: NOW):
        ran = run(HOLDS, HELLO.replace("id: a", "id: b"), store=store, locks=LOCKS)
    assert [one.status for one in ran] == ["failed", "skipped"]
    assert (ran[0].problems[0].code, ran[0].exit_code) == ("ENG742", ExitCode.WAITING)
    assert is_locked_out(ran)
    assert a_journal(store).past("a").state == "never"


@pytest.mark.parametrize(
    ("why", "change"),
    [
        ("a gate does not hold any more", {"outcome": Outcome.PENDING, "because": "waiting for: reviewed"}),
        ("it is about other resources by now", {"locks": LOCKS[:1]}),
    ],
)
def test_what_was_decided_before_it_was_locked_is_decided_again(why, change):
    store = Memory()
    [one] = run(HOLDS, store=store, locks=LOCKS, again=lambda result: result._replace(**change))
    assert one.problems[0].code == "ENG743", why
    assert list(store.list("claims/")) == []
