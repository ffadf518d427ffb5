"""Law of the mask: wherever a secret stands, no outlet shows it."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.plan.mask import secrets
from engine.core.plan.model import changes
from engine.core.plan.summary import diff, summarise
from engine.core.redact import HIDDEN, Redactor
from tests.support.plans import a_change, a_plan

# Long enough that it stands nowhere by accident; `#` and `0` keep its letters out of Terraform's own words.
secret_texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).map(lambda s: f"#0{s}0#")
wrappers = st.lists(
    st.sampled_from(
        [
            lambda v: [v],
            lambda v: {"inner": v},
            json.dumps,
            lambda v: json.dumps({"doc": v}, ensure_ascii=False),
            lambda v: f"prefix {v} suffix" if isinstance(v, str) else v,
        ]
    ),
    max_size=2,
)


def wrapped(value, around):
    for wrap in around:
        value = wrap(value)
    return value


def texts(value):
    """Every text of a JSON value and of the documents inside it. Keys are none: they say what a value is."""
    if isinstance(value, str):
        yield value
        try:
            yield from texts(json.loads(value))
        except ValueError:
            pass
    else:
        for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from texts(item)


@given(secret_texts, wrappers, wrappers, st.sampled_from(["create", "update", "delete"]))
@settings(max_examples=300, deadline=None)
def test_no_outlet_shows_a_secret(secret, where, elsewhere, verb):
    held, seen = {"p": wrapped(secret, where)}, {"q": wrapped(secret, elsewhere)}
    other = {"p": "nothing secret", "q": 1}
    before, after = {"create": (None, held), "delete": (held, None), "update": (other, held)}[verb]
    marks = {f"{side}_sensitive": {"p": True} for side in ("before", "after")}
    plan = a_plan(
        a_change(verb, before, after, **marks),
        a_change("create", None, seen, address="aws_x.y"),
        # The law is about a value that is marked somewhere as itself, not only as a part of something larger.
        variables={"v": {"value": secret}},
        configuration={"root_module": {"variables": {"v": {"sensitive": True}}}},
    )
    hide = Redactor(secrets(plan))
    assert not [text for text in texts(hide.json(plan)) if secret in text]
    assert not [line for change in changes(plan) for line in diff(change, hide) if secret in str(line)]
    said = Redactor(secrets(plan)).text(f"Error: {secret} and {json.dumps(secret)}")
    assert secret not in said
    assert json.dumps(secret)[1:-1] not in said


# Words that decide, and parts of them.
WORDS = [
    "aws_iam_", "aws_iam_role", "aws_iam_role.this", "aws_db_instance", "create", "delete", "update", "managed", "data",
    "resource_changes", "change", "after", "before", "actions", "format_version", "1.2", "1.11.4", "password", "policy",
    "Statement", "address", "type", "no-op", "hashicorp/aws", "registry.terraform.io", "us-east-1", "true", "null", "0",
    "will be", "(sensitive)", "sensitive", "(known after apply)", "+   ", "key one", "root_module", "variables",
]  # fmt: skip


def a_guarded_plan(password):
    role = {"name": "r", "policy": json.dumps({"Statement": [{"Action": "iam:*"}], "key one": None}), "n": 1}
    return a_plan(
        a_change("create", None, role, address="aws_iam_role.this"),
        a_change(["delete", "create"], {**role, "n": 2}, role, address='aws_iam_role.that["key one"]'),
        a_change("delete", role, None, address="aws_iam_role.gone"),
        a_change("create", None, {"p": password}, address="aws_db_instance.this", after_sensitive={"p": True}),
    )


@given(st.lists(st.sampled_from(WORDS) | st.text(min_size=1, max_size=12), min_size=1, max_size=6))
@settings(max_examples=200, deadline=None)
def test_no_secret_changes_what_is_decided(secrets_):
    """However secrets are spelt: types, addresses, actions, keys, counts, the lines of a diff and what they name."""
    plan, other = a_guarded_plan(secrets_), a_guarded_plan(["a value that stands nowhere else"])
    told, plain = ([diff(c, Redactor(secrets(p))) for c in changes(p)] for p in (plan, other))
    assert [[line._replace(values=()) for line in lines] for lines in told] == [
        [line._replace(values=()) for line in lines] for lines in plain
    ]
    assert summarise(plan) == summarise(other)
    shown = [value.replace(HIDDEN, "") for lines in told for line in lines for value in line.values if value != "null"]
    assert [s for s in secrets_ if len(s) >= 4 and any(s in value for value in shown)] == []
