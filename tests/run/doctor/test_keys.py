"""Keys that sign: which count, what for, until when, and what hangs on one that runs out."""

import json

import pytest

from engine.adapters.clock import now
from engine.adapters.keys import new_key
from engine.adapters.storage.directory import Directory
from engine.core.moment import later
from engine.core.signature import TrustedKey
from engine.core.verdict.trust import row
from engine.run.doctor import keys

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
        ("all run out", [(V, 5, False), (V, 9, False)], [("keys that sign: verdict", "the last one runs out", "warning")]),
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
    assert all(words in one.what and one.attack and "engine keys" in one.mend for one, (_, words, _) in zip(found, told, strict=True)), why


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
    other = new_key(str(tmp_path / "other.pem"))
    file = trusted(tmp_path, (signer, purposes, days, revoked), (other, V, 300, False), (other, ("merge",), 300, False))
    text = (tmp_path / "trusted-keys.yaml").read_text()
    del text, file
    found = keys.look(str(tmp_path), {"ENGINE_SIGNING_KEY_FILE": str(tmp_path / "key.pem")})
    (here,) = [one for one in found if one.subject == "key that signs here: verdict"]
    assert (here.ok, (told or "until") in here.what) == (told is None, True), (why, here)
