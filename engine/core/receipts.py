"""Receipts: what each rule came to about each resource, so that nobody takes silence for praise.

Pure. A rule is a column with one letter per resource: 80 rules and 10,000 resources are 800 kB, their rows are made one
by one, and what is stored and digested says runs of equal letters. Whatever engine judged, equal rows give equal bytes.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from itertools import chain, compress, groupby, repeat
from typing import Any, NamedTuple

from engine.core.canonical import digest as digest_of

VERSION = 1  # of what is stored
EVERY, WHOLE = "*", "plan"  # in `types`: all resources; the plan as a whole
UNKNOWN = "*"  # the rule where nobody could tell which there are


class Ruling(Enum):
    """What one rule came to about one resource; worst first, and the order is written here once."""

    ERROR = "error"  # it could not be judged
    DENIED = "denied"
    WARNED = "warned"
    EXCEPTED = "excepted"  # denied or warned of, and excused
    PASSED = "passed"
    NOT_APPLICABLE = "not_applicable"  # the rule is about others, or nothing of the resource stays


_LETTERS = dict(zip(Ruling, b"edwxpn", strict=True))
_RULINGS = {letter: ruling for ruling, letter in _LETTERS.items()}
_RANKS = {letter: rank for rank, letter in enumerate(_RULINGS)}
_SILENT = _LETTERS[Ruling.NOT_APPLICABLE]
_JUDGED = bytes(letter not in (_SILENT, _LETTERS[Ruling.ERROR]) for letter in range(256))
_LOST = bytes(letter == _LETTERS[Ruling.ERROR] for letter in range(256))
_RUN = re.compile(rb"(.)\1*", re.DOTALL)


class Asked(NamedTuple):
    """A rule, and what it judges."""

    rule: str  # id, or `<package>.<rule>` where nothing says one
    types: tuple[str, ...] = (EVERY, WHOLE)  # of Terraform's resources; none: only what is said of them counts


class Subject(NamedTuple):
    """What is judged: a resource of a plan, or the plan as a whole."""

    path: str  # of our resource: `S3/data-lake`
    address: str = ""  # Terraform's; empty: the plan as a whole
    kind: str = WHOLE  # Terraform's type; empty: nothing of it stays


class Said(NamedTuple):
    """What a rule has said of its own accord; of whatever it is silent about, its types decide."""

    rule: str
    path: str
    address: str  # one that the plan does not have, or none: it is about the plan as a whole
    ruling: Ruling


class Receipts(NamedTuple):
    """All of it. Make them with `take`."""

    rules: tuple[str, ...]
    subjects: tuple[Subject, ...]  # by kind, path, address
    columns: tuple[bytes, ...]  # one per rule, one letter per subject


class Row(NamedTuple):
    """One receipt."""

    resource: str
    address: str
    rule: str
    ruling: Ruling


class Tally(NamedTuple):
    """The counts that people are told."""

    rules: int  # that were asked
    judging: int  # of them, those that had something to judge
    resources: int  # of Terraform
    judged: int  # of them, those that a rule judged
    plans_lost: int  # that could not be judged
    denied: int  # these are judgements: a rule about a resource, or about a plan as a whole
    warned: int
    excepted: int
    passed: int
    not_applicable: int
    error: int


def subjects(path: str, plan: Mapping[str, Any]) -> Iterator[Subject]:
    """What of a plan is judged: itself, and each managed resource once, whatever becomes of it.

    Also of a plan that was refused, so nothing is taken for granted of its form.
    """
    yield Subject(path)
    kinds: dict[str, str] = {}
    listed = plan.get("resource_changes")
    for row in listed if isinstance(listed, list) else ():
        if isinstance(row, dict) and row.get("mode") == "managed":
            address, change = str(row.get("address")), row.get("change")
            stays = isinstance(change, dict) and isinstance(change.get("after"), dict)
            kinds[address] = str(row.get("type")) if stays else kinds.get(address, "")
    for address, kind in kinds.items():
        yield Subject(path, address, kind)


def take(asked: Iterable[Asked], judged: Iterable[Subject], said: Iterable[Said]) -> Receipts:
    """The receipts of rules that were `asked` about `judged`, which has the plan of each path as a whole, too.

    Of several words of one rule about one resource the worst counts. A word about the plan as a whole counts for each
    of its resources that the rule judges, unless the rule is about plans alone: which it means nobody can tell.
    """
    types: dict[str, set[str]] = {}
    for one in asked:
        types.setdefault(one.rule, set()).update(one.types)
    order = tuple(sorted({(subject.path, subject.address): subject for subject in judged}.values(), key=_place))
    number = {(subject.path, subject.address): at for at, subject in enumerate(order)}
    words: dict[str, dict[int, int]] = {}
    for word in said:
        types.setdefault(word.rule, {EVERY, WHOLE})
        at = number.get((word.path, word.address), number[word.path, ""])
        letter, mine = _LETTERS[word.ruling], words.setdefault(word.rule, {})
        mine[at] = _worst(letter, mine.get(at, letter))
    groups = [(kind, len(tuple(group))) for kind, group in groupby(subject.kind for subject in order)]
    rules = tuple(sorted(types))
    return Receipts(rules, order, tuple(_column(types[rule], order, groups, words.get(rule, {})) for rule in rules))


def _place(subject: Subject) -> tuple[str, str, str]:
    return subject.kind, subject.path, subject.address


def _worst(one: int, other: int) -> int:
    return min(one, other, key=_RANKS.__getitem__)


def _column(
    types: set[str], order: Sequence[Subject], groups: Sequence[tuple[str, int]], words: Mapping[int, int]
) -> bytes:
    passed = _LETTERS[Ruling.PASSED]
    column = bytearray().join(bytes([passed if _judges(types, kind) else _SILENT]) * size for kind, size in groups)
    for at, letter in words.items():
        column[at] = letter
    whole = {order[at].path: letter for at, letter in words.items() if not order[at].address}
    if whole and types != {WHOLE}:
        for at, subject in enumerate(order):
            if subject.path in whole and column[at] != _SILENT:
                column[at] = _worst(column[at], whole[subject.path])
    return bytes(column)


def _judges(types: set[str], kind: str) -> bool:
    return kind in types or (EVERY in types and kind not in ("", WHOLE))


def joined(parts: Sequence[Receipts], lost: Iterable[Subject] = ()) -> Receipts:
    """Receipts of the same rules about different plans as one; `lost` could not be judged, and is an error each."""
    gone = tuple(lost)
    if len(parts) == 1 and not gone:
        return parts[0]
    rules = sorted({rule for part in parts for rule in part.rules}) or [UNKNOWN]
    all_of = [subject for part in parts for subject in part.subjects] + list(gone)
    order = sorted(range(len(all_of)), key=lambda at: _place(all_of[at]))
    columns = []
    for rule in rules:
        letters = b"".join(_letters(part, rule) for part in parts) + bytes([_LETTERS[Ruling.ERROR]]) * len(gone)
        columns.append(bytes(letters[at] for at in order))
    return Receipts(tuple(rules), tuple(all_of[at] for at in order), tuple(columns))


def _letters(part: Receipts, rule: str) -> bytes:
    found = dict(zip(part.rules, part.columns, strict=True)).get(rule)
    return bytes([_SILENT]) * len(part.subjects) if found is None else found


def rows(receipts: Receipts) -> Iterator[Row]:
    """Every receipt, rule by rule; one at a time, since there are as many as rules times resources."""
    for rule, column in zip(receipts.rules, receipts.columns, strict=True):
        for subject, letter in zip(receipts.subjects, column, strict=True):
            yield Row(subject.path, subject.address, rule, _RULINGS[letter])


def by_rule(receipts: Receipts) -> dict[str, dict[str, int]]:
    """Rule → ruling → how many; without the rulings that there are none of."""
    return {
        rule: {ruling.value: number for ruling, letter in _LETTERS.items() if (number := column.count(letter))}
        for rule, column in zip(receipts.rules, receipts.columns, strict=True)
    }


def tally(receipts: Receipts) -> Tally:
    """The counts."""
    total = {
        ruling.value: sum(column.count(letter) for column in receipts.columns) for ruling, letter in _LETTERS.items()
    }
    judged, lost = _union(receipts, _JUDGED), _union(receipts, _LOST)
    real = [bool(subject.address) for subject in receipts.subjects]
    return Tally(
        rules=len(receipts.rules),
        judging=sum(any(column.translate(_JUDGED)) for column in receipts.columns),
        resources=sum(real),
        judged=sum(compress(judged, real)),
        plans_lost=sum(lost) - sum(compress(lost, real)),
        **total,
    )


def _union(receipts: Receipts, flags: bytes) -> bytes:
    """Per subject: 1 where some rule has a letter of these."""
    found = 0
    for column in receipts.columns:
        found |= int.from_bytes(column.translate(flags), "big")
    return found.to_bytes(len(receipts.subjects), "big")


def encoded(receipts: Receipts) -> dict[str, Any]:
    """All rows as JSON, in little: per rule the runs of equal rulings over the subjects, `n120 p4 d1`.

    Letters: e error, d denied, w warned, x excepted, p passed, n not applicable.
    """
    return {
        "version": VERSION,
        "subjects": [[_whole(subject.path), _whole(subject.address)] for subject in receipts.subjects],
        "rules": {
            rule: " ".join(f"{run[1].decode()}{len(run[0])}" for run in _RUN.finditer(column))
            for rule, column in zip(receipts.rules, receipts.columns, strict=True)
        },
    }


def told_again(said: Mapping[str, Any]) -> Iterator[Row]:
    """Every receipt of what `encoded` has said, rule by rule.

    Raises:
        ValueError: nobody has said that.
    """
    subjects = said["subjects"]
    for rule, runs in said["rules"].items():
        lengths = [(_RULINGS.get(ord(run[:1])), int(run[1:])) for run in runs.split()]
        if sum(length for _, length in lengths) != len(subjects) or None in {ruling for ruling, _ in lengths}:
            raise ValueError(f"the rule {rule} has not one ruling for each resource")
        rulings = chain.from_iterable(repeat(ruling, length) for ruling, length in lengths)
        for (path, address), ruling in zip(subjects, rulings, strict=True):
            assert ruling is not None
            yield Row(path, address, rule, ruling)


def _whole(text: str) -> str:
    """Half of a character, which names of files and JSON's escapes can bring, could be digested nowhere."""
    return text.encode(errors="backslashreplace").decode()


