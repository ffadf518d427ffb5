import json
from pathlib import Path

import pytest

from engine.adapters.clock import now
from engine.adapters.keys import load_signer
from engine.cli.main import main
from engine.core.canonical import canonical
from engine.core.signature import sign
from tests.support.signing import finding, signed, signer, statement


@pytest.fixture
def keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A new key and the file that trusts it."""
    assert main(["keys", "new", "--out", str(tmp_path / "key.pem")]) == 0
    (tmp_path / "trusted-keys.yaml").write_text(capsys.readouterr().out)
    return tmp_path


def write(directory: Path, signed_at: str | None = None) -> str:
    who = load_signer((directory / "key.pem").read_bytes())
    file = directory / "verdict.json"
    file.write_bytes(sign(canonical(statement(finding(), signed_at=signed_at or now())), who))
    return str(file)


def verify(directory: Path, file: str, *options: str) -> int:
    return main(["verify", file, "--keys", str(directory / "trusted-keys.yaml"), *options])


def test_valid(keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(keys, write(keys)) == 0
    out = capsys.readouterr().out
    for said in (
        "valid signature, verdict: failed",
        "acme/dev-deployment#7 at " + "a" * 40,
        "development, branch dev",
        "1, of which 1 deny",
        "S3/data-lake",
        "ed25519:",
        "✗ high  S3-ENC-001  S3/data-lake",
        "not encrypted",
    ):
        assert said in out, said
    assert "sha256:" not in out, "who wants digests says -v"
    verify(keys, write(keys), "-v")
    told = capsys.readouterr().out
    assert "statement  sha256:" in told
    assert "sequence   1" in told


def test_valid_for_machines(keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(keys, write(keys), "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["valid"], said["verdict"]["result"], said["made_from"]["engine"]) == (True, "failed", "0.1.0")


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_expired(keys: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...]) -> None:
    assert verify(keys, write(keys, "2020-01-01T00:00:00Z"), *options) == 1
    shown = capsys.readouterr()
    if options:
        said = json.loads(shown.out)
        assert (said["valid"], said["code"], said["reason"]) == (False, "ENG282", "it expired at 2020-01-08T00:00:00Z")
        assert (said["message"], said["file"]) == (said["reason"], str(keys / "verdict.json"))
    else:
        assert "ENG282 it expired at 2020-01-08T00:00:00Z" in shown.err


def test_altered(keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = Path(write(keys))
    envelope = json.loads(file.read_bytes())
    envelope["payload"] = json.loads(signed(statement()))["payload"]
    file.write_bytes(canonical(envelope))
    assert verify(keys, str(file)) == 1
    assert "ENG275" in capsys.readouterr().err


def test_signed_by_a_stranger(keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = keys / "forged.json"
    file.write_bytes(signed(who=signer(9)))
    assert verify(keys, str(file)) == 1
    assert signer(9).id in capsys.readouterr().err


@pytest.mark.parametrize("missing", ["trusted-keys.yaml", "verdict.json"])
def test_missing_file(keys: Path, missing: str, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(keys)
    (keys / missing).unlink()
    assert verify(keys, file) == 2
    assert missing in capsys.readouterr().err
