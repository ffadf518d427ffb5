"""Rule fixtures: what a case states, what is compared, and what is refused."""

# ruff: noqa: E501 - one line per case

import textwrap

import pytest

from engine.core.analysis.facts import Shared, Stated, in_good_order, replaced, spelled_out
from engine.core.analysis.fixtures import load, run
from engine.core.canonical import canonical
from engine.errors import EngineError
from tests.support.decision import payload, rules
from tests.support.facts import facts, pr

RULES = rules("""
events:
  - {event: pull_request_review, types: [submitted], run: merge}
  - {event: pull_request_review, types: [edited], when: "event.pull_request.base.ref == 'dev'", run: other}
gates:
  ready: {reject: "pr.draft", unmet: pending, message: "A draft."}
  open: {require: "pr.state == 'open'"}
pipelines:
  - {pipeline: merge, gates: [ready, open], actions: [{id: first, uses: note.make}, {id: second, uses: note.make, if: "pr.merged"}]}
  - {pipeline: other, gates: [open], actions: [{id: note, uses: note.make}]}
""")
GIVEN = f"""
version: 1
people: {{ann: 5, robot: {{id: 9, bot: true}}}}
given:
  event: {{name: pull_request_review, payload: {canonical(payload()).decode()}}}
  facts: {{pr: {canonical(pr()).decode()}}}
"""


def files(cases: str, given: str = GIVEN, **more: str) -> dict[str, str]:
    text = f"{given}\ncases:\n{textwrap.indent(textwrap.dedent(cases).strip(), '  ')}\n"
    return {"tests/x.yaml": text, **{name.replace("_", "/") + ".yaml": data for name, data in more.items()}}


def loaded(cases, given=GIVEN, **more):
    known = files(cases, given, **more)
    return load("tests/x.yaml", RULES, lambda file: known[file].encode()).cases


def mismatches(cases):
    return [(m.what, m.expected, m.got) for case in loaded(cases) for m in run(case, RULES).mismatches]


@pytest.mark.parametrize(
    ("why", "case", "found"),
    [
        ("as expected", "- {why: x, pipelines: {merge: pass}, gates: {ready: pass}, actions: [first]}", []),
        ("a fact is replaced by its path", "- {why: x, facts: {pr.draft: true}, pipelines: {merge: pending}, actions: []}", []),
        ("words of the reason", "- {why: x, facts: {pr.draft: true}, gates: {ready: {outcome: pending, because: A draft.}}}", []),
        ("words of the explanation", "- {why: x, says: [first, 'merge: pass']}", []),
        ("a failed fact", "- {why: x, failed: {pr: HTTP 502}, gates: {ready: error}, says: HTTP 502}", []),
        ("no pipeline", "- {why: x, event: {payload: {action: dismissed}}, pipelines: {}}", []),
        ("another pipeline by name", "- {why: x, pipeline: other, pipelines: {other: pass}}", []),
        ("part of the payload", "- {why: x, event: {payload: {action: edited, pull_request.base.ref: prod}}, pipelines: {}}", []),
        ("another outcome of the pipeline", "- {why: x, pipelines: {merge: fail}}", [("pipelines", "merge fail", "merge pass")]),
        ("one pipeline too many", "- {why: x, pipelines: {}}", [("pipelines", "none", "merge pass")]),
        ("another outcome of a gate", "- {why: x, gates: {ready: fail}}", [("gate ready", "fail", "pass, because `pr.draft` does not hold")]),
        ("another reason", "- {why: x, gates: {ready: {outcome: pass, because: rain}}}", [("gate ready", "pass, because …rain…", "pass, because `pr.draft` does not hold")]),
        ("a gate that nobody asked", "- {why: x, pipeline: other, gates: {ready: pass}}", [("gate ready", "pass", "not judged: no pipeline that starts has it")]),
        ("another action", "- {why: x, actions: [first, second]}", [("actions", "first, second", "first")]),
        ("no action", "- {why: x, actions: []}", [("actions", "none", "first")]),
        ("other words", "- {why: x, says: rain}", [("explanation", "…rain…", "nothing like it")]),
        ("all that differs at once", "- {why: x, pipelines: {}, actions: []}", [("pipelines", "none", "merge pass"), ("actions", "none", "first")]),
    ],
)  # fmt: skip
def test_a_case(why, case, found):
    assert mismatches(case) == found, why


