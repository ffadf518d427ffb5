"""Keys that sign: which count, what for, until when, and what hangs on one that runs out."""

import pytest

from engine.adapters.clock import now
from engine.adapters.keys import new_key
from engine.adapters.storage.directory import Directory
from engine.core.moment import later
from engine.core.signature import TrustedKey
from engine.core.verdict.trust import load_trusted_keys, row
from engine.run.doctor import keys
from engine.run.kept import board
from engine.run.kept.statements import Series, add
from tests.support.board import entry
from tests.support.signing import statement

DAY = 86_400


def trusted(folder, *made, name="trusted-keys.yaml"):
    """A file of these keys: (signer, purposes, days from now, revoked)."""
    moment = now()
    rows = []
    for number, (signer, purposes, days, revoked) in enumerate(made):
        key = TrustedKey(signer.id, signer.public, purposes, later(moment, days * DAY), None, f"k{number}")
        text = row(key) + (f"\n  revoked: {later(moment, -DAY)}\n  reason: stolen" if revoked else "")
        rows.append("\n".join(f"  {line}" for line in text.split("\n")))
    (folder / name).write_text("\n".join(["version: 1", "keys:", *rows, ""]))
    return str(folder / name)


@pytest.fixture
def signer(tmp_path):
    return new_key(str(tmp_path / "key.pem"))


V, ALL = ("verdict",), ("verdict", "merge", "audit")


@pytest.mark.parametrize(
    ("why", "made", "told"),
    [
        ("one for each", [(V, 300, False), (("merge",), 300, False), (("audit",), 300, False)], []),
        ("it has run out", [(V, -1, False)], [("keys that sign: verdict", "none of them counts", "error")]),
        ("it was revoked", [(V, 300, True)], [("keys that sign: verdict", "none of them counts", "error")]),
        ("one has run out, another follows", [(V, -1, False), (V, 300, False)], []),
        ("one runs out, another follows", [(V, 5, False), (V, 300, False)], []),
        ("all run out", [(V, 5, False), (V, 9, False)], [("keys that sign: verdict", "the last runs out", "warning")]),
        ("one says everything", [(ALL, 300, False)], [("k0", "signs verdict and merge and audit", "warning")]),
        ("one that counts no more said everything", [(ALL, 300, True), (V, 300, False)], [
            ("keys that sign: merge", "none of them counts", "error"),
            ("keys that sign: audit", "none of them counts", "error"),
        ]),
    ],
)  # fmt: skip
def test_who_is_trusted(tmp_path, why, made, told):
    signers = [(new_key(str(tmp_path / f"{number}.pem")), *rest) for number, rest in enumerate(made)]
    trusted(tmp_path, *signers)
    found = [one for one in keys.look(str(tmp_path), {}) if not one.ok]
    assert [(one.subject, one.level) for one in found] == [(subject, level) for subject, _, level in told], why
    assert all(
        words in one.what and one.attack and "engine keys" in one.mend
        for one, (_, words, _) in zip(found, told, strict=True)
    ), why


@pytest.mark.parametrize(
    ("why", "purposes", "days", "revoked", "told"),
    [
        ("it is trusted", V, 300, False, None),
        ("it is trusted for something else", ("merge",), 300, False, "is trusted for merge alone"),
        ("it was revoked", V, 300, True, "was revoked"),
        ("it has run out", V, -2, False, "has run out"),
        ("it runs out", V, 5, False, "runs out"),
    ],
)
def test_the_key_that_signs_here(tmp_path, signer, why, purposes, days, revoked, told):
    trusted(tmp_path, (signer, purposes, days, revoked))
    found = keys.look(str(tmp_path), {"ENGINE_SIGNING_KEY_FILE": str(tmp_path / "key.pem")})
    (here,) = [one for one in found if one.subject == "key that signs here: verdict"]
    assert (here.ok, (told or "until") in here.what) == (told is None, True), (why, here)


def test_a_key_that_nobody_trusts(tmp_path, signer):
    trusted(tmp_path, (new_key(str(tmp_path / "other.pem")), V, 300, False))
    found = keys.look(str(tmp_path), {"ENGINE_SIGNING_KEY_FILE": str(tmp_path / "key.pem")})
    (wrong,) = [one for one in found if not one.ok]
    assert wrong.what == f"{signer.id} is not among the trusted keys"


def test_what_is_signed_by_a_key_that_runs_out(tmp_path):
    """Of what has not ended; what another key has signed, and what has ended, hangs on nothing."""
    old, new = new_key(str(tmp_path / "old.pem")), new_key(str(tmp_path / "new.pem"))
    file, store = (
        trusted(tmp_path, (old, V, 5, False), (new, V, 300, False)),
        Directory(str(tmp_path / "store"), durable=True),
    )
    moment = now()
    for number, signer, stage in ((1, old, "open"), (2, new, "open"), (3, old, "ended"), (4, old, "merged")):

        def make(sequence, signed_at, _, number=number):
            return statement(sequence=sequence, signed_at=signed_at, pr=number)

        series = Series("github", "acme/dev-deployment", number)
        add(
            store,
            series,
            "r",
            moment,
            load_trusted_keys((tmp_path / "trusted-keys.yaml").read_bytes()),
            signer,
            make,
            lambda: None,
        )
        board.keep(store, entry(number, stage=stage, at=moment, since=moment), [])
    place = {"ENGINE_STORE": f"dir:{tmp_path / 'store'}", "ENGINE_TRUSTED_KEYS": file}
    (wrong,) = [one for one in keys.look("/nowhere", place) if not one.ok]
    assert (wrong.subject, wrong.level) == ("k0", "warning")
    assert wrong.what.endswith(
        "has signed 2 verdicts that wait to be merged: acme/dev-deployment#1, acme/dev-deployment#4"
    )


def test_a_store_that_does_not_answer_is_told(tmp_path, signer):
    file = trusted(tmp_path, (signer, V, 5, False))
    (tmp_path / "store").write_text("no directory")
    found = keys.look("/nowhere", {"ENGINE_STORE": f"dir:{tmp_path / 'store'}", "ENGINE_TRUSTED_KEYS": file})
    assert [one.level for one in found if not one.ok and one.subject == "verdicts"] == ["error"]


@pytest.mark.parametrize(("why", "text"), [("it is no YAML", "keys: ["), ("it has no form", "version: 2")])
def test_keys_that_cannot_be_read(tmp_path, why, text):
    (tmp_path / "trusted-keys.yaml").write_text(text)
    (found,) = keys.look(str(tmp_path), {})
    assert (found.ok, bool(found.mend)) == (False, True), why


def test_where_nobody_is_trusted_yet_there_is_nothing_to_say(tmp_path):
    assert keys.look(str(tmp_path), {}) == []
    (found,) = keys.look(str(tmp_path), {"ENGINE_TRUSTED_KEYS": str(tmp_path / "gone.yaml")})
    assert not found.ok
