"""Per resource and rule one ruling; of whatever a rule is silent about, what it judges decides."""

from collections import Counter
from typing import Any

import pytest

from engine.core.receipts import (
    EVERY,
    WHOLE,
    Asked,
    Receipts,
    Ruling,
    Said,
    Subject,
    by_rule,
    digest,
    encoded,
    joined,
    rows,
    subjects,
    take,
    tally,
    told,
)

KEYS = Asked("K", ("aws_kms_key",))
ALL = Asked("A", (EVERY,))
PLANS = Asked("P", (WHOLE,))
USERS = Asked("u.deny")
PLAN = Subject("S3/x")
BUCKET = Subject("S3/x", "aws_s3_bucket.b", "aws_s3_bucket")
KEY = Subject("S3/x", "aws_kms_key.k", "aws_kms_key")
GONE = Subject("S3/x", "aws_kms_key.old", "")
HERE = (PLAN, BUCKET, KEY, GONE)
LETTERS = dict(zip(Ruling, "edwxpn", strict=True))


def said(rule: str, subject: Subject, ruling: Ruling = Ruling.DENIED) -> Said:
    return Said(rule, subject.path, subject.address, ruling)


def shown(receipts: Receipts, rule: str) -> str:
    """The rulings about plan, bucket, key and what goes, as letters."""
    found = {(row.address, row.rule): row.ruling for row in rows(receipts)}
    return "".join(LETTERS[found[subject.address, rule]] for subject in HERE)


@pytest.mark.parametrize(
    ("why", "rule", "words", "expected"),
    [
        ("a rule judges its types", KEYS, [], "nnpn"),
        ("a rule about all judges what stays", ALL, [], "nppn"),
        ("a rule about plans judges no resource", PLANS, [], "pnnn"),
        ("a rule that says nothing of itself judges everything", USERS, [], "pppn"),
        ("a rule about nothing judges nothing", Asked("N", ()), [], "nnnn"),
        ("a denial", KEYS, [said("K", KEY)], "nndn"),
        ("a warning", KEYS, [said("K", KEY, Ruling.WARNED)], "nnwn"),
        ("an excuse is no pass", KEYS, [said("K", KEY, Ruling.EXCEPTED)], "nnxn"),
        ("what is denied was judged, whatever its type", KEYS, [said("K", BUCKET)], "ndpn"),
        ("also where nothing of it stays", KEYS, [said("K", GONE)], "nnpd"),
        ("the worst of several counts", KEYS, [said("K", KEY, Ruling.WARNED), said("K", KEY)], "nndn"),
        ("in any order", KEYS, [said("K", KEY), said("K", KEY, Ruling.EXCEPTED)], "nndn"),
        ("without an address it may mean each", USERS, [said("u.deny", PLAN)], "dddn"),
        ("each that the rule judges", KEYS, [said("K", PLAN)], "dndn"),
        ("an address of nobody is none", KEYS, [Said("K", "S3/x", "aws_kms_key.never", Ruling.DENIED)], "dndn"),
        ("a rule about plans means the plan", PLANS, [said("P", PLAN)], "dnnn"),
        (
            "a word of its own beside one about all",
            USERS,
            [said("u.deny", PLAN, Ruling.WARNED), said("u.deny", KEY)],
            "wwdn",
        ),
        ("a rule of which nobody knew", KEYS, [said("X", KEY)], "nnpn"),
    ],
)
def test_what_a_rule_came_to(why: str, rule: Asked, words: list[Said], expected: str) -> None:
    assert shown(take([rule], HERE, words), rule.rule) == expected, why


def test_a_rule_of_which_nobody_knew_is_there_all_the_same() -> None:
    assert shown(take([KEYS], HERE, [said("X", KEY)]), "X") == "ppdn"


def test_a_rule_in_two_places_judges_the_types_of_both() -> None:
    receipts = take([KEYS, Asked("K", ("aws_s3_bucket",))], HERE, [])
    assert receipts.rules == ("K",)
    assert shown(receipts, "K") == "nppn"


def change(address: str, after: Any, mode: str = "managed", **more: Any) -> dict[str, Any]:
    return {"address": address, "type": address.partition(".")[0], "mode": mode, "change": {"after": after}, **more}


@pytest.mark.parametrize(
    ("why", "changes", "expected"),
    [
        ("an empty plan is judged as a whole", [], []),
        ("a resource that stays", [change("a_b.c", {})], [("a_b.c", "a_b")]),
        ("one that goes", [change("a_b.c", None)], [("a_b.c", "")]),
        ("data is nobody's to judge", [change("a_b.c", {}, "data")], []),
        (
            "what a failed replacement left",
            [change("a_b.c", {}), change("a_b.c", None, deposed="1")],
            [("a_b.c", "a_b")],
        ),
        ("in the other order", [change("a_b.c", None, deposed="1"), change("a_b.c", {})], [("a_b.c", "a_b")]),
    ],
)
def test_what_of_a_plan_is_judged(why: str, changes: list[Any], expected: list[tuple[str, str]]) -> None:
    plan = {"resource_changes": changes}
    assert list(subjects("S3/x", plan)) == [PLAN, *(Subject("S3/x", *pair) for pair in expected)], why


