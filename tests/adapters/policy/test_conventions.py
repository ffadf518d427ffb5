"""Conftest's conventions for users' own policies, on both engines."""

import pytest

from engine.adapters.policy.port import BY_NAME, Programs
from engine.core.findings import Effect, Severity
from engine.errors import EngineError
from tests.support.opa import executable
from tests.support.policy import judge, policies, rego


@pytest.fixture(scope="module", params=["rego", "opa"])
def engine(request, tmp_path_factory):
    programs = Programs(opa=executable(tmp_path_factory.mktemp("opa"))) if request.param == "opa" else BY_NAME
    return {"engine": request.param, "programs": programs}


@pytest.mark.parametrize(
    ("why", "rule", "effect", "severity"),
    [
        ("deny denies", 'deny contains "m"', Effect.DENY, Severity.HIGH),
        ("with a suffix as well", 'deny_public_buckets2 contains "m"', Effect.DENY, Severity.HIGH),
        ("violation is another word for it", 'violation contains {"msg": "m"}', Effect.DENY, Severity.HIGH),
        ("warn warns", 'warn_soon contains "m"', Effect.WARN, Severity.MEDIUM),
        ("an object says how bad it is", 'warn contains {"msg": "m", "severity": "low"}', Effect.WARN, Severity.LOW),
        ("in any case", 'deny contains {"msg": "m", "severity": "Critical"}', Effect.DENY, Severity.CRITICAL),
        ("an array of messages is taken", 'deny := ["m"]', Effect.DENY, Severity.HIGH),
        (
            "an array from other packages too",
            'deny := [m | some m in words]\nwords := {"m"}',
            Effect.DENY,
            Severity.HIGH,
        ),
    ],
)
def test_what_a_rule_says(why, rule, effect, severity, engine):
    (finding,) = judge(policies(rego(rule)), **engine)
    assert (finding.message, finding.effect, finding.severity) == ("m", effect, severity), why


@pytest.mark.parametrize(
    ("why", "rule"),
    [
        ("another name is a helper", 'denied contains "m"'),
        ("an underscore needs a suffix", 'deny_ contains "m"'),
        ("nothing is found", 'warn contains "m" if false'),
        ("an undefined rule found nothing", 'warn := ["m"] if false'),
    ],
)
def test_what_says_nothing(why, rule, engine):
    assert judge(policies(rego(f'{rule}\ndeny contains "never" if false')), **engine) == (), why


@pytest.mark.parametrize(
    ("why", "rule", "said"),
    [
        ("no message", "deny if true", "gave `true`"),
        ("one text instead of a set", 'deny := "m"', "gave a string"),
        ("a mapping", 'deny["x"] := "m"', "gave an object"),
        ("rules below rules", 'deny.buckets contains "m"', "gave an object"),
        ("an object without msg", 'deny contains {"message": "m"}', "a result without a message"),
        ("an empty message", 'deny contains "  "', "a result without a message"),
        ("a number", "deny contains 7", "a result without a message"),
        ("an unknown severity", 'deny contains {"msg": "m", "severity": "blocker"}', "severity `blocker`"),
        ("an address that is a list", 'deny contains {"msg": "m", "address": ["a"]}', "whose address is an array"),
        ("an exception of the wrong shape", 'deny contains "m"\nexception contains "buckets"', "a string"),
    ],
)
def test_answers_in_doubt_block(why, rule, said, engine):
    with pytest.raises(EngineError) as caught:
        judge(policies(rego(rule)), **engine)
    (problem,) = caught.value.problems
    assert problem.code == "ENG514", why
    assert said in problem.message, why
    assert problem.place is not None


@pytest.mark.parametrize(
    ("why", "exception", "effects"),
    [
        (
            "a suffix excuses its rules",
            '["a"]',
            {
                "deny": "deny",
                "deny_a": "exception",
                "violation_a": "exception",
                "warn_a": "exception",
                "deny_a_b": "deny",
            },
        ),
        (
            "the empty suffix excuses plain deny",
            '[""]',
            {"deny": "exception", "deny_a": "deny", "violation_a": "deny", "warn_a": "warn", "deny_a_b": "deny"},
        ),
        (
            "several",
            '["a", "a_b"]',
            {
                "deny": "deny",
                "deny_a": "exception",
                "violation_a": "exception",
                "warn_a": "exception",
                "deny_a_b": "exception",
            },
        ),
        (
            "none",
            '["z"]',
            {"deny": "deny", "deny_a": "deny", "violation_a": "deny", "warn_a": "warn", "deny_a_b": "deny"},
        ),
    ],
)
def test_exceptions_excuse_by_suffix(why, exception, effects, engine):
    rules = "\n".join(f'{name} contains "{name}"' for name in effects)
    found = judge(policies(rego(f"{rules}\nexception contains rules if rules := {exception}")), **engine)
    assert {finding.message: finding.effect.value for finding in found} == effects, why


def test_an_exception_excuses_only_its_own_package(engine):
    chosen = policies(
        rego('deny_a contains "one"', "one"), rego('deny_a contains "two"\nexception contains ["a"]', "two")
    )
    found = {finding.message: finding.effect for finding in judge(chosen, **engine)}
    assert found == {"one": Effect.DENY, "two": Effect.EXCEPTION}


def test_all_packages_are_asked_unless_namespaces_are_named(engine):
    modules = [rego('deny contains "one"', "team.one"), rego('deny contains "two"', "team.two")]
    assert {f.message for f in judge(policies(*modules), **engine)} == {"one", "two"}
    assert {f.message for f in judge(policies(*modules, namespaces=("team.two",)), **engine)} == {"two"}
    with pytest.raises(EngineError, match=r"ENG501 no rule to ask in team\.three"):
        judge(policies(*modules, namespaces=("team.one", "team.three")), **engine)


def test_metadata_reaches_the_finding(engine):
    rule = """deny contains {
        "msg": "m", "id": "X-1", "severity": "low", "address": "a.b", "attribute": "c", "remediation": "do",
        "_loc": {"file": "f", "line": 3},
    }"""
    (finding,) = judge(policies(rego(rule, "team")), **engine)
    assert finding[:3] == ("X-1", Severity.LOW, Effect.DENY)
    assert (finding.address, finding.attribute, finding.remediation) == ("a.b", "c", "do")
    assert (finding.file, finding.line) == ("f", 3)
    assert (finding.resource, finding.policy) == ("S3/x", "policies/m0.rego")


def test_a_rule_without_id_is_named_after_itself(engine):
    assert judge(policies(rego('deny_a contains "m"', "team.names")), **engine)[0].rule == "team.names.deny_a"


def test_a_package_name_that_is_no_identifier(engine):
    module = 'package team["a-b"]\n\nimport rego.v1\n\ndeny contains "m"\n'
    assert [finding.message for finding in judge(policies(module), **engine)] == ["m"]


def test_findings_are_sorted_worst_first_and_unique(engine):
    rules = "\n".join(
        [
            'warn contains "w"',
            'deny contains {"msg": "l", "severity": "low"}',
            'deny_x contains {"msg": "c", "severity": "critical"}',
        ]
    )
    twice = rego('deny contains {"msg": "same", "id": "S"}\ndeny_b contains {"msg": "same", "id": "S"}', "other")
    assert [finding.message for finding in judge(policies(rego(rules), twice), **engine)] == ["c", "same", "l", "w"]
