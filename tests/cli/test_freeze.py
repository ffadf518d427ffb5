"""`engine freeze`: what a person says in the store, and no name that nobody has."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine import data
from engine.adapters.storage.directory import Directory
from engine.cli.main import main
from engine.core.canonical import canonical
from engine.core.kept import keys
from engine.errors import ExitCode
from engine.run.kept.freezes import active

RULES = os.path.dirname(data.path("deployment-rules.yaml"))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ENGINE_STORE", f"dir:{tmp_path}/store")
    monkeypatch.delenv("CI", raising=False)
    return tmp_path / "store"


@pytest.fixture
def said(place: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def told(*words: str) -> Any:
        assert main(["freeze", *words, "--rules", RULES, "--json", "--reason", "r"]) == ExitCode.DONE
        return [one["environment"] for one in json.loads(capsys.readouterr().out)["frozen"]]

    return told


def test_each_says_what_is_frozen_now(said: Any) -> None:
    for why, words, frozen in [
        ("one", ("on", "production"), ["production"]),
        ("another is not", ("off", "development"), []),
        ("all of them, and so this one, too", ("on",), ["all", "production"]),
        ("all is what nobody names", ("on", "all"), ["all", "production"]),
        ("one is thawed, and all are frozen still", ("off", "production"), ["all"]),
        ("one again", ("on", "production"), ["all", "production"]),
        ("what was said of all ends, not what was said of one", ("off",), ["production"]),
        ("and that ends, too", ("off", "production"), []),
    ]:
        assert said(*words) == frozen, why


def test_who_when_and_why_are_kept(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["freeze", "on", "--reason", " the auditor is here "]) == ExitCode.DONE
    out = capsys.readouterr().out
    (one,) = active(Directory(str(place), durable=True))
    assert (one.reason, one.environment, one.active) == ("the auditor is here", None, True)
    assert out == f"all environments are frozen: the auditor is here ({one.by}, {one.at})\n"
    assert main(["freeze", "off", "--reason", "gone"]) == ExitCode.DONE
    assert capsys.readouterr().out == "nothing is frozen\n"
    assert main(["audit", "show", "--json"]) == ExitCode.DONE
    told = [(row["what"], row["outcome"], row["key"], row["why"]) for row in json.loads(capsys.readouterr().out)]
    assert told == [("freeze", "on", "all", "the auditor is here"), ("freeze", "off", "all", "gone")]


@pytest.mark.parametrize(
    ("why", "words", "environ", "said"),
    [
        ("no store", ("on",), {"ENGINE_STORE": ""}, "ENG203"),
        ("a store that only this job sees", ("on",), {"CI": "true"}, "ENG203"),
        ("a name that nothing has", ("on", "prodution"), {}, "did you mean `production`"),
        ("ending it under such a name", ("off", "prodution"), {}, "ENG251"),
        ("another letter case", ("on", "Production"), {}, "ENG251"),
        ("a byte that is no text", ("on", "\udcff"), {}, "ENG251"),
        ("no reason", ("on", "--reason", " "), {}, "a reason is one line"),
        ("a reason that nobody sees", ("on", "--reason", "\u3164"), {}, "a reason is one line"),
        ("a reason of two lines", ("on", "--reason", "a\nb"), {}, "a reason is one line"),
        ("a reason that turns round", ("on", "--reason", "a\u202eb"), {}, "a reason is one line"),
        ("a reason of bytes", ("on", "--reason", "a\udcff"), {}, "a reason is one line"),
        ("a long one", ("on", "--reason", "x" * 501), {}, "a reason is one line"),
        ("neither on nor off", ("maybe",), {}, "name one of: on or off"),
    ],
)
def test_what_is_refused_writes_nothing(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, why: str,
    words: tuple[str, ...], environ: dict[str, str], said: str,
) -> None:  # fmt: skip
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    code = main(["freeze", "--reason", "r", "--rules", RULES, *words])
    assert (code, said in capsys.readouterr().err) == (ExitCode.CONFIG, True), why
    assert not list(place.glob("**/*=")), why


def test_a_reason_is_asked_for(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["freeze", "on"]) == ExitCode.CONFIG
    assert "--reason" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("why", "there", "code", "is_mended"),
    [
        ("rubbish", b"{}", ExitCode.DONE, True),
        ("what was said of another", None, ExitCode.DONE, True),
        ("what a newer engine said", canonical({"version": 2}), ExitCode.CONFIG, False),
    ],
)
def test_who_says_it_anew_mends_what_was_damaged(
    place: Path, said: Any, why: str, there: bytes | None, code: ExitCode, is_mended: bool
) -> None:
    said("on", "production")
    file = place / f"{keys.freeze('development')}="
    file.write_bytes((place / f"{keys.freeze('production')}=").read_bytes() if there is None else there)
    assert main(["freeze", "on", "development", "--reason", "anew"]) == code, why
    assert (file.read_bytes() != there and b"anew" in file.read_bytes()) == is_mended, why


def test_what_is_damaged_names_the_way_out(place: Path, said: Any, capsys: pytest.CaptureFixture[str]) -> None:
    said("on", "production")
    (place / f"{keys.freeze('production')}=").write_bytes(b"{}")
    assert main(["freeze", "off", "--reason", "r"]) == ExitCode.NEGATIVE
    assert "say it anew: engine freeze" in capsys.readouterr().err


def test_what_is_damaged_elsewhere_hinders_nobody_from_freezing(
    place: Path, said: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    said("on", "production")
    (place / f"{keys.freeze('production')}=").write_bytes(b"{}")
    assert main(["freeze", "on", "--reason", "at once"]) == ExitCode.NEGATIVE
    err = capsys.readouterr().err
    assert ("kept: all on" in err, keys.freeze("production") in err) == (True, True)
    assert [one.reason for one in active(Directory(str(place), durable=True), "development")] == ["at once"]


def test_an_environment_that_the_rules_have_no_more_thaws(said: Any, tmp_path: Path) -> None:
    said("on", "production")
    words = ["freeze", "off", "production", "--reason", "r", "--rules", str(tmp_path / "none")]
    assert main(words) == ExitCode.DONE


def test_processes_at_once_all_say_it(place: Path) -> None:
    words = [sys.executable, "-m", "engine.cli.main", "freeze", "on", "production", "--rules", RULES, "--reason"]
    started = [subprocess.Popen([*words, f"number {n}"], stdout=subprocess.PIPE, text=True) for n in range(2)]
    told = [process.communicate(timeout=120)[0] for process in started]
    assert [process.returncode for process in started] == [ExitCode.DONE] * 2
    (one,) = active(Directory(str(place), durable=True))
    assert any(one.reason in text for text in told)
