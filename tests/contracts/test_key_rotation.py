"""docs/key-rotation.md: what it promises of keys while they are exchanged, where no test beside the code tries that."""

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from engine.adapters.github.auth import client
from engine.adapters.keys import key_set, load_signer
from engine.adapters.storage.named import opened
from engine.cli.main import main
from engine.core.signature import sign, verify
from engine.core.verdict.trust import load_trusted_keys
from engine.errors import EngineError
from engine.sandbox.forge.serve import running
from tests.support.emulator import aws, s3

__all__ = ["aws", "s3"]

REPO = "acme/dev-deployment"


def test_an_app_is_asked_for_by_either_key_until_the_old_one_goes(tmp_path):
    """The file is exchanged for another one, as the page says, and nothing is started anew."""
    key = generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    file = tmp_path / "app-key.pem"
    with running(str(tmp_path / "forge")) as forge:
        environ = {"GITHUB_API_URL": forge.urls.api, "ENGINE_GITHUB_APP_ID": "1"}
        environ["ENGINE_GITHUB_APP_KEY_FILE"] = str(file)

        def asks():
            return client(environ, [REPO], ["contents:read"]).get(f"/repos/{REPO}")["full_name"]

        old = (tmp_path / "forge" / "app-key.pem").read_bytes()
        file.write_bytes(old)
        file.chmod(0o600)
        assert asks() == REPO
        before = forge.kept.value("SELECT public_key FROM apps WHERE id = 1")
        forge.kept.run("UPDATE apps SET public_key = ? WHERE id = 1", before + public)
        assert asks() == REPO, "the old one counts still"
        file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
        assert asks() == REPO, "and so does the new one"
        forge.kept.run("UPDATE apps SET public_key = ? WHERE id = 1", public)
        assert asks() == REPO
        file.write_bytes(old)
        with pytest.raises(EngineError, match="401"):
            asks()


@pytest.mark.parametrize("purpose", ["verdict", "merge", "audit"])
def test_what_either_key_has_signed_counts_until_the_old_one_ends(tmp_path, purpose, capsys):
    trusted, new = tmp_path / "trusted-keys.yaml", tmp_path / "new.pem"
    (tmp_path / "keys").mkdir(mode=0o700)
    trusted.write_bytes(key_set(str(tmp_path / "keys"), None, "2099-01-01T00:00:00Z"))
    old = load_signer((tmp_path / "keys" / f"{purpose}-key.pem").read_bytes())
    words = ["keys", "rotate", purpose, "--out", str(new), "--until", "2098-01-01", "--keys", str(trusted)]
    words += ["--expires", "2099-01-01"]
    alone = sign(b"{}", load_signer((tmp_path / "keys" / "merge-key.pem").read_bytes()))
    assert main(words) == 0, capsys.readouterr().err
    found = load_trusted_keys(trusted.read_bytes())
    for signer in (old, load_signer(new.read_bytes())):
        assert verify(sign(b"{}", signer), found, now="2097-12-31T00:00:00Z", purpose=purpose).key_id == signer.id
    with pytest.raises(EngineError, match="ENG273"):
        verify(sign(b"{}", old), found, now="2098-01-01T00:00:00Z", purpose=purpose)
    if purpose != "merge":
        with pytest.raises(EngineError, match="ENG274"):
            verify(alone, found, now="2097-12-31T00:00:00Z", purpose=purpose)


def test_a_key_that_was_lost_is_followed_by_one_without_its_name(tmp_path):
    (tmp_path / "keys").mkdir(mode=0o700)
    before = key_set(str(tmp_path / "keys"), None, "2099-01-01T00:00:00Z")
    (tmp_path / "keys" / "merge-key.pem").unlink()
    found = load_trusted_keys(key_set(str(tmp_path / "keys"), before, "2099-01-01T00:00:00Z"))
    assert [(key.name, key.purposes) for key in found.values() if "merge" in key.purposes] == [
        ("merge", ("merge",)),
        ("", ("merge",)),
    ]


@pytest.mark.slow
def test_a_store_is_the_same_to_another_key_of_its_account(s3, monkeypatch):
    first = opened(s3)
    assert first.put_if_absent("ledger/x", b"1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "another")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "key")
    second = opened(s3)
    item = second.get("ledger/x")
    assert item is not None
    assert second.replace("ledger/x", b"2", item.version)
    found = first.get("ledger/x")
    assert found is not None
    assert found.data == b"2"
