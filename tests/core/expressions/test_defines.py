"""`define`: written out at each use, judged where it stands, blamed on who is to blame."""

import pytest

from engine.core.expressions.compile import Language, check_defines
from engine.errors import EngineError, Place
from tests.support.expressions import FACTS, condition, language

TEXT = "plan_touches('aws_iam_*') || environment() == 'production'"
PLACE = Place("deployment-rules.yaml", 20, 11, len(TEXT), f'  risky: "{TEXT}"')


def _language(text: str, roots: tuple[str, ...] = ()) -> Language:
    facts = FACTS["properties"]["facts"]["properties"]
    known = language({n: facts[n] for n in roots} if roots else None, {"risky": text})
    return known._replace(define_places={"risky": PLACE._replace(excerpt=f'  risky: "{text}"')})


@pytest.mark.parametrize(
    ("why", "name", "text", "code", "column"),
    [
        ("a function's name", "glob", "pr.draft", "ENG121", 1),
        ("a special form's name", "default", "pr.draft", "ENG121", 1),
        ("no name for a function", "very-risky", "pr.draft", "ENG122", 1),
        ("calls itself", "me", "pr.draft || me()", "ENG120", 13),
        ("does not parse", "bad", "pr.draft ||", "ENG101", 11),
        ("misspelt inside", "bad", "pr.drft", "ENG109", 4),
    ],
)
def test_bad_defines(why: str, name: str, text: str, code: str, column: int) -> None:
    known = language(defines={name: text})._replace(define_places={name: Place("r.yaml", 1, 1, 1, text)})
    (problem,) = check_defines(known)
    assert problem.place is not None
    assert (problem.code, problem.place.column) == (code, column), why


def test_good_defines() -> None:
    assert check_defines(_language(TEXT)) == ()


def test_circles_name_everybody_in_them() -> None:
    problems = check_defines(language(defines={"a": "b()", "b": "c()", "c": "a()"}))
    assert {p.message for p in problems} == {
        "`define` goes round in circles: a → b → c → a",
        "`define` goes round in circles: b → c → a → b",
        "`define` goes round in circles: c → a → b → c",
    }


def test_a_mistake_in_a_define_is_shown_there() -> None:
    with pytest.raises(EngineError) as refused:
        condition("pr.draft && risky() && risky()", _language("environment() == 'x' || pr.drft"))
    (problem,) = refused.value.problems
    assert str(problem.place) == "deployment-rules.yaml:20:38"
    assert problem.hint == "did you mean `draft`?"


@pytest.mark.parametrize(
    ("why", "text", "code"),
    [("a path", "verdict.result == 'passed'", "ENG108"), ("a function's fact", "environment() == 'x'", "ENG126")],
)
def test_a_fact_that_the_user_of_a_define_cannot_see_is_shown_at_the_use(why: str, text: str, code: str) -> None:
    with pytest.raises(EngineError) as refused:
        condition("pr.draft && risky()", _language(text, ("pr",)))
    (problem,) = refused.value.problems
    assert (problem.code, str(problem.place), problem.hint) == (code, "rules.yaml:1:13", "the define `risky` reads it")


def test_a_failure_at_run_time_is_shown_in_the_define() -> None:
    built = condition("pr.draft || risky()", _language("has_label('x')"))
    assert built.needs == {"pr", "labels"}
    with pytest.raises(EngineError) as failed:
        built.evaluate({"pr": {"draft": False}})
    assert str(failed.value.problems[0].place) == "deployment-rules.yaml:20:11"


def test_a_define_is_a_node_of_the_explanation() -> None:
    built = condition("!risky()", _language("has_label('x') || pr.draft"))
    trace = built.trace({"labels": ["y"], "pr": {"draft": False}})
    (define,) = trace.children
    (either,) = define.children
    assert (trace.text, trace.value) == ("!risky()", True)
    assert (define.text, define.value) == ("risky()", False)
    assert [(c.text, c.value, c.facts) for c in either.children] == [
        ("has_label('x')", False, (("labels", ["y"]),)),
        ("pr.draft", False, (("pr.draft", False),)),
    ]
