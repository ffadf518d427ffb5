"""What `engine serve` is told: secrets of webhooks, and a directory that is its own."""

import os

import pytest

from engine.errors import EngineError
from engine.service.settings import serving

NEW, OLD = "n" * 32, "o" * 32


def told(tmp_path, environ=None, **asked):
    environ = {"HOME": str(tmp_path), "ENGINE_WEBHOOK_SECRET": NEW, **(environ or {})}
    return serving("/controller", environ=environ, **asked)


def test_what_is_not_said_is_safe(tmp_path):
    found = told(tmp_path)
    assert (found.host, found.is_local, found.proxies, found.tokens_file) == ("127.0.0.1", True, frozenset(), None)
    assert found.state_dir == str(tmp_path / ".local/state/interlock")
    assert os.stat(found.state_dir).st_mode & 0o777 == 0o700
    assert found.at("runs", "r1") == str(tmp_path / ".local/state/interlock/runs/r1")
    assert not told(tmp_path, host="0.0.0.0").is_local


@pytest.mark.parametrize(
    ("why", "environ", "secrets"),
    [
        ("one", {}, (NEW,)),
        ("two, while they are exchanged", {"ENGINE_WEBHOOK_OLD_SECRET": OLD}, (NEW, OLD)),
        ("the old one alone", {"ENGINE_WEBHOOK_SECRET": "", "ENGINE_WEBHOOK_OLD_SECRET": OLD}, (OLD,)),
    ],
)
def test_secrets(tmp_path, why, environ, secrets):
    assert told(tmp_path, environ).secrets == tuple(secret.encode() for secret in secrets), why


def test_a_secret_in_a_file(tmp_path):
    file = tmp_path / "secret"
    file.write_text(NEW + "\n")
    file.chmod(0o600)
    environ = {"ENGINE_WEBHOOK_SECRET": "", "ENGINE_WEBHOOK_SECRET_FILE": str(file)}
    assert told(tmp_path, environ).secrets == (NEW.encode(),)
    file.chmod(0o644)
    with pytest.raises(EngineError, match="ENG006"):
        told(tmp_path, environ)


@pytest.mark.parametrize(
    ("why", "environ", "asked", "code"),
    [
        ("no secret", {"ENGINE_WEBHOOK_SECRET": ""}, {}, "ENG780"),
        ("one that can be guessed", {"ENGINE_WEBHOOK_SECRET": "s" * 31}, {}, "ENG004"),
        ("an old one that can", {"ENGINE_WEBHOOK_OLD_SECRET": "s"}, {}, "ENG004"),
        ("state where we happen to be", {"ENGINE_STATE_DIR": "state"}, {}, "ENG004"),
        ("a root that is no path", {}, {"root_path": "https://evil"}, "ENG004"),
        ("one with a line in it", {}, {"root_path": "/a\nb"}, "ENG004"),
    ],
)
def test_what_is_refused(tmp_path, why, environ, asked, code):
    with pytest.raises(EngineError, match=code):
        told(tmp_path, environ, **asked)


@pytest.mark.parametrize(
    ("why", "mode"), [("others can look", 0o755), ("its group can", 0o750), ("others can write", 0o777)]
)
def test_a_directory_that_others_could_look_into_or_exchange(tmp_path, why, mode):
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(mode)
    with pytest.raises(EngineError, match="ENG782"):
        told(tmp_path, state_dir=str(tmp_path / "state"))
    above = tmp_path / "above"
    (above / "state").mkdir(parents=True, mode=0o700)
    above.chmod(0o777)
    with pytest.raises(EngineError, match="ENG782"):
        told(tmp_path, state_dir=str(above / "state"))


def test_printing_it_shows_no_secret(tmp_path):
    found = told(tmp_path)
    assert NEW not in repr(found)
    assert NEW not in str(found)
