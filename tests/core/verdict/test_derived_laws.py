"""Whatever is built is believed; whatever of it does not follow from the rest is not."""

from copy import deepcopy
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from engine.core.canonical import canonical
from engine.core.findings import Effect, Finding, Severity
from engine.core.plan.model import VERBS
from engine.core.signature import sign
from engine.core.verdict.check import read
from engine.core.verdict.statement import About, build
from engine.errors import EngineError, problem
from tests.support.signing import HANDS, MADE_FROM, NOW, SIGNED, resource, signer, trusted

PATHS = [f"{service}/{name}" for service in ("S3", "KMS", "a/IAM") for name in ("a", "b", "ä")]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
HEX = st.text("0123456789abcdef", min_size=64, max_size=64)
CHANGES = st.fixed_dictionaries(
    {
        "address": TEXT.filter(bool),
        "type": TEXT.filter(bool),
        "actions": st.sampled_from([*VERBS]).map(list),
        "digest": HEX.map("hmac-sha256:{}".format),
    }
)
RESOURCES = st.lists(st.sampled_from(PATHS), unique=True, max_size=4).flatmap(
    lambda paths: st.tuples(
        *(
            st.builds(
                lambda path, tree, plan, changes: resource(
                    path, tree=f"sha256:{tree}", plan=plan and f"hmac-sha256:{plan}", changes=changes
                ),
                st.just(path),
                HEX,
                st.one_of(HEX, HEX, st.none()),
                st.lists(CHANGES, max_size=2),
            )
            for path in paths
        )
    )
)
FINDINGS = st.lists(
    st.builds(
        Finding,
        TEXT,
        st.sampled_from(Severity),
        st.sampled_from(Effect),
        TEXT,
        st.sampled_from(PATHS),
        TEXT,
        until=st.sampled_from(["", "2026-11-24T23:59:59Z"]),
    ),
    max_size=4,
)
ABOUTS = st.builds(
    About,
    origin=st.sampled_from(["local", "github"]),
    repo=st.sampled_from(["acme/dev-deployment", "a/b"]),
    pr=st.one_of(st.none(), st.integers(1, 10**6)),
    head_sha=st.sampled_from(["a" * 40, "b" * 64]),
    base_ref=st.sampled_from(["dev", "release/1.0"]),
    environment=st.sampled_from(["development", "development", ""]),
    branch=st.sampled_from(["dev", "dev", ""]),
    rules=HEX.map("sha256:{}".format),
    change=st.one_of(st.none(), HEX.map("sha256:{}".format)),
    hands=st.sampled_from([None, HANDS]),
)
DOUBTS = st.sampled_from([(), (), (problem("ENG022"),)])


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Any]:
    return build(
        draw(ABOUTS), draw(RESOURCES), draw(FINDINGS), draw(DOUBTS), MADE_FROM,
        sequence=draw(st.integers(1, 2**53)), confirmed_at=SIGNED, expires_s=draw(st.integers(1, 10**8)),
    )  # fmt: skip


def believed(value: dict[str, Any]) -> bool:
    try:
        read(sign(canonical(value), signer()), trusted(), NOW)
    except EngineError as error:
        return error.problems[0].code not in ("ENG280", "ENG287", "ENG288")
    return True


@given(statements())
def test_what_was_built_is_believed(value: dict[str, Any]) -> None:
    assert believed(value)


@given(statements(), st.sampled_from(["passed", "failed"]))
def test_no_better_result_is(value: dict[str, Any], claimed: str) -> None:
    verdict = value["predicate"]["verdict"]
    assume(verdict["result"] != claimed)
    # With an error it depends on what was refused, which stands in no statement: where the rest is a reason, too
    unplanned = not verdict["resources"] or any(r["plan"] is None for r in verdict["resources"])
    denied = any(f["effect"] == "deny" for f in verdict["findings"])
    assume(verdict["result"] != "error" or unplanned or denied == (claimed == "passed"))
    verdict["result"] = claimed
    assert not believed(value)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict | list):
        rows = value.items() if isinstance(value, dict) else enumerate(value)
        return [leaf for key, below in rows for leaf in leaves(below, (*path, key))]
    return [path]


@given(statements(), st.data())
def test_nothing_that_follows_can_be_altered(value: dict[str, Any], data: st.DataObject) -> None:
    derived = {"_type": value["_type"], "subject": value["subject"], "predicateType": value["predicateType"]}
    paths = leaves(derived) + leaves(value["predicate"]["verdict"]["trees"], ("predicate", "verdict", "trees"))
    *way, last = data.draw(st.sampled_from(paths))
    altered = deepcopy(value)
    at: Any = altered
    for key in way:
        at = at[key]
    old = at[last]
    at[last] = data.draw(st.sampled_from(["", "x", "f" * 64, old + "0", old[1:]]).filter(lambda new: new != old))
    assert not believed(altered)


@given(statements(), st.data())
def test_nothing_about_it_can_be_altered_alone(value: dict[str, Any], data: st.DataObject) -> None:
    """Another commit or pull request contradicts the subject."""
    verdict = value["predicate"]["verdict"]
    name = data.draw(st.sampled_from(["repo", "pr", "head_sha"]))
    verdict[name] = {"repo": "acme/evil", "pr": (verdict["pr"] or 0) + 1, "head_sha": "c" * 40}[name]
    assert not believed(value)