def digest(receipts: Receipts) -> str:
    """`sha256:<hex>` of the canonical bytes of what `encoded` says."""
    return digest_of(encoded(receipts))


def summary(receipts: Receipts) -> dict[str, Any]:
    """For machines: digest, counts, and counts per rule."""
    return {"digest": digest(receipts), "counts": tally(receipts)._asdict(), "rules": by_rule(receipts)}


def told(counts: Tally) -> str:
    """For people, in one sentence: how much judged how much, and what came of it."""
    lost = f"{_number(counts.plans_lost, 'plan')} could not be judged" if counts.plans_lost else ""
    if not counts.judging:
        return lost or (
            f"nothing was judged: {_number(counts.rules, 'rule')}, {_number(counts.resources, 'Terraform resource')}, "
            "and no rule is about any of them"
        )
    silent = counts.rules - counts.judging
    made = counts.denied + counts.warned + counts.excepted + counts.passed
    found = f"{counts.denied} denied, {counts.warned} warned of, {counts.excepted} excused, {counts.passed} passed"
    parts = [
        f"{_number(counts.judging, 'rule')} judged {_judged(counts)}, {_number(made, 'judgement')}: {found}",
        f"{_number(silent, 'rule')} had nothing to judge" if silent else "",
        lost,
    ]
    return "; ".join(part for part in parts if part)


def _judged(counts: Tally) -> str:
    if not counts.resources:
        return "plans without Terraform resources"
    some = f"{counts.judged} of " if counts.judged < counts.resources else ""
    return f"{some}{_number(counts.resources, 'Terraform resource')}"


def _number(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
