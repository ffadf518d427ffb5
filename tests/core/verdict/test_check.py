from collections.abc import Sequence
from typing import Any

import pytest

from engine.core.canonical import canonical
from engine.core.signature import TrustedKeys, sign
from engine.core.verdict.check import Absent, Believed, current, latest, once_believed, read
from engine.errors import EngineError
from tests.support.signing import LATER, MADE_FROM, NOW, WANTED, finding, signed, signer, statement, trusted

PASSED, FAILED = statement(sequence=1), statement(finding(), sequence=2)
THEIRS = signer(2)


def without(key: str) -> dict[str, Any]:
    value = statement()
    del value["predicate"]["verdict"][key]
    return value


def saying(**changes: Any) -> dict[str, Any]:
    value = statement()
    value["predicate"]["verdict"].update(changes)
    return value


def reason(envelopes: Sequence[bytes], keys: TrustedKeys | None = None, now: str = NOW, **wanted: Any) -> str:
    known = trusted() if keys is None else keys
    found = latest([once_believed(one, known) for one in envelopes], known, now, WANTED._replace(**wanted))
    assert isinstance(found, Absent), found
    return found.reason


def believed(envelopes: Sequence[bytes], keys: TrustedKeys | None = None) -> Believed:
    known = keys or trusted()
    found = latest([once_believed(one, known) for one in envelopes], known, NOW, WANTED)
    assert isinstance(found, Believed), found
    return found


@pytest.mark.parametrize(
    ("why", "envelopes", "sequence", "result"),
    [
        ("the only one", [signed(PASSED)], 1, "passed"),
        ("the highest sequence wins", [signed(PASSED), signed(FAILED)], 2, "failed"),
        ("in whatever order they lie", [signed(FAILED), signed(PASSED)], 2, "failed"),
        ("the same one twice is one", [signed(FAILED), signed(FAILED)], 2, "failed"),
        ("another pull request's does not count", [signed(PASSED), signed(sequence=9, pr=8)], 1, "passed"),
        ("nor one of an older head", [signed(PASSED), signed(sequence=9, head_sha="b" * 40)], 1, "passed"),
        ("nor one of another repository", [signed(PASSED), signed(sequence=9, repo="acme/evil")], 1, "passed"),
        ("nor one of a local run", [signed(PASSED), signed(sequence=9, origin="local")], 1, "passed"),
    ],
)
def test_the_verdict(why: str, envelopes: list[bytes], sequence: int, result: str) -> None:
    verdict = believed(envelopes).verdict
    assert (verdict["sequence"], verdict["result"]) == (sequence, result), why


@pytest.mark.parametrize(
    ("why", "envelopes", "said"),
    [
        ("none at all", [], "none has been signed"),
        ("replayed on another head", [signed(head_sha="b" * 40)], "another head, bbbbbbb"),
        ("replayed on another pull request", [signed(pr=8)], "another pull request"),
        ("of a run without a pull request", [signed(pr=None)], "another pull request"),
        ("replayed on another repository", [signed(repo="acme/evil")], "another repository, acme/evil"),
        ("replayed after a retarget", [signed(base_ref="prod")], "another base, prod"),
        ("given under other rules", [signed(rules="sha256:" + "9" * 64)], "under other rules"),
        (
            "given under other policies",
            [signed(made_from=MADE_FROM._replace(policy="sha256:x"))],
            "under other policies",
        ),
        ("planned with another module", [signed(made_from=MADE_FROM._replace(module="sha256:x"))], "Terraform module"),
        ("planned with other providers", [signed(made_from=MADE_FROM._replace(lock_file="sha256:x"))], "lock file"),
        ("nobody knows what it was judged by", [signed(made_from=MADE_FROM._replace(policy=None))], "other policies"),
        ("of a local run", [signed(origin="local")], "a local run, which only such runs believe"),
        ("expired", [signed(signed_at="2026-11-16T22:00:00Z")], "expired at 2026-11-23T22:00:00Z"),
        ("signed in the future", [signed(signed_at="2026-11-23T22:05:01Z")], "signed in the future"),
        (
            "an expired one revives no older one",
            [signed(signed_at="2026-11-16T22:00:00Z", sequence=2), signed(PASSED)],
            "expired",
        ),
        (
            "nor does one of another base",
            [signed(base_ref="prod", sequence=2), signed(PASSED)],
            "another base",
        ),
        (
            "two different ones of one sequence: doubt",
            [signed(PASSED), signed(statement(finding(), sequence=1))],
            "two different ones have the sequence number 1",
        ),
    ],
)
def test_absent(why: str, envelopes: list[bytes], said: str) -> None:
    assert said in reason(envelopes), why


