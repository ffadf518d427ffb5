"""What a merge decision says of those who allowed it."""

from typing import Any

import pytest

from engine.core.canonical import digest_bytes
from engine.core.decision.decide import decide
from engine.core.decision.merging import holds, said
from engine.core.declare import Action, Repeat
from engine.core.kept.merge import statement
from engine.core.rules.model import Rules
from tests.support import decision as support
from tests.support.decision import event, rules_of
from tests.support.facts import HEAD, KEY, NUMBER, PATH, REPO, TREE, approve, comment, document, finding, pr, verdict

GATES = """
policy: {needs: verdict, require: "verdict.result == 'passed'", override: exception}
reviewed: {approvals: {from: [reviewers], after: verdict}}
"""
OVERRIDES = """
overrides:
  exception: {command: "OVERRIDE:", from: [security], besides: [reviewed], never: [critical], expires: 1h}
"""
RULES = rules_of(GATES, OVERRIDES)
DIGEST = "sha256:" + "9" * 64
TIP = {"ref": "dev", "sha": "c" * 40, "repo": REPO}


def record(rules: Rules = RULES, **facts: Any) -> dict[str, Any]:
    given = {"pr": pr(base=TIP), "reviews": [{**approve("bob"), "id": 5, "digest": DIGEST}], **facts}
    given["verdict"] = verdict(rules=rules.digest, **given.pop("changes", {}))
    known = document(**given)
    result = decide(event(), known, rules).pipelines[0]
    return said(
        result, known, rules, repository_id=99, commit="d" * 40, verdict_digest=DIGEST, run="r1", decision=DIGEST,
        merged_at="2026-11-23T13:00:00Z",
    )  # fmt: skip


def test_who_approved_and_what_was_merged() -> None:
    found = record()
    assert statement(found)["predicate"] == found, "it can be signed"
    assert found["people"] == [{"gate": "reviewed", "id": 6, "login": "bob", "review": 5, "body": DIGEST}]
    assert (found["repository"], found["pr"]) == ({"id": 99, "name": REPO}, NUMBER)
    assert (found["head"]["sha"], found["trees"]) == (HEAD, {PATH: TREE})
    assert (found["rules"], found["overrides"]) == (RULES.whole, [])


def test_only_who_counts_is_in_it() -> None:
    reviews = [approve("bob"), approve("author"), approve("outsider"), approve("bob", at="2026-11-23T12:40:00Z")]
    assert [(p["login"], p["review"]) for p in record(reviews=reviews)["people"]] == [("bob", reviews[3]["id"])]


def test_what_an_override_covers() -> None:
    changes = {"result": "failed", "findings": [finding(), finding("low", "warn"), finding("low", rule="S3-X-001")]}
    body = "OVERRIDE: the auditor waits"
    found = record(changes=changes, comments=[{**comment("cid", body), "id": 9}])
    (used,) = found["overrides"]
    assert (used["gate"], used["name"], used["login"], used["comment"]) == ("policy", "exception", "cid", 9)
    assert (used["body"], used["reason"]) == (digest_bytes(body.encode()), "the auditor waits")
    assert [f["rule"] for f in used["findings"]] == ["S3-ENC-001", "S3-X-001"]
    assert statement(found)


@pytest.mark.parametrize(
    ("why", "facts"),
    [
        ("nobody has approved", {"reviews": []}),
        ("policy has failed", {"changes": {"result": "failed", "findings": [finding()]}}),
    ],
)
def test_nothing_is_said_of_what_was_not_allowed(why: str, facts: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="has allowed no merge"):
        record(**facts)


APPLY = Action("terraform.apply", dict, {}, (), (), Repeat.RECONCILE, "Applies.", writes=True)
APPLYING = """
protect: {terraform.apply: [policy]}
pipelines:
  - {pipeline: apply, gates: [policy], actions: [{id: apply, uses: terraform.apply}]}
"""


def test_it_holds_what_will_be_applied(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an account, or a pipeline that applies, nothing would ever free it: then nothing is held."""
    catalog = support.CATALOG._replace(actions={**support.CATALOG.actions, APPLY.name: APPLY})
    monkeypatch.setattr(support, "CATALOG", catalog)
    applying = support.rules(
        "events: [{event: push, run: apply}]\ngates: {policy: {require: \"pr.state == 'open'\"}}\n" + APPLYING
    )
    assert holds(verdict(), RULES) == []
    assert holds(verdict(), applying) == [KEY]
    assert holds(verdict(applies=True), applying) == [KEY]
    assert holds(verdict(applies=False), applying) == []
