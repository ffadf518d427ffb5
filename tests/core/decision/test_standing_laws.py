"""An approval against every statement, read one by one; and what no further statement, hand or push can do."""

from hypothesis import event, given
from hypothesis import strategies as st

from engine.core.decision.approvals import judge
from engine.core.decision.explain import Doubt
from engine.core.decision.people import EXCLUDABLE, involved
from engine.core.outcome import Outcome
from engine.core.rules.model import Approvals
from tests.support.facts import (
    BASE,
    HEAD,
    OLD,
    OTHER,
    SAME,
    approve,
    commit,
    document,
    hands,
    person,
    push,
    statement,
    verdict,
)

ONE = Approvals(1, ("reviewers",), (), (), "verdict", EXCLUDABLE, "changes_requested")
THIRD = "d" * 40
HEADS = (HEAD, OLD, THIRD)
times = st.sampled_from([f"2026-11-23T1{hour}:00:00Z" for hour in range(10)])
people = st.sets(st.sampled_from(["author", "helper", "bob", "cid"]), min_size=1)
held = st.builds(lambda authors: hands(sorted(authors)), people)


@st.composite
def statements(draw):
    """Some in a row, of which some may be missing; the verdict is one of the head."""
    rows = []
    for number in range(1, draw(st.integers(1, 5)) + 1):
        result = draw(st.sampled_from(["passed"] * 5 + ["error"]))
        content = draw(st.sampled_from([SAME] * 4 + [OTHER])) if result == "passed" else OTHER
        base = draw(st.sampled_from(["dev"] * 6 + ["prod"]))
        who = draw(st.sampled_from([hands()] * 5 + [None])) if draw(st.booleans()) else draw(held)
        signed, made = sorted([draw(times), draw(times)])
        row = statement(number, signed, draw(st.sampled_from(HEADS)), content, made)
        rows.append(row | {"result": result, "base_ref": base, "hands": who})
    rows.append(statement(len(rows) + 1, draw(times)))
    if draw(st.sampled_from([False] * 3 + [True])):
        rows.pop(draw(st.integers(0, len(rows) - 1)))
        if not rows or rows[-1]["head_sha"] != HEAD:
            rows.append(statement(9, draw(times)))
    return rows


def read_one_by_one(rows, commit_id, at, authors) -> bool:
    """The rule in the words of the rules: what it saw, and every later one."""
    made = [max(row["confirmed_at"], row["signed_at"]) for row in rows]
    seen = [row for place, row in enumerate(rows) if row["head_sha"] == commit_id and max(made[: place + 1]) < at]
    if not seen:
        return False
    saw = max(seen, key=lambda row: row["sequence"])
    said = rows[-1]["content"]
    if saw["content"] != said:
        return False
    later = [row for row in rows if row["sequence"] > saw["sequence"]]
    spoken = [(row["head_sha"], row["base_ref"]) for row in rows if row["content"] == said]
    for row in later:
        passed_over = row["result"] == "error" and (row["head_sha"], row["base_ref"]) in spoken
        if row["content"] != said and not passed_over:
            return False
    if {row["sequence"] for row in later} != set(range(saw["sequence"] + 1, rows[-1]["sequence"] + 1)):
        return False
    lists = [row["hands"] and set(row["hands"]["authors"]) for row in later if row["head_sha"] not in (commit_id, HEAD)]
    of_the_head = [row["hands"] and set(row["hands"]["authors"]) for row in later if row["head_sha"] == HEAD]
    if commit_id != HEAD:
        lists += [authors, *(known for known in of_the_head if known is not None)]
    knew = saw["hands"] and set(saw["hands"]["authors"])
    return not lists or (knew is not None and all(known is not None and known <= knew for known in lists))


def outcome(rows, review, exclude=(), approvals=ONE, **facts):
    last = rows[-1]
    known = document(
        verdict=verdict(sequence=last["sequence"], signed_at=last["signed_at"]),
        statements=rows,
        reviews=[review],
        **facts,
    )
    try:
        return judge(approvals._replace(exclude=tuple(exclude)), known).outcome
    except Doubt:
        return Outcome.ERROR


