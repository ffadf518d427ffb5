"""What rules say of themselves, in OPA's METADATA comments."""

from pathlib import Path

import pytest

from engine.adapters.policy.annotations import About, annotations, silent
from engine.adapters.policy.bundle import policy_set, read_directory
from engine.errors import EngineError

FULL = """package acme.keys

import rego.v1

# A plain comment.
# METADATA
# title: Keys rotate
# description: >-
#   An old key
#   opens more.
# custom:
#   id: ACME-001
#   severity: High
#   resources: [aws_kms_key]
#   elsewhere: [CKV_AWS_7]
#   value: the attribute
#   bad: {aws_kms_key: {enable_key_rotation: false}}
#   good: {aws_kms_key: {enable_key_rotation: true}}
deny contains finding if {
	finding := {"id": "ACME-001", "msg": "m"}
}
"""


def module(comment, rule='deny contains "m" if input.x'):
    return f"package acme\n\nimport rego.v1\n\n{comment}\n{rule}\n"


def test_a_full_annotation():
    (about,) = annotations({"policies/keys.rego": FULL})
    assert about == About(
        id="ACME-001",
        title="Keys rotate",
        description="An old key opens more.",
        severity="high",
        effect="deny",
        package="acme.keys",
        file="policies/keys.rego",
        line=19,
        resources=("aws_kms_key",),
        elsewhere=("CKV_AWS_7",),
        value="the attribute",
        bad={"aws_kms_key": {"enable_key_rotation": False}},
        good={"aws_kms_key": {"enable_key_rotation": True}},
    )
    assert silent({"policies/keys.rego": FULL}) == ()


@pytest.mark.parametrize(
    ("why", "comment", "rule", "titles"),
    [
        ("nothing is demanded", "# about buckets", 'deny contains "m"', []),
        (
            "OPA's own keys alone",
            "# METADATA\n# title: t\n# authors:\n# - ann <a@b.example>",
            'warn contains "m"',
            ["t"],
        ),
        ("no blank after the sign", "#METADATA\n#title: t\n#custom:\n#  id: A-1", 'deny contains "m"', ["t"]),
        ("Windows' line ends", "# METADATA\r\n# title: t\r", 'violation contains "m"\r', ["t"]),
        ("a suffix is part of the name", "# METADATA\n# title: t", 'deny_public contains "m"', ["t"]),
        ("blank lines between", "# METADATA\n# title: t\n\n", 'deny contains "m"', ["t"]),
        ("about a helper", "# METADATA\n# title: t", "helper := 1", []),
        ("about a word that begins alike", "# METADATA\n# title: t", "denied := 1", []),
        ("about the package", "# METADATA\n# scope: package\n# title: t", 'deny contains "m"', []),
        ("all rules of that name", "# METADATA\n# scope: document\n# title: t", 'deny contains "m"', ["t"]),
        ("a key without a value", "# METADATA\n# title: t\n# description:\n# custom:", 'deny contains "m"', ["t"]),
        ("a key of somebody's own", "# METADATA\n# title: t\n# custom:\n#   team: [1]", 'deny contains "m"', ["t"]),
        ("a severity of somebody's own", "# METADATA\n# title: t\n# custom: {severity: MAJOR}", "deny := []", ["t"]),
    ],
)
def test_what_counts_as_one(why, comment, rule, titles):
    assert [about.title for about in annotations({"m.rego": module(comment, rule)})] == titles, why