OTHER = (Subject("S3/y"), Subject("S3/y", "aws_kms_key.k", "aws_kms_key"))


def test_what_could_not_be_judged_is_an_error_under_every_rule() -> None:
    receipts = joined([take([KEYS, ALL], HERE, [said("K", KEY)])], OTHER)
    assert {row.ruling for row in rows(receipts) if row.resource == "S3/y"} == {Ruling.ERROR}
    assert by_rule(receipts) == {
        "A": {"error": 2, "not_applicable": 2, "passed": 2},
        "K": {"denied": 1, "error": 2, "not_applicable": 3},
    }
    assert told(tally(receipts)).endswith("; 1 plan could not be judged")


def test_where_nothing_could_be_judged_nobody_knows_the_rules() -> None:
    receipts = joined([], HERE)
    assert {(row.rule, row.ruling) for row in rows(receipts)} == {("*", Ruling.ERROR)}
    assert told(tally(receipts)) == "1 plan could not be judged"


def test_little_is_stored() -> None:
    many = [PLAN, *(Subject("S3/x", f"aws_t{n % 30}.r[{n}]", f"aws_t{n % 30}") for n in range(10_000))]
    asked = [Asked(f"R{n}", (f"aws_t{n % 30}",)) for n in range(80)]
    receipts = take(asked, many, [said(f"R{n}", many[n + 1]) for n in range(80)])
    assert sum(map(len, receipts.columns)) == 80 * 10_001
    assert sum(map(len, encoded(receipts)["rules"].values())) < 80 * 40
    assert next(rows(receipts)).rule == "R0"


@pytest.mark.parametrize(
    ("why", "asked", "judged", "words", "expected"),
    [
        (
            "all of it",
            [KEYS, ALL, PLANS, Asked("N", ("aws_x",))],
            HERE,
            [said("K", KEY), said("A", BUCKET, Ruling.WARNED), said("A", KEY, Ruling.EXCEPTED)],
            "3 rules judged 2 of 3 Terraform resources, 4 judgements: 1 denied, 1 warned of, 1 excused, 1 passed; "
            "1 rule had nothing to judge",
        ),
        (
            "one of each",
            [KEYS],
            [PLAN, KEY],
            [],
            "1 rule judged 1 Terraform resource, 1 judgement: 0 denied, 0 warned of, 0 excused, 1 passed",
        ),
        (
            "several rules had nothing to judge",
            [KEYS, Asked("N", ()), Asked("O", ())],
            [PLAN, KEY],
            [],
            "1 rule judged 1 Terraform resource, 1 judgement: 0 denied, 0 warned of, 0 excused, 1 passed; "
            "2 rules had nothing to judge",
        ),
        (
            "none applies",
            [KEYS],
            [PLAN, BUCKET],
            [],
            "nothing was judged: 1 rule, 1 Terraform resource, and no rule is about any of them",
        ),
        (
            "of several",
            [KEYS, Asked("N", ())],
            [PLAN, BUCKET, GONE],
            [],
            "nothing was judged: 2 rules, 2 Terraform resources, and no rule is about any of them",
        ),
        (
            "plans alone",
            [PLANS],
            [PLAN],
            [],
            "1 rule judged plans without Terraform resources, 1 judgement: 0 denied, 0 warned of, 0 excused, 1 passed",
        ),
        (
            "the plan, and none of its resources",
            [PLANS],
            [PLAN, KEY],
            [],
            "1 rule judged 0 of 1 Terraform resource, 1 judgement: 0 denied, 0 warned of, 0 excused, 1 passed",
        ),
    ],
)
def test_told(why: str, asked: list[Asked], judged: list[Subject], words: list[Said], expected: str) -> None:
    counts = tally(take(asked, judged, words))
    assert told(counts) == expected, why
    assert counts.denied + counts.warned + counts.excepted + counts.passed + counts.not_applicable == len(asked) * len(
        judged
    )


def test_the_encoding() -> None:
    assert encoded(take([KEYS, ALL], HERE, [said("K", KEY)])) == {
        "version": 1,
        "subjects": [["S3/x", "aws_kms_key.old"], ["S3/x", "aws_kms_key.k"], ["S3/x", "aws_s3_bucket.b"], ["S3/x", ""]],
        "rules": {"A": "n1 p2 n1", "K": "n1 d1 n2"},
    }


def test_the_digest_is_of_the_rows() -> None:
    one = take([KEYS, ALL], HERE, [said("K", KEY)])
    assert digest(take([ALL, KEYS], reversed(HERE), [said("K", KEY), said("K", KEY, Ruling.WARNED)])) == digest(one)
    assert digest(take([KEYS, ALL], HERE, [])) != digest(one)
    assert len(Counter(map(digest, [one, take([KEYS], HERE, [said("K", KEY)]), take([KEYS, ALL], HERE[:3], [])]))) == 3
