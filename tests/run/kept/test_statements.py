"""Statements in a store: numbers without a gap, and nobody's that was altered."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.adapters.storage.directory import Directory
from engine.adapters.storage.memory import Memory
from engine.adapters.storage.port import Item, Store
from engine.core.canonical import canonical
from engine.core.kept import keys, record
from engine.core.signature import LARGEST, sign
from engine.core.verdict.check import read as believe
from engine.errors import EngineError
from engine.run.kept.numbered import TRIES
from engine.run.kept.statements import MOST, Series, add, read
from tests.support.signing import SIGNED, finding, signer, statement, trusted

REPO = "acme/dev-deployment"
SERIES = Series("github", REPO, 7)
FIVE_LATER, SIX_LATER = "2026-11-23T21:05:00Z", "2026-11-23T21:06:00Z"


@pytest.fixture
def store(tmp_path: Path) -> Directory:
    return Directory(str(tmp_path / "store"), durable=True)


def put(store: Store, *findings: Any, run: str = "r1", now: str = SIGNED, check: Callable[[], None] = lambda: None,
        keys: Any = None, **about: Any) -> bytes:  # fmt: skip
    def make(number: int, moment: str, earlier: Any) -> Any:
        said = [{"predicate": {"verdict": one}} for one in earlier]
        return statement(*findings, sequence=number, signed_at=moment, earlier=said, **about)

    return add(store, SERIES, run, now, trusted() if keys is None else keys, signer(), make, check).envelope


def verdicts(store: Store) -> list[Any]:
    return [one.verdict for one in read(store, SERIES, trusted())]


def code(act: Callable[[], object]) -> str:
    with pytest.raises(EngineError) as refused:
        act()
    return refused.value.problems[0].code


def file(tmp_path: Path, number: int) -> Path:
    return tmp_path / "store" / f"statements/acme/dev-deployment/7/{number:010}="


def test_each_has_the_next_number(store: Directory) -> None:
    envelopes = [put(store), put(store, finding()), put(store)]
    found = read(store, SERIES, trusted())
    assert [one.verdict["sequence"] for one in found] == [1, 2, 3]
    assert found == [believe(envelope, trusted(), SIGNED) for envelope in envelopes]
    assert [one.verdict["result"] for one in found] == ["passed", "failed", "passed"]
    assert verdicts(Memory()) == []


def test_the_one_before_says_since_when(store: Directory) -> None:
    put(store)
    put(store, now=FIVE_LATER, head_sha="b" * 40)
    put(store, finding(), now=SIX_LATER)
    put(store, now="2026-11-23T21:07:00Z")
    assert [(v["signed_at"][14:16], v["confirmed_at"][14:16]) for v in verdicts(store)] == [
        ("00", "00"), ("00", "05"), ("06", "06"), ("07", "07"),
    ]  # fmt: skip


def test_without_keys_nothing_is_kept_from_earlier(store: Directory) -> None:
    put(store, keys={})
    put(store, keys={}, now=FIVE_LATER)
    assert [v["signed_at"] for v in verdicts(store)] == [SIGNED, FIVE_LATER]


def test_what_nobody_would_believe_takes_no_number(store: Directory) -> None:
    assert code(lambda: put(store, keys=trusted(signer(2)))) == "ENG271"
    assert code(lambda: put(store, keys=trusted(purposes=("audit",)))) == "ENG274"
    assert code(lambda: put(store, keys=trusted(expires=SIGNED))) == "ENG273"
    assert list(store.list("")) == []


def test_a_head_that_has_moved_on_is_not_signed_for(store: Directory) -> None:
    def moved() -> None:
        raise EngineError(*_moved)

    _moved = EngineError(*_problem()).problems
    assert code(lambda: put(store, check=moved)) == "ENG552"
    assert list(store.list("")) == []


def _problem() -> Any:
    from engine.errors import problem

    return (problem("ENG552", ref="feature", then="a", now="b"),)


def test_a_pull_request_has_no_more_than_a_person_could_want(tmp_path: Path) -> None:
    store = Memory()
    for number in range(1, MOST + 1):
        store.put_if_absent(keys.numbered(SERIES.prefix, number), b"")
    assert code(lambda: put(store, keys={})) == "ENG197"


# --- the clock


def test_a_clock_that_is_a_little_behind_never_goes_backwards(store: Directory) -> None:
    put(store, now=FIVE_LATER)
    put(store, finding(), now=SIGNED)
    assert [v["confirmed_at"] for v in verdicts(store)] == [FIVE_LATER, FIVE_LATER]


def test_a_clock_that_is_far_behind_signs_nothing(store: Directory) -> None:
    put(store, now=SIX_LATER)
    assert code(lambda: put(store, now=SIGNED)) == "ENG199"
    assert len(verdicts(store)) == 1


# --- altered, removed, renumbered


def rewritten(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    """Statement 1, altered and written as a store would."""

    def act(tmp_path: Path) -> None:
        value = json.loads(file(tmp_path, 1).read_bytes())
        change(value)
        file(tmp_path, 1).write_bytes(canonical(value))

    return act


def exchanged(tmp_path: Path) -> None:
    one, two = file(tmp_path, 1).read_bytes(), file(tmp_path, 2).read_bytes()
    file(tmp_path, 1).write_bytes(two)
    file(tmp_path, 2).write_bytes(one)


def foreign(**about: Any) -> Callable[[Path], None]:
    """Rightly signed, for another place."""

    def act(tmp_path: Path) -> None:
        envelope = sign(canonical(statement(sequence=1, **about)), signer())
        file(tmp_path, 1).write_bytes(record.encode("statement", run="r", envelope=json.loads(envelope)))

    return act


def strangers(tmp_path: Path) -> None:
    envelope = sign(canonical(statement(sequence=1)), signer(2))
    file(tmp_path, 1).write_bytes(record.encode("statement", run="r", envelope=json.loads(envelope)))


def flipped(tmp_path: Path) -> None:
    data = bytearray(file(tmp_path, 1).read_bytes())
    data[len(data) // 2] ^= 1
    file(tmp_path, 1).write_bytes(bytes(data))


def linked(tmp_path: Path) -> None:
    file(tmp_path, 1).unlink()
    file(tmp_path, 1).symlink_to(file(tmp_path, 2))


def enlarged(tmp_path: Path) -> None:
    with file(tmp_path, 1).open("r+b") as out:
        out.truncate(LARGEST + 8192)


@pytest.mark.parametrize(
    ("why", "act", "refused"),
    [
        ("one bit is another", flipped, "ENG193"),
        ("empty", lambda tmp: file(tmp, 1).write_bytes(b""), "ENG193"),
        ("another run's name is no matter of the signature", rewritten(lambda v: v.update(run="r9")), ""),
        ("its signature", rewritten(lambda v: v["envelope"]["signatures"][0].update(sig="A" * 86 + "==")), "ENG193"),
        ("a field more", rewritten(lambda v: v.update(more=1)), "ENG193"),
        ("removed", lambda tmp: file(tmp, 1).unlink(), "ENG195"),
        ("moved to the end: a gap and a wrong number", lambda tmp: file(tmp, 1).rename(file(tmp, 4)), "ENG195"),
        ("renumbered", exchanged, "ENG193"),
        ("written over with the next one", lambda tmp: file(tmp, 1).write_bytes(file(tmp, 2).read_bytes()), "ENG193"),
        ("of a newer engine", rewritten(lambda v: v.update(version=2)), "ENG194"),
        ("16 MB large", enlarged, "ENG196"),
        ("of another pull request", foreign(pr=8), "ENG193"),
        ("of another repository", foreign(repo="acme/evil"), "ENG193"),
        ("of a run on a clone", foreign(origin="local"), "ENG193"),
        ("signed by a stranger", strangers, "ENG193"),
        ("something else among them", lambda tmp: (file(tmp, 1).parent / "x=").write_bytes(b""), "ENG193"),
        ("a link", linked, "ENG001"),
        ("a number too many", lambda tmp: file(tmp, 3).rename(file(tmp, 5)), "ENG195"),
    ],
)
def test_what_was_tampered_with_is_believed_by_nobody(
    store: Directory, tmp_path: Path, why: str, act: Callable[[Path], object], refused: str
) -> None:
    for _ in range(3):
        put(store)
    act(tmp_path)
    if refused:
        assert code(lambda: read(store, SERIES, trusted())) == refused, why
    else:
        assert len(read(store, SERIES, trusted())) == 3, why


def test_nothing_is_signed_after_one_that_is_missing_or_cannot_be_read(store: Directory, tmp_path: Path) -> None:
    for _ in range(3):
        put(store)
    kept = file(tmp_path, 3).read_bytes()
    file(tmp_path, 3).write_bytes(b"{}")
    assert code(lambda: put(store)) == "ENG193"
    file(tmp_path, 3).write_bytes(kept)
    file(tmp_path, 2).unlink()
    assert code(lambda: put(store)) == "ENG195"
    assert not file(tmp_path, 4).exists()


def test_a_tail_that_was_cut_off_cannot_be_told(store: Directory, tmp_path: Path) -> None:
    """The limit: a store of yesterday. What makes it visible stands elsewhere, outside of the store."""
    put(store)
    put(store, finding())
    file(tmp_path, 2).unlink()
    assert [v["result"] for v in verdicts(store)] == ["passed"]


def test_a_key_that_signed_once_stays_known(store: Directory) -> None:
    put(store)
    assert len(read(store, SERIES, trusted(revoked=SIGNED))) == 1, "it was ours, whether or not it holds"
    assert code(lambda: read(store, SERIES, {})) == "ENG193"


# --- answers that are lost, and others who are quicker


class Losing(Memory):
    """A store whose answers get lost: the write is made, or was somebody else's, and nobody says so."""

    def __init__(self, *, raises: bool, first: bytes = b"") -> None:
        super().__init__()
        self._raises, self._first = raises, first

    def put_if_absent(self, key: str, data: bytes) -> str | None:
        super().put_if_absent(key, self._first or data)
        if self._raises:
            raise EngineError(*_unreachable())
        return None


