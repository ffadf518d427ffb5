"""Laws of receipts: complete, the worst counts, stored without loss, the same however the plans were divided."""

import re

from hypothesis import given
from hypothesis import strategies as st

from engine.core.receipts import (
    EVERY,
    WHOLE,
    Asked,
    Receipts,
    Ruling,
    Said,
    Subject,
    encoded,
    joined,
    rows,
    take,
    tally,
)

TYPES = ("aws_a", "aws_b", "")
asked = st.lists(
    st.builds(
        Asked,
        st.sampled_from("RSTU"),
        st.lists(st.sampled_from([*TYPES[:2], EVERY, WHOLE]), max_size=2).map(tuple),
    ),
    min_size=1,
    max_size=5,
)
plans = st.dictionaries(
    st.sampled_from(["S3/a", "S3/b", "SQS/c"]),
    st.dictionaries(st.sampled_from(["x.a", "x.b", "x.c"]), st.sampled_from(TYPES), max_size=3),
    min_size=1,
)
rulings = st.sampled_from([Ruling.DENIED, Ruling.WARNED, Ruling.EXCEPTED])


def judged(found: dict[str, dict[str, str]]) -> list[Subject]:
    return [Subject(path) for path in found] + [
        Subject(path, address, kind) for path, kinds in found.items() for address, kind in kinds.items()
    ]


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Asked], list[Subject], list[Said]]:
    rules, found = draw(asked), draw(plans)
    said = st.builds(
        Said,
        st.sampled_from([rule.rule for rule in rules]),
        st.sampled_from(sorted(found)),
        st.sampled_from(["", "x.a", "x.b", "x.never"]),
        rulings,
    )
    return rules, judged(found), draw(st.lists(said, max_size=6))


def by_place(receipts: Receipts) -> dict[tuple[str, str, str], Ruling]:
    return {(row.resource, row.address, row.rule): row.ruling for row in rows(receipts)}


@given(cases())
def test_a_row_for_each_resource_and_rule(case: tuple[list[Asked], list[Subject], list[Said]]) -> None:
    rules, subjects, said = case
    found = by_place(take(rules, subjects, said))
    assert set(found) == {(s.path, s.address, rule.rule) for s in subjects for rule in rules}


@given(cases())
def test_nothing_that_was_said_is_lost_or_made_better(case: tuple[list[Asked], list[Subject], list[Said]]) -> None:
    rules, subjects, said = case
    found, order = by_place(take(rules, subjects, said)), list(Ruling)
    for word in said:
        place = (word.path, word.address, word.rule)
        assert order.index(found.get(place, found[word.path, "", word.rule])) <= order.index(word.ruling)


@given(cases())
def test_what_is_stored_tells_every_row(case: tuple[list[Asked], list[Subject], list[Said]]) -> None:
    receipts = take(*case)
    stored, letters = encoded(receipts), dict(zip("edwxpn", Ruling, strict=True))
    read = {
        (path, address, rule): letters[letter]
        for rule, runs in stored["rules"].items()
        for (path, address), letter in zip(
            stored["subjects"], re.sub(r"(.)(\d+) ?", lambda run: run[1] * int(run[2]), runs), strict=True
        )
    }
    assert read == by_place(receipts)


@given(cases())
def test_plans_that_were_judged_apart_come_to_the_same(case: tuple[list[Asked], list[Subject], list[Said]]) -> None:
    rules, subjects, said = case
    parts = [
        take(rules, [s for s in subjects if s.path == path], [word for word in said if word.path == path])
        for path in sorted({s.path for s in subjects}, reverse=True)
    ]
    whole = take(rules, subjects, said)
    assert joined(parts) == whole
    assert tally(joined(parts)) == tally(whole)
    assert joined([whole]) is whole