@pytest.mark.parametrize(
    ("why", "keys", "said"),
    [
        ("the key was revoked", trusted(revoked="2026-11-23T21:30:00Z"), "revoked"),
        ("the key has expired", trusted(expires="2026-11-23T21:30:00Z"), "expired at 2026-11-23T21:30:00Z"),
    ],
)
def test_absent_for_its_key(why: str, keys: TrustedKeys, said: str) -> None:
    assert said in reason([signed(PASSED)], keys), why


REVOKED = {**trusted(), **trusted(THEIRS, revoked="2026-11-23T21:30:00Z")}
EXPIRED = {**trusted(), **trusted(THEIRS, expires="2026-11-23T21:30:00Z")}


@pytest.mark.parametrize(("keys", "said"), [(REVOKED, "revoked since"), (EXPIRED, "expired at")])
def test_the_newest_one_revives_no_older_one_when_its_key_is_none_any_more(keys: TrustedKeys, said: str) -> None:
    assert said in reason([signed(PASSED), signed(FAILED, THEIRS)], keys)
    assert believed([signed(FAILED), signed(PASSED, THEIRS)], keys).verdict["sequence"] == 2


@pytest.mark.parametrize(
    ("why", "envelope", "keys", "code"),
    [
        ("it names another key", signed(FAILED).replace(signer().id.encode(), THEIRS.id.encode()), REVOKED, "ENG275"),
        ("the key is for something else", signed(PASSED), trusted(purposes=("audit",)), "ENG274"),
        ("nobody is trusted", signed(PASSED), {}, "ENG271"),
        ("signed by a stranger", signed(PASSED, THEIRS), trusted(), "ENG271"),
        ("rubbish", b"rubbish", trusted(), "ENG270"),
        ("from before verdicts said so", signed(without("policy")), trusted(), "ENG280"),
    ],
)
def test_never_believed(why: str, envelope: bytes, keys: TrustedKeys, code: str) -> None:
    with pytest.raises(EngineError) as refused:
        once_believed(envelope, keys)
    assert refused.value.problems[0].code == code, why


def test_clocks_may_differ_by_five_minutes() -> None:
    assert believed([signed(signed_at="2026-11-23T22:05:00Z")])


def test_the_last_second_counts() -> None:
    assert believed([signed(signed_at="2026-11-16T22:00:01Z")])


@pytest.mark.parametrize(
    ("why", "payload", "code"),
    [
        ("signed, but no JSON", b"hello", "ENG270"),
        ("signed, with a key twice", canonical(PASSED)[:-1] + b',"_type":"x"}', "ENG270"),
        ("signed, in another spelling", canonical(PASSED).replace(b'"_type":', b'"_type": '), "ENG270"),
        ("of another version", canonical({**PASSED, "predicateType": "urn:interlock:verdict:1"}), "ENG280"),
        ("of another kind", canonical({**PASSED, "_type": "https://in-toto.io/Statement/v0.1"}), "ENG280"),
        ("a signed decision to merge is no verdict", canonical({"merge": True}), "ENG280"),
        ("a fact too few", canonical(without("trees")), "ENG280"),
        ("a statement about nothing", canonical({**PASSED, "subject": []}), "ENG280"),
        ("a list", b"[]", "ENG280"),
        ("another module above than below", canonical(saying(module="sha256:x")), "ENG288"),
    ],
)
def test_signed_but_no_verdict(why: str, payload: bytes, code: str) -> None:
    with pytest.raises(EngineError) as caught:
        read(sign(payload, signer()), trusted(), NOW)
    (problem,) = caught.value.problems
    assert problem.code == code, f"{why}: {problem.message}"


def test_read_says_who_signed_what() -> None:
    found = read(signed(FAILED), trusted(), NOW)
    assert found.verdict == FAILED["predicate"]["verdict"]
    assert found.made_from == FAILED["predicate"]["made_from"]
    assert found.key_id == signer().id
    current(found, NOW)
    with pytest.raises(EngineError):
        current(found, LATER)