@given(statements(), st.sampled_from(HEADS), times, people)
def test_an_approval_counts_exactly_when_one_by_one_says_so(rows, commit_id, at, authors):
    first, *others = sorted(authors)
    found = outcome(rows, approve("ann", commit_id, at), commits=[commit(author=first, co_authors=others)])
    wanted = read_one_by_one(rows, commit_id, at, {person(name)["id"] for name in authors})
    event("counts" if wanted else "does not")
    assert (found is Outcome.PASS) == wanted


@given(statements(), st.sampled_from(HEADS), times, st.sampled_from([OLD, THIRD]), times)
def test_what_something_else_has_ended_no_later_statement_revives(rows, commit_id, at, head, when):
    """A → B → A: whatever comes after something else, and repeats it or not, what was approved before is void."""
    number = rows[-1]["sequence"]
    back = [*rows, statement(number + 1, when, head, OTHER), statement(number + 2, when)]
    before = max(row["confirmed_at"] for row in rows)
    if at <= before and when > at:
        assert outcome(back, approve("ann", commit_id, at)) is not Outcome.PASS


@given(statements(), st.sampled_from(HEADS), times, st.data())
def test_a_statement_that_is_taken_away_never_makes_an_approval_count(rows, commit_id, at, data):
    review = approve("ann", commit_id, at)
    gone = data.draw(st.integers(0, len(rows) - 1))
    fewer = [row for place, row in enumerate(rows) if place != gone]
    # the last statement may be taken for one that never was; the watermark outside the store tells that
    if gone < len(rows) - 1 and outcome(rows, review, EXCLUDABLE) is not Outcome.PASS:
        assert outcome(fewer, review, EXCLUDABLE) is not Outcome.PASS


@given(statements(), st.sampled_from(HEADS), times)
def test_after_head_never_counts_what_after_verdict_does_not(rows, commit_id, at):
    review, on_head = approve("ann", commit_id, at), ONE._replace(after="head")
    found = outcome(rows, review, approvals=on_head)
    if found is Outcome.PASS:
        assert commit_id == HEAD
        assert outcome(rows, review) is Outcome.PASS


@given(statements(), st.sampled_from(["authors", "committers", "pushers"]), st.data())
def test_whoever_had_a_hand_in_any_statement_never_counts(rows, kind, data):
    place = data.draw(st.integers(0, len(rows) - 1))
    told = rows[place]["hands"] or hands()
    rows[place] = rows[place] | {"hands": told | {kind: [*told[kind], person("ann")["id"]]}}
    assert outcome(rows, approve("ann", HEAD, "2026-11-23T19:59:59Z"), EXCLUDABLE) is not Outcome.PASS


shas = st.sampled_from([HEAD, OLD, THIRD, BASE])


@given(
    st.lists(st.tuples(shas, st.lists(shas, max_size=3), st.booleans()), max_size=4),
    st.lists(st.builds(push, st.just("bob"), st.none() | shas, st.none() | shas, st.none() | st.booleans())),
)
def test_a_push_makes_nobody_a_pusher_only_if_it_is_one_update_and_nothing_else(made, pushes):
    commits = {sha: commit(sha=sha, parents=parents, merges_base=merges) for sha, parents, merges in made}
    commits.setdefault(HEAD, commit())
    known = involved(document(commits=list(commits.values()), pushers=pushes, statements=[]), ("pushers",)).known
    branch, sha = [], HEAD
    while sha in commits and sha not in branch:
        branch.append(sha)
        sha = (commits[sha].get("parents") or [""])[0]
    updates = {
        (commits[sha]["parents"][0], sha)
        for sha in branch
        if len(commits[sha].get("parents", ())) == 2 and commits[sha]["merges_base"]
    }
    work = [p for p in pushes if p["forced"] is not False or (p["before"], p["after"]) not in updates]
    assert (person("bob")["id"] in known) == bool(work)
