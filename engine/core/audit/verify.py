"""Is a trail whole? Reads a million lines in a few seconds: the beginning of each, and the digest of all of it.

What a chain proves goes back from its last head. Signatures are checked of the newest heads; one that is believed
vouches for all before it, since who signs has looked at the head before (`run/audit`). What nobody can know from a
trail alone is said: whether its tail was cut off, and who wrote what no signature covers.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple

from engine.core.audit import chain
from engine.core.audit.chain import START, Head
from engine.core.signature import TrustedKeys

NEWEST = 10_000  # heads whose signatures are checked, unless every one is asked for
_MOST = 50  # faults that are told
_BY = 16  # digits of the process that has written a head


class Fault(NamedTuple):
    """Something that is not as it was written; `record` is the number of the record there, or before there."""

    record: int
    text: str


class Checked(NamedTuple):
    """What a trail proves."""

    records: int
    heads: int
    covered: int  # records up to the newest head with a signature that is believed
    key: str | None  # that has signed it
    last: Head | None
    faults: tuple[Fault, ...]
    unknown: tuple[str, ...]  # what cannot be known


class _Walk:
    """One pass over the lines."""

    def __init__(self, witnesses: Iterable[Head], *, every: bool) -> None:
        self.records = self.heads = 0
        self.after = self.before = START.digest.encode()
        self.open = 0  # records behind the last head
        self.last = b""
        self.newest: deque[tuple[int, bytes]] = deque(maxlen=None if every else NEWEST)
        self.faults: list[Fault] = []
        self.witnesses: dict[int, list[Head]] = {}
        for one in witnesses:
            self.witnesses.setdefault(one.number, []).append(one)

    def run(self, lines: Iterable[bytes]) -> None:
        after, records, line = self.after, 0, b"\n"
        for line in lines:
            if line.startswith(b'{"after":"%s","at":%d,' % (after, records + 1)):
                after = sha256(line[:-1]).hexdigest().encode()
                records += 1
                continue
            if not line.endswith(b"\n"):
                break
            self.after, self.records = after, records
            self.other(line.removesuffix(b"\n"))
            after, records = self.after, self.records
        self.after, self.records = after, records
        if not line.endswith(b"\n"):
            self.fault("the last line is not whole: it was cut off, or its writer was killed and had told nobody")
        elif self.records > self.open:
            self.fault(f"no head is behind record {self.records}: it was taken off, or never written")

    def fault(self, text: str) -> None:
        if len(self.faults) < _MOST:
            self.faults.append(Fault(self.records, text))

    def other(self, line: bytes) -> None:
        """A head, or what does not follow."""
        if chain.is_head(line):
            self.head(line)
        else:
            self.stray(line)
        self.after = chain.digest(line).encode()

    def head(self, line: bytes) -> None:
        self.heads += 1
        number = self.heads
        begins = b'{"after":"%s","head":{"before":"%s","by":"' % (self.after, self.before)
        goes_on = b'","count":%d,"number":%d,"subjects":[' % (self.records, number)
        if not (line.startswith(begins) and line.startswith(goes_on, len(begins) + _BY)):
            self.wrong_head(line)
        self.before = chain.digest(line).encode()
        self.open, self.last = self.records, line
        self.newest.append((self.records, line))
        for one in self.witnesses.pop(self.heads, ()):
            if one.line != line:
                self.fault(f"head {self.heads} is another than the one that a check run carries")

    def wrong_head(self, line: bytes) -> None:
        try:
            found = chain.head(line)
        except (ValueError, RecursionError) as error:
            self.fault(f"the head behind record {self.records} was changed: {error}")
            return
        if found.number > self.heads:
            self.fault(f"heads {self.heads} to {found.number - 1} are missing, with the records that they end")
        elif found.number < self.heads:
            self.fault(f"head {found.number} stands twice, or at another place")
        elif found.records != self.records:
            self.fault(f"head {found.number} ends {found.records} records, and {self.records} are there")
        elif found.after.encode() != self.after:
            self.fault(f"record {self.records}, or the line behind it, was changed")
        else:
            self.fault(f"head {found.number - 1}, which head {found.number} names, was changed")
        self.heads, self.records = found.number, found.records

    def stray(self, line: bytes) -> None:
        """A record that does not follow on the line before it."""
        number = _number(line)
        expected = self.records + 1
        if number is None:
            self.fault(f"record {expected} was changed: it does not have the form of a record")
        elif number == expected:
            where = f"record {number - 1}, or the line behind it" if number > 1 else "the first record"
            self.fault(f"{where}, was changed: record {number} does not follow on it")
        elif number > expected:
            self.fault(f"records {expected} to {number - 1} are missing")
        else:
            self.fault(f"record {number} stands twice, or at another place")
        self.records = expected if number is None else number


def _number(line: bytes) -> int | None:
    digits = line[len(chain.begins(START.digest)) :].partition(b",")[0]
    is_number = line.startswith(b'{"after":"') and digits.isdigit() and len(digits) < 16
    return int(digits) if is_number else None


def verify(
    lines: Iterable[bytes], trusted: TrustedKeys, witnesses: Iterable[Head] = (), *, every: bool = False
) -> Checked:
    """What the lines of a trail prove, each with its end; `witnesses` are heads that others have kept.

    `every`: each signature is checked, which takes 0.1 ms each.
    """
    carried, ignored = _believed(witnesses, trusted)
    walk = _Walk(carried, every=every)
    walk.run(lines)
    for number in sorted(walk.witnesses):
        for one in walk.witnesses[number]:
            walk.fault(f"a check run carries head {number} (record {one.records}), and the trail ends before it")
    heads: list[Head] = []
    for records, line in walk.newest:
        try:
            heads.append(chain.head(line))
        except (ValueError, RecursionError) as error:
            walk.fault(f"the head behind record {records} is none: {error}")
    covered, key, doubts = signatures(heads, trusted)
    for one, reason in doubts:
        walk.fault(f"the head behind record {one.records} is not believed: {reason}")
    last = heads[-1] if heads else None
    unknown = tuple(_unknown(walk, covered, carried, ignored))
    return Checked(walk.records, walk.heads, covered, key, last, tuple(walk.faults), unknown)


def signatures(heads: Iterable[Head], trusted: TrustedKeys) -> tuple[int, str | None, list[tuple[Head, str]]]:
    """How many records the newest head covers that is signed and believed, with which key; and what is not believed.

    A key that was revoked has signed nothing; what a later key has signed behind it stands all the same.
    """
    covered, key = 0, None
    doubts: list[tuple[Head, str]] = []
    for one in heads:
        if one.key is None:
            continue
        if reason := chain.doubt(one, trusted):
            doubts.append((one, reason))
        else:
            covered, key = one.records, one.key

    def counts(one: Head) -> bool:
        signer = trusted.get(one.key or "")
        return one.records > covered or signer is None or signer.revoked is None

    return covered, key, [(one, reason) for one, reason in doubts if counts(one)]


def _believed(witnesses: Iterable[Head], trusted: TrustedKeys) -> tuple[list[Head], int]:
    """Of the heads that others have kept those that count: anybody can write one that is not signed."""
    found = list(witnesses)
    counting = [one for one in found if one.key is not None and not chain.doubt(one, trusted)]
    return counting, len(found) - len(counting)


def _unknown(walk: _Walk, covered: int, carried: list[Head], ignored: int) -> Iterator[str]:
    if covered < walk.records:
        yield (
            f"who wrote records {covered + 1} to {walk.records}: no signature covers them, and whoever can write to "
            "the store could have"
        )
    if not carried:
        yield "no head of a check run was given: a tail that was cut off cannot be told from what was never said"
    elif (newest := max(one.records for one in carried)) < walk.records:
        yield f"whether the trail went on behind record {walk.records}: the newest head that was given is of {newest}"
    if ignored:
        yield f"{ignored} of the heads that were given say nothing: they are not signed by a key that is trusted for it"


def heads_in(text: str) -> Iterator[Head]:
    """The heads among the lines of a text: of check runs, say. What looks like one and is none is passed over."""
    for line in text.split("\n"):
        if line.strip().startswith('{"after":"'):
            try:
                yield chain.head(line.strip().encode())
            except (ValueError, RecursionError):
                continue
