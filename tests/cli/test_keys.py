import json
from pathlib import Path

import pytest

from engine.adapters.keys import Keyring, load_signer
from engine.cli.main import main
from engine.core.verdict.trust import load_trusted_keys
from engine.service.access import Tokens


def test_new_prints_only_the_public_half(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "key.pem"
    assert main(["keys", "new", "--out", str(file), "--purpose", "verdict", "--purpose", "audit"]) == 0
    shown = capsys.readouterr()
    (key,) = load_trusted_keys(shown.out.encode()).values()
    assert key.id == load_signer(file.read_bytes()).id
    assert key.purposes == ("verdict", "audit")
    for line in file.read_text().splitlines():
        assert line not in shown.out + shown.err


def test_new_for_machines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "--quiet", "new", "--out", str(tmp_path / "k.pem"), "--json", "--expires", "2099-01-02"]) == 0
    shown = capsys.readouterr()
    said = json.loads(shown.out)
    assert (said["expires"], said["purposes"], shown.err) == ("2099-01-02T00:00:00Z", ["verdict"], "")


@pytest.mark.parametrize(
    "expires", ["", "0d", "2020-01-01", "1.5d", "never", "2026-02-30", "99999d9", "-1d", "99999999d"]
)
def test_expiry_that_is_none_makes_no_key(expires: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "new", "--out", str(tmp_path / "k.pem"), f"--expires={expires}"]) == 2
    assert "ENG285" in capsys.readouterr().err
    assert not (tmp_path / "k.pem").exists()


def test_second_key_does_not_replace_the_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["keys", "new", "--out", str(tmp_path / "k.pem")]
    assert (main(arguments), main(arguments)) == (0, 2)
    assert "ENG284" in capsys.readouterr().err


def test_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "trusted-keys.yaml"
    rows: list[str] = []
    for state in ("", "    revoked: 2026-01-01T00:00:00Z\n", "    expires: 2026-01-01T00:00:00Z\n"):
        main(["keys", "new", "--out", str(tmp_path / f"{len(rows)}.pem"), "--expires", "2099-01-01"])
        text = capsys.readouterr().out
        if "expires" in state:
            text = text.replace("    expires: 2099-01-01T00:00:00Z\n", "")
        rows.append(text.split("keys:\n")[1] + state)
    file.write_text("version: 1\nkeys:\n" + "".join(rows))
    assert main(["keys", "list", "--keys", str(file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert ["  counts  " in lines[0], "revoked since" in lines[1], "  expired  " in lines[2]] == [True] * 3
    assert main(["keys", "list", "--keys", str(file), "--json"]) == 0
    assert [key["counts"] for key in json.loads(capsys.readouterr().out)] == [True, False, False]


def test_a_key_for_backups(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its id is printed, the key is not; it opens what it has sealed, also when another has followed it."""
    first, second = tmp_path / "a.key", tmp_path / "b.key"
    assert main(["keys", "backup", "--out", str(first)]) == 0
    shown = capsys.readouterr()
    assert first.read_text().strip() not in shown.out + shown.err
    assert first.stat().st_mode & 0o777 == 0o600
    assert main(["keys", "--quiet", "backup", "--json", "--out", str(second)]) == 0
    told = json.loads(capsys.readouterr().out)
    environ = {"ENGINE_BACKUP_KEY_FILE": str(second), "ENGINE_BACKUP_OLD_KEYS_FILE": str(first)}
    ring = Keyring(environ)
    assert [key.id for key in ring.backup_keys()] == [told["id"], shown.out.strip()]
    assert ring.backup_keys()[0].id == told["id"]
    assert (main(["keys", "backup", "--out", str(first)]), "ENG284" in capsys.readouterr().err) == (2, True)


def test_a_token_is_shown_once_and_its_line_lets_its_holder_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["keys", "token", "ann"]) == 0
    token, line = capsys.readouterr().out.splitlines()
    assert main(["keys", "--quiet", "token", "prometheus", "--read", "--json"]) == 0
    shown = capsys.readouterr()
    other = json.loads(shown.out)
    file = tmp_path / "tokens"
    file.touch(mode=0o600)
    file.write_text(f"# who may look\n\n{line}\n{other['line']}\n")
    known = Tokens(str(file))
    assert [(one.name, one.rights) for one in map(known.holder, (token, other["token"])) if one] == [
        ("ann", ("read", "write")),
        ("prometheus", ("read",)),
    ]
    assert (shown.err, token in line, other["token"] in other["line"]) == ("", False, False)


@pytest.mark.parametrize("name", ["", "Ann", "a b", "a@machine", "a:b", "-a", "a\n", "ä", "a" * 65, "a/b"])
def test_a_name_that_no_token_can_have(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It stands in the trail where an account and its machine would."""
    assert main(["keys", "token", "--", name]) == 2
    shown = capsys.readouterr()
    assert ("ENG801" in shown.err, shown.out) == (True, "")
