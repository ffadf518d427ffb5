"""The JSON forms of a problem and of a finding: as the schema says, and the same again when they are read."""

import json

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from engine import data
from engine.core.findings import Effect, Finding, Severity
from engine.errors import Place, Problem

with open(f"{data.path('schemas')}/report.schema.json", encoding="utf-8") as file:
    FORMS = json.load(file)["$defs"]

text, number = st.text(max_size=8), st.integers(0, 10_000)
places = st.none() | st.builds(Place, text.filter(bool), number, number, st.just(1), st.just(""))
problems = st.builds(Problem, text, text, text, places)
findings = st.builds(
    Finding,
    rule=text, severity=st.sampled_from(Severity), effect=st.sampled_from(Effect), message=text, resource=text,
    address=text, remediation=text, file=text, line=number, policy=text, engine=text, value=text, until=text,
)  # fmt: skip


@given(problems)
def test_a_problem_is_the_same_again(problem):
    form = json.loads(json.dumps(problem.to_json()))
    Draft202012Validator(FORMS["problem"]).validate(form)
    assert Problem.from_json(form) == problem


@given(problems, st.integers(1, 9), text)
def test_a_problem_s_form_holds_nothing_of_the_file_it_is_about(problem, length, excerpt):
    """The line may hold what nobody may read; the place is enough to find it."""
    placed = problem._replace(place=problem.place and problem.place._replace(length=length, excerpt=excerpt))
    assert placed.to_json() == problem.to_json()


@given(findings)
def test_a_finding_is_the_same_again(finding):
    form = json.loads(json.dumps(finding.to_json()))
    Draft202012Validator(FORMS["finding"]).validate(form)
    assert Finding.from_json(form) == finding