def _unreachable() -> Any:
    from engine.errors import problem

    return (problem("ENG002", file="store", reason="connection reset"),)


@pytest.mark.parametrize("raises", [True, False])
def test_a_write_whose_answer_was_lost_is_known_again(raises: bool) -> None:
    store = Losing(raises=raises)
    put(store)
    assert len(verdicts(store)) == 1


def test_somebody_elses_write_is_not_taken_for_ones_own() -> None:
    store = Losing(raises=True, first=record.encode("statement", run="r2", envelope={}))
    assert code(lambda: put(store)) == "ENG002"


class Quicker(Memory):
    """Somebody else is always first."""

    def put_if_absent(self, key: str, data: bytes) -> str | None:
        super().put_if_absent(key, data.replace(b'"run":"r1"', b'"run":"r2"'))
        return None

    def get(self, key: str) -> Item | None:
        return super().get(key)


def test_who_is_never_first_gives_up() -> None:
    store, tries = Quicker(), []
    assert code(lambda: put(store, check=lambda: tries.append(1))) == "ENG198"
    assert len(tries) == TRIES
    assert len(verdicts(store)) == TRIES, "each number was signed anew by the other one"


# --- processes

_RACE = """
import sys
from concurrent.futures import ThreadPoolExecutor
from engine.adapters.storage.directory import Directory
from engine.core.verdict.check import read as believe
from engine.errors import EngineError
from tests.run.kept.test_statements import put
store = Directory(sys.argv[1], durable=True)
def work(thread):
    while True:
        try:
            return put(store, run=f"{sys.argv[2]}-{thread}", keys={})
        except EngineError as error:
            assert error.problems[0].code == "ENG198"
with ThreadPoolExecutor(8) as pool:
    print(len(set(pool.map(work, range(8)))))
"""


