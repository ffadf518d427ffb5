"""What fixtures say of the rules is compared with them, and names that the rules do not know are no facts."""

import pytest

from engine.core.analysis.fixtures import load
from engine.core.analysis.settled import settled
from engine.errors import TABLE, EngineError, ExitCode
from tests.support.decision import rules

RULES = rules("""
events: [{event: pull_request, run: merge}]
gates:
  policy: {needs: verdict, require: "verdict.result == 'passed'", override: exception}
  reviewed: {approvals: {any: [{count: 2, from: [reviewers]}, {from: [security]}], after: verdict}}
overrides:
  exception: {command: "OVERRIDE:", from: [security], besides: [reviewed], never: [critical], expires: 24h}
pipelines:
  - {pipeline: merge, gates: [policy, reviewed], actions: [{id: note, uses: note.make}, {id: merge, uses: note.merge}]}
protect: {note.merge: [policy, reviewed]}
verdicts: {expires: 7d}
limits: {lock_timeout: 5m, per_account: 2}
backend: {dynamodb_table: locks}
""")


def stated(section, name, value):
    return load("settled.yaml", RULES, lambda _: f"version: 1\nsettled:\n  {section}:\n    {name}: {value}\n".encode())


@pytest.mark.parametrize(
    ("section", "name", "value"),
    [
        ("besides", "exception", "[reviewed]"),
        ("never", "exception", "[critical]"),
        ("expires", "exception", "1d"),
        ("expires", "exception", "24h"),
        ("expires", "verdicts", "7d"),
        ("from", "exception", "[security]"),
        ("overrides", "policy", "exception"),
        ("actions", "merge", "[note.make, note.merge]"),
        ("groups", "reviewers", "[bot, bob, ann, author]"),
        ("limits", "lock_timeout", "5m"),
        ("limits", "per_account", "2"),
        ("backend", "dynamodb_table", "locks"),
        (
            "approvals",
            "reviewed",
            "2 of reviewers or 1 of security; after verdict; without author, co_authors, pushers, committers, bots",
        ),
    ],
)
def test_what_is_so_is_seen(section, name, value):
    assert stated(section, name, value).stated == (f"settled: {section} {name}",)


@pytest.mark.parametrize(
    ("why", "section", "name", "value", "code", "says"),
    [
        ("more people are asked", "besides", "exception", "[reviewed, open]", "ENG901", "[reviewed]"),
        ("nothing is left out", "never", "exception", "[]", "ENG901", "[critical]"),
        ("ten times as long", "expires", "verdicts", "70d", "ENG901", "7d"),
        ("one is enough", "approvals", "reviewed", "1 of reviewers", "ENG901", "2 of reviewers or 1 of security"),
        ("a name that is misspelt", "expires", "exeption", "1d", "ENG902", "did you mean `exception`"),
        (
            "two actions are exchanged",
            "actions",
            "merge",
            "[note.merge, note.make]",
            "ENG901",
            "[note.make, note.merge]",
        ),
        (
            "an action more",
            "actions",
            "merge",
            "[note.make, note.merge, note.make]",
            "ENG901",
            "[note.make, note.merge]",
        ),
        ("somebody more", "groups", "reviewers", "[ann, bob, author, bot, eve]", "ENG901", "[ann, bob, author, bot]"),
        ("a gate less", "protect", "note.merge", "[policy]", "ENG901", "[policy, reviewed]"),
        ("a row that is gone", "protect", "verdict.sign", "[policy]", "ENG902", "verdict.sign"),
    ],
)
def test_what_is_not_so_is_told_at_its_own_line(why, section, name, value, code, says):
    with pytest.raises(EngineError) as caught:
        stated(section, name, value)
    (one,) = caught.value.problems
    assert one.place is not None, why
    assert (one.code, one.place.line) == (code, 4), why
    assert says in f"{one.message} {one.hint}"


@pytest.mark.parametrize(
    ("section", "name", "value", "there", "at"),
    [
        ("protect", "note.merge", "[policy, reviewd]", "reviewd]", "protect: {note.merge"),
        ("limits", "parallelism", "7", "7", "limits: {"),
        ("expires", "verdicts", "8d", "8d", "verdicts: {"),
        ("backend", "dynamodb_table", "lock", "lock", "backend: {"),
        ("groups", "security", "[cid, dan]", "[cid", "security:"),
    ],
)
def test_both_places_are_told(section, name, value, there, at):
    """That of what is stated, of a list the item that the rules do not have; and that of the rules."""
    with pytest.raises(EngineError) as caught:
        stated(section, name, value)
    (one,) = caught.value.problems
    assert one.place is not None
    assert one.place.excerpt[one.place.column - 1 :].startswith(there)
    (said,) = [row.place for row in settled(RULES) if (row.section, row.name) == (section, name)]
    assert said.excerpt.strip().startswith(at)
    assert f"{said.file}:{said.line}" in one.hint


def test_rules_that_say_something_else_are_a_no_and_no_fault():
    assert TABLE["ENG901"].exit is ExitCode.NEGATIVE


@pytest.mark.parametrize(
    ("fact", "says"),
    [
        ("groups.securty: {members: []}", "did you mean `security`"),
        ("verdict: {environment: prodution}", "verdict.environment"),
    ],
)
def test_a_case_on_a_name_that_the_rules_do_not_know(fact, says):
    text = f"version: 1\ncases:\n  - {{why: x, event: {{name: push}}, facts: {{{fact}}}, pipelines: {{}}}}\n"
    with pytest.raises(EngineError) as caught:
        load("cases.yaml", RULES, lambda _: text.encode())
    found = [one for one in caught.value.problems if one.code == "ENG903"]
    assert [says in f"{one.message} {one.hint}" for one in found] == [True]


AT = """version: 1
people: {ann: 1}
given:
  event: {name: pull_request_review, payload: {}}
  facts:
    verdict: {environment: produktion}
cases:
  - why: x
    facts:
      pr.number: 7
      groups.sekurity: {members: [ann]}
      pushers: [anne]
    pipelines: {}
"""


def test_what_is_wrong_is_told_where_it_stands():
    with pytest.raises(EngineError) as caught:
        load("a.yaml", RULES, lambda _: AT.encode())
    places = {p.code: p.place.line for p in caught.value.problems if p.code in ("ENG253", "ENG903") and p.place}
    lines = sorted(p.place.line for p in caught.value.problems if p.code == "ENG903" and p.place)
    assert (places["ENG253"], lines) == (12, [6, 11])
