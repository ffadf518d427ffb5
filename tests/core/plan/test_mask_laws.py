"""Law of the mask: wherever a secret stands, no outlet shows it."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.plan.mask import mask, secrets
from engine.core.plan.model import changes
from engine.core.plan.summary import diff
from engine.core.redact import Redactor
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
    """Every text of a JSON value, keys and what is inside documents included."""
    if isinstance(value, str):
        yield value
        try:
            yield from texts(json.loads(value))
        except ValueError:
            pass
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
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
    masked = mask(plan)
    assert not [text for text in texts(masked) if secret in text]
    hide = Redactor(secrets(plan))
    assert not [line for change in changes(plan) for line in diff(change, hide) if secret in str(line)]
    said = Redactor(secrets(plan)).text(f"Error: {secret} and {json.dumps(secret)}")
    assert secret not in said
    assert json.dumps(secret)[1:-1] not in said
