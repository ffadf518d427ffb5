import os
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from engine.adapters.keys import Keyring, load_signer, new_key
from engine.core.signature import key_id
from engine.errors import EngineError, ExitCode
from engine.run.ports import Granted


def pem(key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey, lock: KeySerializationEncryption) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)


KEY = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PEM = pem(KEY, NoEncryption())
PUBLIC = KEY.public_key().public_bytes_raw()


def test_new_key_is_private_and_signs(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    umask = os.umask(0)
    try:
        made = new_key(str(file))
    finally:
        os.umask(umask)
    assert file.stat().st_mode & 0o777 == 0o600
    again = load_signer(file.read_bytes())
    assert (again.id, again.public) == (made.id, made.public)
    assert again.sign(b"x") == made.sign(b"x")


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_text("precious")
    for name in (file, tmp_path / "link"):
        if name != file:
            name.symlink_to(tmp_path / "elsewhere")
        with pytest.raises(EngineError) as caught:
            new_key(str(name))
        assert caught.value.problems[0].code == "ENG284"
    assert file.read_text() == "precious"
    assert not (tmp_path / "elsewhere").exists()


def test_no_place_to_write(tmp_path: Path) -> None:
    with pytest.raises(EngineError) as caught:
        new_key(str(tmp_path / "missing" / "key.pem"))
    assert caught.value.problems[0].code == "ENG002"


@pytest.mark.parametrize(
    ("why", "data"),
    [
        ("as written", PEM),
        ("from a variable, trimmed", PEM.strip()),
        ("from a CI system that holds one line", PEM.strip().replace(b"\n", b"\\n")),
        ("with Windows line ends", PEM.replace(b"\n", b"\r\n")),
    ],
)
def test_load(why: str, data: bytes) -> None:
    assert load_signer(data).id == key_id(PUBLIC), why


UNUSABLE = {  # by name: two of them are new in every run, and workers must agree on the names of tests
    "empty": (b"", "not a private key in PEM form"),
    "rubbish": (b"c2VjcmV0LWtleQ==", "not a private key in PEM form"),
    "cut": (PEM[:80], "not a private key in PEM form"),
    "locked": (pem(KEY, BestAvailableEncryption(b"secret")), "encrypted"),
    "of another kind": (pem(ec.generate_private_key(ec.SECP256R1()), NoEncryption()), "not an Ed25519 key"),
    "the public half": (PUBLIC, "not a private key in PEM form"),
}


@pytest.mark.parametrize("why", UNUSABLE)
def test_refused_without_quoting_it(why: str) -> None:
    data, said = UNUSABLE[why]
    with pytest.raises(EngineError) as caught:
        load_signer(data)
    assert said in str(caught.value)
    assert caught.value.exit_code is ExitCode.AUTH
    assert not data or data.strip()[-20:].decode("latin-1") not in str(caught.value)


def test_a_signer_shows_nothing_of_its_key() -> None:
    assert repr(load_signer(PEM)) == f"FileSigner({key_id(PUBLIC)})"


def test_openssl_writes_the_same_form(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    try:
        subprocess.run(
            ["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(file)], check=True, capture_output=True
        )
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    assert load_signer(file.read_bytes()).id.startswith("ed25519:")


GOOD, OLD = "a" * 64, "b" * 64


@pytest.mark.parametrize(
    ("why", "environ", "said"),
    [
        ("none is set", {}, "there is no key"),
        ("an old one alone seals nothing", {"ENGINE_BACKUP_OLD_KEYS": OLD}, "there is no key"),
        ("too short", {"ENGINE_BACKUP_KEY": "a" * 63}, "ENGINE_BACKUP_KEY is not written"),
        ("no hexadecimal digits", {"ENGINE_BACKUP_KEY": "g" * 64}, "ENGINE_BACKUP_KEY is not written"),
        ("bytes", {"ENGINE_BACKUP_KEY": "\udcff" * 64}, "ENGINE_BACKUP_KEY is not written"),
        ("an old one that is none", {"ENGINE_BACKUP_KEY": GOOD, "ENGINE_BACKUP_OLD_KEYS": f"{OLD} x"},
         "ENGINE_BACKUP_OLD_KEYS is not written"),
    ],
)  # fmt: skip
def test_backups_that_nobody_can_seal(why: str, environ: dict[str, str], said: str) -> None:
    with pytest.raises(EngineError) as refused:
        Keyring(environ).backup_keys()
    (problem,) = refused.value.problems
    assert (problem.code, said in problem.message) == ("ENG719", True), why
    assert GOOD not in problem.text()


def test_digests_of_before_are_opened_by_the_keys_of_before() -> None:
    ring = Keyring({"ENGINE_DIGEST_KEY": GOOD, "ENGINE_DIGEST_OLD_KEYS": f" {OLD}\n{OLD} "})
    assert ring.digest_keys() == (GOOD.encode(), OLD.encode(), OLD.encode()), "the present one digests"


@pytest.mark.parametrize(
    ("why", "environ", "said"),
    [
        ("an old one alone digests nothing", {"ENGINE_DIGEST_OLD_KEYS": OLD}, "no key for the digests"),
        ("a short one", {"ENGINE_DIGEST_KEY": GOOD, "ENGINE_DIGEST_OLD_KEYS": f"{OLD} b"}, "ENGINE_DIGEST_OLD_KEYS"),
    ],
)
def test_digest_keys_that_are_none(why: str, environ: dict[str, str], said: str) -> None:
    with pytest.raises(EngineError, match=said) as refused:
        Keyring(environ).digest_keys()
    assert OLD not in str(refused.value), why


def test_a_key_is_granted_to_whom_it_is_named() -> None:
    ring = Keyring({"ENGINE_BACKUP_KEY": GOOD, "ENGINE_BACKUP_OLD_KEYS": OLD})
    assert len(Granted(["backup"], ring).backup_keys()) == 2
    assert Granted(["backup"], ring).backup_keys() == ring.backup_keys()
    with pytest.raises(PermissionError):
        Granted([], ring).backup_keys()