def process(program: str, *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", program, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_two_processes_of_eight_threads_sign_one_after_the_other(store: Directory, tmp_path: Path) -> None:
    racing = [process(_RACE, str(tmp_path / "store"), name) for name in "ab"]
    for one in racing:
        out, err = one.communicate(timeout=120)
        assert (one.returncode, out.strip()) == (0, "8"), err
    assert [v["sequence"] for v in verdicts(store)] == list(range(1, 17))
    runs = {json.loads(file(tmp_path, n).read_bytes())["run"] for n in range(1, 17)}
    assert runs == {f"{name}-{thread}" for name in "ab" for thread in range(8)}


_KILLED = """
import os, sys
from engine.adapters.storage.directory import Directory
from tests.run.kept.test_statements import put
put(Directory(sys.argv[1], durable=True), keys={}, check=lambda: os.kill(os.getpid(), 9))
"""


def test_killed_between_signing_and_putting(store: Directory, tmp_path: Path) -> None:
    killed = process(_KILLED, str(tmp_path / "store"))
    killed.communicate(timeout=120)
    assert killed.returncode == -signal.SIGKILL
    assert verdicts(store) == []
    put(store)
    assert [v["sequence"] for v in verdicts(store)] == [1]


_FULL = """
import resource, signal, sys
from engine.adapters.storage.directory import Directory
from engine.core.verdict.check import read as believe
from engine.errors import EngineError
from tests.run.kept.test_statements import put
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    put(Directory(sys.argv[1], durable=True), keys={})
except EngineError as error:
    print(error.problems[0].code)
"""


def test_a_full_disk_leaves_no_statement(store: Directory, tmp_path: Path) -> None:
    out, err = process(_FULL, str(tmp_path / "store")).communicate(timeout=120)
    assert out.strip() == "ENG002", err
    assert verdicts(store) == []
    assert os.listdir(file(tmp_path, 1).parent) == []
    put(store)
    assert len(verdicts(store)) == 1


def test_a_key_that_was_revoked_says_nothing_of_since_when(store: Directory) -> None:
    """A thief can write any date."""
    put(store)
    both = {**trusted(revoked=SIGNED), **trusted(signer(2))}

    def make(number: int, moment: str, earlier: Any) -> Any:
        return statement(sequence=number, signed_at=moment, earlier=[{"predicate": {"verdict": v}} for v in earlier])

    made = add(store, SERIES, "r2", FIVE_LATER, both, signer(2), make, lambda: None)
    assert made.statement["predicate"]["verdict"]["signed_at"] == FIVE_LATER
    assert [one.verdict["sequence"] for one in read(store, SERIES, both)] == [1, 2]