@pytest.mark.parametrize(
    ("why", "cases", "message"),
    [
        ("a gate the rules do not have", "- {why: x, gates: {reddy: pass}}", r"ENG251.*no gate `reddy`[^?]*did you mean `ready`"),
        ("a pipeline the rules do not have", "- {why: x, pipelines: {mergee: pass}}", r"ENG251.*no pipeline `mergee`"),
        ("a pipeline to judge that is not there", "- {why: x, pipeline: mergee, gates: {ready: pass}}", r"ENG251"),
        ("nothing is expected", "- {why: x}", "ENG0"),
        ("no reason", "- {gates: {ready: pass}}", "why"),
        ("a misspelt key", "- {why: x, gate: {ready: pass}, says: x}", "gate"),
        ("an outcome that is none", "- {why: x, gates: {ready: passed}}", "passed"),
        ("a fact of another shape", "- {why: x, facts: {pr.draft: maybe}, gates: {ready: pass}}", r"ENG254.*pr\.draft"),
        ("a misspelt fact", "- {why: x, facts: {pr.drafft: true}, gates: {ready: pass}}", r"ENG254.*drafft"),
        ("somebody nobody knows", "- {why: x, facts: {pushers: [anne]}, gates: {ready: pass}}", r"ENG253.*`anne`[^?]*did you mean `ann`"),
        ("an unknown event", "- {why: x, event: {name: pull}, gates: {ready: pass}}", r"ENG159"),
        ("a fact that is there and failed", "- {why: x, facts: {pr.draft: true}, failed: {pr: x}, gates: {ready: pass}}", r"ENG200"),
        ("no cases", "[]", "ENG0"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_whole(why, cases, message):
    with pytest.raises(EngineError, match=f"(?s)tests/x.yaml.*{message}|{message}"):
        loaded(cases)


SHARING = "version: 1\nshares: given/one.yaml\n"
CIRCLE = "version: 1\nshares: ../x.yaml\ngiven: {}\n"


@pytest.mark.parametrize(
    ("why", "given", "shared", "code"),
    [
        ("an event is needed", "version: 1", {}, "ENG252"),
        ("files that share each other", SHARING, {"tests_given_one": CIRCLE}, "ENG255"),
    ],
)
def test_what_is_given_has_to_be_whole(why, given, shared, code):
    with pytest.raises(EngineError, match=code):
        loaded("- {why: x, gates: {ready: pending}}", given=given, **shared)


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(EngineError) as refused:
        loaded("- {why: x, gates: {reddy: pass}}\n- {why: y, facts: {pr.draft: 1}, gates: {ready: pass}}")
    assert [problem.place and problem.place.line for problem in refused.value.problems] == [9, 10]


def test_files_share_what_is_given():
    (case,) = loaded(
        "- {why: x, facts: {pr.draft: true}, gates: {ready: pending}}", given=SHARING, tests_given_one=GIVEN
    )
    assert run(case, RULES).mismatches == ()


def test_the_nearest_file_wins():
    mine = SHARING + "given: {facts: {pr.draft: true}}\n"
    (case,) = loaded("- {why: x, gates: {ready: pending}}", given=mine, tests_given_one=GIVEN)
    assert run(case, RULES).mismatches == ()


def test_a_file_that_is_only_shared_has_no_cases():
    assert load("x.yaml", RULES, lambda _: GIVEN.encode()) == ((), ())


PEOPLE = Shared({"ann": 5, "robot": {"id": 9, "bot": True}}, {"reviews": {"state": "APPROVED"}})
ANN, ROBOT = {"login": "ann", "id": 5}, {"login": "robot", "id": 9, "bot": True}


@pytest.mark.parametrize(
    ("why", "short", "full"),
    [
        ("the author", {"pr": {"author": "ann"}}, {"pr": {"author": ANN}}),
        ("defaults, ids and people of a review", {"reviews": [{"user": "ann"}, {"user": None}]}, {"reviews": [{"state": "APPROVED", "user": ANN, "id": 1}, {"state": "APPROVED", "user": None, "id": 2}]}),
        ("an id that is given stays", {"reviews": [{"id": 7}]}, {"reviews": [{"state": "APPROVED", "id": 7}]}),
        ("people of commits", {"commits": [{"author": "ann", "committer": None, "co_authors": ["robot"]}]}, {"commits": [{"author": ANN, "committer": None, "co_authors": [ROBOT]}]}),
        ("members of groups", {"groups": {"a": {"members": ["ann"]}, "b": {"failed": "x"}}}, {"groups": {"a": {"members": [ANN]}, "b": {"failed": "x"}}}),
        ("permissions by id", {"permissions": {"ann": "write"}}, {"permissions": {"5": "write"}}),
        ("a person in full", {"pr": {"author": {"id": 3, "login": "x"}}}, {"pr": {"author": {"id": 3, "login": "x"}}}),
        ("pushes", {"pushers": ["ann", None, {"user": "robot", "forced": True}]}, {"pushers": [{"user": ANN}, {"user": None}, {"user": ROBOT, "forced": True}]}),
        ("hands are ids", {"statements": [{"hands": {"authors": ["ann", 7], "pushers": ["robot"]}}, {"hands": None}]}, {"statements": [{"hands": {"authors": [5, 7], "pushers": [9]}}, {"hands": None}]}),
        ("a login where no person stands", {"labels": ["ann"]}, {"labels": ["ann"]}),
    ],
)  # fmt: skip
def test_facts_are_spelled_out(why, short, full):
    assert spelled_out(short, PEOPLE, pytest.fail) == full, why


def test_facts_in_full_stay_as_they_are():
    assert spelled_out(facts(), Shared({}, {}), pytest.fail) == facts()


SAID = {"sequence": 2, "head_sha": "h", "base_ref": "dev", "result": "passed", "signed_at": "11"}
ROW = {**SAID, "content": "what the verdict says", "hands": None, "confirmed_at": "11"}


@pytest.mark.parametrize(
    ("why", "facts", "rows"),
    [
        ("the verdict is one of them", {"verdict": SAID}, [ROW]),
        ("... when it was signed itself", {"verdict": {**SAID, "confirmed_at": "12"}}, [{**ROW, "confirmed_at": "12"}]),
        ("... once", {"verdict": SAID, "statements": [{"sequence": 2, "head_sha": "other"}]}, [{**ROW, "head_sha": "other"}]),
        ("others say the same", {"verdict": {**SAID, "confirmed_at": "12"}, "statements": [{"sequence": 1, "signed_at": "10"}]}, [{**ROW, "sequence": 1, "signed_at": "10", "confirmed_at": "10"}, {**ROW, "confirmed_at": "12"}]),
        ("without a verdict there are none", {}, []),
        ("what is no list is left to the schema", {"verdict": SAID, "statements": "x"}, "x"),
        ("... and so is what is no row", {"verdict": SAID, "statements": [1]}, [1, ROW]),
    ],
)  # fmt: skip
def test_statements_are_in_good_order(why, facts, rows):
    in_good_order(facts, (), RULES)
    assert facts["statements"] == rows, why


def test_statements_that_are_gone_stay_gone():
    gone = {"verdict": dict(SAID)}
    in_good_order(gone, ("statements",), RULES)
    assert "statements" not in gone


@pytest.mark.parametrize(
    ("why", "value", "changes", "result"),
    [
        ("a value", {"a": 1}, {"a": 2}, {"a": 2}),
        ("deep inside", {"a": {"b": 1, "c": 2}}, {"a.b": 3}, {"a": {"b": 3, "c": 2}}),
        ("a parent that is not there", {}, {"a.b.c": 1}, {"a": {"b": {"c": 1}}}),
        ("a parent that is no object", {"a": 1}, {"a.b": 2}, {"a": {"b": 2}}),
        ("one after the other", {}, {"a": {"b": 1}, "a.c": 2}, {"a": {"b": 1, "c": 2}}),
        ("a list as a whole", {"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
    ],
)
def test_replaced(why, value, changes, result):
    before = canonical(value)
    assert replaced(value, changes) == result, why
    assert canonical(value) == before


def test_what_is_said_of_a_fact_replaces_what_was_said():
    base = Stated().on_top({"facts": {"pr": 1, "labels": []}, "absent": {"verdict": "none"}, "failed": {"merge": "x"}})
    top = base.on_top({"facts": {"verdict": 2, "merge": 3}, "absent": {"pr": "gone"}, "failed": {"labels": "y"}})
    assert (top.facts, top.absent, top.failed) == ({"verdict": 2, "merge": 3}, {"pr": "gone"}, {"labels": "y"})
