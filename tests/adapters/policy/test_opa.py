"""The `opa` program: its versions, its errors, and answers that must not be believed."""

import pytest

from engine.adapters.policy.port import Programs
from engine.errors import EngineError
from tests.support.opa import executable, pretender, script, value
from tests.support.plans import a_change, a_plan
from tests.support.policy import judge, policies, rego

DENY = rego('deny contains "no" if input.variables.bad')
OLD = 'package main\n\ndeny contains "no" if input.variables.bad\n'


def refusal(program, *modules, plan=None, **options):
    with pytest.raises(EngineError) as caught:
        judge(policies(*modules), plan or {}, engine="opa", programs=Programs(opa=program), **options)
    return caught.value.problems[0]


def test_the_real_engine_judges(tmp_path):
    program = Programs(opa=executable(tmp_path))
    assert judge(policies(DENY), {"variables": {"bad": False}}, engine="opa", programs=program) == ()
    (finding,) = judge(policies(DENY), {"variables": {"bad": True}}, engine="opa", programs=program)
    assert (finding.message, finding.policy, finding.engine) == ("no", "policies/m0.rego", "opa")


@pytest.mark.parametrize("version", ["0.59.0", "0.70.0-dev", "1.0.0", "2.3.4"])
def test_versions_that_are_taken(tmp_path, version):
    assert judge(policies(DENY), engine="opa", programs=Programs(opa=executable(tmp_path, version=version))) == ()


@pytest.mark.parametrize(
    ("why", "version", "module", "said"),
    [
        ("before `import rego.v1`", "0.58.0", DENY, "0.58 is too old"),
        ("not a version", "unknown", DENY, "too old or not known"),
        ("an old OPA reads a module without the import as another language", "0.70.0", OLD, "m0.rego is Rego v1"),
    ],
)
def test_versions_that_are_not(tmp_path, why, version, module, said):
    problem = refusal(executable(tmp_path, version=version), module)
    assert problem.code == "ENG522", why
    assert said in problem.message, why


def test_a_module_without_the_import_is_fine_for_a_new_one(tmp_path):
    assert judge(policies(OLD), engine="opa", programs=Programs(opa=executable(tmp_path))) == ()


def test_no_program(tmp_path):
    problem = refusal(str(tmp_path / "opa"), DENY)
    assert problem.code == "ENG521"
    assert "ENGINE_OPA" in problem.hint


@pytest.mark.parametrize(
    ("why", "modules", "code"),
    [
        ("an empty set", [], "ENG500"),
        ("no rule to ask", [rego("helper := 1")], "ENG501"),
        ("text that is no Rego", [rego("deny contains")], "ENG502"),
        ("a rule that needs itself", [rego('p if q\nq if p\ndeny contains "x" if p')], "ENG502"),
        (
            "the network",
            [rego('deny contains "x" if http.send({"url": "http://127.0.0.1:1", "method": "get"})')],
            "ENG502",
        ),
        ("a builtin error", [rego('deny contains "x" if startswith(input.variables.nothing, "x")')], "ENG510"),
    ],
)
def test_doubts_block(tmp_path, why, modules, code):
    assert refusal(executable(tmp_path), *modules, plan={"variables": {"nothing": None}}).code == code, why


def test_places_are_those_of_the_policies(tmp_path):
    for module in (rego("deny contains := 3"), rego('deny contains "x" if nofunction(1)')):
        place = refusal(executable(tmp_path), module).place
        assert place is not None
        assert (place.file, place.line) == ("policies/m0.rego", 5)


def test_a_policy_set_from_outside_cannot_write_elsewhere(tmp_path):
    """Paths in a set begin with what the user typed: `../policies` must not lead out of the working folder."""
    from engine.adapters.policy.bundle import policy_set

    chosen = policy_set({"a.rego": DENY.encode()}, "../../escape")
    judge(chosen, engine="opa", programs=Programs(opa=executable(tmp_path)))
    assert not list(tmp_path.rglob("escape"))


def test_the_time_limit_holds(tmp_path):
    slow = rego("deny contains a if { some a in numbers.range(1, 9999); some b in numbers.range(1, 9999); a * b == 0 }")
    found = refusal(executable(tmp_path), slow, timeout_s=2)
    assert found.code == "ENG511", found.text()


@pytest.mark.parametrize(
    ("why", "answer", "code"),
    [
        ("nothing", "", 0),
        ("text", "all fine", 0),
        ("undefined", "{}", 0),
        ("an answer and a failure", value([{"data.main.deny": []}]), 2),
        ("no answer about the plan", value([]), 0),
        ("answers about two plans", value([{"data.main.deny": []}] * 2), 0),
        ("no answer of the rule", value([{}]), 0),
        ("another rule's answer", value([{"data.main.deny": [], "data.main.warn": []}]), 0),
        ("two values of one rule", value([{"data.main.deny": [[], []]}]), 0),
        ("a value that is not wrapped", value([{"data.main.deny": "x"}]), 0),
        ("errors of no shape", '{"errors": 7}', 2),
    ],
)
def test_answers_that_are_not_believed(tmp_path, why, answer, code):
    assert refusal(pretender(tmp_path, answer, code), DENY).code == "ENG513", why


def test_a_crash(tmp_path):
    assert refusal(pretender(tmp_path, "", 70), DENY).code == "ENG512"
    assert refusal(script(tmp_path / "opa", "import os; os.abort()"), DENY).code == "ENG512"


def test_that_pretender_can_be_believed(tmp_path):
    """Or else the tests above would prove nothing."""
    program = pretender(tmp_path, value([{"data.main.deny": [["no"]]}]))
    assert [f.message for f in judge(policies(DENY), engine="opa", programs=Programs(opa=program))] == ["no"]


@pytest.mark.parametrize("kept", [480, 485, 490, 495, 499])
def test_a_secret_of_a_plan_that_a_cut_of_its_last_words_would_halve(tmp_path, kept):
    """Found by reading the words of a program that broke down; the caller would see only a part of it."""
    program = tmp_path / "opa"
    program.write_text(
        "#!/bin/sh\ncase $1 in\nversion) echo 'Version: 1.0.0';;\ncapabilities) echo '{\"builtins\": []}';;\n"
        f"*) printf verysecretvalue12345 >&2; head -c {kept} /dev/zero | tr '\\0' x >&2; echo broken;;\nesac\n"
    )
    program.chmod(0o755)
    row = a_change("create", None, {"p": "verysecretvalue12345"}, after_sensitive={"p": True})
    with pytest.raises(EngineError) as caught:
        judge(
            policies(rego("deny contains 1 if false")), a_plan(row), engine="opa", programs=Programs(opa=str(program))
        )
    message = caught.value.problems[0].message
    assert (caught.value.problems[0].code, "xxxx" in message) == ("ENG513", True)
    assert [n for n in range(2, 20) if "verysecretvalue12345"[-n:] + "x" in message] == []