@pytest.mark.parametrize(
    ("why", "comment", "line", "column", "reason"),
    [
        ("no YAML", "# METADATA\n# title: [t", 6, 10, "not valid YAML"),
        ("prose", "# METADATA\n# about keys", 6, 3, "it is no mapping"),
        ("nothing below", "# METADATA", 6, 1, "the file is empty"),
        ("a key twice", "# METADATA\n# title: a\n# title: b", 7, 3, "key `title` is here twice"),
        ("a title that is a list", "# METADATA\n# title: [a]", 6, 3, "title is no text"),
        ("custom is no mapping", "# METADATA\n# custom: A-1", 6, 3, "custom is no mapping"),
        ("an id that is a number", "# METADATA\n# custom:\n#   id: 7", 7, 5, "custom.id is not a text"),
        (
            "one id elsewhere",
            "# METADATA\n# custom:\n#   elsewhere: A",
            7,
            5,
            "custom.elsewhere is not a list of texts",
        ),
        ("ids that are no texts", "# METADATA\n# custom:\n#   elsewhere: [1]", 7, 5, "is not a list of texts"),
        ("an example that is a list", "# METADATA\n# custom:\n#   bad: [a]", 7, 5, "custom.bad is not a mapping"),
        ("no attributes", "# METADATA\n# custom:\n#   bad: {aws_x: 1}", 7, 11, "aws_x is no mapping"),
        ("no list of resources", "# METADATA\n# custom:\n#   good: {aws_x: [1]}", 7, 12, "aws_x is no mapping"),
        ("variables in a list", "# METADATA\n# custom:\n#   bad: {variables: [{}]}", 7, 11, "variables is no"),
        ("one action", "# METADATA\n# custom:\n#   bad: {aws_x: {_actions: delete}}", 7, 11, "_actions is not"),
        ("one unknown", "# METADATA\n# custom:\n#   bad: {aws_x: {_unknown: a}}", 7, 11, "_unknown is neither"),
        (
            "a reference to nothing",
            "# METADATA\n# custom:\n#   bad: {aws_x: {_refers: {a: 1}}}",
            7,
            11,
            "_refers is no",
        ),
        ("a character nobody sees", "# METADATA\n# title: a\u202eb", 6, 11, "cannot be seen"),
    ],
)
def test_what_cannot_be_read_has_its_place(why, comment, line, column, reason):
    with pytest.raises(EngineError) as caught:
        annotations({"p/m.rego": module(comment)})
    (problem,) = caught.value.problems
    assert problem.code == "ENG540", why
    assert reason in problem.message, why
    assert problem.place is not None
    assert problem.place[:3] == ("p/m.rego", line, column), why


def test_everything_wrong_is_said_in_one_go():
    text = module("# METADATA\n# title: [a]") + module("# METADATA\n# custom: 7\n# description: {}")
    with pytest.raises(EngineError) as caught:
        annotations({"a.rego": text, "b.rego": text})
    assert len(caught.value.problems) == 6


def test_rules_without_one_are_known_by_the_ids_they_name():
    text = (
        'package acme\n\ndeny contains f if {\n\tf := {"msg": "m", "id": "A-1"}\n}\n\n'
        'warn contains lib.finding("A-2", "low", r, "m", "") if {\n\tsome r in x\n}\n\nhelper := {"id": "A-3"}\n\n'
        'deny_soon contains "m"\n'
    )
    assert [(a.id, a.effect, a.line) for a in silent({"m.rego": text})] == [
        ("A-1", "deny", 3),
        ("A-2", "warn", 7),
        ("acme.deny_soon", "deny", 13),
    ]


def test_no_shipped_rule_is_lost():
    shipped = policy_set(read_directory(str(Path(__file__).parents[3] / "policies")))
    known = {about.id for about in (*annotations(shipped.modules), *silent(shipped.modules))}
    named = {name for text in shipped.modules.values() for name in _ids(text)}
    assert known == named
    assert len(named) > 60


def _ids(text):
    return [part.split('"')[1] for part in text.split("lib.finding(")[1:]]


@pytest.mark.parametrize(
    ("why", "said", "hint"),
    [
        ("a colon in a text", "#   value: who: what", 'put it in quotes: "who: what"'),
        ("a key that is indented otherwise", "#   id: A-001\n#  value: it", "behind as many spaces"),
    ],
)
def test_what_cannot_be_read_comes_with_its_mend(why, said, hint):
    text = f"package team\n\n# METADATA\n# title: It\n# custom:\n{said}\ndeny contains x if {{ x := 1 }}\n"
    with pytest.raises(EngineError) as caught:
        annotations({"a.rego": text})
    assert hint in caught.value.problems[0].hint, why
